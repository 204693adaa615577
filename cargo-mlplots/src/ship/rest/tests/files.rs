//! Uploads of files through the tracking server.

use mlplots_tests::http::{Answering, Scripted, answer, json};

use super::*;
use crate::ship::store::{ErrorKind, Source};

#[test]
fn files_are_uploaded_to_the_artifact_root_of_the_run() {
    let empty = answer("200 OK", "", "");
    let server = Scripted::new([empty.clone(), empty.clone(), empty]);
    let store = store(&server.url("/ml").replace("http://", "http://a:b@"), &[]);
    let put = |root: &str, path: &str| store.artifacts(run_at(root))?.put_file(path, file().path());
    put(
        "mlflow-artifacts:/workspaces/w/1/r/artifacts",
        "plots/a b+ü.png",
    )
    .expect("stored");
    put(
        &format!(
            "mlflow-artifacts://{}/1/r/artifacts",
            server.url("").replace("http://", "")
        ),
        "x",
    )
    .expect("stored");
    put(&server.url("/other/1"), "deep/model.onnx").expect("stored");
    let asked = server.asked();
    let lines: Vec<_> = asked
        .iter()
        .map(|asked| asked.lines().next().unwrap_or_default())
        .collect();
    let service = "PUT /ml/api/2.0/mlflow-artifacts/artifacts";
    assert_eq!(
        lines,
        [
            format!("{service}/workspaces/w/1/r/artifacts/plots/a%20b+%C3%BC.png HTTP/1.1"),
            format!("{service}/1/r/artifacts/x HTTP/1.1"),
            "PUT /other/1/deep/model.onnx HTTP/1.1".to_owned(),
        ]
    );
    let head = asked[0].to_lowercase();
    for header in [
        "content-length: 5\r\n",
        "content-type: image/png\r\n",
        "authorization: basic",
    ] {
        assert!(head.contains(header), "{head}");
    }
    assert!(!head.contains("transfer-encoding"), "{head}");
    assert!(asked[0].ends_with("bytes"));
    assert!(asked[1].contains("application/octet-stream"));
}

#[test]
fn a_proxy_that_rejects_a_large_file_is_reported() {
    let server = Scripted::hasty(answer("413 Payload Too Large", "Connection: close\r\n", ""));
    let large = file();
    large.as_file().set_len(200 << 20).expect("a sparse file");
    let root = store(&server.url(""), &[])
        .artifacts(run_at("mlflow-artifacts:/1/r/artifacts"))
        .expect("a root");
    let error = root.put_file("large", large.path()).expect_err("refused");
    assert_eq!(error.kind, ErrorKind::Refused, "{error}");
    assert!(
        error
            .help
            .is_some_and(|help| help.contains("raise its limit"))
    );
}

#[test]
fn invalid_paths_and_artifact_roots_are_rejected() {
    let store = store(&Scripted::new([""; 0]).url(""), &[]);
    let root = store
        .artifacts(run_at("mlflow-artifacts:/1/r/artifacts"))
        .expect("a root");
    for path in ["../x", "a/../../x", "/etc/passwd", "a//b", "a#b", "a?b", ""] {
        assert_eq!(
            root.put_file(path, file().path()).expect_err(path).kind,
            ErrorKind::Refused
        );
    }
    assert!(
        root.put_file("a", std::path::Path::new("/nonexistent"))
            .expect_err("no file")
            .message
            .contains("cannot read")
    );
    for (uri, expected) in [
        (
            "/srv/mlruns/1/r/artifacts",
            "a directory of its own machine",
        ),
        ("file:///srv/mlruns", "a directory of its own machine"),
        ("hdfs://host/1/r", "does not support uploads to `hdfs:`"),
        ("mlflow-artifacts://5000/1", "is invalid"),
    ] {
        let error = store.artifacts(run_at(uri)).err().expect(uri);
        assert_eq!(error.kind, ErrorKind::Refused);
        assert!(error.message.contains(expected), "{error}");
    }
}

/// The request is aborted, so that no server takes the body for a complete file.
#[test]
fn a_file_that_changed_since_it_was_logged_is_not_uploaded_completely() {
    for (bytes, size) in [("other", "5"), (&*"x".repeat(300_000), "300000")] {
        let source = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(source.path(), bytes.replace(['o', 'x'], "a")).expect("written");
        let opened = Source::of("a.txt", source.path()).expect("a source");
        std::fs::write(source.path(), bytes).expect("written");
        let server = Answering::new(|_, _, _| answer("200 OK", "", ""));
        let root = store(&server.url, &[])
            .artifacts(run_at("mlflow-artifacts:/1/r/artifacts"))
            .expect("a root");
        let error = root.put(&opened).expect_err("changed");
        assert_eq!(error.kind, ErrorKind::Refused, "{error}");
        assert!(
            error
                .message
                .ends_with("its content has changed since it was logged"),
            "{error}"
        );
        for (head, body) in server.asked() {
            assert!(!head.contains(&format!("content-length: {size}")) || body.len() < bytes.len());
        }
    }
}

#[test]
fn a_file_that_changed_since_it_was_logged_starts_no_multipart_upload() {
    let server = Answering::new(|_, _, _| json("{}"));
    let parts = [
        ("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "true"),
        ("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", "1"),
    ];
    let root = store(&server.url, &parts)
        .artifacts(run_at("mlflow-artifacts:/1/r/artifacts"))
        .expect("a root");
    let large = vec![b'a'; 6 << 20];
    let file = file();
    std::fs::write(file.path(), &large).expect("written");
    let source = Source::of("a.bin", file.path()).expect("a source");
    std::fs::write(file.path(), large.to_ascii_uppercase()).expect("written");
    let error = root.put(&source).expect_err("changed");
    assert!(
        error
            .message
            .ends_with("its content has changed since it was logged"),
        "{error}"
    );
    assert!(server.asked().is_empty());
}
