//! Resumed runs: MLflow has one run with all steps and unchanged params.

use mlplots_tests::{Finished, MlflowServer, Project, StoredRun, program, python, read};
use serde_json::Value;

/// Runs `cargo mlplots exec OPTIONS` with environment variables.
fn exec(folder: &Project, options: &[&str], variables: &[(&str, &str)]) -> Finished {
    let mut command = folder.command(&["exec"]);
    command
        .args(options)
        .arg("--")
        .arg(program("resuming", SOURCE))
        .envs(variables.iter().copied());
    command.output().expect("cargo-mlplots starts").into()
}

/// The first 12 digits of the ID of the newest local run.
fn newest(folder: &Project) -> String {
    let finished = folder.mlplots(&["runs", "--json"]);
    let runs: Value = serde_json::from_str(&finished.stdout).expect("JSON");
    let last = runs["runs"].as_array().and_then(|runs| runs.last());
    let uuid = last.expect("a run")["run_uuid"].as_str().expect("a string");
    uuid[..12].to_owned()
}

/// Checks that a resumed run has everything that its parts logged.
fn assert_complete(run: &StoredRun, steps: i64, reason: &str) {
    assert_eq!(run.status(), "FINISHED");
    assert_eq!(run.tag("mlplots.reason"), reason);
    assert_eq!(run.steps("loss"), (0..steps).collect::<Vec<_>>());
    assert_eq!(run.0["params"]["rate"], "0.25");
    assert_eq!(run.0["params"]["parts"], "several");
    assert_eq!(run.tag("mlplots.figures"), "1 of 1");
    for part in 0..steps / 10 {
        let note = format!("notes/{}.txt", part * 10);
        assert!(run.sha256(&note).is_some(), "{note}");
        let table = format!(r#""path": "tables/{}.json""#, part * 10);
        let listed = run.tag("mlflow.loggedArtifacts").replace("\":\"", "\": \"");
        assert!(listed.contains(&table), "{table} in {listed}");
    }
}

#[test]
fn a_stopped_run_resumes_at_its_last_step() {
    let folder = Project::new("resuming");
    let uri = folder.database();
    let first = exec(&folder, &["-P", "rate=0.25", "-P", "name=12345"], &[]);
    assert_eq!(first.code, 1, "{}", first.text());
    assert!(
        first
            .stderr
            .contains("the run is KILLED: stopped by SIGTERM"),
        "{}",
        first.text()
    );
    let expected = format!("help: `--resume {}` resumes it", newest(&folder));
    assert!(first.stderr.contains(&expected), "{}", first.text());

    // A resumed run keeps its params: the user need not repeat them and cannot change them.
    let conflicting = exec(
        &folder,
        &["--resume", &newest(&folder), "-P", "rate=0.5"],
        &[],
    );
    assert_eq!(conflicting.code, 3, "{}", conflicting.text());
    assert!(
        conflicting.stderr.contains(
            "error: the param `rate` is `0.25` in the run that is resumed, and cannot become `0.5`: a param is set once"
        ),
        "{}",
        conflicting.text()
    );
    let second = exec(&folder, &["--resume", &newest(&folder)], &[]);
    assert_eq!(second.code, 1, "{}", second.text());
    assert!(second.stderr.contains("rate   0.25"), "{}", second.text());
    let [run] = read(&uri).try_into().expect("one run");
    assert_eq!(run.status(), "KILLED");
    // `--resume` also accepts the ID in MLflow.
    let third = exec(
        &folder,
        &["--resume", run.text("run_id")],
        &[("STEPS", "0")],
    );
    assert_eq!(third.code, 0, "{}", third.text());
    let [run] = read(&uri).try_into().expect("one run");
    assert_complete(&run, 20, "resumed after KILLED: stopped by SIGTERM");
    assert_eq!(run.0["params"]["name"], "12345");
    let listed = folder.mlplots(&["runs"]).stdout;
    assert_eq!(listed.matches("  resumes ").count(), 2, "{listed}");
    assert_eq!(listed.matches("stopped by SIGTERM").count(), 2, "{listed}");
}

#[test]
fn unshipped_parts_are_shipped_with_the_resumed_run() {
    let mut server = MlflowServer::start(&["--workers", "1"]);
    let folder = Project::new("resuming");
    let url = server.url.clone();
    let run = |options: &[&str], flush_timeout: &str, steps: &str| {
        let common = ["--tracking-uri", &url, "--flush-timeout", flush_timeout];
        exec(&folder, &[&common, options].concat(), &[("STEPS", steps)])
    };
    server.stop();
    run(&["-P", "rate=0.25", "--run-name", "in parts"], "1", "10");
    run(&["--resume", &newest(&folder)], "1", "10");
    server.restart();
    let last = run(&["--resume", &newest(&folder)], "60", "0");
    assert_eq!(last.code, 0, "{}", last.text());
    let [complete] = read(&url).try_into().expect("one run");
    assert_complete(&complete, 20, "resumed after KILLED: stopped by SIGTERM");
    assert_eq!(complete.text("name"), "in parts");
    let synced = folder.mlplots(&["sync"]);
    assert!(
        synced.stderr.contains("nothing is left to ship"),
        "{}",
        synced.text()
    );
    assert_eq!(read(&url)[0].0, complete.0, "a sync changes nothing");
}

#[test]
fn a_run_that_only_the_server_has_can_be_resumed() {
    let server = MlflowServer::start(&["--workers", "1"]);
    let id = create_run(&server);
    let folder = Project::new("resuming");
    let variables = [
        ("MLFLOW_TRACKING_URI", &*server.url),
        ("MLFLOW_RUN_ID", &*id),
    ];
    let conflicting = exec(&folder, &["-P", "rate=0.5"], &variables);
    assert_eq!(conflicting.code, 3, "{}", conflicting.text());
    let finished = exec(&folder, &[], &[&variables[..], &[("STEPS", "0")]].concat());
    assert_eq!(finished.code, 0, "{}", finished.text());
    let [run] = read(&server.url).try_into().expect("one run");
    assert_complete(&run, 10, "resumed after FAILED");
    assert_eq!(run.text("experiment"), "Begun elsewhere");

    // An unknown ID is reported before the training.
    let unknown = "0".repeat(32);
    let refused = exec(&folder, &["--resume", &unknown], &variables[..1]);
    assert_eq!(refused.code, 3, "{}", refused.text());
    assert!(
        refused.stderr.contains(&format!(
            "error: there is no run {unknown} at {}",
            server.url
        )),
        "{}",
        refused.text()
    );
    let refused = exec(&folder, &["--resume", "nobody"], &variables[..1]);
    assert_eq!(refused.code, 2, "{}", refused.text());
    assert!(
        refused
            .stderr
            .contains("error: there is no run `nobody` in"),
        "{}",
        refused.text()
    );
}

#[test]
fn a_conflicting_param_does_not_block_other_records() {
    let mut server = MlflowServer::start(&["--workers", "1"]);
    let id = create_run(&server);
    let folder = Project::new("resuming");
    server.stop();
    // With the server down, the params of the run cannot be compared before the training.
    let options = [
        "--tracking-uri",
        &server.url,
        "--resume",
        &id,
        "--flush-timeout",
        "1",
    ];
    let finished = exec(&folder, &[&options[..], &["-P", "rate=0.5"]].concat(), &[]);
    assert!(
        finished
            .stderr
            .contains("continues without the run's params"),
        "{}",
        finished.text()
    );
    server.restart();
    let synced = folder.mlplots(&["sync", "--tracking-uri", &server.url]);
    assert_eq!(synced.code, 4, "{}", synced.text());
    assert!(
        synced
            .stderr
            .contains("the param `rate` is already logged as `0.25`"),
        "{}",
        synced.text()
    );
    let [run] = read(&server.url).try_into().expect("one run");
    // The training started at step 0 again, because it could not read the last step.
    let steps = (0..10).chain(0..10);
    assert_eq!(run.steps("loss"), steps.collect::<Vec<_>>());
    assert_eq!(run.0["params"]["rate"], "0.25");
    assert_eq!(run.0["params"]["parts"], "several");
    assert!(run.sha256("notes/0.txt").is_some());
    assert_eq!(run.status(), "KILLED");
}

/// Creates a run with MLflow's Python client and returns its ID.
fn create_run(server: &MlflowServer) -> String {
    let output = python(CREATE_RUN, &[&server.url]);
    output.lines().last().expect("the id").to_owned()
}

/// Creates a run with a param, points and artifacts, and prints its ID.
const CREATE_RUN: &str = r#"
import sys, mlflow
from mlflow import MlflowClient

mlflow.set_tracking_uri(sys.argv[1])
client = MlflowClient()
experiment = client.create_experiment("Begun elsewhere")
run = client.create_run(experiment).info.run_id
client.log_param(run, "rate", "0.25")
for step in range(10):
    client.log_metric(run, "loss", 1.0 / (step + 1), step=step)
client.log_text(run, "step 0", "notes/0.txt")
client.log_table(run, {"step": [0]}, "tables/0.json")
client.set_terminated(run, "FAILED")
print(run)
"#;

/// Logs `STEPS` steps, by default ten. If there are any, it is then stopped by SIGTERM.
const SOURCE: &str = r#"
use mlplots::prelude::*;

#[derive(Serialize, Deserialize)]
#[serde(default)]
struct Params { rate: f64, name: Option<String> }

impl Default for Params {
    fn default() -> Self { Self { rate: 0.1, name: None } }
}

#[derive(Serialize)]
struct Row { step: i64 }

struct Loss(Vec<f64>);

#[train(experiment = "Resuming")]
fn part(run: &Run, _params: Params) -> Result<Loss, mlplots::Error> {
    let first = run.last_step("loss").map_or(0, |step| step + 1);
    let steps = std::env::var("STEPS").map_or(10, |steps| steps.parse().expect("a number"));
    run.log_param("parts", "several");
    let mut loss = vec![1.0, 2.0];
    for step in first..first + steps {
        loss.push(1.0 / (step + 1) as f64);
        run.log_metric_at("loss", loss[loss.len() - 1], step);
        if step % 10 == 0 {
            run.log_text(format!("step {step}"), &format!("notes/{step}.txt"))?;
            run.log_table(&[Row { step }], &format!("tables/{step}.json"))?;
        }
    }
    if steps > 0 {
        // Like a scheduler that stops the job.
        std::process::Command::new("sh")
            .args(["-c", "kill -TERM $PPID"])
            .status()
            .expect("a shell");
        std::thread::sleep(std::time::Duration::from_secs(60));
    }
    Ok(Loss(loss))
}

#[plot]
fn losses(loss: &Loss) -> Figure {
    charts::histogram(&loss.0)
}

mlplots::main!();
"#;
