//! The requests that go to a tracking server, and the responses of the server or of a proxy in
//! front of it.

mod files;
mod hostile;
mod parts;
mod presigned;
mod requests;
mod responses;
mod scopes;
mod server;

use mlplots_journal::record::Tag;
use mlplots_tests::http::Scripted;

use super::*;
use crate::settings::Settings;
use crate::ship::connect;
use crate::ship::store::{NewRun, Root};

const RUN: &str = r#"{"run":{"info":{"run_id":"r","experiment_id":"1","run_name":"n","status":"RUNNING","artifact_uri":"mlflow-artifacts:/1/r/artifacts"},"data":{}}}"#;

/// A store at `uri` with these variables.
fn store(uri: &str, variables: &[(&str, &str)]) -> Box<dyn TrackingStore> {
    let settings = Settings::of(uri, variables).expect("settings");
    connect::open(&settings).expect("a store")
}

/// The artifact root of the run `r`.
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

/// The error of logging to a server that sends this response.
fn log_error(response: &str) -> StoreError {
    let server = Scripted::new([response]);
    log(&*store(&server.url(""), &[])).expect_err("an error")
}

fn file() -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "bytes").expect("written");
    file
}
