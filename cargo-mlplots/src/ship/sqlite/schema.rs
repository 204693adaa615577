//! Creates MLflow's tables, or checks those of a database that MLflow created.

use std::collections::BTreeSet;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use mlplots_journal::record::now_millis;
use rusqlite::{Connection, TransactionBehavior, params};

use super::failed;
use crate::ship::store::StoreError;

type Columns = (&'static str, &'static [&'static str]);

/// The columns that every run needs.
const RUNS: &[Columns] = &[
    (
        "experiments",
        &[
            "experiment_id",
            "name",
            "artifact_location",
            "lifecycle_stage",
            "creation_time",
            "last_update_time",
        ],
    ),
    (
        "runs",
        &[
            "run_uuid",
            "name",
            "source_type",
            "source_name",
            "entry_point_name",
            "user_id",
            "status",
            "start_time",
            "end_time",
            "source_version",
            "lifecycle_stage",
            "artifact_uri",
            "experiment_id",
        ],
    ),
    ("params", &["key", "value", "run_uuid"]),
    ("tags", &["key", "value", "run_uuid"]),
    (
        "metrics",
        &["key", "value", "timestamp", "run_uuid", "step", "is_nan"],
    ),
    (
        "latest_metrics",
        &["key", "value", "timestamp", "run_uuid", "step", "is_nan"],
    ),
];

/// The columns that every LoggedModel needs.
const MODELS: &[Columns] = &[
    (
        "inputs",
        &[
            "input_uuid",
            "source_type",
            "source_id",
            "destination_type",
            "destination_id",
            "step",
        ],
    ),
    (
        "logged_models",
        &[
            "model_id",
            "experiment_id",
            "name",
            "artifact_location",
            "creation_timestamp_ms",
            "last_updated_timestamp_ms",
            "status",
            "lifecycle_stage",
            "source_run_id",
        ],
    ),
    (
        "logged_model_tags",
        &["model_id", "experiment_id", "tag_key", "tag_value"],
    ),
    (
        "logged_model_params",
        &["model_id", "experiment_id", "param_key", "param_value"],
    ),
    (
        "logged_model_metrics",
        &[
            "model_id",
            "metric_name",
            "metric_timestamp_ms",
            "metric_step",
            "metric_value",
            "experiment_id",
            "run_id",
        ],
    ),
];

/// Creates the tables in an empty database. Checks them in any other one.
pub(super) fn prepare(
    connection: &mut Connection,
    file: &Path,
    artifact_root: &Path,
) -> Result<(), StoreError> {
    let error = |error| failed(file, "open", &error);
    // Checks before the transaction, since an existing database needs no write lock.
    if tables(connection).map_err(error)?.is_empty() {
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(error)?;
        // Another process may have created the tables while this one waited for the lock.
        if tables(&transaction).map_err(error)?.is_empty() {
            transaction
                .execute_batch(include_str!("schema.sql"))
                .map_err(error)?;
            let now = now_millis();
            transaction
                .execute(
                    "INSERT INTO experiments
                        (experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time)
                     VALUES (0, 'Default', ?1, 'active', ?2, ?2)",
                    params![super::location(artifact_root, "0"), now],
                )
                .map_err(error)?;
        }
        transaction.commit().map_err(error)?;
    }
    require(connection, file, RUNS)
}

/// Checks the tables of LoggedModels.
pub(super) fn require_models(connection: &Connection, file: &Path) -> Result<(), StoreError> {
    require(connection, file, MODELS)
}

/// Checks tables. Waits if the file has changed recently, since MLflow may still be creating them.
fn require(connection: &Connection, file: &Path, needed: &[Columns]) -> Result<(), StoreError> {
    const RECENT: Duration = Duration::from_secs(2);
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let checked = check(connection, file, needed);
        let changed = file.metadata().and_then(|data| data.modified()).ok();
        let is_recent = changed.is_some_and(|at| at.elapsed().is_ok_and(|age| age < RECENT));
        if checked.is_ok() || !is_recent || Instant::now() > deadline {
            return checked;
        }
        thread::sleep(Duration::from_millis(100));
    }
}

fn check(connection: &Connection, file: &Path, needed: &[Columns]) -> Result<(), StoreError> {
    let error = |error| failed(file, "read", &error);
    for (table, columns) in needed {
        let found = columns_of(connection, table).map_err(error)?;
        let missing: Vec<_> = columns
            .iter()
            .filter(|column| !found.contains(**column))
            .copied()
            .collect();
        if missing.is_empty() {
            continue;
        }
        if !tables(connection)
            .map_err(error)?
            .contains("alembic_version")
        {
            return Err(StoreError::refused(format!(
                "{} is not an MLflow database: it has no table `{table}`",
                file.display()
            ))
            .help("set the tracking URI to another file, such as `sqlite:///mlflow.db`"));
        }
        let what = if found.is_empty() {
            format!("the table `{table}`")
        } else {
            format!(
                "{} in the table `{table}`",
                missing
                    .iter()
                    .map(|column| format!("`{column}`"))
                    .collect::<Vec<_>>()
                    .join(", ")
            )
        };
        return Err(StoreError::refused(format!(
            "{} was created by an MLflow version that is too old: it lacks {what}",
            file.display()
        ))
        .help(format!(
            "back up the file, then run `mlflow db upgrade {}`",
            super::quote(&crate::settings::sqlite_uri(file))
        )));
    }
    Ok(())
}

/// Whether a table has a column. Not cached, since MLflow may upgrade a database that is open here.
pub(super) fn has_column(
    connection: &Connection,
    table: &str,
    column: &str,
) -> rusqlite::Result<bool> {
    Ok(columns_of(connection, table)?.contains(column))
}

fn columns_of(connection: &Connection, table: &str) -> rusqlite::Result<BTreeSet<String>> {
    let mut statement = connection.prepare_cached("SELECT name FROM pragma_table_info(?1)")?;
    statement.query_map([table], |row| row.get(0))?.collect()
}

fn tables(connection: &Connection) -> rusqlite::Result<BTreeSet<String>> {
    let mut statement =
        connection.prepare_cached("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
    statement.query_map([], |row| row.get(0))?.collect()
}
