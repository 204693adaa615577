//! Credentials must not appear in output, files, command lines or MLflow.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use mlplots_tests::{Hanging, Project, sample_program, signal};

const PROGRAM: &str = "secrets";
const SECRETS: [&str; 5] = [
    "secret-of-the-password",
    "secret-of-the-token",
    "secret-of-aws",
    "secret-of-the-address",
    "secret-of-the-remote",
];

/// Checks that the bytes contain no secret.
fn assert_no_secrets(what: &str, bytes: &[u8]) {
    for secret in SECRETS {
        let found = bytes
            .windows(secret.len())
            .any(|bytes| bytes == secret.as_bytes());
        assert!(!found, "{secret} is in {what}");
    }
}

/// Like [`assert_no_secrets`], for all files below a folder except git's own.
fn assert_no_secrets_below(folder: &Path) {
    for entry in fs::read_dir(folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            assert_no_secrets(
                &path.display().to_string(),
                &fs::read(&path).expect("a file"),
            );
        } else if !path.ends_with(".git") {
            assert_no_secrets_below(&path);
        }
    }
}

fn git(folder: &Project, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=ada", "-c", "user.email=ada@example.org"]);
    let status = command.args(arguments).current_dir(folder.path()).status();
    assert!(status.is_ok_and(|status| status.success()), "{arguments:?}");
}

/// A git repository whose remote URL contains a token, as on CI machines.
fn repository() -> Project {
    let folder = Project::new(PROGRAM).file("notes.txt", "notes");
    git(&folder, &["init", "--quiet"]);
    let remote = format!("https://ada:{}@example.org/fruit/apples.git", SECRETS[4]);
    git(&folder, &["remote", "add", "origin", &remote]);
    git(&folder, &["add", "notes.txt"]);
    git(&folder, &["commit", "--quiet", "--message", "notes"]);
    folder
}

#[test]
fn secrets_stay_in_the_environment() {
    let folder = repository();
    let program = sample_program(PROGRAM);
    let uri = format!("http://ada:{}@127.0.0.1:9", SECRETS[3]);
    let variables = [
        ("MLFLOW_TRACKING_URI", &*uri),
        ("MLFLOW_TRACKING_PASSWORD", SECRETS[0]),
        ("MLFLOW_TRACKING_TOKEN", SECRETS[1]),
        ("AWS_SECRET_ACCESS_KEY", SECRETS[2]),
    ];
    let training = Hanging::start_with(&folder, program, &["--flush-timeout", "1"], "", &variables);
    for pid in [training.supervisor(), training.program] {
        let command = fs::read(format!("/proc/{pid}/cmdline")).expect("a process");
        assert!(!command.is_empty());
        assert_no_secrets("a command line", &command);
    }
    // The program runs git in the background while it trains.
    let start = Instant::now();
    let journal = || fs::read(folder.run_dir().join("journal")).expect("the journal");
    while !String::from_utf8_lossy(&journal()).contains("mlflow.source.git.repoURL") {
        assert!(
            start.elapsed() < Duration::from_mins(1),
            "git does not finish"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    signal("-INT", training.supervisor());
    let finished = training.finish();
    assert_ne!(finished.code, 0);
    assert!(
        finished.stderr.contains("http://127.0.0.1:9"),
        "{}",
        finished.text()
    );
    assert_no_secrets("the output", finished.text().as_bytes());
    assert_no_secrets_below(folder.path());

    let sync = folder
        .command(&["sync", "--tracking-uri", "sqlite:///mlflow.db"])
        .envs(variables)
        .output()
        .expect("the process starts");
    assert!(
        sync.status.success(),
        "{}",
        String::from_utf8_lossy(&sync.stderr)
    );
    assert_no_secrets("the output", &[sync.stdout, sync.stderr].concat());
    assert_no_secrets_below(folder.path());
    let run = folder.only();
    assert_eq!(run.status(), "KILLED");
    let remote = run.tag("mlflow.source.git.repoURL");
    assert_eq!(remote, "https://example.org/fruit/apples.git");
    assert_no_secrets("the run", run.0.to_string().as_bytes());
}
