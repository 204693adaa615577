//! What is secret is in no text, no file and no command line.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use mlplots_tests::{Hanging, Project, built, signal};

const PROGRAM: &str = "secrets";
const SECRETS: [&str; 5] = [
    "secret-of-the-password",
    "secret-of-the-token",
    "secret-of-aws",
    "secret-of-the-address",
    "secret-of-the-remote",
];

/// None of the secrets is in these bytes.
fn unseen(what: &str, bytes: &[u8]) {
    for secret in SECRETS {
        let found = bytes
            .windows(secret.len())
            .any(|part| part == secret.as_bytes());
        assert!(!found, "{secret} is in {what}");
    }
}

/// The same for the files of a folder; git keeps its own secret.
fn unseen_below(folder: &Path) {
    for entry in fs::read_dir(folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            unseen(
                &path.display().to_string(),
                &fs::read(&path).expect("a file"),
            );
        } else if !path.ends_with(".git") {
            unseen_below(&path);
        }
    }
}

fn git(folder: &Project, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=ada", "-c", "user.email=ada@example.org"]);
    let status = command.args(arguments).current_dir(folder.path()).status();
    assert!(status.is_ok_and(|status| status.success()), "{arguments:?}");
}

/// A folder under git whose remote is named with a token, as machines that build do it.
fn checked_out() -> Project {
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
    let folder = checked_out();
    let program = built(PROGRAM);
    let address = format!("http://ada:{}@127.0.0.1:9", SECRETS[3]);
    let variables = [
        ("MLFLOW_TRACKING_URI", &*address),
        ("MLFLOW_TRACKING_PASSWORD", SECRETS[0]),
        ("MLFLOW_TRACKING_TOKEN", SECRETS[1]),
        ("AWS_SECRET_ACCESS_KEY", SECRETS[2]),
    ];
    let training = Hanging::start_with(&folder, program, &["--flush-timeout", "1"], "", &variables);
    for pid in [training.supervisor(), training.program] {
        let command = fs::read(format!("/proc/{pid}/cmdline")).expect("a process");
        assert!(!command.is_empty());
        unseen("a command line", &command);
    }
    // The program asks git while it trains.
    let since = Instant::now();
    let journal = || fs::read(folder.run_dir().join("journal")).expect("the journal");
    while !String::from_utf8_lossy(&journal()).contains("mlflow.source.git.repoURL") {
        assert!(since.elapsed() < Duration::from_mins(1), "git is slow");
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
    unseen("the output", finished.text().as_bytes());
    unseen_below(folder.path());

    let sync = folder
        .command(&["sync", "--tracking-uri", "sqlite:///mlflow.db"])
        .envs(variables)
        .output()
        .expect("it starts");
    assert!(
        sync.status.success(),
        "{}",
        String::from_utf8_lossy(&sync.stderr)
    );
    unseen("the output", &[sync.stdout, sync.stderr].concat());
    unseen_below(folder.path());
    let run = folder.only();
    assert_eq!(run.status(), "KILLED");
    let remote = run.tag("mlflow.source.git.repoURL");
    assert_eq!(remote, "https://example.org/fruit/apples.git");
    unseen("the run", run.0.to_string().as_bytes());
}
