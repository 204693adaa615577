//! How far a regression is off, and whether its errors look as they should.

use super::summary::{finite_pairs, mean, median, variance};

/// The usual scores of predictions, over the finite pairs.
#[derive(Clone, Copy, Debug)]
pub struct RegressionScores {
    /// The share of variance explained, `1 − Σ(y − ŷ)² / Σ(y − ȳ)²`, at most 1. Where all y are
    /// equal, 1 for perfect predictions and 0 for others. NaN under two pairs. As
    /// `sklearn.metrics.r2_score`.
    pub r2: f64,
    /// The mean squared error, in units of y squared, as `mean_squared_error`.
    pub mse: f64,
    /// Its root, in units of y, as `root_mean_squared_error`.
    pub rmse: f64,
    /// The mean absolute error, in units of y, as `mean_absolute_error`.
    pub mae: f64,
    /// The median absolute error, in units of y, as `median_absolute_error`.
    pub median_absolute: f64,
    /// The largest absolute error, in units of y, as `max_error`.
    pub max_error: f64,
    /// The mean of |error| / |y|, 1 for 100 %, as `mean_absolute_percentage_error`: huge if a y is
    /// 0.
    pub mape: f64,
}

impl RegressionScores {
    /// `None` without a finite pair.
    pub fn new(y_true: &[f64], y_pred: &[f64]) -> Option<Self> {
        let pairs = finite_pairs(y_true, y_pred);
        if pairs.is_empty() {
            return None;
        }
        let errors: Vec<f64> = pairs
            .iter()
            .map(|(y, predicted)| (y - predicted).abs())
            .collect();
        let squares: Vec<f64> = errors.iter().map(|error| error * error).collect();
        let relative: Vec<f64> = pairs
            .iter()
            .zip(&errors)
            .map(|(pair, error)| error / pair.0.abs().max(f64::EPSILON))
            .collect();
        let truth: Vec<f64> = pairs.iter().map(|pair| pair.0).collect();
        let mse = mean(&squares);
        Some(Self {
            r2: r2(mse, &truth),
            mse,
            rmse: mse.sqrt(),
            mae: mean(&errors),
            median_absolute: median(&errors),
            max_error: errors.iter().copied().fold(0.0, f64::max),
            mape: mean(&relative),
        })
    }
}

fn r2(mse: f64, y_true: &[f64]) -> f64 {
    let spread = variance(y_true, 0);
    if y_true.len() < 2 {
        f64::NAN
    } else if spread > 0.0 {
        1.0 - mse / spread
    } else if mse > 0.0 {
        0.0
    } else {
        1.0
    }
}

/// One sample of a fit; the order is that of the finite pairs.
#[derive(Clone, Copy, Debug)]
pub struct Residual {
    /// The prediction, in units of y.
    pub predicted: f64,
    /// `y − ŷ`, in units of y.
    pub error: f64,
    /// The residual in units of its own standard error; NaN where that is 0.
    pub standardized: f64,
    /// The pull of the sample on its own prediction, `1/n` to 1.
    pub leverage: f64,
}

impl Residual {
    /// The height in a scale-location chart: `√|standardized residual|`, around 0.82 on average for
    /// normal errors of constant spread (Cleveland, *Visualizing Data*, 1993; R's `plot.lm`).
    pub fn root(&self) -> f64 {
        self.standardized.abs().sqrt()
    }
}

/// The residuals of the finite pairs, each divided by its standard error `s √(1 − h)`, where `s² =
/// Σe² / (n − 2)`, and the leverage `h = 1/n + (ŷ − mean ŷ)² / Σ(ŷ − mean ŷ)²` comes from the
/// predictions alone (Draper and Smith, *Applied Regression Analysis*, 1998, §8.1).
///
/// For a straight line fitted to one feature these are statsmodels' `OLSInfluence`
/// `resid_studentized_internal` and `hat_matrix_diag`. With more features the true leverage is
/// larger; it cannot be known from the predictions, nor matters much with many samples.
pub fn residuals(y_true: &[f64], y_pred: &[f64]) -> Vec<Residual> {
    let pairs = finite_pairs(y_true, y_pred);
    let n = pairs.len() as f64;
    let predictions: Vec<f64> = pairs.iter().map(|pair| pair.1).collect();
    let centre = mean(&predictions);
    let spread = variance(&predictions, 0) * n;
    let scale = (pairs
        .iter()
        .map(|(y, predicted)| (y - predicted).powi(2))
        .sum::<f64>()
        / (n - 2.0))
        .sqrt();
    pairs
        .into_iter()
        .map(|(y, predicted)| {
            let pull = if spread > 0.0 {
                (predicted - centre).powi(2) / spread
            } else {
                0.0
            };
            let leverage = (1.0 / n + pull).min(1.0);
            let error = y - predicted;
            let scale = scale * (1.0 - leverage).sqrt();
            let standardized = if scale > 0.0 { error / scale } else { f64::NAN };
            Residual {
                predicted,
                error,
                standardized,
                leverage,
            }
        })
        .collect()
}
