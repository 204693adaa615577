//! Calibration of predicted probabilities: the calibration curve and the Brier score.

use super::{
    classification::are_probabilities,
    summary::{linspace, quantile_of_sorted},
};

/// How [`calibration_curve`] divides the predicted probabilities into bins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Strategy {
    /// Bins of equal width over 0..=1.
    Uniform,
    /// Bins with approximately equal numbers of samples: the edges are quantiles of the
    /// probabilities.
    Quantile,
}

/// One bin of a calibration curve; see [`calibration_curve`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct CalibrationBin {
    /// The mean predicted probability, 0..=1.
    pub predicted: f64,
    /// The fraction of positives, 0..=1.
    pub observed: f64,
    /// The number of samples in the bin.
    pub count: usize,
}

/// Computes the mean predicted probability and the fraction of positives in each of `bins` bins,
/// as `sklearn.calibration.calibration_curve`.
///
/// `probabilities[i]` is the predicted probability that sample `i` is positive. Samples with a
/// non-finite probability are dropped, and extra elements of the longer slice are ignored. A bin
/// includes its upper edge.
///
/// Returns the bins with at least one sample, in ascending order. The result is empty if no
/// sample remains, if a probability lies outside 0..=1, or if `bins` is 0.
///
/// ```
/// use mlplots::stats::calibration::{Strategy, calibration_curve};
///
/// let y_true = [false, true, true, true];
/// let curve = calibration_curve(&y_true, &[0.25, 0.25, 0.75, 1.0], 2, Strategy::Uniform);
/// assert_eq!((curve[0].predicted, curve[0].observed, curve[0].count), (0.25, 0.5, 2));
/// assert_eq!((curve[1].predicted, curve[1].observed, curve[1].count), (0.875, 1.0, 2));
/// ```
pub fn calibration_curve(
    y_true: &[bool],
    probabilities: &[f64],
    bins: usize,
    strategy: Strategy,
) -> Vec<CalibrationBin> {
    let mut samples = samples(y_true, probabilities);
    let sorted: Vec<f64> = {
        samples.sort_by(|a, b| a.1.total_cmp(&b.1));
        samples.iter().map(|sample| sample.1).collect()
    };
    if bins == 0 || !are_probabilities(&sorted) {
        return Vec::new();
    }
    let mut edges = linspace(0.0, 1.0, bins + 1);
    if strategy == Strategy::Quantile {
        edges = edges
            .iter()
            .map(|&q| quantile_of_sorted(&sorted, q))
            .collect();
    }
    let inner = &edges[1..bins];
    let bin = |probability: f64| inner.partition_point(|&edge| edge < probability);
    samples
        .chunk_by(|a, b| bin(a.1) == bin(b.1))
        .map(|bin| {
            let count = bin.len() as f64;
            CalibrationBin {
                predicted: bin.iter().map(|sample| sample.1).sum::<f64>() / count,
                observed: bin.iter().filter(|sample| sample.0).count() as f64 / count,
                count: bin.len(),
            }
        })
        .collect()
}

/// Computes the Brier score, 0 (best) to 1: the mean squared difference between the predicted
/// probability and the outcome (0 or 1), as `sklearn.metrics.brier_score_loss`.
///
/// `probabilities[i]` is the predicted probability that sample `i` is positive. Samples with a
/// non-finite probability are dropped, and extra elements of the longer slice are ignored. NaN if
/// no sample remains.
///
/// ```
/// use mlplots::stats::calibration::brier_score;
///
/// assert_eq!(brier_score(&[true, false], &[0.5, 0.0]), 0.125);
/// assert!(brier_score(&[], &[]).is_nan());
/// ```
pub fn brier_score(y_true: &[bool], probabilities: &[f64]) -> f64 {
    let samples = samples(y_true, probabilities);
    let sum: f64 = samples
        .iter()
        .map(|&(truth, p)| (p - f64::from(u8::from(truth))).powi(2))
        .sum();
    sum / samples.len() as f64
}

fn samples(y_true: &[bool], probabilities: &[f64]) -> Vec<(bool, f64)> {
    let samples = y_true.iter().copied().zip(probabilities.iter().copied());
    samples.filter(|sample| sample.1.is_finite()).collect()
}
