//! Cumulative gain, lift, and the Kolmogorov–Smirnov statistic of a [`Ranking`].

use super::classification::Ranking;

/// The two-sample Kolmogorov–Smirnov statistic of the scores of negatives and positives; see
/// [`Ranking::kolmogorov_smirnov`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct KolmogorovSmirnov {
    /// (score, fraction of negatives that score at most this, fraction of positives that do), in
    /// ascending order of the score.
    pub curves: Vec<(f64, f64, f64)>,
    /// The maximum distance between both fractions, 0..=1.
    pub statistic: f64,
    /// The score at the maximum distance; the lowest one if there are several.
    pub threshold: f64,
}

impl Ranking {
    /// Returns the cumulative gain curve, as scikit-plot's `cumulative_gain_curve`: (fraction of
    /// samples, fraction of all positives among them), from (0, 0) to (1, 1), in descending order
    /// of the score. Samples of equal score form one step, because their order is arbitrary.
    ///
    /// ```
    /// use mlplots::stats::classification::Ranking;
    ///
    /// let ranking = Ranking::new(&[false, true, false, true], &[0.1, 0.3, 0.3, 0.8]).unwrap();
    /// assert_eq!(ranking.gain(), [(0.0, 0.0), (0.25, 0.5), (0.75, 1.0), (1.0, 1.0)]);
    /// ```
    pub fn gain(&self) -> Vec<(f64, f64)> {
        let (positives, negatives) = self.totals();
        let steps = self.positives.iter().zip(&self.negatives);
        let points = steps.map(|(tp, fp)| ((tp + fp) / (positives + negatives), tp / positives));
        [(0.0, 0.0)].into_iter().chain(points).collect()
    }

    /// Returns the lift curve, as scikit-plot's `plot_lift_curve`: (fraction of samples, gain
    /// divided by that fraction), in descending order of the score. The lift is the ratio of
    /// positives among these samples to those in a random selection of equal size. The curve has
    /// one point per distinct score and ends at (1, 1).
    ///
    /// ```
    /// use mlplots::stats::classification::Ranking;
    ///
    /// let ranking = Ranking::new(&[false, false, true, true], &[0.1, 0.3, 0.3, 0.8]).unwrap();
    /// assert_eq!(ranking.lift(), [(0.25, 2.0), (0.75, 4.0 / 3.0), (1.0, 1.0)]);
    /// ```
    pub fn lift(&self) -> Vec<(f64, f64)> {
        self.gain()
            .into_iter()
            .skip(1)
            .map(|(share, gain)| (share, gain / share))
            .collect()
    }

    /// Computes the empirical distribution functions of the scores of both classes and their
    /// maximum distance, as `scipy.stats.ks_2samp(positives, negatives).statistic`.
    ///
    /// ```
    /// use mlplots::stats::classification::Ranking;
    ///
    /// let ranking = Ranking::new(&[false, false, true, true], &[0.1, 0.3, 0.3, 0.8]).unwrap();
    /// let ks = ranking.kolmogorov_smirnov();
    /// assert_eq!((ks.statistic, ks.threshold), (0.5, 0.1));
    /// assert_eq!(ks.curves, [(0.1, 0.5, 0.0), (0.3, 1.0, 0.5), (0.8, 1.0, 1.0)]);
    /// ```
    pub fn kolmogorov_smirnov(&self) -> KolmogorovSmirnov {
        let (positives, negatives) = self.totals();
        // The counts at the next higher score are those of the samples above this score; all
        // others are at most this score.
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
            // Products of whole numbers are exact, so that equal distances compare as equal.
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
