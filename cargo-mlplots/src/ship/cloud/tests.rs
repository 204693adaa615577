//! What an S3 server may answer, and what goes to it.

use std::io::{Read, Write};
use std::net::TcpListener;

use super::*;
use crate::ship::store::ErrorKind;

const KEYS: [(&str, &str); 2] = [
    ("AWS_ACCESS_KEY_ID", "AKIATEST"),
    ("AWS_SECRET_ACCESS_KEY", "hush"),
];

fn store(uri: &str, variables: &[(&str, &str)]) -> Result<CloudStore, StoreError> {
    let lookup = |name: &str| {
        let found = variables.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    CloudStore::open_in(uri, &Environment::new(&lookup), None).expect("a store that we know")
}

/// What one upload meets at a server that always gives this answer.
fn answered(status: &str, code: &str) -> StoreError {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let body = format!(
        "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>So it is.</Message><StringToSign>hush</StringToSign></Error>"
    );
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 8192]);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    put(&[&KEYS[..], &[("MLFLOW_S3_ENDPOINT_URL", &url)]].concat())
}

fn put(variables: &[(&str, &str)]) -> StoreError {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let error = store("s3://runs/1/r/artifacts", variables)
        .and_then(|store| store.put("a.png", file.path()))
        .expect_err("a failure");
    assert!(!format!("{error:?}").contains("hush"), "{error:?}");
    error
}

#[test]
fn refusals_are_told_in_words() {
    for (status, code, words, help) in [
        (
            "403 Forbidden",
            "SignatureDoesNotMatch",
            "does not take s3://runs/1/r/artifacts/a.png (403): SignatureDoesNotMatch: So it is.",
            "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        ),
        (
            "403 Forbidden",
            "AccessDenied",
            "AccessDenied",
            "s3:PutObject",
        ),
        (
            "404 Not Found",
            "NoSuchBucket",
            "has no bucket `runs`",
            "another one",
        ),
        (
            "400 Bad Request",
            "ExpiredToken",
            "ExpiredToken",
            "AWS_SESSION_TOKEN",
        ),
        (
            "301 Moved Permanently",
            "PermanentRedirect",
            "in another region",
            "AWS_REGION",
        ),
        (
            "400 Bad Request",
            "AuthorizationHeaderMalformed",
            "in another region",
            "AWS_REGION",
        ),
    ] {
        let error = answered(status, code);
        assert_eq!(error.kind, ErrorKind::Refused, "{error}");
        assert!(error.message.contains(words), "{error}");
        assert!(error.help.is_some_and(|text| text.contains(help)), "{code}");
    }
    let busy = answered("503 Slow Down", "SlowDown");
    assert_eq!(busy.kind, ErrorKind::Retry(None), "{busy}");
    assert!(busy.message.contains("(503): SlowDown"), "{busy}");
}

#[test]
fn who_is_away_may_come_back() {
    let nobody = ("MLFLOW_S3_ENDPOINT_URL", "http://127.0.0.1:9");
    let error = put(&[KEYS[0], KEYS[1], nobody]);
    assert_eq!(error.kind, ErrorKind::Retry(None));
    assert!(
        error.message.starts_with("cannot connect to 127.0.0.1:9"),
        "{error}"
    );
}

#[test]
fn settings_that_cannot_work_are_refused_at_once() {
    for (uri, variables, words) in [
        ("s3:///1", &KEYS[..], "names no bucket"),
        ("s3://runs/1", &KEYS[..1], "only one is set"),
        (
            "s3://runs/1",
            &[("AWS_EC2_METADATA_DISABLED", "true")],
            "no AWS credentials",
        ),
        (
            "s3://runs/1",
            &[KEYS[0], KEYS[1], ("MLFLOW_S3_ENDPOINT_URL", "minio:hush@")],
            "not a usable http address",
        ),
        (
            "s3://runs/1",
            &[KEYS[0], KEYS[1], ("AWS_CA_BUNDLE", "/nowhere/ca.pem")],
            "AWS_CA_BUNDLE: /nowhere/ca.pem cannot be used",
        ),
        (
            "s3://runs/1",
            &[KEYS[0], KEYS[1], ("MLFLOW_S3_IGNORE_TLS", "perhaps")],
            "MLFLOW_S3_IGNORE_TLS",
        ),
    ] {
        let error = store(uri, variables).err().expect(words);
        assert_eq!(error.kind, ErrorKind::Refused);
        assert!(error.message.contains(words), "{error}");
    }
    assert!(store("s3://runs", &KEYS).is_ok());
}
