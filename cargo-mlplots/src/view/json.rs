//! The run as one JSON object.

use mlplots_journal::record::Figure;
use serde_json::{Map, Value, json};

use super::report::Report;

/// The run as JSON. NaN and infinities are the strings of MLflow.
pub(crate) fn object(report: &Report) -> Value {
    let ledger = &report.ledger;
    let run = report.run.as_ref().map(|(run, _)| run);
    let open = ledger.open.as_deref();
    let metrics: Map<String, Value> = ledger
        .latest
        .values()
        .map(|metric| {
            let value = serde_json::to_value(metric).unwrap_or_default();
            (metric.key.clone(), value["value"].clone())
        })
        .collect();
    let params: Map<String, Value> = ledger
        .params
        .iter()
        .map(|param| (param.key.clone(), Value::from(param.value.clone())))
        .collect();
    json!({
        "run_id": run.map(|run| &run.id),
        "run_uuid": report.run_uuid,
        "experiment_id": run.map(|run| &run.experiment_id),
        "experiment": report.experiment,
        "run_name": run.map(|run| run.name.clone()).or_else(|| open?.run_name.clone()),
        "status": report.outcome.status,
        "reason": report.outcome.reason,
        "tracking_uri": report.tracking_uri,
        "artifact_uri": run.map(|run| &run.artifact_uri),
        "train": open.and_then(|open| Some(&open.train.as_ref()?.name)),
        "params": params,
        "metrics": metrics,
        "figures": ledger.tally.figures().map(figure).collect::<Vec<_>>(),
        "models": ledger.models.iter().map(|model| &model.name).collect::<Vec<_>>(),
        "problems": report.ledger.all_problems().collect::<Vec<_>>(),
        "shipped": report.halt.is_none(),
        "exit_code": report.exit().code(),
    })
}

fn figure(figure: &Figure) -> Value {
    // A figure with several formats is one entry with its first file.
    let file = figure.files.first();
    json!({
        "name": figure.name,
        "path": file.map(|file| &file.path),
        "status": figure.status,
        "reason": figure.reason,
        "sha256": file.map(|file| &file.sha256),
        "bytes": file.map(|file| file.bytes),
        "files": figure.files,
        "millis": figure.millis,
        "source": figure.source,
    })
}
