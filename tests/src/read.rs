//! Reads the runs of a store with MLflow's Python client.

use serde_json::Value;

use crate::Venv;

const SCRIPT: &str = r#"
import hashlib, json, os, sys, tempfile
from mlflow import MlflowClient

client = MlflowClient(sys.argv[1])

def files(run_id, path=None):
    for entry in client.list_artifacts(run_id, path):
        if entry.is_dir:
            yield from files(run_id, entry.path)
        else:
            yield entry.path

def run(experiment, r):
    with tempfile.TemporaryDirectory() as folder:
        digests = {}
        for path in files(r.info.run_id):
            local = client.download_artifacts(r.info.run_id, path, folder)
            digests[path] = hashlib.sha256(open(local, "rb").read()).hexdigest()
    history = {
        key: [[m.step, repr(m.value)] for m in client.get_metric_history(r.info.run_id, key)]
        for key in r.data.metrics
    }
    return {
        "experiment": experiment.name, "run_id": r.info.run_id, "name": r.info.run_name,
        "status": r.info.status, "artifact_uri": r.info.artifact_uri, "start_time": r.info.start_time, "end_time": r.info.end_time,
        "params": r.data.params, "tags": r.data.tags,
        "metrics": {key: repr(value) for key, value in r.data.metrics.items()},
        "history": history, "artifacts": digests,
        "models": [m.model_id for m in (r.outputs.model_outputs if getattr(r, "outputs", None) else [])],
    }

runs = [
    run(e, r)
    for e in client.search_experiments()
    for r in client.search_runs([e.experiment_id], order_by=["attributes.start_time ASC"])
]
print(json.dumps(runs))
"#;

/// A run as MLflow's Python client returns it.
#[derive(Clone, Debug)]
pub struct StoredRun(pub Value);

impl StoredRun {
    /// A string field, such as `name` or `run_id`. Empty if it is missing.
    pub fn text(&self, key: &str) -> &str {
        self.0[key].as_str().unwrap_or_default()
    }

    /// `FINISHED`, `FAILED`, `KILLED` or `RUNNING`.
    pub fn status(&self) -> &str {
        self.text("status")
    }

    /// A tag. Empty if it is missing.
    pub fn tag(&self, key: &str) -> &str {
        self.0["tags"][key].as_str().unwrap_or_default()
    }

    /// The last value of a metric.
    pub fn metric(&self, key: &str) -> Option<f64> {
        self.0["metrics"][key].as_str()?.parse().ok()
    }

    /// The steps of all points of a metric, in the order of MLflow.
    pub fn steps(&self, key: &str) -> Vec<i64> {
        let points = self.0["history"][key].as_array().into_iter().flatten();
        points.filter_map(|point| point[0].as_i64()).collect()
    }

    /// The SHA-256 digest of a downloaded artifact.
    pub fn sha256(&self, path: &str) -> Option<&str> {
        self.0["artifacts"][path].as_str()
    }

    /// The paths of all artifacts.
    pub fn artifacts(&self) -> Vec<&str> {
        let artifacts = self.0["artifacts"].as_object().into_iter().flatten();
        artifacts.map(|(path, _)| path.as_str()).collect()
    }
}

/// All runs of a tracking URI. Within an experiment, the oldest run comes first.
pub fn read(tracking_uri: &str) -> Vec<StoredRun> {
    read_with(tracking_uri, &[])
}

/// The only run of a tracking URI.
pub fn only(tracking_uri: &str) -> StoredRun {
    let mut runs = read(tracking_uri);
    assert_eq!(runs.len(), 1, "the store has exactly one run");
    runs.remove(0)
}

/// All runs of a tracking URI, read with these environment variables.
pub fn read_with(tracking_uri: &str, variables: &[(&str, &str)]) -> Vec<StoredRun> {
    read_with_venv(Venv::get(), tracking_uri, variables)
}

/// All runs of a tracking URI, read with these environment variables by the MLflow version of a
/// virtual environment.
pub fn read_with_venv(
    venv: &Venv,
    tracking_uri: &str,
    variables: &[(&str, &str)],
) -> Vec<StoredRun> {
    let output = venv.run(variables, SCRIPT, &[tracking_uri]);
    let runs: Value = serde_json::from_str(&output).expect("the script prints JSON");
    let Value::Array(runs) = runs else {
        panic!("the script prints a list")
    };
    runs.into_iter().map(StoredRun).collect()
}
