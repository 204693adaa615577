//! Charts of the residuals of a regression model.

use super::axes::Axis;
use super::frame::{Frame, Room};
use super::input::{pairs, span};
use super::legend::Key;
use super::sheet::{Labels, Sheet, chart};
use crate::figure::Figure;
use crate::figure::scene::Shape;
use crate::stats::kde::kde;
use crate::stats::lowess::smooth;
use crate::stats::residuals::residuals as residuals_of;

/// Width of the margin with the density of the residuals.
const MARGIN: f32 = 90.0;
/// Distance between the panel and the margin.
const GAP: f32 = 12.0;

/// Residuals of a regression model, `y_true − y_pred`, over the predicted values, with a LOWESS
/// smoother and the kernel density of the residuals in the right margin. In a good model the
/// residuals are an even cloud around zero. A bent smoother shows structure that the model has not
/// learned; a funnel shape shows an error that grows with the prediction; a skewed or shifted
/// density shows bias or outliers.
///
/// `y_true` and `y_pred` hold the true and the predicted value of each sample in the unit of the
/// target, in the same order. The smoother uses 2/3 of the points and 3 iterations (Cleveland,
/// *Robust Locally Weighted Regression and Smoothing Scatterplots*, 1979), as R's `lowess`.
///
/// ```
/// use mlplots::charts;
///
/// let y_true = [1.0, 2.0, 3.0, 4.0];
/// let y_pred = [1.1, 1.9, 3.2, 3.9];
/// let figure = charts::residuals(&y_true, &y_pred).title("Residuals of a small model");
/// assert!(figure.to_svg()?.contains("Residuals of a small model"));
/// # Ok::<(), mlplots::Error>(())
/// ```
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
        let (x, y): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
        let density = kde(&y, 3.0, 1.0).map_or_else(Vec::new, |density| density.points);
        let right = if density.is_empty() { 0.0 } else { MARGIN };
        let mut frame = cloud(sheet, labels, &points, right)?;
        let (low, high) = frame.x_range();
        frame.dashes(&[(low, 0.0), (high, 0.0)], frame.ink(), 1.4);
        margin(&mut frame, &density);
        let trend = smooth(&x, &y);
        frame.curve(&trend, frame.color(3), 2.2);
        let mut entries = vec![("residual".to_owned(), Key::Disc(frame.color(0)))];
        if trend.len() > 1 {
            let key = Key::Line(frame.color(3), 2.2);
            entries.push(("local mean (LOWESS)".to_owned(), key));
        }
        frame.legend(&entries);
        Ok(())
    })
}

/// Scale–location plot of a regression model: the square root of the absolute standardized
/// residuals over the predicted values, with a LOWESS smoother. A horizontal smoother means that
/// the variance of the error is constant; a rising one means that the error grows with the
/// prediction.
///
/// Arguments as in [`residuals`]; at least three samples are required, and their residuals must not
/// all be zero. Each residual is divided by its standard error, with leverages computed from the
/// predictions (Draper and Smith, *Applied Regression Analysis*, 1998). Plot as R's `plot.lm`.
///
/// ```
/// use mlplots::charts;
///
/// let y_true = [1.0, 2.0, 3.0, 4.0];
/// let y_pred = [1.1, 1.9, 3.2, 3.9];
/// let figure = charts::scale_location(&y_true, &y_pred).title("Spread of the error");
/// assert!(figure.to_svg()?.contains("Spread of the error"));
/// # Ok::<(), mlplots::Error>(())
/// ```
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
        let mut frame = cloud(sheet, labels, &points, 0.0)?;
        let (x, y): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
        frame.curve(&smooth(&x, &y), frame.color(3), 2.2);
        frame.legend(&[(
            "local mean (LOWESS)".to_owned(),
            Key::Line(frame.color(3), 2.2),
        )]);
        Ok(())
    })
}

/// A frame with the points, and a margin at its right.
fn cloud<'s>(
    sheet: &'s mut Sheet,
    labels: Labels,
    points: &[(f64, f64)],
    right: f32,
) -> Result<Frame<'s>, String> {
    let x = span(points.iter().map(|point| point.0));
    let y = span(points.iter().map(|point| point.1));
    let axes = (Axis::Numbers(x.0, x.1), Axis::Numbers(y.0, y.1));
    let room = Room {
        right,
        ..Room::default()
    };
    let mut frame = sheet.frame(labels, &axes.0, &axes.1, room)?;
    frame.cloud(points, frame.color(0));
    Ok(frame)
}

/// The density of the residuals in a panel that shares the vertical axis.
fn margin(frame: &mut Frame<'_>, density: &[(f64, f64)]) {
    let most = density.iter().map(|point| point.1).fold(0.0, f64::max);
    if most <= 0.0 {
        return;
    }
    let (left, right) = (frame.right + GAP, frame.right + MARGIN);
    let (top, bottom) = (frame.top, frame.bottom);
    frame.sheet.scene.add(Shape::Rect {
        from: (left, top),
        to: (right, bottom),
        fill: frame.sheet.look.panel,
    });
    let zero = frame.y(0.0);
    let curve: Vec<(f32, f32)> = density
        .iter()
        .map(|(residual, density)| {
            let share = (density / most) as f32 * 0.92;
            (left + share * (right - left), frame.y(*residual))
        })
        .filter(|(_, y)| (top..=bottom).contains(y))
        .collect();
    let color = frame.color(0);
    if let ([first, ..], [.., last]) = (&curve[..], &curve[..]) {
        let mut points = vec![(left, first.1)];
        points.extend(&curve);
        points.push((left, last.1));
        let fill = color.alpha(0.4);
        frame.sheet.scene.add(Shape::Area { points, fill });
    }
    frame.line(curve, color, 1.8);
    if (top..=bottom).contains(&zero) {
        frame.sheet.scene.add(Shape::Line {
            points: vec![(left, zero), (right, zero)],
            color: frame.ink(),
            width: 1.4,
            dash: Some((8.0, 5.0)),
        });
    }
}
