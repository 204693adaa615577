//! Malicious artifact URIs, invalid settings, endless responses, and changed files.

use super::*;

const CREDENTIALS: [(&str, &str); 3] = [
    ("AZURE_STORAGE_ACCESS_KEY", "aHVzaA=="),
    ("AZURE_STORAGE_SAS_TOKEN", "sv=1&sig=hush"),
    ("AZURE_CLIENT_SECRET", "hush"),
];

#[test]
fn azure_credentials_are_sent_only_to_hosts_of_azure() {
    for credential in CREDENTIALS {
        let credentials = [
            credential,
            ("AZURE_TENANT_ID", "t"),
            ("AZURE_CLIENT_ID", "c"),
        ];
        for uri in [
            "wasbs://runs@attacker.example.org/1",
            "wasbs://runs@127.0.0.1:8443/1",
            "wasbs://runs@fruit.blob.core.windows.net.example.org/1",
            "wasbs://runs@fruit.blob.core.windows.net:8443/1",
            "wasbs://runs@fruit.blob.core.windows.net@example.org/1",
            "wasbs://runs@example.org#.blob.core.windows.net/1",
            "wasbs://runs@example.org?.blob.core.windows.net/1",
            "wasbs://runs@a\\.blob.core.windows.net/1",
            "wasbs://runs@fruit.evilblob.core.windows.net/1",
            "abfss://runs@fruit.dfs.example.org/1",
            "abfss://runs@attacker.example.org/1",
        ] {
            let error = store(uri, &credentials).err().expect(uri);
            assert_eq!(error.kind, ErrorKind::Refused);
            let expected = ["not a host of Azure Blob Storage", "names no container"];
            assert!(
                expected.iter().any(|text| error.message.contains(text)),
                "{error}"
            );
        }
        for domain in [
            "core.windows.net",
            "core.chinacloudapi.cn",
            "core.usgovcloudapi.net",
        ] {
            for uri in [
                format!("wasbs://runs@fruit.blob.{domain}/1"),
                format!("abfss://runs@fruit.dfs.{domain}/1"),
            ] {
                let host = store(&uri, &credentials).expect(&uri).reporter.host;
                assert_eq!(host, format!("fruit.blob.{domain}"));
            }
        }
    }
}

#[test]
fn a_connection_string_overrides_the_host_in_the_artifact_uri() {
    let headers = "ETag: e\r\nLast-Modified: Thu, 26 Nov 2026 12:00:00 GMT\r\n";
    let server = || Answering::new(|_, _, _| answer("201 Created", headers, ""));
    let (attacker, own) = (server(), server());
    let attackers = attacker.url.replace("http://", "");
    let uri = format!("wasbs://runs@x.{attackers}/1");
    let connection = format!(
        "SharedAccessSignature=sv=1&sig=hush;BlobEndpoint={}",
        own.url
    );
    put_below(&uri, &[("AZURE_STORAGE_CONNECTION_STRING", &connection)]).expect("stored");
    assert_eq!((attacker.asked().len(), own.asked().len()), (0, 1));
}

#[test]
fn an_endless_response_is_aborted() {
    let (url, _) = endless("HTTP/1.1 500 Oh\r\n\r\n<Error>");
    let error = put(&[KEYS[0], KEYS[1], ("MLFLOW_S3_ENDPOINT_URL", &url)]);
    assert_eq!(error.scope, crate::ship::store::Scope::Run);
    assert!(error.message.len() < 1000, "{error}");
}

#[test]
fn settings_that_no_header_or_url_can_contain_are_rejected() {
    for (uri, variable) in [
        ("s3://runs/1", "AWS_ACCESS_KEY_ID"),
        ("s3://runs/1", "AWS_SESSION_TOKEN"),
        ("s3://runs/1", "AWS_REGION"),
        ("s3://runs/1", "AWS_DEFAULT_REGION"),
        ("s3://runs/1", "AWS_ENDPOINT_URL"),
        ("s3://runs/1", "MLFLOW_S3_ENDPOINT_URL"),
        ("gs://runs/1", "STORAGE_EMULATOR_HOST"),
        (
            "wasbs://runs@fruit.blob.core.windows.net/1",
            "AZURE_STORAGE_SAS_TOKEN",
        ),
        (
            "wasbs://runs@fruit.blob.core.windows.net/1",
            "AZURE_STORAGE_CONNECTION_STRING",
        ),
        (
            "wasbs://runs@fruit.blob.core.windows.net/1",
            "AZURE_TENANT_ID",
        ),
    ] {
        for value in ["hush\n", "hu\r\nsh", "h\u{e9}sh", "hu sh", "\u{1b}[2J"] {
            let keys = KEYS.map(|(key, known)| (key, if key == variable { value } else { known }));
            let error = store(uri, &[&keys[..], &[(variable, value)]].concat()).err();
            let error = error.unwrap_or_else(|| panic!("{variable}={value:?}"));
            assert!(
                error.message.starts_with(&format!("{variable} has ")),
                "{error}"
            );
            assert!(!format!("{error:?}").contains("hu"), "{error:?}");
        }
    }
    // The secret key is only used to sign, so it may contain any characters.
    let unreachable = ("MLFLOW_S3_ENDPOINT_URL", "http://127.0.0.1:9");
    put(&[
        KEYS[0],
        ("AWS_SECRET_ACCESS_KEY", "hush\n\u{e9}"),
        unreachable,
    ]);
}

/// A small file is not sent at all. A multipart upload is aborted before it is completed.
#[test]
fn a_file_that_changed_since_it_was_logged_is_not_stored() {
    for size in [5, 2 * PART + 1] {
        let server = s3(|_, _| None);
        let endpoint = ("MLFLOW_S3_ENDPOINT_URL", &*server.url);
        let store = store("s3://runs/1/r", &[KEYS[0], KEYS[1], endpoint]).expect("a store");
        let file = tempfile::NamedTempFile::new().expect("a file");
        file.as_file().set_len(size).expect("a sparse file");
        let source = Source::of("m.bin", file.path()).expect("a source");
        std::fs::write(file.path(), vec![b'x'; size as usize]).expect("written");
        let error = store.put(&source).expect_err("changed");
        assert_eq!(error.kind, ErrorKind::Refused);
        assert!(
            error.message.starts_with("`m.bin` is not shipped: "),
            "{error}"
        );
        assert!(
            error
                .message
                .ends_with("its content has changed since it was logged"),
            "{error}"
        );
        assert_eq!(server.count("PUT /runs/1/r/m.bin HTTP"), 0);
        assert_eq!(server.count("POST /runs/1/r/m.bin?uploadId"), 0);
        let started = usize::from(size > PART);
        assert_eq!(server.count("POST /runs/1/r/m.bin?uploads"), started);
        assert_eq!(server.count("DELETE /runs/1/r/m.bin?uploadId=u"), started);
    }
}

#[test]
fn errors_do_not_disclose_passwords_in_endpoints() {
    for (root, variable, value) in [
        (
            "s3://runs/1",
            "MLFLOW_S3_ENDPOINT_URL",
            "http://ada:hush@127.0.0.1:9",
        ),
        (
            "s3://runs/1",
            "AWS_ENDPOINT_URL",
            "http://ada:hush@127.0.0.1:9/?token=hush",
        ),
        (
            "s3://runs/1",
            "AWS_ENDPOINT_URL_S3",
            "\"http://ada:hush@127.0.0.1:9\"",
        ),
        ("s3://runs/1", "AWS_ENDPOINT_URL", "ada:hush@127.0.0.1:9"),
        (
            "gs://runs/1",
            "STORAGE_EMULATOR_HOST",
            "http://ada:hush@127.0.0.1:9",
        ),
        (
            "gs://runs/1",
            "STORAGE_EMULATOR_HOST",
            "ada:hush@127.0.0.1:9",
        ),
        (
            "wasbs://runs@fruit.blob.core.windows.net/1",
            "AZURE_STORAGE_CONNECTION_STRING",
            "SharedAccessSignature=sig=hush;BlobEndpoint=http://ada:hush@127.0.0.1:9?sig=hush",
        ),
    ] {
        put_below(root, &[KEYS[0], KEYS[1], (variable, value)]).expect_err(value);
    }
}

#[test]
fn an_invalid_artifact_root_is_an_error_and_no_panic() {
    let unreachable = ("MLFLOW_S3_ENDPOINT_URL", "http://127.0.0.1:9");
    for root in [
        "s3://b c/y",
        "s3://b\nc/y",
        "s3://\u{e9}/y",
        "s3://b%20c/y",
        "s3://b?c/y",
        "s3://b#c/y",
        "s3://ada:pw@b/y",
        "s3://[::1]/y",
        "s3://b:9/y",
        "s3://b\\c/y",
        "s3://../y",
        "s3://b/../y",
        "s3://b/a b/\u{e9}/%/?/#",
        "s3://b/a\nb",
        "s3://b//y",
        "gs://b c/y",
        "gs://b\nc/y",
        "wasbs://c d@fruit.blob.core.windows.net/y",
        "wasbs://c\n@fruit.blob.core.windows.net/y",
        "wasbs://\u{e9}@fruit.blob.core.windows.net/y",
        "wasbs://c?x@fruit.blob.core.windows.net/y",
    ] {
        let emulator = ("STORAGE_EMULATOR_HOST", "http://127.0.0.1:9");
        let azure = (
            "AZURE_STORAGE_CONNECTION_STRING",
            "SharedAccessSignature=sv=1&sig=hush;BlobEndpoint=http://127.0.0.1:9",
        );
        let error =
            put_below(root, &[KEYS[0], KEYS[1], unreachable, emulator, azure]).expect_err(root);
        assert!(!error.message.contains("pw"), "{error}");
    }
}
