//! The rows of LoggedModels in MLflow's tables.

use mlplots_journal::record::{Metric, now_millis};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::Refusal;
use super::runs::no_experiment;
use crate::ship::store::{ModelStatus, NewModel, StoreError, StoredModel, StoredRun, check};

/// MLflow's codes for the status of a model.
const PENDING: i64 = 1;
const READY: i64 = 2;
const FAILED: i64 = 3;

/// Finds a model of this run by its tag `mlplots.model_uuid`.
pub(super) fn find(
    connection: &Connection,
    run: &StoredRun,
    uuid: &str,
) -> Result<Option<StoredModel>, Refusal> {
    let mut find = connection.prepare_cached(
        "SELECT logged_models.model_id, logged_models.artifact_location
         FROM logged_models JOIN logged_model_tags USING (model_id)
         WHERE source_run_id = ?1 AND lifecycle_stage = 'active'
           AND tag_key = 'mlplots.model_uuid' AND tag_value = ?2",
    )?;
    let found = find.query_row((&run.id, uuid), |row| {
        Ok(StoredModel {
            id: row.get(0)?,
            artifact_uri: row.get(1)?,
        })
    });
    Ok(found.optional()?)
}

pub(super) fn create(
    transaction: &Transaction<'_>,
    new: &NewModel<'_>,
) -> Result<StoredModel, Refusal> {
    let experiment = &new.run.experiment_id;
    let location: Option<String> = transaction
        .query_row(
            "SELECT artifact_location FROM experiments WHERE experiment_id = ?1",
            [experiment],
            |row| row.get(0),
        )
        .optional()?;
    let Some(location) = location else {
        return Err(no_experiment(experiment).into());
    };
    let id = format!("m-{}", uuid::Uuid::new_v4().simple());
    let artifact_uri = format!("{}/models/{id}/artifacts", location.trim_end_matches('/'));
    transaction.execute(
        "INSERT INTO logged_models
            (model_id, experiment_id, name, artifact_location, creation_timestamp_ms, last_updated_timestamp_ms, status,
             lifecycle_stage, source_run_id)
         VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, 'active', ?7)",
        params![id, experiment, new.name, artifact_uri, new.timestamp, PENDING, new.run.id],
    )?;
    let tags: Vec<_> = check::model_tags(new).collect();
    check::tags(&tags)?;
    for tag in tags {
        transaction.execute(
            "INSERT INTO logged_model_tags (model_id, experiment_id, tag_key, tag_value) VALUES (?1, ?2, ?3, ?4)",
            params![id, experiment, tag.key, tag.value],
        )?;
    }
    for param in new.params {
        transaction.execute(
            "INSERT INTO logged_model_params (model_id, experiment_id, param_key, param_value) VALUES (?1, ?2, ?3, ?4)",
            params![id, experiment, param.key, param.value],
        )?;
    }
    Ok(StoredModel { id, artifact_uri })
}

/// Makes the model an output of the run. Idempotent.
pub(super) fn add_output(
    transaction: &Transaction<'_>,
    run: &StoredRun,
    model_id: &str,
    step: i64,
) -> Result<(), Refusal> {
    transaction.execute(
        "INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id, step)
         VALUES (?1, 'RUN_OUTPUT', ?2, 'MODEL_OUTPUT', ?3, ?4)
         ON CONFLICT DO NOTHING",
        params![uuid::Uuid::new_v4().simple().to_string(), run.id, model_id, step],
    )?;
    Ok(())
}

/// Links metrics of the run to the model. Idempotent.
pub(super) fn log_metrics(
    transaction: &Transaction<'_>,
    run: &StoredRun,
    model_id: &str,
    metrics: &[Metric],
) -> Result<(), Refusal> {
    let mut insert = transaction.prepare_cached(
        "INSERT INTO logged_model_metrics
            (model_id, metric_name, metric_timestamp_ms, metric_step, metric_value, experiment_id, run_id)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT DO NOTHING",
    )?;
    for metric in metrics {
        insert.execute(params![
            model_id,
            metric.key,
            metric.timestamp,
            metric.step,
            metric.value,
            run.experiment_id,
            run.id
        ])?;
    }
    Ok(())
}

pub(super) fn finish(
    transaction: &Transaction<'_>,
    model_id: &str,
    status: ModelStatus,
    uri: &str,
) -> Result<(), Refusal> {
    let status = match status {
        ModelStatus::Ready => READY,
        ModelStatus::UploadFailed => FAILED,
    };
    let changed = transaction.execute(
        "UPDATE logged_models SET status = ?2, last_updated_timestamp_ms = ?3 WHERE model_id = ?1",
        params![model_id, status, now_millis()],
    )?;
    if changed == 0 {
        return Err(
            StoreError::refused(format!("there is no logged model {model_id} in {uri}")).into(),
        );
    }
    Ok(())
}
