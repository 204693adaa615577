//! Uploads to S3 with URLs that the tracking server signs.

use mlplots_tests::http::{Scripted, answer, json};

use super::super::presigned::PresignedStore;
use super::*;
use crate::ship::store::{ErrorKind, Source};

const ROOT: &str = "s3://runs/1/r/artifacts";
const SETTINGS: [(&str, &str); 3] = [
    ("MLFLOW_TRACKING_TOKEN", "hush-token"),
    ("MLFLOW_WORKSPACE", "hush-workspace"),
    ("MLFLOW_HTTP_REQUEST_TIMEOUT", "5"),
];

/// A response with a signed URL.
fn signed(url: &str) -> String {
    json(&format!(
        r#"{{"presigned_url":"{url}?X-Amz-Signature=hush-signature","headers":{{"Content-Type":"image/png","x-amz-tagging":"a=b"}}}}"#
    ))
}

/// A store that falls back to `direct`.
fn store_with(
    server: &Scripted,
    root: Root<'_>,
    direct: Result<Box<dyn ArtifactStore>, StoreError>,
) -> PresignedStore {
    let settings = Settings::of(&server.url("/ml"), &SETTINGS).expect("settings");
    let base = Url::parse(&server.url("/ml")).expect("a URL");
    let client = HttpClient::new(&base, &settings.http).expect("a client");
    let storage = Storage::new(&settings.http);
    PresignedStore::new(client, storage, root, direct)
}

/// Uploads a file without credentials for S3. Checks that errors disclose no secret.
fn put(server: &Scripted, root: Root<'_>) -> Result<(), StoreError> {
    let direct = Err(StoreError::refused("there are no credentials here"));
    let put = store_with(server, root, direct).put_file("plots/ü 1.png", file().path());
    assert!(!format!("{put:?}").contains("hush"), "{put:?}");
    put
}

/// The error of an upload to a signed URL whose host sends this response.
fn upload_error(response: String) -> StoreError {
    let bucket = Scripted::new([response]);
    let server = Scripted::new([signed(&bucket.url("/runs/a.png"))]);
    put(&server, run_at(ROOT)).expect_err("rejected")
}

#[test]
fn an_upload_to_a_signed_url_sends_no_credentials() {
    let bucket = Scripted::new([answer("200 OK", "ETag: \"1\"\r\n", "")]);
    let server = Scripted::new([signed(&bucket.url("/runs/1/r/artifacts/plots/a.png"))]);
    put(&server, run_at(ROOT)).expect("stored");
    let (asked, sent) = (&server.asked()[0], &bucket.asked()[0]);
    assert!(
        asked.starts_with("POST /ml/api/2.0/mlflow/artifacts/presigned-upload-url HTTP/1.1"),
        "{asked}"
    );
    assert!(asked.contains("Bearer hush-token"), "{asked}");
    assert!(
        asked.ends_with(r#"{"run_id":"r","path":"plots/ü 1.png"}"#),
        "{asked}"
    );
    let head = sent.to_lowercase();
    assert!(
        sent.starts_with(
            "PUT /runs/1/r/artifacts/plots/a.png?X-Amz-Signature=hush-signature HTTP/1.1"
        ) && sent.ends_with("bytes"),
        "{sent}"
    );
    for header in [
        "content-type: image/png\r\n",
        "x-amz-tagging: a=b\r\n",
        "content-length: 5\r\n",
    ] {
        assert!(head.contains(header), "{head}");
    }
    for header in [
        "authorization",
        "workspace",
        "hush-token",
        "transfer-encoding",
    ] {
        assert!(!head.contains(header), "{head}");
    }
}

#[test]
fn urls_for_the_files_of_a_model_are_requested_by_its_id() {
    let bucket = Scripted::new([answer("200 OK", "", "")]);
    let server = Scripted::new([signed(&bucket.url("/runs/m"))]);
    let model = Root::Model {
        id: "m-1",
        uri: ROOT,
    };
    put(&server, model).expect("stored");
    let asked = &server.asked()[0];
    assert!(asked.contains(r#"{"model_id":"m-1","#), "{asked}");
}

#[test]
fn each_attempt_requests_a_new_url() {
    let bucket = Scripted::new([answer("503 Slow Down", "", ""), answer("200 OK", "", "")]);
    let url = bucket.url("/runs/a.png");
    let server = Scripted::new([signed(&url), signed(&url)]);
    let busy = put(&server, run_at(ROOT)).expect_err("busy");
    assert_eq!(busy.kind, ErrorKind::Retry(None), "{busy}");
    put(&server, run_at(ROOT)).expect("stored");
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn errors_of_signed_urls_are_reported_with_help() {
    let xml = |code: &str| {
        format!(
            "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>So it is.</Message><SignatureProvided>hush</SignatureProvided></Error>"
        )
    };
    let denied = upload_error(answer("403 Forbidden", "", &xml("AccessDenied")));
    assert_eq!(denied.kind, ErrorKind::Refused);
    assert!(
        denied
            .message
            .ends_with("/runs/a.png: 403 Forbidden: AccessDenied: So it is.; another upload method failed too: there are no credentials here"),
        "{denied}"
    );
    assert!(
        denied
            .help
            .is_some_and(|help| help.contains("s3:PutObject"))
    );
    let redirected = upload_error(answer(
        "307 Temporary Redirect",
        "Location: http://127.0.0.1:9/hush\r\n",
        "",
    ));
    assert_eq!(redirected.kind, ErrorKind::Refused);
    assert!(
        redirected
            .help
            .is_some_and(|help| help.contains("AWS_DEFAULT_REGION"))
    );
    // A body that does not come from an object store is not shown.
    let page = upload_error(answer("400 Bad Request", "", "see ?X-Amz-Signature=hush"));
    assert!(page.message.contains("400 Bad Request; "), "{page}");
    let server = Scripted::new([signed("http://127.0.0.1:9/runs/a.png")]);
    let unreachable = put(&server, run_at(ROOT)).expect_err("unreachable");
    assert_eq!(unreachable.kind, ErrorKind::Retry(None));
    assert!(
        unreachable
            .message
            .starts_with("PUT http://127.0.0.1:9/runs/a.png: cannot connect"),
        "{unreachable}"
    );
    let server = Scripted::new([signed("not a URL")]);
    let invalid = put(&server, run_at(ROOT)).expect_err("an invalid URL");
    assert!(
        invalid.message.contains("an invalid upload URL"),
        "{invalid}"
    );
}

#[test]
fn errors_of_the_tracking_server_are_reported_without_a_fallback() {
    let denied = answer("403 Forbidden", "", "Permission denied");
    let error = put(&Scripted::new([denied]), run_at(ROOT)).expect_err("refused");
    assert_eq!(error.kind, ErrorKind::Refused);
    assert!(error.message.contains("403 Forbidden: Permission denied"));
    let gone = answer(
        "404 Not Found",
        "",
        r#"{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"Run 'r' not found"}"#,
    );
    let error = put(&Scripted::new([gone]), run_at(ROOT)).expect_err("no run");
    assert!(error.message.contains("Run 'r' not found"), "{error}");
    let busy = answer("503 Service Unavailable", "", "");
    let error = put(&Scripted::new([busy]), run_at(ROOT)).expect_err("busy");
    assert_eq!(error.kind, ErrorKind::Retry(None));
}

/// An object store rejects an upload after the head, and closes the connection.
#[test]
fn a_response_before_the_end_of_an_upload_is_received() {
    let refusal = answer(
        "403 Forbidden",
        "Connection: close\r\n",
        "<Error><Code>AccessDenied</Code></Error>",
    );
    let bucket = Scripted::hasty(refusal);
    let server = Scripted::new([signed(&bucket.url("/runs/a.png"))]);
    let large = file();
    large.as_file().set_len(200 << 20).expect("a sparse file");
    let direct = Err(StoreError::refused("there are no credentials here"));
    let error = store_with(&server, run_at(ROOT), direct)
        .put_file("large", large.path())
        .expect_err("refused");
    assert_eq!(error.kind, ErrorKind::Refused, "{error}");
    assert!(error.message.contains("AccessDenied"), "{error}");
}

#[test]
fn object_stores_have_their_own_certificate_setting() {
    let server = Scripted::new([signed("https://127.0.0.1:9/runs/a.png")]);
    let bundle = ("AWS_CA_BUNDLE", "/nowhere/ca.pem");
    let settings = Settings::of(&server.url(""), &[bundle]).expect("settings");
    let base = Url::parse(&server.url("")).expect("a URL");
    let client = HttpClient::new(&base, &settings.http).expect("a client");
    let direct = Err(StoreError::refused("there are no credentials here"));
    let store = PresignedStore::new(client, Storage::new(&settings.http), run_at(ROOT), direct);
    let error = store
        .put_file("a.png", file().path())
        .expect_err("no bundle");
    assert!(
        error
            .message
            .starts_with("AWS_CA_BUNDLE: /nowhere/ca.pem cannot be used"),
        "{error}"
    );
}

/// A stand-in for the store that needs the user's credentials.
struct Direct;

impl ArtifactStore for Direct {
    fn put(&self, source: &Source) -> Result<(), StoreError> {
        match &**source.path() {
            "refused" => Err(StoreError::refused("there are no credentials here")),
            _ => Ok(()),
        }
    }
}

fn with_fallback(server: &Scripted) -> PresignedStore {
    store_with(server, run_at(ROOT), Ok(Box::new(Direct)))
}

#[test]
fn without_working_urls_the_users_credentials_are_used() {
    let unsigned = [
        answer(
            "404 Not Found",
            "Content-Type: text/html\r\n",
            "<html></html>",
        ),
        answer(
            "400 Bad Request",
            "",
            r#"{"error_code":"INVALID_PARAMETER_VALUE","message":"no"}"#,
        ),
        answer(
            "501 Not Implemented",
            "",
            r#"{"error_code":"NOT_IMPLEMENTED","message":"no"}"#,
        ),
        answer("500 Internal Server Error", "", "<html></html>"),
        signed("http://127.0.0.1:9/runs/a.png"),
    ];
    for response in unsigned {
        let server = Scripted::new([&*response]);
        let store = with_fallback(&server);
        store.put_file("a.png", file().path()).expect("stored");
        // The server has stopped: the second file does not contact it.
        store.put_file("b.png", file().path()).expect("stored");
        let store = with_fallback(&Scripted::new([&*response]));
        store
            .put_file("refused", file().path())
            .expect_err("both methods fail");
    }
}

#[test]
fn a_file_too_large_for_a_signed_url_needs_credentials() {
    let large = file();
    large
        .as_file()
        .set_len((5 << 30) + 1)
        .expect("a sparse file");
    let server = Scripted::new([""; 0]);
    let store = with_fallback(&server);
    store
        .put_file("large", large.path())
        .expect("stored with the user's credentials");
    let error = store
        .put_file("refused", large.path())
        .expect_err("refused");
    assert!(
        error.message.starts_with("`refused` has more than 5 GB")
            && error.message.ends_with("there are no credentials here"),
        "{error}"
    );
    assert!(server.asked().is_empty());
}
