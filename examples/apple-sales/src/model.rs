//! The ridge regression model.

use anyhow::ensure;
use serde::{Deserialize, Serialize};
use smartcore::linalg::basic::arrays::Array;
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::linear::ridge_regression::{RidgeRegression, RidgeRegressionParameters};

use crate::sales::Day;

/// A linear model, fitted with a penalty on large coefficients.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ridge {
    /// One coefficient per feature, in the order of [`Day::FEATURES`].
    pub coefficients: Vec<f64>,
    /// The predicted demand if all features are 0.
    pub intercept: f64,
}

impl Ridge {
    /// Minimizes the squared error plus `alpha` times the squared coefficients. The intercept has
    /// no penalty.
    ///
    /// # Errors
    /// `alpha` is negative or not finite.
    pub fn fit(days: &[Day], alpha: f64) -> anyhow::Result<Self> {
        ensure!(
            alpha.is_finite() && alpha >= 0.0,
            "alpha must not be negative; it is {alpha}"
        );
        let rows: Vec<[f64; 9]> = days.iter().map(Day::features).collect();
        let feature_means: [f64; 9] =
            std::array::from_fn(|feature| mean(rows.iter().map(|row| row[feature])));
        let demand_mean = mean(days.iter().map(|day| day.demand));

        // Centered data have an intercept of 0, so the solver can leave it out.
        let centered = rows
            .iter()
            .flat_map(|row| row.iter().zip(feature_means).map(|(x, mean)| x - mean));
        let x = DenseMatrix::new(rows.len(), 9, centered.collect(), false)?;
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

    /// Predicts the demand of a day.
    pub fn predict(&self, day: &Day) -> f64 {
        self.intercept + dot(&self.coefficients, &day.features())
    }

    /// Predicts the demand of every day.
    pub fn evaluate(&self, days: &[Day]) -> Evaluation {
        Evaluation {
            y_true: days.iter().map(|day| day.demand).collect(),
            y_pred: days.iter().map(|day| self.predict(day)).collect(),
        }
    }
}

/// True and predicted demand of the same days.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// The true demand.
    pub y_true: Vec<f64>,
    /// The predicted demand.
    pub y_pred: Vec<f64>,
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
