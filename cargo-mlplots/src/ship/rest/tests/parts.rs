//! Multipart uploads of large files with signed URLs.

use mlplots_tests::http::{Answering, answer, json};

use super::*;
use crate::ship::store::ErrorKind;

const MIB: usize = 1024 * 1024;
const PLAIN: &str = "PUT /api/2.0/mlflow-artifacts/artifacts/1/r/artifacts/models/m.bin";
const SETTINGS: [(&str, &str); 4] = [
    ("MLFLOW_TRACKING_TOKEN", "hush-token"),
    ("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "true"),
    ("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", "8000000"),
    // Less than the minimum of S3.
    ("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", "1000"),
];

/// A server that is both the tracking server and the object store. `override_response` may replace
/// the response to a request.
fn server_with(
    override_response: impl Fn(&str, usize) -> Option<String> + Send + Sync + 'static,
) -> Answering {
    Answering::new(move |here, line, before| {
        let default = || match line.split('?').next().unwrap_or_default() {
            "POST /api/2.0/mlflow-artifacts/mpu/create/1/r/artifacts/models" => {
                let parts = [1, 2, 3].map(|part| {
                    format!(
                        r#"{{"part_number":{part},"url":"{here}/bucket/m.bin?partNumber={part}&X-Amz-Signature=hush","headers":{{}}}}"#
                    )
                });
                json(&format!(
                    r#"{{"upload_id":"u","credentials":[{}]}}"#,
                    parts.join(",")
                ))
            }
            "PUT /bucket/m.bin" => answer("200 OK", &format!("ETag: \"e{before}\"\r\n"), ""),
            _ => json("{}"),
        };
        override_response(line, before).unwrap_or_else(default)
    })
}

/// A file of 11 MiB whose parts differ.
fn large() -> (tempfile::NamedTempFile, Vec<u8>) {
    let bytes: Vec<u8> = (0..11 * MIB).map(|at| (at / MIB) as u8).collect();
    let file = file();
    std::fs::write(file.path(), &bytes).expect("written");
    (file, bytes)
}

/// Uploads the file. Checks that errors disclose no secret.
fn put(url: &str, variables: &[(&str, &str)]) -> Result<(), StoreError> {
    let (file, _) = large();
    let put = store(url, variables)
        .artifacts(run_at("mlflow-artifacts:/1/r/artifacts"))
        .and_then(|root| root.put_file("models/m.bin", file.path()));
    assert!(!format!("{put:?}").contains("hush"), "{put:?}");
    put
}

#[test]
fn only_the_failed_part_is_retried() {
    let server = server_with(|line, before| {
        let second = line.contains("partNumber=2");
        match before {
            0 if second => Some(answer("503 Slow Down", "", "")),
            // The connection is closed.
            1 if second => Some(String::new()),
            _ => None,
        }
    });
    put(&server.url, &SETTINGS).expect("stored");
    let parts = [1, 2, 3].map(|part| server.count(&format!("PUT /bucket/m.bin?partNumber={part}")));
    assert_eq!(parts, [1, 3, 1]);
    assert_eq!(server.count(PLAIN), 0);
    let asked = server.asked();
    let sent = |start: &str| {
        let found = asked.iter().rev().find(|(head, _)| head.starts_with(start));
        found.expect(start)
    };
    let parts = (1..=3).flat_map(|part| {
        let (head, body) = sent(&format!("PUT /bucket/m.bin?partNumber={part}"));
        assert!(!head.to_lowercase().contains("authorization"), "{head}");
        body.clone()
    });
    assert!(
        parts.eq(large().1),
        "the parts contain the bytes of the file"
    );
    let text = |start: &str| String::from_utf8_lossy(&sent(start).1).into_owned();
    assert_eq!(
        text("POST /api/2.0/mlflow-artifacts/mpu/create"),
        r#"{"path":"m.bin","num_parts":3}"#
    );
    let end: serde_json::Value =
        serde_json::from_str(&text("POST /api/2.0/mlflow-artifacts/mpu/complete")).expect("JSON");
    assert_eq!(
        (&end["path"], &end["upload_id"]),
        (&json!("m.bin"), &json!("u"))
    );
    let tags: Vec<_> = (0..3).map(|at| &end["parts"][at]["etag"]).collect();
    assert_eq!(tags, [&json!("\"e0\""), &json!("\"e2\""), &json!("\"e0\"")]);
    assert_eq!(end["parts"][2]["part_number"], 3);
}

/// An expired URL is rejected like this.
#[test]
fn a_rejected_url_is_not_retried_and_the_file_goes_through_the_server() {
    let server = server_with(|line, _| {
        let expired =
            "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>";
        line.contains("partNumber=2")
            .then(|| answer("403 Forbidden", "", expired))
    });
    put(&server.url, &SETTINGS).expect("stored by the server");
    assert_eq!(server.count("PUT /bucket/m.bin?partNumber=2"), 1);
    assert_eq!(
        server.count("POST /api/2.0/mlflow-artifacts/mpu/abort/1/r/artifacts/models"),
        1
    );
    assert_eq!(
        server.count("POST /api/2.0/mlflow-artifacts/mpu/complete"),
        0
    );
    assert_eq!(server.count(PLAIN), 1);

    let server = server_with(|line, _| {
        let blocked = line.contains("partNumber") || line.starts_with("PUT /api");
        blocked.then(|| {
            answer(
                "403 Forbidden",
                "",
                "<Error><Code>AccessDenied</Code></Error>",
            )
        })
    });
    let error = put(&server.url, &SETTINGS).expect_err("both uploads fail");
    assert_eq!(error.kind, ErrorKind::Refused);
    let (first, second) = error
        .message
        .split_once("; another upload method failed too: ")
        .expect("both errors");
    assert!(
        first.starts_with("PUT ") && first.contains("/mlflow-artifacts/"),
        "{error}"
    );
    assert!(
        second.ends_with("/bucket/m.bin: 403 Forbidden: AccessDenied"),
        "{error}"
    );
}

#[test]
fn an_upload_that_cannot_be_completed_is_aborted_and_retried() {
    let server = server_with(|line, _| {
        line.contains("/mpu/complete/")
            .then(|| answer("502 Bad Gateway", "", ""))
    });
    let error = put(&server.url, &SETTINGS).expect_err("a temporary error");
    assert_eq!(error.kind, ErrorKind::Retry(None), "{error}");
    assert_eq!(server.count("POST /api/2.0/mlflow-artifacts/mpu/abort"), 1);
    assert_eq!(server.count(PLAIN), 0);
}

/// A server that fails to join the parts would fail again.
#[test]
fn a_file_goes_through_the_server_if_it_cannot_join_the_parts() {
    let server = server_with(|line, _| {
        let fails = line.contains("/mpu/complete/");
        fails.then(|| answer("500 Internal Server Error", "", ""))
    });
    put(&server.url, &SETTINGS).expect("stored");
    assert_eq!(server.count(PLAIN), 1);
}

#[test]
fn variables_and_the_server_decide_about_multipart_uploads() {
    let requests = |info: &'static str, variables: &[(&str, &str)]| {
        let server = server_with(move |line, _| match line {
            "GET /api/3.0/mlflow/server-info" => Some(json(info)),
            _ => None,
        });
        put(&server.url, variables).expect("stored");
        [
            server.count("GET "),
            server.count("PUT /bucket"),
            server.count(PLAIN),
        ]
    };
    let (able, unable) = (
        r#"{"multipart_uploads_enabled":true}"#,
        r#"{"store_type":"SqlStore"}"#,
    );
    // Without the variable, the server decides.
    let size = &SETTINGS[2..];
    assert_eq!(requests(able, size), [1, 3, 0]);
    assert_eq!(requests(unable, size), [1, 0, 1]);
    // The default minimum size is that of Python's client, 500 MiB.
    assert_eq!(requests(able, &[]), [0, 0, 1]);
    let never = ("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "false");
    assert_eq!(requests(able, &[never, SETTINGS[2]]), [0, 0, 1]);
    // A server that stores artifacts on its own disk does not support multipart uploads.
    let server = server_with(|line, _| {
        line.contains("/mpu/create/").then(|| {
            answer(
                "501 Not Implemented",
                "",
                r#"{"error_code":"NOT_IMPLEMENTED","message":"Multipart upload is not supported"}"#,
            )
        })
    });
    put(&server.url, &SETTINGS).expect("stored");
    assert_eq!(server.count(PLAIN), 1);
}
