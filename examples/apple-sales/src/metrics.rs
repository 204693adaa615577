//! Regression metrics.

use crate::model::Evaluation;

impl Evaluation {
    /// All metrics with their names in MLflow.
    pub fn metrics(&self) -> [(&'static str, f64); 6] {
        [
            ("mse", self.mse()),
            ("rmse", self.mse().sqrt()),
            ("mae", self.mae()),
            ("r2", self.r2()),
            ("msle", self.msle()),
            ("medae", self.medae()),
        ]
    }

    /// Mean squared error.
    pub fn mse(&self) -> f64 {
        self.mean(|y, p| (y - p).powi(2))
    }

    /// Mean absolute error.
    pub fn mae(&self) -> f64 {
        self.mean(|y, p| (y - p).abs())
    }

    /// Coefficient of determination: 1 is a perfect fit, 0 is no better than predicting the mean.
    pub fn r2(&self) -> f64 {
        let mean = self.mean(|y, _| y);
        1.0 - self.mse() / self.mean(|y, _| (y - mean).powi(2))
    }

    /// Mean squared logarithmic error, with `ln(1 + value)` as in scikit-learn.
    pub fn msle(&self) -> f64 {
        self.mean(|y, p| (y.ln_1p() - p.ln_1p()).powi(2))
    }

    /// Median absolute error.
    pub fn medae(&self) -> f64 {
        let mut errors: Vec<f64> = self.pairs().map(|(y, p)| (y - p).abs()).collect();
        errors.sort_by(f64::total_cmp);
        let middle = errors.len() / 2;
        match errors.len() % 2 {
            0 => f64::midpoint(errors[middle - 1], errors[middle]),
            _ => errors[middle],
        }
    }

    /// True demand minus predicted demand.
    pub fn residuals(&self) -> Vec<f64> {
        self.pairs().map(|(y, p)| y - p).collect()
    }

    fn pairs(&self) -> impl Iterator<Item = (f64, f64)> {
        self.y_true.iter().copied().zip(self.y_pred.iter().copied())
    }

    fn mean(&self, value: impl Fn(f64, f64) -> f64) -> f64 {
        self.pairs().map(|(y, p)| value(y, p)).sum::<f64>() / self.y_true.len() as f64
    }
}
