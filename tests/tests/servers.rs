//! Servers that are set up otherwise: workspaces, names that they answer to, artifacts that they
//! keep for themselves.

use mlplots_tests::{Finished, MlflowServer, Project, built, python, read, read_with};

const PROGRAM: &str = "servers";

fn mlplots(folder: &Project, arguments: &[&str], variables: &[(&str, &str)]) -> Finished {
    let mut command = folder.command(arguments);
    command.envs(variables.iter().copied());
    if arguments[0] == "exec" {
        command.arg("--").arg(built(PROGRAM));
    }
    command.output().expect("cargo-mlplots starts").into()
}

/// Nothing is lost, and these words say what to do.
fn left(finished: &Finished, words: &[&str]) {
    assert_eq!(finished.code, 4, "{}", finished.text());
    for words in words {
        assert!(
            finished.stderr.contains(words),
            "{words}\n{}",
            finished.text()
        );
    }
}

#[test]
fn a_run_goes_into_its_workspace() {
    let server = MlflowServer::start(&["--workers", "1", "--enable-workspaces"]);
    let uri = ("MLFLOW_TRACKING_URI", &*server.url);
    let workspace = |name| ("MLFLOW_WORKSPACE", name);
    let folder = Project::new(PROGRAM);
    let refused = mlplots(
        &folder,
        &["exec", "--flush-timeout", "5"],
        &[uri, workspace("fruit")],
    );
    left(
        &refused,
        &[
            "404 Not Found",
            "help: check MLFLOW_WORKSPACE, or have that workspace made",
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
    // Without a word it is the workspace `default`.
    assert!(read(&server.url).is_empty());
    let plain = mlplots(&folder, &["exec"], &[uri]);
    assert_eq!(plain.code, 0, "{}", plain.text());
    assert_eq!(read(&server.url).len(), 1);
}

#[test]
fn a_server_that_has_no_workspaces_or_goes_by_another_name() {
    let server = MlflowServer::start(&["--workers", "1", "--allowed-hosts", "fruit.example.org"]);
    let uri = ("MLFLOW_TRACKING_URI", &*server.url);
    let folder = Project::new(PROGRAM);
    let refused = mlplots(&folder, &["exec", "--flush-timeout", "5"], &[uri]);
    left(
        &refused,
        &[
            "403 Forbidden: Invalid Host header",
            "help: the server answers only under names it knows: start it with `--allowed-hosts`, or use such a name",
        ],
    );
    drop(server);

    let server = MlflowServer::start(&["--workers", "1"]);
    // A run goes where it was going, unless told otherwise.
    let to = ["--tracking-uri", &*server.url];
    let workspace = ("MLFLOW_WORKSPACE", "fruit");
    let refused = mlplots(
        &folder,
        &[&["sync", "--flush-timeout", "5"][..], &to].concat(),
        &[workspace],
    );
    left(
        &refused,
        &["help: the server has no workspaces: unset MLFLOW_WORKSPACE"],
    );
    let sync = mlplots(&folder, &[&["sync"][..], &to].concat(), &[]);
    assert_eq!(sync.code, 0, "{}", sync.text());
    let runs = read(&server.url);
    assert_eq!((runs.len(), runs[0].status()), (1, "FINISHED"));
}

#[test]
fn artifacts_on_the_servers_own_disk_are_not_written_to_ours() {
    let server = MlflowServer::start(&["--workers", "1", "--no-serve-artifacts"]);
    let uri = ("MLFLOW_TRACKING_URI", &*server.url);
    let folder = Project::new(PROGRAM);
    let refused = mlplots(&folder, &["exec", "--flush-timeout", "5"], &[uri]);
    left(
        &refused,
        &[
            "the server keeps this run's artifacts in `",
            "a directory of its own machine",
            "help: start the server without `--no-serve-artifacts`, and take an experiment made since then",
        ],
    );
    let client = "import sys; from mlflow import MlflowClient\n\
        run = MlflowClient(sys.argv[1]).search_runs(['1'])[0]\n\
        print(run.info.status, len(run.data.metrics), run.data.tags['mlplots.reason'], \
        run.info.artifact_uri)";
    let stored = python(client, &[&server.url]);
    // The rest is there, and the run does not pass for a whole one.
    assert!(
        stored.starts_with("FAILED 1 not everything is shipped: the server keeps"),
        "{stored}"
    );
    let root = stored.trim().rsplit(' ').next().unwrap_or_default();
    assert!(!std::path::Path::new(root).exists(), "{root}");
}
