//! The marks of a chart (curves, points, areas, text), in the units of its axes.

use super::density::{self, MANY};
use super::frame::Frame;
use crate::figure::Color;
use crate::figure::clip::within;
use crate::figure::scene::{Align, Level, Shape};

impl Frame<'_> {
    /// A curve, clipped to the panel. A value that is not a number makes a gap.
    pub(super) fn curve(&mut self, points: &[(f64, f64)], color: Color, width: f32) {
        let points = self.clipped(points);
        self.line(points, color, width);
    }

    /// A dashed curve.
    pub(super) fn dashes(&mut self, points: &[(f64, f64)], color: Color, width: f32) {
        let points = self.clipped(points);
        self.sheet.scene.add(Shape::Line {
            points,
            color,
            width,
            dash: Some((8.0, 5.0)),
        });
    }

    fn clipped(&self, points: &[(f64, f64)]) -> Vec<(f32, f32)> {
        const GAP: (f32, f32) = (f32::NAN, f32::NAN);
        const UNIT: (f64, f64) = (0.0, 1.0);
        let (left, bottom) = (f64::from(self.left), f64::from(self.bottom));
        let (width, height) = (f64::from(self.right) - left, bottom - f64::from(self.top));
        let pixel = |(x, y): (f64, f64)| ((left + x * width) as f32, (bottom - y * height) as f32);
        let shares: Vec<(f64, f64)> = points
            .iter()
            .map(|(x, y)| (self.x_scale.share(*x), self.y_scale.share(*y)))
            .collect();
        let shares = density::thinned(shares, width as usize);
        let mut clipped: Vec<(f32, f32)> = Vec::with_capacity(shares.len());
        for pair in shares.windows(2) {
            let Some((from, to)) = within(pair[0], pair[1], UNIT, UNIT) else {
                clipped.push(GAP);
                continue;
            };
            let ends = [from, to].map(pixel);
            if clipped.last() != Some(&ends[0]) {
                clipped.extend([GAP, ends[0]]);
            }
            clipped.push(ends[1]);
        }
        clipped
    }

    /// The area between two curves over the same x, clipped to the panel.
    pub(super) fn band(&mut self, low: &[(f64, f64)], high: &[(f64, f64)], fill: Color) {
        let points = low
            .iter()
            .chain(high.iter().rev())
            .map(|(x, y)| {
                let (x, y) = (self.x(*x), self.y(*y));
                (
                    x.clamp(self.left, self.right),
                    y.clamp(self.top, self.bottom),
                )
            })
            .collect();
        self.sheet.scene.add(Shape::Area { points, fill });
    }

    /// Points within the panel. Very many points are drawn as their density.
    pub(super) fn discs(
        &mut self,
        points: impl IntoIterator<Item = (f64, f64)>,
        radius: f32,
        fill: Color,
    ) {
        let centers: Vec<(f32, f32)> = points
            .into_iter()
            .map(|(x, y)| (self.x(x), self.y(y)))
            .filter(|(x, y)| {
                (self.left..=self.right).contains(x) && (self.top..=self.bottom).contains(y)
            })
            .collect();
        self.sheet.scene.add(if centers.len() > MANY {
            let corners = ((self.left, self.top), (self.right, self.bottom));
            density::shaded(&centers, corners, fill)
        } else {
            Shape::Discs {
                centers,
                radius,
                fill: Some(fill),
                edge: None,
            }
        });
    }

    /// Points of one colour. Their size and opacity decrease with their number, so that their
    /// density is visible.
    pub(super) fn cloud(&mut self, points: &[(f64, f64)], color: Color) {
        let count = points.len();
        let opacity = opacity(count);
        self.discs(points.iter().copied(), radius(count), color.alpha(opacity));
    }

    /// A filled rectangle between two corners.
    pub(super) fn rect(&mut self, from: (f64, f64), to: (f64, f64), fill: Color) {
        let place = |(x, y): (f64, f64)| {
            (
                self.x(x).clamp(self.left, self.right),
                self.y(y).clamp(self.top, self.bottom),
            )
        };
        let (from, to) = (place(from), place(to));
        self.sheet.scene.add(Shape::Rect { from, to, fill });
    }

    /// A line in coordinates of the sheet.
    pub(super) fn line(&mut self, points: Vec<(f32, f32)>, color: Color, width: f32) {
        self.sheet.scene.add(Shape::Line {
            points,
            color,
            width,
            dash: None,
        });
    }

    /// A text in coordinates of the sheet.
    pub(super) fn write(
        &mut self,
        at: (f32, f32),
        text: &str,
        em: f32,
        align: Align,
        level: Level,
        turns: u8,
    ) {
        self.sheet.write(at, text, em, align, level, turns);
    }
}

/// The radius of a point, by the number of points.
pub(super) fn radius(count: usize) -> f32 {
    match count {
        20_001.. => 1.6,
        2001.. => 2.6,
        _ => 3.6,
    }
}

/// The opacity of a point, by the number of points.
pub(super) fn opacity(count: usize) -> f32 {
    (40.0 / (count.max(1) as f32).sqrt()).clamp(0.12, 0.75)
}
