//! Which commit a run says it is from.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use mlplots_tests::{Finished, Project, built};

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

/// A repository with one commit, and its id.
fn repository(folder: &Path, text: &str) -> String {
    git(folder, &["init", "--quiet", "--initial-branch", "fruit"]);
    fs::write(folder.join("apples.txt"), text).expect("a file");
    git(folder, &["add", "apples.txt"]);
    git(folder, &["commit", "--quiet", "--message", text]);
    git(folder, &["rev-parse", "HEAD"])
}

#[test]
fn the_commit_is_that_of_the_package() {
    let (here, package) = (tempfile::tempdir(), tempfile::tempdir());
    let (here, package) = (here.expect("a folder"), package.expect("a folder"));
    repository(here.path(), "not this one");
    let commit = repository(package.path(), "ripe");
    for detached in [false, true] {
        let folder = Project::new(PROGRAM);
        if detached {
            git(package.path(), &["checkout", "--quiet", "--detach"]);
            fs::write(package.path().join("apples.txt"), "green").expect("a file");
        }
        let mut command = folder.command(&["exec", "--tracking-uri"]);
        let uri = format!("sqlite:///{}", folder.path().join("mlflow.db").display());
        command.args([&*uri, "--"]).arg(built(PROGRAM));
        command
            .env("CARGO_MANIFEST_DIR", package.path())
            .current_dir(here.path());
        // As in a hook of git's.
        command.env("GIT_DIR", here.path().join(".git"));
        let run: Finished = command.output().expect("it starts").into();
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
            assert_eq!(branch, None, "HEAD is no branch");
            assert!(diff.is_some_and(|diff| diff.contains("-ripe") && diff.contains("+green")));
        } else {
            assert_eq!((branch, diff), (Some("fruit"), None));
        }
    }
}

#[test]
fn a_git_that_takes_its_time_is_not_waited_for() {
    let folder = Project::new(PROGRAM);
    let shims = folder.path().join("shims");
    fs::create_dir(&shims).expect("a folder");
    fs::write(shims.join("git"), "#!/bin/sh\nsleep 45\n").expect("a program");
    fs::set_permissions(shims.join("git"), Permissions::from_mode(0o755)).expect("a mode");
    let path = std::env::var("PATH").unwrap_or_default();
    let since = Instant::now();
    let mut command = folder.command(&["exec", "--"]);
    command
        .arg(built(PROGRAM))
        .env("PATH", format!("{}:{path}", shims.display()));
    let run: Finished = command.output().expect("it starts").into();
    assert_eq!(run.code, 0, "{}", run.text());
    assert!(
        since.elapsed() < Duration::from_secs(40),
        "it took {:?}",
        since.elapsed()
    );
    let run = folder.only();
    let took = run.0["end_time"].as_i64().unwrap_or(0) - run.0["start_time"].as_i64().unwrap_or(0);
    assert!(
        took < 1_900,
        "the wait for git is not the training's time: {took} ms"
    );
}
