//! The final status of a run in MLflow, with invalid files next to its journal and with server
//! faults.

use std::fs;
use std::path::Path;

use mlplots_tests::journal::{self, write_run};
use mlplots_tests::{
    Fault, FaultyProxy, Finished, MlflowServer, Project, StoredRun, program, read, sample_program,
};
use serde_json::{Value, json};

const PROGRAM: &str = "verdicts";
const FIRST: &str = "01980000000000000000000000000001";
const SECOND: &str = "01980000000000000000000000000002";

/// The journal of a finished run, with this artifact if there is one.
fn journal(uuid: &str, format: u32, artifact: Option<&Value>) -> String {
    let mut records = vec![journal::open(uuid, format, 1_000)];
    records.extend((0..3).map(|step| journal::point(step, 1_000)));
    records.extend(artifact.map(|artifact| json!({ "artifact": artifact })));
    records.push(journal::close(2_000));
    journal::encode(&records)
}

fn write_cursor(dir: &Path, cursor: &Value) {
    fs::write(dir.join("cursor.json"), cursor.to_string()).expect("the cursor is written");
}

/// Runs a sync and checks its exit code and output. Returns the only run in the database.
fn sync(folder: &Project, code: i32, expected: &str) -> StoredRun {
    let sync = folder.mlplots(&["sync"]);
    assert_eq!(sync.code, code, "{}", sync.text());
    assert!(
        sync.stderr.contains(expected),
        "{expected}: {}",
        sync.text()
    );
    let [run] = folder.stored().try_into().expect("one run");
    run
}

#[test]
fn an_unshippable_journal_does_not_withhold_the_status() {
    let cut = journal(SECOND, 1, None)[40..].to_owned();
    for (second, code, expected) in [
        (String::new(), 0, "1 run shipped"),
        (cut, 4, "does not identify its run"),
        (journal(FIRST, 1, None), 4, "belongs to another run"),
        (journal(SECOND, 99, None), 4, "in format 99"),
    ] {
        let folder = Project::new(PROGRAM);
        write_run(folder.path(), FIRST, journal(FIRST, 1, None));
        let later = write_run(folder.path(), SECOND, second);
        write_cursor(&later, &json!({ "continues": FIRST }));
        let run = sync(&folder, code, expected);
        assert_eq!(run.status(), "FINISHED", "{expected}");
    }
}

#[test]
fn journals_that_continue_each_other_get_a_final_status() {
    let folder = Project::new(PROGRAM);
    for (uuid, other) in [(FIRST, SECOND), (SECOND, FIRST)] {
        let dir = write_run(folder.path(), uuid, journal(uuid, 1, None));
        write_cursor(&dir, &json!({ "continues": other }));
    }
    folder.mlplots(&["sync"]);
    let runs = folder.stored();
    assert!(!runs.is_empty());
    assert!(runs.iter().all(|run| run.status() == "FINISHED"));
}

#[test]
fn dropping_an_unshippable_part_restores_the_status() {
    let folder = Project::new(PROGRAM);
    write_run(folder.path(), FIRST, journal(FIRST, 1, None));
    let file = json!({ "path": "x.txt", "sha256": "0".repeat(64), "bytes": 5 });
    let later = write_run(folder.path(), SECOND, journal(SECOND, 1, Some(&file)));
    write_cursor(&later, &json!({ "continues": FIRST }));
    let run = sync(&folder, 4, "1 run shipped, 1 run not shipped");
    assert_eq!(run.status(), "FAILED");
    assert!(run.tag("mlplots.reason").starts_with("not everything"));
    let dropped = folder.mlplots(&["drop", SECOND]);
    assert_eq!(dropped.code, 0, "{}", dropped.text());
    let run = sync(&folder, 0, "1 run shipped");
    assert_eq!(run.status(), "FINISHED");
    assert_eq!(run.tag("mlplots.reason"), "everything was shipped later");
}

/// The part after the dropped one then continues the part before it.
#[test]
fn a_middle_part_can_be_dropped() {
    const THIRD: &str = "01980000000000000000000000000003";
    let folder = Project::new(PROGRAM);
    write_run(folder.path(), FIRST, journal(FIRST, 1, None));
    let file = json!({ "path": "x.txt", "sha256": "0".repeat(64), "bytes": 5 });
    let middle = write_run(folder.path(), SECOND, journal(SECOND, 1, Some(&file)));
    write_cursor(&middle, &json!({ "continues": FIRST }));
    let last = write_run(folder.path(), THIRD, journal(THIRD, 1, None));
    write_cursor(&last, &json!({ "continues": SECOND }));
    let run = sync(&folder, 4, "1 run shipped, 2 runs not shipped");
    assert_eq!(run.status(), "FAILED");
    let dropped = folder.mlplots(&["drop", SECOND]);
    assert_eq!(dropped.code, 0, "{}", dropped.text());
    for expected in ["1 run shipped", "nothing is left to ship"] {
        assert_eq!(sync(&folder, 0, expected).status(), "FINISHED");
    }
}

#[test]
fn running_is_not_a_final_status() {
    let folder = Project::new(PROGRAM);
    let dir = write_run(folder.path(), FIRST, journal(FIRST, 1, None));
    let outcome = json!({ "status": "RUNNING", "end_time": 5, "reason": null });
    fs::write(dir.join("outcome.json"), outcome.to_string()).expect("the outcome is written");
    assert_eq!(sync(&folder, 0, "1 run shipped").status(), "FINISHED");

    let folder = Project::new(PROGRAM);
    let journal = journal(FIRST, 1, None);
    let mut lines: Vec<_> = journal.lines().collect();
    lines.pop();
    let close = json!({ "close": { "status": "RUNNING", "end_time": 2_000 } });
    let close = journal::encode(&[close]);
    write_run(folder.path(), FIRST, lines.join("\n") + "\n" + &close);
    let run = sync(&folder, 0, "a run does not end as RUNNING");
    assert_eq!(run.status(), "FAILED");
}

#[test]
fn a_forged_cursor_does_not_skip_records() {
    for cursor in [
        json!({ "tracking": 9_000_000, "artifacts": 9_000_000 }),
        json!({ "tracking": 300, "artifacts": 300, "complete": true }),
    ] {
        let folder = Project::new(PROGRAM);
        let dir = write_run(folder.path(), FIRST, journal(FIRST, 1, None));
        write_cursor(&dir, &cursor);
        let run = sync(&folder, 0, "1 run shipped");
        assert_eq!(
            (run.status(), run.steps("loss")),
            ("FINISHED", vec![0, 1, 2])
        );
    }
}

#[test]
fn an_unusable_lock_is_not_reported_as_held_by_another_process() {
    let folder = Project::new(PROGRAM);
    let dir = write_run(folder.path(), FIRST, journal(FIRST, 1, None));
    fs::create_dir(dir.join("lock")).expect("a folder");
    let sync = folder.mlplots(&["sync"]);
    assert_eq!(sync.code, 4, "{}", sync.text());
    let expected = "/lock` cannot be used: Is a directory";
    assert!(sync.stderr.contains(expected), "{}", sync.text());
}

#[test]
fn a_million_damaged_records_are_reported_in_a_few_lines() {
    let folder = Project::new(PROGRAM);
    write_run(
        folder.path(),
        FIRST,
        journal(FIRST, 1, None) + &"\n".repeat(1_000_000),
    );
    let sync = folder.mlplots(&["sync"]);
    assert_eq!(sync.code, 0, "{}", sync.text());
    assert!(sync.stderr.lines().count() < 30, "{}", sync.text());
    let expected = "the journal is damaged at 999980 more places";
    assert!(sync.stderr.contains(expected), "{}", sync.text());
    assert_eq!(folder.stored()[0].status(), "FAILED");
}

/// Trains through a proxy with a short flush timeout.
fn train(folder: &Project, proxy: &FaultyProxy, flush_timeout: &str) -> Finished {
    let options = [
        "--tracking-uri",
        &proxy.url,
        "--flush-timeout",
        flush_timeout,
    ];
    let mut command = folder.command(&[&["exec"][..], &options].concat());
    command
        // Long enough for the supervisor to create the run.
        .args(["-P", "millis=800", "--progress", "off", "--"])
        .arg(sample_program(PROGRAM));
    command.output().expect("the process starts").into()
}

#[test]
fn a_run_that_is_incomplete_at_the_flush_timeout_is_failed() {
    let server = MlflowServer::start(&["--workers", "1"]);
    for (flush_timeout, call, fault) in [
        // The upload is slow, but no request fails.
        ("0", "mlflow-artifacts/artifacts", Fault::Slow),
        (
            "2",
            "mlflow-artifacts/artifacts",
            Fault::Silent { handled: false },
        ),
        ("2", "mlflow-artifacts/artifacts", Fault::Closed),
        (
            "2",
            "mlflow/runs/log-batch",
            Fault::Status {
                code: 503,
                handled: false,
            },
        ),
    ] {
        let proxy = FaultyProxy::start(&server.url, move |request| {
            request.contains(call).then_some(fault)
        });
        let folder = Project::new(PROGRAM);
        let run = train(&folder, &proxy, flush_timeout);
        assert_eq!(run.code, 4, "{call} {fault}: {}", run.text());
        let [only] = read(&server.url)
            .into_iter()
            .filter(|run| run.tag("mlplots.run_uuid") == uuid(&folder))
            .collect::<Vec<_>>()
            .try_into()
            .expect("one run");
        assert_eq!(only.status(), "FAILED", "{call} {fault}: {}", run.text());
        proxy.set_plan(|_| None);
        let sync = folder.mlplots(&["sync", "--tracking-uri", &proxy.url]);
        assert_eq!(sync.code, 0, "{call} {fault}: {}", sync.text());
        let runs = read(&server.url);
        let found = runs
            .iter()
            .find(|run| run.tag("mlplots.run_uuid") == uuid(&folder));
        assert_eq!(
            found.map(StoredRun::status),
            Some("FINISHED"),
            "{call} {fault}"
        );
    }
}

fn uuid(folder: &Project) -> String {
    let run = folder.run_dir();
    run.file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned()
}

/// A program without `mlplots::main!` that starts its run itself.
const OWN_MAIN: &str = r#"
fn main() -> Result<(), mlplots::Error> {
    print!("a banner of its own, ");
    let run = mlplots::Run::start("Own main")?;
    std::fs::write("trained", "").unwrap();
    run.log_metric("loss", 0.5);
    run.finish()?;
    std::process::exit(std::env::var("CODE").map_or(0, |code| code.parse().unwrap()));
}

#[mlplots::plot]
fn never(_: &String) -> mlplots::Figure { unreachable!() }
"#;

#[test]
fn list_and_check_do_not_train() {
    let folder = Project::new("own-main").file("src/main.rs", OWN_MAIN);
    let list = folder.mlplots(&["list"]);
    assert_eq!(list.code, 0, "{}", list.text());
    assert!(list.stdout.contains("plot never"), "{}", list.text());
    let check = folder.mlplots(&["check"]);
    assert_eq!(check.code, 0, "{}", check.text());
    assert!(!folder.path().join("trained").exists());
    assert!(folder.runs().is_empty());
}

#[test]
fn a_program_that_fails_after_its_run_exits_with_1() {
    let source = OWN_MAIN.replace(
        "#[mlplots::plot]\nfn never",
        "#[allow(dead_code)]\nfn never",
    );
    let folder = Project::new(PROGRAM);
    let mut command = folder.command(&["exec", "--"]);
    command
        .arg(program("fails-after", &source))
        .env("CODE", "7");
    let run: Finished = command.output().expect("the process starts").into();
    assert_eq!(run.code, 1, "{}", run.text());
    let expected = "warning: the program failed after the run had ended: exit status: 7";
    assert!(run.stderr.contains(expected), "{}", run.text());
    assert_eq!(folder.stored()[0].status(), "FINISHED");
}
