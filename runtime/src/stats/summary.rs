//! One sample in a few numbers: mean, variance, quantiles, the box of a box plot.

/// The finite values, in their order.
pub fn finite(values: &[f64]) -> Vec<f64> {
    values
        .iter()
        .copied()
        .filter(|value| value.is_finite())
        .collect()
}

/// The finite values in ascending order, as [`quantile_of_sorted`] wants them.
pub fn sorted(values: &[f64]) -> Vec<f64> {
    let mut values = finite(values);
    values.sort_unstable_by(f64::total_cmp);
    values
}

/// The pairs of which both values are finite, in their order.
pub fn finite_pairs(x: &[f64], y: &[f64]) -> Vec<(f64, f64)> {
    x.iter()
        .copied()
        .zip(y.iter().copied())
        .filter(|(x, y)| x.is_finite() && y.is_finite())
        .collect()
}

/// The smallest and largest finite value; `None` if there is none.
pub fn range(values: &[f64]) -> Option<(f64, f64)> {
    values
        .iter()
        .filter(|value| value.is_finite())
        .fold(None, |range, &value| {
            let (low, high) = range.unwrap_or((value, value));
            Some((value.min(low), value.max(high)))
        })
}

/// The arithmetic mean of the finite values, in their unit, as `numpy.nanmean`; NaN if there is
/// none.
pub fn mean(values: &[f64]) -> f64 {
    mean_of(values.iter().copied().filter(|value| value.is_finite()))
}

/// The mean of values that are finite already. Summed as distances from the first one, so that the
/// mean of equal values is exactly that value, and their spread exactly 0.
pub(super) fn mean_of(mut values: impl Iterator<Item = f64>) -> f64 {
    let Some(first) = values.next() else {
        return f64::NAN;
    };
    let (sum, count) = values.fold((0.0, 1_usize), |(sum, count), value| {
        (sum + (value - first), count + 1)
    });
    first + sum / count as f64
}

/// The variance of the finite values, in their unit squared: `Σ (x − x̄)² / (n − ddof)`, as
/// `numpy.nanvar(ddof=…)`; NaN for `n ≤ ddof`. `ddof` 0 describes the values, 1 estimates the
/// population they come from.
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

/// The standard deviation, in the values' unit: the root of [`variance`].
pub fn std(values: &[f64], ddof: usize) -> f64 {
    let std = variance(values, ddof).sqrt();
    let largest = largest(values.iter().copied());
    if (1e-140..1e140).contains(&std) || largest == 0.0 {
        return std;
    }
    // The squares of such values are not finite, or all zero.
    let moderate: Vec<f64> = values.iter().map(|value| value / largest).collect();
    variance(&moderate, ddof).sqrt() * largest
}

/// The largest size of a finite value; 0 if there is none.
pub(super) fn largest(values: impl Iterator<Item = f64>) -> f64 {
    let finite = values.filter(|value| value.is_finite());
    finite.fold(0.0, |largest, value| value.abs().max(largest))
}

/// The `q` quantile, `q` in 0..=1, by linear interpolation between order statistics: type 7 of
/// Hyndman and Fan, *Sample Quantiles in Statistical Packages* (1996), the default of
/// `numpy.quantile`. NaN without a finite value.
pub fn quantile(values: &[f64], q: f64) -> f64 {
    quantile_of_sorted(&sorted(values), q)
}

/// [`quantile`] of values that are finite and ascending already.
pub fn quantile_of_sorted(sorted: &[f64], q: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let position = q.clamp(0.0, 1.0) * last as f64;
    let below = (position.floor() as usize).min(last);
    let (a, b) = (sorted[below], sorted[(below + 1).min(last)]);
    lerp(a, b, position - below as f64)
}

/// The median of the finite values, as `numpy.nanmedian`; NaN if there is none.
pub fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// `count` evenly spaced values from `low` to `high`, both included, as `numpy.linspace`.
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

/// The point at `t` in 0..=1 between `a` and `b`: exactly `a` where both are equal, and finite even
/// where `b − a` is not.
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

/// A sample as a box plot draws it; every number in the sample's unit.
#[derive(Clone, Debug, PartialEq)]
pub struct BoxStats {
    /// How many finite values there are.
    pub count: usize,
    /// Their mean.
    pub mean: f64,
    /// The lower quartile, the bottom of the box.
    pub q1: f64,
    /// The line in the box.
    pub median: f64,
    /// The upper quartile, the top of the box.
    pub q3: f64,
    /// The smallest value within 1.5 interquartile ranges of the box.
    pub low: f64,
    /// The largest value within 1.5 interquartile ranges of the box.
    pub high: f64,
    /// The values beyond the whiskers, ascending.
    pub outliers: Vec<f64>,
}

/// The box, whiskers and outliers of the finite values, by Tukey's rule (*Exploratory Data
/// Analysis*, 1977), as `matplotlib.cbook.boxplot_stats(whis=1.5)`. `None` without a finite value.
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
        // A quartile is interpolated: the next value inside may lie within the box.
        low: inside.first().map_or(q1, |&low| low.min(q1)),
        high: inside.last().map_or(q3, |&high| high.max(q3)),
        outliers: [&values[..first], &values[end..]].concat(),
    })
}
