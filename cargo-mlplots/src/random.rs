//! A run's files with random contents, as they may come with a cloned repository: every command has
//! an answer, and writes nowhere but where MLflow's files are.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mlplots_journal::RunDir;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

use crate::outcome::Outcome;
use crate::resume::Resume;
use crate::runs;
use crate::settings::{Settings, sqlite_uri};
use crate::ship::{Cursor, Delivery, life};
use crate::view::{Report, run_as_json};

const UUID: &str = "01980000000000000000000000000001";
/// How long a delivery may take.
const PATIENCE: Duration = Duration::from_secs(2);
const DIGEST: &str = "db2ca3cb92017fa91cdd6ea80f2e9cfbed3c4cc71de9b3455335c777cd94bc7f";

/// The records of a run that has one of each kind.
fn records() -> Vec<Value> {
    let file = |path: &str| json!({ "path": path, "sha256": DIGEST, "bytes": 5 });
    vec![
        json!({ "open": {
            "format": 1, "run_uuid": UUID, "mlplots": "0.1.0", "experiment": "Fruit",
            "run_name": "plum", "train": {
                "name": "train", "experiment": "Fruit", "module": "fruit",
                "source": "src/main.rs:3", "doc": "Trains.", "provides": ["Data"],
                "params": [["rate", "0.1"]],
            },
            "pid": 1, "start_time": 1_000, "user": "ada", "program": "train",
            "host": { "name": "vm", "boot_id": "1" },
            "figures": [{
                "name": "loss", "files": ["loss.png"], "module": "fruit",
                "source": "src/main.rs:9", "doc": "The loss.", "inputs": ["Data"],
                "optional": false,
            }],
        } }),
        json!({ "params": [{ "key": "rate", "value": "0.1" }] }),
        json!({ "metrics": [{ "key": "loss", "value": 0.5, "timestamp": 1_000, "step": 1 }] }),
        json!({ "tags": [{ "key": "team", "value": "fruit" }] }),
        json!({ "artifact": file("notes/plums.txt") }),
        json!({ "figure": {
            "name": "loss", "status": "logged", "reason": "no reason", "step": 1,
            "files": [file("loss.png")], "millis": 4, "source": "src/main.rs:9",
        } }),
        json!({ "model": {
            "uuid": "01980000000000000000000000000002", "name": "model", "step": 0,
            "timestamp": 1_500, "flavor": { "onnx": { "file": "model.onnx" } },
            "files": [file("model.onnx")], "signature": { "inputs": "[]", "outputs": "[]" },
            "input_example": {
                "path": "input_example.json", "serving_path": "serving.json", "kind": "dataframe",
            },
        } }),
        json!({ "problem": { "message": "a plum is rotten" } }),
        json!({ "panic": "no plums" }),
        json!({ "close": { "status": "FAILED", "end_time": 2_000, "reason": "rotten" } }),
    ]
}

fn cursor(uri: &str) -> Value {
    json!({
        "tracking_uri": uri, "experiment": "Fruit", "resume": null,
        "continues": "01980000000000000000000000000003", "before": "KILLED", "asked": true,
        "run": { "id": "abc", "name": "plum" }, "tracking": 400, "artifacts": 300,
        "admitted": true, "complete": false,
    })
}

fn outcome() -> Value {
    json!({ "status": "KILLED", "end_time": 2_000, "reason": "SIGTERM" })
}

/// What nobody expects at a place.
fn hostile() -> impl Strategy<Value = Value> {
    select(vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(i64::MIN),
        json!(i64::MAX),
        json!(u64::MAX),
        json!(1e308),
        json!("NaN"),
        json!(""),
        json!(UUID),
        json!("FINISHED"),
        json!("../../escaped"),
        json!("/tmp/mlplots-escaped"),
        json!("a\u{0}b\u{1b}[2J\r\n"),
        json!("x".repeat(70_000)),
        json!("file:///etc"),
        json!("http://127.0.0.1:9"),
        json!([]),
        json!([[[]]]),
        json!({}),
        json!({ "id": "../x", "name": "\u{202e}" }),
    ])
}

/// Where the values inside a value are, as JSON pointers.
fn pointers(value: &Value, here: &str, found: &mut Vec<String>) {
    found.push(here.to_owned());
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                pointers(item, &format!("{here}/{index}"), found);
            }
        }
        Value::Object(fields) => {
            for (key, field) in fields {
                pointers(field, &format!("{here}/{key}"), found);
            }
        }
        _ => {}
    }
}

fn change(value: &mut Value, place: Index, with: Value) {
    let mut found = Vec::new();
    pointers(value, "", &mut found);
    if let Some(value) = value.pointer_mut(place.get::<String>(&found)) {
        *value = with;
    }
}

/// Everything below a folder, but the database and what MLflow's artifacts are.
fn others(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !name.starts_with("mlflow.db") && name != "mlartifacts" && name != "mlruns" {
            found.insert(entry.path());
        }
    }
    found
}

/// What the commands do with a run.
fn commands(dir: &RunDir, root: &Path, settings: &Settings) -> Option<Report> {
    let _ = life(dir);
    let rows = runs::rows(std::slice::from_ref(dir));
    let _ = (runs::table(&rows), rows.iter().map(runs::object).count());
    let _ = Resume::find(UUID, root, settings);
    let (outcome, ledger) = Outcome::and_ledger(dir).ok()?;
    let delivery = Delivery::new(dir.clone(), settings.clone()).ok()?;
    let deadline = Instant::now() + PATIENCE;
    delivery.flow.end(outcome.clone(), ledger.clone(), deadline);
    let delivery = Arc::new(delivery);
    let halt = delivery.deliver().err();
    let report = Report::new(dir, &delivery, ledger, outcome, halt);
    let _ = run_as_json(&report);
    Some(report)
}

/// Leaves a run with this journal.
fn left(root: &Path, journal: &[u8]) -> RunDir {
    let dir = RunDir::new(root, &UUID.parse().expect("a uuid"));
    dir.create().expect("the run's folder");
    fs::write(dir.journal(), journal).expect("the journal");
    fs::write(dir.path().join("artifacts").join(DIGEST), "plums").expect("a content");
    dir
}

fn journal(records: &[Value]) -> Vec<u8> {
    let line = |record: &Value| {
        let json = record.to_string();
        format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes()))
    };
    records.iter().map(line).collect::<String>().into_bytes()
}

#[test]
fn the_run_whose_files_are_changed_is_shipped_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = Settings::of(&sqlite_uri(&folder.path().join("mlflow.db")), &[]);
    let dir = left(folder.path(), &journal(&records()));
    let report = commands(&dir, folder.path(), &settings.expect("settings")).expect("a report");
    assert!(report.halt.is_none(), "{:?}", report.halt);
    assert_eq!(report.ledger.damages.first(), None);
    assert_eq!(report.outcome.reason.as_deref(), Some("rotten"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn any_files_of_a_run_have_an_answer(
        changes in vec((any::<Index>(), any::<Index>(), hostile()), 1..5),
        (is_begun, has_ended) in any::<(bool, bool)>(),
        cut in proptest::option::weighted(0.2, any::<Index>()),
    ) {
        let folder = tempfile::tempdir().expect("it works");
        let root = folder.path().join("project");
        fs::create_dir(&root).expect("it works");
        let uri = sqlite_uri(&root.join("mlflow.db"));
        let settings = Settings::of(&uri, &[]).expect("it works");
        let mut files = records();
        files.extend([cursor(&uri), outcome()]);
        for (file, place, with) in changes {
            let file = file.index(files.len());
            change(&mut files[file], place, with);
        }
        let (outcome, cursor) = (files.pop().expect("it works"), files.pop().expect("it works"));
        let mut journal = journal(&files);
        if let Some(cut) = cut {
            journal.truncate(cut.index(journal.len()));
        }
        let dir = left(&root, &journal);
        if is_begun {
            fs::write(dir.path().join("cursor.json"), cursor.to_string()).expect("it works");
        }
        if has_ended {
            fs::write(dir.path().join("outcome.json"), outcome.to_string()).expect("it works");
        }
        commands(&dir, &root, &settings);
        prop_assert_eq!(others(folder.path()), BTreeSet::from([root.clone()]));
        prop_assert_eq!(others(&root), BTreeSet::from([root.join(".mlplots")]));
        prop_assert!(!Path::new("/tmp/mlplots-escaped").exists());
    }
}

#[test]
fn a_file_that_is_not_ours_to_read_or_means_nothing_is_not_absent() {
    let folder = tempfile::tempdir().expect("a folder");
    let dir = RunDir::new(folder.path(), &UUID.parse().expect("a uuid"));
    dir.create().expect("the run's folder");
    let cursor = dir.path().join("cursor.json");
    assert_eq!(
        Cursor::load(&dir).expect("the first one"),
        Cursor::default()
    );
    fs::write(&cursor, "{\"tracking\": 12").expect("a file");
    let error = Cursor::load(&dir).expect_err("it is cut off");
    assert!(
        error.message.contains("cursor.json` cannot be read: EOF"),
        "{}",
        error.message
    );
    assert!(
        error
            .help
            .is_some_and(|help| help.starts_with("remove that file"))
    );
    fs::write(&cursor, format!("{{\"continues\": \"{UUID}\"}}")).expect("a file");
    assert_eq!(
        Cursor::load(&dir).expect("a cursor").continues,
        None,
        "it would go on with itself"
    );
    fs::remove_file(&cursor).expect("it can be removed");
    fs::create_dir(&cursor).expect("a folder");
    let error = Cursor::load(&dir).expect_err("a folder");
    assert!(
        error.message.ends_with("it is not a regular file"),
        "{}",
        error.message
    );
    fs::create_dir(dir.path().join("outcome.json")).expect("a folder");
    assert!(Outcome::saved(&dir).is_err());
}
