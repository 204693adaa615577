//! Support for tests against the real thing: MLflow's server and Python client, a browser, and
//! temporary cargo projects.
//!
//! What is missing is installed once, or named with the one command that gets it; nothing is skipped.

#![forbid(unsafe_code)]
#![allow(
    clippy::missing_panics_doc,
    reason = "a test fails by panicking, and so does what supports it"
)]

mod azurite;
mod browser;
mod devtools;
mod elsewhere;
mod everything;
mod faulty;
mod hanging;
pub mod http;
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
pub mod written;

use std::path::{Path, PathBuf};

pub use azurite::Azurite;
pub use browser::{Browser, Page};
pub use elsewhere::{moved, silent};
pub use everything::{everything, has_arrived};
pub use faulty::{Fault, FaultyProxy, at_random, in_turn};
pub use hanging::Hanging;
pub use postgres::Postgres;
pub use process::{child, gone, signal, trainer};
pub use project::{Finished, Project, cargo_mlplots, program, scrubbed, target};
pub use proxy::TlsProxy;
pub use read::{Read, only, read, read_of, read_with};
pub use s3::S3;
pub use sample::{built, sample};
pub use server::MlflowServer;
pub use soak::{Soaked, soak};
pub use venv::{Venv, python, sha256};

/// The root of the checkout.
pub fn checkout() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests
        .parent()
        .expect("the tests are in the checkout")
        .to_path_buf()
}

/// Where tests keep what outlives them: the Python environment, screenshots, built projects.
pub fn kept(name: &str) -> PathBuf {
    let folder = checkout().join("target").join("mlplots-tests").join(name);
    std::fs::create_dir_all(&folder).expect("the target folder can be written to");
    setup::ensure(folder.parent().unwrap_or(&folder));
    folder
}
