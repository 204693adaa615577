//! Every answer that a server, or what stands in front of it, may give; and every call as it leaves.

mod answers;
mod calls;
mod concerns;
mod files;
mod hostile;
mod parts;
mod presigned;
mod server;

use mlplots_journal::record::Tag;
use mlplots_tests::http::Scripted;

use super::*;
use crate::settings::Settings;
use crate::ship::connect;
use crate::ship::store::{NewRun, Root};

const RUN: &str = r#"{"run":{"info":{"run_id":"r","experiment_id":"1","run_name":"n","status":"RUNNING","artifact_uri":"mlflow-artifacts:/1/r/artifacts"},"data":{}}}"#;

/// A store at `uri`, as these variables make it.
fn store(uri: &str, variables: &[(&str, &str)]) -> Box<dyn TrackingStore> {
    let settings = Settings::of(uri, variables).expect("settings");
    connect::open(&settings).expect("a store")
}

/// The run `r`, whose artifacts go there.
fn run_at(uri: &str) -> Root<'_> {
    Root::Run { id: "r", uri }
}

fn log(store: &dyn TrackingStore) -> Result<(), StoreError> {
    store.log_batch(
        "r",
        &Batch {
            tags: vec![Tag {
                key: "a".to_owned(),
                value: "b".to_owned(),
            }],
            ..Batch::default()
        },
    )
}

fn new_run<'a>() -> NewRun<'a> {
    NewRun {
        experiment_id: "1",
        name: None,
        user: "ada",
        start_time: 1,
        tags: &[],
    }
}

/// Logs to a server that gives this answer.
fn logged(answer: &str) -> StoreError {
    let server = Scripted::new([answer]);
    log(&*store(&server.url(""), &[])).expect_err("a failure")
}

fn file() -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "bytes").expect("written");
    file
}
