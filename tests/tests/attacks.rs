//! A `.mlplots` that another user planted, or that came with a repository: nothing outside it is
//! read, written or made.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;

use mlplots_tests::written::{self, leave};
use mlplots_tests::{Project, built};
use serde_json::json;

const PROGRAM: &str = "attacked";
const UUID: &str = "01980000000070008000000000000000";
/// Another user than the one that runs the tests.
const NOBODY: u32 = 65534;

/// The journal of a run that ended, with one artifact of this digest.
fn journal(sha256: &str, bytes: usize, path: &str) -> String {
    let artifact = json!({ "artifact": { "path": path, "sha256": sha256, "bytes": bytes } });
    written::journal(&[
        written::open(UUID, 1, 1_000),
        artifact,
        written::close(2_000),
    ])
}

/// All that is below a folder, with its content.
fn everything(folder: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() && !path.is_symlink() {
            found.extend(everything(&path));
        } else {
            let content = fs::read(&path).unwrap_or_default();
            found.push((path, content));
        }
    }
    found.sort();
    found
}

#[test]
fn a_folder_that_another_user_planted_is_refused() {
    let shared = tempfile::tempdir().expect("a folder");
    let me = shared.path().metadata().expect("its owner").uid();
    assert_eq!(
        me, 0,
        "this test makes files of another user: run it as root"
    );
    let home = tempfile::tempdir().expect("a folder");
    fs::write(home.path().join(".bashrc"), "mine").expect("a file");
    fs::set_permissions(shared.path(), Permissions::from_mode(0o1777)).expect("a mode");
    let project = Project::new("attacked-folder");
    let victim = shared.path().join("work");
    fs::create_dir(&victim).expect("a folder");
    let dir = leave(shared.path(), UUID, journal(&"0".repeat(64), 3, ".bashrc"));
    fs::write(dir.join("artifacts").join("0".repeat(64)), "bad").expect("a content");
    let cursor = json!({
        "tracking_uri": "sqlite:///mlflow.db",
        "run": { "id": "1", "name": "x", "experiment_id": "0", "artifact_uri": home.path() },
    });
    fs::write(dir.join("cursor.json"), cursor.to_string()).expect("a cursor");
    for path in [
        shared.path().join(".mlplots"),
        shared.path().join(".mlplots/runs"),
        dir,
    ] {
        chown(&path, Some(NOBODY), Some(NOBODY)).expect("another owner");
    }
    let (before, of_home) = (everything(shared.path()), everything(home.path()));
    let program = built(PROGRAM).display().to_string();
    for arguments in [
        vec!["sync"],
        vec!["runs"],
        vec!["drop", UUID],
        vec!["exec", "--", &program],
        vec!["exec", "--resume", UUID, "--", &program],
    ] {
        let mut command = project.command(&arguments);
        command
            .current_dir(&victim)
            .env_remove("CARGO_MANIFEST_DIR");
        let done: mlplots_tests::Finished = command.output().expect("it starts").into();
        assert_ne!(done.code, 0, "{}", done.text());
        let words = "belongs to another user (uid 65534; you are uid 0)";
        assert!(done.stderr.contains(words), "{}", done.text());
        assert!(done.stderr.contains("chown"), "{}", done.text());
        assert_eq!(everything(shared.path()), before, "{arguments:?}");
        assert_eq!(everything(home.path()), of_home, "{arguments:?}");
    }
    // The program alone does not journal there either.
    let mut alone = std::process::Command::new(&program);
    mlplots_tests::scrubbed(&mut alone);
    let alone: mlplots_tests::Finished = alone
        .current_dir(&victim)
        .output()
        .expect("it starts")
        .into();
    assert_eq!(alone.code, 3, "{}", alone.text());
    assert!(
        alone.stderr.contains("belongs to another user"),
        "{}",
        alone.text()
    );
    assert_eq!(everything(shared.path()), before);
}

#[test]
fn links_that_came_with_a_repository_lead_nowhere() {
    let home = tempfile::tempdir().expect("a folder");
    let profile = home.path().join(".profile");
    fs::write(&profile, "mine").expect("a file");
    let of_home = everything(home.path());
    for link in [
        "cursor.json",
        "cursor.new",
        "outcome.json",
        "outcome.new",
        "lock",
        "heartbeat",
        "resumed.json",
        "request.json",
        "artifacts/0.part",
    ] {
        let project = Project::new("attacked-links");
        let dir = leave(project.path(), UUID, journal(&"0".repeat(64), 3, "x.txt"));
        symlink(&profile, dir.join(link)).expect("a link");
        for arguments in [vec!["sync"], vec!["runs"], vec!["sync", UUID]] {
            project.mlplots(&arguments);
            assert_eq!(everything(home.path()), of_home, "{link}: {arguments:?}");
        }
    }
    // A folder that is a link leads elsewhere too.
    for folder in [
        "",
        "runs",
        &format!("runs/{UUID}"),
        &format!("runs/{UUID}/artifacts"),
    ] {
        let project = Project::new("attacked-links");
        leave(project.path(), UUID, journal(&"0".repeat(64), 3, "x.txt"));
        let path = match folder {
            "" => project.path().join(".mlplots"),
            folder => project.path().join(".mlplots").join(folder),
        };
        let elsewhere = home.path().join("elsewhere");
        fs::rename(&path, &elsewhere).expect("it can be moved");
        symlink(&elsewhere, &path).expect("a link");
        let before = everything(&elsewhere);
        let sync = project.mlplots(&["sync"]);
        // What lies in `runs` and is a link is no run.
        let is_run = folder.len() > 4 && !folder.ends_with("artifacts");
        assert_eq!(sync.code == 0, is_run, "{folder}: {}", sync.text());
        assert!(
            is_run || sync.stderr.contains("is a symbolic link"),
            "{}",
            sync.text()
        );
        assert_eq!(everything(&elsewhere), before, "{folder}");
        fs::remove_dir_all(&elsewhere).expect("it can be removed");
    }
}

#[test]
fn a_training_makes_no_file_elsewhere() {
    let project = Project::new("attacked-ignore");
    let elsewhere = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(project.path().join(".mlplots/runs")).expect("a folder");
    let dangling = elsewhere.path().join("made");
    symlink(&dangling, project.path().join(".mlplots/.gitignore")).expect("a link");
    let run = project.exec(&[], &[built(PROGRAM)]);
    assert_eq!(run.code, 0, "{}", run.text());
    assert!(!dangling.exists());
}

#[test]
fn a_journal_reads_no_file_of_its_readers() {
    let secret = tempfile::NamedTempFile::new().expect("a file");
    fs::write(secret.path(), "s3cret").expect("a secret");
    let path = secret.path().display().to_string();
    for sha256 in [&*path, "../../../../../etc/passwd", "", "0"] {
        let project = Project::new("attacked-digest");
        leave(project.path(), UUID, journal(sha256, 6, "stolen.txt"));
        let sync = project.mlplots(&["sync"]);
        let words = "is not a SHA-256, which has 64 lowercase hex digits";
        assert!(sync.stderr.contains(words), "{}", sync.text());
        let stored = everything(&project.path().join("mlruns"));
        let is_stolen = |(path, content): &(std::path::PathBuf, Vec<u8>)| {
            path.ends_with("stolen.txt") || content == b"s3cret"
        };
        assert!(!stored.iter().any(is_stolen), "{stored:?}");
        let uri = project.database();
        let run = mlplots_tests::read(&uri).remove(0);
        assert_eq!(run.status(), "FAILED");
        assert!(run.tag("mlplots.reason").contains(words));
    }
}

/// Neither what a program prints of a journal nor the result for programs commands a terminal.
#[test]
fn what_files_say_is_written_as_escapes() {
    let project = Project::new(PROGRAM);
    let mut open = written::open(UUID, 1, 1_000);
    open["open"]["run_name"] = json!("plum\u{9b}2J\u{202e}");
    let params = json!({ "params": [{ "key": "ending", "value": "\u{1b}[2J\nerror: x" }] });
    let journal = written::journal(&[open, params, written::close(2_000)]);
    leave(project.path(), UUID, journal);
    let listed = project.mlplots(&["runs", "--json"]);
    assert!(
        listed.stdout.contains(r"plum\u009b2J\u202e"),
        "{}",
        listed.text()
    );
    let program = built(PROGRAM).display().to_string();
    let exec = ["exec", "--resume", UUID, "-P", "ending=ok", "--", &program];
    let resumed = project.mlplots(&exec);
    assert_eq!(resumed.code, 3, "{}", resumed.text());
    let words = "error: the param `ending` is `\\u{1b}[2J\n    error: x` in the run that goes on";
    assert!(resumed.stderr.contains(words), "{}", resumed.text());
}
