//! Many runs in one `.mlplots` folder. A broken run does not affect the others.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use mlplots_tests::journal::{self, write_run};
use mlplots_tests::{Project, read};
use serde_json::{Value, json};

const RUNS: usize = 300;

fn uuid(number: usize) -> String {
    format!("0198{number:028x}")
}

/// The journal of a finished run with these additional records.
fn journal(uuid: &str, format: u32, extra: &[Value]) -> String {
    let mut records = vec![journal::open(uuid, format, 1_000)];
    records.extend((0..3).map(|step| journal::point(step, 1_000)));
    records.extend(extra.to_vec());
    records.push(journal::close(2_000));
    journal::encode(&records)
}

/// The SHA-256 digest of `plums`.
const PLUMS: &str = "db2ca3cb92017fa91cdd6ea80f2e9cfbed3c4cc71de9b3455335c777cd94bc7f";

/// Writes a run that is broken in one of ten ways. Returns a part of the message that sync prints.
fn write_broken_run(variant: usize, folder: &Path, uuid: &str) -> &'static str {
    let artifact = json!({ "artifact": { "path": "plums.txt", "sha256": PLUMS, "bytes": 5 } });
    let valid = journal(uuid, 1, &[]);
    let with_file = journal(uuid, 1, &[artifact]);
    let content = |dir: &Path| dir.join("artifacts").join(PLUMS);
    match variant {
        0 => {
            write_run(folder, uuid, "\u{1}\u{2}no journal at all\n");
            "does not identify its run"
        }
        1 => {
            write_run(folder, uuid, journal(&self::uuid(3), 1, &[]));
            "belongs to another run"
        }
        2 => {
            write_run(folder, uuid, journal(uuid, 99, &[]));
            "in format 99"
        }
        3 => {
            let journal = write_run(folder, uuid, "").join("journal");
            fs::remove_file(&journal).expect("the file is removed");
            let status = Command::new("mkfifo").arg(&journal).status();
            assert!(status.expect("mkfifo").success());
            "it is not a regular file"
        }
        4 => {
            let journal = write_run(folder, uuid, "").join("journal");
            fs::remove_file(&journal).expect("the file is removed");
            symlink("/etc/hostname", &journal).expect("a link");
            "it is a symbolic link"
        }
        5 => {
            let dir = write_run(folder, uuid, valid);
            fs::set_permissions(&dir, Permissions::from_mode(0o777)).expect("a mode");
            "other users may write to"
        }
        6 => {
            let dir = write_run(folder, uuid, with_file);
            fs::write(content(&dir), "plu").expect("the content is written");
            "it has 3 bytes instead of 5"
        }
        7 => {
            let dir = write_run(folder, uuid, with_file);
            symlink("/etc/hostname", content(&dir)).expect("a link");
            "it is a symbolic link"
        }
        8 => {
            let dir = write_run(folder, uuid, valid);
            let cursor = json!({
                "tracking_uri": "http://127.0.0.1:9", "run": { "id": "1", "name": "elsewhere" },
            });
            fs::write(dir.join("cursor.json"), cursor.to_string()).expect("the cursor is written");
            "it goes to http://127.0.0.1:9"
        }
        _ => {
            let dir = write_run(folder, uuid, with_file);
            fs::write(content(&dir), "pears").expect("the content is written");
            "its content has changed since it was logged"
        }
    }
}

#[test]
fn one_sync_ships_valid_runs_and_reports_broken_ones() {
    let project = Project::new("many");
    let folder = project.path();
    let mut broken = Vec::new();
    for number in 0..RUNS {
        let uuid = uuid(number);
        if number % 30 == 7 {
            let expected = write_broken_run(number / 30, folder, &uuid);
            broken.push((uuid, expected));
        } else {
            write_run(folder, &uuid, journal(&uuid, 1, &[]));
        }
    }
    assert_eq!(broken.len(), 10);
    let database = format!("sqlite:///{}", folder.join("mlflow.db").display());
    for round in 0..2 {
        let sync = project.mlplots(&["sync", "--json"]);
        assert_eq!(sync.code, 4, "{}", sync.text());
        let shipped = if round == 0 { RUNS - broken.len() } else { 0 };
        let summary: Value = serde_json::from_str(&sync.stdout).expect("JSON");
        assert_eq!(summary["shipped"], shipped, "{}", sync.stderr);
        assert_eq!(summary["failed"], broken.len(), "{}", sync.stderr);
        for (uuid, expected) in &broken {
            let line = sync
                .stderr
                .lines()
                .find(|line| line.contains(uuid.as_str()));
            let line = line.unwrap_or_else(|| panic!("{uuid} is not reported: {}", sync.stderr));
            assert!(line.trim_start().starts_with("Failed"), "{line}");
            assert!(line.contains(expected), "`{expected}` is not in `{line}`");
        }
        let runs = read(&database);
        let finished = runs.iter().filter(|run| run.status() == "FINISHED").count();
        assert_eq!(finished, RUNS - broken.len());
        // Runs with damaged files are stored without them, as FAILED.
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

    // `drop` deletes a run by its complete ID, but not several runs by a common prefix.
    let (first, _) = &broken[0];
    let dropped = project.mlplots(&["drop", first]);
    assert_eq!(dropped.code, 0, "{}", dropped.text());
    assert!(!folder.join(".mlplots/runs").join(first).exists());
    let several = project.mlplots(&["drop", "0198"]);
    assert_eq!(several.code, 2, "{}", several.text());
}
