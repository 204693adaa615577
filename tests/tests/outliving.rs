//! Programs that are started in unusual ways: by a wrapper that exits first, several at once, by
//! another training, or with ignored signals.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use mlplots_tests::{Finished, Project, program, sample_program};

const PROGRAM: &str = "outliving";

/// Runs `cargo mlplots exec OPTIONS -- sh -c SCRIPT`. `$T` in the script is the path of the
/// program.
fn exec(folder: &Project, options: &[&str], script: &str) -> Finished {
    let mut command = folder.command(&[&["exec"][..], options].concat());
    command.args(["--", "sh", "-c", script]);
    command.env("T", sample_program(PROGRAM));
    command.output().expect("the process starts").into()
}

/// A part of a script that waits for the first output of the program in the file `out`.
const UNTIL_IT_TRAINS: &str = "until [ -s out ]; do sleep 0.1; done";

#[test]
fn a_program_that_outlives_its_wrapper_is_supervised_until_it_exits() {
    for script in [
        format!("setsid \"$T\" > out & {UNTIL_IT_TRAINS}"),
        format!("\"$T\" > out & {UNTIL_IT_TRAINS}; kill -KILL $$"),
    ] {
        let folder = Project::new(PROGRAM);
        let options = ["-P", "steps=30", "-P", "millis=100"];
        let run = exec(&folder, &options, &script);
        assert_eq!(run.code, 0, "{script}: {}", run.text());
        let expected = "the run continues in another process";
        assert!(run.stderr.contains(expected), "{script}: {}", run.text());
        let runs = folder.stored();
        assert_eq!((runs.len(), runs[0].status()), (1, "FINISHED"), "{script}");
        assert_eq!(
            runs[0].steps("loss"),
            (0..30).collect::<Vec<_>>(),
            "{script}"
        );
    }
}

#[test]
fn a_program_suspended_for_seconds_is_not_failed() {
    let folder = Project::new(PROGRAM);
    let options = ["-P", "steps=30", "-P", "millis=100"];
    // `setsid`, because the kernel sends SIGHUP to stopped processes of an orphaned process group.
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
fn a_program_that_starts_after_its_wrapper_exited_gets_its_params() {
    let folder = Project::new(PROGRAM);
    let options = ["-P", "steps=7"];
    let run = exec(&folder, &options, "(sleep 1; exec \"$T\") &");
    assert_eq!(run.code, 0, "{}", run.text());
    let [stored] = folder.stored().try_into().expect("one run");
    assert_eq!(stored.steps("loss"), (0..7).collect::<Vec<_>>());

    // The supervisor stops waiting earlier. The program must not train with default params instead.
    let folder = Project::new(PROGRAM);
    let script = "(sleep 4; \"$T\" 2> late; echo $? > code) > out 2>&1 &";
    let run = exec(&folder, &options, script);
    assert_eq!(run.code, 3, "{}", run.text());
    let code = folder.path().join("code");
    let deadline = Instant::now() + Duration::from_secs(30);
    while !code.exists() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(50));
    }
    let late = fs::read_to_string(folder.path().join("late")).expect("the output of the program");
    assert!(late.contains("does not exist any more"), "{late}");
    assert!(folder.runs().is_empty());
}

#[test]
fn a_timeout_also_stops_processes_that_a_wrapper_started() {
    let folder = Project::new(PROGRAM);
    let options = ["--timeout", "2", "-P", "steps=600", "-P", "millis=100"];
    let start = Instant::now();
    let run = exec(&folder, &options, "\"$T\" & wait");
    assert_eq!(run.code, 1, "{}", run.text());
    assert!(start.elapsed() < Duration::from_secs(30), "{}", run.text());
    let [stored] = folder.stored().try_into().expect("one run");
    let reason = stored.tag("mlplots.reason");
    assert_eq!(
        (stored.status(), reason),
        ("KILLED", "stopped by --timeout after 2 s")
    );
}

#[test]
fn parallel_processes_of_one_program_each_have_a_run() {
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
fn a_training_started_by_a_training_has_its_own_run() {
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
        let finished = std::process::Command::new(program).env("BELOW", "1").status();
        assert!(finished.expect("the process starts").success());
    }
}

mlplots::main!();
"#;

#[test]
fn the_exit_of_the_program_is_noticed_with_sigchld_ignored() {
    let folder = Project::new(PROGRAM);
    let supervisor = folder.command(&["exec", "--"]);
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "trap '' CHLD; exec \"$@\"", "sh"]);
    shell
        .arg(supervisor.get_program())
        .args(supervisor.get_args());
    shell
        .arg(sample_program(PROGRAM))
        .current_dir(folder.path());
    mlplots_tests::clean_env(&mut shell);
    let run: Finished = shell.output().expect("the process starts").into();
    assert_eq!(run.code, 0, "{}", run.text());
    assert_eq!(folder.stored()[0].status(), "FINISHED");
}

#[test]
fn options_may_be_larger_than_an_environment_variable() {
    let folder = Project::new(PROGRAM);
    let tags: Vec<_> = (0..30)
        .map(|i| format!("--tag=t{i}={}", "x".repeat(5000)))
        .collect();
    let tags: Vec<_> = tags.iter().map(String::as_str).collect();
    let run = exec(&folder, &tags, "exec \"$T\"");
    assert_eq!(run.code, 0, "{}", run.text());
    assert_eq!(folder.stored()[0].tag("t29").len(), 5000);
}

/// A shell script that counts the SIGTERM signals it receives.
const COUNTING: &str = "trap 'echo x >> hits' TERM; echo > ready; while :; do sleep 0.05; done";

fn count_signals(folder: &Path) -> usize {
    let signals = fs::read_to_string(folder.join("hits")).unwrap_or_default();
    signals.lines().count()
}

#[test]
fn a_signal_to_the_process_group_reaches_the_training_once() {
    // `timeout` signals its child process, and then its process group.
    for by_timeout in [false, true] {
        let folder = Project::new(PROGRAM);
        let supervisor = folder.command(&["exec", "--", "sh", "-c", COUNTING]);
        let mut command = if by_timeout {
            let mut command = std::process::Command::new("timeout");
            mlplots_tests::clean_env(&mut command);
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
        let mut supervisor = command
            .process_group(0)
            .spawn()
            .expect("the process starts");
        let start = Instant::now();
        while !folder.path().join("ready").exists() {
            assert!(
                start.elapsed() < Duration::from_secs(30),
                "the script does not start"
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
        while count_signals(folder.path()) == 0 {
            assert!(
                start.elapsed() < Duration::from_secs(30),
                "no signal arrived"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
        std::thread::sleep(Duration::from_secs(1));
        assert_eq!(count_signals(folder.path()), 1, "by_timeout: {by_timeout}");
        // After the grace period, the supervisor kills the script and exits.
        supervisor.wait().expect("the process exits");
        assert_eq!(count_signals(folder.path()), 1, "by_timeout: {by_timeout}");
    }
}

#[test]
fn a_closed_stdout_is_no_error_but_a_full_disk_is() {
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
        let mut child = command.spawn().expect("the process starts");
        drop(child.stdout.take());
        let finished: Finished = child.wait_with_output().expect("the process exits").into();
        assert_eq!(finished.code, 0, "{}", finished.text());
        assert_eq!(
            finished.stderr.matches("panicked").count(),
            0,
            "{}",
            finished.text()
        );
    }
    let full = fs::File::create("/dev/full").expect("/dev/full");
    let mut command = folder.command(&["exec", "--json", "--"]);
    command
        .arg(sample_program(PROGRAM))
        .stdout(full)
        .stderr(Stdio::piped());
    let child = command.spawn().expect("the process starts");
    let finished: Finished = child.wait_with_output().expect("the process exits").into();
    assert_eq!(finished.code, 1, "{}", finished.text());
    let expected = "could not write to standard output: No space left on device";
    assert!(finished.stderr.contains(expected), "{}", finished.text());
    assert_eq!(folder.stored().len(), 2, "the run is still shipped");
}
