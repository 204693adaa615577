//! The supervisor's request to the training program.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The request to a program that `cargo mlplots` started: JSON in the file that the environment
/// variable [`Request::VARIABLE`] names. Without the variable, a program runs with
/// `Request::default()`. In the JSON, a missing field has its default.
///
/// ```
/// use mlplots_journal::request::{Mode, Request};
///
/// let request: Request = serde_json::from_str(r#"{"train":"fit","params":[["alpha","0.1"]]}"#)?;
/// assert_eq!(request.mode, Mode::Run);
/// assert_eq!(request.train.as_deref(), Some("fit"));
/// assert_eq!(request.params, [("alpha".to_owned(), "0.1".to_owned())]);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Request {
    /// The task. Default: [`Mode::Run`].
    pub mode: Mode,
    /// The run's directory, which the supervisor created; `None` if the program creates one.
    pub run_dir: Option<PathBuf>,
    /// The name of the `#[train]` function; `None` if the program has only one.
    pub train: Option<String>,
    /// The options `-P key=value` as pairs of key and value, in the order of the command line.
    pub params: Vec<(String, String)>,
    /// Glob patterns for the names of the figures to draw; empty for all figures.
    pub only: Vec<String>,
    /// Glob patterns for the names of the figures to skip.
    pub skip: Vec<String>,
    /// The option `--experiment`, if the user sets it.
    pub experiment: Option<String>,
    /// The option `--run-name`, if the user sets it.
    pub run_name: Option<String>,
    /// The options `--tag key=value`.
    pub tags: BTreeMap<String, String>,
}

/// The state of the run that `--resume` names: JSON in the file
/// [`resumed.json`](crate::RunDir::resumed) of the new run's directory. In the JSON, a missing
/// field is empty.
///
/// ```
/// use mlplots_journal::request::Resumed;
///
/// let resumed: Resumed = serde_json::from_str(r#"{"steps":{"loss":99}}"#)?;
/// assert_eq!(resumed.steps["loss"], 99);
/// assert!(resumed.params.is_empty());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Resumed {
    /// The params of the run, which cannot change.
    pub params: BTreeMap<String, String>,
    /// The last step of each metric.
    pub steps: BTreeMap<String, i64>,
    /// The value of the tag `mlflow.loggedArtifacts`, which lists the tables of the run.
    pub tables: Option<String>,
}

impl Request {
    /// The environment variable that holds the path of the request's file.
    pub const VARIABLE: &str = "MLPLOTS_REQUEST";
}

/// The task of a program. The default is [`Mode::Run`].
///
/// ```
/// use mlplots_journal::request::Mode;
///
/// assert_eq!(Mode::default(), Mode::Run);
/// assert_eq!(serde_json::to_string(&Mode::Check)?, r#""check""#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Mode {
    /// Train and draw the figures.
    #[default]
    Run,
    /// Print the registry as one line of JSON, a [`Listing`](crate::listing::Listing), and exit.
    List,
    /// Run all checks that come before a training, and exit.
    Check,
}
