//! Servers that require passwords, tokens or certificates. None of these secrets may appear in
//! output, journals or MLflow.

use std::path::Path;

use mlplots_tests::{Finished, MlflowServer, Project, TlsProxy, python, read, sample};

const ADMIN: &str = "admins-own-password";
const READER: &str = "readers-own-password";
const TOKEN: &str = "a-token-that-nobody-sees";

fn mlplots(
    project: &Project,
    arguments: &[&str],
    uri: &str,
    variables: &[(&str, &str)],
) -> Finished {
    let mut command = project.command(arguments);
    command
        .args(["--tracking-uri", uri, "--flush-timeout", "60"])
        .envs(variables.iter().copied());
    command.output().expect("cargo-mlplots starts").into()
}

/// Checks that neither the text nor any file below the folder contains a secret.
fn assert_no_secrets(text: &str, folder: &Path) {
    let secrets = [ADMIN, READER, TOKEN, "wrong-password"];
    for secret in secrets {
        assert!(!text.contains(secret), "{secret} appears: {text}");
    }
    for entry in std::fs::read_dir(folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            assert_no_secrets("", &path);
            continue;
        }
        let bytes = std::fs::read(&path).expect("a file");
        for secret in secrets {
            let found = bytes
                .windows(secret.len())
                .any(|bytes| bytes == secret.as_bytes());
            assert!(!found, "{secret} is in {}", path.display());
        }
    }
}

#[test]
fn requests_need_valid_credentials_and_permissions() {
    let server = MlflowServer::start_with(
        &["--workers", "1", "--app-name", "basic-auth"],
        &[
            ("MLFLOW_FLASK_SERVER_SECRET_KEY", "a-key-of-the-server"),
            ("MLFLOW_AUTH_ADMIN_PASSWORD", ADMIN),
        ],
    );
    let user = |name| ("MLFLOW_TRACKING_USERNAME", name);
    let password = |text| ("MLFLOW_TRACKING_PASSWORD", text);
    let admin = [user("admin"), password(ADMIN)];
    let project = sample("access-users");

    // The tracking URI may contain the credentials.
    let uri = server.url.replace("//", &format!("//admin:{ADMIN}@"));
    let finished = mlplots(&project, &["run"], &uri, &[]);
    assert_eq!(finished.code, 0, "{}", finished.text());
    assert_no_secrets(&finished.text(), project.path());

    python(
        "import os, sys\n\
         from mlflow.server import get_app_client\n\
         os.environ.update(MLFLOW_TRACKING_USERNAME='admin', MLFLOW_TRACKING_PASSWORD=sys.argv[2])\n\
         get_app_client('basic-auth', sys.argv[1]).create_user('reader', sys.argv[3])",
        &[&server.url, ADMIN, READER],
    );
    let assert_refused =
        |arguments: &[&str], variables: &[(&str, &str)], expected: &str, help: &str| {
            let finished = mlplots(&project, arguments, &server.url, variables);
            let text = finished.text();
            assert_eq!(finished.code, 4, "{text}");
            assert!(text.contains(expected) && text.contains(help), "{text}");
            assert_no_secrets(&text, project.path());
        };
    assert_refused(
        &["run"],
        &[user("reader"), password(READER)],
        "403 Forbidden: Permission denied",
        "help: ask the server's administrator for write permission",
    );
    assert_refused(
        &["sync"],
        &[user("admin"), password("wrong-password")],
        "401 Unauthorized",
        "help: the server does not accept these credentials",
    );
    assert_refused(
        &["sync"],
        &[],
        "401 Unauthorized",
        "help: set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD",
    );
    let synced = mlplots(&project, &["sync"], &server.url, &admin);
    assert_eq!(synced.code, 0, "{}", synced.text());

    // Two calls must suffice: the server hashes the password for a second per call.
    let runs = python(
        "import json, os, sys\n\
         from mlflow import MlflowClient\n\
         os.environ.update(MLFLOW_TRACKING_USERNAME='admin', MLFLOW_TRACKING_PASSWORD=sys.argv[2])\n\
         client = MlflowClient(sys.argv[1])\n\
         runs = client.search_runs(['1'])\n\
         print([run.info.status for run in runs])\n\
         print([file.path for file in client.list_artifacts(runs[0].info.run_id)])\n\
         print(json.dumps([run.to_dictionary() for run in runs]))",
        &[&server.url, ADMIN],
    );
    let mut lines = runs.lines();
    assert_eq!(lines.next(), Some("['FINISHED', 'FINISHED']"));
    let files = "['curve.png', 'curve.svg', 'data', 'mlplots', 'notes']";
    assert_eq!(lines.next(), Some(files));
    assert_no_secrets(&runs, project.path());
    assert_no_secrets(&server.log(), project.path());
}

#[test]
fn a_tls_proxy_needs_certificates_a_token_and_the_path_prefix() {
    let server = MlflowServer::start(&["--workers", "1", "--static-prefix", "/ml"]);
    let proxy = TlsProxy::start(&server, TOKEN);
    let (ca, client) = (proxy.ca_certificate(), proxy.client_certificate());
    let text = |path: &Path| path.to_str().expect("a path in UTF-8").to_owned();
    let (ca, client) = (text(&ca), text(&client));
    let ca = ("MLFLOW_TRACKING_SERVER_CERT_PATH", &*ca);
    let client = ("MLFLOW_TRACKING_CLIENT_CERT_PATH", &*client);
    let token = ("MLFLOW_TRACKING_TOKEN", TOKEN);
    let project = sample("access-tls");

    let assert_unshipped =
        |arguments: &[&str], uri: &str, variables: &[(&str, &str)], expected: &[&str]| {
            let arguments = [arguments, &["--flush-timeout", "2"]].concat();
            let mut command = project.command(&arguments);
            command
                .args(["--tracking-uri", uri])
                .envs(variables.iter().copied());
            let finished: Finished = command.output().expect("cargo-mlplots starts").into();
            let text = finished.text();
            assert_eq!(finished.code, 4, "{text}");
            for message in expected {
                assert!(text.contains(message), "{text}");
            }
            assert_no_secrets(&text, project.path());
        };
    assert_unshipped(
        &["run"],
        &proxy.url,
        &[client, token],
        &[
            "the connection is not secure",
            "set MLFLOW_TRACKING_SERVER_CERT_PATH to",
        ],
    );
    assert_unshipped(
        &["sync"],
        &proxy.url,
        &[ca, token],
        &["set MLFLOW_TRACKING_CLIENT_CERT_PATH to"],
    );
    assert_unshipped(
        &["sync"],
        &proxy.url,
        &[ca, client],
        &["401 Unauthorized", "MLFLOW_TRACKING_TOKEN"],
    );
    assert_unshipped(
        &["sync"],
        proxy.url.trim_end_matches("/ml"),
        &[ca, client, token],
        &[
            "404 Not Found",
            "the tracking URI must include its path prefix",
        ],
    );
    let synced = mlplots(&project, &["sync"], &proxy.url, &[ca, client, token]);
    assert_eq!(synced.code, 0, "{}", synced.text());
    let run = mlplots(&project, &["run"], &proxy.url, &[ca, client, token]);
    assert_eq!(run.code, 0, "{}", run.text());
    // The URL of the run's page contains the prefix.
    assert!(
        run.stderr
            .contains(&format!("{}/#/experiments/", proxy.url)),
        "{}",
        run.text()
    );
    assert_no_secrets(&run.text(), project.path());
    let runs = read(&server.url);
    assert_eq!(runs.len(), 2);
    for run in &runs {
        assert_eq!((run.status(), run.artifacts().len()), ("FINISHED", 5));
        assert_no_secrets(&run.0.to_string(), project.path());
    }
}
