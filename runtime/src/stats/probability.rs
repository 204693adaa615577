//! The probability plot of a sample against the normal distribution.

use super::normal::quantile;
use super::regression::Line;
use super::summary::sorted;

/// A sample against the normal distribution: the more normal, the straighter the points.
#[derive(Clone, Debug)]
pub struct ProbabilityPlot {
    /// The quantile of the standard normal distribution and the value found there, ascending.
    pub points: Vec<(f64, f64)>,
    /// The least-squares line through the points; its `r` says how straight they are.
    pub line: Line,
}

/// The normal probability (Q–Q) plot of the finite values, as `scipy.stats.probplot`: the k-th of n
/// stands at the quantile of Filliben's estimate of its median position (*The Probability Plot
/// Correlation Coefficient Test for Normality*, 1975), `(k − 0.3175) / (n + 0.365)`, and
/// `0.5^(1/n)` and its complement at the ends. `None` under two finite values.
pub fn probability_plot(values: &[f64]) -> Option<ProbabilityPlot> {
    let values = sorted(values);
    let n = values.len() as f64;
    let edge = 0.5_f64.powf(1.0 / n);
    let last = values.len().checked_sub(1)?;
    let points: Vec<(f64, f64)> = values
        .into_iter()
        .enumerate()
        .map(|(index, value)| {
            let position = match index {
                0 => 1.0 - edge,
                index if index == last => edge,
                index => (index as f64 + 1.0 - 0.3175) / (n + 0.365),
            };
            (quantile(position), value)
        })
        .collect();
    let line = Line::through(&points)?;
    Some(ProbabilityPlot { points, line })
}
