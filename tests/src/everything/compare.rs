//! Compares the journal of a run with what MLflow's Python client reads.

use std::collections::BTreeMap;
use std::fmt::Debug;

use serde_json::Value;

use crate::{Project, python};

/// Prints all runs by experiment, with all points and the digests of all downloaded files.
const SCRIPT: &str = r#"
import hashlib, json, os, sys, tempfile
import mlflow

mlflow.set_tracking_uri(sys.argv[1])
client = mlflow.MlflowClient()

def files(uri):
    with tempfile.TemporaryDirectory() as folder:
        mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=folder)
        paths = [os.path.join(top, name) for top, _, names in os.walk(folder) for name in names]
        return {
            os.path.relpath(path, folder): hashlib.sha256(open(path, "rb").read()).hexdigest()
            for path in paths
        }

def run(r):
    return {
        "status": r.info.status, "params": r.data.params, "tags": r.data.tags,
        "points": [
            [key, m.step, m.timestamp, repr(m.value)]
            for key in r.data.metrics for m in client.get_metric_history(r.info.run_id, key)
        ],
        "files": files(f"runs:/{r.info.run_id}/"),
        "models": [
            {"status": str(m.status), "files": files(f"models:/{m.model_id}")}
            for m in client.search_logged_models([r.info.experiment_id]) if m.source_run_id == r.info.run_id
        ],
    }

print(json.dumps({
    e.name: [run(r) for r in client.search_runs([e.experiment_id])]
    for e in client.search_experiments() if e.name in sys.argv[2:]
}))
"#;

/// Asserts that MLflow has the run of each folder exactly once, as FINISHED, and with the content
/// of its journal. Each run needs an experiment of its own.
pub fn assert_stored(url: &str, folders: &[Project]) {
    let journaled: Vec<_> = folders.iter().map(Journaled::read).collect();
    let mut arguments = vec![url];
    arguments.extend(journaled.iter().map(|run| &*run.experiment));
    let stored: Value = serde_json::from_str(&python(SCRIPT, &arguments)).expect("JSON");
    for run in &journaled {
        let differences = run.differences(&stored[&run.experiment]);
        assert!(
            differences.is_empty(),
            "{}: {differences:#?}",
            run.experiment
        );
    }
}

/// The content of a journal.
#[derive(Debug, Default)]
struct Journaled {
    experiment: String,
    /// Key, step, time and value.
    points: Vec<(String, i64, i64, String)>,
    params: BTreeMap<String, String>,
    tags: BTreeMap<String, String>,
    files: BTreeMap<String, String>,
    models: Vec<BTreeMap<String, String>>,
}

impl Journaled {
    fn read(folder: &Project) -> Self {
        let bytes = std::fs::read(folder.run_dir().join("journal")).expect("the journal");
        let mut journaled = Self::default();
        for line in bytes.split(|&byte| byte == b'\n') {
            // The first 9 bytes are the checksum and a space.
            if let Some(record) = line
                .get(9..)
                .and_then(|json| serde_json::from_slice(json).ok())
            {
                journaled.add(&record);
            }
        }
        journaled
    }

    fn add(&mut self, record: &Value) {
        let experiment = record["open"]["experiment"].as_str().map(str::to_owned);
        self.experiment.extend(experiment);
        self.points.extend(list(&record["metrics"]).map(|point| {
            (
                text(&point["key"]),
                point["step"].as_i64().expect("a step"),
                point["timestamp"].as_i64().expect("a time"),
                value(&point["value"]),
            )
        }));
        let pair = |pair: &Value| (text(&pair["key"]), text(&pair["value"]));
        self.params.extend(list(&record["params"]).map(pair));
        self.tags.extend(list(&record["tags"]).map(pair));
        let file = |file: &Value| (text(&file["path"]), text(&file["sha256"]));
        self.files.extend(record.get("artifact").map(file));
        self.files
            .extend(list(&record["figure"]["files"]).map(file));
        let model = |model: &Value| list(&model["files"]).map(file).collect();
        self.models.extend(record.get("model").map(model));
    }

    /// All differences between the runs in MLflow and the journaled run.
    fn differences(&self, stored: &Value) -> Vec<String> {
        let [run] = stored.as_array().map_or(&[] as &[_], Vec::as_slice) else {
            return vec![format!("MLflow has {} runs", list(stored).count())];
        };
        let mut differences = Vec::new();
        let mut add = |difference: String| differences.push(difference);
        if run["status"] != "FINISHED" {
            add(format!("the status is {}", run["status"]));
        }
        let points = list(&run["points"]).map(|point| {
            let number = |index: usize| point[index].as_i64().expect("a number");
            (text(&point[0]), number(1), number(2), value(&point[3]))
        });
        compare("point", self.points.iter().cloned(), points, &mut add);
        compare(
            "param",
            self.params.clone(),
            pairs(&run["params"]),
            &mut add,
        );
        // MLflow and the supervisor set more tags.
        let tags = pairs(&run["tags"]).filter(|(key, _)| self.tags.contains_key(key));
        compare("tag", self.tags.clone(), tags, &mut add);
        let files = pairs(&run["files"]).filter(|(path, _)| path != "mlplots/figures.json");
        compare("file", self.files.clone(), files, &mut add);
        let models: Vec<_> = list(&run["models"]).collect();
        if models.len() != self.models.len() {
            add(format!("MLflow has {} models", models.len()));
        }
        for (model, stored) in self.models.iter().zip(models) {
            if stored["status"] != "READY" {
                add(format!("the status of a model is {}", stored["status"]));
            }
            // The supervisor adds the files that describe the model, such as `MLmodel`.
            let files = pairs(&stored["files"]).filter(|(path, _)| model.contains_key(path));
            compare("file of a model", model.clone(), files, &mut add);
        }
        differences
    }
}

/// Reports missing items as negative counts, and duplicated or unexpected items as positive counts.
fn compare<T: Ord + Debug>(
    kind: &str,
    expected: impl IntoIterator<Item = T>,
    found: impl IntoIterator<Item = T>,
    add: &mut impl FnMut(String),
) {
    let mut counts: BTreeMap<T, i64> = BTreeMap::new();
    expected
        .into_iter()
        .for_each(|item| *counts.entry(item).or_default() -= 1);
    found
        .into_iter()
        .for_each(|item| *counts.entry(item).or_default() += 1);
    counts.retain(|_, count| *count != 0);
    for (item, count) in counts.iter().take(5) {
        add(format!("{count:+} of the {kind} {item:?}"));
    }
    if counts.len() > 5 {
        add(format!(
            "in total, {} differences of the kind {kind}",
            counts.len()
        ));
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn pairs(value: &Value) -> impl Iterator<Item = (String, String)> {
    let pairs = value.as_object().into_iter().flatten();
    pairs.map(|(key, value)| (key.clone(), text(value)))
}

fn text(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}

/// A metric value in Rust's notation. It may be a JSON string, since JSON has no NaN.
fn value(value: &Value) -> String {
    let value = value.as_str().map_or_else(
        || value.as_f64().expect("a number"),
        |word| word.parse().expect("a number"),
    );
    format!("{value:?}")
}
