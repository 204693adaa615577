//! Charts of a regression model.

use super::axes::Axis;
use super::frame::{Frame, Room};
use super::input::{pairs, same_length, span, values};
use super::legend::Key;
use super::look::TICK;
use super::sheet::{Labels, chart};
use super::ticks;
use crate::figure::Figure;
use crate::figure::scene::{Align, Level};
use crate::stats::probability::probability_plot;
use crate::stats::regression::Line;
use crate::stats::residuals::RegressionScores;
use crate::stats::summary::linspace;

/// Predicted over true values of a regression model, with the identity line, the least-squares line
/// through the points, and the coefficient of determination R². Points above the identity line are
/// predicted too high, points below it too low; a best fit that is flatter than the identity line
/// means that the model underestimates extremes.
///
/// `y_true` and `y_pred` hold the true and the predicted value of each sample in the unit of the
/// target, in the same order. Both axes have the same range. R² as scikit-learn's `r2_score`.
///
/// ```
/// use mlplots::charts;
///
/// let y_true = [1.0, 2.0, 3.0, 4.0];
/// let y_pred = [1.1, 1.9, 3.2, 3.9];
/// let figure = charts::prediction_error(&y_true, &y_pred).title("A small model");
/// assert!(figure.to_svg()?.contains("R² = 0.986"));
/// # Ok::<(), mlplots::Error>(())
/// ```
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
            let r2 = ticks::number(scores.r2, 0.001);
            entries.push((format!("R² = {r2}"), Key::Disc(frame.color(0))));
        }
        frame.legend(&entries);
        Ok(())
    })
}

/// Normal Q–Q plot: the sorted values over the quantiles of the standard normal distribution, with
/// the least-squares line and its correlation coefficient r. Points on the line mean a normal
/// distribution; a bend means skew, and ends that leave the line mean heavy or light tails. Use it
/// to check the residuals of a regression.
///
/// `sample` may have any unit; at least two finite values are required. Plotting positions after
/// Filliben, *The Probability Plot Correlation Coefficient Test for Normality*, 1975, as
/// `scipy.stats.probplot`.
///
/// ```
/// use mlplots::charts;
///
/// let residuals = [-1.2, -0.4, -0.1, 0.2, 0.5, 1.1];
/// let figure = charts::qq(&residuals).title("Normality of the residuals");
/// assert!(figure.to_svg()?.contains("Normality of the residuals"));
/// # Ok::<(), mlplots::Error>(())
/// ```
pub fn qq(sample: &[f64]) -> Figure {
    let sample = sample.to_vec();
    chart(move |sheet| {
        let finite = values("sample", &sample)?;
        let plot = probability_plot(&sample).filter(|_| finite.len() > 1);
        let plot = plot.ok_or("`sample` needs at least two finite values")?;
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
        let fit = if plot.line.r.is_finite() {
            format!("normal, r = {:.4}", plot.line.r)
        } else {
            "normal".to_owned()
        };
        frame.legend(&[
            ("value".to_owned(), Key::Disc(frame.color(0))),
            (fit, Key::Line(frame.color(3), 2.0)),
        ]);
        Ok(())
    })
}

/// Coefficients of a linear model as bars, one color for positive and another for negative ones.
/// The lengths are comparable only if the features have the same scale, such as after
/// standardization.
///
/// `names` and `coefficients` hold one value per feature, in the order in which they are drawn from
/// the top. A coefficient has the unit of the target per unit of its feature; at least one must be
/// finite. The number beside a bar is left out if the bars are too thin for it.
///
/// ```
/// use mlplots::charts;
///
/// let names = ["size", "age", "rooms"];
/// let figure = charts::coefficients(&names, &[1.8, -0.6, 0.4]).title("Price model");
/// assert!(figure.to_svg()?.contains("rooms"));
/// # Ok::<(), mlplots::Error>(())
/// ```
pub fn coefficients<N: AsRef<str>>(names: &[N], coefficients: &[f64]) -> Figure {
    let names: Vec<String> = names.iter().map(|name| name.as_ref().to_owned()).collect();
    let given = coefficients.to_vec();
    chart(move |sheet| {
        same_length(("names", "coefficients"), names.len(), given.len())?;
        let finite = values("coefficients", &given)?;
        let (low, high) = span(finite.into_iter().chain([0.0]));
        // Space for the numbers beside the ends of the bars.
        let room = (high / 2.0 - low / 2.0) * 0.24;
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
        // The numbers of thinner bars would overlap.
        let written = frame.y(0.0) - frame.y(1.0) >= TICK;
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
            if !written {
                continue;
            }
            let text = ticks::number(*value, significant(*value, largest));
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

/// The regression line with its 95 % confidence band for the mean.
pub(super) fn regression_line(frame: &mut Frame<'_>, x: &[f64], y: &[f64]) -> Option<Line> {
    let line = Line::fit(x, y)?;
    let (from, to) = span(x.iter().copied());
    let grid = linspace(from, to, 60);
    let band: Vec<_> = grid
        .iter()
        .filter_map(|&x| {
            line.mean_interval(x, 0.95)
                .map(|(low, high)| (x, low, high))
                .filter(|(_, low, high)| low.is_finite() && high.is_finite())
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
