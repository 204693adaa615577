//! A folder `.mlplots` from an attacker, such as another user or the author of a repository.
//! mlplots must not read, write or create any file outside of it.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;

use mlplots_tests::journal::{self, write_run};
use mlplots_tests::{Project, sample_program};
use serde_json::json;

const PROGRAM: &str = "attacked";
const UUID: &str = "01980000000070008000000000000000";
/// The user ID of `nobody`, which does not run the tests.
const NOBODY: u32 = 65534;

/// The journal of a finished run with one artifact of this digest.
fn journal(sha256: &str, bytes: usize, path: &str) -> String {
    let artifact = json!({ "artifact": { "path": path, "sha256": sha256, "bytes": bytes } });
    journal::encode(&[
        journal::open(UUID, 1, 1_000),
        artifact,
        journal::close(2_000),
    ])
}

/// All files below a folder with their content.
fn snapshot(folder: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() && !path.is_symlink() {
            found.extend(snapshot(&path));
        } else {
            let content = fs::read(&path).unwrap_or_default();
            found.push((path, content));
        }
    }
    found.sort();
    found
}

#[test]
fn a_folder_of_another_user_is_refused() {
    let shared = tempfile::tempdir().expect("a folder");
    let me = shared.path().metadata().expect("its owner").uid();
    assert_eq!(
        me, 0,
        "this test creates files of another user, which needs root"
    );
    let home = tempfile::tempdir().expect("a folder");
    fs::write(home.path().join(".bashrc"), "mine").expect("a file");
    fs::set_permissions(shared.path(), Permissions::from_mode(0o1777)).expect("a mode");
    let project = Project::new("attacked-folder");
    let victim = shared.path().join("work");
    fs::create_dir(&victim).expect("a folder");
    let dir = write_run(shared.path(), UUID, journal(&"0".repeat(64), 3, ".bashrc"));
    fs::write(dir.join("artifacts").join("0".repeat(64)), "bad").expect("the content is written");
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
    let (before, home_before) = (snapshot(shared.path()), snapshot(home.path()));
    let program = sample_program(PROGRAM).display().to_string();
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
        let finished: mlplots_tests::Finished =
            command.output().expect("the process starts").into();
        assert_ne!(finished.code, 0, "{}", finished.text());
        let expected = "belongs to another user (uid 65534; you are uid 0)";
        assert!(finished.stderr.contains(expected), "{}", finished.text());
        assert!(finished.stderr.contains("chown"), "{}", finished.text());
        assert_eq!(snapshot(shared.path()), before, "{arguments:?}");
        assert_eq!(snapshot(home.path()), home_before, "{arguments:?}");
    }
    // Without a supervisor, the program does not write a journal there either.
    let mut alone = std::process::Command::new(&program);
    mlplots_tests::clean_env(&mut alone);
    let alone: mlplots_tests::Finished = alone
        .current_dir(&victim)
        .output()
        .expect("the process starts")
        .into();
    assert_eq!(alone.code, 3, "{}", alone.text());
    assert!(
        alone.stderr.contains("belongs to another user"),
        "{}",
        alone.text()
    );
    assert_eq!(snapshot(shared.path()), before);
}

#[test]
fn symbolic_links_in_a_run_are_not_followed() {
    let home = tempfile::tempdir().expect("a folder");
    let profile = home.path().join(".profile");
    fs::write(&profile, "mine").expect("a file");
    let home_before = snapshot(home.path());
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
        let dir = write_run(project.path(), UUID, journal(&"0".repeat(64), 3, "x.txt"));
        symlink(&profile, dir.join(link)).expect("a link");
        for arguments in [vec!["sync"], vec!["runs"], vec!["sync", UUID]] {
            project.mlplots(&arguments);
            assert_eq!(snapshot(home.path()), home_before, "{link}: {arguments:?}");
        }
    }
    // The same for folders that are links.
    for folder in [
        "",
        "runs",
        &format!("runs/{UUID}"),
        &format!("runs/{UUID}/artifacts"),
    ] {
        let project = Project::new("attacked-links");
        write_run(project.path(), UUID, journal(&"0".repeat(64), 3, "x.txt"));
        let path = match folder {
            "" => project.path().join(".mlplots"),
            folder => project.path().join(".mlplots").join(folder),
        };
        let elsewhere = home.path().join("elsewhere");
        fs::rename(&path, &elsewhere).expect("the folder is moved");
        symlink(&elsewhere, &path).expect("a link");
        let before = snapshot(&elsewhere);
        let sync = project.mlplots(&["sync"]);
        // A link in `runs` is not a run, so sync ignores it.
        let is_ignored = folder.len() > 4 && !folder.ends_with("artifacts");
        assert_eq!(sync.code == 0, is_ignored, "{folder}: {}", sync.text());
        assert!(
            is_ignored || sync.stderr.contains("is a symbolic link"),
            "{}",
            sync.text()
        );
        assert_eq!(snapshot(&elsewhere), before, "{folder}");
        fs::remove_dir_all(&elsewhere).expect("the folder is removed");
    }
}

#[test]
fn a_training_creates_no_file_through_a_symbolic_link() {
    let project = Project::new("attacked-ignore");
    let elsewhere = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(project.path().join(".mlplots/runs")).expect("a folder");
    let target = elsewhere.path().join("made");
    symlink(&target, project.path().join(".mlplots/.gitignore")).expect("a link");
    let run = project.exec(&[], &[sample_program(PROGRAM)]);
    assert_eq!(run.code, 0, "{}", run.text());
    assert!(!target.exists());
}

#[test]
fn a_digest_cannot_be_the_path_of_another_file() {
    let secret = tempfile::NamedTempFile::new().expect("a file");
    fs::write(secret.path(), "s3cret").expect("a secret");
    let path = secret.path().display().to_string();
    for sha256 in [&*path, "../../../../../etc/passwd", "", "0"] {
        let project = Project::new("attacked-digest");
        write_run(project.path(), UUID, journal(sha256, 6, "stolen.txt"));
        let sync = project.mlplots(&["sync"]);
        let expected = "is not a SHA-256, which has 64 lowercase hex digits";
        assert!(sync.stderr.contains(expected), "{}", sync.text());
        let stored = snapshot(&project.path().join("mlruns"));
        let is_stolen = |(path, content): &(std::path::PathBuf, Vec<u8>)| {
            path.ends_with("stolen.txt") || content == b"s3cret"
        };
        assert!(!stored.iter().any(is_stolen), "{stored:?}");
        let uri = project.database();
        let run = mlplots_tests::read(&uri).remove(0);
        assert_eq!(run.status(), "FAILED");
        assert!(run.tag("mlplots.reason").contains(expected));
    }
}

/// Otherwise a journal could send control sequences to the terminal.
#[test]
fn control_characters_from_a_journal_are_escaped() {
    let project = Project::new(PROGRAM);
    let mut open = journal::open(UUID, 1, 1_000);
    open["open"]["run_name"] = json!("plum\u{9b}2J\u{202e}");
    let params = json!({ "params": [{ "key": "ending", "value": "\u{1b}[2J\nerror: x" }] });
    let journal = journal::encode(&[open, params, journal::close(2_000)]);
    write_run(project.path(), UUID, journal);
    let listed = project.mlplots(&["runs", "--json"]);
    assert!(
        listed.stdout.contains(r"plum\u009b2J\u202e"),
        "{}",
        listed.text()
    );
    let program = sample_program(PROGRAM).display().to_string();
    let exec = ["exec", "--resume", UUID, "-P", "ending=ok", "--", &program];
    let resumed = project.mlplots(&exec);
    assert_eq!(resumed.code, 3, "{}", resumed.text());
    let expected =
        "error: the param `ending` is `\\u{1b}[2J\n    error: x` in the run that is resumed";
    assert!(resumed.stderr.contains(expected), "{}", resumed.text());
}
