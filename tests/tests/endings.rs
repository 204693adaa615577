//! However a training ends, MLflow says so.

use std::process::Stdio;
use std::time::{Duration, Instant};

use mlplots_tests::{Finished, MlflowServer, Project, Read, read, sample, signal, trainer};
use serde_json::Value;

/// Runs the sample with these params against a store in its own folder.
fn run(project: &Project, params: &[&str]) -> (Finished, Read) {
    let mut arguments = vec!["run"];
    params
        .iter()
        .for_each(|param| arguments.extend(["-P", param]));
    let finished = project.mlplots(&arguments);
    let runs = read(&database(project));
    assert_eq!(runs.len(), 1, "{}", finished.text());
    (finished, runs[0].clone())
}

fn database(project: &Project) -> String {
    format!("sqlite:///{}", project.path().join("mlflow.db").display())
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
    assert_eq!(
        read.tag("mlplots.reason"),
        "the program was killed by SIGABRT"
    );
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
    let server = MlflowServer::start(&[]);
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

#[test]
fn an_interrupt_is_killed() {
    let project = sample("ending-sigint");
    let mut command = project.command(&["run", "-P", "steps=100000", "-P", "millis=2", "--json"]);
    let supervisor = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    trainer(supervisor.id(), "ending-sigint");
    std::thread::sleep(Duration::from_secs(1));
    signal("-INT", supervisor.id());
    let finished: Finished = supervisor.wait_with_output().expect("it ends").into();
    assert_eq!(finished.code, 1, "{}", finished.text());
    let json: Value =
        serde_json::from_str(finished.stdout.lines().last().unwrap_or_default()).expect("JSON");
    assert_eq!(
        (json["status"].as_str(), json["reason"].as_str()),
        (Some("KILLED"), Some("stopped by SIGINT"))
    );
    let run = read(&database(&project)).remove(0);
    assert_eq!(
        (run.status(), run.tag("mlplots.reason")),
        ("KILLED", "stopped by SIGINT")
    );
}
