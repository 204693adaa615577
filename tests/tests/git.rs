//! The git commit that a run records.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use mlplots_tests::{Finished, Project, sample_program};

const PROGRAM: &str = "git";

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.org"])
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("git starts");
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Creates a repository with one commit and returns the commit ID.
fn repository(folder: &Path, text: &str) -> String {
    git(folder, &["init", "--quiet", "--initial-branch", "fruit"]);
    fs::write(folder.join("apples.txt"), text).expect("a file");
    git(folder, &["add", "apples.txt"]);
    git(folder, &["commit", "--quiet", "--message", text]);
    git(folder, &["rev-parse", "HEAD"])
}

#[test]
fn the_commit_is_the_one_of_the_package() {
    let (current, package) = (tempfile::tempdir(), tempfile::tempdir());
    let current = current.expect("a temporary folder");
    let package = package.expect("a temporary folder");
    repository(current.path(), "not this one");
    let commit = repository(package.path(), "ripe");
    for detached in [false, true] {
        let folder = Project::new(PROGRAM);
        if detached {
            git(package.path(), &["checkout", "--quiet", "--detach"]);
            fs::write(package.path().join("apples.txt"), "green").expect("a file");
        }
        let mut command = folder.command(&["exec", "--tracking-uri"]);
        let uri = format!("sqlite:///{}", folder.path().join("mlflow.db").display());
        command.args([&*uri, "--"]).arg(sample_program(PROGRAM));
        command
            .env("CARGO_MANIFEST_DIR", package.path())
            .current_dir(current.path());
        // Git hooks set this variable, which must not select the repository.
        command.env("GIT_DIR", current.path().join(".git"));
        let run: Finished = command.output().expect("the process starts").into();
        assert_eq!(run.code, 0, "{}", run.text());
        let run = folder.only();
        assert_eq!(run.tag("mlflow.source.git.commit"), commit);
        assert_eq!(run.tag("mlflow.source.git.dirty"), detached.to_string());
        let tags = &run.0["tags"];
        let branch = tags
            .get("mlflow.source.git.branch")
            .and_then(|tag| tag.as_str());
        let diff = tags
            .get("mlflow.source.git.diff")
            .and_then(|tag| tag.as_str());
        if detached {
            assert_eq!(branch, None, "a detached HEAD has no branch");
            assert!(diff.is_some_and(|diff| diff.contains("-ripe") && diff.contains("+green")));
        } else {
            assert_eq!((branch, diff), (Some("fruit"), None));
        }
    }
}

#[test]
fn a_slow_git_does_not_delay_the_run() {
    let folder = Project::new(PROGRAM);
    let shims = folder.path().join("shims");
    fs::create_dir(&shims).expect("a folder");
    fs::write(shims.join("git"), "#!/bin/sh\nsleep 45\n").expect("a program");
    fs::set_permissions(shims.join("git"), Permissions::from_mode(0o755)).expect("a mode");
    let path = std::env::var("PATH").unwrap_or_default();
    let start = Instant::now();
    let mut command = folder.command(&["exec", "--"]);
    command
        .arg(sample_program(PROGRAM))
        .env("PATH", format!("{}:{path}", shims.display()));
    let run: Finished = command.output().expect("the process starts").into();
    assert_eq!(run.code, 0, "{}", run.text());
    assert!(
        start.elapsed() < Duration::from_secs(40),
        "the command took {:?}",
        start.elapsed()
    );
    let run = folder.only();
    let duration =
        run.0["end_time"].as_i64().unwrap_or(0) - run.0["start_time"].as_i64().unwrap_or(0);
    assert!(
        duration < 1_900,
        "the duration of the run does not include git: {duration} ms"
    );
}
