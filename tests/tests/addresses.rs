//! Which addresses are contacted, and with what.

use std::os::unix::fs::DirBuilderExt;
use std::time::{Duration, Instant};

use mlplots_tests::http::{Answering, silent};
use mlplots_tests::written::{self, leave};
use mlplots_tests::{Project, built};

const PROGRAM: &str = "healing";
const NOBODY: &str = "http://127.0.0.1:9";
/// Options of a run that reaches no server.
const UNREACHABLE: [&str; 4] = ["--tracking-uri", NOBODY, "--flush-timeout", "1"];

/// A journal of unknown origin names a server of its own: nothing is sent there.
#[test]
fn an_address_that_only_a_journal_names_is_not_contacted() {
    let folder = Project::new(PROGRAM);
    assert_eq!(folder.exec(&UNREACHABLE, &[built(PROGRAM)]).code, 4);
    let listening = Answering::new(|_, _, _| String::new());
    let attacker = &listening.url;
    let cursor = folder.run_dir().join("cursor.json");
    let run = r#""run":{"id":"0123456789abcdef0123456789abcdef","experiment_id":"1","name":"n","artifact_uri":"/tmp"}"#;
    for (begun, words) in [
        (
            r#""run":null"#,
            format!("goes to {attacker}, not to {NOBODY}"),
        ),
        // The address that the user names is asked for a run that has begun.
        (run, format!("GET {NOBODY}/")),
    ] {
        let text = format!(r#"{{"tracking_uri":"{attacker}",{begun}}}"#);
        std::fs::write(&cursor, text).expect("written");
        let output = folder
            .command(&["sync", "--flush-timeout", "1"])
            .env("MLFLOW_TRACKING_URI", NOBODY)
            .env("MLFLOW_TRACKING_TOKEN", "the-token")
            .output()
            .expect("cargo-mlplots starts");
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{text}");
        assert!(text.contains(&words), "{text}");
    }
    assert_eq!(listening.asked(), []);
}

/// The workspace's folder gets another name while a run is partly shipped.
#[test]
fn a_run_goes_on_in_a_database_that_moved_with_its_folder() {
    let folder = Project::new(PROGRAM);
    let finished = folder.exec(&[], &[built(PROGRAM)]);
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
        .expect("made");
    std::fs::write(&cursor, state.to_string()).expect("written");
    let synced = folder.mlplots(&["sync"]);
    assert_eq!(synced.code, 0, "{}", synced.text());
    let runs = folder.stored();
    assert_eq!((runs.len(), runs[0].status()), (1, "FINISHED"));

    // Where that database is not, none is made.
    std::fs::write(&cursor, state.to_string()).expect("written");
    let database = folder.path().join("mlflow.db");
    std::fs::remove_file(&database).expect("removed");
    let synced = folder.mlplots(&["sync"]);
    assert_ne!(synced.code, 0, "{}", synced.text());
    let words = "goes to sqlite:////old/place/mlflow.db, not to sqlite:///";
    assert!(synced.stderr.contains(words), "{}", synced.text());
    assert!(!database.exists());
}

/// A server that takes calls and never answers costs the time that it is given, not the time of
/// each call.
#[test]
fn a_silent_server_is_given_up_in_time() {
    let (_silent, url) = silent();
    let folder = Project::new(PROGRAM);
    assert_eq!(folder.exec(&UNREACHABLE, &[built(PROGRAM)]).code, 4);
    let since = Instant::now();
    let synced = folder.mlplots(&["sync", "--tracking-uri", &url, "--flush-timeout", "2"]);
    assert_eq!(synced.code, 4, "{}", synced.text());
    assert!(
        synced.stderr.contains("no answer within 2 s"),
        "{}",
        synced.text()
    );
    assert!(
        since.elapsed() < Duration::from_mins(1),
        "{:?}",
        since.elapsed()
    );
}

/// Whether a run that is noted as another server's is at this one costs that time once, too.
#[test]
fn a_silent_server_is_asked_for_one_run_only() {
    let (_silent, url) = silent();
    let folder = Project::new(PROGRAM);
    for number in 0..3 {
        let uuid = format!("0198{number:028x}");
        let journal = [written::open(&uuid, 1, 1_000), written::close(2_000)];
        let dir = leave(folder.path(), &uuid, written::journal(&journal));
        let cursor = serde_json::json!({
            "tracking_uri": "http://127.0.0.1:9", "run": { "id": "1", "name": "elsewhere" },
        });
        std::fs::write(dir.join("cursor.json"), cursor.to_string()).expect("a cursor");
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

/// A file that was changed in the journal is not shipped, and a cursor does not say where files go.
#[test]
fn files_are_shipped_as_they_were_logged_to_where_the_store_says() {
    let folder = Project::new(PROGRAM);
    assert_eq!(folder.exec(&UNREACHABLE, &[built(PROGRAM)]).code, 4);
    let artifacts = folder.run_dir().join("artifacts");
    let entry = std::fs::read_dir(&artifacts).expect("the artifacts").next();
    let content = entry.expect("one").expect("an entry").path();
    let logged = std::fs::read(&content).expect("a file");
    let other: Vec<u8> = logged.iter().map(|byte| !byte).collect();
    std::fs::write(&content, other).expect("changed");

    let sync = ["sync", "--tracking-uri", "sqlite:///mlflow.db"];
    let synced = folder.mlplots(&sync);
    assert_eq!(synced.code, 4, "{}", synced.text());
    let words = "its bytes are not those that were logged";
    assert!(synced.stderr.contains(words), "{}", synced.text());

    let home = tempfile::tempdir().expect("a folder");
    let cursor = folder.run_dir().join("cursor.json");
    let text = std::fs::read_to_string(&cursor).expect("the cursor");
    let mut state: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    state["run"]["artifact_uri"] = home.path().display().to_string().into();
    std::fs::write(&cursor, state.to_string()).expect("written");
    std::fs::write(&content, logged).expect("as it was");
    let synced = folder.mlplots(&sync);
    assert_eq!(synced.code, 0, "{}", synced.text());
    assert_eq!(std::fs::read_dir(home.path()).expect("a folder").count(), 0);
    let runs = folder.stored();
    assert_eq!((runs.len(), runs[0].status()), (1, "FINISHED"));
    assert_eq!(runs[0].tag("mlplots.figures"), "2 of 2");
    assert!(runs[0].artifacts().len() > 2);
}

/// A run that goes elsewhere keeps back no other.
#[test]
fn each_run_is_shipped_or_reported_on_its_own() {
    let folder = Project::new(PROGRAM);
    for _ in 0..2 {
        assert_eq!(folder.exec(&UNREACHABLE, &[built(PROGRAM)]).code, 4);
    }
    // The second was never shipped to anywhere.
    let runs = folder.runs();
    std::fs::remove_file(runs[1].join("cursor.json")).expect("removed");
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
fn a_run_that_mlflow_has_no_more_is_named_and_can_be_dropped() {
    let folder = Project::new(PROGRAM);
    let finished = folder.exec(&[], &[built(PROGRAM)]);
    assert_eq!(finished.code, 0, "{}", finished.text());
    // It was broken off at its last step, and MLflow's database was made anew since.
    let run = folder.run_dir();
    let path = run.join("cursor.json");
    let cursor = std::fs::read_to_string(&path).expect("the cursor");
    let cursor = cursor.replace("\"complete\":true", "\"complete\":false");
    std::fs::write(&path, cursor).expect("the cursor");
    std::fs::remove_file(folder.path().join("mlflow.db")).expect("removed");
    let other = folder.exec(&[], &[built(PROGRAM)]);
    assert_eq!(other.code, 0, "{}", other.text());
    let uuid = run.file_name().expect("a name").to_string_lossy();
    let synced = folder.mlplots(&["sync"]);
    assert_eq!(synced.code, 4, "{}", synced.text());
    let words = format!(
        "help: if it was deleted there for good, `cargo mlplots drop {}` deletes its journal too",
        &uuid[..12]
    );
    assert!(synced.stderr.contains(&words), "{}", synced.text());
    let dropped = folder.mlplots(&["drop", &uuid[..12]]);
    assert_eq!(dropped.code, 0, "{}", dropped.text());
    assert_eq!(folder.mlplots(&["sync"]).code, 0);
}
