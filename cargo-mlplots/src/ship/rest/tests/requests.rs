//! The requests: URLs, headers and bodies.

use mlplots_journal::record::{Metric, Param, Tag};
use mlplots_tests::http::{Scripted, answer, json};

use super::*;
use crate::ship::store::ErrorKind;

#[test]
fn a_batch_is_encoded_as_mlflow_expects() {
    let server = Scripted::new([json("{}")]);
    let point = |value, step| Metric {
        key: "loss".to_owned(),
        value,
        timestamp: 5,
        step,
    };
    let values = [
        (f64::NAN, 0),
        (f64::INFINITY, 1),
        (f64::NEG_INFINITY, -2),
        (5e-324, i64::MAX),
        (1.0, i64::MIN),
    ];
    let batch = Batch {
        metrics: values.map(|(value, step)| point(value, step)).to_vec(),
        params: vec![
            Param {
                key: "alpha".to_owned(),
                value: "1".to_owned()
            };
            2
        ],
        tags: Vec::new(),
    };
    store(&server.url("/ml/"), &[])
        .log_batch("r", &batch)
        .expect("logged");
    let asked = &server.asked()[0];
    let (head, body) = asked.split_once("\r\n\r\n").expect("a body");
    assert!(
        head.starts_with("POST /ml/api/2.0/mlflow/runs/log-batch HTTP/1.1\r\n"),
        "{head}"
    );
    let head = head.to_lowercase();
    assert!(head.contains("content-type: application/json"), "{head}");
    assert!(
        head.contains(concat!("user-agent: mlplots/", env!("CARGO_PKG_VERSION"))),
        "{head}"
    );
    for absent in ["origin:", "x-mlflow-workspace", "authorization"] {
        assert!(!head.contains(absent), "{head}");
    }
    assert_eq!(
        body,
        concat!(
            r#"{"run_id":"r","metrics":[{"key":"loss","value":"NaN","timestamp":5,"step":0},"#,
            r#"{"key":"loss","value":"Infinity","timestamp":5,"step":1},"#,
            r#"{"key":"loss","value":"-Infinity","timestamp":5,"step":-2},"#,
            r#"{"key":"loss","value":5e-324,"timestamp":5,"step":9223372036854775807},"#,
            r#"{"key":"loss","value":1.0,"timestamp":5,"step":-9223372036854775808}],"#,
            r#""params":[{"key":"alpha","value":"1"}],"tags":[]}"#,
        )
    );
}

#[test]
fn data_that_mlflow_would_truncate_or_drop_is_not_sent() {
    // The server has no responses, so no request may be sent.
    let uri = Scripted::new([""; 0]).url("");
    let store = store(&uri, &[]);
    let metric = |key: &str, timestamp| Metric {
        key: key.to_owned(),
        value: 0.0,
        timestamp,
        step: 0,
    };
    let param = |key: &str, value: &str| Param {
        key: key.to_owned(),
        value: value.to_owned(),
    };
    let metrics = |metrics| Batch {
        metrics,
        ..Batch::default()
    };
    let params = |params| Batch {
        params,
        ..Batch::default()
    };
    for (batch, expected) in [
        (metrics(vec![metric("a@b", 0)]), "a@b"),
        (metrics(vec![metric("a", -1)]), "before 1970"),
        (metrics(vec![metric("a", 0); 1001]), "too large"),
        (
            params(vec![param("a", &"x".repeat(6001))]),
            "6001 characters",
        ),
        (
            params(vec![param("a", "1"), param("a", "2")]),
            "`a` is already logged as `1`",
        ),
        (
            Batch {
                tags: vec![Tag {
                    key: "a".to_owned(),
                    value: "x".repeat(8001),
                }],
                ..Batch::default()
            },
            "8001",
        ),
    ] {
        let error = store.log_batch("r", &batch).expect_err(expected);
        assert_eq!(error.kind, ErrorKind::Refused);
        assert!(error.message.contains(expected), "{error}");
    }
}

#[test]
fn redirects_are_followed_only_if_the_method_stays_the_same() {
    // Another port is another origin: the redirect is followed without the password.
    let other = Scripted::new([json(RUN)]);
    let to_other = |status: &str| answer(status, &format!("Location: {}\r\n", other.url("/x")), "");
    let server = Scripted::new([to_other("307 Temporary Redirect")]);
    let uri = server.url("").replace("http://", "http://ada:secret@");
    store(&uri, &[]).create_run(&new_run()).expect("followed");
    assert!(
        server.asked()[0]
            .to_lowercase()
            .contains("authorization: basic")
    );
    let redirected = &other.asked()[0];
    assert!(
        redirected.starts_with("POST /x ") && redirected.ends_with(r#""tags":[]}"#),
        "{redirected}"
    );
    assert!(
        !redirected.to_lowercase().contains("authorization"),
        "{redirected}"
    );

    // The same origin gets the password.
    let server = Scripted::new([
        answer("308 Permanent Redirect", "Location: /new\r\n", ""),
        json(RUN),
    ]);
    let uri = server.url("").replace("http://", "http://ada:secret@");
    store(&uri, &[]).create_run(&new_run()).expect("followed");
    assert!(
        server.asked()[1]
            .to_lowercase()
            .contains("authorization: basic")
    );

    // A POST must not become a GET.
    let error = log_error(&answer(
        "301 Moved Permanently",
        "Location: https://me:pw@ml.example.org/x?token=1\r\n",
        "",
    ));
    assert_eq!(error.kind, ErrorKind::Refused);
    assert!(
        error
            .help
            .as_deref()
            .is_some_and(|help| help.ends_with("(https://ml.example.org/x)")),
        "{:?}",
        error.help
    );

    let server = Scripted::new([to_other("307 Temporary Redirect")]);
    let strict = store(&server.url(""), &[("MLFLOW_ALLOW_HTTP_REDIRECTS", "false")]);
    assert!(
        log(&*strict)
            .expect_err("no redirects")
            .message
            .contains("307")
    );
}

#[test]
fn credentials_are_sent_and_never_displayed() {
    let denied = answer("403 Forbidden", "", "Permission denied");
    let server = Scripted::new([denied.clone(), denied.clone(), denied]);
    let variables = [
        ("MLFLOW_TRACKING_USERNAME", "ada"),
        ("MLFLOW_TRACKING_PASSWORD", "secret"),
        ("MLFLOW_TRACKING_TOKEN", "secret"),
    ];
    let inline = server.url("").replace("http://", "http://eve:se%63ret@");
    for (uri, variables, header) in [
        (
            &*server.url(""),
            &variables[..],
            "authorization: Basic YWRhOnNlY3JldA==",
        ),
        (
            &*server.url(""),
            &variables[2..],
            "authorization: Bearer secret",
        ),
        (
            &*inline,
            &variables[..],
            "authorization: Basic ZXZlOnNlY3JldA==",
        ),
    ] {
        let settings = Settings::of(uri, variables).expect("settings");
        let store = connect::open(&settings).expect("a store");
        let error = log(&*store).expect_err("rejected");
        assert!(
            server
                .asked()
                .last()
                .is_some_and(|asked| asked.contains(header)),
            "{:?}",
            server.asked()
        );
        for displayed in [
            format!("{error:?}"),
            format!("{settings:?}"),
            store.uri().to_owned(),
            settings.uri(),
        ] {
            assert!(
                !displayed.contains("secret") && !displayed.contains("se%63ret"),
                "{displayed}"
            );
        }
    }
}

#[test]
fn the_workspace_header_is_sent_if_a_workspace_is_set() {
    let server = Scripted::new([json("{}")]);
    log(&*store(&server.url(""), &[("MLFLOW_WORKSPACE", "fruit")])).expect("logged");
    assert!(
        server.asked()[0]
            .to_lowercase()
            .contains("x-mlflow-workspace: fruit")
    );
}

/// On a kept connection, a server with several workers responds 40 ms late.
#[test]
fn each_request_has_its_own_connection() {
    let server = Scripted::new([json("{}"), json("{}"), json("{}")]);
    let store = store(&server.url(""), &[("MLFLOW_HTTP_REQUEST_TIMEOUT", "5")]);
    for _ in 0..3 {
        log(&*store).expect("logged");
    }
}

/// If a server executes an abandoned call late, it rejects the retry.
#[test]
fn an_output_that_already_exists_is_no_error() {
    let run = StoredRun {
        id: "r".into(),
        experiment_id: "1".into(),
        name: "n".into(),
        artifact_uri: "mlflow-artifacts:/1/r/artifacts".into(),
    };
    let listed = RUN.replace(
        r#""data":{}"#,
        r#""data":{},"outputs":{"model_outputs":[{"model_id":"m-1","step":"0"}]}"#,
    );
    let refused = answer(
        "400 Bad Request",
        "",
        r#"{"error_code":"BAD_REQUEST","message":"UNIQUE constraint failed"}"#,
    );
    for (after, exists) in [(RUN, false), (listed.as_str(), true)] {
        let server = Scripted::new([json(RUN), refused.clone(), json(after)]);
        let added = store(&server.url(""), &[]).add_output(&run, "m-1", 0);
        assert_eq!(added.is_ok(), exists, "{added:?}");
    }
}
