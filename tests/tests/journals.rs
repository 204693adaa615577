//! Journals with several writers or supervisors, journals in older and newer formats, and journals
//! of killed programs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use mlplots_tests::journal::{encode, open, point, write_run};
use mlplots_tests::{
    Finished, Hanging, Project, assert_stored, checkout, clean_env, program, python,
    sample_program, signal, wait_for_exit,
};
use serde_json::{Value, json};

const PROGRAM: &str = "journals";
/// No process listens on this port.
const NOBODY: &str = "http://127.0.0.1:9";
const UUID: &str = "01980000000070008000000000000000";

/// The records of a journal, without the preallocated zeros after them.
fn records(journal: &Path) -> Vec<u8> {
    let mut bytes = fs::read(journal).expect("the journal");
    let end = bytes.iter().rposition(|&byte| byte != 0);
    bytes.truncate(end.map_or(0, |last| last + 1));
    bytes
}

#[test]
fn a_second_writer_creates_its_own_run_and_sync_skips_the_first_one() {
    let folder = Project::new(PROGRAM);
    let training = Hanging::start(&folder, sample_program(PROGRAM), &[], "");
    let dir = folder.run_dir();
    let journal = dir.join("journal");
    signal("-KILL", training.supervisor());
    wait_for_exit(training.supervisor());
    // The training hangs, but its figure may not be drawn yet.
    let start = Instant::now();
    while !String::from_utf8_lossy(&records(&journal)).contains("{\"figure\":") {
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "the figure is not drawn"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    let (before, cursor) = (records(&journal), fs::read(dir.join("cursor.json")).ok());

    let mut second = Command::new(sample_program(PROGRAM));
    clean_env(&mut second);
    let request = folder.path().join("second.json");
    fs::write(
        &request,
        json!({ "mode": "run", "run_dir": dir }).to_string(),
    )
    .expect("a request");
    second.env("MLPLOTS_REQUEST", request);
    second.env("CARGO_MANIFEST_DIR", folder.path());
    let second: Finished = second.output().expect("the process starts").into();
    assert!(
        second.stderr.contains("journaled: the run is in"),
        "{}",
        second.text()
    );
    let others = fs::read_dir(dir.parent().unwrap_or(&dir)).expect("the runs");
    let others = others.flatten().map(|entry| entry.path());
    let others: Vec<_> = others.filter(|path| *path != dir).collect();
    assert_eq!(others.len(), 1, "{}", second.text());
    fs::remove_dir_all(&others[0]).expect("the folder is removed");

    let uuid = dir.file_name().unwrap_or_default().to_string_lossy();
    for (arguments, code) in [(vec!["sync"], 0), (vec!["sync", &*uuid], 4)] {
        let sync = folder.mlplots(&arguments);
        assert_eq!(sync.code, code, "{}", sync.text());
        let expected = format!("{uuid}: it is still running");
        assert!(sync.stderr.contains(&expected), "{}", sync.text());
        assert!(!sync.stderr.contains("shipped"), "{}", sync.text());
    }
    assert!(records(&journal) == before, "the journal is unchanged");
    assert!(fs::read(dir.join("cursor.json")).ok() == cursor);
    assert!(!dir.join("outcome.json").exists());

    signal("-KILL", training.program);
    wait_for_exit(training.program);
    assert_eq!(folder.mlplots(&["sync"]).code, 0);
    let runs = folder.stored();
    assert_eq!((runs.len(), runs[0].status()), (1, "FAILED"));
    assert_eq!(runs[0].steps("loss"), [0, 1, 2, 3, 4]);
}

#[test]
fn sync_skips_a_run_that_its_supervisor_still_ships() {
    let folder = Project::new(PROGRAM);
    let mut supervisor = folder
        .command(&["exec", "--tracking-uri", NOBODY, "--flush-timeout", "100"])
        .arg("--")
        .arg(sample_program(PROGRAM))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the process starts");
    let start = Instant::now();
    let has_ended = |dir: &PathBuf| dir.join("outcome.json").exists();
    while !folder.runs().iter().any(has_ended) {
        assert!(
            start.elapsed() < Duration::from_mins(1),
            "the training does not end"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    let sync = folder.mlplots(&["sync", "--tracking-uri", "sqlite:///mlflow.db"]);
    let expected = "another `cargo mlplots` is shipping it";
    assert!(sync.stderr.contains(expected), "{}", sync.text());
    assert!(folder.stored().is_empty());

    supervisor.kill().expect("the process can be killed");
    supervisor.wait().expect("the process exits");
    let sync = folder.mlplots(&["sync", "--tracking-uri", "sqlite:///mlflow.db"]);
    assert_eq!(sync.code, 0, "{}", sync.text());
    let runs = folder.stored();
    assert_eq!((runs.len(), runs[0].status()), (1, "FINISHED"));
}

#[test]
fn a_clock_set_back_loses_nothing() {
    let folder = Project::new(PROGRAM);
    // The run starts in the year 2100, and the clock goes back by a second per point.
    let start = 4_102_444_800_000;
    let mut records = vec![open(UUID, 1, start)];
    records.extend((0..5).map(|step| point(step, start - 1000 * step)));
    write_run(folder.path(), UUID, encode(&records));
    let sync = folder.mlplots(&["sync"]);
    assert_eq!(sync.code, 0, "{}", sync.text());
    let run = folder.stored().remove(0);
    assert_eq!(run.status(), "FAILED");
    // MLflow sorts points by time.
    assert_eq!(run.steps("loss"), [4, 3, 2, 1, 0]);
    assert_eq!(run.0["start_time"], start);
    assert_eq!(
        run.0["end_time"], start,
        "the run does not end before its start"
    );
}

#[test]
fn a_journal_in_a_newer_format_is_kept_for_a_newer_version() {
    let folder = Project::new(PROGRAM);
    let records = [open(UUID, 2, 1), json!({ "surface": [1, 2] }), point(0, 1)];
    let dir = write_run(folder.path(), UUID, encode(&records));
    for _ in 0..2 {
        let sync = folder.mlplots(&["sync"]);
        assert_eq!(sync.code, 4, "{}", sync.text());
        for expected in [
            "was written by mlplots 9.9.9 in format 2",
            "help: install a newer version: `cargo install cargo-mlplots`",
            "no data is lost",
        ] {
            assert!(sync.stderr.contains(expected), "{}", sync.text());
        }
    }
    assert!(folder.stored().is_empty());
    assert!(dir.join("artifacts").exists());
}

/// A run as the first release wrote it, without host information but with every kind of file.
/// `change` modifies each record.
fn format_1_run(change: impl Fn(&mut Value)) -> Project {
    let data = checkout().join("tests/tests/data/format-1");
    let text = fs::read_to_string(data.join("journal")).expect("the journal");
    let records = text.lines().map(|line| {
        let mut record: Value = serde_json::from_str(&line[9..]).expect("a record");
        if let Some(open) = record.get_mut("open") {
            // The UUID in a journal must be the name of its folder.
            open["run_uuid"] = UUID.into();
        }
        change(&mut record);
        record
    });
    let folder = Project::new(PROGRAM);
    let dir = write_run(
        folder.path(),
        UUID,
        encode(&records.collect::<Vec<Value>>()),
    );
    for file in fs::read_dir(data.join("artifacts")).expect("the artifacts") {
        let file = file.expect("a file");
        let to = dir.join("artifacts").join(file.file_name());
        fs::copy(file.path(), to).expect("the file is copied");
    }
    folder
}

/// Adds an unknown field to every object, as a later version may do.
fn add_fields(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(add_fields),
        Value::Object(fields) => {
            fields.values_mut().for_each(add_fields);
            // A single field is the tag of an enum.
            if fields.len() > 1 {
                fields.insert("later".to_owned(), json!({ "than": ["this", 1.0] }));
            }
        }
        _ => {}
    }
}

#[test]
fn a_journal_in_the_first_format_is_shipped_completely() {
    for folder in [format_1_run(|_| {}), format_1_run(add_fields)] {
        let sync = folder.mlplots(&["sync"]);
        assert_eq!(sync.code, 0, "{}", sync.text());
        assert!(!sync.stderr.contains("warning"), "{}", sync.text());
        let run = folder.stored().remove(0);
        assert_eq!(run.steps("odd"), (0..52).collect::<Vec<_>>());
        assert_eq!(run.0["models"].as_array().map(Vec::len), Some(1));
        let database = folder.path().join("mlflow.db");
        assert_stored(&format!("sqlite:///{}", database.display()), &[folder]);
    }
}

/// Eight threads that only log, each to its own metric. After every ten points, a thread appends a
/// byte to a file with the name of its metric.
const FULL_SPEED: &str = r#"
use std::io::Write;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let run = mlplots::Run::start("Full speed")?;
    std::thread::scope(|threads| {
        for thread in 0..8 {
            let (run, key) = (&run, format!("{}.{thread}", std::process::id()));
            threads.spawn(move || {
                let mut side = std::fs::File::create(format!("acknowledged/{key}"))?;
                for step in 0_i64.. {
                    run.log_metric_at(&key, 1.0, step);
                    if step % 10 == 9 {
                        side.write_all(b".")?;
                    }
                }
                Ok::<_, std::io::Error>(())
            });
        }
    });
    Ok(())
}
"#;

/// Prints the number of points, the number of distinct steps and the last step of each metric.
const COUNTS: &str = r#"
import json, sqlite3, sys
database = sqlite3.connect(sys.argv[1])
rows = database.execute("SELECT key, COUNT(*), COUNT(DISTINCT step), MAX(step) FROM metrics GROUP BY key")
print(json.dumps({key: counts for key, *counts in rows}))
"#;

#[test]
fn threads_killed_while_logging_lose_no_acknowledged_point() {
    let folder = Project::new(PROGRAM);
    let acknowledged = folder.path().join("acknowledged");
    fs::create_dir(&acknowledged).expect("a folder");
    let training = |millis| {
        let mut command = Command::new(program("full-speed", FULL_SPEED));
        clean_env(&mut command);
        let command = command.current_dir(folder.path()).stderr(Stdio::null());
        let mut training = command.spawn().expect("the process starts");
        std::thread::sleep(Duration::from_millis(millis));
        training.kill().expect("the process can be killed");
        training.wait().expect("the process exits");
    };
    // Repeat until a thread was killed within a record, with complete records after it.
    let found = (0..10).any(|_| {
        (20..40).for_each(training);
        let sync = folder.mlplots(&["sync"]);
        assert_eq!(sync.code, 0, "{}", sync.text());
        sync.stderr.contains("its writing was not finished")
    });
    assert!(
        found,
        "no thread of 200 programs was killed within a record"
    );
    let database = folder.path().join("mlflow.db").display().to_string();
    let counts: BTreeMap<String, [u64; 3]> =
        serde_json::from_str(&python(COUNTS, &[&database])).expect("the script prints JSON");
    let mut total = 0;
    for side in fs::read_dir(acknowledged).expect("the folder") {
        let side = side.expect("a file");
        let logged = 10 * side.metadata().expect("the length of the file").len();
        let name = side.file_name().to_string_lossy().into_owned();
        let [points, steps, last] = counts.get(&name).copied().unwrap_or_default();
        // A thread may log ten more points before it is killed without an acknowledgement.
        assert!(
            (logged..=logged + 10).contains(&points),
            "{name}: {points} points, {logged} acknowledged"
        );
        assert!(
            points == steps && points.saturating_sub(1) == last,
            "{name}"
        );
        total += logged;
    }
    assert!(total > 10_000, "{total} points were logged");
}

#[test]
fn an_empty_journal_is_nothing_to_ship() {
    let folder = Project::new(PROGRAM);
    write_run(folder.path(), UUID, "");
    let sync = folder.mlplots(&["sync"]);
    assert_eq!(sync.code, 0, "{}", sync.text());
    assert!(
        sync.stderr.contains("nothing is left to ship"),
        "{}",
        sync.text()
    );
}
