//! Compares coefficients and metrics with scikit-learn on the same data.

use std::fmt::Write;

use apple_sales::model::Ridge;
use apple_sales::sales::{Day, Sales};
use mlplots_tests::python;
use serde_json::Value;

const SCRIPT: &str = r#"
import json, sys
import numpy as np
from sklearn import metrics
from sklearn.linear_model import Ridge

train, test = (np.loadtxt(path, delimiter=",") for path in sys.argv[1:3])
model = Ridge(alpha=1.0).fit(train[:, :-1], train[:, -1])
y_true, y_pred = test[:, -1], model.predict(test[:, :-1])
mse = metrics.mean_squared_error(y_true, y_pred)
print(json.dumps({
    "coefficients": list(model.coef_),
    "intercept": model.intercept_,
    "mse": mse,
    "rmse": mse ** 0.5,
    "mae": metrics.mean_absolute_error(y_true, y_pred),
    "r2": metrics.r2_score(y_true, y_pred),
    "msle": metrics.mean_squared_log_error(y_true, y_pred),
    "medae": metrics.median_absolute_error(y_true, y_pred),
}))
"#;

#[test]
fn the_model_equals_the_one_of_scikit_learn() {
    let (train, test) = Sales::generate(10_000, 9999).split(0.2, 0);
    let ridge = Ridge::fit(&train, 1.0).expect("the model fits");
    let metrics = ridge.evaluate(&test).metrics();

    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, days: &[Day]| {
        let path = folder.path().join(name);
        std::fs::write(&path, csv(days)).expect("the file is written");
        path.display().to_string()
    };
    let printed = python(
        SCRIPT,
        &[&write("train.csv", &train), &write("test.csv", &test)],
    );
    let theirs: Value = serde_json::from_str(&printed).expect("the script prints JSON");

    for (index, (name, ours)) in Day::FEATURES.iter().zip(&ridge.coefficients).enumerate() {
        assert_close(name, *ours, &theirs["coefficients"][index]);
    }
    assert_close("intercept", ridge.intercept, &theirs["intercept"]);
    for (name, ours) in metrics {
        assert_close(name, ours, &theirs[name]);
    }
}

/// One row per day: the features, then the demand.
fn csv(days: &[Day]) -> String {
    let mut text = String::new();
    for day in days {
        for feature in day.features() {
            write!(text, "{feature},").expect("writing to a String succeeds");
        }
        writeln!(text, "{}", day.demand).expect("writing to a String succeeds");
    }
    text
}

fn assert_close(name: &str, ours: f64, theirs: &Value) {
    let theirs = theirs
        .as_f64()
        .unwrap_or_else(|| panic!("scikit-learn returned no {name}"));
    let difference = (ours - theirs).abs() / theirs.abs();
    assert!(
        difference < 1e-6,
        "{name}: {ours} in Rust, {theirs} in scikit-learn"
    );
}
