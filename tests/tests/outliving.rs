//! Programs that are started in unusual ways: by a wrapper that ends first, several times at once,
//! below one another, or with signals set before.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use mlplots_tests::{Finished, Project, built, program};

const PROGRAM: &str = "outliving";

/// `exec OPTIONS -- sh -c SCRIPT`, where `$T` is the program.
fn exec(folder: &Project, options: &[&str], script: &str) -> Finished {
    let mut command = folder.command(&[&["exec"][..], options].concat());
    command.args(["--", "sh", "-c", script]);
    command.env("T", built(PROGRAM));
    command.output().expect("it starts").into()
}

/// Waits in a script for the first line of a program that writes to `out`.
const UNTIL_IT_TRAINS: &str = "until [ -s out ]; do sleep 0.1; done";

#[test]
fn a_program_that_outlives_its_wrapper_is_followed_to_its_end() {
    for script in [
        format!("setsid \"$T\" > out & {UNTIL_IT_TRAINS}"),
        format!("\"$T\" > out & {UNTIL_IT_TRAINS}; kill -KILL $$"),
    ] {
        let folder = Project::new(PROGRAM);
        let options = ["-P", "steps=30", "-P", "millis=100"];
        let run = exec(&folder, &options, &script);
        assert_eq!(run.code, 0, "{script}: {}", run.text());
        let words = "the run goes on in another process";
        assert!(run.stderr.contains(words), "{script}: {}", run.text());
        let runs = folder.stored();
        assert_eq!((runs.len(), runs[0].status()), (1, "FINISHED"), "{script}");
        assert_eq!(
            runs[0].steps("loss"),
            (0..30).collect::<Vec<_>>(),
            "{script}"
        );
    }
}

/// A program that is stopped for a while says nothing, and lives.
#[test]
fn a_silence_of_seconds_is_no_death() {
    let folder = Project::new(PROGRAM);
    let options = ["-P", "steps=30", "-P", "millis=100"];
    // In a session of its own: the kernel sends SIGHUP to a stopped process whose group its shell
    // leaves behind.
    let script = format!(
        "setsid \"$T\" > out & {UNTIL_IT_TRAINS}; kill -STOP $!; (sleep 8; kill -CONT $!) &"
    );
    let run = exec(&folder, &options, &script);
    assert_eq!(run.code, 0, "{}", run.text());
    let [run] = folder.stored().try_into().expect("one run");
    assert_eq!(run.status(), "FINISHED");
    assert_eq!(run.steps("loss"), (0..30).collect::<Vec<_>>());
}

#[test]
fn what_begins_behind_its_wrapper_is_given_what_is_asked() {
    let folder = Project::new(PROGRAM);
    let options = ["-P", "steps=7"];
    let run = exec(&folder, &options, "(sleep 1; exec \"$T\") &");
    assert_eq!(run.code, 0, "{}", run.text());
    let [stored] = folder.stored().try_into().expect("one run");
    assert_eq!(stored.steps("loss"), (0..7).collect::<Vec<_>>());

    // Nobody waits so long, and it does not train with other params than it is asked for.
    let folder = Project::new(PROGRAM);
    let script = "(sleep 4; \"$T\" 2> late; echo $? > code) > out 2>&1 &";
    let run = exec(&folder, &options, script);
    assert_eq!(run.code, 3, "{}", run.text());
    let code = folder.path().join("code");
    let until = Instant::now() + Duration::from_secs(30);
    while !code.exists() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(50));
    }
    let late = fs::read_to_string(folder.path().join("late")).expect("its words");
    assert!(late.contains("is not there any more"), "{late}");
    assert!(folder.runs().is_empty());
}

#[test]
fn a_time_limit_is_for_what_a_wrapper_has_started_too() {
    let folder = Project::new(PROGRAM);
    let options = ["--timeout", "2", "-P", "steps=600", "-P", "millis=100"];
    let since = Instant::now();
    let run = exec(&folder, &options, "\"$T\" & wait");
    assert_eq!(run.code, 1, "{}", run.text());
    assert!(since.elapsed() < Duration::from_secs(30), "{}", run.text());
    let [stored] = folder.stored().try_into().expect("one run");
    let reason = stored.tag("mlplots.reason");
    assert_eq!(
        (stored.status(), reason),
        ("KILLED", "stopped by --timeout after 2 s")
    );
}

#[test]
fn ranks_of_one_program_each_have_a_run() {
    let folder = Project::new(PROGRAM);
    let run = exec(&folder, &[], "\"$T\" & \"$T\" & \"$T\" & wait");
    assert_eq!(run.code, 0, "{}", run.text());
    assert_eq!(
        run.stderr.matches("journaled: the run is in").count(),
        2,
        "{}",
        run.text()
    );
    assert_eq!((folder.stored().len(), folder.runs().len()), (1, 3));
    let sync = folder.mlplots(&["sync"]);
    assert_eq!(sync.code, 0, "{}", sync.text());
    let runs = folder.stored();
    assert_eq!(runs.len(), 3);
    assert!(runs.iter().all(|run| run.status() == "FINISHED"));
}

#[test]
fn a_program_below_the_training_has_a_run_of_its_own() {
    let folder = Project::new(PROGRAM);
    let nested = program("outliving-nested", NESTED);
    let run = folder.exec(&[], &[nested]);
    assert_eq!(run.code, 0, "{}", run.text());
    let sync = folder.mlplots(&["sync"]);
    assert_eq!(sync.code, 0, "{}", sync.text());
    let mut depths: Vec<_> = folder
        .stored()
        .iter()
        .map(|run| (run.status().to_owned(), run.metric("depth")))
        .collect();
    depths.sort_by(|a, b| a.1.partial_cmp(&b.1).expect("numbers"));
    let finished = |depth| ("FINISHED".to_owned(), Some(depth));
    assert_eq!(depths, [finished(0.0), finished(1.0)]);
}

/// A training that starts another one.
const NESTED: &str = r#"
use mlplots::prelude::*;

#[train(experiment = "Nested")]
fn train(run: &Run) {
    let below = std::env::var_os("BELOW").is_some();
    run.log_metric("depth", if below { 1.0 } else { 0.0 });
    if !below {
        let program = std::env::current_exe().expect("our path");
        let ended = std::process::Command::new(program).env("BELOW", "1").status();
        assert!(ended.expect("it starts").success());
    }
}

mlplots::main!();
"#;

#[test]
fn children_that_are_ignored_before_the_start_are_seen_to_end() {
    let folder = Project::new(PROGRAM);
    let supervisor = folder.command(&["exec", "--"]);
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "trap '' CHLD; exec \"$@\"", "sh"]);
    shell
        .arg(supervisor.get_program())
        .args(supervisor.get_args());
    shell.arg(built(PROGRAM)).current_dir(folder.path());
    mlplots_tests::scrubbed(&mut shell);
    let run: Finished = shell.output().expect("it starts").into();
    assert_eq!(run.code, 0, "{}", run.text());
    assert_eq!(folder.stored()[0].status(), "FINISHED");
}

#[test]
fn what_is_asked_may_be_longer_than_an_environment() {
    let folder = Project::new(PROGRAM);
    let tags: Vec<_> = (0..30)
        .map(|i| format!("--tag=t{i}={}", "x".repeat(5000)))
        .collect();
    let tags: Vec<_> = tags.iter().map(String::as_str).collect();
    let run = exec(&folder, &tags, "exec \"$T\"");
    assert_eq!(run.code, 0, "{}", run.text());
    assert_eq!(folder.stored()[0].tag("t29").len(), 5000);
}

/// Counts the signals that reach it.
const COUNTING: &str = "trap 'echo x >> hits' TERM; echo > ready; while :; do sleep 0.05; done";

fn hits(folder: &Path) -> usize {
    let hits = fs::read_to_string(folder.join("hits")).unwrap_or_default();
    hits.lines().count()
}

#[test]
fn a_signal_to_all_of_us_reaches_the_training_once() {
    // `timeout` signals its child, and then its group.
    for by_timeout in [false, true] {
        let folder = Project::new(PROGRAM);
        let supervisor = folder.command(&["exec", "--", "sh", "-c", COUNTING]);
        let mut command = if by_timeout {
            let mut command = std::process::Command::new("timeout");
            mlplots_tests::scrubbed(&mut command);
            command.args(["--signal=TERM", "2"]);
            command
                .arg(supervisor.get_program())
                .args(supervisor.get_args());
            command.current_dir(folder.path());
            command
        } else {
            supervisor
        };
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut supervisor = command.process_group(0).spawn().expect("it starts");
        let since = Instant::now();
        while !folder.path().join("ready").exists() {
            assert!(
                since.elapsed() < Duration::from_secs(30),
                "it did not begin"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
        if !by_timeout {
            let group = format!("-{}", supervisor.id());
            let sent = std::process::Command::new("kill")
                .args(["-TERM", "--", &group])
                .status();
            assert!(sent.expect("kill").success());
        }
        while hits(folder.path()) == 0 {
            assert!(
                since.elapsed() < Duration::from_secs(30),
                "no signal arrived"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
        std::thread::sleep(Duration::from_secs(1));
        assert_eq!(hits(folder.path()), 1, "by_timeout: {by_timeout}");
        // It is killed when its time is over, and the supervisor ends with it.
        supervisor.wait().expect("it ends");
        assert_eq!(hits(folder.path()), 1, "by_timeout: {by_timeout}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error_and_a_full_disk_is_one() {
    let folder = Project::new(PROGRAM);
    let run = exec(&folder, &[], "exec \"$T\"");
    assert_eq!(run.code, 0, "{}", run.text());
    for arguments in [
        vec!["runs"],
        vec!["runs", "--json"],
        vec!["completions", "bash"],
    ] {
        let mut command = folder.command(&arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        drop(child.stdout.take());
        let ended: Finished = child.wait_with_output().expect("it ends").into();
        assert_eq!(ended.code, 0, "{}", ended.text());
        assert_eq!(
            ended.stderr.matches("panicked").count(),
            0,
            "{}",
            ended.text()
        );
    }
    let full = fs::File::create("/dev/full").expect("/dev/full");
    let mut command = folder.command(&["exec", "--json", "--"]);
    command
        .arg(built(PROGRAM))
        .stdout(full)
        .stderr(Stdio::piped());
    let child = command.spawn().expect("it starts");
    let ended: Finished = child.wait_with_output().expect("it ends").into();
    assert_eq!(ended.code, 1, "{}", ended.text());
    let words = "could not write to standard output: No space left on device";
    assert!(ended.stderr.contains(words), "{}", ended.text());
    assert_eq!(folder.stored().len(), 2, "the run is shipped all the same");
}
