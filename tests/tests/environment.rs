//! The things that the other tests stand on.

use mlplots_tests::{MlflowServer, python};

#[test]
fn a_server_answers_to_its_own_client() {
    let server = MlflowServer::start(&[]);
    let script =
        "import mlflow, sys; print(mlflow.MlflowClient(sys.argv[1]).search_experiments()[0].name)";
    assert_eq!(python(script, &[&server.url]).trim(), "Default");
}
