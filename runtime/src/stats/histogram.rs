//! How many values fall into which interval.

use super::summary::{finite, linspace, quantile_of_sorted, range, sorted};

/// Counts over adjoining intervals of one width.
#[derive(Clone, Debug)]
pub struct Histogram {
    /// The borders, ascending, one more than there are bins, in the values' unit.
    pub edges: Vec<f64>,
    /// How many values each bin holds. A bin includes its lower border; the last one both.
    pub counts: Vec<u64>,
}

impl Histogram {
    /// Counts the finite values in `bins` equal bins over their range, as `numpy.histogram`. Where
    /// all are equal, the range is widened around the value. `None` without a finite value or a
    /// bin.
    pub fn new(values: &[f64], bins: usize) -> Option<Self> {
        let (low, high) = outer_edges(range(values)?);
        Self::within(values, bins, low, high)
    }

    /// The same with [`auto_bins`].
    pub fn auto(values: &[f64]) -> Option<Self> {
        Self::new(values, auto_bins(values))
    }

    /// Counts the finite values between `low` and `high` in equal bins, so that several groups
    /// share their borders. `None` unless `low < high` and there is a bin.
    pub fn within(values: &[f64], bins: usize, low: f64, high: f64) -> Option<Self> {
        if bins == 0 || !(low < high && low.is_finite() && high.is_finite()) {
            return None;
        }
        let edges = linspace(low, high, bins + 1);
        let mut counts = vec![0; bins];
        for value in finite(values) {
            if (low..=high).contains(&value) {
                counts[bin_of(value, &edges)] += 1;
            }
        }
        Some(Self { edges, counts })
    }

    /// The share of a bin in all counted values per unit of its width, so that the area is 1, as
    /// `numpy.histogram(density=True)`; all 0 if nothing was counted.
    pub fn density(&self) -> Vec<f64> {
        let total = self.counts.iter().sum::<u64>().max(1) as f64;
        self.edges
            .windows(2)
            .zip(&self.counts)
            .map(|(edge, &count)| count as f64 / (edge[1] - edge[0]) / total)
            .collect()
    }
}

/// The number of bins that suits the finite values, as `numpy.histogram(bins="auto")` (2.4): the
/// smaller width of Sturges (`range / (log₂ n + 1)`) and Freedman–Diaconis (`2 IQR n^(−1/3)`), the
/// latter at least half of `range / √n`, so that far outliers do not make thousands of bins. 1
/// without spread.
pub fn auto_bins(values: &[f64]) -> usize {
    let values = sorted(values);
    let (Some(first), Some(last)) = (values.first(), values.last()) else {
        return 1;
    };
    let (count, span) = (values.len() as f64, last - first);
    let sturges = span / (count.log2() + 1.0);
    let iqr = quantile_of_sorted(&values, 0.75) - quantile_of_sorted(&values, 0.25);
    let freedman_diaconis = (2.0 * iqr / count.cbrt()).max(span / count.sqrt() / 2.0);
    let bins = (span / sturges.min(freedman_diaconis)).ceil();
    if bins.is_finite() {
        (bins as usize).max(1)
    } else {
        1
    }
}

fn outer_edges((low, high): (f64, f64)) -> (f64, f64) {
    if low < high {
        return (low, high);
    }
    // Half a unit to each side, or what the number's resolution allows.
    let margin = 0.5_f64.max(low.abs() * 1e-9);
    ((low - margin).max(f64::MIN), (high + margin).min(f64::MAX))
}

/// The last bin whose lower border is not above `value`.
fn bin_of(value: f64, edges: &[f64]) -> usize {
    let bins = edges.len() - 1;
    let (low, high) = (edges[0], edges[bins]);
    // Halves, because the span of two finite numbers may not be finite.
    let share = (value / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0);
    let mut bin = ((share * bins as f64) as usize).min(bins - 1);
    // Division rounds: the borders themselves decide.
    while bin > 0 && value < edges[bin] {
        bin -= 1;
    }
    while bin + 1 < bins && value >= edges[bin + 1] {
        bin += 1;
    }
    bin
}
