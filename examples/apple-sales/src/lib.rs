//! How many apples will be sold tomorrow? A ridge regression on 10,000 days of synthetic sales,
//! with figures of the data and the model.

pub mod metrics;
pub mod model;
mod plots;
pub mod sales;

use mlplots::{onnx, prelude::*};

use model::{Evaluation, Ridge};
use sales::{Day, Sales};

/// The hyperparameters. `-P alpha=10` on the command line sets one.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Params {
    /// Strength of the penalty on large coefficients.
    pub alpha: f64,
}

impl Default for Params {
    fn default() -> Self {
        Self { alpha: 1.0 }
    }
}

/// Ridge regression on daily apple demand.
#[train(experiment = "Apple demand", provides(Sales))]
fn ridge(run: &Run, params: Params) -> anyhow::Result<(Ridge, Evaluation)> {
    // mlplots draws the plots of the data from here on, while the model trains.
    let sales = run.provide(Sales::generate(10_000, 9999));
    let (train, test) = sales.split(0.2, 0);

    let ridge = Ridge::fit(&train, params.alpha)?;
    let evaluation = ridge.evaluate(&test);
    run.log_metrics(evaluation.metrics());

    let example: Vec<_> = test.iter().take(5).map(Day::features).collect();
    let onnx = Model::onnx(onnx::linear(&ridge.coefficients, ridge.intercept))
        .input_example(&example)
        .columns(Day::FEATURES);
    run.log_model("model", onnx)?;

    Ok((ridge, evaluation))
}
