//! Rolling statistics: the mean and standard deviation of a window over a series.

/// Computes the mean of each value and the `window − 1` values before it, in the values' unit, as
/// `pandas` `Series.rolling(window).mean()` with its default `min_periods = window`.
///
/// Returns one mean per value. The first `window − 1` means are NaN, and so are those whose window
/// contains a non-finite value. All are NaN if `window` is 0 or exceeds the number of values.
///
/// ```
/// use mlplots::stats::rolling::rolling_mean;
///
/// let means = rolling_mean(&[1.0, 3.0, 5.0, f64::NAN], 2);
/// assert_eq!(means[1..3], [2.0, 4.0]);
/// assert!(means[0].is_nan() && means[3].is_nan());
/// ```
pub fn rolling_mean(values: &[f64], window: usize) -> Vec<f64> {
    rolling(values, window)
        .into_iter()
        .map(|moments| moments.mean)
        .collect()
}

/// Computes the standard deviation (`ddof` 1) of each value and the `window − 1` values before it,
/// in the values' unit, as `pandas` `Series.rolling(window).std()`.
///
/// Returns one standard deviation per value, NaN at the same indices as [`rolling_mean`]. All are
/// NaN for a window of 1.
///
/// ```
/// use mlplots::stats::rolling::rolling_std;
///
/// let deviations = rolling_std(&[1.0, 2.0, 3.0, 3.0], 3);
/// assert!(deviations[1].is_nan());
/// assert!((deviations[2] - 1.0).abs() < 1e-12);
/// ```
pub fn rolling_std(values: &[f64], window: usize) -> Vec<f64> {
    rolling(values, window)
        .into_iter()
        .map(|moments| {
            let degrees = moments.count - 1.0;
            if degrees > 0.0 {
                (moments.squares / degrees).sqrt()
            } else {
                f64::NAN
            }
        })
        .collect()
}

/// The number of values, their mean, and the sum of their squared distances from it.
#[derive(Clone, Copy)]
struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    const NONE: Self = Self {
        count: 0.0,
        mean: 0.0,
        squares: 0.0,
    };
    const NAN: Self = Self {
        count: f64::NAN,
        mean: f64::NAN,
        squares: f64::NAN,
    };

    fn of(value: f64) -> Self {
        if value.is_finite() {
            Self {
                count: 1.0,
                mean: value,
                squares: 0.0,
            }
        } else {
            Self::NAN
        }
    }

    /// Combines the moments of two samples: Chan, Golub and `LeVeque`, *Updating Formulae and a
    /// Pairwise Algorithm for Computing Sample Variances* (1979).
    fn and(self, other: Self) -> Self {
        if self.count == 0.0 {
            return other;
        }
        let count = self.count + other.count;
        let distance = other.mean - self.mean;
        Self {
            count,
            mean: self.mean + distance * (other.count / count),
            squares: self.squares
                + other.squares
                + distance * distance * (self.count * other.count / count),
        }
    }
}

/// Computes the moments of each window. Blocks of `window` values divide the series, so that each
/// window is the end of one block and the start of the next. No value is ever subtracted, so
/// neither a rounding error nor a NaN affects later windows.
fn rolling(values: &[f64], window: usize) -> Vec<Moments> {
    let mut moments = vec![Moments::NAN; values.len()];
    if window == 0 || window > values.len() {
        return moments;
    }
    // The moments from each index of the previous block to its end.
    let mut tails = vec![Moments::NONE; window + 1];
    for (index, block) in values.chunks(window).enumerate() {
        let mut head = Moments::NONE;
        for (offset, &value) in block.iter().enumerate() {
            head = head.and(Moments::of(value));
            let end = index * window + offset;
            if end + 1 >= window {
                moments[end] = tails[offset + 1].and(head);
            }
        }
        let mut tail = Moments::NONE;
        for (offset, &value) in block.iter().enumerate().rev() {
            tail = Moments::of(value).and(tail);
            tails[offset] = tail;
        }
        tails[window] = Moments::NONE;
    }
    moments
}
