//! Signals and timeouts that stop or kill a training.

use std::process::{Command, Stdio};
use std::time::{Duration, UNIX_EPOCH};

use mlplots_tests::{
    Finished, Hanging, Project, StoredRun, clean_env, sample_program, signal, trainer,
    wait_for_exit,
};

const PROGRAM: &str = "signals";

fn hanging(options: &[&str], before: &str) -> (Project, Hanging) {
    let folder = Project::new(PROGRAM);
    let training = Hanging::start(&folder, sample_program(PROGRAM), options, before);
    (folder, training)
}

/// The only run of a folder. Checks that it has all five points.
fn only(folder: &Project) -> StoredRun {
    let run = folder.only();
    assert_eq!(run.steps("loss"), [0, 1, 2, 3, 4]);
    run
}

/// Waits until the training exits and checks that the run is KILLED for this reason. Also returns
/// the end time in MLflow.
fn assert_killed(folder: &Project, training: Hanging, reason: &str) -> (Finished, i64) {
    let program = training.program;
    let finished = training.finish();
    wait_for_exit(program);
    assert_eq!(finished.code, 1, "{}", finished.text());
    assert!(finished.stderr.contains(reason), "{}", finished.text());
    let run = only(folder);
    assert_eq!(
        (run.status(), run.tag("mlplots.reason")),
        ("KILLED", reason)
    );
    (finished, run.0["end_time"].as_i64().expect("an end time"))
}

/// Milliseconds since 1970.
fn now() -> i64 {
    let elapsed = UNIX_EPOCH.elapsed().expect("a time after 1970");
    elapsed.as_millis() as i64
}

#[test]
fn each_stop_signal_is_forwarded_and_reported() {
    for name in ["INT", "TERM", "HUP", "QUIT"] {
        let (folder, training) = hanging(&[], "");
        let sent = now();
        signal(&format!("-{name}"), training.supervisor());
        let (_, ended) = assert_killed(&folder, training, &format!("stopped by SIG{name}"));
        assert!(
            (0..9_000).contains(&(ended - sent)),
            "the program exits before the grace period ends"
        );
    }
}

/// With `nohup`, a training continues after its terminal is closed.
#[test]
fn sighup_is_ignored_under_nohup() {
    let folder = Project::new(PROGRAM);
    let exec = folder.command(&["exec", "-P", "ending=hang", "--"]);
    let mut nohup = Command::new("nohup");
    clean_env(&mut nohup);
    // Skips `env --default-signal`, with which the supervisors of other tests reset their signals.
    nohup
        .args(exec.get_args().skip(1))
        .arg(sample_program(PROGRAM))
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut supervisor = nohup.spawn().expect("`nohup` starts");
    let program = trainer(supervisor.id(), PROGRAM);
    while !folder.path().join("hanging").exists() {
        std::thread::sleep(Duration::from_millis(10));
    }
    for pid in [supervisor.id(), program] {
        signal("-HUP", pid);
    }
    std::thread::sleep(Duration::from_millis(500));
    signal("-TERM", supervisor.id());
    supervisor.wait().expect("the process exits");
    let run = only(&folder);
    assert_eq!(
        (run.status(), run.tag("mlplots.reason")),
        ("KILLED", "stopped by SIGTERM")
    );
}

#[test]
fn a_program_that_ignores_the_signal_is_killed_after_the_grace_period() {
    let (folder, training) = hanging(&[], "trap '' INT");
    let sent = now();
    signal("-INT", training.supervisor());
    let (_, ended) = assert_killed(&folder, training, "stopped by SIGINT");
    assert!((10_000..30_000).contains(&(ended - sent)));
}

#[test]
fn a_second_signal_kills_immediately() {
    let (folder, training) = hanging(&[], "trap '' INT");
    let sent = now();
    signal("-INT", training.supervisor());
    std::thread::sleep(Duration::from_millis(300));
    signal("-INT", training.supervisor());
    let (_, ended) = assert_killed(&folder, training, "stopped by SIGINT");
    assert!((300..9_000).contains(&(ended - sent)));
}

#[test]
fn a_signal_to_program_and_supervisor_counts_once() {
    for _ in 0..5 {
        let (folder, training) = hanging(&[], "");
        // A terminal sends Ctrl-C to both. The program may exit before the supervisor has its
        // signal.
        signal("-INT", training.program);
        signal("-INT", training.supervisor());
        let (finished, _) = assert_killed(&folder, training, "stopped by SIGINT");
        assert!(!finished.stderr.contains("sync"), "{}", finished.text());
    }
}

#[test]
fn a_stop_signal_to_the_program_alone_is_killed() {
    let (folder, training) = hanging(&[], "");
    signal("-TERM", training.program);
    assert_killed(&folder, training, "stopped by SIGTERM");
}

#[test]
fn sigkill_of_the_program_is_failed() {
    let (folder, training) = hanging(&[], "");
    signal("-KILL", training.program);
    let finished = training.finish();
    assert_eq!(finished.code, 1, "{}", finished.text());
    let run = only(&folder);
    assert_eq!(
        (run.status(), run.tag("mlplots.reason")),
        (
            "FAILED",
            "the program was killed by SIGKILL, as the kernel does when memory runs out"
        )
    );
}

#[test]
fn a_timeout_stops_a_hanging_training() {
    let (folder, training) = hanging(&["--timeout", "2"], "");
    assert_killed(&folder, training, "stopped by --timeout after 2 s");
    // A program that ignores SIGTERM is killed after the grace period.
    let (folder, training) = hanging(&["--timeout", "2"], "trap '' TERM");
    let start = now();
    let (_, ended) = assert_killed(&folder, training, "stopped by --timeout after 2 s");
    assert!((9_000..30_000).contains(&(ended - start)));
}

#[test]
fn a_timeout_that_is_not_reached_changes_nothing() {
    let folder = Project::new(PROGRAM);
    let finished = folder.exec(&["--timeout", "600"], &[sample_program(PROGRAM)]);
    assert_eq!(finished.code, 0, "{}", finished.text());
    assert_eq!(only(&folder).status(), "FINISHED");
    let finished = folder.exec(&["--timeout", "0"], &[sample_program(PROGRAM)]);
    assert_eq!(finished.code, 2, "{}", finished.text());
}

#[test]
fn a_closed_terminal_stops_the_training() {
    let folder = Project::new(PROGRAM);
    let exec = folder.command(&["exec", "-P", "ending=hang", "--"]);
    let line = format!(
        "exec {} {} {}",
        exec.get_program().display(),
        exec.get_args()
            .map(|argument| argument.to_string_lossy())
            .collect::<Vec<_>>()
            .join(" "),
        sample_program(PROGRAM).display()
    );
    let mut terminal = Command::new("script")
        .args(["--quiet", "--flush", "--command", &line, "/dev/null"])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("`script` starts");
    let supervisor = trainer(terminal.id(), "cargo-mlplots");
    let program = trainer(supervisor, PROGRAM);
    while !folder.path().join("hanging").exists() {
        std::thread::sleep(Duration::from_millis(10));
    }
    terminal.kill().expect("the terminal is closed");
    terminal.wait().expect("the process exits");
    wait_for_exit(supervisor);
    wait_for_exit(program);
    let run = only(&folder);
    assert_eq!(
        (run.status(), run.tag("mlplots.reason")),
        ("KILLED", "stopped by SIGHUP")
    );
}
