//! MLflow servers with workspaces, with `--allowed-hosts`, and with artifacts on their own disk.

use mlplots_tests::{Finished, MlflowServer, Project, python, read, read_with, sample_program};

const PROGRAM: &str = "servers";

fn mlplots(folder: &Project, arguments: &[&str], variables: &[(&str, &str)]) -> Finished {
    let mut command = folder.command(arguments);
    command.envs(variables.iter().copied());
    if arguments[0] == "exec" {
        command.arg("--").arg(sample_program(PROGRAM));
    }
    command.output().expect("cargo-mlplots starts").into()
}

/// Checks that the run is not shipped and that the output contains these messages.
fn assert_unshipped(finished: &Finished, expected: &[&str]) {
    assert_eq!(finished.code, 4, "{}", finished.text());
    for message in expected {
        assert!(
            finished.stderr.contains(message),
            "{message}\n{}",
            finished.text()
        );
    }
}

#[test]
fn a_run_is_stored_in_its_workspace() {
    let server = MlflowServer::start(&["--workers", "1", "--enable-workspaces"]);
    let uri = ("MLFLOW_TRACKING_URI", &*server.url);
    let workspace = |name| ("MLFLOW_WORKSPACE", name);
    let folder = Project::new(PROGRAM);
    let refused = mlplots(
        &folder,
        &["exec", "--flush-timeout", "5"],
        &[uri, workspace("fruit")],
    );
    assert_unshipped(
        &refused,
        &[
            "404 Not Found",
            "help: check MLFLOW_WORKSPACE, or create that workspace",
        ],
    );

    let script = "import mlflow, sys\n\
        mlflow.set_tracking_uri(sys.argv[1]); mlflow.create_workspace(name='fruit')";
    python(script, &[&server.url]);
    let sync = mlplots(&folder, &["sync"], &[uri, workspace("fruit")]);
    assert_eq!(sync.code, 0, "{}", sync.text());
    assert!(
        sync.stderr
            .contains("?workflowType=machine_learning&workspace=fruit"),
        "{}",
        sync.text()
    );
    let runs = read_with(&server.url, &[workspace("fruit")]);
    assert_eq!(
        (runs.len(), runs[0].status(), runs[0].artifacts().len()),
        (1, "FINISHED", 5)
    );
    let root = runs[0].text("artifact_uri");
    assert!(
        root.starts_with("mlflow-artifacts:/workspaces/fruit/"),
        "{root}"
    );
    // Without MLFLOW_WORKSPACE, the workspace is `default`.
    assert!(read(&server.url).is_empty());
    let plain = mlplots(&folder, &["exec"], &[uri]);
    assert_eq!(plain.code, 0, "{}", plain.text());
    assert_eq!(read(&server.url).len(), 1);
}

#[test]
fn missing_workspaces_and_forbidden_host_names_are_reported() {
    let server = MlflowServer::start(&["--workers", "1", "--allowed-hosts", "fruit.example.org"]);
    let uri = ("MLFLOW_TRACKING_URI", &*server.url);
    let folder = Project::new(PROGRAM);
    let refused = mlplots(&folder, &["exec", "--flush-timeout", "5"], &[uri]);
    assert_unshipped(
        &refused,
        &[
            "403 Forbidden: Invalid Host header",
            "help: the server accepts only known host names: start it with `--allowed-hosts`, or use one of them",
        ],
    );
    drop(server);

    let server = MlflowServer::start(&["--workers", "1"]);
    // The run keeps its first server unless the user names another one.
    let destination = ["--tracking-uri", &*server.url];
    let workspace = ("MLFLOW_WORKSPACE", "fruit");
    let refused = mlplots(
        &folder,
        &[&["sync", "--flush-timeout", "5"][..], &destination].concat(),
        &[workspace],
    );
    assert_unshipped(
        &refused,
        &["help: the server has no workspaces: unset MLFLOW_WORKSPACE"],
    );
    let sync = mlplots(&folder, &[&["sync"][..], &destination].concat(), &[]);
    assert_eq!(sync.code, 0, "{}", sync.text());
    let runs = read(&server.url);
    assert_eq!((runs.len(), runs[0].status()), (1, "FINISHED"));
}

#[test]
fn artifacts_on_the_servers_disk_are_not_written_to_the_local_disk() {
    let server = MlflowServer::start(&["--workers", "1", "--no-serve-artifacts"]);
    let uri = ("MLFLOW_TRACKING_URI", &*server.url);
    let folder = Project::new(PROGRAM);
    let refused = mlplots(&folder, &["exec", "--flush-timeout", "5"], &[uri]);
    assert_unshipped(
        &refused,
        &[
            "the server keeps this run's artifacts in `",
            "a directory of its own machine",
            "help: start the server without `--no-serve-artifacts`, and use an experiment that was created after that",
        ],
    );
    let client = "import sys; from mlflow import MlflowClient\n\
        run = MlflowClient(sys.argv[1]).search_runs(['1'])[0]\n\
        print(run.info.status, len(run.data.metrics), run.data.tags['mlplots.reason'], \
        run.info.artifact_uri)";
    let stored = python(client, &[&server.url]);
    // The metrics are stored, and the incomplete run is FAILED.
    assert!(
        stored.starts_with("FAILED 1 not everything is shipped: the server keeps"),
        "{stored}"
    );
    let root = stored.trim().rsplit(' ').next().unwrap_or_default();
    assert!(!std::path::Path::new(root).exists(), "{root}");
}
