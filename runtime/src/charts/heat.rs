//! Heat maps: cells with a colour and a number, and the colour bar.

use super::frame::Frame;
use super::look::TICK;
use super::ticks;
use crate::figure::scene::{Align, Face, Level, Shape};
use crate::figure::{Color, ColorMap, Look, text};

/// Colours for a range of values.
#[derive(Clone, Copy)]
pub(super) struct Heat {
    pub(super) map: ColorMap,
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Heat {
    /// The colour of a value.
    pub(super) fn at(&self, value: f64) -> Color {
        self.map.at((value - self.low) / (self.high - self.low))
    }

    /// The colours of a cell and of its text; a value that is not a number has a neutral colour.
    pub(super) fn cell(&self, value: f64, look: &Look) -> (Color, Color) {
        if !value.is_finite() {
            return (look.muted.alpha(0.5), look.ink);
        }
        let fill = self.at(value);
        let ink = if fill.is_dark() {
            Color::rgb(255, 255, 255)
        } else {
            Color::rgb(38, 38, 38)
        };
        (fill, ink)
    }
}

/// Width of the margin at the right of a chart with a colour bar.
pub(super) const BAR: f32 = 90.0;

impl Frame<'_> {
    /// Height of a text that fits in one of `count` adjacent cells.
    pub(super) fn cell_em(&self, count: usize) -> f32 {
        let cell = (self.right - self.left) / count.max(1) as f32;
        (cell * 0.24).clamp(7.0, TICK)
    }

    /// A cell at two indices; a value that is not a number has no colour.
    pub(super) fn cell(&mut self, at: (f64, f64), value: f64, heat: Heat, line: &str, em: f32) {
        let (color, ink) = heat.cell(value, &self.sheet.look);
        let (width, height) = (
            f64::from(self.x(1.0) - self.x(0.0)),
            f64::from(self.y(0.0) - self.y(1.0)),
        );
        let half = (0.5 - 0.6 / width, 0.5 - 0.6 / height);
        self.rect(
            (at.0 - half.0, at.1 - half.1),
            (at.0 + half.0, at.1 + half.1),
            color,
        );
        // A number that extends into the next cell is not legible.
        if f64::from(text::width(line, em, Face::Regular)) > width - 1.0 {
            return;
        }
        let center = (self.x(at.0), self.y(at.1));
        self.sheet
            .write_in(ink, center, line, em, Align::Middle, Level::Middle, 0);
    }

    /// A cell with a second, smaller line of text.
    pub(super) fn cell_of_two(
        &mut self,
        at: (f64, f64),
        value: f64,
        heat: Heat,
        (line, below): (&str, &str),
        em: f32,
    ) {
        self.cell(at, value, heat, "", em);
        let (_, ink) = heat.cell(value, &self.sheet.look);
        let (x, y) = (self.x(at.0), self.y(at.1));
        for (y, line, em) in [(y - em * 0.65, line, em), (y + em * 0.7, below, em * 0.75)] {
            self.sheet
                .write_in(ink, (x, y), line, em, Align::Middle, Level::Middle, 0);
        }
    }

    /// The colour bar beside the panel.
    pub(super) fn color_bar(&mut self, heat: Heat) {
        const STEPS: usize = 128;
        let (left, right) = (self.right + 22.0, self.right + 42.0);
        let (top, bottom) = (self.top, self.bottom);
        let span = heat.high - heat.low;
        let at = |value: f64| bottom - ((value - heat.low) / span) as f32 * (bottom - top);
        for step in 0..STEPS {
            let value = |step: f64| heat.low + step / STEPS as f64 * span;
            let step = step as f64;
            self.sheet.scene.add(Shape::Rect {
                from: (left, at(value(step))),
                to: (right, at(value(step + 1.0))),
                fill: heat.at(value(step + 0.5)),
            });
        }
        let ink = self.ink();
        for tick in ticks::numbers(heat.low, heat.high, 8) {
            let y = at(tick.at);
            self.line(vec![(right, y), (right + 4.0, y)], ink, 1.0);
            let place = (right + 8.0, y);
            self.write(place, &tick.label, TICK, Align::Start, Level::Middle, 0);
        }
    }
}
