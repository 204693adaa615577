//! Locally weighted regression (lowess): a smooth curve through a scatter plot.

use std::ops::Range;

use super::summary::{finite_pairs, median};

/// The maximum number of points that [`smooth`] uses.
const ENOUGH: usize = 10_000;

/// Smooths `y` over `x` by locally weighted regression (Cleveland, *Robust Locally Weighted
/// Regression and Smoothing Scatterplots*, 1979), as statsmodels' `lowess(y, x, frac, it, delta)`.
///
/// At each point, a line is fitted to the nearest `fraction` (0..=1, but at least two points) of
/// all points, weighted by the tricube of their distance. The fit is repeated `iterations` times;
/// each repetition reduces the weight of outliers by the bisquare of residual / (6 · median
/// |residual|). Within `delta` (in the unit of `x`) of a fitted point, the curve is interpolated,
/// which saves most of the work on many points; with 0, every point is fitted.
///
/// Pairs with a non-finite value are dropped, and extra elements of the longer slice are ignored.
/// Returns one `(x, smoothed y)` per remaining pair, in ascending order of x. Fewer than two pairs
/// are returned as they are.
///
/// The result differs from statsmodels in two degenerate cases: where all neighbours have the same
/// x, the curve takes their weighted mean, and the test for such a case is relative to the scale of
/// x.
///
/// ```
/// use mlplots::stats::lowess::lowess;
///
/// let curve = lowess(&[3.0, 0.0, 2.0, 1.0], &[7.0, 1.0, 5.0, 3.0], 1.0, 3, 0.0);
/// assert_eq!(curve.len(), 4);
/// assert!(curve.iter().all(|(x, y)| (y - (1.0 + 2.0 * x)).abs() < 1e-12));
/// ```
pub fn lowess(
    x: &[f64],
    y: &[f64],
    fraction: f64,
    iterations: usize,
    delta: f64,
) -> Vec<(f64, f64)> {
    let mut points = finite_pairs(x, y);
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    smoothed(&points, fraction, iterations, delta)
}

/// Smooths `y` over `x` with the settings of the charts: [`lowess`] with a fraction of 2/3, 3
/// iterations and a `delta` of 1 % of the range of x, the defaults of R's `lowess`.
///
/// If more than 10 000 finite pairs exist, the smoother uses 10 000 of them at evenly spaced
/// indices in ascending order of x, so that the duration of the fit is bounded. Returns one
/// `(x, smoothed y)` per pair that it uses.
///
/// ```
/// use mlplots::stats::lowess::smooth;
///
/// let x: Vec<f64> = (0..20_000).map(f64::from).collect();
/// let curve = smooth(&x, &x);
/// assert_eq!(curve.len(), 10_000);
/// assert!(curve.iter().all(|(x, y)| (x - y).abs() < 1e-6));
/// ```
pub fn smooth(x: &[f64], y: &[f64]) -> Vec<(f64, f64)> {
    let mut points = finite_pairs(x, y);
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    if points.len() > ENOUGH {
        let last = points.len() - 1;
        points = (0..ENOUGH)
            .map(|i| points[i * last / (ENOUGH - 1)])
            .collect();
    }
    let span = match points.as_slice() {
        [first, .., last] => last.0 - first.0,
        _ => 0.0,
    };
    smoothed(&points, 2.0 / 3.0, 3, 0.01 * span)
}

fn smoothed(
    points: &[(f64, f64)],
    fraction: f64,
    iterations: usize,
    delta: f64,
) -> Vec<(f64, f64)> {
    let count = points.len();
    if count < 2 {
        return points.to_vec();
    }
    // A rounded product such as 0.29 * 100 = 28.999999999999996 means 29.
    let neighbours = ((fraction * count as f64 + 1e-10) as usize).clamp(2, count);
    let mut trust = vec![1.0; count];
    let mut fitted = pass(points, neighbours, delta, &trust);
    for _ in 0..iterations {
        let residuals: Vec<f64> = points
            .iter()
            .zip(&fitted)
            .map(|(point, fit)| (point.1 - fit).abs())
            .collect();
        let scale = 6.0 * median(&residuals);
        for (trust, residual) in trust.iter_mut().zip(&residuals) {
            let share = if *residual == 0.0 {
                0.0
            } else {
                (residual / scale).min(1.0)
            };
            *trust = (1.0 - share * share).powi(2);
        }
        fitted = pass(points, neighbours, delta, &trust);
    }
    points.iter().map(|point| point.0).zip(fitted).collect()
}

/// Fits all points once. `trust` holds the robustness weight of each point.
fn pass(points: &[(f64, f64)], neighbours: usize, delta: f64, trust: &[f64]) -> Vec<f64> {
    let mut fitted = vec![0.0; points.len()];
    let mut near = 0..neighbours;
    let mut weights = Vec::with_capacity(neighbours);
    let mut done: Option<usize> = None;
    let mut index = 0;
    while index < points.len() {
        let x = points[index].0;
        // The window moves to the right while its centre is left of x.
        while near.end < points.len() && x > f64::midpoint(points[near.start].0, points[near.end].0)
        {
            near = near.start + 1..near.end + 1;
        }
        fitted[index] =
            local_line(points, near.clone(), trust, x, &mut weights).unwrap_or(points[index].1);
        if let Some(done) = done {
            interpolate(points, &mut fitted, done, index);
        }

        let mut last = index;
        while last + 1 < points.len() && points[last + 1].0 <= x {
            last += 1;
            fitted[last] = fitted[index];
        }
        let within = last + points[last + 1..].partition_point(|point| point.0 <= x + delta);
        done = Some(last);
        index = within.max(last + 1);
    }
    fitted
}

/// The value at `x` of the weighted line through the neighbours; `None` if fewer than two of them
/// have a positive weight.
fn local_line(
    points: &[(f64, f64)],
    near: Range<usize>,
    trust: &[f64],
    x: f64,
    weights: &mut Vec<f64>,
) -> Option<f64> {
    let (points, trust) = (&points[near.clone()], &trust[near]);
    let radius = (x - points[0].0).max(points[points.len() - 1].0 - x);
    let scale = if radius > 0.0 { 1.0 / radius } else { 0.0 };
    weights.clear();
    let mut counted = 0;
    let (mut total, mut x_sum, mut y_sum) = (0.0, 0.0, 0.0);
    for (point, trust) in points.iter().zip(trust) {
        let distance = ((point.0 - x).abs() * scale).min(1.0);
        let weight = (1.0 - distance.powi(3)).powi(3) * trust;
        weights.push(weight);
        counted += usize::from(weight > 1e-12);
        total += weight;
        x_sum += weight * point.0;
        y_sum += weight * point.1;
    }
    if counted < 2 {
        return None;
    }
    let (x_mean, y_mean) = (x_sum / total, y_sum / total);
    let (mut xx, mut xy) = (0.0, 0.0);
    for (point, weight) in points.iter().zip(&*weights) {
        let weighted = weight * (point.0 - x_mean);
        xx += weighted * (point.0 - x_mean);
        xy += weighted * (point.1 - y_mean);
    }
    let level = xx <= 1e-14 * radius * radius * total;
    Some(if level {
        y_mean
    } else {
        y_mean + (x - x_mean) * xy / xx
    })
}

fn interpolate(points: &[(f64, f64)], fitted: &mut [f64], from: usize, to: usize) {
    let span = points[to].0 - points[from].0;
    for index in from + 1..to {
        let share = (points[index].0 - points[from].0) / span;
        fitted[index] = share * fitted[to] + (1.0 - share) * fitted[from];
    }
}
