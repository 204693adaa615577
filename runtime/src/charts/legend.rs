//! The box that names the colours of a chart.

use super::axes::Frame;
use super::look::{PANEL, TICK};
use crate::figure::scene::{Align, Face, Level, Shape};
use crate::figure::{Color, text};

/// How a legend shows a colour.
#[derive(Clone, Copy)]
pub(super) enum Key {
    Line(Color, f32),
    Dashes(Color, f32),
    Area(Color),
    Disc(Color),
}

impl Frame {
    /// A box that names the colours, in the corner that covers the fewest of `points`.
    pub(super) fn legend(&mut self, entries: &[(String, Key)], points: &[(f64, f64)]) {
        const PAD: f32 = 10.0;
        const LINE: f32 = TICK * 1.55;
        let widest = entries
            .iter()
            .map(|(name, _)| text::width(name, TICK, Face::Regular))
            .fold(0.0, f32::max);
        let (width, height) = (
            PAD * 3.0 + 24.0 + widest,
            PAD * 1.6 + LINE * entries.len() as f32,
        );
        let corners = [
            (self.right - width - 10.0, self.top + 10.0),
            (self.left + 10.0, self.top + 10.0),
            (self.right - width - 10.0, self.bottom - height - 10.0),
            (self.left + 10.0, self.bottom - height - 10.0),
        ];
        let every = points.len() / 5000 + 1;
        let covered = |&(left, top): &(f32, f32)| {
            let inside = |(x, y): &(f64, f64)| {
                let (x, y) = (self.x(*x), self.y(*y));
                (left..left + width).contains(&x) && (top..top + height).contains(&y)
            };
            points
                .iter()
                .step_by(every)
                .filter(|point| inside(point))
                .count()
        };
        let (left, top) = corners
            .into_iter()
            .min_by_key(covered)
            .unwrap_or(corners[0]);
        let (right, bottom) = (left + width, top + height);
        self.scene.add(Shape::Rect {
            from: (left, top),
            to: (right, bottom),
            fill: PANEL.alpha(0.9),
        });
        let edge = Color::rgb(204, 204, 204);
        self.line(
            vec![
                (left, top),
                (right, top),
                (right, bottom),
                (left, bottom),
                (left, top),
            ],
            edge,
            1.0,
        );
        for (place, (name, key)) in entries.iter().enumerate() {
            let y = top + PAD * 0.8 + LINE * (place as f32 + 0.5);
            let (from, to) = (left + PAD, left + PAD + 24.0);
            match *key {
                Key::Line(color, width) => self.line(vec![(from, y), (to, y)], color, width),
                Key::Dashes(color, width) => {
                    let points = vec![(from, y), (to, y)];
                    self.scene.add(Shape::Line {
                        points,
                        color,
                        width,
                        dash: Some((8.0, 4.0)),
                    });
                }
                Key::Area(fill) => {
                    self.scene.add(Shape::Rect {
                        from: (from, y - 5.0),
                        to: (to, y + 5.0),
                        fill,
                    });
                }
                Key::Disc(fill) => {
                    let centers = vec![(f32::midpoint(from, to), y)];
                    self.scene.add(Shape::Discs {
                        centers,
                        radius: 4.0,
                        fill: Some(fill),
                        edge: None,
                    });
                }
            }
            self.write((to + PAD, y), name, TICK, Align::Start, Level::Middle, 0);
        }
    }
}
