//! What the supervisor asks the training program to do.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What a program started by `cargo mlplots` is asked to do; JSON in the file that the environment
/// variable [`Request::VARIABLE`] names. Without the variable a program runs on its own, with the
/// defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Request {
    /// What to do.
    pub mode: Mode,
    /// The journal's directory, made by the supervisor.
    pub run_dir: Option<PathBuf>,
    /// Which `#[train]` function; `None` takes the only one.
    pub train: Option<String>,
    /// `-P key=value`, as typed, in order.
    pub params: Vec<(String, String)>,
    /// Figures to draw, as globs over their names; empty means all.
    pub only: Vec<String>,
    /// Figures to leave out, as globs over their names.
    pub skip: Vec<String>,
    /// `--experiment`, if given.
    pub experiment: Option<String>,
    /// `--run-name`, if given.
    pub run_name: Option<String>,
    /// `--tag key=value`.
    pub tags: BTreeMap<String, String>,
}

/// What a run is that goes on (`--resume`); JSON in the file `resumed.json` of the new journal's
/// directory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Resumed {
    /// Its params, which stay as they are.
    pub params: BTreeMap<String, String>,
    /// The last step of each of its metrics.
    pub steps: BTreeMap<String, i64>,
    /// Its tag `mlflow.loggedArtifacts`: the tables that MLflow's page shows.
    pub tables: Option<String>,
}

impl Request {
    /// The environment variable that names its file.
    pub const VARIABLE: &str = "MLPLOTS_REQUEST";
}

/// What a started program does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Train and draw.
    #[default]
    Run,
    /// Print the registry as one line of JSON, a [`Listing`](crate::listing::Listing), and stop.
    List,
    /// Do all the checks that come before a training, and stop.
    Check,
}
