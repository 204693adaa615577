//! Which servers are contacted, and what is sent there. A journal or cursor of unknown origin must
//! not redirect data or credentials.

use std::os::unix::fs::DirBuilderExt;
use std::time::{Duration, Instant};

use mlplots_tests::http::{Answering, silent};
use mlplots_tests::journal::{self, write_run};
use mlplots_tests::{Project, sample_program};

const PROGRAM: &str = "healing";
/// No process listens on this port.
const NOBODY: &str = "http://127.0.0.1:9";
/// Options of a run that reaches no server.
const UNREACHABLE: [&str; 4] = ["--tracking-uri", NOBODY, "--flush-timeout", "1"];

#[test]
fn a_server_that_only_the_cursor_names_is_not_contacted() {
    let folder = Project::new(PROGRAM);
    assert_eq!(
        folder.exec(&UNREACHABLE, &[sample_program(PROGRAM)]).code,
        4
    );
    let server = Answering::new(|_, _, _| String::new());
    let attacker = &server.url;
    let cursor = folder.run_dir().join("cursor.json");
    let begun = r#""run":{"id":"0123456789abcdef0123456789abcdef","experiment_id":"1","name":"n","artifact_uri":"/tmp"}"#;
    for (run, expected) in [
        (
            r#""run":null"#,
            format!("goes to {attacker}, not to {NOBODY}"),
        ),
        // For a run that has begun, the client asks the server that the user chose.
        (begun, format!("GET {NOBODY}/")),
    ] {
        let text = format!(r#"{{"tracking_uri":"{attacker}",{run}}}"#);
        std::fs::write(&cursor, text).expect("the file is written");
        let output = folder
            .command(&["sync", "--flush-timeout", "1"])
            .env("MLFLOW_TRACKING_URI", NOBODY)
            .env("MLFLOW_TRACKING_TOKEN", "the-token")
            .output()
            .expect("cargo-mlplots starts");
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{text}");
        assert!(text.contains(&expected), "{text}");
    }
    assert_eq!(server.asked(), []);
}

/// A partly shipped run is completed after its workspace was renamed.
#[test]
fn a_run_resumes_in_a_database_that_moved_with_its_folder() {
    let folder = Project::new(PROGRAM);
    let finished = folder.exec(&[], &[sample_program(PROGRAM)]);
    assert_eq!(finished.code, 0, "{}", finished.text());
    let cursor = folder.run_dir().join("cursor.json");
    let text = std::fs::read_to_string(&cursor).expect("the cursor");
    let here = folder.path().display().to_string();
    let mut state: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert!(
        state["tracking_uri"]
            .as_str()
            .is_some_and(|uri| uri.contains(&here))
    );
    state["tracking_uri"] = "sqlite:////old/place/mlflow.db".into();
    state["complete"] = false.into();
    state["tracking"] = 0.into();
    let artifacts = folder.run_dir().join("artifacts");
    std::fs::DirBuilder::new()
        .mode(0o700)
        .create(artifacts)
        .expect("the folder is created");
    std::fs::write(&cursor, state.to_string()).expect("the file is written");
    let synced = folder.mlplots(&["sync"]);
    assert_eq!(synced.code, 0, "{}", synced.text());
    let runs = folder.stored();
    assert_eq!((runs.len(), runs[0].status()), (1, "FINISHED"));

    // Without the moved database, sync does not create a new one.
    std::fs::write(&cursor, state.to_string()).expect("the file is written");
    let database = folder.path().join("mlflow.db");
    std::fs::remove_file(&database).expect("the file is removed");
    let synced = folder.mlplots(&["sync"]);
    assert_ne!(synced.code, 0, "{}", synced.text());
    let expected = "goes to sqlite:////old/place/mlflow.db, not to sqlite:///";
    assert!(synced.stderr.contains(expected), "{}", synced.text());
    assert!(!database.exists());
}

/// The flush timeout limits the total duration, not the duration of each request.
#[test]
fn an_unresponsive_server_fails_the_sync_at_the_flush_timeout() {
    let (_silent, url) = silent();
    let folder = Project::new(PROGRAM);
    assert_eq!(
        folder.exec(&UNREACHABLE, &[sample_program(PROGRAM)]).code,
        4
    );
    let start = Instant::now();
    let synced = folder.mlplots(&["sync", "--tracking-uri", &url, "--flush-timeout", "2"]);
    assert_eq!(synced.code, 4, "{}", synced.text());
    assert!(
        synced.stderr.contains("no response within 2 s"),
        "{}",
        synced.text()
    );
    assert!(
        start.elapsed() < Duration::from_mins(1),
        "{:?}",
        start.elapsed()
    );
}

/// The flush timeout is spent once, not once per run.
#[test]
fn an_unresponsive_server_is_tried_for_one_run_only() {
    let (_silent, url) = silent();
    let folder = Project::new(PROGRAM);
    for number in 0..3 {
        let uuid = format!("0198{number:028x}");
        let journal = [journal::open(&uuid, 1, 1_000), journal::close(2_000)];
        let dir = write_run(folder.path(), &uuid, journal::encode(&journal));
        let cursor = serde_json::json!({
            "tracking_uri": "http://127.0.0.1:9", "run": { "id": "1", "name": "elsewhere" },
        });
        std::fs::write(dir.join("cursor.json"), cursor.to_string()).expect("the cursor is written");
    }
    let sync = folder.mlplots(&["sync", "--tracking-uri", &url, "--flush-timeout", "1"]);
    assert_eq!(sync.code, 4, "{}", sync.text());
    assert_eq!(
        sync.stderr.matches(": it was not tried: ").count(),
        2,
        "{}",
        sync.text()
    );
}

/// Neither a changed file is shipped, nor does the cursor decide where files are stored.
#[test]
fn changed_files_are_not_shipped_and_the_store_decides_the_destination() {
    let folder = Project::new(PROGRAM);
    assert_eq!(
        folder.exec(&UNREACHABLE, &[sample_program(PROGRAM)]).code,
        4
    );
    let artifacts = folder.run_dir().join("artifacts");
    let entry = std::fs::read_dir(&artifacts).expect("the artifacts").next();
    let content = entry.expect("an artifact").expect("an entry").path();
    let logged = std::fs::read(&content).expect("a file");
    let other: Vec<u8> = logged.iter().map(|byte| !byte).collect();
    std::fs::write(&content, other).expect("the file is changed");

    let sync = ["sync", "--tracking-uri", "sqlite:///mlflow.db"];
    let synced = folder.mlplots(&sync);
    assert_eq!(synced.code, 4, "{}", synced.text());
    let expected = "its content has changed since it was logged";
    assert!(synced.stderr.contains(expected), "{}", synced.text());

    let home = tempfile::tempdir().expect("a folder");
    let cursor = folder.run_dir().join("cursor.json");
    let text = std::fs::read_to_string(&cursor).expect("the cursor");
    let mut state: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    state["run"]["artifact_uri"] = home.path().display().to_string().into();
    std::fs::write(&cursor, state.to_string()).expect("the file is written");
    std::fs::write(&content, logged).expect("the file is restored");
    let synced = folder.mlplots(&sync);
    assert_eq!(synced.code, 0, "{}", synced.text());
    assert_eq!(std::fs::read_dir(home.path()).expect("a folder").count(), 0);
    let runs = folder.stored();
    assert_eq!((runs.len(), runs[0].status()), (1, "FINISHED"));
    assert_eq!(runs[0].tag("mlplots.figures"), "2 of 2");
    assert!(runs[0].artifacts().len() > 2);
}

#[test]
fn a_run_for_another_server_does_not_block_other_runs() {
    let folder = Project::new(PROGRAM);
    for _ in 0..2 {
        assert_eq!(
            folder.exec(&UNREACHABLE, &[sample_program(PROGRAM)]).code,
            4
        );
    }
    // The second run has no destination yet.
    let runs = folder.runs();
    std::fs::remove_file(runs[1].join("cursor.json")).expect("the file is removed");
    let synced = folder.mlplots(&["sync"]);
    assert_eq!(synced.code, 4, "{}", synced.text());
    assert!(
        synced
            .stderr
            .contains(&format!("goes to {NOBODY}, not to sqlite:")),
        "{}",
        synced.text()
    );
    assert!(
        !synced.stderr.contains("nothing is left to ship"),
        "{}",
        synced.text()
    );
    let shipped = folder.stored();
    assert_eq!((shipped.len(), shipped[0].status()), (1, "FINISHED"));
}

#[test]
fn a_run_that_was_deleted_in_mlflow_is_reported_and_can_be_dropped() {
    let folder = Project::new(PROGRAM);
    let finished = folder.exec(&[], &[sample_program(PROGRAM)]);
    assert_eq!(finished.code, 0, "{}", finished.text());
    // The last step of shipping was interrupted, and MLflow's database was created anew since then.
    let run = folder.run_dir();
    let path = run.join("cursor.json");
    let cursor = std::fs::read_to_string(&path).expect("the cursor");
    let cursor = cursor.replace("\"complete\":true", "\"complete\":false");
    std::fs::write(&path, cursor).expect("the cursor");
    std::fs::remove_file(folder.path().join("mlflow.db")).expect("the file is removed");
    let other = folder.exec(&[], &[sample_program(PROGRAM)]);
    assert_eq!(other.code, 0, "{}", other.text());
    let uuid = run.file_name().expect("a name").to_string_lossy();
    let synced = folder.mlplots(&["sync"]);
    assert_eq!(synced.code, 4, "{}", synced.text());
    let expected = format!(
        "help: if it was deleted there permanently, `cargo mlplots drop {}` deletes its journal too",
        &uuid[..12]
    );
    assert!(synced.stderr.contains(&expected), "{}", synced.text());
    let dropped = folder.mlplots(&["drop", &uuid[..12]]);
    assert_eq!(dropped.code, 0, "{}", dropped.text());
    assert_eq!(folder.mlplots(&["sync"]).code, 0);
}
