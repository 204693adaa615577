//! Statistics of a window that slides along a series.

/// The mean of each value and the `window − 1` before it, in the values' unit: `pandas`
/// `Series.rolling(window).mean()` with its default `min_periods = window`. As there, the first
/// `window − 1` results and those with a non-finite value in the window are NaN.
pub fn rolling_mean(values: &[f64], window: usize) -> Vec<f64> {
    rolling(values, window)
        .into_iter()
        .map(|moments| moments.mean)
        .collect()
}

/// The standard deviation (`ddof` 1) of the same windows, in the values' unit: `pandas`
/// `Series.rolling(window).std()`. NaN for a window of one.
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

/// Count, mean and sum of squared distances from the mean.
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

    /// The moments of both samples together: Chan, Golub and `LeVeque`, *Updating Formulae and a
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

/// Cuts the series into blocks of a window's length: each window is the end of one block and the
/// start of the next. So values only ever join, none has to be subtracted again, and neither a
/// rounding error nor a NaN outlives its window.
fn rolling(values: &[f64], window: usize) -> Vec<Moments> {
    let mut moments = vec![Moments::NAN; values.len()];
    if window == 0 || window > values.len() {
        return moments;
    }
    // Of the block before: what it holds from each index to its end.
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
