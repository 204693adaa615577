//! A training that is asked to stop, or killed.

use std::process::{Command, Stdio};
use std::time::{Duration, UNIX_EPOCH};

use mlplots_tests::{Finished, Hanging, Project, Read, built, gone, scrubbed, signal, trainer};

const PROGRAM: &str = "signals";

fn hanging(options: &[&str], before: &str) -> (Project, Hanging) {
    let folder = Project::new(PROGRAM);
    let training = Hanging::start(&folder, built(PROGRAM), options, before);
    (folder, training)
}

/// The only run of a folder; all five points must be there.
fn only(folder: &Project) -> Read {
    let run = folder.only();
    assert_eq!(run.steps("loss"), [0, 1, 2, 3, 4]);
    run
}

/// Waits for the end, and checks what it is called. Returns also when the program ended, which
/// MLflow must know, however late it hears of it.
fn is_killed(folder: &Project, training: Hanging, reason: &str) -> (Finished, i64) {
    let program = training.program;
    let finished = training.finish();
    gone(program);
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
    let since = UNIX_EPOCH.elapsed().expect("a clock");
    since.as_millis() as i64
}

#[test]
fn each_request_to_stop_is_handed_on_and_named() {
    for name in ["INT", "TERM", "HUP", "QUIT"] {
        let (folder, training) = hanging(&[], "");
        let asked = now();
        signal(&format!("-{name}"), training.supervisor());
        let (_, ended) = is_killed(&folder, training, &format!("stopped by SIG{name}"));
        assert!((0..9_000).contains(&(ended - asked)), "no grace is used up");
    }
}

/// A terminal that goes away must not end a training that was left to run overnight.
#[test]
fn what_nohup_makes_it_ignore_is_ignored() {
    let folder = Project::new(PROGRAM);
    let exec = folder.command(&["exec", "-P", "ending=hang", "--"]);
    let mut nohup = Command::new("nohup");
    scrubbed(&mut nohup);
    // Past `env`, by which the other tests' supervisors listen to all requests.
    nohup
        .args(exec.get_args().skip(1))
        .arg(built(PROGRAM))
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
    supervisor.wait().expect("it ends");
    let run = only(&folder);
    assert_eq!(
        (run.status(), run.tag("mlplots.reason")),
        ("KILLED", "stopped by SIGTERM")
    );
}

#[test]
fn a_program_that_does_not_listen_is_killed_after_the_grace() {
    let (folder, training) = hanging(&[], "trap '' INT");
    let asked = now();
    signal("-INT", training.supervisor());
    let (_, ended) = is_killed(&folder, training, "stopped by SIGINT");
    assert!((10_000..30_000).contains(&(ended - asked)));
}

#[test]
fn a_second_request_kills_at_once() {
    let (folder, training) = hanging(&[], "trap '' INT");
    let asked = now();
    signal("-INT", training.supervisor());
    std::thread::sleep(Duration::from_millis(300));
    signal("-INT", training.supervisor());
    let (_, ended) = is_killed(&folder, training, "stopped by SIGINT");
    assert!((300..9_000).contains(&(ended - asked)));
}

#[test]
fn a_request_to_both_at_once_is_one_request() {
    for _ in 0..5 {
        let (folder, training) = hanging(&[], "");
        // The program first, as it may happen when a terminal sends Ctrl-C to both.
        signal("-INT", training.program);
        signal("-INT", training.supervisor());
        let (finished, _) = is_killed(&folder, training, "stopped by SIGINT");
        assert!(!finished.stderr.contains("sync"), "{}", finished.text());
    }
}

#[test]
fn a_request_to_the_program_alone_is_killed() {
    let (folder, training) = hanging(&[], "");
    signal("-TERM", training.program);
    is_killed(&folder, training, "stopped by SIGTERM");
}

#[test]
fn a_kill_of_the_program_is_failed() {
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
fn a_timeout_ends_a_training_that_hangs() {
    let (folder, training) = hanging(&["--timeout", "2"], "");
    is_killed(&folder, training, "stopped by --timeout after 2 s");
    // It asks first, and kills what does not listen.
    let (folder, training) = hanging(&["--timeout", "2"], "trap '' TERM");
    let hanging = now();
    let (_, ended) = is_killed(&folder, training, "stopped by --timeout after 2 s");
    assert!((9_000..30_000).contains(&(ended - hanging)));
}

#[test]
fn a_timeout_that_is_not_reached_changes_nothing() {
    let folder = Project::new(PROGRAM);
    let finished = folder.exec(&["--timeout", "600"], &[built(PROGRAM)]);
    assert_eq!(finished.code, 0, "{}", finished.text());
    assert_eq!(only(&folder).status(), "FINISHED");
    let finished = folder.exec(&["--timeout", "0"], &[built(PROGRAM)]);
    assert_eq!(finished.code, 2, "{}", finished.text());
}

#[test]
fn a_terminal_that_goes_away_is_a_request() {
    let folder = Project::new(PROGRAM);
    let exec = folder.command(&["exec", "-P", "ending=hang", "--"]);
    let line = format!(
        "exec {} {} {}",
        exec.get_program().display(),
        exec.get_args()
            .map(|word| word.to_string_lossy())
            .collect::<Vec<_>>()
            .join(" "),
        built(PROGRAM).display()
    );
    let mut terminal = Command::new("script")
        .args(["--quiet", "--flush", "--command", &line, "/dev/null"])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("`script` makes a terminal");
    let supervisor = trainer(terminal.id(), "cargo-mlplots");
    let program = trainer(supervisor, PROGRAM);
    while !folder.path().join("hanging").exists() {
        std::thread::sleep(Duration::from_millis(10));
    }
    terminal.kill().expect("the terminal goes away");
    terminal.wait().expect("it ends");
    gone(supervisor);
    gone(program);
    let run = only(&folder);
    assert_eq!(
        (run.status(), run.tag("mlplots.reason")),
        ("KILLED", "stopped by SIGHUP")
    );
}
