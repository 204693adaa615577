//! The contract tests of all tracking stores. MLflow's own Python client reads the data back.

use std::sync::Arc;
use std::thread;

use mlplots_journal::record::{Metric, Param, Status, Tag};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;

/// Runs a Python script that can `import mlflow`, and returns its output.
type Python<'a> = &'a dyn Fn(&str, &[&str]) -> String;

/// Runs all tests on a store that nothing else uses.
pub(crate) fn check(store: &Arc<dyn TrackingStore>, python: Python<'_>) {
    check_experiments(store, python);
    let full = write_full_run(&**store);
    check_resumed_run(&**store, &full);
    let points = write_latest_metrics(&**store);
    let (elsewhere, _folder) = write_run_with_artifact_location(&**store, python);
    let killed = write_killed_run(&**store);
    let ids = [&full.id, &points.id, &elsewhere.id, &killed.id].map(|id| &**id);
    let runs = python(
        include_str!("contract/read.py"),
        &[&[store.uri()][..], &ids[..]].concat(),
    );
    let runs: Value = serde_json::from_str(&runs).expect("JSON");
    check_full_run(&runs[0], &full);
    assert_eq!(
        runs[1]["latest"],
        json!({"by_step": "1.0", "by_time": "1.0", "by_value": "3.0", "nan_last": "nan", "nan_first": "1.0", "nan_counts_as_0": "1.0"})
    );
    assert_eq!(runs[2]["artifacts"], json!({"a.txt": "text"}));
    assert_eq!(runs[3]["status"], "KILLED");
    assert_eq!(
        (&runs[3]["start_time"], &runs[3]["end_time"]),
        (&json!(1000), &json!(2000))
    );
    check_deleted_run(store, python, &killed);
}

fn tag(key: &str, value: &str) -> Tag {
    Tag {
        key: key.to_owned(),
        value: value.to_owned(),
    }
}

fn param(key: &str, value: &str) -> Param {
    Param {
        key: key.to_owned(),
        value: value.to_owned(),
    }
}

fn point(key: &str, value: f64, timestamp: i64, step: i64) -> Metric {
    Metric {
        key: key.to_owned(),
        value,
        timestamp,
        step,
    }
}

fn create_run(
    store: &dyn TrackingStore,
    experiment: &str,
    uuid: &str,
    name: Option<&str>,
) -> StoredRun {
    let experiment = store
        .experiment(&ExperimentChoice::Name(experiment.to_owned()))
        .expect("an experiment");
    assert_eq!(
        store.find_run(&experiment.id, uuid).expect("a search"),
        None
    );
    let tags = [tag("mlplots.run_uuid", uuid), tag("mlflow.user", "ada")];
    let new = NewRun {
        experiment_id: &experiment.id,
        name,
        user: "ada",
        start_time: 1000,
        tags: &tags,
    };
    let run = store.create_run(&new).expect("a run");
    assert_eq!(
        store
            .find_run(&experiment.id, uuid)
            .expect("a search")
            .as_ref(),
        Some(&run)
    );
    assert_eq!(store.run(&run.id).expect("the run").run, run);
    run
}

/// Eight threads that create one experiment get the same one. A deleted experiment is not used.
fn check_experiments(store: &Arc<dyn TrackingStore>, python: Python<'_>) {
    let name = ExperimentChoice::Name("Äpfel & Birnen 1/2".to_owned());
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let (store, name) = (Arc::clone(store), name.clone());
            thread::spawn(move || store.experiment(&name).expect("an experiment"))
        })
        .collect();
    let created: Vec<_> = threads
        .into_iter()
        .map(|thread| thread.join().expect("no panic"))
        .collect();
    assert!(
        created.iter().all(|experiment| *experiment == created[0]),
        "{created:?}"
    );
    let by_id = store
        .experiment(&ExperimentChoice::Id(created[0].id.clone()))
        .expect("the experiment");
    assert_eq!(by_id, created[0]);
    assert!(
        store
            .experiment(&ExperimentChoice::Id("0".to_owned()))
            .is_ok_and(|default| default.name == "Default")
    );

    let gone = store
        .experiment(&ExperimentChoice::Name("gone".to_owned()))
        .expect("an experiment");
    python(
        "import mlflow, sys; mlflow.MlflowClient(sys.argv[1]).delete_experiment(sys.argv[2])",
        &[store.uri(), &gone.id],
    );
    for choice in [
        ExperimentChoice::Name(gone.name),
        ExperimentChoice::Id(gone.id),
    ] {
        let error = store.experiment(&choice).expect_err("deleted");
        assert!(
            error.message.starts_with("the experiment `gone`")
                && error.message.ends_with("is deleted"),
            "{error}"
        );
        assert!(error.help.is_some_and(|help| help.contains("restore")));
    }
    let missing = store
        .experiment(&ExperimentChoice::Id("424242".to_owned()))
        .expect_err("missing");
    assert!(
        missing
            .message
            .starts_with("there is no experiment with the id 424242"),
        "{missing}"
    );
}

/// Writes all kinds of data. Repeats each call, as after a lost response.
fn write_full_run(store: &dyn TrackingStore) -> StoredRun {
    let run = create_run(
        store,
        "contract",
        "0123456789abcdef0123456789abcdef",
        Some("täglich"),
    );
    let batch = Batch {
        metrics: vec![
            point("val/löss", f64::NAN, 5, 0),
            point("val/löss", f64::INFINITY, 6, 1),
            point("val/löss", f64::NEG_INFINITY, 7, 2),
            point("val/löss", 0.1 + 0.2, 8, i64::MAX),
            point("val/löss", 5e-324, 9, i64::MIN),
            point("val/löss", f64::MAX, 9, -1),
        ],
        params: vec![
            param("alpha", "0.1"),
            param("text", "two\nlines «π»"),
            param("empty", ""),
            param("long", &"ü".repeat(6000)),
        ],
        tags: vec![
            tag("team", "a"),
            tag("mlflow.note.content", "# Note\n<b>&"),
            tag("empty", ""),
        ],
    };
    for _ in 0..2 {
        store.log_batch(&run.id, &batch).expect("logged");
    }
    store
        .log_batch(
            &run.id,
            &Batch {
                tags: vec![tag("team", "b")],
                ..Batch::default()
            },
        )
        .expect("a replaced tag");

    let changed = Batch {
        metrics: vec![point("never", 1.0, 1, 0)],
        params: vec![param("new", "1"), param("alpha", "0.2")],
        tags: vec![tag("never", "1")],
    };
    let error = store
        .log_batch(&run.id, &changed)
        .expect_err("a changed param");
    assert_eq!(
        error.message,
        "the param `alpha` is already logged as `0.1` and cannot become `0.2`"
    );
    assert_eq!(error.kind, ErrorKind::Refused);

    for (path, text) in [
        ("plots/a b+ü.svg", "<svg/>"),
        ("empty.txt", ""),
        ("twice.txt", "first"),
        ("twice.txt", "second"),
    ] {
        put(store, run.root(), path, text);
    }
    log_model(store, &run);
    for _ in 0..2 {
        store
            .set_status(&run.id, Status::Finished, Some(2000))
            .expect("ended");
    }
    run
}

/// A run that is resumed can be read; it becomes RUNNING and ends again.
fn check_resumed_run(store: &dyn TrackingStore, run: &StoredRun) {
    let known = store.run(&run.id).expect("the run");
    assert_eq!((&known.run, &*known.status), (run, "FINISHED"));
    let mut params = known.params;
    params.sort_by(|a, b| a.key.cmp(&b.key));
    assert_eq!(params.len(), 4);
    assert_eq!(params[..2], [param("alpha", "0.1"), param("empty", "")]);
    assert!(known.tags.contains(&tag("team", "b")));
    assert_eq!(known.steps["val/löss"], i64::MAX);
    let status = || store.run(&run.id).expect("the run").status;
    for _ in 0..2 {
        store
            .set_status(&run.id, Status::Running, None)
            .expect("resumed");
        assert_eq!(status(), "RUNNING");
    }
    store
        .set_status(&run.id, Status::Finished, Some(2000))
        .expect("ended");
}

fn log_model(store: &dyn TrackingStore, run: &StoredRun) {
    assert_eq!(store.find_model(run, "77").expect("a search"), None);
    let new = NewModel {
        run,
        name: "model",
        uuid: "77",
        timestamp: 1500,
        params: &[Param {
            key: "alpha".into(),
            value: "0.5".into(),
        }],
        tags: &[tag("mlflow.user", "ada")],
    };
    let model = store
        .create_model(&new)
        .expect("a response")
        .expect("a model");
    assert_eq!(
        store.find_model(run, "77").expect("a search").as_ref(),
        Some(&model)
    );
    for _ in 0..2 {
        store.add_output(run, &model.id, 3).expect("an output");
    }
    // The run already has this point.
    let loss = point("val/löss", 0.300_000_000_000_000_04, 8, i64::MAX);
    for _ in 0..2 {
        store
            .log_model_metrics(run, &model.id, std::slice::from_ref(&loss))
            .expect("a metric of the model");
    }
    put(store, model.root(), "MLmodel", "flavors: {}\n");
    store
        .finish_model(&model.id, ModelStatus::Ready)
        .expect("ready");
}

fn put(store: &dyn TrackingStore, root: Root<'_>, path: &str, text: &str) {
    let source = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(source.path(), text).expect("written");
    store
        .artifacts(root)
        .and_then(|root| root.put_file(path, source.path()))
        .expect("stored");
}

fn check_full_run(seen: &Value, run: &StoredRun) {
    assert_eq!(seen["name"], "täglich");
    assert_eq!(run.name, "täglich");
    assert_eq!(
        (&seen["status"], &seen["end_time"]),
        (&json!("FINISHED"), &json!(2000))
    );
    assert_eq!(
        (&seen["start_time"], &seen["user"]),
        (&json!(1000), &json!("ada"))
    );
    assert_eq!(seen["experiment"], "contract");
    let largest = "1.7976931348623157e+308";
    assert_eq!(
        seen["history"],
        json!({"val/löss": [
            [i64::MIN, 9, "5e-324"],
            [-1, 9, largest],
            [0, 5, "nan"],
            [1, 6, largest],
            [2, 7, format!("-{largest}")],
            [i64::MAX, 8, "0.30000000000000004"],
        ]})
    );
    assert_eq!(seen["latest"], json!({"val/löss": "0.30000000000000004"}));
    assert_eq!(
        seen["params"],
        json!({"alpha": "0.1", "text": "two\nlines «π»", "empty": "", "long": "ü".repeat(6000)})
    );
    assert_eq!(
        seen["tags"],
        json!({
            "mlplots.run_uuid": "0123456789abcdef0123456789abcdef", "mlflow.user": "ada", "mlflow.runName": "täglich",
            "team": "b", "mlflow.note.content": "# Note\n<b>&", "empty": "",
        })
    );
    assert_eq!(
        seen["artifacts"],
        json!({"plots/a b+ü.svg": "<svg/>", "empty.txt": "", "twice.txt": "second"})
    );
    let model = &seen["models"][0];
    assert_eq!(seen["outputs"], json!([[model[0], 3]]));
    assert_eq!(
        *model,
        json!([
            model[0], "model", "READY", {"mlflow.user": "ada", "mlplots.model_uuid": "77"},
            {"alpha": "0.5"}, [["val/löss", 0.300_000_000_000_000_04, 8, i64::MAX]],
        ])
    );
    assert_eq!(seen["model_files"], json!(["flavors: {}\n"]));
}

/// The latest metric is the point with the maximum step, then timestamp, then value, whatever the
/// order of arrival.
fn write_latest_metrics(store: &dyn TrackingStore) -> StoredRun {
    let run = create_run(store, "contract", "11111111111111111111111111111111", None);
    let name: Vec<_> = run.name.split('-').collect();
    assert!(
        name.len() == 3 && name[2].parse::<u32>().is_ok(),
        "{}",
        run.name
    );
    let first = vec![
        point("by_step", 1.0, 1, 9),
        point("by_time", 1.0, 9, 0),
        point("by_value", 2.0, 1, 0),
        point("by_value", 3.0, 1, 0),
        point("nan_last", 1.0, 1, 0),
        point("nan_first", f64::NAN, 1, 0),
        point("nan_counts_as_0", 1.0, 1, 0),
    ];
    let second = vec![
        point("by_step", 2.0, 5, 8),
        point("by_time", 2.0, 8, 0),
        point("by_value", 1.0, 1, 0),
        point("nan_last", f64::NAN, 2, 0),
        point("nan_first", 1.0, 2, 0),
        point("nan_counts_as_0", f64::NAN, 1, 0),
    ];
    for metrics in [first.clone(), second, first] {
        store
            .log_batch(
                &run.id,
                &Batch {
                    metrics,
                    ..Batch::default()
                },
            )
            .expect("logged");
    }
    run
}

/// Artifacts are stored in the artifact location of the experiment, not in the default one.
fn write_run_with_artifact_location(
    store: &dyn TrackingStore,
    python: Python<'_>,
) -> (StoredRun, TempDir) {
    let folder = tempfile::tempdir().expect("a directory");
    let location = if store.uri().starts_with("http") {
        "mlflow-artifacts:/my own/location".into()
    } else {
        folder.path().display().to_string()
    };
    python(
        "import mlflow, sys; mlflow.MlflowClient(sys.argv[1]).create_experiment('elsewhere', artifact_location=sys.argv[2])",
        &[store.uri(), &location],
    );
    let run = create_run(store, "elsewhere", "22222222222222222222222222222222", None);
    assert!(
        run.artifact_uri.starts_with(&location),
        "{}",
        run.artifact_uri
    );
    put(store, run.root(), "a.txt", "text");
    (run, folder)
}

fn write_killed_run(store: &dyn TrackingStore) -> StoredRun {
    let run = create_run(store, "contract", "33333333333333333333333333333333", None);
    store
        .set_status(&run.id, Status::Killed, Some(2000))
        .expect("ended");
    run
}

/// A deleted run accepts no data and is not found.
fn check_deleted_run(store: &Arc<dyn TrackingStore>, python: Python<'_>, run: &StoredRun) {
    python(
        "import mlflow, sys; mlflow.MlflowClient(sys.argv[1]).delete_run(sys.argv[2])",
        &[store.uri(), &run.id],
    );
    assert_eq!(
        store
            .find_run(&run.experiment_id, "33333333333333333333333333333333")
            .expect("a search"),
        None
    );
    assert!(
        store
            .run(&run.id)
            .expect_err("deleted")
            .help
            .is_some_and(|help| help.contains("restore"))
    );
    let batch = Batch {
        tags: vec![tag("a", "b")],
        ..Batch::default()
    };
    assert_eq!(
        store.log_batch(&run.id, &batch).expect_err("deleted").kind,
        ErrorKind::Refused
    );
    let missing = store
        .run("00000000000000000000000000000000")
        .expect_err("no such run");
    assert!(
        missing.message.starts_with("there is no run 0000"),
        "{missing}"
    );
}
