//! Charts of a regression model.

use super::axes::Axis;
use super::frame::{Frame, Room};
use super::input::{pairs, same_length, span, values};
use super::legend::Key;
use super::look::TICK;
use super::sheet::{Labels, Sheet, chart};
use super::stats::lowess::smooth;
use super::stats::normal::probability_plot;
use super::stats::regression::Line;
use super::stats::residuals::{RegressionScores, residuals as residuals_of};
use super::stats::summary::linspace;
use crate::figure::Figure;
use crate::figure::scene::{Align, Level};

/// Residuals `y_true − y_pred` over the predictions, with a smoother through them. A shape that is
/// not a level cloud around zero is what the model has not learned; a funnel means that its error
/// grows.
pub fn residuals(y_true: &[f64], y_pred: &[f64]) -> Figure {
    let (y_true, y_pred) = (y_true.to_vec(), y_pred.to_vec());
    chart(move |sheet| {
        let pairs = pairs(("y_true", "y_pred"), &y_true, &y_pred)?;
        let points: Vec<(f64, f64)> = pairs.iter().map(|(t, p)| (*p, t - p)).collect();
        let labels = Labels {
            title: "Residuals",
            x: "Predicted",
            y: "Residual (true − predicted)",
        };
        let mut frame = cloud(sheet, labels, &points)?;
        let (low, high) = frame.x_range();
        frame.dashes(&[(low, 0.0), (high, 0.0)], frame.ink(), 1.4);
        let (x, y): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
        let trend = smooth(&x, &y);
        frame.curve(&trend, frame.color(3), 2.2);
        frame.legend(&[
            ("residual".to_owned(), Key::Disc(frame.color(0))),
            (
                "local mean (LOWESS)".to_owned(),
                Key::Line(frame.color(3), 2.2),
            ),
        ]);
        Ok(())
    })
}

/// Predictions over the true values, with the identity line, where they would be perfect, the
/// best fit through them, and R².
pub fn prediction_error(y_true: &[f64], y_pred: &[f64]) -> Figure {
    let (y_true, y_pred) = (y_true.to_vec(), y_pred.to_vec());
    chart(move |sheet| {
        let points = pairs(("y_true", "y_pred"), &y_true, &y_pred)?;
        let (low, high) = span(points.iter().flat_map(|(t, p)| [*t, *p]));
        let labels = Labels {
            title: "Prediction error",
            x: "True",
            y: "Predicted",
        };
        let axis = || Axis::Numbers(low, high);
        let mut frame = sheet.frame(labels, &axis(), &axis(), Room::default())?;
        frame.cloud(&points, frame.color(0));
        let (low, high) = frame.x_range();
        frame.dashes(&[(low, low), (high, high)], frame.ink(), 1.6);
        let mut entries = vec![("identity".to_owned(), Key::Dashes(frame.ink(), 1.6))];
        let (x, y): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
        if let Some(line) = Line::fit(&x, &y) {
            let (from, to) = span(x.iter().copied());
            frame.curve(
                &[(from, line.at(from)), (to, line.at(to))],
                frame.color(3),
                2.2,
            );
            entries.push(("best fit".to_owned(), Key::Line(frame.color(3), 2.2)));
        }
        if let Some(scores) = RegressionScores::new(&x, &y).filter(|scores| scores.r2.is_finite()) {
            entries.push((format!("R² = {:.3}", scores.r2), Key::Disc(frame.color(0))));
        }
        frame.legend(&entries);
        Ok(())
    })
}

/// Ordered values over the quantiles of the normal distribution; on the line they would be normal.
/// Made for residuals.
pub fn qq(sample: &[f64]) -> Figure {
    let sample = sample.to_vec();
    chart(move |sheet| {
        values("sample", &sample)?;
        let plot = probability_plot(&sample).ok_or("`sample` has fewer than two finite values")?;
        let labels = Labels {
            title: "Normal Q–Q",
            x: "Theoretical quantile",
            y: "Ordered value",
        };
        let (xs, ys): (Vec<f64>, Vec<f64>) = plot.points.iter().copied().unzip();
        let (x, y) = (span(xs), span(ys));
        let mut frame = sheet.frame(
            labels,
            &Axis::Numbers(x.0, x.1),
            &Axis::Numbers(y.0, y.1),
            Room::default(),
        )?;
        frame.discs(plot.points.iter().copied(), 3.6, frame.color(0).alpha(0.8));
        frame.curve(
            &[(x.0, plot.line.at(x.0)), (x.1, plot.line.at(x.1))],
            frame.color(3),
            2.0,
        );
        frame.legend(&[
            ("value".to_owned(), Key::Disc(frame.color(0))),
            (
                format!("normal, r = {:.4}", plot.line.r),
                Key::Line(frame.color(3), 2.0),
            ),
        ]);
        Ok(())
    })
}

/// A bar for each coefficient of a linear model, in the order given, from the top.
pub fn coefficients<N: AsRef<str>>(names: &[N], coefficients: &[f64]) -> Figure {
    let names: Vec<String> = names.iter().map(|name| name.as_ref().to_owned()).collect();
    let given = coefficients.to_vec();
    chart(move |sheet| {
        same_length(("names", "coefficients"), names.len(), given.len())?;
        let finite = values("coefficients", &given)?;
        let (low, high) = span(finite.into_iter().chain([0.0]));
        // Room for the numbers beside the bars' ends.
        let room = (high - low) * 0.12;
        let (low, high) = (
            if low < 0.0 { low - room } else { low },
            if high > 0.0 { high + room } else { high },
        );
        let labels = Labels {
            title: "Coefficients",
            x: "Coefficient",
            y: "",
        };
        let rows = names.iter().rev().cloned().collect();
        let mut frame = sheet.frame(
            labels,
            &Axis::Numbers(low, high),
            &Axis::Names(rows),
            Room::default(),
        )?;
        let largest = low.abs().max(high.abs());
        for (place, value) in given
            .iter()
            .rev()
            .enumerate()
            .filter(|(_, value)| value.is_finite())
        {
            let row = place as f64;
            let color = if *value < 0.0 {
                frame.color(3)
            } else {
                frame.color(0)
            };
            frame.rect((0.0, row - 0.38), (*value, row + 0.38), color);
            let text = super::ticks::number(*value, significant(*value, largest));
            let (at, align) = if *value < 0.0 {
                (frame.x(*value) - 5.0, Align::End)
            } else {
                (frame.x(*value) + 5.0, Align::Start)
            };
            frame.write(
                (at, frame.y(row)),
                &text,
                TICK * 0.9,
                align,
                Level::Middle,
                0,
            );
        }
        let zero = frame.x(0.0);
        let (top, bottom) = (frame.top, frame.bottom);
        frame.line(vec![(zero, top), (zero, bottom)], frame.ink(), 1.2);
        Ok(())
    })
}

/// A step that shows a value with three digits.
fn significant(value: f64, largest: f64) -> f64 {
    let magnitude = if value == 0.0 { largest } else { value.abs() };
    10_f64.powf(magnitude.max(1e-12).log10().floor() - 2.0)
}

/// The root of the standardized residuals' size over the predictions, with a smoother: level where
/// the error's spread is the same everywhere.
pub fn scale_location(y_true: &[f64], y_pred: &[f64]) -> Figure {
    let (y_true, y_pred) = (y_true.to_vec(), y_pred.to_vec());
    chart(move |sheet| {
        pairs(("y_true", "y_pred"), &y_true, &y_pred)?;
        let points: Vec<(f64, f64)> = residuals_of(&y_true, &y_pred)
            .iter()
            .map(|residual| (residual.predicted, residual.root()))
            .filter(|(_, root)| root.is_finite())
            .collect();
        if points.is_empty() {
            return Err("`y_true` and `y_pred` leave no spread of residuals to show".to_owned());
        }
        let labels = Labels {
            title: "Scale–location",
            x: "Predicted",
            y: "√|standardized residual|",
        };
        let mut frame = cloud(sheet, labels, &points)?;
        let (x, y): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
        frame.curve(&smooth(&x, &y), frame.color(3), 2.2);
        frame.legend(&[(
            "local mean (LOWESS)".to_owned(),
            Key::Line(frame.color(3), 2.2),
        )]);
        Ok(())
    })
}

/// A frame around points, with them in it.
fn cloud<'s>(
    sheet: &'s mut Sheet,
    labels: Labels,
    points: &[(f64, f64)],
) -> Result<Frame<'s>, String> {
    let x = span(points.iter().map(|point| point.0));
    let y = span(points.iter().map(|point| point.1));
    let axes = (Axis::Numbers(x.0, x.1), Axis::Numbers(y.0, y.1));
    let mut frame = sheet.frame(labels, &axes.0, &axes.1, Room::default())?;
    frame.cloud(points, frame.color(0));
    Ok(frame)
}

/// The line through points with its 95 % confidence band for the mean, as lines of a chart.
pub(super) fn regression_line(frame: &mut Frame<'_>, x: &[f64], y: &[f64]) -> Option<Line> {
    let line = Line::fit(x, y)?;
    let (from, to) = span(x.iter().copied());
    let grid = linspace(from, to, 60);
    let band: Vec<_> = grid
        .iter()
        .filter_map(|&x| {
            line.mean_interval(x, 0.95)
                .map(|(low, high)| (x, low, high))
        })
        .collect();
    let low: Vec<_> = band.iter().map(|(x, low, _)| (*x, *low)).collect();
    let high: Vec<_> = band.iter().map(|(x, _, high)| (*x, *high)).collect();
    frame.band(&low, &high, frame.color(3).alpha(0.25));
    frame.curve(
        &[(from, line.at(from)), (to, line.at(to))],
        frame.color(3),
        2.2,
    );
    Some(line)
}
