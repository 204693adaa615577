//! Draws text.

use ab_glyph::Font;
use tiny_skia::Pixmap;

use super::{over, pixels, premultiplied};
use crate::figure::scene::Text;
use crate::figure::text;

/// Draws a line of text. The baseline is aligned to whole pixels, and letters to quarters of a
/// pixel along it.
pub(super) fn write(pixmap: &mut Pixmap, text: &Text, scale: f32) {
    let (dx, dy) = text.offset();
    let turn = |x: f32, y: f32| match text.turns % 4 {
        0 => (x, y),
        1 => (-y, x),
        2 => (-x, -y),
        _ => (y, -x),
    };
    let (ox, oy) = turn(dx, dy);
    let origin = ((text.at.0 + ox) * scale, (text.at.1 + oy) * scale);
    // The baseline is at the edge of a pixel; along it, glyphs are positioned to a quarter of a
    // pixel.
    let quarter = |value: f32| (value * 4.0).round() / 4.0;
    let origin = match text.turns % 2 {
        0 => (quarter(origin.0), origin.1.round()),
        _ => (origin.0.round(), quarter(origin.1)),
    };
    let (width, height) = (pixmap.width() as i32, pixmap.height() as i32);
    let pixels = pixels(pixmap);
    for text::Letter { font, mut glyph } in text::letters(&text.line, text.em * scale, text.face) {
        glyph.position.x = quarter(glyph.position.x);
        let Some(outline) = font.outline_glyph(glyph) else {
            continue;
        };
        let bounds = outline.px_bounds();
        outline.draw(|x, y, coverage| {
            // The centre of the pixel, rotated around the origin of the line.
            let along = bounds.min.x + x as f32 + 0.5;
            let across = bounds.min.y + y as f32 + 0.5;
            let (tx, ty) = turn(along, across);
            let (px, py) = (
                (origin.0 + tx).floor() as i32,
                (origin.1 + ty).floor() as i32,
            );
            if px < 0 || py < 0 || px >= width || py >= height {
                return;
            }
            let pixel = &mut pixels[(py * width + px) as usize];
            over(pixel, premultiplied(text.color, coverage));
        });
    }
}
