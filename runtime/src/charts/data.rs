//! Charts of the data itself.

use super::axes::Axis;
use super::dates;
use super::frame::Room;
use super::input::{pairs, span, values};
use super::legend::Key;
use super::marks::{opacity, radius};
use super::regression::regression_line;
use super::sheet::{Labels, chart};
use super::stats::histogram::Histogram;
use super::stats::kde::kde;
use super::stats::rolling::{rolling_mean, rolling_std};
use super::stats::summary::finite_pairs;
use super::ticks;
use crate::figure::Figure;

/// Days of the years that a date axis can name.
const YEARS: std::ops::RangeInclusive<f64> = -719_162.0..=2_932_896.0;
/// As many bars as a picture may have.
const MOST_BINS: usize = 10_000;

/// Values over time, with their mean over a window of `window` values and a band of one standard
/// deviation around it. `days` counts from 1970-01-01, with fractions for times of day, in
/// any order; the marks are years, months, days or times, by the length of the series. A window of 1
/// or of more than there are draws the values alone.
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

/// `y` over `x` with the line through the points and the 95 % confidence band of its mean.
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

/// Points of several groups, each in a colour of its own. Where groups lie apart, the two features
/// tell them apart. The axes begin with the least and end with the largest point of any group.
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

/// How often values fall into each of equal bins, with the density curve scaled to it. The number
/// of bins follows `NumPy`'s rule `auto`.
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
        // Half a pixel on each side, unless the bars are finer.
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
