//! Many runs in one `.mlplots`, some of them broken: each is judged by itself.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use mlplots_tests::written::{self, leave};
use mlplots_tests::{Project, read};
use serde_json::{Value, json};

const RUNS: usize = 300;

fn uuid(number: usize) -> String {
    format!("0198{number:028x}")
}

/// The journal of a run that returned, with these records before its end.
fn journal(uuid: &str, format: u32, more: &[Value]) -> String {
    let mut records = vec![written::open(uuid, format, 1_000)];
    records.extend((0..3).map(|step| written::point(step, 1_000)));
    records.extend(more.to_vec());
    records.push(written::close(2_000));
    written::journal(&records)
}

/// The digest of five bytes, `plums`.
const PLUMS: &str = "db2ca3cb92017fa91cdd6ea80f2e9cfbed3c4cc71de9b3455335c777cd94bc7f";

/// Ways to be broken, and what is said of each.
fn break_it(way: usize, folder: &Path, uuid: &str) -> &'static str {
    let artifact = json!({ "artifact": { "path": "plums.txt", "sha256": PLUMS, "bytes": 5 } });
    let whole = journal(uuid, 1, &[]);
    let with_file = journal(uuid, 1, &[artifact]);
    let content = |dir: &Path| dir.join("artifacts").join(PLUMS);
    match way {
        0 => {
            leave(folder, uuid, "\u{1}\u{2}no journal at all\n");
            "does not say which run it is"
        }
        1 => {
            leave(folder, uuid, journal(&self::uuid(3), 1, &[]));
            "is that of another run"
        }
        2 => {
            leave(folder, uuid, journal(uuid, 99, &[]));
            "in format 99"
        }
        3 => {
            let journal = leave(folder, uuid, "").join("journal");
            fs::remove_file(&journal).expect("it can be removed");
            let made = Command::new("mkfifo").arg(&journal).status();
            assert!(made.expect("mkfifo").success());
            "it is not a regular file"
        }
        4 => {
            let journal = leave(folder, uuid, "").join("journal");
            fs::remove_file(&journal).expect("it can be removed");
            symlink("/etc/hostname", &journal).expect("a link");
            "it is a symbolic link"
        }
        5 => {
            let dir = leave(folder, uuid, whole);
            fs::set_permissions(&dir, Permissions::from_mode(0o777)).expect("a mode");
            "other users may write to"
        }
        6 => {
            let dir = leave(folder, uuid, with_file);
            fs::write(content(&dir), "plu").expect("a content");
            "it has 3 bytes instead of 5"
        }
        7 => {
            let dir = leave(folder, uuid, with_file);
            symlink("/etc/hostname", content(&dir)).expect("a link");
            "it is a symbolic link"
        }
        8 => {
            let dir = leave(folder, uuid, whole);
            let cursor = json!({
                "tracking_uri": "http://127.0.0.1:9", "run": { "id": "1", "name": "elsewhere" },
            });
            fs::write(dir.join("cursor.json"), cursor.to_string()).expect("a cursor");
            "it goes to http://127.0.0.1:9"
        }
        _ => {
            let dir = leave(folder, uuid, with_file);
            fs::write(content(&dir), "pears").expect("a content");
            "its bytes are not those that were logged"
        }
    }
}

#[test]
fn one_sync_ships_what_is_whole_and_names_what_is_broken() {
    let project = Project::new("many");
    let folder = project.path();
    let mut broken = Vec::new();
    for number in 0..RUNS {
        let uuid = uuid(number);
        if number % 30 == 7 {
            let words = break_it(number / 30, folder, &uuid);
            broken.push((uuid, words));
        } else {
            leave(folder, &uuid, journal(&uuid, 1, &[]));
        }
    }
    assert_eq!(broken.len(), 10);
    let database = format!("sqlite:///{}", folder.join("mlflow.db").display());
    for time in 0..2 {
        let sync = project.mlplots(&["sync", "--json"]);
        assert_eq!(sync.code, 4, "{}", sync.text());
        let shipped = if time == 0 { RUNS - broken.len() } else { 0 };
        let summary: Value = serde_json::from_str(&sync.stdout).expect("JSON");
        assert_eq!(summary["shipped"], shipped, "{}", sync.stderr);
        assert_eq!(summary["failed"], broken.len(), "{}", sync.stderr);
        for (uuid, words) in &broken {
            let line = sync
                .stderr
                .lines()
                .find(|line| line.contains(uuid.as_str()));
            let line = line.unwrap_or_else(|| panic!("{uuid} is not named: {}", sync.stderr));
            assert!(line.trim_start().starts_with("Failed"), "{line}");
            assert!(line.contains(words), "`{words}` is not in `{line}`");
        }
        let runs = read(&database);
        let finished = runs.iter().filter(|run| run.status() == "FINISHED").count();
        assert_eq!(finished, RUNS - broken.len());
        // Those whose files are not what was logged are there, and say so.
        let failed: Vec<_> = runs.iter().filter(|run| run.status() == "FAILED").collect();
        assert_eq!((failed.len(), runs.len()), (3, finished + 3));
        for run in failed {
            assert!(
                run.tag("mlplots.reason")
                    .starts_with("not everything is shipped: ")
            );
        }
    }
    let listed = project.mlplots(&["runs", "--json"]);
    let listed: Value = serde_json::from_str(&listed.stdout).expect("JSON");
    assert_eq!(listed["runs"].as_array().map(Vec::len), Some(RUNS));

    // One that need not be shipped can be dropped, by its name alone.
    let (first, _) = &broken[0];
    let dropped = project.mlplots(&["drop", first]);
    assert_eq!(dropped.code, 0, "{}", dropped.text());
    assert!(!folder.join(".mlplots/runs").join(first).exists());
    let several = project.mlplots(&["drop", "0198"]);
    assert_eq!(several.code, 2, "{}", several.text());
}
