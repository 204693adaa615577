//! Spread of repeated measurements, and silhouettes of clusters.

use super::{
    normal::t_quantile,
    summary::{finite, mean, std},
};

/// The mean and standard deviation of repeated measurements, such as the folds of a
/// cross-validation or the seeds of a training.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Spread {
    /// The number of finite values.
    pub count: usize,
    /// The mean, in the values' unit; NaN without a finite value.
    pub mean: f64,
    /// The standard deviation (`ddof` 0), in the values' unit, as `numpy.std` and scikit-learn's
    /// `LearningCurveDisplay`; NaN without a finite value.
    pub std: f64,
}

impl Spread {
    /// Computes the mean and the standard deviation of the finite values. Both are NaN without a
    /// finite value.
    ///
    /// ```
    /// use mlplots::stats::model::Spread;
    ///
    /// let spread = Spread::of(&[1.0, 3.0, f64::NAN]);
    /// assert_eq!((spread.count, spread.mean, spread.std), (2, 2.0, 1.0));
    /// ```
    pub fn of(values: &[f64]) -> Self {
        let values = finite(values);
        Self {
            count: values.len(),
            mean: mean(&values),
            std: std(&values, 0),
        }
    }

    /// Computes the confidence interval of the true mean, as (lower bound, upper bound): `mean ±
    /// t · σ / √n` with the t quantile of `n − 1` degrees of freedom and the `σ` of `ddof` 1, as
    /// `scipy.stats.t.interval`.
    ///
    /// `level` is the confidence level in 0..1, usually 0.95; above 1 or for NaN, the bounds are
    /// NaN. `None` for fewer than two finite values.
    ///
    /// ```
    /// use mlplots::stats::model::Spread;
    ///
    /// let (low, high) = Spread::of(&[1.0, 2.0, 3.0]).mean_interval(0.95).unwrap();
    /// assert!((low + 0.484_137_712).abs() < 1e-8);
    /// assert!((high - 4.484_137_712).abs() < 1e-8);
    /// ```
    pub fn mean_interval(&self, level: f64) -> Option<(f64, f64)> {
        let degrees = self.count.checked_sub(1).filter(|&degrees| degrees > 0)?;
        let reach =
            t_quantile(f64::midpoint(1.0, level), degrees) * self.std / (degrees as f64).sqrt();
        Some((self.mean - reach, self.mean + reach))
    }
}

/// Returns the [`Spread`] of each row. The rows have the layout of the scores from scikit-learn's
/// `learning_curve` and `validation_curve`: one row per training size or parameter value, one
/// column per fold. The rows may differ in length.
///
/// ```
/// use mlplots::stats::model::spread_of_rows;
///
/// let spreads = spread_of_rows(&[[0.5, 0.75], [0.75, 0.75]]);
/// assert_eq!((spreads[0].mean, spreads[0].std), (0.625, 0.125));
/// assert_eq!((spreads[1].mean, spreads[1].std), (0.75, 0.0));
/// ```
pub fn spread_of_rows<R: AsRef<[f64]>>(rows: &[R]) -> Vec<Spread> {
    rows.iter().map(|row| Spread::of(row.as_ref())).collect()
}

/// Returns the [`Spread`] over all series at each step, such as the losses of several seeds.
///
/// The number of steps is the length of the longest series. A step omits the series that end
/// before it or have a non-finite value there.
///
/// ```
/// use mlplots::stats::model::spread_of_series;
///
/// let spreads = spread_of_series(&[vec![1.0, 0.5, 0.25], vec![3.0, 1.5]]);
/// assert_eq!((spreads[0].count, spreads[0].mean), (2, 2.0));
/// assert_eq!((spreads[2].count, spreads[2].mean), (1, 0.25));
/// ```
pub fn spread_of_series<S: AsRef<[f64]>>(series: &[S]) -> Vec<Spread> {
    let steps = series
        .iter()
        .map(|series| series.as_ref().len())
        .max()
        .unwrap_or(0);
    (0..steps)
        .map(|step| {
            let values: Vec<f64> = series
                .iter()
                .filter_map(|series| series.as_ref().get(step).copied())
                .collect();
            Spread::of(&values)
        })
        .collect()
}

/// Computes the silhouette coefficient of each sample, −1..=1: `(b − a) / max(a, b)`, where `a` is
/// the mean Euclidean distance to the other samples of its cluster and `b` the mean distance to the
/// samples of the nearest other cluster (Rousseeuw, *Silhouettes*, 1987), as
/// `sklearn.metrics.silhouette_samples`. It is 0 for the only sample of a cluster.
///
/// `samples[i]` holds the features of sample `i`, `labels[i]` the index of its cluster. Extra
/// elements of the longer slice are ignored, as are extra features of the longer of two rows.
/// Returns one coefficient per sample. A sample with a non-finite feature has NaN and does not
/// affect others. All coefficients are NaN if fewer than two clusters remain. The running time is
/// quadratic in the number of samples.
///
/// ```
/// use mlplots::stats::model::silhouette_samples;
///
/// let silhouettes = silhouette_samples(&[[0.0], [1.0], [10.0], [11.0]], &[0, 0, 1, 1]);
/// assert!((silhouettes[0] - 9.5 / 10.5).abs() < 1e-12);
/// assert!((silhouettes[1] - 8.5 / 9.5).abs() < 1e-12);
/// ```
pub fn silhouette_samples<R: AsRef<[f64]>>(samples: &[R], labels: &[usize]) -> Vec<f64> {
    let rows: Vec<(&[f64], usize)> = samples
        .iter()
        .map(AsRef::as_ref)
        .zip(labels.iter().copied())
        .collect();
    let whole = |row: &[f64]| row.iter().all(|feature| feature.is_finite());
    // The labels may have gaps, so each cluster gets a consecutive index.
    let mut clusters: Vec<usize> = rows
        .iter()
        .filter(|row| whole(row.0))
        .map(|row| row.1)
        .collect();
    clusters.sort_unstable();
    let sizes: Vec<usize> = clusters.chunk_by(|a, b| a == b).map(<[_]>::len).collect();
    clusters.dedup();
    let known: Vec<Option<(&[f64], usize)>> = rows
        .iter()
        .map(|(row, label)| {
            Some((
                *row,
                clusters.binary_search(label).ok().filter(|_| whole(row))?,
            ))
        })
        .collect();
    known
        .iter()
        .map(|sample| match *sample {
            Some((row, own)) if sizes.len() > 1 => silhouette(row, own, &known, &sizes),
            _ => f64::NAN,
        })
        .collect()
}

fn silhouette(row: &[f64], own: usize, known: &[Option<(&[f64], usize)>], sizes: &[usize]) -> f64 {
    let mut sums = vec![0.0; sizes.len()];
    for (other, cluster) in known.iter().flatten() {
        sums[*cluster] += row
            .iter()
            .zip(*other)
            .map(|(a, b)| (a - b).powi(2))
            .sum::<f64>()
            .sqrt();
    }
    if sizes[own] < 2 {
        return 0.0;
    }
    let inside = sums[own] / (sizes[own] - 1) as f64;
    let others = (0..sizes.len()).filter(|&cluster| cluster != own);
    let nearest = others
        .map(|cluster| sums[cluster] / sizes[cluster] as f64)
        .fold(f64::INFINITY, f64::min);
    let larger = inside.max(nearest);
    if larger > 0.0 {
        (nearest - inside) / larger
    } else {
        0.0
    }
}
