//! What was acknowledged, against MLflow's own database.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::{Soaked, THREADS};
use crate::{Project, python};

/// Every run with its points, and its notes as they are on the server's disk.
const SCRIPT: &str = r#"
import json, os, sqlite3, sys
from urllib.parse import unquote, urlparse

database = sqlite3.connect(sys.argv[1])
folder = os.path.dirname(sys.argv[1])

def notes(uri):
    path = unquote(urlparse(uri).path).lstrip("/") if uri.startswith("mlflow-artifacts:") else uri
    top = os.path.join(folder, "mlartifacts", path, "notes")
    names = os.listdir(top) if os.path.isdir(top) else []
    return {name: open(os.path.join(top, name)).read() for name in names}

# All at once: asked for run by run, the database would go through all points each time.
points = {}
for id, step, value in database.execute("SELECT run_uuid, step, value FROM metrics WHERE key = 'loss'"):
    points.setdefault(id, []).append((step, value))

runs = []
for id, name, status, uri in database.execute(
    "SELECT run_uuid, name, status, artifact_uri FROM runs"
).fetchall():
    uuid = database.execute(
        "SELECT value FROM tags WHERE run_uuid = ? AND key = 'mlplots.run_uuid'", (id,)
    ).fetchall()
    runs.append({
        "name": name, "status": status, "uuid": uuid[0][0] if uuid else "",
        "right": [step for step, value in points.get(id, []) if value == 1.0 / (step + 1)],
        "wrong": [step for step, value in points.get(id, []) if value != 1.0 / (step + 1)],
        "notes": notes(uri),
    })
print(json.dumps(runs))
"#;

/// Compares what the trainings knew to be logged with what MLflow has.
pub(super) fn count(project: &Project, database: &Path) -> Soaked {
    let json = python(SCRIPT, &[&database.display().to_string()]);
    let runs: Vec<Value> = serde_json::from_str(&json).expect("the script prints a list");
    let mut soaked = Soaked {
        runs: runs.len(),
        running: runs.iter().filter(|run| run["status"] == "RUNNING").count(),
        ..Soaked::default()
    };
    let mut uuids = BTreeSet::new();
    let mut names: BTreeMap<&str, &Value> = BTreeMap::new();
    for run in &runs {
        let again = !uuids.insert(run["uuid"].as_str());
        let name = run["name"].as_str().unwrap_or_default();
        if names.insert(name, run).is_some() || again {
            complain(&mut soaked.duplicated, name, "is there twice");
        }
    }
    let folder = std::fs::read_dir(project.path().join("acknowledged")).expect("the folder");
    for side in folder {
        let side = side.expect("a file");
        let name = side.file_name().to_string_lossy().into_owned();
        let lines = std::fs::read_to_string(side.path()).expect("what was acknowledged");
        compare(&name, &lines, names.remove(name.as_str()), &mut soaked);
    }
    for (name, run) in names {
        // It died before it could acknowledge anything.
        compare(name, "", Some(run), &mut soaked);
    }
    soaked
}

/// One training: the lines that it wrote, against the run that MLflow has.
fn compare(name: &str, lines: &str, run: Option<&Value>, soaked: &mut Soaked) {
    let nothing = Value::Null;
    let run = run.unwrap_or(&nothing);
    let mut there: BTreeMap<i64, usize> = BTreeMap::new();
    for step in run["right"].as_array().into_iter().flatten() {
        *there.entry(step.as_i64().unwrap_or(-1)).or_default() += 1;
    }
    // A line that was cut off acknowledges nothing.
    let whole = lines.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let mut acknowledged = BTreeSet::new();
    for line in whole.lines() {
        soaked.acknowledged += 1;
        let (kind, step) = line.split_once(' ').expect("a kind and a step");
        let has = if kind == "metric" {
            let step = step.parse().expect("a step");
            acknowledged.insert(step);
            there.contains_key(&step)
        } else {
            run["notes"][format!("{step}.txt")] == format!("step {step}")
        };
        if !has {
            complain(&mut soaked.lost, name, line);
        }
    }
    for (step, count) in there {
        if count > 1 {
            complain(&mut soaked.duplicated, name, &format!("step {step}"));
        }
        // Each thread may have logged a last point before it was killed, and not said so.
        let last = step < THREADS || acknowledged.contains(&(step - THREADS));
        if !acknowledged.contains(&step) && !last {
            complain(&mut soaked.invented, name, &format!("step {step}"));
        }
    }
    for step in run["wrong"].as_array().into_iter().flatten() {
        complain(&mut soaked.invented, name, &format!("the value of {step}"));
    }
}

/// Counts a fault, and shows the first ones.
fn complain(count: &mut usize, run: &str, what: &str) {
    *count += 1;
    if *count <= 10 {
        eprintln!("the training {run}: {what}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_seen() {
        let run = serde_json::json!({
            "right": [0, 1, 1, 3, 4, 8], "wrong": [9], "notes": { "50.txt": "step 5" },
        });
        let lines = "metric 0\nmetric 1\nmetric 2\nfile 50\nmetric 4";
        let mut soaked = Soaked::default();
        compare("by hand", lines, Some(&run), &mut soaked);
        let expected = Soaked {
            acknowledged: 4,
            lost: 2,
            duplicated: 1,
            invented: 2,
            ..Soaked::default()
        };
        assert_eq!(soaked, expected);
        let mut soaked = Soaked::default();
        compare("gone", lines, None, &mut soaked);
        assert_eq!((soaked.acknowledged, soaked.lost), (4, 4));
    }
}
