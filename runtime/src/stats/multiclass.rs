//! The curves of a classifier with more than two classes, one class against the rest.
//!
//! `y_true` holds the index of each sample's class, `scores` one row per sample with a score per
//! class. A row with a non-finite score is dropped.

use super::classification::Ranking;

/// How many points an averaged ROC curve has, as in scikit-learn's example of it.
const GRID: usize = 1000;

/// `class` against all others. `None` unless the class and another occur.
pub fn one_vs_rest<R: AsRef<[f64]>>(
    y_true: &[usize],
    scores: &[R],
    class: usize,
) -> Option<Ranking> {
    let samples = whole_rows(y_true, scores)
        .filter_map(|(truth, row)| Some((truth == class, *row.get(class)?)));
    Ranking::of(samples.collect())
}

/// Every sample and class as one binary decision: the micro average, in which frequent classes
/// count more. Its ROC AUC agrees with `roc_auc_score(average="micro")`, its average precision with
/// `average_precision_score(average="micro")` of scikit-learn, both on one-hot labels.
pub fn micro<R: AsRef<[f64]>>(y_true: &[usize], scores: &[R]) -> Option<Ranking> {
    let samples = whole_rows(y_true, scores).flat_map(|(truth, row)| {
        row.iter()
            .enumerate()
            .map(move |(class, &score)| (truth == class, score))
    });
    Ranking::of(samples.collect())
}

/// The mean of the classes' ROC curves at 1000 even false positive rates: the macro average, in
/// which all classes count the same. As scikit-learn's example *Multiclass Receiver Operating
/// Characteristic*. Empty without a class.
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

/// The mean of the classes' areas under the ROC curve, as `roc_auc_score(multi_class="ovr",
/// average="macro")`; NaN without a class.
pub fn macro_auc(classes: &[Ranking]) -> f64 {
    classes.iter().map(Ranking::auc).sum::<f64>() / classes.len() as f64
}

/// The mean of the classes' average precisions, as `average_precision_score(average="macro")`; NaN
/// without a class.
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

/// The curve's y at `x`, on the upper end of a vertical stretch, as `numpy.interp`.
fn interpolated(curve: &[(f64, f64)], x: f64) -> f64 {
    let next = curve.partition_point(|point| point.0 <= x);
    match (next.checked_sub(1).map(|i| curve[i]), curve.get(next)) {
        (Some(a), Some(b)) => a.1 + (b.1 - a.1) * (x - a.0) / (b.0 - a.0),
        (Some(end), None) => end.1,
        (None, Some(start)) => start.1,
        (None, None) => f64::NAN,
    }
}
