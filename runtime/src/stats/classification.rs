//! How well scores rank two classes: ROC and precision-recall curves, scores over the threshold.

use super::summary::finite;

/// The samples in descending order of score, as counts at each distinct score: what every curve of
/// a binary classifier is made from.
#[derive(Clone, Debug)]
pub struct Ranking {
    /// The distinct scores, descending.
    pub(super) thresholds: Vec<f64>,
    /// How many positives score at least the threshold: true positives.
    pub(super) positives: Vec<f64>,
    /// How many negatives score at least the threshold: false positives.
    pub(super) negatives: Vec<f64>,
}

/// The true positive rate over the false positive rate.
#[derive(Clone, Debug)]
pub struct Roc {
    /// (false positive rate, true positive rate), from (0, 0) to (1, 1).
    pub points: Vec<(f64, f64)>,
    /// The score from which on a sample is called positive, for each point; ∞ for the first.
    pub thresholds: Vec<f64>,
}

/// The precision over the recall.
#[derive(Clone, Debug)]
pub struct PrecisionRecall {
    /// (recall, precision) from recall 1 down to (0, 1), the latter without a threshold.
    pub points: Vec<(f64, f64)>,
    /// The score from which on a sample is called positive, ascending; one less than points.
    pub thresholds: Vec<f64>,
}

/// What a classifier does when it calls every score from `threshold` on positive; all in 0..=1.
#[derive(Clone, Copy, Debug)]
pub struct AtThreshold {
    /// The lowest score that is called positive.
    pub threshold: f64,
    /// TP / (TP + FP).
    pub precision: f64,
    /// TP / (TP + FN), the true positive rate.
    pub recall: f64,
    /// 2 TP / (2 TP + FP + FN).
    pub f1: f64,
    /// (TP + FP) / n, the share of samples called positive.
    pub queue_rate: f64,
}

impl Ranking {
    /// Ranks the samples with a finite score; equal scores share one threshold. `None` unless there
    /// are both positives and negatives: no curve exists without either.
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

    /// How many positives and negatives there are.
    pub fn totals(&self) -> (f64, f64) {
        let last = |counts: &[f64]| counts.last().copied().unwrap_or(0.0);
        (last(&self.positives), last(&self.negatives))
    }

    /// The share of positives: the precision of guessing.
    pub fn prevalence(&self) -> f64 {
        let (positives, negatives) = self.totals();
        positives / (positives + negatives)
    }

    /// The ROC curve, without the points in the middle of a straight stretch, as
    /// `sklearn.metrics.roc_curve` (`drop_intermediate`).
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

    /// The area under the ROC curve by the trapezoidal rule, 0..=1: the probability that a positive
    /// scores higher than a negative. As `sklearn.metrics.roc_auc_score`.
    pub fn auc(&self) -> f64 {
        trapezoid(&self.roc().points)
    }

    /// The precision-recall curve at every distinct score, as
    /// `sklearn.metrics.precision_recall_curve`.
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

    /// The average precision, 0..=1: `Σ (Rₙ − Rₙ₋₁) Pₙ`, the precision at each threshold weighted
    /// by the recall that it adds. As `sklearn.metrics.average_precision_score`.
    pub fn average_precision(&self) -> f64 {
        let mut before = 0.0;
        let mut sum = 0.0;
        for at in self.at_thresholds() {
            sum += (at.recall - before) * at.precision;
            before = at.recall;
        }
        sum
    }

    /// The scores of each distinct threshold, descending, by the textbook formulas as in
    /// `sklearn.metrics.precision_score`, `recall_score` and `f1_score`; the queue rate as
    /// yellowbrick's `DiscriminationThreshold`.
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

/// The area under a curve of ascending x by the trapezoidal rule, as `sklearn.metrics.auc`.
pub fn trapezoid(points: &[(f64, f64)]) -> f64 {
    points
        .windows(2)
        .map(|pair| (pair[1].0 - pair[0].0) * f64::midpoint(pair[0].1, pair[1].1))
        .sum()
}

/// Whether there are finite values and all lie in 0..=1, as probabilities must.
pub fn are_probabilities(values: &[f64]) -> bool {
    let values = finite(values);
    !values.is_empty() && values.iter().all(|value| (0.0..=1.0).contains(value))
}
