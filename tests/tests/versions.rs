//! Servers and databases of MLflow 2.22, the last version before 3.

use mlplots_tests::{MlflowServer, Project, Venv, read, sample, sample_program};
use serde_json::Value;

const PROGRAM: &str = "versions";

/// Prints all runs as the client of MLflow 2 reads them.
const SCRIPT: &str = "
import json, mlflow, sys
from mlflow import MlflowClient
mlflow.set_tracking_uri(sys.argv[1])
client = MlflowClient()
def files(run_id, path=None):
    for entry in client.list_artifacts(run_id, path):
        yield from files(run_id, entry.path) if entry.is_dir else [entry.path]
def model(run_id, path):
    info = mlflow.models.get_model_info(f'runs:/{run_id}/{path}')
    return {'flavors': sorted(info.flavors), 'inputs': info.signature.inputs.input_names()}
print(json.dumps([
    {'experiment': e.name, 'status': r.info.status, 'params': r.data.params, 'tags': r.data.tags,
     'steps': [m.step for m in client.get_metric_history(r.info.run_id, 'loss')],
     'artifacts': sorted(files(r.info.run_id)),
     'figure': client.download_artifacts(r.info.run_id, 'curve.png')[-9:],
     'models': [{'path': m['artifact_path'], **model(r.info.run_id, m['artifact_path'])}
                for m in json.loads(r.data.tags.get('mlflow.log-model.history', '[]'))]}
    for e in client.search_experiments() for r in client.search_runs([e.experiment_id])]))";

fn runs(uri: &str) -> Value {
    let text = Venv::mlflow_2().run(&[], SCRIPT, &[uri]);
    serde_json::from_str(&text).expect("the script prints JSON")
}

/// Checks that the run has everything that the sample logged.
fn assert_complete(run: &Value) {
    assert_eq!(
        (&run["experiment"], &run["status"]),
        (&"Sample".into(), &"FINISHED".into())
    );
    assert_eq!(run["steps"], serde_json::json!([0, 1, 2, 3, 4]));
    assert_eq!(run["params"]["rate"], "0.1");
    assert_eq!(run["tags"]["mlplots.figures"], "2 of 2");
    let artifacts = [
        "curve.png",
        "curve.svg",
        "data/spread.png",
        "mlplots/figures.json",
        "notes/page.html",
    ];
    assert_eq!(run["artifacts"], serde_json::json!(artifacts));
    assert_eq!(run["figure"], "curve.png");
}

#[test]
fn an_mlflow_2_server_stores_runs_and_models() {
    let folder = Project::new(PROGRAM);
    let server = MlflowServer::start_with_venv(
        Venv::mlflow_2(),
        folder.path(),
        &[
            "--workers",
            "1",
            "--backend-store-uri",
            "sqlite:///mlflow.db",
        ],
    );
    let finished = folder.exec(&["--tracking-uri", &server.url], &[sample_program(PROGRAM)]);
    assert_eq!(finished.code, 0, "{}", finished.text());
    let found = runs(&server.url);
    assert_eq!(found.as_array().map(Vec::len), Some(1));
    assert_complete(&found[0]);

    let project = with_model();
    let finished = project.mlplots(&["run", "--tracking-uri", &server.url]);
    assert_eq!(finished.code, 0, "{}", finished.text());
    let found = runs(&server.url);
    let run = found
        .as_array()
        .into_iter()
        .flatten()
        .find(|run| run["params"]["kind"] == "linear");
    let run = run.expect("the server has the run");
    assert_eq!(run["steps"], serde_json::json!([0]), "{run}");
    assert_eq!(run["status"], "FINISHED");
    // MLflow 2 has no logged models, so the model is a folder of the run's artifacts.
    let model = serde_json::json!([
        {"path": "model", "flavors": ["onnx", "python_function"], "inputs": ["a", "b"]}
    ]);
    assert_eq!(run["models"], model);
    assert!(
        run["artifacts"]
            .as_array()
            .is_some_and(|files| files.contains(&"model/model.onnx".into()))
    );
}

#[test]
fn an_mlflow_2_database_stores_runs_and_models_after_an_upgrade() {
    let folder = Project::new(PROGRAM);
    let arguments = [
        "--workers",
        "1",
        "--backend-store-uri",
        "sqlite:///mlflow.db",
    ];
    drop(MlflowServer::start_with_venv(
        Venv::mlflow_2(),
        folder.path(),
        &arguments,
    ));
    let uri = folder.database();
    let finished = folder.exec(&["--tracking-uri", &uri], &[sample_program(PROGRAM)]);
    assert_eq!(finished.code, 0, "{}", finished.text());
    assert_complete(&runs(&uri)[0]);

    let project = with_model();
    let finished = project.mlplots(&["run", "--tracking-uri", &uri]);
    assert_eq!(finished.code, 4, "{}", finished.text());
    for expected in [
        "was created by an MLflow version that is too old: it lacks",
        "mlflow db upgrade",
    ] {
        assert!(finished.stderr.contains(expected), "{}", finished.text());
    }
    // MLflow 3 upgrades the database when it opens it. After that, it can store the model.
    assert_eq!(read(&uri).len(), 2);
    let sync = project.mlplots(&["sync", "--tracking-uri", &uri]);
    assert_eq!(sync.code, 0, "{}", sync.text());
    let runs = read(&uri);
    assert!(runs.iter().all(|run| run.status() == "FINISHED"));
    let models = |run: &mlplots_tests::StoredRun| run.0["models"].as_array().map(Vec::len);
    let run = runs.iter().find(|run| run.0["params"]["kind"] == "linear");
    assert_eq!(run.and_then(models), Some(1));
    let reason = run.map(|run| run.tag("mlplots.reason"));
    assert_eq!(reason, Some("everything was shipped later"));
}

/// A project whose training logs a model.
fn with_model() -> Project {
    sample("versions-model").file(
        "src/main.rs",
        "
use mlplots::{onnx, prelude::*};

/// A model.
#[train(experiment = \"Model\")]
fn fit(run: &Run) -> Result<(), mlplots::Error> {
    run.log_param(\"kind\", \"linear\");
    run.log_metric(\"loss\", 0.5);
    run.log_text(\"text\", \"curve.png\")?;
    let model = Model::onnx(onnx::linear(&[2.0, -1.0], 0.5));
    run.log_model(\"model\", model.input_example(&[[1.0, 2.0]]).columns([\"a\", \"b\"]))
}

mlplots::main!();
",
    )
}
