//! Charts of the data itself.

use super::axes::Axis;
use super::frame::Room;
use super::heat::{BAR, Heat};
use super::input::{pairs, same_length, span, values};
use super::legend::Key;
use super::regression::regression_line;
use super::sheet::{Labels, chart};
use super::stats::correlation::matrix;
use super::stats::histogram::Histogram;
use super::stats::kde::kde;
use super::stats::rolling::{rolling_mean, rolling_std};
use super::ticks;
use crate::figure::{ColorMap, Figure};

/// Values over time, with their mean over a window of `window` values and a band of one standard
/// deviation around it. `days` counts from 1970-01-01, with fractions for times of day, in
/// ascending order; the marks are years, months, days or hours, by the length of the series. A
/// window of 1 draws the values alone.
pub fn time_series(days: &[f64], values: &[f64], window: usize) -> Figure {
    let (days, given) = (days.to_vec(), values.to_vec());
    chart(move |sheet| {
        let points = pairs(("days", "values"), &days, &given)?;
        if window == 0 {
            return Err("`window` is 0; a mean is over at least one value".to_owned());
        }
        let labels = Labels {
            title: "Time series",
            x: "Date",
            y: "Value",
        };
        let x = span(points.iter().map(|point| point.0));
        let y = span(points.iter().map(|point| point.1));
        let mut frame = sheet.frame(
            labels,
            &Axis::Dates(x.0, x.1),
            &Axis::Numbers(y.0, y.1),
            Room::default(),
        )?;
        if window == 1 {
            frame.curve(&points, frame.color(0), 1.6);
            return Ok(());
        }
        frame.curve(&points, frame.color(0).alpha(0.45), 1.0);
        let (at, of): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
        let (mean, spread) = (rolling_mean(&of, window), rolling_std(&of, window));
        let curve = |sign: f64| -> Vec<(f64, f64)> {
            let each = at.iter().zip(mean.iter().zip(&spread));
            each.filter(|(_, (mean, _))| mean.is_finite())
                .map(|(at, (mean, std))| (*at, mean + sign * std))
                .collect()
        };
        frame.band(&curve(-1.0), &curve(1.0), frame.color(1).alpha(0.25));
        frame.curve(&curve(0.0), frame.color(3), 2.0);
        frame.legend(&[
            (
                "value".to_owned(),
                Key::Line(frame.color(0).alpha(0.6), 1.4),
            ),
            (format!("mean of {window}"), Key::Line(frame.color(3), 2.0)),
            (
                "± 1 standard deviation".to_owned(),
                Key::Area(frame.color(1).alpha(0.35)),
            ),
        ]);
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
            frame.legend(&[
                (
                    format!("regression, r = {}", ticks::number(line.r, 0.001)),
                    Key::Line(frame.color(3), 2.2),
                ),
                (
                    "95 % confidence".to_owned(),
                    Key::Area(frame.color(3).alpha(0.25)),
                ),
            ]);
        }
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
        for (edges, count) in histogram.edges.windows(2).zip(&histogram.counts) {
            let gap = 0.5 * (high - low) / f64::from(frame.right - frame.left);
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

/// Pearson's correlation of each pair of columns: the lower triangle as a heat map, each cell with
/// its value.
pub fn correlation<N: AsRef<str>, C: AsRef<[f64]>>(names: &[N], columns: &[C]) -> Figure {
    let names: Vec<String> = names.iter().map(|name| name.as_ref().to_owned()).collect();
    let columns: Vec<Vec<f64>> = columns
        .iter()
        .map(|column| column.as_ref().to_vec())
        .collect();
    chart(move |sheet| {
        same_length(("names", "columns"), names.len(), columns.len())?;
        if columns.len() < 2 {
            return Err("`columns` needs at least two to correlate".to_owned());
        }
        let count = names.len();
        let matrix = matrix(&columns);
        let labels = Labels {
            title: "Correlation",
            x: "",
            y: "",
        };
        let heat = Heat {
            map: sheet.color_map(ColorMap::Coolwarm),
            low: -1.0,
            high: 1.0,
        };
        let across = Axis::Names(names.clone());
        let down = Axis::Names(names.iter().rev().cloned().collect());
        let room = Room {
            right: BAR,
            bare: true,
        };
        let mut frame = sheet.frame(labels, &across, &down, room)?;
        let em = frame.cell_em(count);
        for (row, values) in matrix.iter().enumerate() {
            for (column, value) in values.iter().enumerate().take(row) {
                let at = (column as f64, (count - 1 - row) as f64);
                let text = if value.is_finite() {
                    ticks::number(*value, 0.01)
                } else {
                    "–".to_owned()
                };
                frame.cell(at, *value, heat, &text, em);
            }
        }
        frame.color_bar(heat);
        Ok(())
    })
}
