//! The tutorial end to end. An MLflow server returns the complete run and the exact bytes of every
//! figure, and Python loads the model and makes the same predictions as Rust.

use std::path::Path;

use apple_sales::model::Ridge;
use apple_sales::sales::{Day, Sales};
use mlplots_tests::{Finished, MlflowServer, StoredRun, cargo_mlplots, checkout, python, read};
use serde_json::Value;

const METRICS: [&str; 6] = ["mae", "medae", "mse", "msle", "r2", "rmse"];

const FIGURES: [&str; 12] = [
    "box_weekend.png",
    "coefficients_plot.png",
    "corr_plot.png",
    "density_weekday_weekend.png",
    "diagnostics/demand_by_month.png",
    "diagnostics/error_size.png",
    "diagnostics/residual_distribution.png",
    "prediction_errors.png",
    "qq_plot.png",
    "residuals_plot.png",
    "scatter_demand_price.png",
    "time_series_demand.png",
];

#[test]
fn without_a_server_the_run_is_stored_in_mlflow_db() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let finished: Finished = cargo_mlplots()
        .args(["mlplots", "exec", "--json", "--"])
        .arg(env!("CARGO_BIN_EXE_apple-sales"))
        .current_dir(folder.path())
        .output()
        .expect("cargo-mlplots starts")
        .into();
    assert!(folder.path().join("mlflow.db").exists());
    assert!(folder.path().join("mlruns").is_dir());
    let server = MlflowServer::start_in(folder.path(), &[]);
    assert_stored(&finished, &server.url);
}

#[test]
fn a_server_stores_the_complete_run() {
    for workers in ["4", "1"] {
        let server = MlflowServer::start(&["--workers", workers]);
        let finished: Finished = cargo_mlplots()
            .args(["mlplots", "run", "--package", "apple-sales", "--json"])
            .current_dir(checkout())
            .env("MLFLOW_TRACKING_URI", &server.url)
            .output()
            .expect("cargo-mlplots starts")
            .into();
        let run = assert_stored(&finished, &server.url);
        if checkout().join(".git").exists() {
            assert_eq!(run.tag("mlflow.source.git.commit").len(), 40);
        }
    }
}

/// Checks that the server has exactly the run that `--json` reported.
fn assert_stored(finished: &Finished, url: &str) -> StoredRun {
    assert_eq!(finished.code, 0, "{}", finished.text());
    let reported: Value = serde_json::from_str(&finished.stdout).expect("one JSON object");
    let runs = read(url);
    assert_eq!(runs.len(), 1);
    let run = &runs[0];

    assert_eq!(run.status(), "FINISHED");
    assert_eq!(run.0["experiment"], "Apple demand");
    assert_eq!(run.0["params"], serde_json::json!({"alpha": "1.0"}));
    let metrics = run.0["metrics"].as_object().expect("metrics");
    assert_eq!(metrics.len(), METRICS.len());
    for name in METRICS {
        assert!(run.metric(name).is_some(), "{name}");
        assert_eq!(
            run.metric(name),
            reported["metrics"][name].as_f64(),
            "{name}"
        );
    }
    assert_eq!(run.tag("mlplots.figures"), "10 of 10");
    assert!(!run.tag("mlflow.user").is_empty());
    assert!(run.tag("mlflow.source.name").contains("apple-sales"));
    assert_eq!(
        run.tag("mlflow.note.content"),
        "Ridge regression on daily apple demand."
    );

    let drawn: Vec<(&str, &str)> = reported["figures"]
        .as_array()
        .expect("figures")
        .iter()
        .flat_map(|figure| figure["files"].as_array().into_iter().flatten())
        .filter_map(|file| Some((file["path"].as_str()?, file["sha256"].as_str()?)))
        .collect();
    assert_eq!(drawn.len(), FIGURES.len());
    for name in FIGURES {
        let sha256 = drawn
            .iter()
            .find_map(|(path, sha256)| (*path == name).then_some(*sha256));
        assert!(sha256.is_some(), "{name} was not drawn");
        assert_eq!(
            run.sha256(name),
            sha256,
            "the server returns other bytes for {name}"
        );
    }
    assert_same_predictions(run, url);
    run.clone()
}

const PREDICT: &str = r#"
import sys, json, mlflow, pandas
tracking_uri, run_id, model_id, rows = sys.argv[1:]
mlflow.set_tracking_uri(tracking_uri)

def predictions(uri):
    model = mlflow.pyfunc.load_model(uri)
    names = model.metadata.get_input_schema().input_names()
    predicted = model.predict(pandas.DataFrame(json.load(open(rows)), columns=names))
    return pandas.DataFrame(predicted).iloc[:, 0].tolist()

print(json.dumps([predictions(f"models:/{model_id}"), predictions(f"runs:/{run_id}/model")]))
"#;

/// Checks that MLflow's Python client loads the model and predicts the same values as Rust.
fn assert_same_predictions(run: &StoredRun, url: &str) {
    let (train, test) = Sales::generate(10_000, 9999).split(0.2, 0);
    let ridge = Ridge::fit(&train, 1.0).expect("the model fits");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let rows: Vec<_> = test.iter().map(Day::features).collect();
    let path = folder.path().join("rows.json");
    std::fs::write(&path, serde_json::to_vec(&rows).expect("JSON")).expect("the rows are written");
    let id = |value: &Value| value.as_str().expect("an id").to_owned();
    let (run_id, model_id) = (id(&run.0["run_id"]), id(&run.0["models"][0]));

    let printed = python(PREDICT, &[url, &run_id, &model_id, as_str(&path)]);
    let theirs: Vec<Vec<f64>> = serde_json::from_str(&printed).expect("two lists of numbers");
    assert_eq!(theirs.len(), 2);
    for predictions in theirs {
        assert_eq!(predictions.len(), 2000);
        for (day, theirs) in test.iter().zip(predictions) {
            let ours = ridge.predict(day);
            assert!((ours - theirs).abs() < 1e-6 * ours.abs(), "{ours} {theirs}");
        }
    }
}

fn as_str(path: &Path) -> &str {
    path.to_str().expect("temporary folders have UTF-8 paths")
}
