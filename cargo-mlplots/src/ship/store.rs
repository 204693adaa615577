//! The traits of tracking stores and artifact stores, and their data.

pub(crate) mod check;
#[cfg(test)]
pub(crate) mod contract;
mod error;
mod source;

use std::collections::BTreeMap;

pub(crate) use error::{ErrorKind, Scope, StoreError};
use mlplots_journal::record::{Metric, Param, Status, Tag};
use serde::{Deserialize, Serialize};
pub(crate) use source::{Checked, Part, Source};

/// How a run names its experiment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ExperimentChoice {
    /// By name. A missing experiment is created.
    Name(String),
    /// By id. The experiment must exist.
    Id(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Experiment {
    /// MLflow's experiment id.
    pub(crate) id: String,
    pub(crate) name: String,
}

/// A run to create.
#[derive(Clone, Debug)]
pub(crate) struct NewRun<'a> {
    /// MLflow's experiment id.
    pub(crate) experiment_id: &'a str,
    /// The run name. If it is `None`, the store generates one.
    pub(crate) name: Option<&'a str>,
    /// MLflow's `user_id`.
    pub(crate) user: &'a str,
    /// Milliseconds since 1970.
    pub(crate) start_time: i64,
    /// The initial tags. `find_run` finds the run by the tag `mlplots.run_uuid`.
    pub(crate) tags: &'a [Tag],
}

/// The identity of a run in a store, as the cursor saves it. It does not contain the artifact root:
/// the cursor is untrusted, and must not decide where files are written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SavedRun {
    /// MLflow's run id.
    pub(crate) id: String,
    pub(crate) name: String,
}

/// A run as returned by the store. It is never read from the run's directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredRun {
    /// MLflow's run id.
    pub(crate) id: String,
    /// MLflow's experiment id.
    pub(crate) experiment_id: String,
    pub(crate) name: String,
    /// The artifact root.
    pub(crate) artifact_uri: String,
}

/// The identity and the data of a run in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KnownRun {
    pub(crate) run: StoredRun,
    /// MLflow's name of the status.
    pub(crate) status: String,
    pub(crate) params: Vec<Param>,
    pub(crate) tags: Vec<Tag>,
    /// The last step of each metric.
    pub(crate) steps: BTreeMap<String, i64>,
}

/// The content of one call: at most 1000 metrics, 100 params, 100 tags, and 1000 items in total.
#[derive(Clone, Debug, Default)]
pub(crate) struct Batch {
    pub(crate) metrics: Vec<Metric>,
    pub(crate) params: Vec<Param>,
    pub(crate) tags: Vec<Tag>,
}

/// A LoggedModel to create.
#[derive(Clone, Debug)]
pub(crate) struct NewModel<'a> {
    /// The run that logged it.
    pub(crate) run: &'a StoredRun,
    pub(crate) name: &'a str,
    /// The value of the tag `mlplots.model_uuid`, by which `find_model` finds the model.
    pub(crate) uuid: &'a str,
    /// Milliseconds since 1970.
    pub(crate) timestamp: i64,
    /// The params that the run logged before the model.
    pub(crate) params: &'a [Param],
    /// Tags that the model shares with the run: user and source.
    pub(crate) tags: &'a [Tag],
}

/// A LoggedModel in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredModel {
    /// MLflow's model id, `m-` and 32 hex digits.
    pub(crate) id: String,
    /// The artifact root.
    pub(crate) artifact_uri: String,
}

/// The status of the upload of a LoggedModel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ModelStatus {
    /// All files are stored.
    Ready,
    /// Some files could not be stored.
    UploadFailed,
}

/// A store of runs, metrics, params, tags and models. Every call may be retried: `create_run` and
/// `create_model` follow a lookup, and the other calls are idempotent.
pub(crate) trait TrackingStore: Send + Sync {
    /// Finds an experiment. Creates a missing one that is chosen by name.
    fn experiment(&self, choice: &ExperimentChoice) -> Result<Experiment, StoreError>;
    /// Finds the run with the tag `mlplots.run_uuid` = `uuid`.
    fn find_run(&self, experiment_id: &str, uuid: &str) -> Result<Option<StoredRun>, StoreError>;
    /// Finds a run by MLflow's run id.
    fn run(&self, run_id: &str) -> Result<KnownRun, StoreError>;
    /// Creates a run with the status RUNNING.
    fn create_run(&self, new: &NewRun<'_>) -> Result<StoredRun, StoreError>;
    /// Logs a batch atomically.
    fn log_batch(&self, run_id: &str, batch: &Batch) -> Result<(), StoreError>;
    /// Sets the status, and the end time if there is one.
    fn set_status(
        &self,
        run_id: &str,
        status: Status,
        end_time: Option<i64>,
    ) -> Result<(), StoreError>;
    /// Finds the model of this run with the tag `mlplots.model_uuid` = `uuid`.
    fn find_model(&self, run: &StoredRun, uuid: &str) -> Result<Option<StoredModel>, StoreError>;
    /// Creates a LoggedModel with the status PENDING. Returns `None` if the store does not support
    /// LoggedModels.
    fn create_model(&self, new: &NewModel<'_>) -> Result<Option<StoredModel>, StoreError>;
    /// Makes the model an output of the run. Idempotent.
    fn add_output(&self, run: &StoredRun, model_id: &str, step: i64) -> Result<(), StoreError>;
    /// Links finite metrics of the run to the model. Idempotent.
    fn log_model_metrics(
        &self,
        run: &StoredRun,
        model_id: &str,
        metrics: &[Metric],
    ) -> Result<(), StoreError>;
    /// Sets the status of the model.
    fn finish_model(&self, model_id: &str, status: ModelStatus) -> Result<(), StoreError>;
    /// Registers a model among the run's artifacts, with the content of its `MLmodel`, in a store
    /// without LoggedModels. Idempotent.
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
    fn view(&self, run: &StoredRun) -> View;
}

/// How the user views a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum View {
    /// The URL of a page.
    Url(String),
    /// A command that serves the page and prints its URL.
    Command(String),
}

/// The artifact root of a run or a model.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Root<'a> {
    /// The root of a run, by MLflow's run id.
    Run { id: &'a str, uri: &'a str },
    /// The root of a LoggedModel, by MLflow's model id.
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
    pub(crate) fn saved(&self) -> SavedRun {
        SavedRun {
            id: self.id.clone(),
            name: self.name.clone(),
        }
    }

    pub(crate) fn root(&self) -> Root<'_> {
        Root::Run {
            id: &self.id,
            uri: &self.artifact_uri,
        }
    }
}

impl StoredModel {
    pub(crate) fn root(&self) -> Root<'_> {
        Root::Model {
            id: &self.id,
            uri: &self.artifact_uri,
        }
    }
}

/// A store of files.
pub(crate) trait ArtifactStore: Send + Sync {
    /// Uploads a file as a stream, and replaces an existing one. A file whose content does not
    /// match its record is not stored.
    fn put(&self, source: &Source) -> Result<(), StoreError>;

    #[cfg(test)]
    fn put_file(&self, path: &str, file: &std::path::Path) -> Result<(), StoreError> {
        self.put(&Source::of(path, file)?)
    }
}
