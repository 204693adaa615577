//! Supervisors that are killed. The training continues, and `cargo mlplots sync` determines its
//! final status.

use std::fs::File;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use mlplots_tests::{
    Hanging, Project, change_host, sample_program, set_heartbeat_age, signal, wait_for_exit,
};
use serde_json::Value;

const PROGRAM: &str = "healing";

/// A hanging training that MLflow already knows.
fn hanging() -> (Project, Hanging) {
    let folder = Project::new(PROGRAM);
    let training = Hanging::start(&folder, sample_program(PROGRAM), &[], "");
    while folder.stored().is_empty() {
        std::thread::sleep(Duration::from_millis(100));
    }
    (folder, training)
}

/// The output of `cargo mlplots runs --json` for the only run.
fn listed(folder: &Project) -> Value {
    let finished = folder.mlplots(&["runs", "--json"]);
    assert_eq!(finished.code, 0, "{}", finished.text());
    let mut runs: Value = serde_json::from_str(&finished.stdout).expect("JSON");
    assert_eq!(runs["runs"].as_array().map(Vec::len), Some(1), "{runs}");
    runs["runs"][0].take()
}

fn kill(pid: u32) {
    signal("-KILL", pid);
    wait_for_exit(pid);
}

#[test]
fn a_training_continues_without_its_supervisor() {
    let folder = Project::new(PROGRAM);
    let program = sample_program(PROGRAM).display().to_string();
    let options = ["exec", "-P", "steps=300", "-P", "millis=20", "--", &program];
    let mut supervisor = folder
        .command(&options)
        .spawn()
        .expect("the process starts");
    let trainer = mlplots_tests::trainer(supervisor.id(), PROGRAM);
    std::thread::sleep(Duration::from_secs(1));
    supervisor.kill().expect("the process can be killed");
    supervisor.wait().expect("the process exits");
    assert_eq!(listed(&folder)["status"], "RUNNING");
    let sync = folder.mlplots(&["sync"]);
    assert!(
        sync.stderr.contains("it is still running"),
        "{}",
        sync.text()
    );
    wait_for_exit(trainer);
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
fn a_training_killed_without_a_supervisor_is_failed_by_sync() {
    let (folder, training) = hanging();
    kill(training.supervisor());
    kill(training.program);
    assert_eq!(
        folder.stored()[0].status(),
        "RUNNING",
        "no process has updated the status"
    );
    let sync = folder.mlplots(&["sync"]);
    assert_eq!(sync.code, 0, "{}", sync.text());
    let runs = folder.stored();
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0].status(), "FAILED");
    assert_eq!(
        runs[0].tag("mlplots.reason"),
        "the program ended before the training returned, and had no supervisor"
    );
    assert_eq!(runs[0].steps("loss"), [0, 1, 2, 3, 4]);
    assert_eq!(
        runs[0].artifacts(),
        ["data/spread.png", "mlplots/figures.json"]
    );
    let ended = runs[0].0["end_time"].as_i64().unwrap_or(0);
    let duration = ended - runs[0].0["start_time"].as_i64().unwrap_or(0);
    assert!((0..60_000).contains(&duration), "{duration}");
    // A second sync changes nothing.
    assert!(
        folder
            .mlplots(&["sync"])
            .stderr
            .contains("nothing is left to ship")
    );
    assert_eq!(folder.stored()[0].0, runs[0].0);
}

#[test]
fn sync_does_not_touch_a_running_run() {
    let (folder, training) = hanging();
    for supervisor_killed in [false, true] {
        if supervisor_killed {
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
        let reason = if supervisor_killed {
            "it has no supervisor".into()
        } else {
            Value::Null
        };
        assert_eq!(
            (&row["status"], &row["reason"]),
            (&"RUNNING".into(), &reason)
        );
        let heartbeat = before[0].tag("mlplots.heartbeat");
        assert!(
            heartbeat.len() == 20 && heartbeat.contains('T') && heartbeat.ends_with('Z'),
            "{heartbeat}"
        );
    }
    kill(training.program);
}

/// A run whose supervisor and program are killed, and which looks like one of an earlier boot or of
/// another host.
fn killed_on(host: Option<&str>) -> (Project, PathBuf) {
    let (folder, training) = hanging();
    kill(training.supervisor());
    kill(training.program);
    let run = folder.run_dir();
    change_host(&run, host);
    (folder, run)
}

/// Checks that sync takes the run for a running one and does not change it in MLflow.
fn assert_untouched(folder: &Project, expected: &str) {
    let row = listed(folder);
    assert_eq!(row["status"], "RUNNING");
    let reason = row["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("last heartbeat"), "{reason}");
    let sync = folder.mlplots(&["sync"]);
    assert!(sync.stderr.contains(expected), "{}", sync.text());
    assert_eq!(folder.stored()[0].status(), "RUNNING");
}

#[test]
fn runs_from_before_a_restart_of_the_machine_are_failed() {
    let (folder, run) = killed_on(None);
    // The host may be a container with the same name on another machine, where the run still runs.
    assert_untouched(&folder, "it is still running on ");
    set_heartbeat_age(&run, Duration::from_secs(90));
    let sync = folder.mlplots(&["sync"]);
    assert_eq!(sync.code, 0, "{}", sync.text());
    let [run] = folder.stored().try_into().expect("one run");
    assert_eq!(run.status(), "FAILED");
    let reason = run.tag("mlplots.reason");
    assert!(
        reason.starts_with("the machine ")
            && reason.ends_with(" went down before the training returned"),
        "{reason}"
    );
    assert_eq!(run.steps("loss"), [0, 1, 2, 3, 4]);
    // The end time is the time of the last heartbeat.
    let time = |key: &str| run.0[key].as_i64().unwrap_or(0);
    assert!(time("end_time") - time("start_time") < 60_000);
}

#[test]
fn a_run_of_another_machine_is_shipped_only_on_request() {
    let (folder, run) = killed_on(Some("node7"));
    assert_untouched(&folder, "it is still running on node7, last heartbeat ");
    set_heartbeat_age(&run, Duration::from_hours(3));
    assert_untouched(
        &folder,
        "it was running on node7, last heartbeat 3 h 00 min ago; ",
    );
    // A user who names the run confirms that it no longer runs.
    let uuid = listed(&folder)["run_uuid"]
        .as_str()
        .expect("a string")
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

/// The cursor also contains the ID of the run, so sync can set its status without the journal.
#[test]
fn a_run_with_a_damaged_first_record_is_failed() {
    for expected in [
        "does not identify its run: the first record is damaged: its checksum does not fit",
        "it has no complete record",
    ] {
        let (folder, training) = hanging();
        kill(training.supervisor());
        kill(training.program);
        let journal = folder.run_dir().join("journal");
        let mut bytes = std::fs::read(&journal).expect("the journal");
        if expected.contains("checksum") {
            bytes[20] ^= 1;
        } else {
            bytes.clear();
        }
        std::fs::write(&journal, bytes).expect("the journal");
        let sync = folder.mlplots(&["sync"]);
        assert_eq!(sync.code, 4, "{}", sync.text());
        assert!(sync.stderr.contains(expected), "{}", sync.text());
        assert_eq!(folder.stored()[0].status(), "FAILED");
    }
}

/// Clocks may differ slightly, but not by a day.
#[test]
fn a_heartbeat_from_the_future_is_ignored() {
    let (folder, run) = killed_on(Some("node7"));
    let heartbeat = File::options().write(true).open(run.join("heartbeat"));
    let tomorrow = SystemTime::now() + Duration::from_hours(24);
    let result = heartbeat.expect("the heartbeat").set_modified(tomorrow);
    result.expect("the time is set");
    let expected = "on node7, without a heartbeat";
    assert_eq!(listed(&folder)["reason"], expected);
    let sync = folder.mlplots(&["sync"]);
    assert!(sync.stderr.contains(expected), "{}", sync.text());
    let uuid = run
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    let sync = folder.mlplots(&["sync", &uuid]);
    assert_eq!(sync.code, 0, "{}", sync.text());
    assert_eq!(folder.stored()[0].status(), "FAILED");
}

/// After a restart of the machine, another process may have the process ID in the journal.
#[test]
fn a_process_with_a_reused_id_does_not_keep_a_run_running() {
    let (folder, training) = hanging();
    kill(training.supervisor());
    // The copy has no lock, as after a restart. The process with the ID in the journal still runs.
    let journal = folder.run_dir().join("journal");
    let copy = journal.with_extension("copy");
    std::fs::copy(&journal, &copy).expect("a copy");
    std::fs::rename(copy, &journal).expect("the copy replaces the journal");
    assert_eq!(listed(&folder)["status"], "FAILED");
    assert_eq!(folder.mlplots(&["sync"]).code, 0);
    assert_eq!(folder.stored()[0].status(), "FAILED");
    kill(training.program);
}

/// A child process inherits the lock of the journal and may outlive the program.
#[test]
fn an_inherited_lock_does_not_keep_a_run_running() {
    let folder = Project::new(PROGRAM);
    let options = [
        "-P",
        "ending=exit1",
        "--tracking-uri",
        "http://127.0.0.1:9",
        "--flush-timeout",
        "1",
    ];
    assert_eq!(folder.exec(&options, &[sample_program(PROGRAM)]).code, 1);
    let lock = File::open(folder.run_dir().join("journal")).expect("the journal");
    lock.lock().expect("the lock is free");
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
