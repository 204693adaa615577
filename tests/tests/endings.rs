//! The status and reason in MLflow for each way in which a training can end.

use std::process::Stdio;
use std::time::{Duration, Instant};

use mlplots_tests::{
    Finished, MlflowServer, Project, StoredRun, read, sample, sample_program, signal, trainer,
};

const ABORTED: &str =
    "the program was killed by SIGABRT, as after abort, a stack overflow or a failed allocation";

/// Runs the sample with these params and its default database.
fn run(project: &Project, params: &[&str]) -> (Finished, StoredRun) {
    let mut arguments = vec!["run"];
    params
        .iter()
        .for_each(|param| arguments.extend(["-P", param]));
    let finished = project.mlplots(&arguments);
    let runs = read(&project.database());
    assert_eq!(runs.len(), 1, "{}", finished.text());
    (finished, runs[0].clone())
}

/// Like [`run`], for endings with exit code 1 and a program that is already built. A shell executes
/// the commands in `before` and then replaces itself with the program.
fn exec(params: &[&str], before: &str) -> (Finished, StoredRun) {
    let folder = Project::new("endings");
    let mut command = folder.command(&["exec"]);
    params.iter().for_each(|param| {
        command.args(["-P", param]);
    });
    command.args(["--", "sh", "-c", &format!("{before}\nexec \"$0\"")]);
    let finished: Finished = command
        .arg(sample_program("endings"))
        .output()
        .expect("the process starts")
        .into();
    assert_eq!(finished.code, 1, "{}", finished.text());
    let mut runs = read(&folder.database());
    assert_eq!(runs.len(), 1, "{}", finished.text());
    assert_eq!(runs[0].steps("loss"), [0, 1, 2, 3, 4]);
    (finished, runs.remove(0))
}

#[test]
fn a_training_that_returns_ok_is_finished() {
    let project = sample("ending-ok");
    let (finished, run) = run(&project, &["steps=3"]);
    assert_eq!(finished.code, 0, "{}", finished.text());
    assert_eq!(finished.stdout, "training on 49 values\n");
    assert_eq!(
        (run.status(), run.tag("mlplots.figures")),
        ("FINISHED", "2 of 2")
    );
    assert_eq!(run.steps("loss"), [0, 1, 2]);
    let artifacts = [
        "curve.png",
        "curve.svg",
        "data/spread.png",
        "mlplots/figures.json",
        "notes/page.html",
    ];
    assert_eq!(run.artifacts(), artifacts);
    assert_eq!(run.tag("mlflow.note.content"), "A curve that falls.");
}

#[test]
fn a_training_that_returns_an_error_is_failed_with_that_error() {
    let project = sample("ending-error");
    let (finished, run) = run(&project, &["ending=error"]);
    assert_eq!(finished.code, 1, "{}", finished.text());
    assert_eq!(
        (run.status(), run.tag("mlplots.reason")),
        ("FAILED", "the data is bad")
    );
    assert_eq!(run.tag("mlplots.figures"), "1 of 2");
    assert!(run.artifacts().contains(&"data/spread.png"));
}

#[test]
fn a_panic_is_failed_with_its_location() {
    let project = sample("ending-panic");
    let (finished, run) = run(&project, &["ending=panic"]);
    assert_eq!(finished.code, 1, "{}", finished.text());
    assert_eq!(run.status(), "FAILED");
    assert_eq!(
        run.tag("mlplots.reason"),
        "panicked at src/main.rs:29: the training is bad"
    );
    assert_eq!(run.steps("loss").len(), 5);
}

#[test]
fn an_exit_or_abort_before_the_training_returns_is_failed() {
    let project = sample("ending-exit");
    let (finished, read) = run(&project, &["ending=exit"]);
    assert_eq!(
        (finished.code, read.status()),
        (1, "FAILED"),
        "{}",
        finished.text()
    );
    assert_eq!(
        read.tag("mlplots.reason"),
        "the program exited with code 0 before the training returned"
    );
    let project = sample("ending-abort");
    let (finished, read) = run(&project, &["ending=abort"]);
    assert_eq!(
        (finished.code, read.status()),
        (1, "FAILED"),
        "{}",
        finished.text()
    );
    assert_eq!(read.tag("mlplots.reason"), ABORTED);
}

#[test]
fn an_exit_with_an_error_code_is_failed_with_that_code() {
    let (_, run) = exec(&["ending=exit1"], "");
    assert_eq!(
        (run.status(), run.tag("mlplots.reason")),
        (
            "FAILED",
            "the program exited with code 1 before the training returned"
        )
    );
}

#[test]
fn a_stack_overflow_is_failed() {
    let (finished, run) = exec(&["ending=overflow"], "");
    assert!(finished.stderr.contains("has overflowed its stack"));
    assert_eq!(
        (run.status(), run.tag("mlplots.reason")),
        ("FAILED", ABORTED)
    );
}

#[test]
fn a_failed_memory_allocation_is_failed() {
    let (finished, run) = exec(&["ending=memory"], "ulimit -v 1000000");
    let expected = "memory allocation of 16777216 bytes failed";
    assert!(finished.stderr.contains(expected), "{}", finished.text());
    assert_eq!(
        (run.status(), run.tag("mlplots.reason")),
        ("FAILED", ABORTED)
    );
}

#[test]
fn an_aborting_panic_is_failed_with_its_location() {
    let project = sample("ending-panic-abort");
    let build = project.cargo(&["rustc", "--quiet", "--", "-C", "panic=abort"]);
    assert_eq!(build.code, 0, "{}", build.text());
    let finished = project.exec(&["-P", "ending=panic"], &[project.program()]);
    assert_eq!(finished.code, 1, "{}", finished.text());
    let run = read(&project.database()).remove(0);
    assert_eq!(
        (run.status(), run.tag("mlplots.reason")),
        ("FAILED", "panicked at src/main.rs:29: the training is bad")
    );
    assert_eq!(run.steps("loss").len(), 5);
}

#[test]
fn a_closed_stderr_does_not_change_the_status() {
    let folder = Project::new("endings");
    let program = sample_program("endings").display().to_string();
    let mut supervisor = folder
        .command(&["exec", "-P", "ending=plot", "--", &program])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the process starts");
    drop(supervisor.stderr.take());
    let status = supervisor.wait().expect("the process exits");
    let run = read(&folder.database()).remove(0);
    assert_eq!((status.code(), run.status()), (Some(1), "FAILED"));
    let reason = run.tag("mlplots.reason");
    assert!(reason.starts_with("the figure `curve` failed"), "{reason}");
}

#[test]
fn a_panic_in_a_run_without_macros_is_failed_with_its_message() {
    let project = Project::new("ending-started").file(
        "src/main.rs",
        r#"
fn main() {
    let run = mlplots::Run::start("Started").expect("a run");
    run.log_metric("loss", 0.5);
    let nothing: Option<u8> = None;
    println!("{}", nothing.expect("there is nothing"));
    run.finish().expect("it is well");
}
"#,
    );
    let (finished, run) = run(&project, &[]);
    assert_eq!(finished.code, 1, "{}", finished.text());
    assert_eq!(
        (run.status(), run.tag("mlplots.reason")),
        ("FAILED", "panicked at src/main.rs:6: there is nothing")
    );
}

#[test]
fn an_orphaned_child_process_does_not_delay_the_end() {
    let folder = Project::new("endings");
    let program = sample_program("endings").display().to_string();
    // The orphaned process keeps both pipes open for a minute.
    let mut supervisor = folder
        .command(&["exec", "-P", "ending=orphan", "--", &program])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the process starts");
    let start = Instant::now();
    let status = supervisor.wait().expect("the process exits");
    assert!(start.elapsed() < Duration::from_secs(50));
    assert_eq!(status.code(), Some(1));
    let run = read(&folder.database()).remove(0);
    assert_eq!(
        (run.status(), run.tag("mlplots.reason")),
        (
            "FAILED",
            "the program exited with code 1 before the training returned"
        )
    );
    let duration =
        run.0["end_time"].as_i64().unwrap_or(0) - run.0["start_time"].as_i64().unwrap_or(0);
    assert!((0..50_000).contains(&duration), "{duration}");
}

#[test]
fn a_panicking_plot_fails_the_run_but_no_other_figure() {
    let project = sample("ending-plot");
    let (finished, run) = run(&project, &["ending=plot"]);
    assert_eq!(finished.code, 1, "{}", finished.text());
    assert_eq!(
        (run.status(), run.tag("mlplots.figures")),
        ("FAILED", "1 of 2")
    );
    let reason =
        "the figure `curve` failed (src/main.rs:46): panicked at src/main.rs:47: the plot is bad";
    assert_eq!(run.tag("mlplots.reason"), reason);
    assert!(finished.stderr.contains(reason), "{}", finished.text());
    assert_eq!(
        run.artifacts(),
        ["data/spread.png", "mlplots/figures.json", "notes/page.html"]
    );
    assert_eq!(run.steps("loss").len(), 5);
}

#[test]
fn sigkill_is_failed_and_keeps_every_metric_point() {
    let server = MlflowServer::start(&["--workers", "1"]);
    let project = sample("ending-sigkill");
    let mut command = project.command(&[
        "run",
        "-P",
        "steps=100000",
        "-P",
        "millis=2",
        "--tracking-uri",
        &server.url,
    ]);
    let supervisor = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the process starts");
    let child = trainer(supervisor.id(), "ending-sigkill");
    std::thread::sleep(Duration::from_secs(2));
    signal("-KILL", child);
    let killed = Instant::now();
    let status = "import mlflow, sys\n\
        client = mlflow.MlflowClient(sys.argv[1])\n\
        print(client.search_runs(['1'])[0].info.status)";
    let finished: Finished = supervisor
        .wait_with_output()
        .expect("the process exits")
        .into();
    assert_eq!(finished.code, 1, "{}", finished.text());
    assert!(mlplots_tests::python(status, &[&server.url]).starts_with("FAILED"));
    let run = read(&server.url).remove(0);
    // The end time is the time of the exit, not the time at which MLflow is notified.
    let duration =
        run.0["end_time"].as_i64().unwrap_or(0) - run.0["start_time"].as_i64().unwrap_or(0);
    assert!(duration > 1000 && duration < 60_000, "{duration}");
    assert!(killed.elapsed() < Duration::from_mins(1));
    let steps = run.steps("loss");
    assert!(steps.len() > 100, "{}", steps.len());
    assert_eq!(
        steps,
        (0..steps.len() as i64).collect::<Vec<_>>(),
        "the points have no gap"
    );
    assert!(
        run.tag("mlplots.reason").contains("SIGKILL"),
        "{}",
        run.tag("mlplots.reason")
    );
}
