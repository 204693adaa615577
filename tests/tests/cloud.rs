//! Artifacts in S3 and Azure: uploads with presigned URLs, with local credentials, and through the
//! MLflow server. No credentials or signatures may appear in output or journals.

use std::path::Path;

use mlplots_tests::http::Flaky;
use mlplots_tests::{
    Azurite, Finished, MlflowServer, Project, S3, StoredRun, Venv, python, read_with,
    read_with_venv, sample, sha256,
};

const ROOT: [&str; 5] = [
    "--workers",
    "1",
    "--no-serve-artifacts",
    "--default-artifact-root",
    "s3://runs/a place/ü",
];

/// With these limits, the largest file is uploaded in four parts.
const PARTS: [(&str, &str); 2] = [
    ("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", "10000000"),
    ("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", "6000000"),
];

/// A server without presigned URLs. Clients upload artifacts with their own credentials.
fn mlflow_2_server() -> MlflowServer {
    let database = ["--backend-store-uri", "sqlite:///mlflow.db"];
    MlflowServer::start_with_venv_and_env(Venv::mlflow_2(), &[&ROOT[..], &database].concat(), &[])
}

/// Reads the runs of an MLflow 2 server with its own client, because the client of MLflow 3 calls
/// endpoints that the server does not have.
fn read_mlflow_2(server: &MlflowServer, s3: &S3) -> Vec<StoredRun> {
    read_with_venv(Venv::mlflow_2(), &server.url, &s3.variables())
}

/// Runs `cargo mlplots ARGUMENTS` against a server. The only AWS credentials are those in
/// `variables`.
fn mlplots(
    project: &Project,
    server: &MlflowServer,
    variables: &[(&str, &str)],
    arguments: &[&str],
) -> Finished {
    let mut command = project.command(arguments);
    command
        .args(["--tracking-uri", &server.url])
        .envs(variables.iter().copied())
        // An unreachable proxy that `NO_PROXY` disables.
        .env("HTTP_PROXY", "http://127.0.0.1:9")
        .env("NO_PROXY", "*")
        // Ignore the credentials of the user and of the machine.
        .env("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
        .env("AWS_CONFIG_FILE", "/nowhere")
        .env("AWS_EC2_METADATA_DISABLED", "true");
    let finished: Finished = command.output().expect("cargo-mlplots starts").into();
    assert_no_secrets("the output", finished.text().as_bytes());
    assert_no_secrets_below(&project.path().join(".mlplots"));
    finished
}

/// Checks that the bytes contain no URL signature and no secret key.
fn assert_no_secrets(what: &str, bytes: &[u8]) {
    for secret in ["X-Amz-", "Signature=", S3::SECRET, "other-secret"] {
        let found = bytes
            .windows(secret.len())
            .any(|bytes| bytes == secret.as_bytes());
        assert!(!found, "{secret} is in {what}");
    }
}

/// Like [`assert_no_secrets`], for all files below a folder.
fn assert_no_secrets_below(folder: &Path) {
    for entry in std::fs::read_dir(folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            assert_no_secrets_below(&path);
        } else {
            let bytes = std::fs::read(&path).expect("a file");
            assert_no_secrets(&path.display().to_string(), &bytes);
        }
    }
}

/// Checks that every artifact that MLflow's client downloads equals the object in the bucket, and
/// that every figure has the digest that the program recorded.
fn assert_same_objects(run: &StoredRun, s3: &S3, root: &str) {
    let object = |path: &str| s3.object(&format!("{root}/{path}"));
    for path in run.artifacts() {
        assert_eq!(run.sha256(path), Some(&*sha256(&object(path))), "{path}");
    }
    let list = std::fs::read(object("mlplots/figures.json")).expect("the list of figures");
    let list: serde_json::Value = serde_json::from_slice(&list).expect("JSON");
    let figures = list["figures"].as_array().expect("figures").iter();
    let files: Vec<_> = figures
        .flat_map(|figure| figure["files"].as_array().expect("files"))
        .collect();
    assert!(!files.is_empty());
    for file in files {
        let path = file["path"].as_str().expect("a path");
        assert_eq!(run.sha256(path), file["sha256"].as_str(), "{path}");
    }
}

/// Checks that the server has one complete run with artifacts in S3, and returns it.
fn assert_complete(project: &Project, mut runs: Vec<StoredRun>, s3: &S3) -> StoredRun {
    assert_eq!((runs.len(), runs[0].status()), (1, "FINISHED"));
    let run = runs.remove(0);
    let paths: Vec<_> = run
        .artifacts()
        .into_iter()
        .filter(|path| !path.starts_with("model/"))
        .collect();
    assert_eq!(
        paths,
        [
            "data/spread.png",
            "large/20 MB.bin",
            "mlplots/figures.json",
            "notes/ü (1).txt"
        ]
    );
    let root = run.text("artifact_uri").trim_start_matches("s3://");
    assert_same_objects(&run, s3, root);
    let large = project.path().join("20 MB.bin");
    assert_eq!(run.sha256("large/20 MB.bin"), Some(&*sha256(&large)));
    run
}

/// Checks that MLflow can load the run's model from the bucket and predict with it.
fn assert_model_predicts(server: &MlflowServer, run: &StoredRun, variables: &[(&str, &str)]) {
    let model = run.0["models"][0].as_str().expect("a model");
    let script = "import mlflow, numpy, sys; mlflow.set_tracking_uri(sys.argv[1]); \
        x = numpy.array([[1.0, 3.0]]); \
        print(list(mlflow.pyfunc.load_model(sys.argv[2]).predict(x).values())[0].item())";
    let output = Venv::get().run(
        variables,
        script,
        &[&server.url, &format!("models:/{model}")],
    );
    assert_eq!(output.trim(), "-0.5");
}

#[test]
fn presigned_uploads_need_no_credentials() {
    let s3 = S3::start(&["runs"]);
    let server = MlflowServer::start_with(&ROOT, &s3.variables());
    let project = Project::new("cloud-signed").file("src/main.rs", LARGE);
    let finished = mlplots(&project, &server, &[], &["run"]);
    assert_eq!(finished.code, 0, "{}", finished.text());
    let run = assert_complete(&project, read_with(&server.url, &s3.variables()), &s3);
    assert_model_predicts(&server, &run, &s3.variables());
}

#[test]
fn without_presigned_urls_local_credentials_are_used() {
    let s3 = S3::start(&["runs"]);
    let server = mlflow_2_server();
    let project = Project::new("cloud-direct").file("src/main.rs", LARGE);
    let finished = mlplots(&project, &server, &s3.variables(), &["run"]);
    assert_eq!(finished.code, 0, "{}", finished.text());
    let run = assert_complete(&project, read_mlflow_2(&server, &s3), &s3);
    assert!(run.sha256("model/model.onnx").is_some());
}

/// The server may have no credentials, or invalid ones.
#[test]
fn if_the_server_cannot_sign_local_credentials_are_used() {
    let s3 = S3::start(&["runs"]);
    let [key, secret, region, endpoint] = s3.variables();
    let wrong = [
        key,
        ("AWS_SECRET_ACCESS_KEY", "other-secret"),
        region,
        endpoint,
    ];
    let nowhere = ("AWS_SHARED_CREDENTIALS_FILE", "/nowhere");
    let none = [
        nowhere,
        ("AWS_EC2_METADATA_DISABLED", "true"),
        region,
        endpoint,
    ];
    for (variables, name, expected) in [
        (&none, "cloud-none", "presigned-upload-url: 500"),
        (
            &wrong,
            "cloud-wrong",
            "403 Forbidden: SignatureDoesNotMatch",
        ),
    ] {
        let server = MlflowServer::start_with(&ROOT, variables);
        let project = Project::new(name).file("src/main.rs", LARGE);
        let unshipped = mlplots(&project, &server, &[], &["run", "--flush-timeout", "10"]);
        assert_eq!(unshipped.code, 4, "{}", unshipped.text());
        assert!(unshipped.stderr.contains(expected), "{}", unshipped.text());
        let valid = [key, secret, region, endpoint];
        let synced = mlplots(&project, &server, &valid, &["sync"]);
        assert_eq!(synced.code, 0, "{}", synced.text());
        assert_complete(&project, read_with(&server.url, &s3.variables()), &s3);
    }
}

#[test]
fn a_large_file_is_uploaded_to_s3_in_parts() {
    let s3 = S3::start(&["runs"]);
    let flaky = Flaky::start(&s3.url, "partNumber=3");
    let [key, secret, region, _] = s3.variables();
    let server = MlflowServer::start_with(
        &[
            "--workers",
            "1",
            "--artifacts-destination",
            "s3://runs/passed",
        ],
        &[key, secret, region, ("MLFLOW_S3_ENDPOINT_URL", &flaky.url)],
    );
    let project = Project::new("cloud-parts").file("src/main.rs", LARGE);
    let finished = mlplots(&project, &server, &PARTS, &["run"]);
    assert_eq!(finished.code, 0, "{}", finished.text());
    let runs = read_with(&server.url, &[]);
    assert_eq!((runs.len(), runs[0].status()), (1, "FINISHED"));
    let id = runs[0].text("run_id");
    assert_same_objects(&runs[0], &s3, &format!("runs/passed/1/{id}/artifacts"));
    let large = project.path().join("20 MB.bin");
    assert_eq!(runs[0].sha256("large/20 MB.bin"), Some(&*sha256(&large)));
    // Only the dropped part was sent again.
    let lines = flaky.request_lines();
    let count = |part: &str| lines.iter().filter(|line| line.contains(part)).count();
    let parts = ["1", "2", "3", "4", "5"].map(|part| count(&format!("partNumber={part}")));
    assert_eq!(parts, [1, 1, 2, 1, 0], "{lines:#?}");
    assert_eq!(count("DELETE"), 0, "{lines:#?}");
}

#[test]
fn missing_or_wrong_credentials_lose_no_data() {
    let s3 = S3::start(&["runs"]);
    let server = mlflow_2_server();
    let project = sample("cloud-refused");
    let [key, secret, region, endpoint] = s3.variables();
    let unshipped = |variables: &[(&str, &str)], arguments: &[&str]| {
        let finished = mlplots(&project, &server, variables, arguments);
        assert_eq!(finished.code, 4, "{}", finished.text());
        finished.text()
    };
    let none = unshipped(&[region, endpoint], &["run"]);
    assert!(
        none.contains("this machine has no AWS credentials"),
        "{none}"
    );
    assert!(
        none.contains("help: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        "{none}"
    );
    let wrong = unshipped(
        &[
            key,
            ("AWS_SECRET_ACCESS_KEY", "other-secret"),
            region,
            endpoint,
        ],
        &["sync"],
    );
    assert!(wrong.contains("(403): SignatureDoesNotMatch"), "{wrong}");
    assert!(
        wrong.contains("help: check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        "{wrong}"
    );
    let unreachable = unshipped(
        &[
            key,
            secret,
            region,
            ("MLFLOW_S3_ENDPOINT_URL", "http://127.0.0.1:9"),
        ],
        &["sync", "--flush-timeout", "2"],
    );
    assert!(
        unreachable.contains("cannot connect to 127.0.0.1:9"),
        "{unreachable}"
    );
    let synced = mlplots(&project, &server, &s3.variables(), &["sync"]);
    assert_eq!(synced.code, 0, "{}", synced.text());
    let runs = read_mlflow_2(&server, &s3);
    assert_eq!((runs.len(), runs[0].status()), (1, "FINISHED"));
    assert_eq!(runs[0].artifacts().len(), 5);
    assert_same_objects(
        &runs[0],
        &s3,
        runs[0].text("artifact_uri").trim_start_matches("s3://"),
    );
}

#[test]
fn artifacts_are_uploaded_to_azure() {
    let azurite = Azurite::start("runs");
    let root = format!(
        "wasbs://runs@{}.blob.core.windows.net/a place/ü",
        Azurite::ACCOUNT
    );
    let server = MlflowServer::start(&[&ROOT[..4], &[&root]].concat());
    let project = Project::new("cloud-azure").file("src/main.rs", LARGE);
    let run_with = |credentials: &str, arguments: &[&str]| {
        let connection = azurite.connection_string(credentials);
        let variable = ("AZURE_STORAGE_CONNECTION_STRING", &*connection);
        mlplots(&project, &server, &[variable], arguments)
    };
    let assert_refused = |finished: &Finished, expected: &str| {
        assert_eq!(finished.code, 4, "{}", finished.text());
        assert!(finished.stderr.contains(expected), "{}", finished.text());
        for secret in ["sig=", "b3RoZXItc2VjcmV0", Azurite::KEY] {
            assert!(!finished.text().contains(secret), "{}", finished.text());
        }
    };
    let wrong = run_with("AccountKey=b3RoZXItc2VjcmV0", &["run"]);
    assert_refused(&wrong, "(403): AuthorizationFailure");
    let readable = run_with(&azurite_signature("r"), &["sync"]);
    assert_refused(&readable, "(403): AuthorizationPermissionMismatch");
    let writable = run_with(&azurite_signature("rw"), &["sync"]);
    assert_eq!(writable.code, 0, "{}", writable.text());
    let connection = azurite.connection_string(&format!("AccountKey={}", Azurite::KEY));
    let variable = ("AZURE_STORAGE_CONNECTION_STRING", &*connection);
    let runs = read_with(&server.url, &[variable]);
    assert_eq!((runs.len(), runs[0].status()), (1, "FINISHED"));
    let large = project.path().join("20 MB.bin");
    assert_eq!(runs[0].sha256("large/20 MB.bin"), Some(&*sha256(&large)));
    assert!(runs[0].sha256("notes/ü (1).txt").is_some());
    assert_model_predicts(&server, &runs[0], &[variable]);
}

#[test]
fn a_large_file_is_uploaded_to_azure_in_parts() {
    let azurite = Azurite::start("runs");
    let root = format!("wasbs://runs@{}.blob.core.windows.net", Azurite::ACCOUNT);
    let connection = azurite.connection_string(&format!("AccountKey={}", Azurite::KEY));
    let server = MlflowServer::start_with(
        &["--workers", "1", "--artifacts-destination", &root],
        &[("AZURE_STORAGE_CONNECTION_STRING", &connection)],
    );
    let project = Project::new("cloud-blocks").file("src/main.rs", LARGE);
    let finished = mlplots(&project, &server, &PARTS, &["run"]);
    assert_eq!(finished.code, 0, "{}", finished.text());
    let runs = read_with(&server.url, &[]);
    assert_eq!((runs.len(), runs[0].status()), (1, "FINISHED"));
    let large = project.path().join("20 MB.bin");
    assert_eq!(runs[0].sha256("large/20 MB.bin"), Some(&*sha256(&large)));
    let log = azurite.log();
    assert_eq!(log.matches("comp=block&").count(), 4, "{log}");
}

/// A shared access signature for the container with these permissions.
fn azurite_signature(permissions: &str) -> String {
    let script = "import datetime, sys; from azure.storage.blob import generate_container_sas; \
        end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1); \
        print(generate_container_sas(sys.argv[1], 'runs', sys.argv[2], permission=sys.argv[3], expiry=end))";
    let output = python(script, &[Azurite::ACCOUNT, Azurite::KEY, permissions]);
    format!("SharedAccessSignature={}", output.trim())
}

#[test]
fn artifacts_are_uploaded_through_the_server() {
    let s3 = S3::start(&["runs"]);
    let server = MlflowServer::start_with(
        &[
            "--workers",
            "1",
            "--artifacts-destination",
            "s3://runs/passed",
        ],
        &s3.variables(),
    );
    let project = sample("cloud-proxied");
    let finished = mlplots(&project, &server, &[], &["run"]);
    assert_eq!(finished.code, 0, "{}", finished.text());
    let runs = read_with(&server.url, &[]);
    assert_eq!((runs.len(), runs[0].status()), (1, "FINISHED"));
    let id = runs[0].text("run_id");
    assert_same_objects(&runs[0], &s3, &format!("runs/passed/1/{id}/artifacts"));
    assert_eq!(runs[0].artifacts().len(), 5);
}

const LARGE: &str = r#"
use mlplots::prelude::*;
use mlplots::{Model, onnx};

struct Data(Vec<f64>);

#[train(experiment = "Large")]
fn large(run: &Run) -> Result<Data, mlplots::Error> {
    let mut state = 1u64;
    let bytes: Vec<u8> = (0..20_000_000)
        .map(|_| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 56) as u8
        })
        .collect();
    std::fs::write("20 MB.bin", bytes).expect("the file is written");
    run.log_artifact("20 MB.bin", "large")?;
    run.log_text("text", "notes/ü (1).txt")?;
    run.log_model("model", Model::onnx(onnx::linear(&[2.0, -1.0], 0.5)))?;
    Ok(Data((1..50).map(f64::from).collect()))
}

#[plot(dir = "data")]
fn spread(data: &Data) -> Figure {
    charts::histogram(&data.0).title("Data")
}

mlplots::main!();
"#;
