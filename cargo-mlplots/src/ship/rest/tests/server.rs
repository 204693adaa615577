//! The contract on a real server.

use std::sync::Arc;

use mlplots_tests::{MlflowServer, python};

use super::store;
use crate::ship::store::{TrackingStore, contract};

fn holds(arguments: &[&str]) {
    let server = MlflowServer::start(arguments);
    let store: Arc<dyn TrackingStore> = store(&server.url, &[]).into();
    contract::holds(&store, &python);
}

#[test]
fn the_contract_holds_on_a_server_as_it_comes() {
    holds(&[]);
}

#[test]
fn the_contract_holds_on_a_server_with_one_worker() {
    holds(&["--workers", "1"]);
}
