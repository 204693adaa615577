//! Checks the MLflow servers that the other tests need.

use mlplots_tests::{MlflowServer, Venv};

/// Checks that a server responds to the client of the same environment.
fn assert_responds(venv: &'static Venv) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = MlflowServer::start_with_venv(venv, folder.path(), &["--workers", "1"]);
    let script =
        "import mlflow, sys; print(mlflow.MlflowClient(sys.argv[1]).search_experiments()[0].name)";
    assert_eq!(venv.run(&[], script, &[&server.url]).trim(), "Default");
}

#[test]
fn a_server_responds_to_its_own_client() {
    assert_responds(Venv::get());
}

#[test]
fn an_mlflow_2_server_responds_to_its_own_client() {
    assert_responds(Venv::mlflow_2());
}
