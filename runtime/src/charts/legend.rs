//! The legend of a chart.

use super::frame::Frame;
use super::ink::{Ink, lattice};
use super::look::TICK;
use crate::figure::scene::{Align, Face, Level, Point, Shape};
use crate::figure::{Color, text};

/// The symbol of a legend entry.
#[derive(Clone, Copy)]
pub(super) enum Key {
    Line(Color, f32),
    Dashes(Color, f32),
    Area(Color),
    Disc(Color),
    /// A value without a symbol.
    Text,
}

const PAD: f32 = 10.0;
const LINE: f32 = TICK * 1.55;
const SAMPLE: f32 = 24.0;
/// Distance between the box and the border of the panel.
const INSET: f32 = 10.0;

impl Frame<'_> {
    /// Draws the legend where it covers the least of the data. Entries that do not fit in the panel
    /// are replaced by their number.
    pub(super) fn legend(&mut self, entries: &[(String, Key)]) {
        let most = ((self.bottom - self.top - 3.0 * INSET) / LINE).max(1.0) as usize;
        let mut entries = entries.to_vec();
        if entries.len() > most {
            let rest = entries.len() + 1 - most;
            entries.truncate(most - 1);
            entries.push((format!("… and {rest} more"), Key::Text));
        }
        let room = (self.right - self.left) * 0.45;
        for (name, _) in &mut entries {
            *name = super::axes::shortened(name, TICK, room);
        }
        let has_keys = entries.iter().any(|(_, key)| !matches!(key, Key::Text));
        let indent = if has_keys { SAMPLE + PAD } else { 0.0 };
        let widest = entries
            .iter()
            .map(|(name, _)| text::width(name, TICK, Face::Regular))
            .fold(0.0, f32::max);
        let (width, height) = (
            PAD * 2.0 + indent + widest,
            PAD * 1.2 + LINE * entries.len() as f32,
        );
        let (left, top) = self.emptiest(width, height);
        self.legend_box((left, top), (left + width, top + height));
        for (place, (name, key)) in entries.iter().enumerate() {
            let y = top + PAD * 0.6 + LINE * (place as f32 + 0.5);
            let from = left + PAD;
            self.key(*key, from, y);
            self.write(
                (from + indent, y),
                name,
                TICK,
                Align::Start,
                Level::Middle,
                0,
            );
        }
    }

    fn legend_box(&mut self, (left, top): Point, (right, bottom): Point) {
        let look = &self.sheet.look;
        let (fill, edge) = (look.panel.alpha(0.8), look.muted);
        self.sheet.scene.add(Shape::Rect {
            from: (left, top),
            to: (right, bottom),
            fill,
        });
        let corners = [
            (left, top),
            (right, top),
            (right, bottom),
            (left, bottom),
            (left, top),
        ];
        for side in corners.windows(2) {
            self.line(side.to_vec(), edge, 1.0);
        }
    }

    fn key(&mut self, key: Key, from: f32, y: f32) {
        let to = from + SAMPLE;
        match key {
            Key::Line(color, width) => self.line(vec![(from, y), (to, y)], color, width),
            Key::Dashes(color, width) => self.sheet.scene.add(Shape::Line {
                points: vec![(from, y), (to, y)],
                color,
                width,
                dash: Some((8.0, 4.0)),
            }),
            Key::Area(fill) => self.sheet.scene.add(Shape::Rect {
                from: (from, y - 5.0),
                to: (to, y + 5.0),
                fill,
            }),
            Key::Disc(fill) => self.sheet.scene.add(Shape::Discs {
                centers: vec![(f32::midpoint(from, to), y)],
                radius: 4.0,
                fill: Some(fill),
                edge: None,
            }),
            Key::Text => {}
        }
    }

    /// The position that covers the least of the data: a corner, a side, or between these.
    fn emptiest(&self, width: f32, height: f32) -> Point {
        let (left, right) = (self.left + INSET, self.right - width - INSET);
        let (top, bottom) = (self.top + INSET, self.bottom - height - INSET);
        let (middle, center) = (f32::midpoint(left, right), f32::midpoint(top, bottom));
        let places = [
            (right, top),
            (left, top),
            (right, bottom),
            (left, bottom),
            (right, center),
            (left, center),
            (middle, top),
            (middle, bottom),
        ];
        let ink = Ink::of(
            &self.sheet.scene.shapes[self.first..],
            (self.left, self.top),
            (self.right, self.bottom),
        );
        let covered = |place: &Point| ink.under(*place, (width, height));
        let (best, least) = places
            .map(|place| (place, covered(&place)))
            .into_iter()
            .min_by_key(|(_, covered)| *covered)
            .unwrap_or((places[0], 0));
        if least == 0 {
            return best;
        }
        let away = |(x, y): &Point| {
            let distances = places.map(|(to_x, to_y)| (x - to_x).hypot(y - to_y));
            distances.into_iter().fold(f32::INFINITY, f32::min)
        };
        let between = lattice((left, top), (right, bottom), 24.0);
        // An unusual position must be much better than a usual one.
        between
            .map(|place| (covered(&place), place))
            .filter(|(count, _)| count * 2 <= least)
            .min_by(|(one, here), (other, there)| {
                one.cmp(other).then(away(here).total_cmp(&away(there)))
            })
            .map_or(best, |(_, place)| place)
    }
}
