//! Summary statistics of one sample: mean, variance, quantiles, and the statistics of a box plot.

/// Returns the finite values in their order.
///
/// ```
/// use mlplots::stats::summary::finite;
///
/// assert_eq!(finite(&[2.0, f64::NAN, f64::INFINITY, 1.0]), [2.0, 1.0]);
/// ```
pub fn finite(values: &[f64]) -> Vec<f64> {
    values
        .iter()
        .copied()
        .filter(|value| value.is_finite())
        .collect()
}

/// Returns the finite values in ascending order, as [`quantile_of_sorted`] expects them.
///
/// ```
/// use mlplots::stats::summary::sorted;
///
/// assert_eq!(sorted(&[2.0, f64::NAN, 1.0]), [1.0, 2.0]);
/// ```
pub fn sorted(values: &[f64]) -> Vec<f64> {
    let mut values = finite(values);
    values.sort_unstable_by(f64::total_cmp);
    values
}

/// Returns the pairs `(x[i], y[i])` with two finite values, in their order. Extra elements of the
/// longer slice are ignored.
///
/// ```
/// use mlplots::stats::summary::finite_pairs;
///
/// let pairs = finite_pairs(&[1.0, f64::NAN, 3.0, 4.0], &[5.0, 6.0, 7.0]);
/// assert_eq!(pairs, [(1.0, 5.0), (3.0, 7.0)]);
/// ```
pub fn finite_pairs(x: &[f64], y: &[f64]) -> Vec<(f64, f64)> {
    x.iter()
        .copied()
        .zip(y.iter().copied())
        .filter(|(x, y)| x.is_finite() && y.is_finite())
        .collect()
}

/// Returns the minimum and maximum of the finite values; `None` if there is none.
///
/// ```
/// use mlplots::stats::summary::range;
///
/// assert_eq!(range(&[2.0, -1.0, f64::INFINITY]), Some((-1.0, 2.0)));
/// assert_eq!(range(&[f64::NAN]), None);
/// ```
pub fn range(values: &[f64]) -> Option<(f64, f64)> {
    values
        .iter()
        .filter(|value| value.is_finite())
        .fold(None, |range, &value| {
            let (low, high) = range.unwrap_or((value, value));
            Some((value.min(low), value.max(high)))
        })
}

/// Computes the arithmetic mean of the finite values, in their unit, as `numpy.nanmean`. NaN
/// without a finite value.
///
/// ```
/// use mlplots::stats::summary::mean;
///
/// assert_eq!(mean(&[1.0, 2.0, f64::NAN, 6.0]), 3.0);
/// assert!(mean(&[]).is_nan());
/// ```
pub fn mean(values: &[f64]) -> f64 {
    mean_of(values.iter().copied().filter(|value| value.is_finite()))
}

/// The mean of values that are all finite. The sum is over the distances from the first value, so
/// that the mean of equal values is exactly that value, and their variance exactly 0.
pub(super) fn mean_of(mut values: impl Iterator<Item = f64>) -> f64 {
    let Some(first) = values.next() else {
        return f64::NAN;
    };
    let (sum, count) = values.fold((0.0, 1_usize), |(sum, count), value| {
        (sum + (value - first), count + 1)
    });
    first + sum / count as f64
}

/// Computes the variance of the finite values, in their unit squared: `Σ (x − x̄)² / (n − ddof)`,
/// as `numpy.nanvar(ddof=…)`.
///
/// `ddof` is 0 for the variance of the values themselves, and 1 for the unbiased estimate of the
/// variance of their population. NaN unless there are more finite values than `ddof`.
///
/// ```
/// use mlplots::stats::summary::variance;
///
/// assert_eq!(variance(&[1.0, 3.0, f64::NAN], 0), 1.0);
/// assert_eq!(variance(&[1.0, 3.0, f64::NAN], 1), 2.0);
/// assert!(variance(&[1.0], 1).is_nan());
/// ```
pub fn variance(values: &[f64], ddof: usize) -> f64 {
    let mean = mean(values);
    let (sum, count) = values
        .iter()
        .filter(|value| value.is_finite())
        .fold((0.0, 0_usize), |(sum, count), value| {
            (sum + (value - mean).powi(2), count + 1)
        });
    if count > ddof {
        sum / (count - ddof) as f64
    } else {
        f64::NAN
    }
}

/// Computes the standard deviation of the finite values, in their unit: the square root of the
/// [`variance`], as `numpy.nanstd(ddof=…)`, but without overflow of the squares. NaN unless there
/// are more finite values than `ddof`.
///
/// ```
/// use mlplots::stats::summary::std;
///
/// assert_eq!(std(&[1.0, 3.0, f64::NAN], 0), 1.0);
/// assert!(std(&[1.0], 1).is_nan());
/// ```
pub fn std(values: &[f64], ddof: usize) -> f64 {
    let std = variance(values, ddof).sqrt();
    let largest = largest(values.iter().copied());
    if (1e-140..1e140).contains(&std) || largest == 0.0 {
        return std;
    }
    // The squares of values of this size overflow or underflow.
    let moderate: Vec<f64> = values.iter().map(|value| value / largest).collect();
    variance(&moderate, ddof).sqrt() * largest
}

/// The maximum absolute value of the finite values; 0 if there is none.
pub(super) fn largest(values: impl Iterator<Item = f64>) -> f64 {
    let finite = values.filter(|value| value.is_finite());
    finite.fold(0.0, |largest, value| value.abs().max(largest))
}

/// Computes the `q` quantile of the finite values, in their unit, by linear interpolation between
/// order statistics: type 7 of Hyndman and Fan, *Sample Quantiles in Statistical Packages* (1996),
/// the default of `numpy.nanquantile`.
///
/// `q` is clamped to 0..=1. NaN without a finite value or if `q` is NaN.
///
/// ```
/// use mlplots::stats::summary::quantile;
///
/// assert_eq!(quantile(&[4.0, 1.0, 2.0, f64::NAN], 0.25), 1.5);
/// assert_eq!(quantile(&[4.0, 1.0, 2.0], 1.0), 4.0);
/// ```
pub fn quantile(values: &[f64], q: f64) -> f64 {
    quantile_of_sorted(&sorted(values), q)
}

/// Computes the same as [`quantile`] for values that are finite and in ascending order, as
/// [`sorted()`] returns them. It saves the sorting for several quantiles of one sample.
///
/// ```
/// use mlplots::stats::summary::quantile_of_sorted;
///
/// assert_eq!(quantile_of_sorted(&[1.0, 2.0, 4.0], 0.25), 1.5);
/// assert!(quantile_of_sorted(&[], 0.25).is_nan());
/// ```
pub fn quantile_of_sorted(sorted: &[f64], q: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let position = q.clamp(0.0, 1.0) * last as f64;
    let below = (position.floor() as usize).min(last);
    let (a, b) = (sorted[below], sorted[(below + 1).min(last)]);
    lerp(a, b, position - below as f64)
}

/// Computes the median of the finite values, in their unit, as `numpy.nanmedian`. NaN without a
/// finite value.
///
/// ```
/// use mlplots::stats::summary::median;
///
/// assert_eq!(median(&[4.0, 1.0, f64::NAN, 2.0]), 2.0);
/// assert_eq!(median(&[1.0, 2.0]), 1.5);
/// ```
pub fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// Returns `count` evenly spaced values from `low` to `high`, both included, as `numpy.linspace`.
/// A `count` of 1 gives `low` alone. Non-finite bounds propagate.
///
/// ```
/// use mlplots::stats::summary::linspace;
///
/// assert_eq!(linspace(0.0, 1.0, 5), [0.0, 0.25, 0.5, 0.75, 1.0]);
/// assert_eq!(linspace(0.0, 1.0, 1), [0.0]);
/// ```
pub fn linspace(low: f64, high: f64, count: usize) -> Vec<f64> {
    let steps = count.saturating_sub(1);
    let step = (high - low) / steps as f64;
    (0..count)
        .map(|i| match i {
            0 => low,
            i if i == steps => high,
            i if step.is_finite() => low + i as f64 * step,
            i => lerp(low, high, i as f64 / steps as f64),
        })
        .collect()
}

/// Linear interpolation between `a` and `b` at `t` in 0..=1: exactly `a` where both are equal, and
/// finite even where `b − a` overflows.
fn lerp(a: f64, b: f64, t: f64) -> f64 {
    let span = b - a;
    if !span.is_finite() {
        a * (1.0 - t) + b * t
    } else if t < 0.5 {
        a + span * t
    } else {
        b - span * (1.0 - t)
    }
}

/// The statistics of a box plot, in the unit of the sample; see [`box_stats`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct BoxStats {
    /// The number of finite values.
    pub count: usize,
    /// The mean of the finite values.
    pub mean: f64,
    /// The lower quartile, the bottom of the box.
    pub q1: f64,
    /// The median, the line in the box.
    pub median: f64,
    /// The upper quartile, the top of the box.
    pub q3: f64,
    /// The end of the lower whisker: the minimum value within 1.5 interquartile ranges of the box,
    /// but at most `q1`.
    pub low: f64,
    /// The end of the upper whisker: the maximum value within 1.5 interquartile ranges of the box,
    /// but at least `q3`.
    pub high: f64,
    /// The values beyond the whiskers, ascending.
    pub outliers: Vec<f64>,
}

/// Computes the box, whiskers and outliers of the finite values by Tukey's rule (*Exploratory Data
/// Analysis*, 1977), as `matplotlib.cbook.boxplot_stats(whis=1.5)`. `None` without a finite value.
///
/// ```
/// use mlplots::stats::summary::box_stats;
///
/// let stats = box_stats(&[1.0, 2.0, 3.0, 4.0, 20.0, f64::NAN]).unwrap();
/// assert_eq!((stats.q1, stats.median, stats.q3), (2.0, 3.0, 4.0));
/// assert_eq!((stats.low, stats.high), (1.0, 4.0));
/// assert_eq!(stats.outliers, [20.0]);
/// ```
pub fn box_stats(values: &[f64]) -> Option<BoxStats> {
    let values = sorted(values);
    if values.is_empty() {
        return None;
    }
    let [q1, median, q3] = [0.25, 0.5, 0.75].map(|q| quantile_of_sorted(&values, q));
    let reach = 1.5 * (q3 - q1);
    let first = values.partition_point(|&value| value < q1 - reach);
    let end = values.partition_point(|&value| value <= q3 + reach);
    let inside = &values[first..end];
    Some(BoxStats {
        count: values.len(),
        mean: mean(&values),
        q1,
        median,
        q3,
        // The quartiles are interpolated, so the nearest value may lie inside the box.
        low: inside.first().map_or(q1, |&low| low.min(q1)),
        high: inside.last().map_or(q3, |&high| high.max(q3)),
        outliers: [&values[..first], &values[end..]].concat(),
    })
}
