//! The records of a run: a training program writes them to its journal, and `cargo mlplots` ships
//! them to MLflow.

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

/// A line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// The first record: the identity of the run.
    Open(Box<Open>),
    /// Hyperparameters, each set once.
    Params(Vec<Param>),
    /// Metric points that were logged together.
    Metrics(Vec<Metric>),
    /// Tags; a later value replaces an earlier one.
    Tags(Vec<Tag>),
    /// A file of the run.
    Artifact(Artifact),
    /// The result of a registered figure.
    Figure(Figure),
    /// A model, with its files.
    Model(Box<Model>),
    /// A failed logging call. The training continues, and the run ends FAILED.
    Problem(Problem),
    /// The message of a panic, in case the process dies before it writes `Close`.
    Panic(String),
    /// The last record: the result of the training function.
    Close(Close),
}

/// The identity and origin of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Open {
    /// [`FORMAT`] of the program that wrote the journal.
    pub format: u32,
    /// The tag `mlplots.run_uuid` of the run.
    pub run_uuid: RunUuid,
    /// Version of mlplots that wrote it.
    pub mlplots: String,
    /// The experiment that the program names; the supervisor's settings take precedence.
    pub experiment: Option<String>,
    /// The run name that the program gives.
    pub run_name: Option<String>,
    /// The `#[train]` function, if there is one.
    pub train: Option<TrainEntry>,
    /// Process id of the training program.
    pub pid: u32,
    /// The machine of the training program.
    #[serde(default, skip_serializing_if = "Host::is_unknown")]
    pub host: Host,
    /// The start of the run in milliseconds since 1970.
    pub start_time: i64,
    /// The user; MLflow's `user_id` and tag `mlflow.user`.
    pub user: String,
    /// The file name of the program.
    pub program: String,
    /// The registered figures of the run.
    pub figures: Vec<PlotEntry>,
}

/// A hyperparameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Param {
    /// Its name.
    pub key: String,
    /// Its value as text.
    pub value: String,
}

/// One point of a metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// Its name.
    pub key: String,
    /// Any `f64`; NaN and infinities are kept.
    #[serde(with = "float")]
    pub value: f64,
    /// The time of logging in milliseconds since 1970.
    pub timestamp: i64,
    /// The x axis.
    pub step: i64,
}

/// A label of the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// A file of the run. Its bytes are in the journal's `artifacts/` under their SHA-256.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Its path below the run's artifact root.
    pub path: ArtifactPath,
    /// SHA-256 of its bytes: its file name in the journal.
    pub sha256: Digest,
    /// Its size in bytes.
    pub bytes: u64,
}

/// The status of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FigureStatus {
    /// Drawn; its files are artifacts of the run.
    Logged,
    /// Not drawn; the run is FAILED unless the figure is optional.
    Failed,
    /// Deselected with `--only` or `--skip`.
    Skipped,
}

/// The result of a registered figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure {
    /// The plot's name.
    pub name: String,
    /// Its status.
    pub status: FigureStatus,
    /// The reason, if it failed or was skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The step of its inputs, if they have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<i64>,
    /// Its files, in the order of the formats.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<Artifact>,
    /// The duration of drawing and encoding in milliseconds.
    pub millis: u64,
    /// `file:line` of the plot function.
    pub source: String,
    /// Whether the run is complete without it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

/// A model of the run: MLflow's LoggedModel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// 32 hexadecimal digits; the tag `mlplots.model_uuid`, by which a retry finds the model.
    pub uuid: String,
    /// Its name in `runs:/RUN/NAME`.
    pub name: String,
    /// Its step of the run.
    pub step: i64,
    /// The time of logging in milliseconds since 1970.
    pub timestamp: i64,
    /// Its storage format.
    pub flavor: Flavor,
    /// Its files, with paths below the model's own artifact root.
    pub files: Vec<Artifact>,
    /// Its inputs and outputs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
    /// An example of its input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_example: Option<InputExample>,
}

/// An example of a model's input, stored in two files of the model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputExample {
    /// The example itself.
    pub path: String,
    /// The same as the body of a request to `mlflow models serve`.
    pub serving_path: String,
    /// Its type in Python.
    pub kind: ExampleKind,
}

/// The type of an input example in Python: MLflow's `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExampleKind {
    /// A pandas data frame, stored in its split form.
    Dataframe,
    /// A numpy array, or a dictionary of them.
    Ndarray,
}

/// The storage format of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flavor {
    /// An ONNX file: Python loads it as `mlflow.onnx` and `mlflow.pyfunc`.
    Onnx {
        /// The ONNX file among the model's files.
        file: String,
    },
    /// A serde value in the flavor of mlplots, which `mlplots::load_model` reads.
    Native {
        /// The data file among the model's files.
        file: String,
        /// The Rust type, for readers of `MLmodel`.
        type_name: String,
    },
}

/// The inputs and outputs of a model in MLflow's schema: JSON lists of columns or tensors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// JSON text of the inputs.
    pub inputs: String,
    /// JSON text of the outputs, if they are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outputs: Option<String>,
}

/// A failed logging call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What failed, on what, and what to do.
    pub message: String,
}

/// The result of the training function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Close {
    /// `FINISHED` or `FAILED`.
    #[serde(deserialize_with = "Status::of_an_end")]
    pub status: Status,
    /// The end of the run in milliseconds since 1970.
    pub end_time: i64,
    /// The reason, if it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The status of a run: MLflow's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// The run has not ended.
    Running,
    /// The training returned `Ok`, every required figure is logged, and no logging call failed.
    Finished,
    /// The run ended otherwise by itself.
    Failed,
    /// The run was stopped.
    Killed,
}

impl Status {
    /// MLflow's name of it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Finished => "FINISHED",
            Self::Failed => "FAILED",
            Self::Killed => "KILLED",
        }
    }

    /// Deserializes the status of a run that ended.
    ///
    /// # Errors
    /// It is RUNNING or not a status.
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

/// The current time in milliseconds since 1970.
pub fn now_millis() -> i64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as i64)
}
