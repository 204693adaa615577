//! Malicious servers and invalid responses.

use std::sync::atomic::Ordering;

use mlplots_tests::http::{Scripted, answer, endless, json};

use super::*;
use crate::ship::store::ErrorKind;

const SECRETS: [(&str, &str); 2] = [
    ("MLFLOW_TRACKING_TOKEN", "the-token"),
    ("MLFLOW_WORKSPACE", "the-workspace"),
];

/// Whether a request contains the credentials or the workspace.
fn identifies_user(request: &str) -> bool {
    let request = request.to_lowercase();
    ["authorization", "the-token", "workspace"]
        .iter()
        .any(|secret| request.contains(secret))
}

#[test]
fn an_artifact_root_at_another_origin_gets_no_credentials() {
    let tracking = Scripted::new([""; 0]);
    let denied = answer("401 Unauthorized", "", "who are you?");
    for scheme in ["mlflow-artifacts", "http"] {
        let attacker = Scripted::new([denied.clone(), denied.clone()]);
        let root = format!("{}/1/r/artifacts", attacker.url("").replace("http", scheme));
        let put = |variables: &[(&str, &str)]| {
            let store = store(&tracking.url(""), variables);
            let put = store
                .artifacts(run_at(&root))
                .and_then(|root| root.put_file("a.txt", file().path()));
            put.expect_err("denied")
        };
        let error = put(&SECRETS);
        let asked = attacker.asked();
        assert!(!identifies_user(&asked[0]), "{asked:?}");
        let variable = format!("MLPLOTS_TRUSTED_ORIGINS={}", attacker.url(""));
        let help = error.help.unwrap_or_default();
        assert!(help.contains(&variable), "{help}");
        // The user may trust the origin.
        let origin = attacker.url("");
        let trusted = [("MLPLOTS_TRUSTED_ORIGINS", &*origin)];
        put(&[&SECRETS[..], &trusted].concat());
        assert!(identifies_user(&attacker.asked()[1]));
    }
    assert!(tracking.asked().is_empty());
}

#[test]
fn a_redirect_to_another_origin_is_not_followed_with_a_workspace() {
    let attacker = Scripted::new([json("{}")]);
    for status in ["307 Temporary Redirect", "308 Permanent Redirect"] {
        let location = format!("Location: {}\r\n", attacker.url("/x"));
        let server = Scripted::new([answer(status, &location, "")]);
        let error = log(&*store(&server.url(""), &SECRETS)).expect_err("not followed");
        assert_eq!(error.kind, ErrorKind::Refused, "{error}");
        let help = error.help.unwrap_or_default();
        assert!(
            help.ends_with(&format!("({})", attacker.url("/x"))),
            "{help}"
        );
    }
    assert!(attacker.asked().is_empty());
}

#[test]
fn an_endless_response_is_aborted() {
    let (url, sent) = endless("HTTP/1.1 200 OK\r\n\r\n{\"run\":\"");
    let error = store(&url, &[]).run("r").expect_err("too long");
    assert!(error.message.contains("it has more than 64 MiB"), "{error}");
    assert!(
        sent.load(Ordering::Relaxed) < 100,
        "too many megabytes were read"
    );
}

#[test]
fn the_error_describes_a_response_of_the_wrong_type() {
    let reason = |body: &str| {
        let server = Scripted::new([json(body)]);
        let made = store(&server.url(""), &[]).create_run(&new_run());
        let message = made.expect_err(body).message;
        let (_, reason) = message
            .split_once("unexpected response: ")
            .expect("a reason");
        reason.to_owned()
    };
    for (body, expected) in [
        ("", "it is empty"),
        (" \n", "it is empty"),
        ("{}", "missing field `run`"),
        ("[]", "it is a JSON array instead of an object"),
        ("[{\"run\":1}]", "it is a JSON array instead of an object"),
        (
            "17",
            "invalid type: integer `17`, expected struct RunResponse",
        ),
        ("null", "invalid type: null, expected struct RunResponse"),
        (r#"{"message":"later"}"#, "later"),
        (
            r#"{"run":{"info":{"run_id":5}}}"#,
            "invalid type: integer `5`, expected a string",
        ),
        (
            "{\"run\":{\"info\":{\"run_id\":\"a\\u001b[2J\"}}}",
            "missing field `experiment_id`",
        ),
        ("<html><title>Sign in</title>", "Sign in"),
        ("{\"run\":", "{\"run\":"),
    ] {
        assert_eq!(reason(body), expected, "{body}");
    }
}

#[test]
fn a_token_that_is_not_a_valid_header_is_rejected() {
    let uri = Scripted::new([""; 0]).url("");
    for token in ["a\nb", "a\r\nX-Evil: 1", "t\u{0}", "a\n"] {
        let settings = Settings::of(&uri, &[("MLFLOW_TRACKING_TOKEN", token)]);
        let error = settings
            .map_err(StoreError::from)
            .and_then(|settings| connect::open(&settings))
            .err()
            .expect(token);
        assert_eq!(error.help.as_deref(), Some("check MLFLOW_TRACKING_TOKEN"));
        assert!(!format!("{error:?}").contains('a') || !error.message.contains(token));
    }
}

/// Texts from a server cannot control the terminal, and cannot start a new line.
#[test]
fn control_characters_in_responses_are_escaped() {
    let hostile = "a\\u001b[2J\\nerror: b\\u009bc\\rd";
    let code = format!(r#"{{"error_code":"{hostile}","message":""}}"#);
    let status = format!(
        r#"{{"run_info":{{"run_id":"r","experiment_id":"1","status":"{hostile}","artifact_uri":"x"}}}}"#
    );
    let location = "Location: http://ada:pw@h/\u{1b}[2J\r\n";
    let run = RUN.replace(r#""run_id":"r""#, &format!(r#""run_id":"{hostile}""#));
    let set_status = |response: &str| {
        let server = Scripted::new([response]);
        let store = store(&server.url(""), &[]);
        store.set_status("r", mlplots_journal::record::Status::Finished, None)
    };
    for error in [
        log_error(&answer("400 Bad Request", "", &code)),
        log_error(&answer("307 Temporary Redirect", location, "")),
        set_status(&json(&status)).expect_err("another status"),
    ] {
        let text = format!("{error} {}", error.help.as_deref().unwrap_or_default());
        assert!(!text.contains(char::is_control), "{text:?}");
    }
    let server = Scripted::new([json(&run)]);
    let store = store(&server.url(""), &[]);
    let run = store.run("r").expect("a run").run;
    let View::Url(url) = store.view(&run) else {
        panic!("not a URL")
    };
    assert!(url.bytes().all(|byte| byte.is_ascii_graphic()), "{url:?}");
}
