//! One-vs-rest curves of a classifier with more than two classes, and averages over the classes.
//!
//! `y_true` holds the class index of each sample, `scores` one row per sample with one score per
//! class. Samples with a non-finite score are dropped, and extra elements of the longer slice are
//! ignored.

use super::classification::Ranking;

/// The number of points of an averaged ROC curve, as in scikit-learn's example.
const GRID: usize = 1000;

/// Ranks the samples by their score of `class`, with `class` as positive and all other classes as
/// negative.
///
/// `class` is an index into each row of `scores`; a sample with a shorter row is dropped. `None`
/// unless samples of `class` and of another class remain.
///
/// ```
/// use mlplots::stats::multiclass::one_vs_rest;
///
/// let scores = [[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.6, 0.1, 0.3]];
/// assert_eq!(one_vs_rest(&[0, 1, 2], &scores, 1).unwrap().auc(), 1.0);
/// assert_eq!(one_vs_rest(&[0, 1, 2], &scores, 2).unwrap().auc(), 0.75);
/// assert!(one_vs_rest(&[0, 1, 2], &scores, 3).is_none());
/// ```
pub fn one_vs_rest<R: AsRef<[f64]>>(
    y_true: &[usize],
    scores: &[R],
    class: usize,
) -> Option<Ranking> {
    let samples = whole_rows(y_true, scores)
        .filter_map(|(truth, row)| Some((truth == class, *row.get(class)?)));
    Ranking::of(samples.collect())
}

/// Ranks every pair of sample and class as one binary sample: the micro average, in which frequent
/// classes have more weight.
///
/// Its ROC AUC equals scikit-learn's `roc_auc_score(average="micro")`, its average precision
/// `average_precision_score(average="micro")`, both on one-hot labels. `None` unless both positive
/// and negative pairs remain.
///
/// ```
/// use mlplots::stats::multiclass::micro;
///
/// let scores = [[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.6, 0.1, 0.3]];
/// let ranking = micro(&[0, 1, 2], &scores).unwrap();
/// assert_eq!(ranking.totals(), (3.0, 6.0));
/// ```
pub fn micro<R: AsRef<[f64]>>(y_true: &[usize], scores: &[R]) -> Option<Ranking> {
    let samples = whole_rows(y_true, scores).flat_map(|(truth, row)| {
        row.iter()
            .enumerate()
            .map(move |(class, &score)| (truth == class, score))
    });
    Ranking::of(samples.collect())
}

/// Computes the mean of the classes' ROC curves: the macro average, in which all classes have equal
/// weight, as scikit-learn's example *Multiclass Receiver Operating Characteristic*.
///
/// Returns (false positive rate, mean true positive rate) at 1000 evenly spaced false positive
/// rates from 0 to 1, with linear interpolation. Empty without a class.
///
/// ```
/// use mlplots::stats::{classification::Ranking, multiclass::macro_roc};
///
/// let ranking = Ranking::new(&[false, false, true, true], &[0.1, 0.4, 0.3, 0.8]).unwrap();
/// let curve = macro_roc(&[ranking]);
/// assert_eq!(curve.len(), 1000);
/// assert_eq!((curve[0], curve[999]), ((0.0, 0.5), (1.0, 1.0)));
/// ```
pub fn macro_roc(classes: &[Ranking]) -> Vec<(f64, f64)> {
    if classes.is_empty() {
        return Vec::new();
    }
    let curves: Vec<_> = classes.iter().map(|class| class.roc().points).collect();
    let rates = super::summary::linspace(0.0, 1.0, GRID).into_iter();
    rates
        .map(|x| {
            (
                x,
                curves
                    .iter()
                    .map(|curve| interpolated(curve, x))
                    .sum::<f64>()
                    / curves.len() as f64,
            )
        })
        .collect()
}

/// Computes the mean of the classes' areas under the ROC curve, 0..=1, as scikit-learn's
/// `roc_auc_score(multi_class="ovr", average="macro")`. NaN without a class.
///
/// ```
/// use mlplots::stats::{classification::Ranking, multiclass::macro_auc};
///
/// let good = Ranking::new(&[false, true], &[0.1, 0.8]).unwrap();
/// let bad = Ranking::new(&[false, true, false], &[0.1, 0.3, 0.8]).unwrap();
/// assert_eq!(macro_auc(&[good, bad]), 0.75);
/// ```
pub fn macro_auc(classes: &[Ranking]) -> f64 {
    classes.iter().map(Ranking::auc).sum::<f64>() / classes.len() as f64
}

/// Computes the mean of the classes' average precisions, 0..=1, as scikit-learn's
/// `average_precision_score(average="macro")`. NaN without a class.
///
/// ```
/// use mlplots::stats::{classification::Ranking, multiclass::macro_average_precision};
///
/// let good = Ranking::new(&[false, true], &[0.1, 0.8]).unwrap();
/// let bad = Ranking::new(&[false, true, false], &[0.1, 0.3, 0.8]).unwrap();
/// assert_eq!(macro_average_precision(&[good, bad]), 0.75);
/// ```
pub fn macro_average_precision(classes: &[Ranking]) -> f64 {
    classes.iter().map(Ranking::average_precision).sum::<f64>() / classes.len() as f64
}

fn whole_rows<'a, R: AsRef<[f64]>>(
    y_true: &'a [usize],
    scores: &'a [R],
) -> impl Iterator<Item = (usize, &'a [f64])> {
    let rows = scores.iter().map(AsRef::as_ref);
    y_true
        .iter()
        .copied()
        .zip(rows)
        .filter(|(_, row)| row.iter().all(|score| score.is_finite()))
}

/// The curve's y at `x`, the last one where several points have that x, as `numpy.interp`.
fn interpolated(curve: &[(f64, f64)], x: f64) -> f64 {
    let next = curve.partition_point(|point| point.0 <= x);
    match (next.checked_sub(1).map(|i| curve[i]), curve.get(next)) {
        (Some(a), Some(b)) => a.1 + (b.1 - a.1) * (x - a.0) / (b.0 - a.0),
        (Some(end), None) => end.1,
        (None, Some(start)) => start.1,
        (None, None) => f64::NAN,
    }
}
