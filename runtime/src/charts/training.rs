//! Charts of a training.

use super::axes::Axis;
use super::frame::{Frame, Room};
use super::groups::{Group, owned};
use super::input::{same_length, span};
use super::legend::Key;
use super::sheet::{Labels, Sheet, chart};
use crate::figure::{Color, Figure};
use crate::stats::model::{Spread, spread_of_rows, spread_of_series};

/// Loss of each series over the epochs, such as the training and the validation loss. A dashed line
/// marks the epoch with the minimum of the last series. If the training loss still falls after it
/// while the validation loss rises, the model overfits.
///
/// `series` holds one name and a slice of losses per series; the first loss is that of epoch 1. The
/// series may have different lengths; each needs at least one finite value. A NaN is a gap in the
/// curve.
///
/// ```
/// use mlplots::charts;
///
/// let training = [0.9, 0.5, 0.3, 0.2, 0.1];
/// let validation = [1.0, 0.6, 0.5, 0.55, 0.7];
/// let figure = charts::loss_curves(&[("training", training), ("validation", validation)]);
/// assert!(figure.to_svg()?.contains("best epoch 3"));
/// # Ok::<(), mlplots::Error>(())
/// ```
pub fn loss_curves<N: AsRef<str>, V: AsRef<[f64]>>(series: &[(N, V)]) -> Figure {
    let series = owned(series);
    chart(move |sheet| {
        let mut frame = epochs(sheet, &series)?;
        let mut entries = Vec::new();
        for (place, (name, values)) in series.iter().enumerate() {
            let color = frame.color(place);
            let points = over_epochs(values);
            frame.curve(&points, color, 2.2);
            frame.discs(alone(&points), 3.0, color);
            entries.push((name.clone(), Key::Line(color, 2.2)));
        }
        let last = series.len() - 1;
        if let Some(best) = lowest(&over_epochs(&series[last].1)) {
            let color = frame.color(last);
            entries.push(mark(&mut frame, "best epoch", best, color));
        }
        frame.legend(&entries);
        Ok(())
    })
}

/// Mean loss of several runs of each series over the epochs, such as one run per seed, with a band
/// of one standard deviation. A wide band means that the training depends strongly on the seed. A
/// dashed line marks the epoch with the minimum mean of the last series.
///
/// `series` holds one name and a slice of runs per series; a run is a slice of losses, the first of
/// which is that of epoch 1. The runs may have different lengths: the mean of an epoch is over the
/// runs that have a finite loss in it. Each series needs at least one finite value. The standard
/// deviation is that of the values (`ddof` 0), as `numpy.std`.
///
/// ```
/// use mlplots::charts;
///
/// let training = [[0.9, 0.5, 0.3], [1.1, 0.6, 0.4]];
/// let validation = [[1.0, 0.7, 0.8], [1.2, 0.8, 0.9]];
/// let figure = charts::loss_bands(&[("training", training), ("validation", validation)]);
/// assert!(figure.title("Loss of two seeds").to_svg()?.contains("best epoch 2"));
/// # Ok::<(), mlplots::Error>(())
/// ```
pub fn loss_bands<N: AsRef<str>, R: AsRef<[V]>, V: AsRef<[f64]>>(series: &[(N, R)]) -> Figure {
    let spreads: Vec<(String, Vec<Spread>)> = series
        .iter()
        .map(|(name, runs)| (name.as_ref().to_owned(), spread_of_series(runs.as_ref())))
        .collect();
    chart(move |sheet| {
        let around = |spread: &Spread| {
            [
                spread.mean - or_zero(spread.std),
                spread.mean + or_zero(spread.std),
            ]
        };
        let ranges: Vec<Group> = spreads
            .iter()
            .map(|(name, of)| (name.clone(), of.iter().flat_map(around).collect()))
            .collect();
        let longest = spreads.iter().map(|(_, of)| of.len()).max().unwrap_or(0);
        let mut frame = over(sheet, &ranges, longest)?;
        let mut entries = Vec::new();
        for (place, (name, of)) in spreads.iter().enumerate() {
            let color = frame.color(place);
            let at: Vec<f64> = (1..=of.len()).map(|epoch| epoch as f64).collect();
            band(&mut frame, &at, of, color);
            entries.push((name.clone(), Key::Line(color, 2.2)));
        }
        let last = spreads.len() - 1;
        let means: Vec<f64> = spreads[last].1.iter().map(|spread| spread.mean).collect();
        if let Some(best) = lowest(&over_epochs(&means)) {
            let color = frame.color(last);
            entries.push(mark(&mut frame, "best epoch", best, color));
        }
        frame.legend(&entries);
        Ok(())
    })
}

fn or_zero(value: f64) -> f64 {
    if value.is_finite() { value } else { 0.0 }
}

fn epochs<'s>(sheet: &'s mut Sheet, series: &[Group]) -> Result<Frame<'s>, String> {
    let longest = series.iter().map(|(_, of)| of.len()).max().unwrap_or(0);
    over(sheet, series, longest)
}

/// A frame for a number of epochs and the values of `series`.
fn over<'s>(sheet: &'s mut Sheet, series: &[Group], longest: usize) -> Result<Frame<'s>, String> {
    if series.is_empty() {
        return Err("`series` is empty".to_owned());
    }
    for (name, values) in series {
        super::input::values(&format!("series[{name:?}]"), values)?;
    }
    let finite = series.iter().flat_map(|(_, values)| values);
    let (low, high) = span(finite.copied().filter(|value| value.is_finite()));
    let labels = Labels {
        title: "Loss",
        x: "Epoch",
        y: "Loss",
    };
    let axes = (Axis::Numbers(1.0, longest as f64), Axis::Numbers(low, high));
    sheet.frame(labels, &axes.0, &axes.1, Room::default())
}

fn over_epochs(values: &[f64]) -> Vec<(f64, f64)> {
    (1..).map(f64::from).zip(values.iter().copied()).collect()
}

/// Points between two gaps, which no line connects.
fn alone(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let is_gap = |place: Option<usize>| {
        place
            .and_then(|place| points.get(place))
            .is_none_or(|point| !point.1.is_finite())
    };
    (0..points.len())
        .filter(|&place| {
            !is_gap(Some(place)) && is_gap(place.checked_sub(1)) && is_gap(Some(place + 1))
        })
        .map(|place| points[place])
        .collect()
}

fn lowest(points: &[(f64, f64)]) -> Option<(f64, f64)> {
    let finite = points.iter().filter(|point| point.1.is_finite());
    finite.min_by(|a, b| a.1.total_cmp(&b.1)).copied()
}

/// Marks a point and adds a legend entry.
fn mark(frame: &mut Frame<'_>, what: &str, (x, y): (f64, f64), color: Color) -> (String, Key) {
    let (low, high) = frame.y_range();
    let ink = frame.ink();
    frame.dashes(&[(x, low), (x, high)], ink, 1.4);
    frame.discs([(x, y)], 5.0, color);
    let number = |value: f64| {
        let size = 10_f64.powf(value.abs().max(1e-12).log10().floor() - 2.0);
        super::ticks::number(value, if value.fract().abs() > 0.0 { size } else { 1.0 })
    };
    (
        format!("{what} {}: {}", number(x), number(y)),
        Key::Dashes(ink, 1.4),
    )
}

/// The mean over `at` with a band of one standard deviation.
fn band(frame: &mut Frame<'_>, at: &[f64], of: &[Spread], color: Color) {
    let curve = |sign: f64| -> Vec<(f64, f64)> {
        at.iter()
            .zip(of)
            .map(|(x, spread)| (*x, spread.mean + sign * or_zero(spread.std)))
            .filter(|point| point.1.is_finite())
            .collect()
    };
    frame.band(&curve(-1.0), &curve(1.0), color.alpha(0.2));
    frame.curve(&curve(0.0), color, 2.2);
}

/// Learning curve: training and validation score over the number of training samples, each the mean
/// of the folds with a band of one standard deviation. Two curves that meet at a low score call for
/// a more flexible model (high bias); curves that stay far apart call for more data (high
/// variance).
///
/// `sizes` holds the numbers of training samples in ascending order. `train` and `validation` hold
/// one row per size with the score of each fold; a higher score is better. The rows are those of
/// scikit-learn's `learning_curve`. The standard deviation is that of the values (`ddof` 0), as
/// `numpy.std`.
///
/// ```
/// use mlplots::charts;
///
/// let train = [[0.99, 0.98], [0.97, 0.96], [0.95, 0.95]];
/// let validation = [[0.80, 0.78], [0.86, 0.85], [0.90, 0.89]];
/// let figure = charts::learning_curve(&[100.0, 200.0, 400.0], &train, &validation);
/// assert!(figure.title("Score by size").to_svg()?.contains("Score by size"));
/// # Ok::<(), mlplots::Error>(())
/// ```
pub fn learning_curve<R: AsRef<[f64]>>(sizes: &[f64], train: &[R], validation: &[R]) -> Figure {
    let labels = Labels {
        title: "Learning curve",
        x: "Training samples",
        y: "Score",
    };
    scores(labels, "sizes", sizes, train, validation, false)
}

/// Validation curve: training and validation score over the values of a hyperparameter, each the
/// mean of the folds with a band of one standard deviation. A dashed line marks the value with the
/// maximum mean validation score. Where both scores are low, the model underfits; where only the
/// training score is high, it overfits.
///
/// `values` holds the values of the hyperparameter in ascending order; for values that grow by
/// factors, add [`Figure::log_x`]. `train` and `validation` hold one row per value with the score
/// of each fold, as in [`learning_curve`]. The rows are those of scikit-learn's `validation_curve`.
///
/// ```
/// use mlplots::charts;
///
/// let train = [[0.82, 0.80], [0.93, 0.91], [0.99, 0.98]];
/// let validation = [[0.79, 0.77], [0.89, 0.87], [0.84, 0.82]];
/// let figure = charts::validation_curve(&[2.0, 4.0, 8.0], &train, &validation);
/// assert!(figure.title("Tree depth").to_svg()?.contains("best at 4"));
/// # Ok::<(), mlplots::Error>(())
/// ```
pub fn validation_curve<R: AsRef<[f64]>>(values: &[f64], train: &[R], validation: &[R]) -> Figure {
    let labels = Labels {
        title: "Validation curve",
        x: "Hyperparameter",
        y: "Score",
    };
    scores(labels, "values", values, train, validation, true)
}

fn scores<R: AsRef<[f64]>>(
    labels: Labels,
    name: &'static str,
    at: &[f64],
    train: &[R],
    validation: &[R],
    marks_best: bool,
) -> Figure {
    let at = at.to_vec();
    let sides = [("train", train), ("validation", validation)]
        .map(|(name, rows)| (name, spread_of_rows(rows)));
    chart(move |sheet| {
        for (side, of) in &sides {
            same_length((name, side), at.len(), of.len())?;
        }
        super::input::values(name, &at)?;
        let bounds = sides.iter().flat_map(|(_, of)| of).flat_map(|spread| {
            [
                spread.mean - or_zero(spread.std),
                spread.mean + or_zero(spread.std),
            ]
        });
        let bounds: Vec<f64> = bounds.filter(|value| value.is_finite()).collect();
        if bounds.is_empty() {
            return Err("`train` and `validation` have no finite score".to_owned());
        }
        let (x, y) = (span(at.iter().copied()), span(bounds));
        let axes = (Axis::Numbers(x.0, x.1), Axis::Numbers(y.0, y.1));
        let mut frame = sheet.frame(labels, &axes.0, &axes.1, Room::default())?;
        let mut entries = Vec::new();
        for (place, (side, of)) in sides.iter().enumerate() {
            let color = frame.color(place);
            band(&mut frame, &at, of, color);
            let points = at.iter().zip(of).map(|(x, spread)| (*x, spread.mean));
            frame.discs(points.filter(|point| point.1.is_finite()), 4.0, color);
            let word = if *side == "train" { "training" } else { *side };
            entries.push((word.to_owned(), Key::Line(color, 2.2)));
        }
        if marks_best {
            let means = at
                .iter()
                .zip(&sides[1].1)
                .map(|(x, spread)| (*x, spread.mean));
            let best = means
                .filter(|point| point.1.is_finite())
                .max_by(|a, b| a.1.total_cmp(&b.1));
            if let Some(best) = best {
                let color = frame.color(1);
                entries.push(mark(&mut frame, "best at", best, color));
            }
        }
        frame.legend(&entries);
        Ok(())
    })
}
