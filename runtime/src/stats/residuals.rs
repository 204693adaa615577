//! Scores and residuals of regression predictions.

use super::summary::{finite_pairs, mean, median, variance};

/// The common scores of a regression; the function names are those of `sklearn.metrics`. See
/// [`RegressionScores::new`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RegressionScores {
    /// The coefficient of determination, `1 − Σ(y − ŷ)² / Σ(y − ȳ)²`, at most 1, as `r2_score`. If
    /// all y are equal, it is 1 for exact predictions and 0 otherwise. NaN for fewer than two
    /// pairs.
    pub r2: f64,
    /// The mean squared error, in units of y squared, as `mean_squared_error`.
    pub mse: f64,
    /// The root of the mean squared error, in units of y, as `root_mean_squared_error`.
    pub rmse: f64,
    /// The mean absolute error, in units of y, as `mean_absolute_error`.
    pub mae: f64,
    /// The median absolute error, in units of y, as `median_absolute_error`.
    pub median_absolute: f64,
    /// The maximum absolute error, in units of y, as `max_error`.
    pub max_error: f64,
    /// The mean of |error| / |y|, 1 for 100 %, as `mean_absolute_percentage_error`. As there, the
    /// denominator is at least `f64::EPSILON`, so a y of 0 results in a very large value.
    pub mape: f64,
}

impl RegressionScores {
    /// Computes the scores of the predictions `y_pred` for the observations `y_true`.
    ///
    /// Pairs with a non-finite value are dropped, and extra elements of the longer slice are
    /// ignored. `None` if no pair remains.
    ///
    /// ```
    /// use mlplots::stats::residuals::RegressionScores;
    ///
    /// let y_true = [1.0, 2.0, 3.0, 4.0];
    /// let scores = RegressionScores::new(&y_true, &[1.0, 2.0, 3.0, 6.0]).unwrap();
    /// assert_eq!((scores.mse, scores.rmse, scores.mae), (1.0, 1.0, 0.5));
    /// assert_eq!((scores.median_absolute, scores.max_error, scores.mape), (0.0, 2.0, 0.125));
    /// assert!((scores.r2 - 0.2).abs() < 1e-12);
    /// ```
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

/// The residual of one sample; see [`residuals`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Residual {
    /// The prediction, in units of y.
    pub predicted: f64,
    /// The residual `y − ŷ`, in units of y.
    pub error: f64,
    /// The residual divided by its standard error; NaN where that is 0.
    pub standardized: f64,
    /// The leverage: the influence of the sample on its own prediction, `1/n` to 1.
    pub leverage: f64,
}

impl Residual {
    /// Computes `√|standardized residual|`, the y of a scale-location plot (Cleveland, *Visualizing
    /// Data*, 1993; R's `plot.lm`). The mean is approximately 0.82 for normal errors of constant
    /// variance. NaN where `standardized` is NaN.
    ///
    /// ```
    /// use mlplots::stats::residuals::residuals;
    ///
    /// let residual = residuals(&[1.0, 3.0, 2.0, 4.0], &[1.3, 2.1, 2.9, 3.7])[0];
    /// assert!((residual.root() - (1.0 / 3.0_f64.sqrt()).sqrt()).abs() < 1e-12);
    /// ```
    pub fn root(&self) -> f64 {
        self.standardized.abs().sqrt()
    }
}

/// Computes the residual of each sample, and standardizes it by its standard error `s √(1 − h)`,
/// where `s² = Σe² / (n − 2)`. The leverage `h = 1/n + (ŷ − mean ŷ)² / Σ(ŷ − mean ŷ)²` depends on
/// the predictions alone (Draper and Smith, *Applied Regression Analysis*, 1998, §8.1).
///
/// Pairs with a non-finite value are dropped, and extra elements of the longer slice are ignored.
/// Returns one [`Residual`] per remaining pair, in the order of the input. Standardized residuals
/// are meaningful for at least three pairs.
///
/// For a straight line fitted to one feature, the results equal statsmodels' `OLSInfluence`
/// `resid_studentized_internal` and `hat_matrix_diag`. With more features, the true leverage is
/// larger; the predictions do not determine it, and it has little effect with many samples.
///
/// ```
/// use mlplots::stats::residuals::residuals;
///
/// // The predictions of the least-squares line through these y at x = 0, 1, 2, 3.
/// let first = residuals(&[1.0, 3.0, 2.0, 4.0], &[1.3, 2.1, 2.9, 3.7])[0];
/// assert!((first.error + 0.3).abs() < 1e-12);
/// assert!((first.leverage - 0.7).abs() < 1e-12);
/// assert!((first.standardized + 1.0 / 3.0_f64.sqrt()).abs() < 1e-12);
/// ```
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
