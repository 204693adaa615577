//! The scopes of errors, which decide what a delivery still tries.

use mlplots_tests::http::{Scripted, answer, nobody};

use super::*;

#[test]
fn the_status_and_the_code_decide_the_scope() {
    let missing = r#"{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"none"}"#;
    let invalid = r#"{"error_code":"INVALID_PARAMETER_VALUE","message":"bad"}"#;
    let internal = r#"{"error_code":"INTERNAL_ERROR","message":"oh"}"#;
    let disabled = r#"{"error_code":"FEATURE_DISABLED","message":"Workspaces are off"}"#;
    let page = "<html><title>x</title></html>";
    for (status, body, scope) in [
        ("400 Bad Request", invalid, Scope::Item),
        ("413 Payload Too Large", page, Scope::Item),
        ("500 Internal Server Error", internal, Scope::Item),
        ("500 Internal Server Error", page, Scope::Item),
        ("403 Forbidden", "Permission denied", Scope::Run),
        ("403 Forbidden", "Invalid Host header: x", Scope::Store),
        ("500 Internal Server Error", disabled, Scope::Store),
        ("404 Not Found", missing, Scope::Run),
        ("404 Not Found", page, Scope::Store),
        ("405 Method Not Allowed", page, Scope::Store),
        ("302 Found", "", Scope::Store),
        ("401 Unauthorized", "who?", Scope::Store),
        ("429 Too Many Requests", "", Scope::Store),
        ("502 Bad Gateway", page, Scope::Store),
        ("503 Service Unavailable", "", Scope::Store),
        ("504 Gateway Timeout", page, Scope::Store),
    ] {
        assert_eq!(
            log_error(&answer(status, "", body)).scope,
            scope,
            "{status} {body}"
        );
    }
}

#[test]
fn an_unreachable_server_has_the_scope_address() {
    let soon = [("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")];
    for uri in [
        "http://127.0.0.1:9".to_owned(),
        "http://nobody.invalid".to_owned(),
        nobody(),
    ] {
        let error = log(&*store(&uri, &soon)).expect_err("unreachable");
        assert_eq!(error.scope, Scope::Address, "{error}");
    }
    // The server accepts the connection and closes it.
    let error = log_error("");
    assert_eq!(error.scope, Scope::Store, "{error}");
}

#[test]
fn a_run_that_no_longer_exists_has_the_scope_gone() {
    let missing = r#"{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"none"}"#;
    let server = Scripted::new([answer("404 Not Found", "", missing)]);
    let error = store(&server.url(""), &[]).run("r").expect_err("gone");
    assert_eq!(error.scope, Scope::Gone);
    assert!(
        error.message.starts_with("there is no run r at http://"),
        "{error}"
    );
    assert!(
        error
            .help
            .is_some_and(|help| help.starts_with("it was deleted permanently"))
    );
}

/// Some databases accept this data and others reject it.
#[test]
fn data_that_some_databases_reject_is_not_sent() {
    let uri = Scripted::new([""; 0]).url("");
    let tag = |key: &str, value: &str| Tag {
        key: key.to_owned(),
        value: value.to_owned(),
    };
    let tags = |tag| Batch {
        tags: vec![tag],
        ..Batch::default()
    };
    let params = Batch {
        params: vec![mlplots_journal::record::Param {
            key: "a".to_owned(),
            value: "b\0c".to_owned(),
        }],
        ..Batch::default()
    };
    for (batch, expected) in [
        (
            tags(tag("mlflow.runName", &"x".repeat(400))),
            "the run name `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…` has 400 characters",
        ),
        (
            tags(tag("a", "b\0c")),
            "the tag `a` has a value with a NUL character",
        ),
        (params, "the param `a` has a value with a NUL character"),
    ] {
        let error = store(&uri, &[]).log_batch("r", &batch).expect_err(expected);
        assert_eq!(error.scope, Scope::Item);
        assert!(error.message.starts_with(expected), "{error}");
    }
}
