//! The things that the other tests stand on.

use mlplots_tests::{MlflowServer, Venv};

/// Its own client sees that it answers.
fn answers(venv: &'static Venv) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = MlflowServer::start_of(venv, folder.path(), &["--workers", "1"]);
    let script =
        "import mlflow, sys; print(mlflow.MlflowClient(sys.argv[1]).search_experiments()[0].name)";
    assert_eq!(venv.run(&[], script, &[&server.url]).trim(), "Default");
}

#[test]
fn a_server_answers_to_its_own_client() {
    answers(Venv::get());
}

#[test]
fn the_last_server_before_mlflow_3_does_too() {
    answers(Venv::mlflow_2());
}
