//! Pearson correlation between columns, and the order of columns by similarity.

use super::summary::{finite_pairs, largest, mean_of};

/// Computes Pearson's correlation coefficient, −1..=1: `Σ(x−x̄)(y−ȳ) / √(Σ(x−x̄)² Σ(y−ȳ)²)`, as
/// `pandas` `Series.corr`.
///
/// Pairs with a non-finite value are dropped, and extra elements of the longer slice are ignored.
/// NaN if all remaining values of `x` or of `y` are equal, or without a pair.
///
/// ```
/// use mlplots::stats::correlation::pearson;
///
/// let r = pearson(&[1.0, 2.0, 3.0, f64::NAN], &[6.0, 4.0, 2.0, 9.0]);
/// assert!((r + 1.0).abs() < 1e-12);
/// assert!(pearson(&[1.0, 2.0], &[5.0, 5.0]).is_nan());
/// ```
pub fn pearson(x: &[f64], y: &[f64]) -> f64 {
    let mut pairs = finite_pairs(x, y);
    let sizes = (
        largest(pairs.iter().map(|pair| pair.0)),
        largest(pairs.iter().map(|pair| pair.1)),
    );
    // The squares of values of this size overflow or underflow.
    let unfit = |size: f64| size > 0.0 && !(1e-100..1e100).contains(&size);
    if unfit(sizes.0) || unfit(sizes.1) {
        for pair in &mut pairs {
            *pair = (pair.0 / sizes.0, pair.1 / sizes.1);
        }
    }
    CrossMoments::of(&pairs).r()
}

/// The means, and the sums of squares and products, of finite pairs.
#[derive(Clone, Copy, Debug)]
pub(super) struct CrossMoments {
    pub(super) count: usize,
    pub(super) x_mean: f64,
    pub(super) y_mean: f64,
    /// Σ (x − x̄)².
    pub(super) xx: f64,
    /// Σ (y − ȳ)².
    pub(super) yy: f64,
    /// Σ (x − x̄)(y − ȳ).
    pub(super) xy: f64,
}

impl CrossMoments {
    pub(super) fn of(pairs: &[(f64, f64)]) -> Self {
        let x_mean = mean_of(pairs.iter().map(|pair| pair.0));
        let y_mean = mean_of(pairs.iter().map(|pair| pair.1));
        let mut moments = Self {
            count: pairs.len(),
            x_mean,
            y_mean,
            xx: 0.0,
            yy: 0.0,
            xy: 0.0,
        };
        for (x, y) in pairs {
            let (dx, dy) = (x - x_mean, y - y_mean);
            moments.xx += dx * dx;
            moments.yy += dy * dy;
            moments.xy += dx * dy;
        }
        moments
    }

    pub(super) fn r(&self) -> f64 {
        // Zero without spread; otherwise a sum that overflowed or lost its precision.
        if !(self.xx.is_normal() && self.yy.is_normal()) {
            return f64::NAN;
        }
        (self.xy / (self.xx.sqrt() * self.yy.sqrt())).clamp(-1.0, 1.0)
    }
}

/// Computes the matrix of [`pearson`] correlations between all columns, as `pandas`
/// `DataFrame.corr`.
///
/// Each cell uses the rows with finite values in its two columns, up to the length of the shorter
/// column. The result is symmetric, with one row and one column per input column. A cell is NaN
/// where [`pearson`] is.
///
/// ```
/// use mlplots::stats::correlation::matrix;
///
/// let r = matrix(&[[1.0, 2.0, 3.0], [6.0, 4.0, 2.0], [1.0, 0.0, 1.0]]);
/// assert!((r[0][1] + 1.0).abs() < 1e-12);
/// assert!(r[2][0].abs() < 1e-12);
/// assert_eq!(r[0][2], r[2][0]);
/// ```
pub fn matrix<C: AsRef<[f64]>>(columns: &[C]) -> Vec<Vec<f64>> {
    let mut matrix = vec![vec![f64::NAN; columns.len()]; columns.len()];
    let centred: Vec<_> = columns.iter().map(|x| centred(x.as_ref())).collect();
    for (i, x) in columns.iter().enumerate() {
        for (j, y) in columns.iter().enumerate().take(i + 1) {
            let r = match (&centred[i], &centred[j]) {
                (Some(x), Some(y)) if x.len() == y.len() => dot(x, y).clamp(-1.0, 1.0),
                _ => pearson(x.as_ref(), y.as_ref()),
            };
            matrix[i][j] = r;
            matrix[j][i] = r;
        }
    }
    matrix
}

/// The centred column divided by its norm, so that the correlation of two such columns is their
/// dot product. `None` if the column has non-finite or extreme values, which [`pearson`] handles.
fn centred(column: &[f64]) -> Option<Vec<f64>> {
    let size = largest(column.iter().copied());
    if !column.iter().all(|value| value.is_finite()) || !(1e-100..1e100).contains(&size) {
        return None;
    }
    let mean = mean_of(column.iter().copied());
    let mut values: Vec<f64> = column.iter().map(|value| value - mean).collect();
    let squares = dot(&values, &values);
    if !squares.is_normal() {
        return None;
    }
    let scale = 1.0 / squares.sqrt();
    values.iter_mut().for_each(|value| *value *= scale);
    Some(values)
}

/// The dot product, in eight partial sums that the compiler can vectorize.
fn dot(x: &[f64], y: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (x, y) = (x.chunks_exact(8), y.chunks_exact(8));
    let rest = x.remainder().iter().zip(y.remainder());
    let rest: f64 = rest.map(|(x, y)| x * y).sum();
    for (x, y) in x.zip(y) {
        for ((sum, x), y) in sums.iter_mut().zip(x).zip(y) {
            *sum += x * y;
        }
    }
    sums.iter().sum::<f64>() + rest
}

/// Returns an order of the columns that places similar columns next to each other: the leaves of
/// the average-linkage tree over the Euclidean distances between the rows of a correlation matrix,
/// as seaborn's `clustermap` (`scipy.cluster.hierarchy.leaves_list(linkage(matrix, "average"))`).
///
/// `matrix` is square, for example the result of [`matrix()`]. NaN counts as 0, no
/// correlation. Extra elements of the longer of two rows are ignored. The result is a permutation
/// of the row indices. The running time is cubic in the number of columns.
///
/// ```
/// use mlplots::stats::correlation::cluster_order;
///
/// let r = [vec![1.0, 0.0, 0.9], vec![0.0, 1.0, 0.1], vec![0.9, 0.1, 1.0]];
/// assert_eq!(cluster_order(&r), [1, 0, 2]);
/// ```
pub fn cluster_order(matrix: &[Vec<f64>]) -> Vec<usize> {
    // SciPy's ids decide which of two merged clusters is on the left, the one with the lower id:
    // leaves have the first ids, then merges in their order.
    let mut clusters: Vec<(usize, Vec<usize>)> = (0..matrix.len()).map(|i| (i, vec![i])).collect();
    let mut distances: Vec<Vec<f64>> = matrix
        .iter()
        .map(|a| matrix.iter().map(|b| row_distance(a, b)).collect())
        .collect();
    for merge in 1..matrix.len() {
        let Some((i, j)) = nearest(&distances) else {
            break;
        };
        let (id_j, leaves_j) = clusters.remove(j);
        let (id_i, leaves_i) = &mut clusters[i];
        let (size_i, size_j) = (leaves_i.len() as f64, leaves_j.len() as f64);
        let pairs = distances[i].iter().zip(&distances[j]);
        let joint: Vec<f64> = pairs
            .map(|(a, b)| (size_i * a + size_j * b) / (size_i + size_j))
            .collect();
        for (k, distance) in joint.into_iter().enumerate() {
            distances[i][k] = distance;
            distances[k][i] = distance;
        }
        distances.remove(j);
        for row in &mut distances {
            row.remove(j);
        }
        let (left, right) = if *id_i < id_j {
            (&*leaves_i, &leaves_j)
        } else {
            (&leaves_j, &*leaves_i)
        };
        *leaves_i = [&left[..], right].concat();
        *id_i = matrix.len() + merge;
    }
    clusters
        .into_iter()
        .flat_map(|(_, leaves)| leaves)
        .collect()
}

fn row_distance(a: &[f64], b: &[f64]) -> f64 {
    let known = |r: f64| if r.is_nan() { 0.0 } else { r };
    a.iter()
        .zip(b)
        .map(|(&a, &b)| (known(a) - known(b)).powi(2))
        .sum::<f64>()
        .sqrt()
}

/// The indices of the two clusters with the minimum distance, the lower index first.
fn nearest(distances: &[Vec<f64>]) -> Option<(usize, usize)> {
    let pairs = (0..distances.len()).flat_map(|j| (0..j).map(move |i| (i, j)));
    pairs.min_by(|a, b| distances[a.0][a.1].total_cmp(&distances[b.0][b.1]))
}
