//! Metrics of a binary classifier that scores samples: ROC and precision-recall curves, and rates
//! per threshold.

use super::summary::finite;

/// The samples of a binary classifier in descending order of score, as cumulative counts at each
/// distinct score. All curves of the classifier derive from it.
#[derive(Clone, Debug)]
pub struct Ranking {
    /// The distinct scores, descending.
    pub(super) thresholds: Vec<f64>,
    /// The number of positives that score at least the threshold: true positives.
    pub(super) positives: Vec<f64>,
    /// The number of negatives that score at least the threshold: false positives.
    pub(super) negatives: Vec<f64>,
}

/// A receiver operating characteristic (ROC) curve; see [`Ranking::roc`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Roc {
    /// (false positive rate, true positive rate), from (0, 0) to (1, 1).
    pub points: Vec<(f64, f64)>,
    /// The minimum score that counts as positive at each point, descending; ∞ for the first
    /// point.
    pub thresholds: Vec<f64>,
}

/// A precision-recall curve; see [`Ranking::precision_recall`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PrecisionRecall {
    /// (recall, precision) from recall 1 down to the final point (0, 1), which has no threshold.
    pub points: Vec<(f64, f64)>,
    /// The minimum score that counts as positive at each point except the final one, ascending.
    pub thresholds: Vec<f64>,
}

/// The rates, 0..=1, of a classifier that predicts every sample with a score of at least
/// `threshold` as positive; see [`Ranking::at_thresholds`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct AtThreshold {
    /// The minimum score that counts as positive, in the unit of the scores.
    pub threshold: f64,
    /// TP / (TP + FP).
    pub precision: f64,
    /// TP / (TP + FN), the true positive rate.
    pub recall: f64,
    /// 2 TP / (2 TP + FP + FN).
    pub f1: f64,
    /// (TP + FP) / n, the fraction of samples predicted as positive.
    pub queue_rate: f64,
}

impl Ranking {
    /// Ranks the samples by score; equal scores share one threshold.
    ///
    /// `y_true[i]` is whether sample `i` is positive; a higher score means more likely positive.
    /// Samples with a non-finite score are dropped, and extra elements of the longer slice are
    /// ignored. `None` unless both positives and negatives remain, because no curve exists
    /// otherwise.
    ///
    /// ```
    /// use mlplots::stats::classification::Ranking;
    ///
    /// let ranking = Ranking::new(&[false, false, true, true], &[0.1, 0.4, 0.35, 0.8]).unwrap();
    /// assert_eq!(ranking.auc(), 0.75);
    /// assert!(Ranking::new(&[true, true], &[0.1, 0.4]).is_none());
    /// ```
    pub fn new(y_true: &[bool], scores: &[f64]) -> Option<Self> {
        Self::of(y_true.iter().copied().zip(scores.iter().copied()).collect())
    }

    pub(super) fn of(mut samples: Vec<(bool, f64)>) -> Option<Self> {
        samples.retain(|(_, score)| score.is_finite());
        samples.sort_unstable_by(|a, b| b.1.total_cmp(&a.1));
        let mut ranking = Self {
            thresholds: Vec::new(),
            positives: Vec::new(),
            negatives: Vec::new(),
        };
        let (mut positives, mut negatives) = (0.0, 0.0);
        for equal in samples.chunk_by(|higher, score| higher.1 <= score.1) {
            let hits = equal.iter().filter(|(positive, _)| *positive).count();
            positives += hits as f64;
            negatives += (equal.len() - hits) as f64;
            ranking.thresholds.push(equal[0].1);
            ranking.positives.push(positives);
            ranking.negatives.push(negatives);
        }
        (positives > 0.0 && negatives > 0.0).then_some(ranking)
    }

    /// Returns the number of positives and the number of negatives.
    ///
    /// ```
    /// use mlplots::stats::classification::Ranking;
    ///
    /// let ranking = Ranking::new(&[true, false, true], &[0.9, 0.2, f64::NAN]).unwrap();
    /// assert_eq!(ranking.totals(), (1.0, 1.0));
    /// ```
    pub fn totals(&self) -> (f64, f64) {
        let last = |counts: &[f64]| counts.last().copied().unwrap_or(0.0);
        (last(&self.positives), last(&self.negatives))
    }

    /// Returns the fraction of positives, 0..=1: the precision of a random classifier.
    ///
    /// ```
    /// use mlplots::stats::classification::Ranking;
    ///
    /// let ranking = Ranking::new(&[false, false, false, true], &[0.1, 0.4, 0.3, 0.8]).unwrap();
    /// assert_eq!(ranking.prevalence(), 0.25);
    /// ```
    pub fn prevalence(&self) -> f64 {
        let (positives, negatives) = self.totals();
        positives / (positives + negatives)
    }

    /// Returns the ROC curve, the true positive rate over the false positive rate, as
    /// `sklearn.metrics.roc_curve`. As there (`drop_intermediate=True`), points inside a straight
    /// segment are omitted.
    ///
    /// ```
    /// use mlplots::stats::classification::Ranking;
    ///
    /// let roc = Ranking::new(&[false, true, true], &[0.2, 0.4, 0.9]).unwrap().roc();
    /// assert_eq!(roc.points, [(0.0, 0.0), (0.0, 0.5), (0.0, 1.0), (1.0, 1.0)]);
    /// assert_eq!(roc.thresholds, [f64::INFINITY, 0.9, 0.4, 0.2]);
    /// ```
    pub fn roc(&self) -> Roc {
        let (tps, fps) = (&self.positives, &self.negatives);
        let (positives, negatives) = self.totals();
        let bends = |counts: &[f64], i: usize| {
            (counts[i + 1] - 2.0 * counts[i] + counts[i - 1]).abs() > 0.0
        };
        let last = tps.len() - 1;
        let kept = (0..=last).filter(|&i| i == 0 || i == last || bends(tps, i) || bends(fps, i));
        let mut roc = Roc {
            points: vec![(0.0, 0.0)],
            thresholds: vec![f64::INFINITY],
        };
        for i in kept {
            roc.points.push((fps[i] / negatives, tps[i] / positives));
            roc.thresholds.push(self.thresholds[i]);
        }
        roc
    }

    /// Computes the area under the ROC curve by the trapezoidal rule, 0..=1, as
    /// `sklearn.metrics.roc_auc_score`. It is the probability that a random positive scores higher
    /// than a random negative, where a tie counts one half.
    ///
    /// ```
    /// use mlplots::stats::classification::Ranking;
    ///
    /// let ranking = Ranking::new(&[false, false, true, true], &[0.1, 0.4, 0.4, 0.8]).unwrap();
    /// assert_eq!(ranking.auc(), 0.875);
    /// ```
    pub fn auc(&self) -> f64 {
        trapezoid(&self.roc().points)
    }

    /// Returns the precision-recall curve at every distinct score, as
    /// `sklearn.metrics.precision_recall_curve`.
    ///
    /// ```
    /// use mlplots::stats::classification::Ranking;
    ///
    /// let ranking = Ranking::new(&[true, false, true], &[0.2, 0.4, 0.9]).unwrap();
    /// let curve = ranking.precision_recall();
    /// assert_eq!(curve.points, [(1.0, 2.0 / 3.0), (0.5, 0.5), (0.5, 1.0), (0.0, 1.0)]);
    /// assert_eq!(curve.thresholds, [0.2, 0.4, 0.9]);
    /// ```
    pub fn precision_recall(&self) -> PrecisionRecall {
        let ascending = || self.at_thresholds().into_iter().rev();
        let points = ascending()
            .map(|at| (at.recall, at.precision))
            .chain([(0.0, 1.0)])
            .collect();
        PrecisionRecall {
            points,
            thresholds: ascending().map(|at| at.threshold).collect(),
        }
    }

    /// Computes the average precision, 0..=1: `Σ (Rₙ − Rₙ₋₁) Pₙ`, the precision at each threshold
    /// weighted by the increase in recall, as `sklearn.metrics.average_precision_score`.
    ///
    /// ```
    /// use mlplots::stats::classification::Ranking;
    ///
    /// let ranking = Ranking::new(&[true, false, true], &[0.2, 0.4, 0.9]).unwrap();
    /// assert!((ranking.average_precision() - 5.0 / 6.0).abs() < 1e-12);
    /// ```
    pub fn average_precision(&self) -> f64 {
        let mut before = 0.0;
        let mut sum = 0.0;
        for at in self.at_thresholds() {
            sum += (at.recall - before) * at.precision;
            before = at.recall;
        }
        sum
    }

    /// Returns precision, recall, F1 and queue rate at each distinct score, in descending order
    /// of the threshold, as `sklearn.metrics.precision_score`, `recall_score` and `f1_score`, and
    /// yellowbrick's `DiscriminationThreshold` for the queue rate.
    ///
    /// ```
    /// use mlplots::stats::classification::Ranking;
    ///
    /// let ranking = Ranking::new(&[true, false, true], &[0.2, 0.4, 0.9]).unwrap();
    /// let at = ranking.at_thresholds()[1];
    /// assert_eq!((at.threshold, at.precision, at.recall, at.f1), (0.4, 0.5, 0.5, 0.5));
    /// assert_eq!(at.queue_rate, 2.0 / 3.0);
    /// ```
    pub fn at_thresholds(&self) -> Vec<AtThreshold> {
        let (positives, negatives) = self.totals();
        let counts = self.positives.iter().zip(&self.negatives);
        counts
            .zip(&self.thresholds)
            .map(|((&tp, &fp), &threshold)| AtThreshold {
                threshold,
                precision: tp / (tp + fp),
                recall: tp / positives,
                f1: 2.0 * tp / (tp + fp + positives),
                queue_rate: (tp + fp) / (positives + negatives),
            })
            .collect()
    }
}

/// Computes the area under a curve by the trapezoidal rule, `Σ (xᵢ₊₁ − xᵢ) (yᵢ + yᵢ₊₁) / 2`, as
/// `sklearn.metrics.auc`.
///
/// `points` are (x, y) in ascending order of x. The area is 0 for fewer than two points.
/// Non-finite values propagate.
///
/// ```
/// use mlplots::stats::classification::trapezoid;
///
/// assert_eq!(trapezoid(&[(0.0, 0.0), (1.0, 2.0), (3.0, 2.0)]), 5.0);
/// ```
pub fn trapezoid(points: &[(f64, f64)]) -> f64 {
    points
        .windows(2)
        .map(|pair| (pair[1].0 - pair[0].0) * f64::midpoint(pair[0].1, pair[1].1))
        .sum()
}

/// Returns whether all finite values lie in 0..=1, as probabilities do. Non-finite values are
/// ignored; `false` without a finite value.
///
/// ```
/// use mlplots::stats::classification::are_probabilities;
///
/// assert!(are_probabilities(&[0.0, 0.7, f64::NAN]));
/// assert!(!are_probabilities(&[0.5, 1.5]));
/// assert!(!are_probabilities(&[]));
/// ```
pub fn are_probabilities(values: &[f64]) -> bool {
    let values = finite(values);
    !values.is_empty() && values.iter().all(|value| (0.0..=1.0).contains(value))
}
