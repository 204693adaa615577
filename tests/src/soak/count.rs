//! Compares the acknowledged records with MLflow's database.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::{SoakReport, THREADS};
use crate::{Project, python};

/// Prints every run with its points, and its notes as stored on the server's disk.
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

# One query for all runs: a query per run would scan all points each time.
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

/// Compares what the trainings acknowledged with what MLflow has.
pub(super) fn count(project: &Project, database: &Path) -> SoakReport {
    let json = python(SCRIPT, &[&database.display().to_string()]);
    let runs: Vec<Value> = serde_json::from_str(&json).expect("the script prints a list");
    let mut report = SoakReport {
        runs: runs.len(),
        running: runs.iter().filter(|run| run["status"] == "RUNNING").count(),
        ..SoakReport::default()
    };
    let mut uuids = BTreeSet::new();
    let mut names: BTreeMap<&str, &Value> = BTreeMap::new();
    for run in &runs {
        let is_duplicate = !uuids.insert(run["uuid"].as_str());
        let name = run["name"].as_str().unwrap_or_default();
        if names.insert(name, run).is_some() || is_duplicate {
            add_fault(&mut report.duplicated, name, "MLflow has two runs");
        }
    }
    let folder = std::fs::read_dir(project.path().join("acknowledged")).expect("the folder");
    for side in folder {
        let side = side.expect("a file");
        let name = side.file_name().to_string_lossy().into_owned();
        let lines = std::fs::read_to_string(side.path()).expect("the acknowledged records");
        compare(&name, &lines, names.remove(name.as_str()), &mut report);
    }
    for (name, run) in names {
        // The training was killed before its first acknowledgement.
        compare(name, "", Some(run), &mut report);
    }
    report
}

/// Compares the lines that one training wrote with its run in MLflow.
fn compare(name: &str, lines: &str, run: Option<&Value>, report: &mut SoakReport) {
    let run = run.unwrap_or(&Value::Null);
    let mut stored: BTreeMap<i64, usize> = BTreeMap::new();
    for step in run["right"].as_array().into_iter().flatten() {
        *stored.entry(step.as_i64().unwrap_or(-1)).or_default() += 1;
    }
    // An incomplete last line acknowledges nothing.
    let complete = lines.rsplit_once('\n').map_or("", |(complete, _)| complete);
    let mut acknowledged = BTreeSet::new();
    for line in complete.lines() {
        report.acknowledged += 1;
        let (kind, step) = line.split_once(' ').expect("a kind and a step");
        let is_stored = if kind == "metric" {
            let step = step.parse().expect("a step");
            acknowledged.insert(step);
            stored.contains_key(&step)
        } else {
            run["notes"][format!("{step}.txt")] == format!("step {step}")
        };
        if !is_stored {
            add_fault(&mut report.lost, name, line);
        }
    }
    for (step, count) in stored {
        if count > 1 {
            add_fault(&mut report.duplicated, name, &format!("step {step}"));
        }
        // A thread may log one more point before it is killed, without an acknowledgement.
        let may_be_last = step < THREADS || acknowledged.contains(&(step - THREADS));
        if !acknowledged.contains(&step) && !may_be_last {
            add_fault(&mut report.invented, name, &format!("step {step}"));
        }
    }
    for step in run["wrong"].as_array().into_iter().flatten() {
        add_fault(
            &mut report.invented,
            name,
            &format!("wrong value at step {step}"),
        );
    }
}

/// Counts a fault, and prints the first ten of each kind.
fn add_fault(count: &mut usize, run: &str, what: &str) {
    *count += 1;
    if *count <= 10 {
        eprintln!("training {run}: {what}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lost_duplicated_and_invented_records_are_counted() {
        let run = serde_json::json!({
            "right": [0, 1, 1, 3, 4, 8], "wrong": [9], "notes": { "50.txt": "step 5" },
        });
        let lines = "metric 0\nmetric 1\nmetric 2\nfile 50\nmetric 4";
        let mut report = SoakReport::default();
        compare("faulty", lines, Some(&run), &mut report);
        let expected = SoakReport {
            acknowledged: 4,
            lost: 2,
            duplicated: 1,
            invented: 2,
            ..SoakReport::default()
        };
        assert_eq!(report, expected);
        let mut report = SoakReport::default();
        compare("missing", lines, None, &mut report);
        assert_eq!((report.acknowledged, report.lost), (4, 4));
    }
}
