//! Supervisors that die: the training goes on, and `cargo mlplots sync` tells how it ended.

use std::path::PathBuf;
use std::time::Duration;

use mlplots_tests::{Hanging, Project, Read, built, gone, read, signal};
use serde_json::Value;

const PROGRAM: &str = "healing";

fn hanging() -> (Project, Hanging) {
    let folder = Project::new(PROGRAM);
    let training = Hanging::start(&folder, built(PROGRAM), &[], "");
    // MLflow knows the run, and holds some of it.
    while stored(&folder).is_empty() {
        std::thread::sleep(Duration::from_millis(100));
    }
    (folder, training)
}

fn stored(folder: &Project) -> Vec<Read> {
    let database = folder.path().join("mlflow.db");
    if !database.exists() {
        return Vec::new();
    }
    read(&format!("sqlite:///{}", database.display()))
}

/// What `cargo mlplots runs` says of the only run.
fn listed(folder: &Project) -> Value {
    let finished = folder.mlplots(&["runs", "--json"]);
    assert_eq!(finished.code, 0, "{}", finished.text());
    let mut runs: Value = serde_json::from_str(&finished.stdout).expect("JSON");
    assert_eq!(runs["runs"].as_array().map(Vec::len), Some(1), "{runs}");
    runs["runs"][0].take()
}

fn journal(folder: &Project) -> PathBuf {
    let runs = folder.path().join(".mlplots").join("runs");
    let mut entries = std::fs::read_dir(runs).expect("the runs");
    let run = entries.next().expect("a run").expect("a run");
    run.path().join("journal")
}

fn kill(pid: u32) {
    signal("-KILL", pid);
    gone(pid);
}

#[test]
fn a_training_outlives_its_supervisor() {
    let folder = Project::new(PROGRAM);
    let program = built(PROGRAM).display().to_string();
    let options = ["exec", "-P", "steps=300", "-P", "millis=20", "--", &program];
    let mut supervisor = folder.command(&options).spawn().expect("it starts");
    let trainer = mlplots_tests::trainer(supervisor.id(), PROGRAM);
    std::thread::sleep(Duration::from_secs(1));
    supervisor.kill().expect("it can be killed");
    supervisor.wait().expect("it ends");
    assert_eq!(listed(&folder)["status"], "RUNNING");
    let sync = folder.mlplots(&["sync"]);
    assert!(
        sync.stderr.contains("it is still running"),
        "{}",
        sync.text()
    );
    gone(trainer);
    let row = listed(&folder);
    assert_eq!(
        (&row["status"], &row["shipped"]),
        (&"FINISHED".into(), &false.into())
    );
    assert_eq!(folder.mlplots(&["sync"]).code, 0);
    let runs = stored(&folder);
    assert_eq!((runs.len(), runs[0].status()), (1, "FINISHED"));
    assert_eq!(runs[0].steps("loss"), (0..300).collect::<Vec<_>>());
    assert_eq!(runs[0].tag("mlplots.figures"), "2 of 2");
}

#[test]
fn a_training_that_dies_unwatched_is_failed_and_says_so() {
    let (folder, training) = hanging();
    kill(training.supervisor());
    kill(training.program);
    assert_eq!(stored(&folder)[0].status(), "RUNNING", "nobody has told");
    let sync = folder.mlplots(&["sync"]);
    assert_eq!(sync.code, 0, "{}", sync.text());
    let runs = stored(&folder);
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0].status(), "FAILED");
    assert_eq!(
        runs[0].tag("mlplots.reason"),
        "the program ended before the training returned, and nobody watched it"
    );
    assert_eq!(runs[0].steps("loss"), [0, 1, 2, 3, 4]);
    assert_eq!(
        runs[0].artifacts(),
        ["data/spread.png", "mlplots/figures.json"]
    );
    let ended = runs[0].0["end_time"].as_i64().unwrap_or(0);
    let took = ended - runs[0].0["start_time"].as_i64().unwrap_or(0);
    assert!((0..60_000).contains(&took), "{took}");
    // Once is enough.
    assert!(
        folder
            .mlplots(&["sync"])
            .stderr
            .contains("MLflow has every run")
    );
    assert_eq!(stored(&folder)[0].0, runs[0].0);
}

#[test]
fn a_living_run_is_never_touched() {
    let (folder, training) = hanging();
    for dead_supervisor in [false, true] {
        if dead_supervisor {
            kill(training.supervisor());
        }
        let before = stored(&folder);
        let sync = folder.mlplots(&["sync"]);
        assert!(
            sync.stderr.contains("it is still running"),
            "{}",
            sync.text()
        );
        assert_eq!(before[0].0, stored(&folder)[0].0);
        let row = listed(&folder);
        assert_eq!(
            (&row["status"], &row["reason"]),
            (&"RUNNING".into(), &Value::Null)
        );
    }
    kill(training.program);
}

/// After a restart of the machine another process may have the id that the journal names.
#[test]
fn a_process_of_the_same_id_does_not_keep_a_run_alive() {
    let (folder, training) = hanging();
    kill(training.supervisor());
    // The same bytes without the lock, as a restart leaves them; the process that they name lives.
    let journal = journal(&folder);
    let copy = journal.with_extension("copy");
    std::fs::copy(&journal, &copy).expect("a copy");
    std::fs::rename(copy, &journal).expect("it takes the place");
    assert_eq!(listed(&folder)["status"], "FAILED");
    assert_eq!(folder.mlplots(&["sync"]).code, 0);
    assert_eq!(stored(&folder)[0].status(), "FAILED");
    kill(training.program);
}

/// A process that the program has forked holds the journal's lock as well.
#[test]
fn a_lock_that_is_left_behind_does_not_keep_a_run_alive() {
    let folder = Project::new(PROGRAM);
    let program = built(PROGRAM).display().to_string();
    let nobody = "http://127.0.0.1:9";
    let exec = [
        "exec",
        "-P",
        "ending=exit1",
        "--tracking-uri",
        nobody,
        "--flush-timeout",
        "1",
        "--",
        &program,
    ];
    assert_eq!(folder.mlplots(&exec).code, 1);
    let lock = std::fs::File::open(journal(&folder)).expect("the journal");
    lock.lock().expect("nobody has it");
    let row = listed(&folder);
    assert_eq!(
        (&row["status"], &row["reason"]),
        (
            &"FAILED".into(),
            &"the program exited with code 1 before the training returned".into()
        )
    );
    let database = format!("sqlite:///{}", folder.path().join("mlflow.db").display());
    let sync = folder.mlplots(&["sync", "--tracking-uri", &database]);
    assert_eq!(sync.code, 0, "{}", sync.text());
    assert_eq!(stored(&folder)[0].status(), "FAILED");
}
