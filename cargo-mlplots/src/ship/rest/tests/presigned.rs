//! Files that the server lets go to S3 by URLs that it signs.

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

/// The answer that sends a file there.
fn signed(url: &str) -> String {
    json(&format!(
        r#"{{"presigned_url":"{url}?X-Amz-Signature=hush-signature","headers":{{"Content-Type":"image/png","x-amz-tagging":"a=b"}}}}"#
    ))
}

/// A store whose other way is this one.
fn store_with(
    server: &Scripted,
    root: Root<'_>,
    own: Result<Box<dyn ArtifactStore>, StoreError>,
) -> PresignedStore {
    let settings = Settings::of(&server.url("/ml"), &SETTINGS).expect("settings");
    let base = Url::parse(&server.url("/ml")).expect("a URL");
    let client = HttpClient::new(&base, &settings.http).expect("a client");
    let storage = Storage::new(&settings.http);
    PresignedStore::new(client, storage, root, own)
}

/// Sends one file without credentials of our own; what goes wrong is told without what is secret.
fn put(server: &Scripted, root: Root<'_>) -> Result<(), StoreError> {
    let nobody = Err(StoreError::refused("there are no credentials here"));
    let put = store_with(server, root, nobody).put_file("plots/ü 1.png", file().path());
    assert!(!format!("{put:?}").contains("hush"), "{put:?}");
    put
}

/// What comes of a file where the URL leads to this answer.
fn refused(there: String) -> StoreError {
    let bucket = Scripted::new([there]);
    let server = Scripted::new([signed(&bucket.url("/runs/a.png"))]);
    put(&server, run_at(ROOT)).expect_err("a refusal")
}

#[test]
fn a_signed_url_gets_the_file_and_nothing_of_ours() {
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
fn a_models_files_are_asked_for_by_its_id() {
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
fn each_attempt_asks_for_a_url_of_its_own() {
    let bucket = Scripted::new([answer("503 Slow Down", "", ""), answer("200 OK", "", "")]);
    let url = bucket.url("/runs/a.png");
    let server = Scripted::new([signed(&url), signed(&url)]);
    let busy = put(&server, run_at(ROOT)).expect_err("busy");
    assert_eq!(busy.kind, ErrorKind::Retry(None), "{busy}");
    put(&server, run_at(ROOT)).expect("stored");
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn refusals_of_signed_urls_are_told_in_words() {
    let xml = |code: &str| {
        format!(
            "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>So it is.</Message><SignatureProvided>hush</SignatureProvided></Error>"
        )
    };
    let denied = refused(answer("403 Forbidden", "", &xml("AccessDenied")));
    assert_eq!(denied.kind, ErrorKind::Refused);
    assert!(
        denied
            .message
            .ends_with("/runs/a.png: 403 Forbidden: AccessDenied: So it is.; the other way: there are no credentials here"),
        "{denied}"
    );
    assert!(
        denied
            .help
            .is_some_and(|help| help.contains("s3:PutObject"))
    );
    let elsewhere = refused(answer(
        "307 Temporary Redirect",
        "Location: http://127.0.0.1:9/hush\r\n",
        "",
    ));
    assert_eq!(elsewhere.kind, ErrorKind::Refused);
    assert!(
        elsewhere
            .help
            .is_some_and(|help| help.contains("AWS_DEFAULT_REGION"))
    );
    // Words that are not a store's may be anything.
    let page = refused(answer("400 Bad Request", "", "see ?X-Amz-Signature=hush"));
    assert!(page.message.contains("400 Bad Request; "), "{page}");
    let server = Scripted::new([signed("http://127.0.0.1:9/runs/a.png")]);
    let away = put(&server, run_at(ROOT)).expect_err("nobody is there");
    assert_eq!(away.kind, ErrorKind::Retry(None));
    assert!(
        away.message
            .starts_with("PUT http://127.0.0.1:9/runs/a.png: cannot connect"),
        "{away}"
    );
    let server = Scripted::new([signed("no URL")]);
    let nonsense = put(&server, run_at(ROOT)).expect_err("no URL");
    assert!(nonsense.message.contains("cannot be used"), "{nonsense}");
}

#[test]
fn what_the_server_refuses_is_the_servers_to_tell() {
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

/// A store sees the head, refuses, and does not wait for the rest.
#[test]
fn an_answer_before_the_end_of_a_file_counts() {
    let refusal = answer(
        "403 Forbidden",
        "Connection: close\r\n",
        "<Error><Code>AccessDenied</Code></Error>",
    );
    let bucket = Scripted::hasty(refusal);
    let server = Scripted::new([signed(&bucket.url("/runs/a.png"))]);
    let large = file();
    large.as_file().set_len(200 << 20).expect("a sparse file");
    let nobody = Err(StoreError::refused("there are no credentials here"));
    let error = store_with(&server, run_at(ROOT), nobody)
        .put_file("large", large.path())
        .expect_err("refused");
    assert_eq!(error.kind, ErrorKind::Refused, "{error}");
    assert!(error.message.contains("AccessDenied"), "{error}");
}

#[test]
fn the_certificates_of_stores_are_a_setting_of_their_own() {
    let server = Scripted::new([signed("https://127.0.0.1:9/runs/a.png")]);
    let bundle = ("AWS_CA_BUNDLE", "/nowhere/ca.pem");
    let settings = Settings::of(&server.url(""), &[bundle]).expect("settings");
    let base = Url::parse(&server.url("")).expect("a URL");
    let client = HttpClient::new(&base, &settings.http).expect("a client");
    let nobody = Err(StoreError::refused("there are no credentials here"));
    let store = PresignedStore::new(client, Storage::new(&settings.http), run_at(ROOT), nobody);
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

/// Stands for the store that needs credentials of our own.
struct Own;

impl ArtifactStore for Own {
    fn put(&self, source: &Source) -> Result<(), StoreError> {
        match &**source.path() {
            "refused" => Err(StoreError::refused("there are no credentials here")),
            _ => Ok(()),
        }
    }
}

fn with_own(server: &Scripted) -> PresignedStore {
    store_with(server, run_at(ROOT), Ok(Box::new(Own)))
}

#[test]
fn where_no_url_works_our_own_credentials_do() {
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
    for answer in unsigned {
        let server = Scripted::new([&*answer]);
        let store = with_own(&server);
        store.put_file("a.png", file().path()).expect("stored");
        // The server is gone: the second file does not ask it.
        store.put_file("b.png", file().path()).expect("stored");
        let store = with_own(&Scripted::new([&*answer]));
        store
            .put_file("refused", file().path())
            .expect_err("no other way");
    }
}

#[test]
fn a_file_too_large_for_one_url_needs_credentials() {
    let large = file();
    large
        .as_file()
        .set_len((5 << 30) + 1)
        .expect("a sparse file");
    let server = Scripted::new([""; 0]);
    let store = with_own(&server);
    store.put_file("large", large.path()).expect("by ourselves");
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
