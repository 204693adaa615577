//! Large files in parts, past the server.

use mlplots_tests::http::{Answering, answer, json};

use super::*;
use crate::ship::store::ErrorKind;

const MIB: usize = 1024 * 1024;
const PLAIN: &str = "PUT /api/2.0/mlflow-artifacts/artifacts/1/r/artifacts/models/m.bin";
const SETTINGS: [(&str, &str); 4] = [
    ("MLFLOW_TRACKING_TOKEN", "hush-token"),
    ("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "true"),
    ("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", "8000000"),
    // Less than S3 takes.
    ("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", "1000"),
];

/// A tracking server and its store of objects in one; `answers` knows some requests better.
fn answering(answers: impl Fn(&str, usize) -> Option<String> + Send + Sync + 'static) -> Answering {
    Answering::new(move |here, line, before| {
        let usual = || match line.split('?').next().unwrap_or_default() {
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
        answers(line, before).unwrap_or_else(usual)
    })
}

/// 11 MiB, in which each part is another.
fn large() -> (tempfile::NamedTempFile, Vec<u8>) {
    let bytes: Vec<u8> = (0..11 * MIB).map(|at| (at / MIB) as u8).collect();
    let file = file();
    std::fs::write(file.path(), &bytes).expect("written");
    (file, bytes)
}

/// Sends the file; what goes wrong is told without what is secret.
fn put(url: &str, variables: &[(&str, &str)]) -> Result<(), StoreError> {
    let (file, _) = large();
    let put = store(url, variables)
        .artifacts(run_at("mlflow-artifacts:/1/r/artifacts"))
        .and_then(|root| root.put_file("models/m.bin", file.path()));
    assert!(!format!("{put:?}").contains("hush"), "{put:?}");
    put
}

#[test]
fn a_part_that_fails_is_sent_again_alone() {
    let server = answering(|line, before| {
        let second = line.contains("partNumber=2");
        match before {
            0 if second => Some(answer("503 Slow Down", "", "")),
            // The connection breaks.
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
    assert!(parts.eq(large().1), "the bytes of the file");
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

/// As when the URLs are too old: the upload ends, and the file takes the other way.
#[test]
fn a_url_that_is_refused_is_not_tried_for_ever() {
    let server = answering(|line, _| {
        let old = "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>";
        line.contains("partNumber=2")
            .then(|| answer("403 Forbidden", "", old))
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

    let server = answering(|line, _| {
        let blocked = line.contains("partNumber") || line.starts_with("PUT /api");
        blocked.then(|| {
            answer(
                "403 Forbidden",
                "",
                "<Error><Code>AccessDenied</Code></Error>",
            )
        })
    });
    let error = put(&server.url, &SETTINGS).expect_err("no way is left");
    assert_eq!(error.kind, ErrorKind::Refused);
    let (first, second) = error.message.split_once("; the other way: ").expect("both");
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
fn an_upload_that_cannot_end_is_given_up_and_begins_anew() {
    let server = answering(|line, _| {
        line.contains("/mpu/complete/")
            .then(|| answer("502 Bad Gateway", "", ""))
    });
    let error = put(&server.url, &SETTINGS).expect_err("later");
    assert_eq!(error.kind, ErrorKind::Retry(None), "{error}");
    assert_eq!(server.count("POST /api/2.0/mlflow-artifacts/mpu/abort"), 1);
    assert_eq!(server.count(PLAIN), 0);
}

/// A server that cannot put the parts together would not be able to the next time.
#[test]
fn parts_that_the_server_does_not_take_go_as_one() {
    let server = answering(|line, _| {
        let fails = line.contains("/mpu/complete/");
        fails.then(|| answer("500 Internal Server Error", "", ""))
    });
    put(&server.url, &SETTINGS).expect("stored");
    assert_eq!(server.count(PLAIN), 1);
}

#[test]
fn who_says_whether_files_go_in_parts() {
    let says = |what: &'static str, variables: &[(&str, &str)]| {
        let server = answering(move |line, _| match line {
            "GET /api/3.0/mlflow/server-info" => Some(json(what)),
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
    // The server does where the variable is not set.
    let size = &SETTINGS[2..];
    assert_eq!(says(able, size), [1, 3, 0]);
    assert_eq!(says(unable, size), [1, 0, 1]);
    // Half a gigabyte is what Python's client begins at.
    assert_eq!(says(able, &[]), [0, 0, 1]);
    let never = ("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "false");
    assert_eq!(says(able, &[never, SETTINGS[2]]), [0, 0, 1]);
    // A server that keeps artifacts on its own disk.
    let server = answering(|line, _| {
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
