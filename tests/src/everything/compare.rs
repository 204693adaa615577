//! What is journaled, against what MLflow's own client reads.

use std::collections::BTreeMap;
use std::fmt::Debug;

use serde_json::Value;

use crate::{Project, python};

/// Every run below its experiment's name, with all points, and all files as they are served.
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

/// Asserts that MLflow has the only run of each of these folders once, FINISHED, with exactly what
/// its journal says. Each run has its experiment for itself.
pub fn has_arrived(url: &str, folders: &[Project]) {
    let journaled: Vec<_> = folders.iter().map(Journaled::read).collect();
    let mut arguments = vec![url];
    arguments.extend(journaled.iter().map(|run| &*run.experiment));
    let stored: Value = serde_json::from_str(&python(SCRIPT, &arguments)).expect("JSON");
    for run in &journaled {
        let complaints = run.complaints(&stored[&run.experiment]);
        assert!(complaints.is_empty(), "{}: {complaints:#?}", run.experiment);
    }
}

/// What a journal says.
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
            // Before the record stands its checksum.
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

    /// Everything in which the runs of MLflow differ from the one that is journaled.
    fn complaints(&self, stored: &Value) -> Vec<String> {
        let [run] = stored.as_array().map_or(&[] as &[_], Vec::as_slice) else {
            return vec![format!("there are {} runs", list(stored).count())];
        };
        let mut complaints = Vec::new();
        let mut differ = |what: String| complaints.push(what);
        if run["status"] != "FINISHED" {
            differ(format!("it is {}", run["status"]));
        }
        let points = list(&run["points"]).map(|point| {
            let number = |index: usize| point[index].as_i64().expect("a number");
            (text(&point[0]), number(1), number(2), value(&point[3]))
        });
        compare("point", self.points.iter().cloned(), points, &mut differ);
        compare(
            "param",
            self.params.clone(),
            pairs(&run["params"]),
            &mut differ,
        );
        // MLflow and the supervisor have some of their own.
        let tags = pairs(&run["tags"]).filter(|(key, _)| self.tags.contains_key(key));
        compare("tag", self.tags.clone(), tags, &mut differ);
        let files = pairs(&run["files"]).filter(|(path, _)| path != "mlplots/figures.json");
        compare("file", self.files.clone(), files, &mut differ);
        let models: Vec<_> = list(&run["models"]).collect();
        if models.len() != self.models.len() {
            differ(format!("there are {} models", models.len()));
        }
        for (model, stored) in self.models.iter().zip(models) {
            if stored["status"] != "READY" {
                differ(format!("a model is {}", stored["status"]));
            }
            // The files that describe it are made on the way.
            let files = pairs(&stored["files"]).filter(|(path, _)| model.contains_key(path));
            compare("model's file", model.clone(), files, &mut differ);
        }
        complaints
    }
}

/// Tells what is lost, doubled or invented.
fn compare<T: Ord + Debug>(
    what: &str,
    expected: impl IntoIterator<Item = T>,
    found: impl IntoIterator<Item = T>,
    differ: &mut impl FnMut(String),
) {
    let mut counts: BTreeMap<T, i64> = BTreeMap::new();
    expected
        .into_iter()
        .for_each(|item| *counts.entry(item).or_default() -= 1);
    found
        .into_iter()
        .for_each(|item| *counts.entry(item).or_default() += 1);
    counts.retain(|_, count| *count != 0);
    for (item, more) in counts.iter().take(5) {
        differ(format!("{more:+} of the {what} {item:?}"));
    }
    if counts.len() > 5 {
        differ(format!("{} times a {what} in all", counts.len()));
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
    value.as_str().expect("a text").to_owned()
}

/// A metric's value, as Rust writes it: NaN is a text here and there.
fn value(value: &Value) -> String {
    let value = value.as_str().map_or_else(
        || value.as_f64().expect("a number"),
        |word| word.parse().expect("a number"),
    );
    format!("{value:?}")
}
