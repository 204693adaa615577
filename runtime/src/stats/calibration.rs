//! Whether what is predicted with 70 % happens in 70 % of the cases.

use super::{
    classification::are_probabilities,
    summary::{linspace, quantile_of_sorted},
};

/// How the range of predicted probabilities is cut into bins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// Bins of one width over 0..=1.
    Uniform,
    /// Bins with about as many samples each.
    Quantile,
}

/// The samples of one bin.
#[derive(Clone, Copy, Debug)]
pub struct CalibrationBin {
    /// The mean predicted probability, 0..=1.
    pub predicted: f64,
    /// The share of positives, 0..=1.
    pub observed: f64,
    /// How many samples the bin has.
    pub count: usize,
}

/// The bins that hold samples, ascending, as `sklearn.calibration.calibration_curve`: a bin
/// includes its upper border. Samples without a finite probability are dropped. Empty if none is
/// left, if one lies outside of 0..=1, or for 0 bins.
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

/// The Brier score, 0 (best) to 1: the mean squared distance of probability and outcome, as
/// `sklearn.metrics.brier_score_loss`. NaN without a finite probability.
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
