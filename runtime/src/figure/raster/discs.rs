//! Draws points as discs.

use tiny_skia::{FillRule, PathBuilder, Pixmap, Stroke, Transform};

use super::{over, paint, pixels};
use crate::figure::scene::{Color, Point};

/// Discs of a series are equal, so one is drawn and copied, at a precision of a quarter of a pixel.
pub(super) fn discs(
    pixmap: &mut Pixmap,
    centers: &[Point],
    radius: f32,
    fill: Option<Color>,
    edge: Option<(Color, f32)>,
    scale: f32,
) {
    const PARTS: i32 = 4;
    let reach = (radius + edge.map_or(0.0, |(_, width)| width / 2.0)) * scale;
    let side = (reach.ceil() as u32 + 1) * 2 + 1;
    let middle = f64::from(side / 2) as f32;
    let mut stamps: [Option<Pixmap>; (PARTS * PARTS) as usize] = Default::default();
    for &(x, y) in centers {
        let (x, y) = (x * scale, y * scale);
        if !(x.is_finite() && y.is_finite()) {
            continue;
        }
        let part = |value: f32| {
            ((value - value.floor()) * PARTS as f32)
                .floor()
                .min(PARTS as f32 - 1.0)
        };
        let (px, py) = (part(x), part(y));
        let place = (py as i32 * PARTS + px as i32) as usize;
        if stamps[place].is_none() {
            let center = (
                middle + (px + 0.5) / PARTS as f32,
                middle + (py + 0.5) / PARTS as f32,
            );
            stamps[place] = stamp(
                side,
                center,
                radius * scale,
                fill,
                edge.map(|(c, w)| (c, w * scale)),
            );
        }
        if let Some(stamp) = &stamps[place] {
            let corner = (
                x.floor() as i32 - middle as i32,
                y.floor() as i32 - middle as i32,
            );
            blend(pixmap, stamp, corner);
        }
    }
}

fn stamp(
    side: u32,
    center: Point,
    radius: f32,
    fill: Option<Color>,
    edge: Option<(Color, f32)>,
) -> Option<Pixmap> {
    let mut stamp = Pixmap::new(side, side)?;
    let path = PathBuilder::from_circle(center.0, center.1, radius.max(0.1))?;
    if let Some(fill) = fill {
        stamp.fill_path(
            &path,
            &paint(fill),
            FillRule::Winding,
            Transform::identity(),
            None,
        );
    }
    if let Some((color, width)) = edge {
        let stroke = Stroke {
            width,
            ..Stroke::default()
        };
        stamp.stroke_path(&path, &paint(color), &stroke, Transform::identity(), None);
    }
    Some(stamp)
}

/// Composites a small picture over the large one (source over destination).
fn blend(pixmap: &mut Pixmap, stamp: &Pixmap, (left, top): (i32, i32)) {
    let (width, height) = (pixmap.width() as i32, pixmap.height() as i32);
    let side = stamp.width() as i32;
    let target = pixels(pixmap);
    let source = stamp.data().as_chunks().0;
    let (first, last) = (0.max(-left), side.min(width - left));
    if first >= last {
        return;
    }
    for row in 0.max(-top)..side.min(height - top) {
        let from = (row * side + first) as usize;
        let to = ((top + row) * width + left + first) as usize;
        let length = (last - first) as usize;
        let targets = &mut target[to..to + length];
        for (target, source) in targets.iter_mut().zip(&source[from..from + length]) {
            if source[3] > 0 {
                over(target, *source);
            }
        }
    }
}
