//! How many apples will be sold tomorrow? A ridge regression on ten thousand days, and the figures
//! that explain the data and the model.

pub mod date;
pub mod metrics;
pub mod model;
mod plots;
pub mod sales;

use mlplots::{onnx, prelude::*};

use model::{Evaluation, Ridge};
use sales::{Day, Sales};

/// What can be set with `-P`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Params {
    /// How strongly large coefficients are punished.
    pub alpha: f64,
}

impl Default for Params {
    fn default() -> Self {
        Self { alpha: 1.0 }
    }
}

/// Ridge regression on daily apple demand.
#[train(experiment = "Apple demand", provides(Sales))]
pub fn ridge(run: &Run, params: Params) -> anyhow::Result<(Ridge, Evaluation)> {
    // The plots of the data are drawn from here on, while the model trains.
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
