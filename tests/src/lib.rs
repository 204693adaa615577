//! Support for end-to-end tests with real services: MLflow's server and Python client, object
//! stores, a browser, and temporary cargo projects.
//!
//! The first test installs the programs that are missing. If it cannot, it prints the command that
//! does and ends the tests; no test is skipped.

#![forbid(unsafe_code)]
#![allow(
    clippy::missing_panics_doc,
    reason = "test helpers report failures by panicking"
)]

mod azurite;
mod browser;
mod devtools;
mod everything;
mod faulty;
mod hanging;
mod host;
pub mod http;
pub mod journal;
mod postgres;
mod process;
mod project;
mod proxy;
mod read;
mod s3;
mod sample;
mod server;
mod setup;
mod soak;
mod venv;

use std::path::{Path, PathBuf};

pub use azurite::Azurite;
pub use browser::{Browser, Page};
pub use everything::{assert_stored, everything_program};
pub use faulty::{Fault, FaultyProxy, at_random, in_turn};
pub use hanging::Hanging;
pub use host::{change_host, set_heartbeat_age};
pub use postgres::Postgres;
pub use process::{child, signal, trainer, wait_for_exit};
pub use project::{Finished, Project, cargo_mlplots, clean_env, program, target};
pub use proxy::TlsProxy;
pub use read::{StoredRun, only, read, read_with, read_with_venv};
pub use s3::S3;
pub use sample::{sample, sample_program};
pub use server::MlflowServer;
pub use soak::{SoakReport, soak};
pub use venv::{Venv, python, sha256};

/// The root of the workspace.
pub fn checkout() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests
        .parent()
        .expect("the tests have a parent folder")
        .to_path_buf()
}

/// A folder below `target/` that stays after the tests, such as the one of the Python environment.
pub fn cache_dir(name: &str) -> PathBuf {
    let folder = checkout().join("target").join("mlplots-tests").join(name);
    std::fs::create_dir_all(&folder).expect("the target folder is writable");
    setup::ensure(folder.parent().unwrap_or(&folder));
    folder
}
