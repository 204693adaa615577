//! The two traits that the shipping worker knows, and what passes through them.

pub(crate) mod check;
#[cfg(test)]
pub(crate) mod contract;
mod error;
mod source;

use std::collections::BTreeMap;

pub(crate) use error::{Concern, ErrorKind, StoreError};
use mlplots_journal::record::{Metric, Param, Status, Tag};
use serde::{Deserialize, Serialize};
pub(crate) use source::{Checked, Part, Source};

/// Which experiment a run belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ExperimentChoice {
    /// Found by name, made when missing.
    Name(String),
    /// Must exist.
    Id(String),
}

/// An experiment of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Experiment {
    /// MLflow's experiment id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
}

/// A run to be made.
#[derive(Clone, Debug)]
pub(crate) struct NewRun<'a> {
    /// In which experiment.
    pub(crate) experiment_id: &'a str,
    /// Run name; `None` lets the store invent one.
    pub(crate) name: Option<&'a str>,
    /// MLflow's `user_id`.
    pub(crate) user: &'a str,
    /// Milliseconds since 1970.
    pub(crate) start_time: i64,
    /// Tags from the start; holds `mlplots.run_uuid`, by which `find_run` finds it.
    pub(crate) tags: &'a [Tag],
}

/// Which run of a store a journal is: what a cursor keeps of it. Where its files go is for the
/// store to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptRun {
    /// MLflow's run id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
}

/// A run as the store tells it, in this process: it is not read from a disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredRun {
    /// MLflow's run id.
    pub(crate) id: String,
    /// In which experiment.
    pub(crate) experiment_id: String,
    /// Its name.
    pub(crate) name: String,
    /// Where its artifacts go.
    pub(crate) artifact_uri: String,
}

/// What the store knows of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KnownRun {
    /// Which one it is.
    pub(crate) run: StoredRun,
    /// In MLflow's words.
    pub(crate) status: String,
    /// Its params.
    pub(crate) params: Vec<Param>,
    /// Its tags.
    pub(crate) tags: Vec<Tag>,
    /// The last step of each of its metrics.
    pub(crate) steps: BTreeMap<String, i64>,
}

/// What one call logs: at most 1000 metrics, 100 params, 100 tags and 1000 in all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Batch {
    /// Metric points.
    pub(crate) metrics: Vec<Metric>,
    /// Params.
    pub(crate) params: Vec<Param>,
    /// Tags.
    pub(crate) tags: Vec<Tag>,
}

/// A logged model to be made.
#[derive(Clone, Debug)]
pub(crate) struct NewModel<'a> {
    /// The run it comes from.
    pub(crate) run: &'a StoredRun,
    /// Its name.
    pub(crate) name: &'a str,
    /// The tag `mlplots.model_uuid`, by which `find_model` finds it.
    pub(crate) uuid: &'a str,
    /// Milliseconds since 1970.
    pub(crate) timestamp: i64,
    /// The run's params until then.
    pub(crate) params: &'a [Param],
    /// Further tags, as on the run (user, source).
    pub(crate) tags: &'a [Tag],
}

/// A logged model of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredModel {
    /// MLflow's model id, `m-` and 32 hex digits.
    pub(crate) id: String,
    /// Where its files go.
    pub(crate) artifact_uri: String,
}

/// How a logged model's upload ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ModelStatus {
    /// All its files are there.
    Ready,
    /// They could not be stored.
    UploadFailed,
}

/// Where runs, metrics, params and tags go. Every call may be repeated: `create_run` and
/// `create_model` are preceded by a look-up, the others leave the same state when done twice.
pub(crate) trait TrackingStore: Send + Sync {
    /// Finds an experiment, and makes one that is asked for by name and missing.
    fn experiment(&self, choice: &ExperimentChoice) -> Result<Experiment, StoreError>;
    /// Finds the run that carries the tag `mlplots.run_uuid` = `uuid`.
    fn find_run(&self, experiment_id: &str, uuid: &str) -> Result<Option<StoredRun>, StoreError>;
    /// Finds a run by MLflow's run id.
    fn run(&self, run_id: &str) -> Result<KnownRun, StoreError>;
    /// Makes a run, RUNNING.
    fn create_run(&self, new: &NewRun<'_>) -> Result<StoredRun, StoreError>;
    /// Logs a batch; all of it or nothing.
    fn log_batch(&self, run_id: &str, batch: &Batch) -> Result<(), StoreError>;
    /// Sets the status, and the end time if there is one.
    fn set_status(
        &self,
        run_id: &str,
        status: Status,
        end_time: Option<i64>,
    ) -> Result<(), StoreError>;
    /// Finds the model of this run that carries the tag `mlplots.model_uuid` = `uuid`.
    fn find_model(&self, run: &StoredRun, uuid: &str) -> Result<Option<StoredModel>, StoreError>;
    /// Makes a logged model, PENDING; none where the store knows no logged models.
    fn create_model(&self, new: &NewModel<'_>) -> Result<Option<StoredModel>, StoreError>;
    /// Makes the model an output of the run; repeating it is harmless.
    fn add_output(&self, run: &StoredRun, model_id: &str, step: i64) -> Result<(), StoreError>;
    /// Shows finite metrics of the run as the model's; repeating it is harmless.
    fn log_model_metrics(
        &self,
        run: &StoredRun,
        model_id: &str,
        metrics: &[Metric],
    ) -> Result<(), StoreError>;
    /// Sets the model's status.
    fn finish_model(&self, model_id: &str, status: ModelStatus) -> Result<(), StoreError>;
    /// Tells a store that knows no logged models of a model among the run's artifacts, by what
    /// its `MLmodel` says; repeating it is harmless.
    fn add_run_model(
        &self,
        _run: &StoredRun,
        _uuid: &str,
        _mlmodel: &serde_json::Value,
    ) -> Result<(), StoreError> {
        Ok(())
    }
    /// The artifact store behind an artifact root of this store.
    fn artifacts(&self, root: Root<'_>) -> Result<Box<dyn ArtifactStore>, StoreError>;
    /// The tracking URI, without credentials.
    fn uri(&self) -> &str;
    /// How a person sees the run: a page's address, or the command that serves it.
    fn view(&self, run: &StoredRun) -> View;
}

/// How a person sees a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum View {
    /// Open this page.
    Url(String),
    /// Type this command, then open the page it names.
    Command(String),
}

/// One run's or one model's artifact root.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Root<'a> {
    /// A run's, by MLflow's run id.
    Run { id: &'a str, uri: &'a str },
    /// A logged model's, by MLflow's model id.
    Model { id: &'a str, uri: &'a str },
}

impl<'a> Root<'a> {
    /// The artifact URI.
    pub(crate) fn uri(self) -> &'a str {
        match self {
            Self::Run { uri, .. } | Self::Model { uri, .. } => uri,
        }
    }
}

impl StoredRun {
    /// What a cursor keeps of it.
    pub(crate) fn kept(&self) -> KeptRun {
        KeptRun {
            id: self.id.clone(),
            name: self.name.clone(),
        }
    }

    /// Where its files go.
    pub(crate) fn root(&self) -> Root<'_> {
        Root::Run {
            id: &self.id,
            uri: &self.artifact_uri,
        }
    }
}

impl StoredModel {
    /// Where its files go.
    pub(crate) fn root(&self) -> Root<'_> {
        Root::Model {
            id: &self.id,
            uri: &self.artifact_uri,
        }
    }
}

/// Where files go.
pub(crate) trait ArtifactStore: Send + Sync {
    /// Stores a file under its path, streamed; a file already there is replaced. One whose bytes are
    /// not those of its record is refused, and does not appear.
    fn put(&self, source: &Source) -> Result<(), StoreError>;

    /// Stores any file.
    #[cfg(test)]
    fn put_file(&self, path: &str, file: &std::path::Path) -> Result<(), StoreError> {
        self.put(&Source::of(path, file)?)
    }
}
