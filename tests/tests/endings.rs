//! However a training ends, MLflow says so.

use std::process::Stdio;
use std::time::{Duration, Instant};

use mlplots_tests::{Finished, MlflowServer, Project, Read, built, read, sample, signal, trainer};

const ABORTED: &str =
    "the program was killed by SIGABRT, as by abort, a stack overflow or refused memory";

/// Runs the sample with these params against a store in its own folder.
fn run(project: &Project, params: &[&str]) -> (Finished, Read) {
    let mut arguments = vec!["run"];
    params
        .iter()
        .for_each(|param| arguments.extend(["-P", param]));
    let finished = project.mlplots(&arguments);
    let runs = read(&project.database());
    assert_eq!(runs.len(), 1, "{}", finished.text());
    (finished, runs[0].clone())
}

/// The same with a program that is already built; `before` are commands of the shell that becomes
/// it.
fn exec(params: &[&str], before: &str) -> (Finished, Read) {
    let folder = Project::new("endings");
    let mut command = folder.command(&["exec"]);
    params.iter().for_each(|param| {
        command.args(["-P", param]);
    });
    command.args(["--", "sh", "-c", &format!("{before}\nexec \"$0\"")]);
    let finished: Finished = command
        .arg(built("endings"))
        .output()
        .expect("it starts")
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
fn a_training_that_returns_an_error_is_failed_and_says_why() {
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
fn a_panic_is_failed_and_says_where() {
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
fn an_exit_and_an_abort_before_the_return_are_failed() {
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
fn an_exit_with_an_error_is_failed_with_its_code() {
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
fn memory_that_is_refused_is_failed() {
    let (finished, run) = exec(&["ending=memory"], "ulimit -v 1000000");
    let said = "memory allocation of 16777216 bytes failed";
    assert!(finished.stderr.contains(said), "{}", finished.text());
    assert_eq!(
        (run.status(), run.tag("mlplots.reason")),
        ("FAILED", ABORTED)
    );
}

#[test]
fn a_panic_that_aborts_says_where() {
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
fn a_stderr_that_nobody_reads_changes_nothing() {
    let folder = Project::new("endings");
    let program = built("endings").display().to_string();
    let mut supervisor = folder
        .command(&["exec", "-P", "ending=plot", "--", &program])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    drop(supervisor.stderr.take());
    let status = supervisor.wait().expect("it ends");
    let run = read(&folder.database()).remove(0);
    assert_eq!((status.code(), run.status()), (Some(1), "FAILED"));
    let reason = run.tag("mlplots.reason");
    assert!(reason.starts_with("the figure `curve` failed"), "{reason}");
}

#[test]
fn a_run_without_macros_says_with_what_it_panics() {
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
fn a_process_left_behind_does_not_delay_the_end() {
    let folder = Project::new("endings");
    let program = built("endings").display().to_string();
    // It keeps both pipes open for a minute.
    let mut supervisor = folder
        .command(&["exec", "-P", "ending=orphan", "--", &program])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let since = Instant::now();
    let status = supervisor.wait().expect("it ends");
    assert!(since.elapsed() < Duration::from_secs(50));
    assert_eq!(status.code(), Some(1));
    let run = read(&folder.database()).remove(0);
    assert_eq!(
        (run.status(), run.tag("mlplots.reason")),
        (
            "FAILED",
            "the program exited with code 1 before the training returned"
        )
    );
    let took = run.0["end_time"].as_i64().unwrap_or(0) - run.0["start_time"].as_i64().unwrap_or(0);
    assert!((0..50_000).contains(&took), "{took}");
}

#[test]
fn a_plot_that_panics_fails_alone_and_makes_the_run_failed() {
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
fn sigkill_is_failed_within_a_second_with_every_metric() {
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
        .expect("it starts");
    let child = trainer(supervisor.id(), "ending-sigkill");
    std::thread::sleep(Duration::from_secs(2));
    signal("-KILL", child);
    let killed = Instant::now();
    let status = "import mlflow, sys, time\n\
        client = mlflow.MlflowClient(sys.argv[1])\n\
        print(client.search_runs(['1'])[0].info.status, time.time())";
    let finished: Finished = supervisor.wait_with_output().expect("it ends").into();
    assert_eq!(finished.code, 1, "{}", finished.text());
    assert!(mlplots_tests::python(status, &[&server.url]).starts_with("FAILED"));
    let run = read(&server.url).remove(0);
    // The end time is when the program died, not when the word of it arrived.
    let took = run.0["end_time"].as_i64().unwrap_or(0) - run.0["start_time"].as_i64().unwrap_or(0);
    assert!(took > 1000 && took < 60_000, "{took}");
    assert!(killed.elapsed() < Duration::from_mins(1));
    let steps = run.steps("loss");
    assert!(steps.len() > 100, "{}", steps.len());
    assert_eq!(
        steps,
        (0..steps.len() as i64).collect::<Vec<_>>(),
        "no point is missing"
    );
    assert!(
        run.tag("mlplots.reason").contains("SIGKILL"),
        "{}",
        run.tag("mlplots.reason")
    );
}
