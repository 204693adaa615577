//! Draws lines: each segment adds its coverage to a mask, and the mask is painted once. A line of
//! ten thousand points takes a quarter of the time of one outlined path, and a line that crosses
//! itself does not add up its colour there.

use std::cell::RefCell;
use std::ops::Range;

use tiny_skia::Pixmap;

use super::{over, pixels, premultiplied};
use crate::figure::clip::within;
use crate::figure::scene::{Color, Point};

thread_local! {
    /// Reused between figures: allocating memory of this size takes longer than drawing.
    static MASK: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Number of pixels of a row that are processed together.
const BLOCK: usize = 4;

/// Draws lines of one colour; widths and coordinates are in pixels.
pub(super) fn stroke(
    pixmap: &mut Pixmap,
    lines: impl Iterator<Item = Vec<Point>>,
    color: Color,
    width: f32,
    dash: Option<(f32, f32)>,
) {
    MASK.with_borrow_mut(|coverage| {
        let size = (pixmap.width() as usize, pixmap.height() as usize);
        // A block that begins within a row must end within it.
        let stride = size.0 + BLOCK;
        if coverage.len() < stride * size.1 {
            coverage.resize(stride * size.1, 0);
        }
        let mut mask = Mask {
            coverage,
            stride,
            width: size.0,
            height: size.1,
            rows: (size.1, 0),
            columns: (size.0, 0),
            half: width / 2.0,
        };
        for line in lines {
            match dash {
                Some(pattern) => dashes(&line, pattern, |piece| mask.line(piece)),
                None => mask.line(&line),
            }
        }
        mask.paint(pixmap, color);
    });
}

/// The coverage of each pixel, from 0 to 255.
struct Mask<'a> {
    coverage: &'a mut [u8],
    stride: usize,
    width: usize,
    height: usize,
    /// The rows and columns with any coverage.
    rows: (usize, usize),
    columns: (usize, usize),
    half: f32,
}

impl Mask<'_> {
    /// Adds a line with round joins and butt caps.
    fn line(&mut self, points: &[Point]) {
        let last = points.len().saturating_sub(2);
        for (place, pair) in points.windows(2).enumerate() {
            if let Some((from, to)) = self.near(pair[0], pair[1]) {
                self.segment(from, to, (place == 0, place == last));
            }
        }
    }

    /// The part of a segment in and around the picture; `f32` has no fractions for coordinates far
    /// away.
    fn near(&self, from: Point, to: Point) -> Option<(Point, Point)> {
        const FAR: f32 = 30_000.0;
        if [from.0, from.1, to.0, to.1].iter().all(|at| at.abs() < FAR) {
            return Some((from, to));
        }
        let around = |size: usize| (-100.0, size as f64 + 100.0);
        let exact = |(x, y): Point| (f64::from(x), f64::from(y));
        let (from, to) = within(
            exact(from),
            exact(to),
            around(self.width),
            around(self.height),
        )?;
        Some(((from.0 as f32, from.1 as f32), (to.0 as f32, to.1 as f32)))
    }

    fn segment(&mut self, from: Point, to: Point, flat: (bool, bool)) {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = dx.hypot(dy);
        if length < 1e-6 {
            return;
        }
        let piece = Piece {
            from,
            direction: (dx / length, dy / length),
            length,
            half: self.half,
            flat,
        };
        let reach = self.half + 0.5;
        // Casts round towards zero, which is down for values that are not negative.
        let first = (from.1.min(to.1) - reach).max(0.0) as usize;
        let end = ((from.1.max(to.1) + reach + 1.0).max(0.0) as usize).min(self.height);
        if first >= end {
            return;
        }
        self.rows = (self.rows.0.min(first), self.rows.1.max(end));
        let stripe = piece.stripe_rows(first, end);
        self.ends(&piece, (first..stripe.start).chain(stripe.end..end));
        self.stripe(&piece, stripe);
    }

    /// Rows that contain an end of the segment, or all rows of a segment that is not steep.
    fn ends(&mut self, piece: &Piece, rows: impl Iterator<Item = usize>) {
        let (dx, dy) = piece.direction;
        let from = piece.from;
        let reach = piece.half + 0.5;
        // A row is covered between two columns along the line, and between two across it; the
        // centres of pixels count.
        let bounds = [
            Bounds::new(-dy, reach, 0.0),
            Bounds::new(dx, reach, piece.length),
        ];
        for row in rows {
            let down = row as f32 + 0.5 - from.1;
            let (mut left, mut right) = (-from.0, self.width as f32 - from.0);
            bounds[0].cut(down * dx, &mut left, &mut right);
            bounds[1].cut(down * dy, &mut left, &mut right);
            let (left, blocks) = self.span(row, left + from.0, right + from.0);
            let mut over = left as f32 + 0.5 - from.0;
            for block in blocks {
                let places = OFFSETS.map(|place| over + place);
                let shares =
                    places.map(|over| piece.covers(down * dx - over * dy, over * dx + down * dy));
                cover(block, shares);
                over += BLOCK as f32;
            }
        }
    }

    /// Rows that a steep segment crosses completely; its width is the same in all of them.
    fn stripe(&mut self, piece: &Piece, rows: Range<usize>) {
        let (dx, dy) = piece.direction;
        let (slope, wide) = (dx / dy, (piece.half + 0.5) / dy.abs());
        for row in rows {
            let middle = piece.from.0 + (row as f32 + 0.5 - piece.from.1) * slope;
            let (left, blocks) = self.span(row, middle - wide, middle + wide);
            let mut over = left as f32 + 0.5 - middle;
            for block in blocks {
                cover(
                    block,
                    OFFSETS.map(|place| piece.within((over + place) * dy)),
                );
                over += BLOCK as f32;
            }
        }
    }

    /// The blocks with all pixels of a row whose centres lie between two x coordinates, and the
    /// column of the first one.
    fn span(&mut self, row: usize, left: f32, right: f32) -> (usize, &mut [[u8; BLOCK]]) {
        // Narrow casts are fast, and a picture is less than two thousand million pixels wide.
        let column = |at: f32| (at + 0.5).max(0.0) as i32 as usize;
        let right = column(right).min(self.width);
        let left = column(left).min(right);
        if left < right {
            self.columns = (self.columns.0.min(left), self.columns.1.max(right));
        }
        let first = row * self.stride + left;
        let end = first + (right - left).next_multiple_of(BLOCK);
        (left, self.coverage[first..end].as_chunks_mut().0)
    }

    /// Paints the coverage and clears the mask.
    fn paint(self, pixmap: &mut Pixmap, color: Color) {
        /// Number of pixels that are tested together, since most of a mask is empty.
        const EMPTY: usize = 32;
        let sources: Vec<[u8; 4]> = (0..=255_u8)
            .map(|covered| premultiplied(color, f32::from(covered) / 255.0))
            .collect();
        let pixels = pixels(pixmap);
        let columns = self.columns.0..self.columns.1.max(self.columns.0);
        for row in self.rows.0..self.rows.1 {
            let of = |width: usize| row * width + columns.start..row * width + columns.end;
            // A block may extend beyond the last column.
            self.coverage[row * self.stride + self.width..][..BLOCK].fill(0);
            let covered = self.coverage[of(self.stride)].chunks_mut(EMPTY);
            for (covered, pixels) in covered.zip(pixels[of(self.width)].chunks_mut(EMPTY)) {
                if covered.iter().fold(0, |any, covered| any | covered) == 0 {
                    continue;
                }
                for (covered, pixel) in covered.iter_mut().zip(pixels) {
                    if *covered > 0 {
                        over(pixel, sources[usize::from(*covered)]);
                        *covered = 0;
                    }
                }
            }
        }
    }
}

/// The interval in which `slope · x + offset` is between `−reach` and `length + reach`.
struct Bounds {
    inverse: Option<f32>,
    low: f32,
    high: f32,
}

impl Bounds {
    fn new(slope: f32, reach: f32, length: f32) -> Self {
        Self {
            inverse: (slope.abs() > 1e-6).then(|| slope.recip()),
            low: -reach,
            high: length + reach,
        }
    }

    fn cut(&self, offset: f32, left: &mut f32, right: &mut f32) {
        if let Some(inverse) = self.inverse {
            let ends = (
                (self.low - offset) * inverse,
                (self.high - offset) * inverse,
            );
            *left = left.max(ends.0.min(ends.1));
            *right = right.min(ends.0.max(ends.1));
        }
    }
}

/// The x offsets of the pixels in a block.
const OFFSETS: [f32; BLOCK] = [0.0, 1.0, 2.0, 3.0];

/// The coverage of a pixel is the maximum over all segments.
fn cover(block: &mut [u8; BLOCK], shares: [f32; BLOCK]) {
    for (pixel, share) in block.iter_mut().zip(shares) {
        *pixel = (*pixel).max(rounded(share * 255.0));
    }
}

/// Added to a number from 0 to 255, this one removes its fraction, which rounds it. A cast is
/// slower, since it handles numbers out of range.
fn rounded(value: f32) -> u8 {
    const NO_FRACTIONS: f32 = 8_388_608.0;
    (value + NO_FRACTIONS).to_bits() as u8
}

/// A segment in coordinates along and across its direction.
struct Piece {
    from: Point,
    direction: Point,
    length: f32,
    half: f32,
    /// Whether its ends are ends of the line.
    flat: (bool, bool),
}

impl Piece {
    /// The rows of a steep segment that contain neither of its ends.
    fn stripe_rows(&self, first: usize, end: usize) -> Range<usize> {
        let (dx, dy) = (self.direction.0.abs(), self.direction.1.abs());
        let shown = 0.5 + ((self.half + 0.5) / dy + 1.0) * dx;
        if dy < 0.7 || self.length < 2.0 * shown {
            return end..end;
        }
        let top = self
            .from
            .1
            .min(self.from.1 + self.length * self.direction.1);
        let row = |along: f32| ((top + along * dy + 0.5).max(0.0) as usize).clamp(first, end);
        let start = row(shown);
        start..row(self.length - shown).max(start)
    }

    /// The covered share of a pixel, as if the pixel were rotated with the segment.
    fn covers(&self, across: f32, along: f32) -> f32 {
        let middle = self.length / 2.0;
        let beyond = (along - middle).abs() - middle;
        let is_flat = if along < middle {
            self.flat.0
        } else {
            self.flat.1
        };
        let outside = beyond.clamp(0.0, f32::INFINITY);
        if is_flat {
            self.within(across) * (0.5 - beyond).clamp(0.0, 1.0)
        } else {
            self.within((across * across + outside * outside).sqrt())
        }
    }

    fn within(&self, distance: f32) -> f32 {
        (self.half + 0.5 - distance.abs()).clamp(0.0, (2.0 * self.half).min(1.0))
    }
}

/// Cuts a line into dashes of length `on` with gaps of length `off`.
fn dashes(line: &[Point], (on, off): (f32, f32), mut draw: impl FnMut(&[Point])) {
    if on <= 0.0 || off <= 0.0 {
        return draw(line);
    }
    let mut is_on = true;
    let mut rest = on;
    let mut piece: Vec<Point> = line.first().copied().into_iter().collect();
    for pair in line.windows(2) {
        let (dx, dy) = (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
        let length = dx.hypot(dy);
        let mut gone = 0.0;
        while length - gone > rest {
            gone += rest;
            let at = (
                pair[0].0 + dx * gone / length,
                pair[0].1 + dy * gone / length,
            );
            piece.push(at);
            if is_on {
                draw(&piece);
            }
            is_on = !is_on;
            rest = if is_on { on } else { off };
            piece = vec![at];
        }
        rest -= length - gone;
        piece.push(pair[1]);
    }
    if is_on {
        draw(&piece);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(line: &[Point], alpha: f32, width: f32, dash: Option<(f32, f32)>) -> Vec<u8> {
        let mut pixmap = Pixmap::new(20, 20).expect("a small picture");
        let black = Color::rgb(0, 0, 0).alpha(alpha);
        stroke(
            &mut pixmap,
            std::iter::once(line.to_vec()),
            black,
            width,
            dash,
        );
        pixmap.pixels().iter().map(|pixel| pixel.alpha()).collect()
    }

    fn solid(pixels: &[u8]) -> usize {
        pixels.iter().map(|alpha| usize::from(*alpha == 255)).sum()
    }

    #[test]
    fn a_line_on_whole_pixels_is_crisp() {
        let pixels = drawn(&[(2.0, 5.5), (18.0, 5.5)], 1.0, 1.0, None);
        assert_eq!(solid(&pixels), 16);
        assert_eq!(pixels.iter().filter(|alpha| **alpha > 0).count(), 16);
    }

    #[test]
    fn the_area_is_length_times_width() {
        for (to, width) in [((17.0, 13.0), 2.0), ((3.0, 18.0), 0.5), ((18.0, 3.5), 5.0)] {
            let from: Point = (3.0, 3.0);
            let length = (to.0 - from.0).hypot(to.1 - from.1);
            let sum: f32 = drawn(&[from, to], 1.0, width, None)
                .iter()
                .map(|alpha| f32::from(*alpha) / 255.0)
                .sum();
            let wanted = length * width;
            assert!(
                (sum - wanted).abs() < 0.06 * wanted + 0.3,
                "{sum} for {wanted}"
            );
        }
    }

    #[test]
    fn crossings_do_not_add_up() {
        let cross = [(2.0, 10.5), (18.0, 10.5), (10.5, 2.0), (10.5, 18.0)];
        let pixels = drawn(&cross, 0.5, 1.0, None);
        assert_eq!(pixels.iter().max(), Some(&128));
    }

    #[test]
    fn dashes_leave_gaps() {
        let pixels = drawn(&[(0.0, 5.5), (20.0, 5.5)], 1.0, 1.0, Some((4.0, 2.0)));
        assert_eq!(solid(&pixels), 14);
    }

    #[test]
    fn lines_far_outside_are_cut() {
        let pixels = drawn(&[(-1e9, 10.5), (1e9, 10.5)], 1.0, 1.0, None);
        assert_eq!(pixels.iter().filter(|alpha| **alpha > 0).count(), 20);
        assert!(
            drawn(&[(50.0, -9.0), (90.0, -3.0)], 1.0, 3.0, None)
                .iter()
                .all(|alpha| *alpha == 0)
        );
    }
}
