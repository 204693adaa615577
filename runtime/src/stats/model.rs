//! Several trainings side by side, and how well clusters hold together.

use super::{
    normal::t_quantile,
    summary::{finite, mean, std},
};

/// Several measurements of one thing: folds of a cross-validation, seeds of a training.
#[derive(Clone, Copy, Debug)]
pub struct Spread {
    /// How many are finite.
    pub count: usize,
    /// Their mean, in their unit; NaN without a finite value.
    pub mean: f64,
    /// The standard deviation of these values (`ddof` 0), as scikit-learn's learning curve displays
    /// and `numpy.std` take it.
    pub std: f64,
}

impl Spread {
    /// The mean and standard deviation of the finite values.
    pub fn of(values: &[f64]) -> Self {
        let values = finite(values);
        Self {
            count: values.len(),
            mean: mean(&values),
            std: std(&values, 0),
        }
    }

    /// The interval in which the true mean lies with probability `level` (0.95): `mean ± t · σ /
    /// √n` with the t quantile of `n − 1` degrees and the `σ` of `ddof` 1, as
    /// `scipy.stats.t.interval`. `None` under two values.
    pub fn mean_interval(&self, level: f64) -> Option<(f64, f64)> {
        let degrees = self.count.checked_sub(1).filter(|&degrees| degrees > 0)?;
        let reach =
            t_quantile(f64::midpoint(1.0, level), degrees) * self.std / (degrees as f64).sqrt();
        Some((self.mean - reach, self.mean + reach))
    }
}

/// One [`Spread`] per row: the folds of each training size or parameter value, as scikit-learn's
/// `learning_curve` and `validation_curve` return their scores.
pub fn spread_of_rows<R: AsRef<[f64]>>(rows: &[R]) -> Vec<Spread> {
    rows.iter().map(|row| Spread::of(row.as_ref())).collect()
}

/// One [`Spread`] per step over several series, such as the losses of each seed. A series that ends
/// early, or has a non-finite value at a step, is left out there.
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

/// How well each sample sits in its cluster, −1..=1: `(b − a) / max(a, b)`, where `a` is its mean
/// Euclidean distance to its own cluster and `b` that to the nearest other one (Rousseeuw,
/// *Silhouettes*, 1987); 0 for a cluster of one. As `sklearn.metrics.silhouette_samples`.
///
/// `samples` holds one row of features each, `labels` the cluster's index. NaN for a row with a
/// non-finite feature, which is no neighbour to others either; NaN for all with fewer than two
/// clusters. Takes time in the square of the samples.
pub fn silhouette_samples<R: AsRef<[f64]>>(samples: &[R], labels: &[usize]) -> Vec<f64> {
    let rows: Vec<(&[f64], usize)> = samples
        .iter()
        .map(AsRef::as_ref)
        .zip(labels.iter().copied())
        .collect();
    let whole = |row: &[f64]| row.iter().all(|feature| feature.is_finite());
    // Cluster indices may have holes: they are numbered anew.
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
