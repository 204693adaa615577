//! The contract of stores on a real server.

use std::sync::Arc;

use mlplots_tests::{MlflowServer, python};

use super::*;
use crate::ship::store::{Source, contract};

fn check_contract(arguments: &[&str]) {
    let server = MlflowServer::start(arguments);
    let store: Arc<dyn TrackingStore> = store(&server.url, &[]).into();
    contract::check(&store, &python);
}

#[test]
fn the_contract_holds_on_a_server_with_default_options() {
    check_contract(&[]);
}

#[test]
fn the_contract_holds_on_a_server_with_one_worker() {
    check_contract(&["--workers", "1"]);
}

/// MLflow discards the file of an aborted request.
#[test]
fn a_file_that_changed_since_it_was_logged_is_not_stored_in_mlflow() {
    let server = MlflowServer::start(&[]);
    let store = store(&server.url, &[]);
    let id = ExperimentChoice::Id("0".to_owned());
    let experiment = store.experiment(&id).expect("an experiment").id;
    let new = NewRun {
        experiment_id: &experiment,
        ..new_run()
    };
    let run = store.create_run(&new).expect("a run");
    let root = store.artifacts(run.root()).expect("a root");
    root.put_file("whole.txt", file().path()).expect("stored");
    for size in [5, 300_000, 20_000_000] {
        let source = file();
        std::fs::write(source.path(), vec![b'a'; size]).expect("written");
        let opened = Source::of(&format!("{size}.txt"), source.path()).expect("a source");
        std::fs::write(source.path(), vec![b'b'; size]).expect("written");
        root.put(&opened).expect_err("changed");
    }
    let script = "
import mlflow, sys, time
time.sleep(1)
print([file.path for file in mlflow.MlflowClient(sys.argv[1]).list_artifacts(sys.argv[2])])";
    assert_eq!(
        python(script, &[&server.url, &run.id]).trim(),
        "['whole.txt']"
    );
}
