//! What working off a list by score brings: cumulative gain, lift, and the Kolmogorov–Smirnov
//! distance.

use super::classification::Ranking;

/// Where two classes lie furthest apart.
#[derive(Clone, Debug)]
pub struct KolmogorovSmirnov {
    /// (score, share of negatives up to it, share of positives up to it), ascending in score.
    pub curves: Vec<(f64, f64, f64)>,
    /// The largest distance of both shares, 0..=1.
    pub statistic: f64,
    /// The score at which it is found, the lowest if there are several.
    pub threshold: f64,
}

impl Ranking {
    /// The share of all positives among the best-scored share of samples, from (0, 0) to (1, 1), as
    /// scikit-plot's `cumulative_gain_curve`. Samples of one score are one step, because
    /// nothing orders them.
    pub fn gain(&self) -> Vec<(f64, f64)> {
        let (positives, negatives) = self.totals();
        let steps = self.positives.iter().zip(&self.negatives);
        let points = steps.map(|(tp, fp)| ((tp + fp) / (positives + negatives), tp / positives));
        [(0.0, 0.0)].into_iter().chain(points).collect()
    }

    /// How many times more positives the best-scored share of samples has than a random one: the
    /// gain divided by the share, as scikit-plot's `plot_lift_curve`. Starts at the first score.
    pub fn lift(&self) -> Vec<(f64, f64)> {
        self.gain()
            .into_iter()
            .skip(1)
            .map(|(share, gain)| (share, gain / share))
            .collect()
    }

    /// The distribution functions of both classes' scores and the largest distance between them, as
    /// `scipy.stats.ks_2samp(positives, negatives).statistic`.
    pub fn kolmogorov_smirnov(&self) -> KolmogorovSmirnov {
        let (positives, negatives) = self.totals();
        // At or below a score lie all that are not above it: those counted at the next higher
        // score.
        let higher = self
            .positives
            .iter()
            .zip(&self.negatives)
            .map(|(tp, fp)| (*tp, *fp));
        let higher = [(0.0, 0.0)].into_iter().chain(higher);
        let mut curves = Vec::with_capacity(self.thresholds.len());
        let (mut furthest, mut threshold) = (0.0, f64::NAN);
        for (&score, (tp, fp)) in self.thresholds.iter().zip(higher) {
            curves.push((score, 1.0 - fp / negatives, 1.0 - tp / positives));
            // Whole numbers, so that a tie is one.
            let distance = (fp * positives - tp * negatives).abs();
            if distance >= furthest {
                (furthest, threshold) = (distance, score);
            }
        }
        curves.reverse();
        KolmogorovSmirnov {
            curves,
            statistic: furthest / (positives * negatives),
            threshold,
        }
    }
}
