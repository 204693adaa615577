//! How responses of the server are interpreted.

use std::time::{Duration, SystemTime};

use mlplots_journal::record::{Metric, Param, Status};
use mlplots_tests::http::{Scripted, answer, json, nobody, silent};

use super::*;
use crate::ship::store::ErrorKind;

#[test]
fn the_status_and_the_code_decide_whether_a_call_is_retried() {
    let html =
        "<html><head><title>404 Not Found</title></head><body><h1>Not Found</h1></body></html>";
    let disabled = r#"{"error_code":"FEATURE_DISABLED","message":"Workspaces are off"}"#;
    for (status, body, is_temporary, expected) in [
        (
            "400 Bad Request",
            r#"{"error_code":"INVALID_PARAMETER_VALUE","message":"bad name"}"#,
            false,
            "bad name",
        ),
        (
            "401 Unauthorized",
            "You are not authenticated.",
            false,
            "not authenticated",
        ),
        (
            "403 Forbidden",
            "Permission denied",
            false,
            "403 Forbidden: Permission denied",
        ),
        ("404 Not Found", html, false, "log-batch: 404 Not Found"),
        ("405 Method Not Allowed", html, false, "405"),
        ("408 Request Timeout", "", true, "408"),
        ("413 Payload Too Large", html, false, "413"),
        ("429 Too Many Requests", "slow down", true, "slow down"),
        (
            "500 Internal Server Error",
            r#"{"error_code":"INTERNAL_ERROR","message":"oh"}"#,
            true,
            "oh",
        ),
        (
            "500 Internal Server Error",
            disabled,
            false,
            "Workspaces are off",
        ),
        (
            "501 Not Implemented",
            r#"{"error_code":"NOT_IMPLEMENTED","message":"no"}"#,
            false,
            "no",
        ),
        ("502 Bad Gateway", html, true, "502"),
        ("503 Service Unavailable", "", true, "503"),
        ("504 Gateway Timeout", "", true, "504"),
    ] {
        let error = log_error(&answer(status, "", body));
        let kind = if is_temporary {
            ErrorKind::Retry(None)
        } else {
            ErrorKind::Refused
        };
        assert_eq!(error.kind, kind, "{status}");
        assert!(error.message.contains("POST http://127.0.0.1:"), "{error}");
        assert!(
            error.message.contains("/api/2.0/mlflow/runs/log-batch"),
            "{error}"
        );
        assert!(error.message.contains(expected), "{error}");
        assert!(!error.message.contains('<'), "{error}");
    }
}

#[test]
fn the_retry_after_header_is_respected_unless_disabled() {
    let retry_after = |value: &str| {
        answer(
            "429 Too Many Requests",
            &format!("Retry-After: {value}\r\n"),
            "",
        )
    };
    assert_eq!(
        log_error(&retry_after("7")).kind,
        ErrorKind::Retry(Some(Duration::from_secs(7)))
    );
    assert_eq!(log_error(&retry_after("soon")).kind, ErrorKind::Retry(None));
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_mins(1));
    let ErrorKind::Retry(Some(wait)) = log_error(&retry_after(&date)).kind else {
        panic!("the date was not parsed")
    };
    assert!((50..=60).contains(&wait.as_secs()), "{wait:?}");

    let server = Scripted::new([retry_after("7")]);
    let store = store(
        &server.url(""),
        &[("MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER", "false")],
    );
    assert_eq!(log(&*store).expect_err("429").kind, ErrorKind::Retry(None));
}

#[test]
fn a_success_without_the_expected_body_is_retried() {
    let cut = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"run\":";
    let page = answer(
        "200 OK",
        "Content-Type: text/html\r\n",
        "<!doctype html><title>Sign in</title>",
    );
    for bad in [
        cut.to_owned(),
        page.clone(),
        json(""),
        json("{}"),
        json("[]"),
        json(r#"{"run":{"info":{}}}"#),
    ] {
        let server = Scripted::new([bad.clone()]);
        let error = store(&server.url(""), &[])
            .create_run(&new_run())
            .expect_err(&bad);
        assert_eq!(error.kind, ErrorKind::Retry(None), "{bad}: {error}");
    }
    let error = log_error(&page);
    assert!(
        error.message.ends_with("unexpected response: Sign in"),
        "{error}"
    );
    // Status 200 alone does not mean that the file was stored.
    let server = Scripted::new([page]);
    let put = store(&server.url(""), &[])
        .artifacts(run_at("mlflow-artifacts:/1/r/artifacts"))
        .and_then(|root| root.put_file("a.png", file().path()));
    assert_eq!(
        put.expect_err("a page of a proxy").kind,
        ErrorKind::Retry(None)
    );
}

#[test]
fn a_truncated_error_response_is_retried() {
    for (status, after) in [("404 Not Found", None), ("429 Too Many Requests", Some(7))] {
        let cut = format!(
            "HTTP/1.1 {status}\r\nRetry-After: 7\r\nContent-Length: 500\r\n\r\n{{\"error_code\":"
        );
        let error = log_error(&cut);
        let wait = after.map(Duration::from_secs);
        assert_eq!(error.kind, ErrorKind::Retry(wait), "{error}");
        assert!(error.message.ends_with(status), "{error}");
    }
}

#[test]
fn a_status_that_the_server_ignores_is_an_error() {
    let server = Scripted::new([json(
        r#"{"run_info":{"run_id":"r","experiment_id":"1","status":"RUNNING","artifact_uri":"x"}}"#,
    )]);
    let error = store(&server.url(""), &[])
        .set_status("r", Status::Finished, Some(2))
        .expect_err("still running");
    assert!(
        error
            .message
            .ends_with("the status of the run r: it is RUNNING instead of FINISHED"),
        "{error}"
    );
    assert!(server.asked()[0].ends_with(r#"{"run_id":"r","status":"FINISHED","end_time":2}"#));
}

#[test]
fn unreachable_and_unresponsive_servers_are_retried() {
    let url = nobody();
    let error = log(&*store(&url, &[])).expect_err("unreachable");
    assert_eq!(error.kind, ErrorKind::Retry(None));
    assert!(
        error.message.contains("cannot connect: Connection refused"),
        "{error}"
    );
    assert!(
        error
            .help
            .is_some_and(|help| help.contains(url.trim_start_matches("http://")))
    );

    let (_silent, uri) = silent();
    let error =
        log(&*store(&uri, &[("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")])).expect_err("no response");
    assert_eq!(error.kind, ErrorKind::Retry(None));
    assert!(error.message.contains("no response within 1 s"), "{error}");
}

#[test]
fn the_error_names_a_changed_param() {
    let known = RUN.replace(
        r#""data":{}"#,
        r#""data":{"params":[{"key":"a","value":"1"},{"key":"b","value":"1"}]}"#,
    );
    let refusal = r#"{"error_code":"INVALID_PARAMETER_VALUE","message":"Changing param values is not allowed. [{'key': 'b'}]"}"#;
    for status in ["400 Bad Request", "500 Internal Server Error"] {
        let server = Scripted::new([answer(status, "", refusal), json(&known)]);
        let param = |key: &str, value: &str| Param {
            key: key.to_owned(),
            value: value.to_owned(),
        };
        let batch = Batch {
            params: vec![param("a", "1"), param("b", "2")],
            ..Batch::default()
        };
        let error = store(&server.url(""), &[])
            .log_batch("r", &batch)
            .expect_err("changed");
        assert_eq!(
            error.message,
            "the param `b` is already logged as `1` and cannot become `2`"
        );
    }
}

#[test]
fn a_server_without_logged_models_returns_none() {
    let server = Scripted::new([answer(
        "404 Not Found",
        "",
        "<html><title>404</title></html>",
    )]);
    let run = StoredRun {
        id: "r".to_owned(),
        experiment_id: "1".to_owned(),
        name: String::new(),
        artifact_uri: String::new(),
    };
    let found = store(&server.url(""), &[]).find_model(&run, "u");
    assert_eq!(found.expect("an old server"), None);
}

#[test]
fn experiments_are_created_once_and_deleted_ones_are_rejected() {
    let missing = answer(
        "404 Not Found",
        "",
        r#"{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"none"}"#,
    );
    let exists = answer(
        "400 Bad Request",
        "",
        r#"{"error_code":"RESOURCE_ALREADY_EXISTS","message":"there"}"#,
    );
    let found = |stage: &str| {
        json(&format!(
            r#"{{"experiment":{{"experiment_id":"7","name":"a b","lifecycle_stage":"{stage}"}}}}"#
        ))
    };
    let name = ExperimentChoice::Name("a b".to_owned());

    let server = Scripted::new([missing.clone(), exists, found("active")]);
    let experiment = store(&server.url(""), &[])
        .experiment(&name)
        .expect("the experiment of another client");
    assert_eq!(experiment.id, "7");
    assert!(
        server.asked()[0]
            .starts_with("GET /api/2.0/mlflow/experiments/get-by-name?experiment_name=a+b ")
    );
    assert!(server.asked()[1].ends_with(r#"{"name":"a b"}"#));

    let server = Scripted::new([found("deleted")]);
    let error = store(&server.url(""), &[])
        .experiment(&name)
        .expect_err("deleted");
    assert_eq!(error.message, "the experiment `a b` (id 7) is deleted");
    assert!(
        error
            .help
            .is_some_and(|help| help.contains("mlflow experiments restore --experiment-id 7"))
    );

    let server = Scripted::new([missing]);
    let error = store(&server.url(""), &[])
        .experiment(&ExperimentChoice::Id("9".to_owned()))
        .expect_err("missing");
    assert!(
        error
            .message
            .starts_with("there is no experiment with the id 9 at http://127"),
        "{error}"
    );
}

/// MLflow 2 rejects a whole batch with a NaN that already exists.
#[test]
fn duplicate_nan_points_are_ignored() {
    let duplicate = r#"{"error_code":"BAD_REQUEST","message":"(sqlite3.IntegrityError) UNIQUE constraint failed: metrics.key, metrics.step [SQL: INSERT]"}"#;
    let duplicate = answer("400 Bad Request", "", duplicate);
    let server = Scripted::new([duplicate.clone(), json("{}"), duplicate, json("{}")]);
    let point = |value, step| Metric {
        key: "a".to_owned(),
        value,
        timestamp: 1,
        step,
    };
    let batch = Batch {
        metrics: vec![point(f64::NAN, 0), point(0.5, 1), point(f64::NAN, 2)],
        ..Batch::default()
    };
    store(&server.url(""), &[])
        .log_batch("r", &batch)
        .expect("logged");
    let sent: Vec<_> = server
        .asked()
        .iter()
        .map(|asked| asked.matches("\"step\"").count())
        .collect();
    assert_eq!(sent, [3, 1, 1, 1]);
}
