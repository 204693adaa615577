//! What a run is made of: the records that a training program writes to its journal and that
//! `cargo mlplots` ships to MLflow.

mod float;
mod ids;
mod tally;

use serde::{Deserialize, Serialize};

use crate::host::Host;
use crate::listing::{PlotEntry, TrainEntry};

pub use ids::{ArtifactPath, Digest, RunUuid};
pub use tally::Tally;

/// Version of the journal's format, written in its first record.
pub const FORMAT: u32 = 1;

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// The first record: which run this is.
    Open(Box<Open>),
    /// Hyperparameters, each set once.
    Params(Vec<Param>),
    /// Metric points, kept together.
    Metrics(Vec<Metric>),
    /// Tags; a later value replaces an earlier one.
    Tags(Vec<Tag>),
    /// A file of the run.
    Artifact(Artifact),
    /// How a registered figure ended.
    Figure(Figure),
    /// A model, with its files.
    Model(Box<Model>),
    /// Something that makes the run FAILED although the training went on.
    Problem(Problem),
    /// The panic hook's words, in case the process does not live to write `Close`.
    Panic(String),
    /// The last record: how the training function returned.
    Close(Close),
}

/// Which run a journal belongs to, and where it came from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Open {
    /// [`FORMAT`] of the program that wrote the journal.
    pub format: u32,
    /// The tag `mlplots.run_uuid` of the run.
    pub run_uuid: RunUuid,
    /// Version of mlplots that wrote it.
    pub mlplots: String,
    /// Experiment's name as the program gives it; the supervisor's settings may replace it.
    pub experiment: Option<String>,
    /// Run name as the program gives it.
    pub run_name: Option<String>,
    /// The `#[train]` function, if there is one.
    pub train: Option<TrainEntry>,
    /// Process id of the training program.
    pub pid: u32,
    /// The machine that it runs on.
    #[serde(default, skip_serializing_if = "Host::is_unknown")]
    pub host: Host,
    /// When the run began, in milliseconds since 1970.
    pub start_time: i64,
    /// Who runs it; MLflow's `user_id` and tag `mlflow.user`.
    pub user: String,
    /// File name of the program.
    pub program: String,
    /// The figures that this run owes, by name.
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
    /// When it was logged, in milliseconds since 1970.
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
    /// Where it goes below the run's artifact root.
    pub path: ArtifactPath,
    /// SHA-256 of its bytes: its file name in the journal.
    pub sha256: Digest,
    /// Its size in bytes.
    pub bytes: u64,
}

/// How a figure ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FigureStatus {
    /// Drawn; its files are artifacts of the run.
    Logged,
    /// Not drawn, and the run must say so.
    Failed,
    /// Not asked for.
    Skipped,
}

/// One registered figure's end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure {
    /// The plot's name.
    pub name: String,
    /// How it ended.
    pub status: FigureStatus,
    /// Why it failed or was skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The step of the input that it drew, if it was provided with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<i64>,
    /// Its files, in the order of the formats.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<Artifact>,
    /// How long drawing and encoding took, in milliseconds.
    pub millis: u64,
    /// `file:line` of the plot function.
    pub source: String,
    /// Whether the run is whole without it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

/// A model of the run: MLflow's LoggedModel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// 32 hex digits; the tag `mlplots.model_uuid`, by which a second attempt finds the first.
    pub uuid: String,
    /// The name it is found by: `runs:/RUN/NAME`.
    pub name: String,
    /// The step of the run that it belongs to.
    pub step: i64,
    /// When it was logged, in milliseconds since 1970.
    pub timestamp: i64,
    /// How it is stored.
    pub flavor: Flavor,
    /// Its files, with paths below the model's own artifact root.
    pub files: Vec<Artifact>,
    /// What it takes and gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
    /// An example of its input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_example: Option<InputExample>,
}

/// An example of a model's input, in two files among the model's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputExample {
    /// The example itself.
    pub path: String,
    /// The same as the body of a request to `mlflow models serve`.
    pub serving_path: String,
    /// What it becomes in Python.
    pub kind: ExampleKind,
}

/// What an input example becomes in Python: MLflow's `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExampleKind {
    /// A pandas data frame, stored in its split form.
    Dataframe,
    /// A numpy array, or a dictionary of them.
    Ndarray,
}

/// How a model is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flavor {
    /// An ONNX file: Python loads it as `mlflow.onnx` and `mlflow.pyfunc`.
    Onnx {
        /// The ONNX file among the model's files.
        file: String,
    },
    /// A serde value of this crate's own flavor, read back by `mlplots::load_model`.
    Native {
        /// The data file among the model's files.
        file: String,
        /// The Rust type, for the reader of `MLmodel`.
        type_name: String,
    },
}

/// What a model takes and gives, in MLflow's schema: each a JSON list of columns or tensors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// JSON text of the inputs.
    pub inputs: String,
    /// JSON text of the outputs, where they are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outputs: Option<String>,
}

/// A logging call that could not be obeyed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What failed, on what, and what to do.
    pub message: String,
}

/// How the training function came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Close {
    /// `FINISHED` or `FAILED`.
    #[serde(deserialize_with = "Status::of_an_end")]
    pub status: Status,
    /// When it ended, in milliseconds since 1970.
    pub end_time: i64,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A run's status, in MLflow's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// Not ended.
    Running,
    /// The training returned Ok, every required figure is logged, no problem.
    Finished,
    /// Anything else that ended by itself.
    Failed,
    /// Somebody asked it to stop.
    Killed,
}

impl Status {
    /// The word MLflow knows it by.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Finished => "FINISHED",
            Self::Failed => "FAILED",
            Self::Killed => "KILLED",
        }
    }

    /// Reads the status of a run that ended: RUNNING is none.
    ///
    /// # Errors
    /// It is RUNNING, or no status.
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

/// Milliseconds since 1970, now.
pub fn now_millis() -> i64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as i64)
}
