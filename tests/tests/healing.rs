//! Supervisors that die: the training goes on, and `cargo mlplots sync` tells how it ended.

use std::fs::File;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use mlplots_tests::{Hanging, Project, built, gone, moved, signal, silent};
use serde_json::Value;

const PROGRAM: &str = "healing";

fn hanging() -> (Project, Hanging) {
    let folder = Project::new(PROGRAM);
    let training = Hanging::start(&folder, built(PROGRAM), &[], "");
    // MLflow knows the run, and holds some of it.
    while folder.stored().is_empty() {
        std::thread::sleep(Duration::from_millis(100));
    }
    (folder, training)
}

/// What `cargo mlplots runs` says of the only run.
fn listed(folder: &Project) -> Value {
    let finished = folder.mlplots(&["runs", "--json"]);
    assert_eq!(finished.code, 0, "{}", finished.text());
    let mut runs: Value = serde_json::from_str(&finished.stdout).expect("JSON");
    assert_eq!(runs["runs"].as_array().map(Vec::len), Some(1), "{runs}");
    runs["runs"][0].take()
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
    let runs = folder.stored();
    assert_eq!((runs.len(), runs[0].status()), (1, "FINISHED"));
    assert_eq!(runs[0].steps("loss"), (0..300).collect::<Vec<_>>());
    assert_eq!(runs[0].tag("mlplots.figures"), "2 of 2");
}

#[test]
fn a_training_that_dies_unwatched_is_failed_and_says_so() {
    let (folder, training) = hanging();
    kill(training.supervisor());
    kill(training.program);
    assert_eq!(folder.stored()[0].status(), "RUNNING", "nobody has told");
    let sync = folder.mlplots(&["sync"]);
    assert_eq!(sync.code, 0, "{}", sync.text());
    let runs = folder.stored();
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
            .contains("nothing is left to ship")
    );
    assert_eq!(folder.stored()[0].0, runs[0].0);
}

#[test]
fn a_living_run_is_never_touched() {
    let (folder, training) = hanging();
    for dead_supervisor in [false, true] {
        if dead_supervisor {
            kill(training.supervisor());
        }
        let before = folder.stored();
        let sync = folder.mlplots(&["sync"]);
        assert!(
            sync.stderr.contains("it is still running"),
            "{}",
            sync.text()
        );
        assert_eq!(before[0].0, folder.stored()[0].0);
        let row = listed(&folder);
        let reason = if dead_supervisor {
            "nobody watches over it".into()
        } else {
            Value::Null
        };
        assert_eq!(
            (&row["status"], &row["reason"]),
            (&"RUNNING".into(), &reason)
        );
        let beat = before[0].tag("mlplots.heartbeat");
        assert!(
            beat.len() == 20 && beat.contains('T') && beat.ends_with('Z'),
            "{beat}"
        );
    }
    kill(training.program);
}

/// A run whose supervisor and program are dead, as if this machine, or another one, had run them.
fn dead(host: Option<&str>) -> (Project, PathBuf) {
    let (folder, training) = hanging();
    kill(training.supervisor());
    kill(training.program);
    let run = folder.run_dir();
    moved(&run, host);
    (folder, run)
}

/// It is taken for a living one, and MLflow is told nothing.
fn is_left_alone(folder: &Project, words: &str) {
    let row = listed(folder);
    assert_eq!(row["status"], "RUNNING");
    let reason = row["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("last sign of life"), "{reason}");
    let sync = folder.mlplots(&["sync"]);
    assert!(sync.stderr.contains(words), "{}", sync.text());
    assert_eq!(folder.stored()[0].status(), "RUNNING");
}

#[test]
fn a_machine_that_was_restarted_took_its_runs_with_it() {
    let (folder, run) = dead(None);
    // It may be a container of the same name on another machine, and alive.
    is_left_alone(&folder, "it is still running on ");
    silent(&run, Duration::from_secs(90));
    let sync = folder.mlplots(&["sync"]);
    assert_eq!(sync.code, 0, "{}", sync.text());
    let [run] = folder.stored().try_into().expect("one run");
    assert_eq!(run.status(), "FAILED");
    let reason = run.tag("mlplots.reason");
    let words = ("the machine ", " went down before the training returned");
    assert!(
        reason.starts_with(words.0) && reason.ends_with(words.1),
        "{reason}"
    );
    assert_eq!(run.steps("loss"), [0, 1, 2, 3, 4]);
    // It ended when it was last seen.
    let time = |key: &str| run.0[key].as_i64().unwrap_or(0);
    assert!(time("end_time") - time("start_time") < 60_000);
}

#[test]
fn a_run_of_another_machine_is_left_to_it() {
    let (folder, run) = dead(Some("node7"));
    is_left_alone(&folder, "it is still running on node7, last sign of life ");
    silent(&run, Duration::from_hours(3));
    is_left_alone(
        &folder,
        "it was running on node7, last sign of life 3 h 00 min ago; ",
    );
    // Who names it says that it is dead.
    let uuid = listed(&folder)["run_uuid"]
        .as_str()
        .expect("a text")
        .to_owned();
    let sync = folder.mlplots(&["sync", &uuid[..12]]);
    assert_eq!(sync.code, 0, "{}", sync.text());
    let [run] = folder.stored().try_into().expect("one run");
    assert_eq!(
        (run.status(), run.tag("mlplots.reason")),
        (
            "FAILED",
            "the machine node7 went down before the training returned"
        )
    );
}

/// Which run it is stands in the cursor too: MLflow is told, though nothing can be shipped.
#[test]
fn a_journal_whose_beginning_is_damaged_leaves_no_run_running() {
    for words in [
        "does not say which run it is: in its first record, its checksum does not fit",
        "it holds no whole record",
    ] {
        let (folder, training) = hanging();
        kill(training.supervisor());
        kill(training.program);
        let journal = folder.run_dir().join("journal");
        let mut bytes = std::fs::read(&journal).expect("the journal");
        if words.contains("checksum") {
            bytes[20] ^= 1;
        } else {
            bytes.clear();
        }
        std::fs::write(&journal, bytes).expect("the journal");
        let sync = folder.mlplots(&["sync"]);
        assert_eq!(sync.code, 4, "{}", sync.text());
        assert!(sync.stderr.contains(words), "{}", sync.text());
        assert_eq!(folder.stored()[0].status(), "FAILED");
    }
}

/// Clocks may differ by a little; a sign of life that is still to come is none.
#[test]
fn a_sign_of_life_from_the_future_is_none() {
    let (folder, run) = dead(Some("node7"));
    let beat = File::options().write(true).open(run.join("heartbeat"));
    let tomorrow = SystemTime::now() + Duration::from_hours(24);
    let set = beat.expect("the heartbeat").set_modified(tomorrow);
    set.expect("its time can be set");
    let words = "on node7, without a sign of life";
    assert_eq!(listed(&folder)["reason"], words);
    let sync = folder.mlplots(&["sync"]);
    assert!(sync.stderr.contains(words), "{}", sync.text());
    let uuid = run
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    let sync = folder.mlplots(&["sync", &uuid]);
    assert_eq!(sync.code, 0, "{}", sync.text());
    assert_eq!(folder.stored()[0].status(), "FAILED");
}

/// After a restart of the machine another process may have the id that the journal names.
#[test]
fn a_process_of_the_same_id_does_not_keep_a_run_alive() {
    let (folder, training) = hanging();
    kill(training.supervisor());
    // The same bytes without the lock, as a restart leaves them; the process that they name lives.
    let journal = folder.run_dir().join("journal");
    let copy = journal.with_extension("copy");
    std::fs::copy(&journal, &copy).expect("a copy");
    std::fs::rename(copy, &journal).expect("it takes the place");
    assert_eq!(listed(&folder)["status"], "FAILED");
    assert_eq!(folder.mlplots(&["sync"]).code, 0);
    assert_eq!(folder.stored()[0].status(), "FAILED");
    kill(training.program);
}

/// A process that the program has forked holds the journal's lock as well.
#[test]
fn a_lock_that_is_left_behind_does_not_keep_a_run_alive() {
    let folder = Project::new(PROGRAM);
    let options = [
        "-P",
        "ending=exit1",
        "--tracking-uri",
        "http://127.0.0.1:9",
        "--flush-timeout",
        "1",
    ];
    assert_eq!(folder.exec(&options, &[built(PROGRAM)]).code, 1);
    let lock = File::open(folder.run_dir().join("journal")).expect("the journal");
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
    assert_eq!(folder.stored()[0].status(), "FAILED");
}
