//! Charts of what a regression model gets wrong.

use super::axes::Axis;
use super::frame::{Frame, Room};
use super::input::{pairs, span};
use super::legend::Key;
use super::sheet::{Labels, Sheet, chart};
use super::stats::kde::kde;
use super::stats::lowess::smooth;
use super::stats::residuals::residuals as residuals_of;
use crate::figure::Figure;
use crate::figure::scene::Shape;

/// Width of the margin with the density of the residuals.
const MARGIN: f32 = 90.0;
/// Between the panel and the margin.
const GAP: f32 = 12.0;

/// Residuals `y_true − y_pred` over the predictions, with a smoother through them, and their density
/// in the margin. A shape that is not a level cloud around zero is what the model has not learned; a
/// funnel means that its error grows; a density that is not a bell around zero means that it errs to
/// one side, or far for a few.
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

/// A frame around points, with them in it, and room at its right.
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

/// The density of the residuals in a panel of its own, which shares the vertical axis.
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
