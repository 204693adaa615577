//! What the supervisor asks the training program to do.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The request to a program that `cargo mlplots` started: JSON in the file that the environment
/// variable [`Request::VARIABLE`] names. Without the variable, a program runs with the defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Request {
    /// The task.
    pub mode: Mode,
    /// The run's directory, which the supervisor created.
    pub run_dir: Option<PathBuf>,
    /// The name of the `#[train]` function; `None` for the only one.
    pub train: Option<String>,
    /// `-P key=value`, as typed, in order.
    pub params: Vec<(String, String)>,
    /// Globs over the names of the figures to draw; empty for all.
    pub only: Vec<String>,
    /// Globs over the names of the figures to skip.
    pub skip: Vec<String>,
    /// `--experiment`, if given.
    pub experiment: Option<String>,
    /// `--run-name`, if given.
    pub run_name: Option<String>,
    /// `--tag key=value`.
    pub tags: BTreeMap<String, String>,
}

/// The run that is resumed (`--resume`): JSON in the file `resumed.json` of the new run's directory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Resumed {
    /// Its params, which cannot change.
    pub params: BTreeMap<String, String>,
    /// The last step of each of its metrics.
    pub steps: BTreeMap<String, i64>,
    /// Its tag `mlflow.loggedArtifacts`, the list of its tables.
    pub tables: Option<String>,
}

impl Request {
    /// The environment variable that names its file.
    pub const VARIABLE: &str = "MLPLOTS_REQUEST";
}

/// The task of a program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Train and draw.
    #[default]
    Run,
    /// Print the registry as one line of JSON, a [`Listing`](crate::listing::Listing), and stop.
    List,
    /// Run all checks that come before a training.
    Check,
}
