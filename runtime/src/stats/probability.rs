//! The normal probability (Q–Q) plot of a sample.

use super::normal::quantile;
use super::regression::Line;
use super::summary::sorted;

/// A normal probability plot: its points lie on a straight line if the sample is normally
/// distributed. See [`probability_plot`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProbabilityPlot {
    /// (theoretical quantile of the standard normal distribution, value of the sample), both
    /// ascending.
    pub points: Vec<(f64, f64)>,
    /// The least-squares line through the points; the closer its `r` is to 1, the straighter are
    /// the points.
    pub line: Line,
}

/// Computes the normal probability (Q–Q) plot of the finite values, as `scipy.stats.probplot`.
///
/// The k-th smallest of n values has the normal quantile of Filliben's estimate of its median
/// position (*The Probability Plot Correlation Coefficient Test for Normality*, 1975): `(k −
/// 0.3175) / (n + 0.365)`, but `1 − 0.5^(1/n)` for the minimum and `0.5^(1/n)` for the maximum.
///
/// Non-finite values are dropped. Returns one point per remaining value; `None` for fewer than two.
///
/// ```
/// use mlplots::stats::probability::probability_plot;
///
/// let plot = probability_plot(&[9.0, 5.0, 7.0]).unwrap();
/// assert_eq!((plot.points[0].1, plot.points[2].1), (5.0, 9.0));
/// assert!(plot.points[1].0.abs() < 1e-12);
/// assert!((plot.line.r - 1.0).abs() < 1e-12);
/// ```
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
