//! Artifacts in S3: those that we write there ourselves, and those that a server passes on.

use std::path::Path;

use mlplots_tests::http::Flaky;
use mlplots_tests::{
    Azurite, Finished, MlflowServer, Project, Read, S3, Venv, python, read_of, read_with, sample,
    sha256,
};

const ROOT: [&str; 5] = [
    "--workers",
    "1",
    "--no-serve-artifacts",
    "--default-artifact-root",
    "s3://runs/a place/ü",
];

/// The largest file goes in four parts.
const PARTS: [(&str, &str); 2] = [
    ("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", "10000000"),
    ("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", "6000000"),
];

/// A server that signs no uploads: it leaves artifacts to clients that have credentials.
fn old_server() -> MlflowServer {
    let database = ["--backend-store-uri", "sqlite:///mlflow.db"];
    MlflowServer::start_of_with(Venv::mlflow_2(), &[&ROOT[..], &database].concat(), &[])
}

/// Its runs; MLflow 3's client asks it for what it does not know.
fn read_old(server: &MlflowServer, s3: &S3) -> Vec<Read> {
    read_of(Venv::mlflow_2(), &server.url, &s3.variables())
}

/// `cargo mlplots ARGUMENTS` against a server, with these variables and no others of AWS.
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
        // A proxy that leads nowhere, and is not to be used.
        .env("HTTP_PROXY", "http://127.0.0.1:9")
        .env("NO_PROXY", "*")
        // Nobody's files, and not the machine's own credentials.
        .env("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
        .env("AWS_CONFIG_FILE", "/nowhere")
        .env("AWS_EC2_METADATA_DISABLED", "true");
    let finished: Finished = command.output().expect("cargo-mlplots starts").into();
    unsigned("the output", finished.text().as_bytes());
    unsigned_below(&project.path().join(".mlplots"));
    finished
}

/// No signature of a URL, and no secret that makes one, is in these bytes.
fn unsigned(what: &str, bytes: &[u8]) {
    for secret in ["X-Amz-", "Signature=", S3::SECRET, "other-secret"] {
        let found = bytes
            .windows(secret.len())
            .any(|part| part == secret.as_bytes());
        assert!(!found, "{secret} is in {what}");
    }
}

/// The same for the files of a folder.
fn unsigned_below(folder: &Path) {
    for entry in std::fs::read_dir(folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            unsigned_below(&path);
        } else {
            let bytes = std::fs::read(&path).expect("a file");
            unsigned(&path.display().to_string(), &bytes);
        }
    }
}

/// Every artifact as MLflow's client downloads it is the object as the bucket keeps it, and every
/// figure is the one that the program drew.
fn whole(run: &Read, s3: &S3, root: &str) {
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

/// The run of a server with `s3://` artifacts is whole, to the last byte.
fn whole_run(project: &Project, mut runs: Vec<Read>, s3: &S3) -> Read {
    assert_eq!((runs.len(), runs[0].status()), (1, "FINISHED"));
    let run = runs.remove(0);
    let own: Vec<_> = run
        .artifacts()
        .into_iter()
        .filter(|path| !path.starts_with("model/"))
        .collect();
    assert_eq!(
        own,
        [
            "data/spread.png",
            "large/20 MB.bin",
            "mlplots/figures.json",
            "notes/ü (1).txt"
        ]
    );
    let root = run.text("artifact_uri").trim_start_matches("s3://");
    whole(&run, s3, root);
    let large = project.path().join("20 MB.bin");
    assert_eq!(run.sha256("large/20 MB.bin"), Some(&*sha256(&large)));
    run
}

/// MLflow loads the run's model from the bucket, and it predicts.
fn predicts(server: &MlflowServer, run: &Read, variables: &[(&str, &str)]) {
    let model = run.0["models"][0].as_str().expect("a model");
    let script = "import mlflow, numpy, sys; mlflow.set_tracking_uri(sys.argv[1]); \
        x = numpy.array([[1.0, 3.0]]); \
        print(list(mlflow.pyfunc.load_model(sys.argv[2]).predict(x).values())[0].item())";
    let said = Venv::get().run(
        variables,
        script,
        &[&server.url, &format!("models:/{model}")],
    );
    assert_eq!(said.trim(), "-0.5");
}

#[test]
fn artifacts_for_which_the_server_signs_need_no_credentials() {
    let s3 = S3::start(&["runs"]);
    let server = MlflowServer::start_with(&ROOT, &s3.variables());
    let project = Project::new("cloud-signed").file("src/main.rs", LARGE);
    let finished = mlplots(&project, &server, &[], &["run"]);
    assert_eq!(finished.code, 0, "{}", finished.text());
    let run = whole_run(&project, read_with(&server.url, &s3.variables()), &s3);
    predicts(&server, &run, &s3.variables());
}

#[test]
fn artifacts_that_the_server_leaves_to_us() {
    let s3 = S3::start(&["runs"]);
    let server = old_server();
    let project = Project::new("cloud-direct").file("src/main.rs", LARGE);
    let finished = mlplots(&project, &server, &s3.variables(), &["run"]);
    assert_eq!(finished.code, 0, "{}", finished.text());
    let run = whole_run(&project, read_old(&server, &s3), &s3);
    assert!(run.sha256("model/model.onnx").is_some());
}

/// A server may have no credentials, or such that S3 does not take.
#[test]
fn where_the_server_cannot_sign_our_credentials_count() {
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
    for (variables, name, words) in [
        (&none, "cloud-none", "presigned-upload-url: 500"),
        (
            &wrong,
            "cloud-wrong",
            "403 Forbidden: SignatureDoesNotMatch",
        ),
    ] {
        let server = MlflowServer::start_with(&ROOT, variables);
        let project = Project::new(name).file("src/main.rs", LARGE);
        let left = mlplots(&project, &server, &[], &["run", "--flush-timeout", "10"]);
        assert_eq!(left.code, 4, "{}", left.text());
        assert!(left.stderr.contains(words), "{}", left.text());
        let own = [key, secret, region, endpoint];
        let synced = mlplots(&project, &server, &own, &["sync"]);
        assert_eq!(synced.code, 0, "{}", synced.text());
        whole_run(&project, read_with(&server.url, &s3.variables()), &s3);
    }
}

#[test]
fn a_large_file_goes_in_parts_past_the_server() {
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
    whole(&runs[0], &s3, &format!("runs/passed/1/{id}/artifacts"));
    let large = project.path().join("20 MB.bin");
    assert_eq!(runs[0].sha256("large/20 MB.bin"), Some(&*sha256(&large)));
    // The part that broke off went once more, and no other did.
    let lines = flaky.lines();
    let sent = |part: &str| lines.iter().filter(|line| line.contains(part)).count();
    let parts = ["1", "2", "3", "4", "5"].map(|part| sent(&format!("partNumber={part}")));
    assert_eq!(parts, [1, 1, 2, 1, 0], "{lines:#?}");
    assert_eq!(sent("DELETE"), 0, "{lines:#?}");
}

#[test]
fn without_the_right_credentials_nothing_is_lost() {
    let s3 = S3::start(&["runs"]);
    let server = old_server();
    let project = sample("cloud-refused");
    let [key, secret, region, endpoint] = s3.variables();
    let left = |variables: &[(&str, &str)], arguments: &[&str]| {
        let finished = mlplots(&project, &server, variables, arguments);
        assert_eq!(finished.code, 4, "{}", finished.text());
        finished.text()
    };
    let none = left(&[region, endpoint], &["run"]);
    assert!(none.contains("there are no AWS credentials here"), "{none}");
    assert!(
        none.contains("help: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        "{none}"
    );
    let wrong = left(
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
    let away = left(
        &[
            key,
            secret,
            region,
            ("MLFLOW_S3_ENDPOINT_URL", "http://127.0.0.1:9"),
        ],
        &["sync", "--flush-timeout", "2"],
    );
    assert!(away.contains("cannot connect to 127.0.0.1:9"), "{away}");
    let synced = mlplots(&project, &server, &s3.variables(), &["sync"]);
    assert_eq!(synced.code, 0, "{}", synced.text());
    let runs = read_old(&server, &s3);
    assert_eq!((runs.len(), runs[0].status()), (1, "FINISHED"));
    assert_eq!(runs[0].artifacts().len(), 5);
    whole(
        &runs[0],
        &s3,
        runs[0].text("artifact_uri").trim_start_matches("s3://"),
    );
}

#[test]
fn artifacts_in_azure() {
    let azurite = Azurite::start("runs");
    let root = format!(
        "wasbs://runs@{}.blob.core.windows.net/a place/ü",
        Azurite::ACCOUNT
    );
    let server = MlflowServer::start(&[&ROOT[..4], &[&root]].concat());
    let project = Project::new("cloud-azure").file("src/main.rs", LARGE);
    let ship = |credentials: &str, arguments: &[&str]| {
        let connection = azurite.connection(credentials);
        let variable = ("AZURE_STORAGE_CONNECTION_STRING", &*connection);
        mlplots(&project, &server, &[variable], arguments)
    };
    let refused = |finished: &Finished, words: &str| {
        assert_eq!(finished.code, 4, "{}", finished.text());
        assert!(finished.stderr.contains(words), "{}", finished.text());
        for secret in ["sig=", "b3RoZXItc2VjcmV0", Azurite::KEY] {
            assert!(!finished.text().contains(secret), "{}", finished.text());
        }
    };
    let wrong = ship("AccountKey=b3RoZXItc2VjcmV0", &["run"]);
    refused(&wrong, "(403): AuthorizationFailure");
    let readable = ship(&azurite_signature("r"), &["sync"]);
    refused(&readable, "(403): AuthorizationPermissionMismatch");
    let writable = ship(&azurite_signature("rw"), &["sync"]);
    assert_eq!(writable.code, 0, "{}", writable.text());
    let connection = azurite.connection(&format!("AccountKey={}", Azurite::KEY));
    let variable = ("AZURE_STORAGE_CONNECTION_STRING", &*connection);
    let runs = read_with(&server.url, &[variable]);
    assert_eq!((runs.len(), runs[0].status()), (1, "FINISHED"));
    let large = project.path().join("20 MB.bin");
    assert_eq!(runs[0].sha256("large/20 MB.bin"), Some(&*sha256(&large)));
    assert!(runs[0].sha256("notes/ü (1).txt").is_some());
    predicts(&server, &runs[0], &[variable]);
}

/// Azure knows parts by their URLs.
#[test]
fn a_large_file_goes_in_parts_to_azure() {
    let azurite = Azurite::start("runs");
    let root = format!("wasbs://runs@{}.blob.core.windows.net", Azurite::ACCOUNT);
    let connection = azurite.connection(&format!("AccountKey={}", Azurite::KEY));
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

/// A signature for the container with these permissions.
fn azurite_signature(permissions: &str) -> String {
    let script = "import datetime, sys; from azure.storage.blob import generate_container_sas; \
        end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1); \
        print(generate_container_sas(sys.argv[1], 'runs', sys.argv[2], permission=sys.argv[3], expiry=end))";
    let said = python(script, &[Azurite::ACCOUNT, Azurite::KEY, permissions]);
    format!("SharedAccessSignature={}", said.trim())
}

#[test]
fn artifacts_that_the_server_passes_on() {
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
    whole(&runs[0], &s3, &format!("runs/passed/1/{id}/artifacts"));
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
    std::fs::write("20 MB.bin", bytes).expect("written");
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
