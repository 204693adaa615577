//! Charts of the data.

use super::axes::Axis;
use super::dates;
use super::frame::Room;
use super::input::{pairs, span, values};
use super::legend::Key;
use super::marks::{opacity, radius};
use super::regression::regression_line;
use super::sheet::{Labels, chart};
use super::ticks;
use crate::figure::Figure;
use crate::stats::histogram::Histogram;
use crate::stats::kde::kde;
use crate::stats::rolling::{rolling_mean, rolling_std};
use crate::stats::summary::finite_pairs;

/// The days of the years that a date axis supports.
const YEARS: std::ops::RangeInclusive<f64> = -719_162.0..=2_932_896.0;
/// Maximum number of bars in a chart.
const MOST_BINS: usize = 10_000;

/// Values over time, with their rolling mean and a band of one rolling standard deviation around
/// it. The mean shows the trend; a change in the width of the band shows a change in volatility.
///
/// `days` and `values` have the same length. `days` counts days since 1970-01-01, with fractions
/// for the time of day, in any order, within the years 1 to 9999. `values` may have any unit.
/// `window` is the number of consecutive values in the rolling window, at least 1; a window of 1 or
/// of more values than there are draws no mean and no band. The tick labels are years, months, days
/// or times, depending on the range. Statistics as pandas' `Series.rolling(window)` with `mean` and
/// `std`.
///
/// ```
/// use mlplots::charts;
///
/// let days = [19_723.0, 19_724.0, 19_725.0, 19_726.0, 19_727.0];
/// let demand = [120.0, 132.0, 101.0, 134.0, 190.0];
/// let figure = charts::time_series(&days, &demand, 3).title("Demand").y_label("Units");
/// assert!(figure.to_svg()?.contains("mean of 3"));
/// # Ok::<(), mlplots::Error>(())
/// ```
pub fn time_series(days: &[f64], values: &[f64], window: usize) -> Figure {
    let (days, given) = (days.to_vec(), values.to_vec());
    chart(move |sheet| {
        let mut points = pairs(("days", "values"), &days, &given)?;
        if let Some((day, _)) = points.iter().find(|(day, _)| !YEARS.contains(day)) {
            return Err(format!(
                "`days` has {day}, beyond the years 1 to 9999: it counts days since 1970-01-01"
            ));
        }
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        if window == 0 {
            return Err("`window` is 0; a mean is over at least one value".to_owned());
        }
        let x = span(points.iter().map(|point| point.0));
        let y = span(points.iter().map(|point| point.1));
        let region = sheet.title("Time series");
        let names = sheet.names(&dates::name(x.0, x.1), "Value");
        let axes = (Axis::Dates(x.0, x.1), Axis::Numbers(y.0, y.1));
        let mut frame = sheet.panel(region, &names, &axes.0, &axes.1, Room::default())?;
        if points.len() == 1 {
            frame.cloud(&points, frame.color(0));
            return Ok(());
        }
        if window == 1 || window > points.len() {
            frame.curve(&points, frame.color(0), 1.6);
            return Ok(());
        }
        frame.curve(&points, frame.color(0).alpha(0.45), 1.0);
        let (at, of): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
        let (mean, spread) = (rolling_mean(&of, window), rolling_std(&of, window));
        let curve = |sign: f64| -> Vec<(f64, f64)> {
            let each = at.iter().zip(mean.iter().zip(&spread));
            each.map(|(at, (mean, std))| (*at, mean + sign * std))
                .filter(|(_, value)| value.is_finite())
                .collect()
        };
        let (low, high) = (curve(-1.0), curve(1.0));
        frame.band(&low, &high, frame.color(1).alpha(0.25));
        let mean: Vec<(f64, f64)> = at.iter().copied().zip(mean.iter().copied()).collect();
        frame.curve(&mean, frame.color(3), 2.0);
        let (value, mean) = (frame.color(0).alpha(0.6), frame.color(3));
        let mut entries = vec![
            ("value".to_owned(), Key::Line(value, 1.4)),
            (format!("mean of {window}"), Key::Line(mean, 2.0)),
        ];
        if !low.is_empty() {
            let key = Key::Area(frame.color(1).alpha(0.35));
            entries.push(("± 1 standard deviation".to_owned(), key));
        }
        frame.legend(&entries);
        Ok(())
    })
}

/// Scatter plot of `y` over `x` with the least-squares regression line, the 95 % confidence band of
/// its mean, and Pearson's correlation coefficient r. A curved cloud means that the line does not
/// describe the relation; points far from the line are outliers.
///
/// `x` and `y` have the same length and may have any unit. There is no line if all `x` are equal,
/// and no band with fewer than three points. Line as `scipy.stats.linregress`; band after Draper
/// and Smith, *Applied Regression Analysis*, 1998.
///
/// ```
/// use mlplots::charts;
///
/// let size = [50.0, 72.0, 85.0, 110.0, 134.0];
/// let price = [210.0, 265.0, 330.0, 390.0, 510.0];
/// let figure = charts::scatter(&size, &price).title("Apartments").x_label("Size in m²");
/// assert!(figure.to_svg()?.contains("Apartments"));
/// # Ok::<(), mlplots::Error>(())
/// ```
pub fn scatter(x: &[f64], y: &[f64]) -> Figure {
    let (x, y) = (x.to_vec(), y.to_vec());
    chart(move |sheet| {
        let points = pairs(("x", "y"), &x, &y)?;
        let (x, y): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
        let (across, down) = (span(x.iter().copied()), span(y.iter().copied()));
        let labels = Labels {
            title: "Scatter",
            x: "x",
            y: "y",
        };
        let axes = (
            Axis::Numbers(across.0, across.1),
            Axis::Numbers(down.0, down.1),
        );
        let mut frame = sheet.frame(labels, &axes.0, &axes.1, Room::default())?;
        frame.cloud(&points, frame.color(0));
        if let Some(line) = regression_line(&mut frame, &x, &y) {
            let color = frame.color(3);
            let name = if line.r.is_finite() {
                format!("regression, r = {}", ticks::number(line.r, 0.001))
            } else {
                "regression".to_owned()
            };
            let mut entries = vec![(name, Key::Line(color, 2.2))];
            if points.len() > 2 {
                entries.push(("95 % confidence".to_owned(), Key::Area(color.alpha(0.25))));
            }
            frame.legend(&entries);
        }
        Ok(())
    })
}

/// Scatter plot of several groups, one color per group. If the groups lie apart, the two features
/// separate them.
///
/// `groups` holds one name and a slice of `(x, y)` points per group; each group needs at least one
/// finite point. The axes range from the minimum to the maximum over all groups.
///
/// ```
/// use mlplots::charts;
///
/// let figure = charts::scatter_groups(&[
///     ("setosa", &[(5.1, 3.5), (4.9, 3.0)][..]),
///     ("virginica", &[(6.3, 3.3), (5.8, 2.7), (7.1, 3.0)]),
/// ]);
/// assert!(figure.to_svg()?.contains("virginica"));
/// # Ok::<(), mlplots::Error>(())
/// ```
pub fn scatter_groups<N: AsRef<str>, P: AsRef<[(f64, f64)]>>(groups: &[(N, P)]) -> Figure {
    let groups: Vec<(String, Vec<(f64, f64)>)> = groups
        .iter()
        .map(|(name, points)| (name.as_ref().to_owned(), points.as_ref().to_vec()))
        .collect();
    chart(move |sheet| {
        if groups.is_empty() {
            return Err("`groups` is empty".to_owned());
        }
        let finite = |(name, points): &(String, Vec<(f64, f64)>)| {
            let (x, y): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
            let points = finite_pairs(&x, &y);
            if points.is_empty() {
                return Err(format!("`groups[{name:?}]` has no finite point"));
            }
            Ok((name.clone(), points))
        };
        let groups: Vec<_> = groups.iter().map(finite).collect::<Result<_, String>>()?;
        let all = || groups.iter().flat_map(|(_, points)| points);
        let x = span(all().map(|point| point.0));
        let y = span(all().map(|point| point.1));
        let labels = Labels {
            title: "Scatter by group",
            x: "x",
            y: "y",
        };
        let axes = (Axis::Numbers(x.0, x.1), Axis::Numbers(y.0, y.1));
        let count = all().count();
        let mut frame = sheet.frame(labels, &axes.0, &axes.1, Room::default())?;
        let mut entries = Vec::new();
        for (place, (name, points)) in groups.iter().enumerate() {
            let color = frame.color(place);
            let fill = color.alpha(opacity(count));
            frame.discs(points.iter().copied(), radius(count), fill);
            entries.push((name.clone(), Key::Disc(color)));
        }
        frame.legend(&entries);
        Ok(())
    })
}

/// Histogram: the number of values in each of several bins of equal width, with a kernel density
/// curve scaled to the counts. Look for skew, several peaks and outliers.
///
/// `sample` holds the values in any unit, at least one. NumPy's rule `auto` sets the default number
/// of bins; [`Figure::bins`] sets another, 1 to 10 000. The density uses a Gaussian kernel with
/// Scott's bandwidth (Scott, *Multivariate Density Estimation*, 1992); there is none if all values
/// are equal.
///
/// ```
/// use mlplots::charts;
///
/// let minutes = [2.0, 3.5, 4.0, 4.2, 5.0, 5.1, 7.5, 12.0];
/// let figure = charts::histogram(&minutes).title("Waiting time").x_label("Minutes").bins(5);
/// assert!(figure.to_svg()?.contains("Waiting time"));
/// # Ok::<(), mlplots::Error>(())
/// ```
pub fn histogram(sample: &[f64]) -> Figure {
    let sample = sample.to_vec();
    chart(move |sheet| {
        values("sample", &sample)?;
        let histogram = match sheet.bins() {
            Some(0) => return Err("`bins` is 0; values are counted in at least one".to_owned()),
            Some(bins) if bins > MOST_BINS => {
                return Err(format!(
                    "`bins` is {bins}; more than {MOST_BINS} are no picture"
                ));
            }
            Some(bins) => Histogram::new(&sample, bins),
            None => Histogram::auto(&sample),
        };
        let histogram = histogram.ok_or("`sample` has no finite value")?;
        let (low, high) = (
            histogram.edges[0],
            histogram.edges[histogram.edges.len() - 1],
        );
        let total: u64 = histogram.counts.iter().sum();
        let scale = total as f64 * (high - low) / histogram.counts.len() as f64;
        let curve: Vec<_> = kde(&sample, 0.0, 1.0).map_or_else(Vec::new, |density| {
            density
                .points
                .iter()
                .map(|(x, density)| (*x, density * scale))
                .collect()
        });
        let most = histogram
            .counts
            .iter()
            .map(|count| *count as f64)
            .chain(curve.iter().map(|p| p.1))
            .fold(1.0, f64::max);
        let labels = Labels {
            title: "Distribution",
            x: "Value",
            y: "Count",
        };
        let axes = (Axis::Numbers(low, high), Axis::Exact(0.0, most * 1.06));
        let mut frame = sheet.frame(labels, &axes.0, &axes.1, Room::default())?;
        let width = f64::from(frame.right - frame.left);
        // Half a pixel on each side, unless the bars are thinner.
        let gap = if histogram.counts.len() as f64 * 3.0 < width {
            0.5 * (high / width - low / width)
        } else {
            0.0
        };
        for (edges, count) in histogram.edges.windows(2).zip(&histogram.counts) {
            frame.rect(
                (edges[0] + gap, 0.0),
                (edges[1] - gap, *count as f64),
                frame.color(0).alpha(0.6),
            );
        }
        frame.curve(&curve, frame.color(0), 2.2);
        Ok(())
    })
}
