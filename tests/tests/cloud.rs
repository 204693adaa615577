//! Artifacts in S3: those that we write there ourselves, and those that a server passes on.

use std::path::Path;

use mlplots_tests::{Finished, MlflowServer, Project, Read, S3, python, read_with, sample};

const ROOT: [&str; 5] = [
    "--workers",
    "1",
    "--no-serve-artifacts",
    "--default-artifact-root",
    "s3://runs/a place/ü",
];

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
        // Nobody's files, and not the machine's own credentials.
        .env("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
        .env("AWS_CONFIG_FILE", "/nowhere")
        .env("AWS_EC2_METADATA_DISABLED", "true");
    command.output().expect("cargo-mlplots starts").into()
}

/// The digest of a file that we have.
fn sha256(path: &Path) -> String {
    let script =
        "import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], 'rb').read()).hexdigest())";
    let path = path.to_str().expect("a path in UTF-8");
    python(script, &[path]).trim().to_owned()
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

#[test]
fn artifacts_that_the_server_leaves_to_us() {
    let s3 = S3::start(&["runs"]);
    let server = MlflowServer::start_with(&ROOT, &s3.variables());
    let project = Project::new("cloud-direct").file("src/main.rs", LARGE);
    let finished = mlplots(&project, &server, &s3.variables(), &["run"]);
    assert_eq!(finished.code, 0, "{}", finished.text());
    let runs = read_with(&server.url, &s3.variables());
    assert_eq!((runs.len(), runs[0].status()), (1, "FINISHED"));
    assert_eq!(
        runs[0].artifacts(),
        [
            "data/spread.png",
            "large/20 MB.bin",
            "mlplots/figures.json",
            "notes/ü (1).txt"
        ]
    );
    whole(
        &runs[0],
        &s3,
        runs[0].text("artifact_uri").trim_start_matches("s3://"),
    );
    let large = project.path().join("20 MB.bin");
    assert_eq!(runs[0].sha256("large/20 MB.bin"), Some(&*sha256(&large)));
}

#[test]
fn without_the_right_credentials_nothing_is_lost() {
    let s3 = S3::start(&["runs"]);
    let server = MlflowServer::start_with(&ROOT, &s3.variables());
    let project = sample("cloud-refused");
    let [key, secret, region, endpoint] = s3.variables();
    let left = |variables: &[(&str, &str)], arguments: &[&str]| {
        let finished = mlplots(&project, &server, variables, arguments);
        assert_eq!(finished.code, 4, "{}", finished.text());
        let text = finished.text();
        assert!(
            !text.contains("other-secret") && !text.contains(S3::SECRET),
            "{text}"
        );
        text
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
    let runs = read_with(&server.url, &s3.variables());
    assert_eq!((runs.len(), runs[0].status()), (1, "FINISHED"));
    assert_eq!(runs[0].artifacts().len(), 5);
    whole(
        &runs[0],
        &s3,
        runs[0].text("artifact_uri").trim_start_matches("s3://"),
    );
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
    Ok(Data((1..50).map(f64::from).collect()))
}

#[plot(dir = "data")]
fn spread(data: &Data) -> Figure {
    charts::histogram(&data.0).title("Data")
}

mlplots::main!();
"#;
