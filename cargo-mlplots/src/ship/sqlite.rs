//! The tracking store in MLflow's own database file. Its rows are those that MLflow writes.

mod local;
mod models;
mod names;
mod runs;
mod schema;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use local::LocalStore;
use mlplots_journal::record::{Metric, Status};
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};

use super::store::{
    ArtifactStore, Batch, Experiment, ExperimentChoice, KnownRun, ModelStatus, NewModel, NewRun,
    Root, Scope, StoreError, StoredModel, StoredRun, TrackingStore, View,
};
use crate::settings::{Database, scheme, sqlite_uri};

/// Runs, metrics, params, tags and LoggedModels in an SQLite file, and their artifacts in
/// directories.
pub(crate) struct SqliteStore {
    connection: Mutex<Connection>,
    file: PathBuf,
    artifact_root: PathBuf,
    uri: String,
}

impl SqliteStore {
    /// Opens an existing file, for a run that is in it.
    pub(crate) fn open_existing(database: &Database) -> Result<Self, StoreError> {
        let file = &database.file;
        match file.try_exists() {
            Ok(false) => Err(StoreError::refused(format!(
                "there is no database {}",
                file.display()
            ))
            .help("the run is in another database: set the tracking URI to it")
            .with_scope(Scope::Gone)),
            // `open` reports other errors.
            Ok(true) | Err(_) => Self::open(database),
        }
    }

    /// Opens the file. Creates a missing one with MLflow's tables.
    pub(crate) fn open(database: &Database) -> Result<Self, StoreError> {
        let file = &database.file;
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).map_err(|error| {
                StoreError::refused(format!(
                    "cannot create the directory {}: {error}",
                    folder.display()
                ))
                .help("make it writable, or set another tracking URI")
            })?;
        }
        let error = |error| failed(file, "open", &error);
        let mut connection = Connection::open(file).map_err(error)?;
        connection.busy_timeout(database.timeout).map_err(error)?;
        // MLflow uses this setting too.
        connection
            .execute_batch("PRAGMA foreign_keys = ON")
            .map_err(error)?;
        schema::prepare(&mut connection, file, &database.artifact_root)?;
        Ok(Self {
            connection: Mutex::new(connection),
            file: file.clone(),
            artifact_root: database.artifact_root.clone(),
            uri: sqlite_uri(file),
        })
    }

    /// Executes `work` in a write transaction.
    fn write<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Refusal>,
    ) -> Result<T, StoreError> {
        let error = |error| failed(&self.file, "write", &error);
        // A panic has rolled back its transaction.
        let mut connection = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // Takes the write lock at the start: SQLite does not wait for another writer when a read
        // transaction becomes a write transaction.
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(error)?;
        let done =
            work(&transaction).map_err(|refusal| refusal.into_store_error(&self.file, "write"))?;
        transaction.commit().map_err(error)?;
        Ok(done)
    }

    /// Checks the tables of LoggedModels. Old databases do not have them, but accept runs.
    fn ready_for_models(&self) -> Result<(), StoreError> {
        self.read(|connection| Ok(schema::require_models(connection, &self.file)?))
    }

    /// Executes `work` without a write lock.
    fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Refusal>,
    ) -> Result<T, StoreError> {
        let connection = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        work(&connection).map_err(|refusal| refusal.into_store_error(&self.file, "read"))
    }
}

impl TrackingStore for SqliteStore {
    fn experiment(&self, choice: &ExperimentChoice) -> Result<Experiment, StoreError> {
        if let Some(found) =
            self.read(|connection| runs::find_experiment(connection, choice, &self.uri))?
        {
            return Ok(found);
        }
        self.write(|transaction| {
            runs::create_experiment(transaction, choice, &self.artifact_root, &self.uri)
        })
    }

    fn find_run(&self, experiment_id: &str, uuid: &str) -> Result<Option<StoredRun>, StoreError> {
        self.read(|connection| runs::find(connection, experiment_id, uuid))
    }

    fn run(&self, run_id: &str) -> Result<KnownRun, StoreError> {
        self.read(|connection| runs::known(connection, run_id, &self.uri))
    }

    fn create_run(&self, new: &NewRun<'_>) -> Result<StoredRun, StoreError> {
        self.write(|transaction| runs::create(transaction, new))
    }

    fn log_batch(&self, run_id: &str, batch: &Batch) -> Result<(), StoreError> {
        self.write(|transaction| {
            runs::active(transaction, run_id, &self.uri)?;
            runs::log(transaction, run_id, batch)
        })
    }

    fn set_status(
        &self,
        run_id: &str,
        status: Status,
        end_time: Option<i64>,
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            runs::active(transaction, run_id, &self.uri)?;
            transaction.execute(
                "UPDATE runs SET status = ?2, end_time = COALESCE(?3, end_time) WHERE run_uuid = ?1",
                (run_id, status.as_str(), end_time),
            )?;
            Ok(())
        })
    }

    fn find_model(&self, run: &StoredRun, uuid: &str) -> Result<Option<StoredModel>, StoreError> {
        self.ready_for_models()?;
        self.read(|connection| models::find(connection, run, uuid))
    }

    fn create_model(&self, new: &NewModel<'_>) -> Result<Option<StoredModel>, StoreError> {
        self.ready_for_models()?;
        self.write(|transaction| models::create(transaction, new).map(Some))
    }

    fn add_output(&self, run: &StoredRun, model_id: &str, step: i64) -> Result<(), StoreError> {
        self.ready_for_models()?;
        self.write(|transaction| {
            runs::active(transaction, &run.id, &self.uri)?;
            models::add_output(transaction, run, model_id, step)
        })
    }

    fn log_model_metrics(
        &self,
        run: &StoredRun,
        model_id: &str,
        metrics: &[Metric],
    ) -> Result<(), StoreError> {
        self.write(|transaction| models::log_metrics(transaction, run, model_id, metrics))
    }

    fn finish_model(&self, model_id: &str, status: ModelStatus) -> Result<(), StoreError> {
        self.write(|transaction| models::finish(transaction, model_id, status, &self.uri))
    }

    fn artifacts(&self, root: Root<'_>) -> Result<Box<dyn ArtifactStore>, StoreError> {
        match &*scheme(root.uri()) {
            "" | "file" => Ok(Box::new(LocalStore::new(root.uri())?)),
            _ => Err(not_local("this run", root.uri())),
        }
    }

    fn uri(&self) -> &str {
        &self.uri
    }

    fn view(&self, _run: &StoredRun) -> View {
        View::Command(format!(
            "mlflow ui --backend-store-uri {}",
            quote(&self.uri)
        ))
    }
}

/// The error of a transaction.
enum Refusal {
    Store(StoreError),
    Database(rusqlite::Error),
}

impl Refusal {
    fn into_store_error(self, file: &Path, what: &str) -> StoreError {
        match self {
            Self::Store(error) => error,
            Self::Database(error) => failed(file, what, &error),
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

/// The artifact root of an experiment: a path, in which `%` is encoded, since MLflow's client
/// percent-decodes it.
fn location(artifact_root: &Path, experiment_id: &str) -> String {
    let path = artifact_root.join(experiment_id);
    path.to_string_lossy().replace('%', "%25")
}

/// The error if the artifact root is not a local directory.
fn not_local(what: &str, uri: &str) -> StoreError {
    let error = StoreError::refused(format!(
        "the artifacts of {what} go to `{uri}`, which only an MLflow server can reach"
    ));
    if scheme(uri) == "mlflow-artifacts" {
        return error.with_scope(Scope::Run).help(
            "the experiment was created by an MLflow server: start that server and set MLFLOW_TRACKING_URI to its URL, \
             or use another experiment name",
        );
    }
    error.with_scope(Scope::Run).help("start `mlflow server --artifacts-destination` with that location, and set MLFLOW_TRACKING_URI to its URL")
}

fn failed(file: &Path, what: &str, error: &rusqlite::Error) -> StoreError {
    let file = file.display();
    let message = format!("cannot {what} {file}: {error}");
    let failed = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed) => {
            StoreError::retry(format!("another program holds a lock on {file}")).help("find the program that holds the lock")
        }
        Some(ErrorCode::DiskFull) => StoreError::retry(message).help("free space on that disk"),
        Some(ErrorCode::SystemIoFailure) => StoreError::retry(message).help("check the free space, the quota and the health of that disk"),
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            StoreError::refused(message).help("make the file and its directory writable, or set another tracking URI")
        }
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => StoreError::refused(message)
            .help("the file is damaged or not an SQLite database: move it, or set another tracking URI"),
        _ => return StoreError::refused(message),
    };
    failed.with_scope(Scope::Store)
}

/// Quotes a word for a POSIX shell if necessary.
pub(crate) fn quote(word: &str) -> String {
    let plain = |c: char| {
        c.is_ascii_alphanumeric()
            || matches!(c, '/' | ':' | '.' | '_' | '-' | '+' | '%' | '@' | ',' | '=')
    };
    if word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
