//! Uploads to scripted servers that stand in for S3, Google Cloud Storage and Azure.

mod hostile;

use mlplots_tests::http::{Answering, answer, endless};

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
    CloudStore::open_in(uri, &Environment::new(&lookup), None).expect("a supported store")
}

/// The error of an upload to an S3 server that always sends this error response.
fn error_for(status: &str, code: &str) -> StoreError {
    let server = always(status, code);
    put(&[&KEYS[..], &[("MLFLOW_S3_ENDPOINT_URL", &server.url)]].concat())
}

fn always(status: &str, code: &str) -> Answering {
    let body = format!(
        "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>So it is.</Message><StringToSign>hush</StringToSign></Error>"
    );
    let answer = answer(status, "", &body);
    Answering::new(move |_, _, _| answer.clone())
}

fn put(variables: &[(&str, &str)]) -> StoreError {
    put_below("s3://runs/1/r/artifacts", variables).expect_err("a failure")
}

/// Uploads a small file. Checks that errors disclose no secret.
fn put_below(uri: &str, variables: &[(&str, &str)]) -> Result<(), StoreError> {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "bytes").expect("written");
    let put = store(uri, variables).and_then(|store| store.put(&Source::of("a.png", file.path())?));
    assert!(!format!("{put:?}").contains("hush"), "{put:?}");
    put
}

#[test]
fn error_responses_of_s3_are_reported_with_help() {
    for (status, code, expected, help) in [
        (
            "403 Forbidden",
            "SignatureDoesNotMatch",
            " failed (403): SignatureDoesNotMatch: So it is.",
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
            "create the bucket",
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
        let error = error_for(status, code);
        assert_eq!(error.kind, ErrorKind::Refused, "{error}");
        assert!(error.message.contains(expected), "{error}");
        assert!(error.help.is_some_and(|text| text.contains(help)), "{code}");
    }
    let busy = error_for("503 Slow Down", "SlowDown");
    assert_eq!(busy.kind, ErrorKind::Retry(None), "{busy}");
    assert!(busy.message.contains("(503): SlowDown"), "{busy}");
}

#[test]
fn an_unreachable_server_is_retried() {
    let unreachable = ("MLFLOW_S3_ENDPOINT_URL", "http://127.0.0.1:9");
    let error = put(&[KEYS[0], KEYS[1], unreachable]);
    assert_eq!(error.kind, ErrorKind::Retry(None));
    assert!(
        error.message.starts_with("cannot connect to 127.0.0.1:9"),
        "{error}"
    );
}

#[test]
fn invalid_settings_are_rejected_before_any_request() {
    for (uri, variables, expected) in [
        ("s3:///1", &KEYS[..], "names no bucket"),
        ("s3://runs/1", &KEYS[..1], "only one of AWS_ACCESS_KEY_ID"),
        (
            "s3://runs/1",
            &[("AWS_EC2_METADATA_DISABLED", "true")],
            "no AWS credentials",
        ),
        (
            "s3://runs/1",
            &[KEYS[0], KEYS[1], ("MLFLOW_S3_ENDPOINT_URL", "minio:hush@")],
            "not a valid http address",
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
        let error = store(uri, variables).err().expect(expected);
        assert_eq!(error.kind, ErrorKind::Refused);
        assert!(error.message.contains(expected), "{error}");
    }
    assert!(store("s3://runs", &KEYS).is_ok());
}

/// An S3 server. `override_response` may replace the response to a request.
fn s3(
    override_response: impl Fn(&str, usize) -> Option<String> + Send + Sync + 'static,
) -> Answering {
    Answering::new(move |_, line, before| {
        override_response(line, before).unwrap_or_else(|| match line.split(' ').next() {
            Some("POST") if line.contains("?uploads") => answer(
                "200 OK",
                "",
                "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>",
            ),
            Some("POST") => answer(
                "200 OK",
                "",
                "<CompleteMultipartUploadResult><ETag>\"e\"</ETag></CompleteMultipartUploadResult>",
            ),
            _ => answer("200 OK", "ETag: \"e\"\r\n", ""),
        })
    })
}

fn put_large(server: &Answering) -> Result<(), StoreError> {
    let file = tempfile::NamedTempFile::new().expect("a file");
    file.as_file().set_len(2 * PART + 1).expect("a sparse file");
    let endpoint = ("MLFLOW_S3_ENDPOINT_URL", &*server.url);
    store("s3://runs/1/r", &[KEYS[0], KEYS[1], endpoint])?.put(&Source::of("m.bin", file.path())?)
}

#[test]
fn only_the_failed_part_is_retried() {
    let server = s3(|line, before| {
        let second = before == 0 && line.contains("partNumber=2");
        second.then(|| answer("500 Internal Server Error", "", ""))
    });
    put_large(&server).expect("stored");
    let parts =
        [1, 2, 3].map(|part| server.count(&format!("PUT /runs/1/r/m.bin?partNumber={part}")));
    assert_eq!(parts, [1, 2, 1]);
    assert_eq!(server.count("DELETE"), 0);
}

#[test]
fn a_failed_multipart_upload_is_aborted() {
    let server = s3(|line, _| {
        let last = line.contains("partNumber=3");
        last.then(|| {
            answer(
                "403 Forbidden",
                "",
                "<Error><Code>AccessDenied</Code></Error>",
            )
        })
    });
    let error = put_large(&server).expect_err("refused");
    assert!(error.message.contains("(403): AccessDenied"), "{error}");
    assert_eq!(server.count("DELETE /runs/1/r/m.bin?uploadId=u"), 1);
}

#[test]
fn uploads_to_google_and_their_errors() {
    let file = |text: &str| {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), text).expect("written");
        file
    };
    let server = Answering::new(|_, _, _| answer("200 OK", "ETag: \"e\"\r\n", ""));
    let root = "gs://runs/a place/1/r/artifacts";
    put_below(root, &[("STORAGE_EMULATOR_HOST", &server.url)]).expect("stored");
    let (head, body) = server.asked().remove(0);
    assert!(
        head.starts_with("PUT /runs/a%20place%2F1%2Fr%2Fartifacts%2Fa%2Epng HTTP/1.1"),
        "{head}"
    );
    assert!(head.contains("content-type: image/png"), "{head}");
    assert_eq!(body, b"bytes");

    let denied = always("403 Forbidden", "AccessDenied");
    let error = put_below(root, &[("STORAGE_EMULATOR_HOST", &denied.url)]);
    let error = error.expect_err("rejected");
    assert!(
        error.message.ends_with("(403): AccessDenied: So it is."),
        "{error}"
    );
    assert!(
        error
            .help
            .is_some_and(|help| help.contains("storage.objects.create"))
    );

    for (text, expected) in [
        ("hush", "it is not a JSON file with credentials"),
        (
            r#"{"type":"external_account","token":"hush"}"#,
            "does not support credentials of the type `external_account`",
        ),
        (
            r#"{"type":"service_account","private_key":"hush","private_key_id":"1","client_email":"a@b"}"#,
            "the settings for the bucket `runs` cannot be used",
        ),
    ] {
        let file = file(text);
        let path = file.path().to_str().expect("a path in UTF-8");
        let error = put_below(root, &[("GOOGLE_APPLICATION_CREDENTIALS", path)]);
        let error = error.expect_err(expected);
        assert!(error.message.contains(expected), "{error}");
        assert!(error.help.is_some());
    }
    let nowhere = ("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/key.json");
    let error = put_below(root, &[nowhere]).expect_err("no file");
    assert!(
        error
            .message
            .starts_with("GOOGLE_APPLICATION_CREDENTIALS: /nowhere/key.json cannot be used"),
        "{error}"
    );
}

#[test]
fn uploads_to_azure_and_their_errors() {
    const KEY: &str = "AccountName=fruit;AccountKey=aHVzaA==";
    let root = "wasbs://runs@fruit.blob.core.windows.net/a place/1";
    let server = Answering::new(|_, _, _| answer("201 Created", "ETag: \"e\"\r\n", ""));
    let connection = format!("{KEY};BlobEndpoint={}/fruit/", server.url);
    put_below(root, &[("AZURE_STORAGE_CONNECTION_STRING", &connection)]).expect("stored");
    let (head, body) = server.asked().remove(0);
    assert!(
        head.starts_with("PUT /fruit/runs/a%20place/1/a.png HTTP/1.1"),
        "{head}"
    );
    assert!(
        head.to_lowercase()
            .contains("authorization: sharedkey fruit:"),
        "{head}"
    );
    assert_eq!(body, b"bytes");
    for (status, code, expected, help) in [
        (
            "403 Forbidden",
            "AuthenticationFailed",
            "(403): AuthenticationFailed: So it is.",
            "check AZURE_STORAGE_CONNECTION_STRING",
        ),
        (
            "403 Forbidden",
            "AuthorizationPermissionMismatch",
            "AuthorizationPermissionMismatch",
            "Storage Blob Data Contributor",
        ),
        (
            "404 Not Found",
            "ContainerNotFound",
            "has no container `runs`",
            "create the container",
        ),
    ] {
        let server = always(status, code);
        let signature = "SharedAccessSignature=?sv=1&sig=hush";
        let connection = format!("{signature};BlobEndpoint={}", server.url);
        let error = put_below(root, &[("AZURE_STORAGE_CONNECTION_STRING", &connection)]);
        let error = error.expect_err(code);
        assert!(error.message.contains(expected), "{error}");
        assert!(error.help.is_some_and(|text| text.contains(help)), "{code}");
    }
    for (uri, variables, expected) in [
        ("wasbs://runs/1", &[][..], "names no container"),
        ("abfss://runs@fruit/1", &[], "names no container"),
        (
            root,
            &[("AZURE_STORAGE_CONNECTION_STRING", "AccountName=fruit")],
            "has neither AccountKey nor SharedAccessSignature",
        ),
        (
            root,
            &[("AZURE_STORAGE_ACCESS_KEY", "hush, no base64")],
            "the settings for the container `runs` cannot be used",
        ),
    ] {
        let error = store(uri, variables).err().expect(expected);
        assert_eq!(error.kind, ErrorKind::Refused);
        assert!(error.message.contains(expected), "{error}");
        assert!(!format!("{error:?}").contains("hush"), "{error:?}");
    }
    // Data Lake is used through its blob endpoint. Its SAS token overrides other credentials.
    let lake = store(
        "abfss://runs@fruit.dfs.core.windows.net/1",
        &[
            ("AZURE_STORAGE_SAS_TOKEN", "?sv=1&sig=hush"),
            ("AZURE_STORAGE_CONNECTION_STRING", KEY),
            ("AZURE_STORAGE_ACCESS_KEY", "no base64"),
        ],
    );
    assert_eq!(
        lake.expect("a store").reporter.host,
        "fruit.blob.core.windows.net"
    );
}
