//! Clips the points and lines of a drawing by hand to the ranges of its chart.

use plotters::chart::ChartContext;
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::types::RangedCoordf64;
use plotters_backend::DrawingBackend;

use super::clip::within;

/// Clipping for charts that are drawn with plotters, which itself moves a point outside the ranges
/// of the chart to the border, and draws NaN at the minimum of the axis.
///
/// ```
/// use mlplots::prelude::*;
///
/// let figure = Figure::draw((640, 480), |canvas| {
///     let mut chart = ChartBuilder::on(canvas).build_cartesian_2d(0.0..5.0, 0.0..5.0)?;
///     let line = [(-2.0, 1.0), (2.0, 4.0), (3.0, f64::NAN), (3.5, 2.0), (9.0, 2.5)];
///     let pieces = chart.visible_line(line);
///     assert_eq!(pieces.len(), 2);
///     chart.draw_series(pieces.into_iter().map(|piece| PathElement::new(piece, BLUE)))?;
///     let points = chart.visible_points(line);
///     assert_eq!(points, [(2.0, 4.0), (3.5, 2.0)]);
///     chart.draw_series(points.into_iter().map(|point| Circle::new(point, 4, BLUE.filled())))?;
///     Ok(())
/// })?;
/// # let _ = figure;
/// # Ok::<(), mlplots::Error>(())
/// ```
pub trait Visible {
    /// The points within the ranges of the chart.
    ///
    /// ```
    /// use mlplots::prelude::*;
    ///
    /// let figure = Figure::draw((640, 480), |canvas| {
    ///     let chart = ChartBuilder::on(canvas).build_cartesian_2d(0.0..5.0, 0.0..5.0)?;
    ///     assert_eq!(chart.visible_points([(1.0, 2.0), (7.0, 2.0)]), [(1.0, 2.0)]);
    ///     Ok(())
    /// });
    /// # figure.unwrap();
    /// ```
    fn visible_points(&self, points: impl IntoIterator<Item = (f64, f64)>) -> Vec<(f64, f64)>;

    /// The pieces of a line within the ranges of the chart. The line is cut where it leaves the
    /// ranges, and a point that is not a number makes a gap.
    ///
    /// ```
    /// use mlplots::prelude::*;
    ///
    /// let figure = Figure::draw((640, 480), |canvas| {
    ///     let chart = ChartBuilder::on(canvas).build_cartesian_2d(0.0..5.0, 0.0..5.0)?;
    ///     let pieces = chart.visible_line([(4.0, 1.0), (6.0, 3.0)]);
    ///     assert_eq!(pieces, [[(4.0, 1.0), (5.0, 2.0)]]);
    ///     Ok(())
    /// });
    /// # figure.unwrap();
    /// ```
    fn visible_line(&self, line: impl IntoIterator<Item = (f64, f64)>) -> Vec<Vec<(f64, f64)>>;
}

impl<DB: DrawingBackend> Visible
    for ChartContext<'_, DB, Cartesian2d<RangedCoordf64, RangedCoordf64>>
{
    fn visible_points(&self, points: impl IntoIterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
        let (x, y) = (self.x_range(), self.y_range());
        let inside = |point: &(f64, f64)| {
            (x.start.min(x.end)..=x.start.max(x.end)).contains(&point.0)
                && (y.start.min(y.end)..=y.start.max(y.end)).contains(&point.1)
        };
        points.into_iter().filter(inside).collect()
    }

    fn visible_line(&self, line: impl IntoIterator<Item = (f64, f64)>) -> Vec<Vec<(f64, f64)>> {
        let (x, y) = (self.x_range(), self.y_range());
        let ordered = |from: f64, to: f64| (from.min(to), from.max(to));
        let (x, y) = (ordered(x.start, x.end), ordered(y.start, y.end));
        let mut pieces: Vec<Vec<(f64, f64)>> = Vec::new();
        let mut before = None;
        for point in line {
            let from = before.replace(point);
            let Some((from, to)) = from.and_then(|from| within(from, point, x, y)) else {
                continue;
            };
            match pieces.last_mut() {
                Some(piece) if piece.last() == Some(&from) => piece.push(to),
                _ => pieces.push(vec![from, to]),
            }
        }
        pieces
    }
}
