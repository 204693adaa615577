//! Draws a scene as antialiased pixels. Horizontal and vertical lines and edges are aligned to
//! whole pixels.

mod discs;
mod letters;
mod rect;
mod stroke;

use tiny_skia::{FillRule, FilterQuality, Paint, PathBuilder, Pixmap, PixmapPaint, Transform};

use super::scene::{Color, Point, Scene, Shape};
use discs::discs;
use letters::write;
use stroke::stroke;

/// Draws a scene with `scale` pixels per unit.
pub(crate) fn raster(scene: &Scene, scale: f32) -> Result<Pixmap, String> {
    let side = |units: u32| ((units as f32 * scale).round() as u32).max(1);
    let (width, height) = (side(scene.width), side(scene.height));
    let mut pixmap = Pixmap::new(width, height)
        .ok_or_else(|| format!("a figure of {width} × {height} pixels does not fit into memory"))?;
    pixels(&mut pixmap).fill(premultiplied(scene.background, 1.0));
    for shape in &scene.shapes {
        draw(&mut pixmap, shape, scale);
    }
    Ok(pixmap)
}

fn skia(color: Color) -> tiny_skia::Color {
    let (r, g, b) = color.rgb;
    let alpha = (color.alpha.clamp(0.0, 1.0) * 255.0).round() as u8;
    tiny_skia::Color::from_rgba8(r, g, b, alpha)
}

fn paint(color: Color) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color(skia(color));
    paint.anti_alias = true;
    paint
}

fn draw(pixmap: &mut Pixmap, shape: &Shape, scale: f32) {
    let up = |(x, y): Point| (x * scale, y * scale);
    match shape {
        Shape::Rect { from, to, fill } => {
            let (from, to) = (up(*from), up(*to));
            let (left, right) = (from.0.min(to.0).round(), from.0.max(to.0).round());
            let (top, bottom) = (from.1.min(to.1).round(), from.1.max(to.1).round());
            // A bar of a tenth of a pixel must remain visible.
            let end = (right.max(left + 1.0), bottom.max(top + 1.0));
            rect::fill(pixmap, (left, top), end, *fill);
        }
        Shape::Line {
            points,
            color,
            width,
            dash,
        } => {
            let width = width * scale;
            let lines = runs(points).map(|run| snapped(run, scale, width));
            let dash = dash.map(|(on, off)| (on * scale, off * scale));
            // Most lines of a chart belong to grids, and a filled rectangle draws those faster.
            let mut rest = Vec::new();
            for line in lines {
                match bar(&line, width).filter(|_| dash.is_none()) {
                    Some((from, to)) => rect::fill(pixmap, from, to, *color),
                    None => rest.push(line),
                }
            }
            stroke(pixmap, rest.into_iter(), *color, width, dash);
        }
        Shape::Area { points, fill } => {
            let mut builder = PathBuilder::new();
            let mut finite = points
                .iter()
                .filter(|p| p.0.is_finite() && p.1.is_finite())
                .map(|p| up(*p));
            if let Some(first) = finite.next() {
                builder.move_to(first.0, first.1);
                finite.for_each(|point| builder.line_to(point.0, point.1));
                builder.close();
            }
            if let Some(path) = builder.finish() {
                pixmap.fill_path(
                    &path,
                    &paint(*fill),
                    FillRule::EvenOdd,
                    Transform::identity(),
                    None,
                );
            }
        }
        Shape::Discs {
            centers,
            radius,
            fill,
            edge,
        } => {
            discs(pixmap, centers, *radius, *fill, *edge, scale);
        }
        Shape::Text(text) => write(pixmap, text, scale),
        Shape::Image {
            from,
            to,
            width,
            height,
            rgba,
        } => image(pixmap, (up(*from), up(*to)), (*width, *height), rgba),
    }
}

/// The runs of points between points that are not numbers.
fn runs(points: &[Point]) -> impl Iterator<Item = &[Point]> {
    points
        .split(|point| !(point.0.is_finite() && point.1.is_finite()))
        .filter(|run| run.len() > 1)
}

/// The points in pixels, without those that do not change the line. A straight line along an axis
/// is moved so that it covers whole pixels.
fn snapped(run: &[Point], scale: f32, width: f32) -> Vec<Point> {
    let mut run = simplified(run.iter().map(|(x, y)| (x * scale, y * scale)));
    if let [a, b] = run.as_mut_slice() {
        let half = (width.round().max(1.0) % 2.0) / 2.0;
        let snap = |value: f32| (value - half).round() + half;
        if (a.0 - b.0).abs() < 1e-3 {
            a.0 = snap(a.0);
            b.0 = a.0;
        }
        if (a.1 - b.1).abs() < 1e-3 {
            a.1 = snap(a.1);
            b.1 = a.1;
        }
    }
    run
}

/// Simplifies a line: it passes every point at less than a tenth of a pixel, and points in one
/// direction become one segment.
fn simplified(points: impl Iterator<Item = Point>) -> Vec<Point> {
    const NEAR: f32 = 0.05;
    let mut kept: Vec<Point> = Vec::with_capacity(points.size_hint().0);
    // The direction and the length of the current segment.
    let mut way: Option<(Point, f32)> = None;
    for point in points {
        if let (Some(((dx, dy), reach)), [.., from, end]) = (way, kept.as_mut_slice()) {
            let (x, y) = (point.0 - from.0, point.1 - from.1);
            let along = x * dx + y * dy;
            if along >= reach && (x * dy - y * dx).abs() <= NEAR {
                *end = point;
                way = Some(((dx, dy), along));
                continue;
            }
        }
        way = kept.last().and_then(|from| {
            let (x, y) = (point.0 - from.0, point.1 - from.1);
            let length = x.hypot(y);
            (length > 0.0).then(|| ((x / length, y / length), length))
        });
        kept.push(point);
    }
    kept
}

/// The corners of the rectangle that a straight line along an axis covers.
fn bar(line: &[Point], width: f32) -> Option<(Point, Point)> {
    let &[a, b] = line else {
        return None;
    };
    let half = width / 2.0;
    let (left, right) = (a.0.min(b.0), a.0.max(b.0));
    let (top, bottom) = (a.1.min(b.1), a.1.max(b.1));
    if left.to_bits() == right.to_bits() {
        Some(((left - half, top), (right + half, bottom)))
    } else if top.to_bits() == bottom.to_bits() {
        Some(((left, top - half), (right, bottom + half)))
    } else {
        None
    }
}

/// The pixels of all rows, with premultiplied alpha.
fn pixels(pixmap: &mut Pixmap) -> &mut [[u8; 4]] {
    pixmap.data_mut().as_chunks_mut().0
}

/// A colour that covers a share of a pixel.
fn premultiplied(color: Color, share: f32) -> [u8; 4] {
    let alpha = color.alpha.clamp(0.0, 1.0) * share.clamp(0.0, 1.0);
    let part = |channel: u8| (f32::from(channel) * alpha + 0.5) as u8;
    let (r, g, b) = color.rgb;
    [part(r), part(g), part(b), part(255)]
}

/// Composites one premultiplied pixel over another.
fn over(target: &mut [u8; 4], source: [u8; 4]) {
    let rest = 255 - u16::from(source[3]);
    for (target, source) in target.iter_mut().zip(source) {
        // A rounded division by 255 without a division.
        let behind = u16::from(*target) * rest + 128;
        *target = source.saturating_add(((behind + (behind >> 8)) >> 8) as u8);
    }
}

/// Scales samples: enlarged ones become blocks of pixels, reduced ones are averaged.
fn image(
    pixmap: &mut Pixmap,
    (from, to): (Point, Point),
    (width, height): (u32, u32),
    rgba: &[u8],
) {
    let Some(mut source) = Pixmap::new(width, height) else {
        return;
    };
    for (target, pixel) in source
        .data_mut()
        .chunks_exact_mut(4)
        .zip(rgba.chunks_exact(4))
    {
        let alpha = u32::from(pixel[3]);
        for channel in 0..3 {
            target[channel] = ((u32::from(pixel[channel]) * alpha + 127) / 255) as u8;
        }
        target[3] = pixel[3];
    }
    let (across, down) = (
        (to.0 - from.0) / width as f32,
        (to.1 - from.1) / height as f32,
    );
    let paint = PixmapPaint {
        quality: if across < 1.0 || down < 1.0 {
            FilterQuality::Bilinear
        } else {
            FilterQuality::Nearest
        },
        ..PixmapPaint::default()
    };
    let transform = Transform::from_row(across, 0.0, 0.0, down, from.0, from.1);
    pixmap.draw_pixmap(0, 0, source.as_ref(), &paint, transform, None);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_simplified_line_passes_all_its_points() {
        let points: Vec<Point> = (0..10_000)
            .map(|place| place as f32 * 0.09)
            .map(|x| (x, 200.0 + 180.0 * (x / 20.0).sin()))
            .collect();
        let line = simplified(points.iter().copied());
        assert!(line.len() < 3000, "{} points", line.len());
        assert_eq!((line[0], line[line.len() - 1]), (points[0], points[9999]));
        let distance = |(x, y): Point, (from, to): (Point, Point)| {
            let (dx, dy) = (to.0 - from.0, to.1 - from.1);
            ((x - from.0) * dy - (y - from.1) * dx).abs() / dx.hypot(dy)
        };
        let mut segment = 0;
        for point in points {
            while line[segment + 1].0 < point.0 {
                segment += 1;
            }
            let away = distance(point, (line[segment], line[segment + 1]));
            assert!(away < 0.1, "{away} at {point:?}");
        }
        let back = [(0.0, 0.0), (5.0, 0.0), (2.0, 0.0), (9.0, 0.0)];
        assert_eq!(simplified(back.into_iter()), back);
    }
}
