//! Draws rectangles.

use std::ops::Range;

use tiny_skia::Pixmap;

use super::{over, pixels, premultiplied};
use crate::figure::scene::{Color, Point};

/// Fills a rectangle between its top left and bottom right corners. A pixel that is covered in part
/// gets a share of the colour.
pub(super) fn fill(pixmap: &mut Pixmap, from: Point, to: Point, color: Color) {
    let width = pixmap.width() as usize;
    let columns = parts(from.0, to.0, pixmap.width());
    for (rows, down) in parts(from.1, to.1, pixmap.height()) {
        for (columns, across) in columns.iter().filter(|(columns, _)| !columns.is_empty()) {
            let source = premultiplied(color, down * across);
            for row in rows.clone() {
                let first = row * width;
                let pixels = &mut pixels(pixmap)[first + columns.start..first + columns.end];
                if source[3] == 255 {
                    pixels.fill(source);
                } else {
                    pixels.iter_mut().for_each(|pixel| over(pixel, source));
                }
            }
        }
    }
}

/// The pixels that an interval covers, with the covered share of each: the first pixel, those
/// covered completely, and the last.
fn parts(from: f32, to: f32, size: u32) -> [(Range<usize>, f32); 3] {
    let inside = |at: f32| at.clamp(0.0, size as f32);
    let (from, to) = (inside(from), inside(to).max(inside(from)));
    let (first, last) = (from.floor(), to.floor());
    let range = |from: f32, to: f32| from as usize..to as usize;
    if first >= last {
        let only = range(first, to.ceil());
        return [(only, to - from), (0..0, 0.0), (0..0, 0.0)];
    }
    let within = from.ceil();
    [
        (range(first, within), within - from),
        (range(within, last), 1.0),
        (range(last, to.ceil()), to - last),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_at_the_edges_are_covered_in_part() {
        let alpha = |from: Point, to: Point| -> Vec<u8> {
            let mut pixmap = Pixmap::new(4, 3).expect("a small picture");
            fill(&mut pixmap, from, to, Color::rgb(0, 0, 0));
            pixels(&mut pixmap).iter().map(|pixel| pixel[3]).collect()
        };
        assert_eq!(
            alpha((0.5, 1.0), (3.25, 2.5)),
            [0, 0, 0, 0, 128, 255, 255, 64, 64, 128, 128, 32]
        );
        let dot = alpha((1.25, 1.25), (1.75, 1.75));
        assert_eq!(dot, [0, 0, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0]);
        assert_eq!(alpha((-9.0, -9.0), (9.0, 9.0)), [255; 12]);
        assert_eq!(alpha((7.0, 0.0), (9.0, 3.0)), [0; 12]);
    }
}
