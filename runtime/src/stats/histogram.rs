//! Histograms with bins of equal width.

use super::summary::{finite, linspace, quantile_of_sorted, range, sorted};

/// The numbers of values in adjacent bins of equal width.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Histogram {
    /// The edges of the bins in the values' unit, ascending, one more than the number of bins.
    pub edges: Vec<f64>,
    /// The number of values in each bin. A bin includes its lower edge; the last bin includes
    /// both.
    pub counts: Vec<u64>,
}

impl Histogram {
    /// Counts the finite values in `bins` bins of equal width over their range, as
    /// `numpy.histogram`.
    ///
    /// If all finite values are equal, the range extends by 0.5 to both sides, or by more for large
    /// values. `None` without a finite value or if `bins` is 0.
    ///
    /// ```
    /// use mlplots::stats::histogram::Histogram;
    ///
    /// let histogram = Histogram::new(&[0.0, 1.0, 1.0, 4.0, f64::NAN], 2).unwrap();
    /// assert_eq!(histogram.edges, [0.0, 2.0, 4.0]);
    /// assert_eq!(histogram.counts, [3, 1]);
    /// ```
    pub fn new(values: &[f64], bins: usize) -> Option<Self> {
        let (low, high) = outer_edges(range(values)?);
        Self::within(values, bins, low, high)
    }

    /// Counts the finite values in [`auto_bins`] bins over their range, as
    /// `numpy.histogram(bins="auto")`. `None` without a finite value.
    ///
    /// ```
    /// use mlplots::stats::histogram::Histogram;
    ///
    /// let histogram = Histogram::auto(&[0.0, 1.0, 2.0, 8.0]).unwrap();
    /// assert_eq!(histogram.counts.iter().sum::<u64>(), 4);
    /// assert!(Histogram::auto(&[f64::NAN]).is_none());
    /// ```
    pub fn auto(values: &[f64]) -> Option<Self> {
        Self::new(values, auto_bins(values))
    }

    /// Counts the finite values from `low` to `high`, both included, in `bins` bins of equal
    /// width, as `numpy.histogram(range=(low, high))`. The histograms of several groups can thus
    /// share their edges.
    ///
    /// Other values are ignored; without a value in the range, all counts are 0. `None` unless
    /// `low < high`, both are finite, and `bins` is at least 1.
    ///
    /// ```
    /// use mlplots::stats::histogram::Histogram;
    ///
    /// let histogram = Histogram::within(&[-1.0, 0.5, 2.0], 2, 0.0, 2.0).unwrap();
    /// assert_eq!(histogram.counts, [1, 1]);
    /// ```
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

    /// Computes the density of each bin, `count / (total count · bin width)`, in 1 / unit of the
    /// values, so that the area of the histogram is 1, as `numpy.histogram(density=True)`. All
    /// densities are 0 if all counts are.
    ///
    /// ```
    /// use mlplots::stats::histogram::Histogram;
    ///
    /// let histogram = Histogram::new(&[0.0, 1.0, 1.0, 4.0], 2).unwrap();
    /// assert_eq!(histogram.density(), [0.375, 0.125]);
    /// ```
    pub fn density(&self) -> Vec<f64> {
        let total = self.counts.iter().sum::<u64>().max(1) as f64;
        self.edges
            .windows(2)
            .zip(&self.counts)
            .map(|(edge, &count)| count as f64 / (edge[1] - edge[0]) / total)
            .collect()
    }
}

/// Computes the number of bins for the finite values, as `numpy.histogram(bins="auto")` (2.4).
///
/// The bin width is the smaller one of Sturges (`range / (log₂ n + 1)`) and Freedman–Diaconis
/// (`2 IQR n^(−1/3)`). The latter is at least half of `range / √n`, so that far outliers do not
/// result in thousands of bins. The result is 1 if all finite values are equal or there are none.
///
/// ```
/// use mlplots::stats::histogram::auto_bins;
///
/// let values: Vec<f64> = (0..100).map(f64::from).collect();
/// assert_eq!(auto_bins(&values), 8);
/// assert_eq!(auto_bins(&[3.0, 3.0]), 1);
/// ```
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
    // Half a unit to each side; more for large values, where the edges would round to one number.
    let margin = 0.5_f64.max(low.abs() * 1e-9);
    ((low - margin).max(f64::MIN), (high + margin).min(f64::MAX))
}

/// The index of the last bin whose lower edge is at most `value`.
fn bin_of(value: f64, edges: &[f64]) -> usize {
    let bins = edges.len() - 1;
    let (low, high) = (edges[0], edges[bins]);
    // Halves, because the difference of two finite numbers may overflow.
    let share = (value / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0);
    let mut bin = ((share * bins as f64) as usize).min(bins - 1);
    // The division rounds, so the edges decide.
    while bin > 0 && value < edges[bin] {
        bin -= 1;
    }
    while bin + 1 < bins && value >= edges[bin + 1] {
        bin += 1;
    }
    bin
}
