//! How a run ended is told in MLflow, whatever lies beside its journal and whatever the server does.

use std::fs;
use std::path::Path;

use mlplots_tests::written::{self, leave};
use mlplots_tests::{
    Fault, FaultyProxy, Finished, MlflowServer, Project, Read, built, program, read,
};
use serde_json::{Value, json};

const PROGRAM: &str = "verdicts";
const FIRST: &str = "01980000000000000000000000000001";
const SECOND: &str = "01980000000000000000000000000002";

/// A journal of a run that returned; this file is among its artifacts.
fn journal(uuid: &str, format: u32, file: Option<&Value>) -> String {
    let mut records = vec![written::open(uuid, format, 1_000)];
    records.extend((0..3).map(|step| written::point(step, 1_000)));
    records.extend(file.map(|file| json!({ "artifact": file })));
    records.push(written::close(2_000));
    written::journal(&records)
}

fn leave_cursor(dir: &Path, cursor: &Value) {
    fs::write(dir.join("cursor.json"), cursor.to_string()).expect("a cursor");
}

/// The one run of this folder, after a sync with this exit code.
fn synced(folder: &Project, code: i32, words: &str) -> Read {
    let sync = folder.mlplots(&["sync"]);
    assert_eq!(sync.code, code, "{}", sync.text());
    assert!(sync.stderr.contains(words), "{words}: {}", sync.text());
    let [run] = folder.stored().try_into().expect("one run");
    run
}

#[test]
fn a_journal_that_cannot_be_shipped_withholds_no_verdict() {
    let cut = journal(SECOND, 1, None)[40..].to_owned();
    for (second, code, words) in [
        (String::new(), 0, "1 run shipped"),
        (cut, 4, "does not say which run it is"),
        (journal(FIRST, 1, None), 4, "is that of another run"),
        (journal(SECOND, 99, None), 4, "in format 99"),
    ] {
        let folder = Project::new(PROGRAM);
        leave(folder.path(), FIRST, journal(FIRST, 1, None));
        let later = leave(folder.path(), SECOND, second);
        leave_cursor(&later, &json!({ "continues": FIRST }));
        let run = synced(&folder, code, words);
        assert_eq!(run.status(), "FINISHED", "{words}");
    }
}

/// Two journals each of which says that it goes on with the other.
#[test]
fn journals_that_name_each_other_end_their_run() {
    let folder = Project::new(PROGRAM);
    for (uuid, other) in [(FIRST, SECOND), (SECOND, FIRST)] {
        let dir = leave(folder.path(), uuid, journal(uuid, 1, None));
        leave_cursor(&dir, &json!({ "continues": other }));
    }
    folder.mlplots(&["sync"]);
    let runs = folder.stored();
    assert!(!runs.is_empty());
    assert!(runs.iter().all(|run| run.status() == "FINISHED"));
}

#[test]
fn a_part_that_is_dropped_gives_the_verdict_back() {
    let folder = Project::new(PROGRAM);
    leave(folder.path(), FIRST, journal(FIRST, 1, None));
    let file = json!({ "path": "x.txt", "sha256": "0".repeat(64), "bytes": 5 });
    let later = leave(folder.path(), SECOND, journal(SECOND, 1, Some(&file)));
    leave_cursor(&later, &json!({ "continues": FIRST }));
    let run = synced(&folder, 4, "1 run shipped, 1 run not shipped");
    assert_eq!(run.status(), "FAILED");
    assert!(run.tag("mlplots.reason").starts_with("not everything"));
    let dropped = folder.mlplots(&["drop", SECOND]);
    assert_eq!(dropped.code, 0, "{}", dropped.text());
    let run = synced(&folder, 0, "1 run shipped");
    assert_eq!(run.status(), "FINISHED");
    assert_eq!(run.tag("mlplots.reason"), "everything was shipped later");
}

/// The part behind it goes on with the part before it.
#[test]
fn a_part_in_the_middle_can_be_dropped() {
    const THIRD: &str = "01980000000000000000000000000003";
    let folder = Project::new(PROGRAM);
    leave(folder.path(), FIRST, journal(FIRST, 1, None));
    let file = json!({ "path": "x.txt", "sha256": "0".repeat(64), "bytes": 5 });
    let middle = leave(folder.path(), SECOND, journal(SECOND, 1, Some(&file)));
    leave_cursor(&middle, &json!({ "continues": FIRST }));
    let last = leave(folder.path(), THIRD, journal(THIRD, 1, None));
    leave_cursor(&last, &json!({ "continues": SECOND }));
    let run = synced(&folder, 4, "1 run shipped, 2 runs not shipped");
    assert_eq!(run.status(), "FAILED");
    let dropped = folder.mlplots(&["drop", SECOND]);
    assert_eq!(dropped.code, 0, "{}", dropped.text());
    for words in ["1 run shipped", "nothing is left to ship"] {
        assert_eq!(synced(&folder, 0, words).status(), "FINISHED");
    }
}

/// No run ends as RUNNING.
#[test]
fn running_is_no_verdict() {
    let folder = Project::new(PROGRAM);
    let dir = leave(folder.path(), FIRST, journal(FIRST, 1, None));
    let outcome = json!({ "status": "RUNNING", "end_time": 5, "reason": null });
    fs::write(dir.join("outcome.json"), outcome.to_string()).expect("an outcome");
    assert_eq!(synced(&folder, 0, "1 run shipped").status(), "FINISHED");

    let folder = Project::new(PROGRAM);
    let journal = journal(FIRST, 1, None);
    let mut lines: Vec<_> = journal.lines().collect();
    lines.pop();
    let close = json!({ "close": { "status": "RUNNING", "end_time": 2_000 } });
    let close = written::journal(&[close]);
    leave(folder.path(), FIRST, lines.join("\n") + "\n" + &close);
    let run = synced(&folder, 0, "a run does not end as RUNNING");
    assert_eq!(run.status(), "FAILED");
}

#[test]
fn a_cursor_cannot_say_that_what_is_not_shipped_is() {
    for cursor in [
        json!({ "tracking": 9_000_000, "artifacts": 9_000_000 }),
        json!({ "tracking": 300, "artifacts": 300, "complete": true }),
    ] {
        let folder = Project::new(PROGRAM);
        let dir = leave(folder.path(), FIRST, journal(FIRST, 1, None));
        leave_cursor(&dir, &cursor);
        let run = synced(&folder, 0, "1 run shipped");
        assert_eq!(
            (run.status(), run.steps("loss")),
            ("FINISHED", vec![0, 1, 2])
        );
    }
}

#[test]
fn only_a_lock_that_is_held_means_that_another_process_is_at_work() {
    let folder = Project::new(PROGRAM);
    let dir = leave(folder.path(), FIRST, journal(FIRST, 1, None));
    fs::create_dir(dir.join("lock")).expect("a folder");
    let sync = folder.mlplots(&["sync"]);
    assert_eq!(sync.code, 4, "{}", sync.text());
    let words = "/lock` cannot be used: Is a directory";
    assert!(sync.stderr.contains(words), "{}", sync.text());
}

/// A million damages are told in a few lines.
#[test]
fn a_journal_of_anything_is_told_in_a_few_lines() {
    let folder = Project::new(PROGRAM);
    leave(
        folder.path(),
        FIRST,
        journal(FIRST, 1, None) + &"\n".repeat(1_000_000),
    );
    let sync = folder.mlplots(&["sync"]);
    assert_eq!(sync.code, 0, "{}", sync.text());
    assert!(sync.stderr.lines().count() < 30, "{}", sync.text());
    let words = "the journal is damaged at 999980 more places";
    assert!(sync.stderr.contains(words), "{}", sync.text());
    assert_eq!(folder.stored()[0].status(), "FAILED");
}

/// A training behind a proxy, which gives up shipping soon.
fn hurried(folder: &Project, proxy: &FaultyProxy, patience: &str) -> Finished {
    let hurry = ["--tracking-uri", &proxy.url, "--flush-timeout", patience];
    let mut command = folder.command(&[&["exec"][..], &hurry].concat());
    command
        // Long enough for the run to be made.
        .args(["-P", "millis=800", "--progress", "off", "--"])
        .arg(built(PROGRAM));
    command.output().expect("it starts").into()
}

#[test]
fn a_run_that_is_not_whole_in_time_is_not_running() {
    let server = MlflowServer::start(&["--workers", "1"]);
    for (patience, call, fault) in [
        // Only the shipping takes longer; nothing fails.
        ("0", "mlflow-artifacts/artifacts", Fault::Slow),
        (
            "2",
            "mlflow-artifacts/artifacts",
            Fault::Silent { obeyed: false },
        ),
        ("2", "mlflow-artifacts/artifacts", Fault::Closed),
        (
            "2",
            "mlflow/runs/log-batch",
            Fault::Status {
                code: 503,
                obeyed: false,
            },
        ),
    ] {
        let proxy = FaultyProxy::start(&server.url, move |request| {
            request.contains(call).then_some(fault)
        });
        let folder = Project::new(PROGRAM);
        let run = hurried(&folder, &proxy, patience);
        assert_eq!(run.code, 4, "{call} {fault}: {}", run.text());
        let [only] = read(&server.url)
            .into_iter()
            .filter(|run| run.tag("mlplots.run_uuid") == uuid(&folder))
            .collect::<Vec<_>>()
            .try_into()
            .expect("one run");
        assert_eq!(only.status(), "FAILED", "{call} {fault}: {}", run.text());
        proxy.follow(|_| None);
        let sync = folder.mlplots(&["sync", "--tracking-uri", &proxy.url]);
        assert_eq!(sync.code, 0, "{call} {fault}: {}", sync.text());
        let runs = read(&server.url);
        let found = runs
            .iter()
            .find(|run| run.tag("mlplots.run_uuid") == uuid(&folder));
        assert_eq!(found.map(Read::status), Some("FINISHED"), "{call} {fault}");
    }
}

fn uuid(folder: &Project) -> String {
    let run = folder.run_dir();
    run.file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned()
}

/// A program that begins its run itself.
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
fn a_program_that_fails_after_its_run_fails() {
    let source = OWN_MAIN.replace(
        "#[mlplots::plot]\nfn never",
        "#[allow(dead_code)]\nfn never",
    );
    let folder = Project::new(PROGRAM);
    let mut command = folder.command(&["exec", "--"]);
    command
        .arg(program("fails-after", &source))
        .env("CODE", "7");
    let run: Finished = command.output().expect("it starts").into();
    assert_eq!(run.code, 1, "{}", run.text());
    let words = "warning: the program failed after the run had ended: exit status: 7";
    assert!(run.stderr.contains(words), "{}", run.text());
    assert_eq!(folder.stored()[0].status(), "FINISHED");
}
