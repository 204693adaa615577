//! A smooth curve that follows the points, whatever their shape.

use std::ops::Range;

use super::summary::{finite_pairs, median};

/// Above this many points, a picture's smoother reads an even selection of them.
const ENOUGH: usize = 10_000;

/// Locally weighted regression (lowess): at each point a line through the nearest `fraction` of all
/// points, weighted by the tricube of their distance, fitted `1 + iterations` times; outliers lose
/// their weight in between (bisquare of residual / 6 median |residual|). Cleveland, *Robust Locally
/// Weighted Regression and Smoothing Scatterplots*, 1979.
///
/// Returns `(x, smoothed y)` for the finite pairs in ascending x. Within `delta` (in x's unit) of a
/// fitted point the curve is interpolated, which saves most of the work on many points; 0 fits
/// everywhere. Agrees with statsmodels' `lowess(y, x, frac, it, delta)`, but for two degenerate
/// cases: where all neighbours share one x, the curve takes their weighted mean, and a line is
/// found to be level by x's own scale.
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

/// The smoother of a chart: [`lowess`] with the customary fraction 2/3 and 3 iterations, and a
/// `delta` of 1 % of the range of x, as R's `lowess`. Of more than 10 000 points every k-th in
/// the order of x is read, so that a million take no longer.
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
    // A product such as 0.1 * 30 is rounded; it still means 3.
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

/// One round over all points with given weights of trust.
fn pass(points: &[(f64, f64)], neighbours: usize, delta: f64, trust: &[f64]) -> Vec<f64> {
    let mut fitted = vec![0.0; points.len()];
    let mut near = 0..neighbours;
    let mut weights = Vec::with_capacity(neighbours);
    let mut done: Option<usize> = None;
    let mut index = 0;
    while index < points.len() {
        let x = points[index].0;
        // The window moves on while its centre is left of x.
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

/// The value at `x` of the weighted line through the neighbours; `None` if fewer than two have a
/// weight.
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
