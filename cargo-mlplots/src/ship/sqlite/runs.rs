//! The rows of experiments and runs in MLflow's tables.

use std::path::Path;

use mlplots_journal::record::{Metric, Param, Tag, now_millis};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::{Refusal, location, names, not_local, schema};
use crate::settings::scheme;
use crate::ship::rest::{deleted_experiment, deleted_run, no_run};
use crate::ship::store::{
    Batch, Experiment, ExperimentChoice, KnownRun, NewRun, Scope, StoreError, StoredRun, check,
};

const RUN_NAME: &str = "mlflow.runName";

/// Finds an active experiment. Returns `None` if it may be created.
pub(super) fn find_experiment(
    connection: &Connection,
    choice: &ExperimentChoice,
    uri: &str,
) -> Result<Option<Experiment>, Refusal> {
    let (condition, value) = match choice {
        ExperimentChoice::Name(name) => ("name = ?1", name),
        ExperimentChoice::Id(id) => ("CAST(experiment_id AS TEXT) = ?1", id),
    };
    // Newer databases have workspaces. Without a server there is only the default one.
    let workspace = if schema::has_column(connection, "experiments", "workspace")? {
        " AND workspace = 'default'"
    } else {
        ""
    };
    let query = format!(
        "SELECT CAST(experiment_id AS TEXT), name, lifecycle_stage, COALESCE(artifact_location, '')
         FROM experiments WHERE {condition}{workspace}"
    );
    let found = connection
        .query_row(&query, [value], |row| {
            Ok((
                Experiment {
                    id: row.get(0)?,
                    name: row.get(1)?,
                },
                row.get::<_, String>(2)?,
                row.get::<_, String>(3)?,
            ))
        })
        .optional()?;
    match (found, choice) {
        (None, ExperimentChoice::Name(_)) => Ok(None),
        (None, ExperimentChoice::Id(id)) => Err(StoreError::refused(format!(
            "there is no experiment with the id {id} in {uri}"
        ))
        .help("check the id, or set the experiment's name")
        .with_scope(Scope::Run)
        .into()),
        (Some((experiment, stage, _)), _) if stage == "deleted" => {
            Err(deleted_experiment(&experiment.id, &experiment.name).into())
        }
        (Some((experiment, _, location)), _) if !matches!(&*scheme(&location), "" | "file") => {
            Err(not_local(&format!("the experiment `{}`", experiment.name), &location).into())
        }
        (Some((experiment, ..)), _) => Ok(Some(experiment)),
    }
}

/// Creates an experiment, unless another process has created it since the lookup.
pub(super) fn create_experiment(
    transaction: &Transaction<'_>,
    choice: &ExperimentChoice,
    artifact_root: &Path,
    uri: &str,
) -> Result<Experiment, Refusal> {
    if let Some(found) = find_experiment(transaction, choice, uri)? {
        return Ok(found);
    }
    let (ExperimentChoice::Name(name) | ExperimentChoice::Id(name)) = choice;
    transaction.execute(
        "INSERT INTO experiments (name, lifecycle_stage, creation_time, last_update_time) VALUES (?1, 'active', ?2, ?2)",
        params![name, now_millis()],
    )?;
    let id = transaction.last_insert_rowid().to_string();
    transaction.execute(
        "UPDATE experiments SET artifact_location = ?2 WHERE experiment_id = ?1",
        (&id, location(artifact_root, &id)),
    )?;
    Ok(Experiment {
        id,
        name: name.clone(),
    })
}

pub(super) fn no_experiment(id: &str) -> StoreError {
    StoreError::refused(format!(
        "the experiment with the id {id} is missing or deleted, or has no artifact location"
    ))
    .help("list the experiments: `mlflow experiments search --view all`")
    .with_scope(Scope::Run)
}

const RUN: &str = "SELECT runs.run_uuid, CAST(runs.experiment_id AS TEXT), COALESCE(runs.name, ''),
    COALESCE(runs.artifact_uri, ''), runs.lifecycle_stage FROM runs";

fn stored(row: &Row<'_>) -> rusqlite::Result<(StoredRun, String)> {
    Ok((
        StoredRun {
            id: row.get(0)?,
            experiment_id: row.get(1)?,
            name: row.get(2)?,
            artifact_uri: row.get(3)?,
        },
        row.get(4)?,
    ))
}

/// Finds an active run by its tag `mlplots.run_uuid`.
pub(super) fn find(
    connection: &Connection,
    experiment_id: &str,
    uuid: &str,
) -> Result<Option<StoredRun>, Refusal> {
    let query = format!(
        "{RUN} JOIN tags ON tags.run_uuid = runs.run_uuid
         WHERE tags.key = 'mlplots.run_uuid' AND tags.value = ?2
           AND runs.experiment_id = ?1 AND runs.lifecycle_stage = 'active'"
    );
    Ok(connection
        .query_row(&query, (experiment_id, uuid), stored)
        .optional()?
        .map(|(run, _)| run))
}

/// Finds an active run by its id.
pub(super) fn active(
    connection: &Connection,
    run_id: &str,
    uri: &str,
) -> Result<StoredRun, Refusal> {
    match connection
        .query_row(&format!("{RUN} WHERE runs.run_uuid = ?1"), [run_id], stored)
        .optional()?
    {
        None => Err(no_run(run_id, uri).into()),
        Some((_, stage)) if stage == "deleted" => Err(deleted_run(run_id).into()),
        Some((run, _)) => Ok(run),
    }
}

/// Reads the data of an active run.
pub(super) fn known(connection: &Connection, run_id: &str, uri: &str) -> Result<KnownRun, Refusal> {
    let run = active(connection, run_id, uri)?;
    let pairs = |query| -> rusqlite::Result<Vec<(String, String)>> {
        let mut found = connection.prepare(query)?;
        let rows = found.query_map([run_id], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect()
    };
    let params = pairs("SELECT key, value FROM params WHERE run_uuid = ?1")?;
    let tags = pairs("SELECT key, value FROM tags WHERE run_uuid = ?1")?;
    let mut latest =
        connection.prepare("SELECT key, step FROM latest_metrics WHERE run_uuid = ?1")?;
    let steps = latest.query_map([run_id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(KnownRun {
        status: connection.query_row(
            "SELECT status FROM runs WHERE run_uuid = ?1",
            [run_id],
            |row| row.get(0),
        )?,
        run,
        params: params
            .into_iter()
            .map(|(key, value)| Param { key, value })
            .collect(),
        tags: tags
            .into_iter()
            .map(|(key, value)| Tag { key, value })
            .collect(),
        steps: steps.collect::<rusqlite::Result<_>>()?,
    })
}

pub(super) fn create(
    transaction: &Transaction<'_>,
    new: &NewRun<'_>,
) -> Result<StoredRun, Refusal> {
    check::tags(new.tags)?;
    let location: Option<String> = transaction
        .query_row(
            "SELECT artifact_location FROM experiments WHERE experiment_id = ?1 AND lifecycle_stage = 'active'",
            [new.experiment_id],
            |row| row.get(0),
        )
        .optional()?;
    let Some(location) = location else {
        return Err(no_experiment(new.experiment_id).into());
    };
    let id = uuid::Uuid::new_v4().simple().to_string();
    let tagged = new
        .tags
        .iter()
        .find(|tag| tag.key == RUN_NAME)
        .map(|tag| &*tag.value);
    let name = new
        .name
        .or(tagged)
        .map_or_else(names::generate, str::to_owned);
    let artifact_uri = format!("{}/{id}/artifacts", location.trim_end_matches('/'));
    transaction.execute(
        "INSERT INTO runs
            (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, source_version,
             lifecycle_stage, artifact_uri, experiment_id)
         VALUES (?1, ?2, 'UNKNOWN', '', '', ?3, 'RUNNING', ?4, '', 'active', ?5, ?6)",
        params![id, name, new.user, new.start_time, artifact_uri, new.experiment_id],
    )?;
    for tag in new.tags.iter().filter(|tag| tag.key != RUN_NAME) {
        set_tag(transaction, &id, tag)?;
    }
    set_tag(
        transaction,
        &id,
        &Tag {
            key: RUN_NAME.to_owned(),
            value: name.clone(),
        },
    )?;
    Ok(StoredRun {
        id,
        experiment_id: new.experiment_id.to_owned(),
        name,
        artifact_uri,
    })
}

pub(super) fn log(
    transaction: &Transaction<'_>,
    run_id: &str,
    batch: &Batch,
) -> Result<(), Refusal> {
    for param in check::batch(batch)? {
        set_param(transaction, run_id, param)?;
    }
    for metric in &batch.metrics {
        add_metric(transaction, run_id, metric)?;
    }
    for tag in &batch.tags {
        set_tag(transaction, run_id, tag)?;
    }
    Ok(())
}

fn set_param(transaction: &Transaction<'_>, run_id: &str, param: &Param) -> Result<(), Refusal> {
    let mut known =
        transaction.prepare_cached("SELECT value FROM params WHERE run_uuid = ?1 AND key = ?2")?;
    let known: Option<String> = known
        .query_row((run_id, &param.key), |row| row.get(0))
        .optional()?;
    match known {
        Some(value) if value == param.value => {}
        Some(value) => return Err(check::changed_param(&param.key, &value, &param.value).into()),
        None => {
            let mut insert = transaction
                .prepare_cached("INSERT INTO params (key, value, run_uuid) VALUES (?1, ?2, ?3)")?;
            insert.execute((&param.key, &param.value, run_id))?;
        }
    }
    Ok(())
}

fn add_metric(
    transaction: &Transaction<'_>,
    run_id: &str,
    metric: &Metric,
) -> rusqlite::Result<()> {
    // MLflow stores NaN as 0 with a flag, and infinity as the largest number.
    let is_nan = metric.value.is_nan();
    let value = if is_nan {
        0.0
    } else {
        metric.value.clamp(f64::MIN, f64::MAX)
    };
    let values = params![
        metric.key,
        value,
        metric.timestamp,
        run_id,
        metric.step,
        is_nan
    ];
    // A duplicate comes from a retry.
    let mut insert = transaction.prepare_cached(
        "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO NOTHING",
    )?;
    insert.execute(values)?;
    // The latest point is the one with the maximum step, then timestamp, then value.
    let mut latest = transaction.prepare_cached(
        "INSERT INTO latest_metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (key, run_uuid) DO UPDATE SET
            value = excluded.value, timestamp = excluded.timestamp, step = excluded.step, is_nan = excluded.is_nan
         WHERE (excluded.step, excluded.timestamp, excluded.value)
             > (latest_metrics.step, latest_metrics.timestamp, latest_metrics.value)",
    )?;
    latest.execute(values)?;
    Ok(())
}

fn set_tag(transaction: &Transaction<'_>, run_id: &str, tag: &Tag) -> rusqlite::Result<()> {
    let mut set = transaction.prepare_cached(
        "INSERT INTO tags (key, value, run_uuid) VALUES (?1, ?2, ?3)
         ON CONFLICT (key, run_uuid) DO UPDATE SET value = excluded.value",
    )?;
    set.execute((&tag.key, &tag.value, run_id))?;
    if tag.key == RUN_NAME {
        transaction.execute(
            "UPDATE runs SET name = ?2 WHERE run_uuid = ?1",
            (run_id, &tag.value),
        )?;
    }
    Ok(())
}
