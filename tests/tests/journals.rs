//! One journal, one writer, one supervisor; and journals that another version or clock has written.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use mlplots_tests::written::{journal, leave, open, point};
use mlplots_tests::{
    Finished, Hanging, Project, built, checkout, gone, has_arrived, program, python, scrubbed,
    signal,
};
use serde_json::{Value, json};

const PROGRAM: &str = "journals";
/// Nobody listens there.
const NOBODY: &str = "http://127.0.0.1:9";
const UUID: &str = "01980000000070008000000000000000";

/// The records of a journal, without the room behind them.
fn records(journal: &Path) -> Vec<u8> {
    let mut bytes = fs::read(journal).expect("the journal");
    let end = bytes.iter().rposition(|&byte| byte != 0);
    bytes.truncate(end.map_or(0, |last| last + 1));
    bytes
}

#[test]
fn a_second_writer_begins_a_run_of_its_own_and_a_second_supervisor_is_refused() {
    let folder = Project::new(PROGRAM);
    let training = Hanging::start(&folder, built(PROGRAM), &[], "");
    let dir = folder.run_dir();
    let journal = dir.join("journal");
    signal("-KILL", training.supervisor());
    gone(training.supervisor());
    // The training hangs; its figure may still be drawn.
    let since = Instant::now();
    while !String::from_utf8_lossy(&records(&journal)).contains("{\"figure\":") {
        assert!(
            since.elapsed() < Duration::from_secs(30),
            "no figure is drawn"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    let (before, cursor) = (records(&journal), fs::read(dir.join("cursor.json")).ok());

    let mut second = Command::new(built(PROGRAM));
    scrubbed(&mut second);
    let request = folder.path().join("second.json");
    fs::write(
        &request,
        json!({ "mode": "run", "run_dir": dir }).to_string(),
    )
    .expect("a request");
    second.env("MLPLOTS_REQUEST", request);
    second.env("CARGO_MANIFEST_DIR", folder.path());
    let second: Finished = second.output().expect("it starts").into();
    assert!(
        second.stderr.contains("journaled: the run is in"),
        "{}",
        second.text()
    );
    let others = fs::read_dir(dir.parent().unwrap_or(&dir)).expect("the runs");
    let others = others.flatten().map(|entry| entry.path());
    let others: Vec<_> = others.filter(|path| *path != dir).collect();
    assert_eq!(others.len(), 1, "{}", second.text());
    fs::remove_dir_all(&others[0]).expect("it can be removed");

    let uuid = dir.file_name().unwrap_or_default().to_string_lossy();
    for (arguments, code) in [(vec!["sync"], 0), (vec!["sync", &*uuid], 4)] {
        let sync = folder.mlplots(&arguments);
        assert_eq!(sync.code, code, "{}", sync.text());
        let words = format!("{uuid}: it is still running");
        assert!(sync.stderr.contains(&words), "{}", sync.text());
        assert!(!sync.stderr.contains("every run"), "{}", sync.text());
    }
    assert!(records(&journal) == before, "the journal is untouched");
    assert!(fs::read(dir.join("cursor.json")).ok() == cursor);
    assert!(!dir.join("outcome.json").exists());

    signal("-KILL", training.program);
    gone(training.program);
    assert_eq!(folder.mlplots(&["sync"]).code, 0);
    let runs = folder.stored();
    assert_eq!((runs.len(), runs[0].status()), (1, "FAILED"));
    assert_eq!(runs[0].steps("loss"), [0, 1, 2, 3, 4]);
}

#[test]
fn a_run_that_its_supervisor_still_ships_is_left_to_it() {
    let folder = Project::new(PROGRAM);
    let mut supervisor = folder
        .command(&["exec", "--tracking-uri", NOBODY, "--flush-timeout", "100"])
        .arg("--")
        .arg(built(PROGRAM))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let since = Instant::now();
    let ended = |dir: &PathBuf| dir.join("outcome.json").exists();
    while !folder.runs().iter().any(ended) {
        assert!(since.elapsed() < Duration::from_mins(1), "it does not end");
        std::thread::sleep(Duration::from_millis(20));
    }
    let sync = folder.mlplots(&["sync", "--tracking-uri", "sqlite:///mlflow.db"]);
    let words = "another `cargo mlplots` ships it";
    assert!(sync.stderr.contains(words), "{}", sync.text());
    assert!(folder.stored().is_empty());

    supervisor.kill().expect("it can be killed");
    supervisor.wait().expect("it ends");
    let sync = folder.mlplots(&["sync", "--tracking-uri", "sqlite:///mlflow.db"]);
    assert_eq!(sync.code, 0, "{}", sync.text());
    let runs = folder.stored();
    assert_eq!((runs.len(), runs[0].status()), (1, "FINISHED"));
}

#[test]
fn a_clock_that_is_set_back_loses_nothing() {
    let folder = Project::new(PROGRAM);
    // It began in the year 2100, and each point is a second before the one before.
    let start = 4_102_444_800_000;
    let mut records = vec![open(UUID, 1, start)];
    records.extend((0..5).map(|step| point(step, start - 1000 * step)));
    leave(folder.path(), UUID, journal(&records));
    let sync = folder.mlplots(&["sync"]);
    assert_eq!(sync.code, 0, "{}", sync.text());
    let run = folder.stored().remove(0);
    assert_eq!(run.status(), "FAILED");
    // MLflow lists a metric by time.
    assert_eq!(run.steps("loss"), [4, 3, 2, 1, 0]);
    assert_eq!(run.0["start_time"], start);
    assert_eq!(run.0["end_time"], start, "it does not end before it began");
}

#[test]
fn a_journal_of_a_newer_format_is_kept_for_a_newer_version() {
    let folder = Project::new(PROGRAM);
    let records = [open(UUID, 2, 1), json!({ "surface": [1, 2] }), point(0, 1)];
    let dir = leave(folder.path(), UUID, journal(&records));
    for _ in 0..2 {
        let sync = folder.mlplots(&["sync"]);
        assert_eq!(sync.code, 4, "{}", sync.text());
        for words in [
            "was written by mlplots 9.9.9 in format 2",
            "help: `cargo install cargo-mlplots` gets a newer one",
            "nothing is lost",
        ] {
            assert!(sync.stderr.contains(words), "{}", sync.text());
        }
    }
    assert!(folder.stored().is_empty());
    assert!(dir.join("artifacts").exists());
}

/// A run as the first release left it, before a record said on which machine it was written; with
/// every kind of file, each record changed by `change`.
fn of_format_1(change: impl Fn(&mut Value)) -> Project {
    let data = checkout().join("tests/tests/data/format-1");
    let written = fs::read_to_string(data.join("journal")).expect("the journal");
    let records = written.lines().map(|line| {
        let mut record: Value = serde_json::from_str(&line[9..]).expect("a record");
        if let Some(open) = record.get_mut("open") {
            // A journal is that of the folder it is in.
            open["run_uuid"] = UUID.into();
        }
        change(&mut record);
        record
    });
    let folder = Project::new(PROGRAM);
    let dir = leave(
        folder.path(),
        UUID,
        journal(&records.collect::<Vec<Value>>()),
    );
    for file in fs::read_dir(data.join("artifacts")).expect("its files") {
        let file = file.expect("a file");
        let to = dir.join("artifacts").join(file.file_name());
        fs::copy(file.path(), to).expect("a copy");
    }
    folder
}

/// Adds to every object what a later version may write there.
fn grown(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(grown),
        Value::Object(fields) => {
            fields.values_mut().for_each(grown);
            // One alone is not a field, but says of which kind the value is.
            if fields.len() > 1 {
                fields.insert("later".to_owned(), json!({ "than": ["this", 1.0] }));
            }
        }
        _ => {}
    }
}

#[test]
fn a_journal_of_the_first_format_still_ships_whole() {
    for folder in [of_format_1(|_| {}), of_format_1(grown)] {
        let sync = folder.mlplots(&["sync"]);
        assert_eq!(sync.code, 0, "{}", sync.text());
        assert!(!sync.stderr.contains("warning"), "{}", sync.text());
        let run = folder.stored().remove(0);
        assert_eq!(run.steps("odd"), (0..52).collect::<Vec<_>>());
        assert_eq!(run.0["models"].as_array().map(Vec::len), Some(1));
        let database = folder.path().join("mlflow.db");
        has_arrived(&format!("sqlite:///{}", database.display()), &[folder]);
    }
}

/// Eight threads that do nothing but log, each its own metric, and write a byte to a file of that
/// name when ten points are logged.
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

/// The points of each metric, how many steps they have, and the last of these.
const COUNTS: &str = r#"
import json, sqlite3, sys
database = sqlite3.connect(sys.argv[1])
rows = database.execute("SELECT key, COUNT(*), COUNT(DISTINCT step), MAX(step) FROM metrics GROUP BY key")
print(json.dumps({key: counts for key, *counts in rows}))
"#;

#[test]
fn threads_that_are_killed_at_full_speed_lose_nothing() {
    let folder = Project::new(PROGRAM);
    let acknowledged = folder.path().join("acknowledged");
    fs::create_dir(&acknowledged).expect("a folder");
    let training = |millis| {
        let mut command = Command::new(program("full-speed", FULL_SPEED));
        scrubbed(&mut command);
        let command = command.current_dir(folder.path()).stderr(Stdio::null());
        let mut training = command.spawn().expect("it starts");
        std::thread::sleep(Duration::from_millis(millis));
        training.kill().expect("it can be killed");
        training.wait().expect("it ends");
    };
    // Until one has died in the middle of a record, with finished ones behind it; some do.
    let met = (0..10).any(|_| {
        (20..40).for_each(training);
        let sync = folder.mlplots(&["sync"]);
        assert_eq!(sync.code, 0, "{}", sync.text());
        sync.stderr.contains("its writing was not finished")
    });
    assert!(met, "of 200 none died in the middle of a record");
    let database = folder.path().join("mlflow.db").display().to_string();
    let counts: BTreeMap<String, [u64; 3]> =
        serde_json::from_str(&python(COUNTS, &[&database])).expect("the script prints them");
    let mut all = 0;
    for side in fs::read_dir(acknowledged).expect("the folder") {
        let side = side.expect("a file");
        let logged = 10 * side.metadata().expect("its length").len();
        let name = side.file_name().to_string_lossy().into_owned();
        let [points, steps, last] = counts.get(&name).copied().unwrap_or_default();
        // Ten more may have been logged, and the program killed before it could say so.
        assert!(
            (logged..=logged + 10).contains(&points),
            "{name}: {points} of {logged}"
        );
        assert!(
            points == steps && points.saturating_sub(1) == last,
            "{name}"
        );
        all += logged;
    }
    assert!(all > 10_000, "{all} points were logged");
}

#[test]
fn a_journal_in_which_nothing_stands_is_nothing_to_ship() {
    let folder = Project::new(PROGRAM);
    leave(folder.path(), UUID, "");
    let sync = folder.mlplots(&["sync"]);
    assert_eq!(sync.code, 0, "{}", sync.text());
    assert!(
        sync.stderr.contains("nothing is left to ship"),
        "{}",
        sync.text()
    );
}
