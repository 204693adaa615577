//! The records of a run. A training program writes them to its journal, and `cargo mlplots` ships
//! them to MLflow.
//!
//! All times are in milliseconds since 1970 in UTC. In the JSON of a record, an optional field may
//! be missing, and a reader ignores an unknown field.

mod float;
mod ids;
mod tally;

use serde::{Deserialize, Serialize};

use crate::host::Host;
use crate::listing::{PlotEntry, TrainEntry};

pub use ids::{ArtifactPath, Digest, RunUuid};
pub use tally::Tally;

/// The version of the journal's format, written in the first record.
pub const FORMAT: u32 = 1;

/// A record: the content of one line of the journal. Its JSON is an object with one key, which is
/// the kind of the record.
///
/// ```
/// use mlplots_journal::record::{Metric, Record};
///
/// let gap = Metric { key: "gap".to_owned(), value: f64::NAN, timestamp: 1785542400120, step: 0 };
/// let json = serde_json::to_string(&Record::Metrics(vec![gap]))?;
/// assert_eq!(
///     json,
///     r#"{"metrics":[{"key":"gap","value":"NaN","timestamp":1785542400120,"step":0}]}"#
/// );
///
/// let json = r#"{"close":{"status":"FINISHED","end_time":1785542400900}}"#;
/// let Record::Close(close) = serde_json::from_str(json)? else { panic!() };
/// assert_eq!(close.reason, None);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// The first record: the identity and origin of the run.
    Open(Box<Open>),
    /// Hyperparameters. A name is set once.
    Params(Vec<Param>),
    /// Points of metrics that are logged together.
    Metrics(Vec<Metric>),
    /// Tags. A later value replaces an earlier one.
    Tags(Vec<Tag>),
    /// A file of the run.
    Artifact(Artifact),
    /// The result of a registered figure.
    Figure(Figure),
    /// A model, with its files.
    Model(Box<Model>),
    /// A logging call that failed. The training continues, and the run ends FAILED.
    Problem(Problem),
    /// The message of a panic, in case the process dies before it writes [`Record::Close`].
    Panic(String),
    /// The last record: the result of the training function. Of several, the last one counts.
    Close(Close),
}

/// The identity and origin of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Open {
    /// The version of the journal's format: [`FORMAT`] of the writer.
    pub format: u32,
    /// The UUID of the run; MLflow's tag `mlplots.run_uuid`.
    pub run_uuid: RunUuid,
    /// The version of mlplots that wrote the journal.
    pub mlplots: String,
    /// The experiment that the program names. The supervisor's settings take precedence.
    pub experiment: Option<String>,
    /// The run name that the program sets.
    pub run_name: Option<String>,
    /// The `#[train]` function, if the program registers one.
    pub train: Option<TrainEntry>,
    /// The process id of the training program.
    pub pid: u32,
    /// The machine of the training program; unknown if the field is missing.
    #[serde(default, skip_serializing_if = "Host::is_unknown")]
    pub host: Host,
    /// The start of the run in milliseconds since 1970.
    pub start_time: i64,
    /// The name of the user; MLflow's `user_id` and tag `mlflow.user`.
    pub user: String,
    /// The file name of the program.
    pub program: String,
    /// The registered figures of the run.
    pub figures: Vec<PlotEntry>,
}

/// A hyperparameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Param {
    /// The name of the param, which [`check_param`](crate::names::check_param) accepts.
    pub key: String,
    /// The value as text.
    pub value: String,
}

/// One point of a metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// The name of the metric, which [`check_key`](crate::names::check_key) accepts.
    pub key: String,
    /// Any `f64`. NaN and infinities are the strings `"NaN"`, `"Infinity"` and `"-Infinity"` in
    /// JSON.
    #[serde(with = "float")]
    pub value: f64,
    /// The time of logging in milliseconds since 1970.
    pub timestamp: i64,
    /// The step of the training: the position on the x axis.
    pub step: i64,
}

/// A tag of the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// The name of the tag, which [`check_tag`](crate::names::check_tag) accepts.
    pub key: String,
    /// The value as text.
    pub value: String,
}

/// A file of the run. [`RunDir::content`](crate::RunDir::content) contains its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// The path below the artifact root of the run or of the model.
    pub path: ArtifactPath,
    /// The SHA-256 of the bytes: the file name of the content.
    pub sha256: Digest,
    /// The size in bytes.
    pub bytes: u64,
}

/// The status of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FigureStatus {
    /// The figure is drawn, and its files are artifacts of the run.
    Logged,
    /// The figure is not drawn. The run is FAILED unless the figure is optional.
    Failed,
    /// The user deselected the figure with `--only` or `--skip`.
    Skipped,
}

/// The result of a registered figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure {
    /// The name of the figure.
    pub name: String,
    /// The status of the figure.
    pub status: FigureStatus,
    /// The reason, if the figure failed or was skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The step of the inputs, if they have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<i64>,
    /// The files, in the order of the formats.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<Artifact>,
    /// The duration of drawing and encoding in milliseconds.
    pub millis: u64,
    /// The position of the `#[plot]` function in the source, as `file:line`.
    pub source: String,
    /// Whether the run can be FINISHED without this figure.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

/// A model of the run: MLflow's LoggedModel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// The UUID of the model: 32 hexadecimal digits. A retry finds the model by the tag
    /// `mlplots.model_uuid`, which has this value.
    pub uuid: String,
    /// The name of the model in `runs:/RUN/NAME`.
    pub name: String,
    /// The step of the training.
    pub step: i64,
    /// The time of logging in milliseconds since 1970.
    pub timestamp: i64,
    /// The storage format.
    pub flavor: Flavor,
    /// The files, with paths below the model's own artifact root.
    pub files: Vec<Artifact>,
    /// The schema of the inputs and outputs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
    /// An example of the input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_example: Option<InputExample>,
}

/// An example of a model's input, stored in two files of the model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputExample {
    /// The path of the example.
    pub path: String,
    /// The path of the same example as the body of a request to `mlflow models serve`.
    pub serving_path: String,
    /// The type of the example in Python.
    pub kind: ExampleKind,
}

/// The type of an input example in Python: MLflow's `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExampleKind {
    /// A pandas data frame, stored in the orientation `split`.
    Dataframe,
    /// A NumPy array, or a dictionary of NumPy arrays.
    Ndarray,
}

/// The storage format of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flavor {
    /// An ONNX file: Python loads it as `mlflow.onnx` and `mlflow.pyfunc`.
    Onnx {
        /// The path of the ONNX file among the model's files.
        file: String,
    },
    /// A value that serde serialized, in mlplots' own flavor: `mlplots::load_model` reads it.
    Native {
        /// The path of the data file among the model's files.
        file: String,
        /// The name of the Rust type, as information for readers of the file `MLmodel`.
        type_name: String,
    },
}

/// The inputs and outputs of a model in MLflow's schema: lists of columns or tensors as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// The JSON text of the inputs.
    pub inputs: String,
    /// The JSON text of the outputs, if they are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outputs: Option<String>,
}

/// A logging call that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// A message for the user: what failed, for which object, and what the user can do.
    pub message: String,
}

/// The result of the training function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Close {
    /// The status of the run: [`Status::Finished`] or [`Status::Failed`]. [`Status::Running`] does
    /// not deserialize.
    #[serde(deserialize_with = "Status::of_an_end")]
    pub status: Status,
    /// The end of the run in milliseconds since 1970.
    pub end_time: i64,
    /// The reason, if the run failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The status of a run, with the values of MLflow.
///
/// ```
/// use mlplots_journal::record::Status;
///
/// assert_eq!(Status::Killed.to_string(), "KILLED");
/// assert_eq!(serde_json::to_string(&Status::Killed)?, r#""KILLED""#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// The run has not ended.
    Running,
    /// The training returned `Ok`, every required figure is logged, and no logging call failed.
    Finished,
    /// The run ended without the conditions of [`Status::Finished`].
    Failed,
    /// The run was stopped from outside.
    Killed,
}

impl Status {
    /// Returns MLflow's name of the status.
    ///
    /// ```
    /// # use mlplots_journal::record::Status;
    /// assert_eq!(Status::Finished.as_str(), "FINISHED");
    /// ```
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Finished => "FINISHED",
            Self::Failed => "FAILED",
            Self::Killed => "KILLED",
        }
    }

    /// Deserializes the status of a run that ended, for `#[serde(deserialize_with = …)]`.
    ///
    /// # Errors
    /// Returns an error if the status is `RUNNING` or unknown.
    ///
    /// ```
    /// # use mlplots_journal::record::Status;
    /// assert_eq!(Status::of_an_end(serde_json::json!("KILLED"))?, Status::Killed);
    /// assert!(Status::of_an_end(serde_json::json!("RUNNING")).is_err());
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn of_an_end<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match Self::deserialize(from)? {
            Self::Running => Err(serde::de::Error::custom("a run does not end as RUNNING")),
            status => Ok(status),
        }
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Returns the current time in milliseconds since 1970 in UTC. Returns 0 if the clock is before
/// 1970.
///
/// ```
/// use mlplots_journal::record::now_millis;
///
/// assert!(now_millis() > 1_700_000_000_000);
/// ```
pub fn now_millis() -> i64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as i64)
}
