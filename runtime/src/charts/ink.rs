//! Measures where a chart has drawn, so that the legend covers as little as possible.

use crate::figure::scene::{Point, Shape};

/// The side of a cell in pixels, and the precision at which shapes are sampled.
const CELL: f32 = 8.0;

/// The amount of drawing in a panel, as sums over all cells above and left of each corner of a
/// cell.
pub(super) struct Ink {
    from: Point,
    columns: usize,
    rows: usize,
    sums: Vec<u32>,
}

impl Ink {
    /// Adds the shapes between two corners of a panel.
    pub(super) fn of(shapes: &[Shape], from: Point, to: Point) -> Self {
        let cells = |low: f32, high: f32| ((high - low) / CELL).ceil().max(1.0) as usize;
        let (columns, rows) = (cells(from.0, to.0), cells(from.1, to.1));
        let mut ink = Self {
            from,
            columns,
            rows,
            sums: vec![0; (columns + 1) * (rows + 1)],
        };
        shapes
            .iter()
            .for_each(|shape| points(shape, |point| ink.mark(point)));
        let above = columns + 1;
        for row in 1..=rows {
            let mut left = 0;
            for corner in row * above + 1..(row + 1) * above {
                left += ink.sums[corner];
                ink.sums[corner] = left + ink.sums[corner - above];
            }
        }
        ink
    }

    fn mark(&mut self, (x, y): Point) {
        let (column, row) = ((x - self.from.0) / CELL, (y - self.from.1) / CELL);
        if (0.0..self.columns as f32).contains(&column) && (0.0..self.rows as f32).contains(&row) {
            self.sums[(row as usize + 1) * (self.columns + 1) + column as usize + 1] += 1;
        }
    }

    /// The amount of drawing in the cells that a box touches.
    pub(super) fn under(&self, (left, top): Point, (width, height): (f32, f32)) -> u32 {
        let low = |at: f32, from: f32| ((at - from) / CELL).max(0.0) as usize;
        let high = |at: f32, from: f32| ((at - from) / CELL).max(0.0).ceil() as usize;
        let right = high(left + width, self.from.0).min(self.columns);
        let bottom = high(top + height, self.from.1).min(self.rows);
        let left = low(left, self.from.0).min(right);
        let top = low(top, self.from.1).min(bottom);
        let sum = |column: usize, row: usize| self.sums[row * (self.columns + 1) + column];
        sum(right, bottom) + sum(left, top) - sum(left, bottom) - sum(right, top)
    }
}

/// Points of a shape, one cell apart.
fn points(shape: &Shape, mut mark: impl FnMut(Point)) {
    match shape {
        Shape::Discs { centers, .. } => centers.iter().copied().for_each(mark),
        Shape::Line { points, .. } => along(points, &mut mark),
        Shape::Area { points, .. } => inside(points, &mut mark),
        Shape::Rect { from, to, .. } => lattice(*from, *to, CELL).for_each(mark),
        Shape::Text(text) => mark(text.at),
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
            for (place, _) in filled.filter(|(_, pixel)| pixel[3] > 0) {
                let (column, row) = (place % width, place / width);
                mark((from.0 + column as f32 / fine, from.1 + row as f32 / fine));
            }
        }
    }
}

/// Points at equal distances along a line.
fn along(line: &[Point], mark: &mut impl FnMut(Point)) {
    let mut due = 0.0;
    for pair in line.windows(2) {
        let (dx, dy) = (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
        let length = (dx * dx + dy * dy).sqrt();
        if !length.is_finite() {
            continue; // A gap.
        }
        while due < length {
            let share = due / length;
            mark((pair[0].0 + share * dx, pair[0].1 + share * dy));
            due += CELL;
        }
        due -= length;
    }
}

/// Points of an outline and of its interior.
fn inside(edge: &[Point], mark: &mut impl FnMut(Point)) {
    along(edge, mark);
    let of = |fold: fn(f32, f32) -> f32, from: f32| edge.iter().map(|at| at.1).fold(from, fold);
    let (top, bottom) = (of(f32::min, f32::MAX), of(f32::max, f32::MIN));
    let rows = ((bottom - top) / CELL).clamp(0.0, 1000.0) as usize;
    let mut crossings = vec![Vec::new(); rows + 1];
    for (from, to) in edge.iter().zip(edge.iter().cycle().skip(1)) {
        let row = |y: f32| (((y - top) / CELL).ceil().max(0.0) as usize).min(rows + 1);
        let (first, end) = (row(from.1.min(to.1)), row(from.1.max(to.1)));
        for (place, row) in crossings[first..end].iter_mut().enumerate() {
            let y = top + CELL * (first + place) as f32;
            row.push(from.0 + (y - from.1) / (to.1 - from.1) * (to.0 - from.0));
        }
    }
    for (row, mut crossings) in crossings.into_iter().enumerate() {
        crossings.sort_by(f32::total_cmp);
        let y = top + CELL * row as f32;
        for pair in crossings.chunks_exact(2) {
            along(&[(pair[0], y), (pair[1], y)], mark);
        }
    }
}

/// Points in a rectangle, at most `step` apart.
pub(super) fn lattice(from: Point, to: Point, step: f32) -> impl Iterator<Item = Point> {
    let places = move |one: f32, other: f32| {
        let (low, high) = (one.min(other), one.max(other));
        let steps = ((high - low) / step).ceil().clamp(1.0, 500.0);
        (0..=steps as usize).map(move |place| low + (high - low) * place as f32 / steps)
    };
    places(from.0, to.0).flat_map(move |x| places(from.1, to.1).map(move |y| (x, y)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::Color;

    fn under(shape: Shape, place: Point) -> u32 {
        Ink::of(&[shape], (0.0, 0.0), (160.0, 80.0)).under(place, (32.0, 16.0))
    }

    #[test]
    fn a_box_is_over_what_it_covers() {
        let fill = Color::rgb(0, 0, 0);
        let line = || Shape::Line {
            points: vec![(0.0, 40.0), (f32::NAN, 0.0), (80.0, 40.0), (160.0, 40.0)],
            color: fill,
            width: 1.0,
            dash: None,
        };
        assert_eq!(under(line(), (96.0, 32.0)), 4);
        assert_eq!(under(line(), (96.0, 48.0)), 0);
        assert_eq!(under(line(), (16.0, 32.0)), 0, "nothing is drawn in a gap");
        let area = || Shape::Area {
            points: vec![(0.0, 0.0), (80.0, 0.0), (80.0, 80.0), (0.0, 80.0)],
            fill,
        };
        assert!(under(area(), (24.0, 32.0)) >= 8, "all of an area counts");
        assert_eq!(under(area(), (96.0, 32.0)), 0);
        let outside = Shape::Discs {
            centers: vec![(-5.0, 40.0), (500.0, 40.0), (f32::NAN, 1.0)],
            radius: 1.0,
            fill: Some(fill),
            edge: None,
        };
        assert_eq!(under(outside, (0.0, 32.0)), 0);
    }
}
