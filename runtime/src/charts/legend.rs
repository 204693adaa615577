//! The box that names the colours of a chart.

use super::frame::Frame;
use super::look::TICK;
use crate::figure::scene::{Align, Face, Level, Point, Shape};
use crate::figure::{Color, text};

/// How a legend shows a colour.
#[derive(Clone, Copy)]
pub(super) enum Key {
    Line(Color, f32),
    Dashes(Color, f32),
    Area(Color),
    Disc(Color),
    /// A value, without a colour.
    Text,
}

const PAD: f32 = 10.0;
const LINE: f32 = TICK * 1.55;
const SAMPLE: f32 = 24.0;
/// Between the box and the border of the panel.
const INSET: f32 = 10.0;

impl Frame<'_> {
    /// A box that names the colours, where it covers the least of what has been drawn. More
    /// entries than the panel is high are counted, not drawn.
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

    /// The place of a box that covers the least of the data: in a corner, at a side, or else
    /// between these.
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
        let drawn = self.drawn();
        let is_under = |(x, y): Point, point: &Point| {
            (x - 4.0..x + width + 4.0).contains(&point.0)
                && (y - 4.0..y + height + 4.0).contains(&point.1)
        };
        let covered = |place: &Point| drawn.iter().filter(|point| is_under(*place, point)).count();
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
        let mut between = Vec::new();
        grid(&mut between, (left, top), (right, bottom), 36.0);
        // Away from where one looks for it only if that shows much more.
        between
            .into_iter()
            .map(|place| (covered(&place), place))
            .filter(|(count, _)| count * 2 <= least)
            .min_by(|(one, here), (other, there)| {
                one.cmp(other).then(away(here).total_cmp(&away(there)))
            })
            .map_or(best, |(_, place)| place)
    }

    /// Points of what has been drawn in the panel, a few pixels apart.
    fn drawn(&self) -> Vec<Point> {
        const STEP: f32 = 8.0;
        let mut points = Vec::new();
        for shape in &self.sheet.scene.shapes[self.first..] {
            match shape {
                Shape::Discs { centers, .. } => {
                    points.extend(centers.iter().step_by(centers.len() / 2000 + 1));
                }
                Shape::Line { points: line, .. } => along(&mut points, line, STEP),
                Shape::Area { points: edge, .. } => inside(&mut points, edge, STEP),
                Shape::Rect { from, to, .. } => grid(&mut points, *from, *to, STEP),
                Shape::Text(text) => points.push(text.at),
                Shape::Image {
                    from,
                    to,
                    width,
                    rgba,
                    ..
                } => {
                    let width = *width as usize;
                    let fine = width as f32 / (to.0 - from.0).max(1.0);
                    let filled = rgba.chunks_exact(4).enumerate().step_by(7);
                    points.extend(filled.filter(|(_, pixel)| pixel[3] > 0).map(|(place, _)| {
                        (
                            from.0 + (place % width) as f32 / fine,
                            from.1 + (place / width) as f32 / fine,
                        )
                    }));
                }
            }
        }
        points
    }
}

/// Points of a line at equal distances, however many points it has itself.
fn along(points: &mut Vec<Point>, line: &[Point], step: f32) {
    let mut due = 0.0;
    for pair in line.windows(2) {
        let (dx, dy) = (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
        let length = dx.hypot(dy);
        if !length.is_finite() {
            continue; // A gap.
        }
        while due < length {
            let share = due / length;
            points.push((pair[0].0 + share * dx, pair[0].1 + share * dy));
            due += step;
        }
        due -= length;
    }
}

/// Points of what an edge encloses.
fn inside(points: &mut Vec<Point>, edge: &[Point], step: f32) {
    along(points, edge, step);
    let of = |fold: fn(f32, f32) -> f32, from: f32| edge.iter().map(|at| at.1).fold(from, fold);
    let (top, bottom) = (of(f32::min, f32::MAX), of(f32::max, f32::MIN));
    let rows = ((bottom - top) / step).clamp(0.0, 500.0) as usize;
    for row in 1..=rows {
        let y = top + step * row as f32;
        let sides = edge.iter().zip(edge.iter().cycle().skip(1));
        let mut crossings: Vec<f32> = sides
            .filter(|(from, to)| (from.1 < y) != (to.1 < y))
            .map(|(from, to)| from.0 + (y - from.1) / (to.1 - from.1) * (to.0 - from.0))
            .collect();
        crossings.sort_by(f32::total_cmp);
        for pair in crossings.chunks_exact(2) {
            along(points, &[(pair[0], y), (pair[1], y)], step);
        }
    }
}

fn grid(points: &mut Vec<Point>, from: Point, to: Point, step: f32) {
    let (left, right) = (from.0.min(to.0), from.0.max(to.0));
    let (top, bottom) = (from.1.min(to.1), from.1.max(to.1));
    let places = |low: f32, high: f32| {
        let steps = ((high - low) / step).ceil().clamp(1.0, 500.0);
        (0..=steps as usize).map(move |place| low + (high - low) * place as f32 / steps)
    };
    for x in places(left, right) {
        points.extend(places(top, bottom).map(|y| (x, y)));
    }
}
