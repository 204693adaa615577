//! Servers that want what is not theirs, and answers that are not what they should be.

use std::sync::atomic::Ordering;

use mlplots_tests::http::{Scripted, answer, endless, json};

use super::*;
use crate::ship::store::ErrorKind;

const SECRETS: [(&str, &str); 2] = [
    ("MLFLOW_TRACKING_TOKEN", "the-token"),
    ("MLFLOW_WORKSPACE", "the-workspace"),
];

/// Whether a request says who the user is.
fn tells(asked: &str) -> bool {
    let asked = asked.to_lowercase();
    ["authorization", "the-token", "workspace"]
        .iter()
        .any(|secret| asked.contains(secret))
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
        assert!(!tells(&asked[0]), "{asked:?}");
        let opening = format!("MLPLOTS_TRUSTED_ORIGINS={}", attacker.url(""));
        let help = error.help.unwrap_or_default();
        assert!(help.contains(&opening), "{help}");
        // The user's own word opens it.
        let origin = attacker.url("");
        let trusted = [("MLPLOTS_TRUSTED_ORIGINS", &*origin)];
        put(&[&SECRETS[..], &trusted].concat());
        assert!(tells(&attacker.asked()[1]));
    }
    assert!(tracking.asked().is_empty());
}

#[test]
fn a_redirect_to_another_origin_takes_no_workspace_along() {
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
fn an_answer_without_an_end_is_given_up() {
    let (url, sent) = endless("HTTP/1.1 200 OK\r\n\r\n{\"run\":\"");
    let error = store(&url, &[]).run("r").expect_err("too long");
    assert!(error.message.contains("it has more than 64 MiB"), "{error}");
    assert!(sent.load(Ordering::Relaxed) < 100, "megabytes");
}

#[test]
fn an_answer_of_the_wrong_type_is_told_as_what_it_is() {
    let says = |body: &str| {
        let server = Scripted::new([json(body)]);
        let made = store(&server.url(""), &[]).create_run(&new_run());
        let message = made.expect_err(body).message;
        let (_, reason) = message.split_once("promises: ").expect("a reason");
        reason.to_owned()
    };
    for (body, words) in [
        ("", "it is empty"),
        (" \n", "it is empty"),
        ("{}", "missing field `run`"),
        ("[]", "it is a JSON array instead of an object"),
        ("[{\"run\":1}]", "it is a JSON array instead of an object"),
        (
            "17",
            "invalid type: integer `17`, expected struct RunAnswer",
        ),
        ("null", "invalid type: null, expected struct RunAnswer"),
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
        assert_eq!(says(body), words, "{body}");
    }
}

#[test]
fn a_token_that_no_header_can_carry_is_refused_at_once() {
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

/// A server's words do not move the cursor of a terminal, and do not begin a line.
#[test]
fn what_a_server_says_stays_in_its_line() {
    let hostile = "a\\u001b[2J\\nerror: b\\u009bc\\rd";
    let code = format!(r#"{{"error_code":"{hostile}","message":""}}"#);
    let status = format!(
        r#"{{"run_info":{{"run_id":"r","experiment_id":"1","status":"{hostile}","artifact_uri":"x"}}}}"#
    );
    let location = "Location: http://ada:pw@h/\u{1b}[2J\r\n";
    let run = RUN.replace(r#""run_id":"r""#, &format!(r#""run_id":"{hostile}""#));
    let ended = |answer: &str| {
        let server = Scripted::new([answer]);
        let store = store(&server.url(""), &[]);
        store.set_status("r", mlplots_journal::record::Status::Finished, None)
    };
    for error in [
        logged(&answer("400 Bad Request", "", &code)),
        logged(&answer("307 Temporary Redirect", location, "")),
        ended(&json(&status)).expect_err("another status"),
    ] {
        let text = format!("{error} {}", error.help.as_deref().unwrap_or_default());
        assert!(!text.contains(char::is_control), "{text:?}");
    }
    let server = Scripted::new([json(&run)]);
    let store = store(&server.url(""), &[]);
    let run = store.run("r").expect("a run").run;
    let View::Url(url) = store.view(&run) else {
        panic!("no page")
    };
    assert!(url.bytes().all(|byte| byte.is_ascii_graphic()), "{url:?}");
}
