//! The model: a ridge regression.

use anyhow::ensure;
use serde::{Deserialize, Serialize};
use smartcore::linalg::basic::arrays::Array;
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::linear::ridge_regression::{RidgeRegression, RidgeRegressionParameters};

use crate::sales::Day;

/// A linear model whose coefficients are kept small.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ridge {
    /// One for each of [`Day::FEATURES`].
    pub coefficients: Vec<f64>,
    /// The demand where all features are 0.
    pub intercept: f64,
}

impl Ridge {
    /// Minimises the squared error plus `alpha` times the squared coefficients. The intercept is
    /// not penalised.
    pub fn fit(days: &[Day], alpha: f64) -> anyhow::Result<Self> {
        ensure!(
            alpha.is_finite() && alpha >= 0.0,
            "alpha must not be negative; it is {alpha}"
        );
        let rows: Vec<[f64; 9]> = days.iter().map(Day::features).collect();
        let feature_means: [f64; 9] =
            std::array::from_fn(|feature| mean(rows.iter().map(|row| row[feature])));
        let demand_mean = mean(days.iter().map(|day| day.demand));

        // Centred, the data need no intercept, which is the one that is not penalised.
        let centred = rows
            .iter()
            .flat_map(|row| row.iter().zip(feature_means).map(|(x, mean)| x - mean));
        let x = DenseMatrix::new(rows.len(), 9, centred.collect(), false)?;
        let y: Vec<f64> = days.iter().map(|day| day.demand - demand_mean).collect();
        let parameters = RidgeRegressionParameters::default()
            .with_alpha(alpha)
            .with_normalize(false);
        let fitted = RidgeRegression::fit(&x, &y, parameters)?;

        let coefficients: Vec<f64> = fitted.coefficients().iterator(0).copied().collect();
        let intercept = demand_mean - dot(&coefficients, &feature_means);
        Ok(Self {
            coefficients,
            intercept,
        })
    }

    /// The demand to expect on a day.
    pub fn predict(&self, day: &Day) -> f64 {
        self.intercept + dot(&self.coefficients, &day.features())
    }

    /// Compares predictions with what was sold.
    pub fn evaluate(&self, days: &[Day]) -> Evaluation {
        Evaluation {
            y_true: days.iter().map(|day| day.demand).collect(),
            y_pred: days.iter().map(|day| self.predict(day)).collect(),
        }
    }
}

/// The demand of the test days, and what the model predicted.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// What was sold.
    pub y_true: Vec<f64>,
    /// What the model predicted.
    pub y_pred: Vec<f64>,
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
