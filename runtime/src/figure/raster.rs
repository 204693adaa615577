//! Shapes to pixels: antialiased, with lines and edges that run along the axes on whole pixels.

use ab_glyph::Font;
use tiny_skia::{
    FillRule, FilterQuality, LineCap, LineJoin, Paint, PathBuilder, Pixmap, PixmapPaint, Rect,
    Stroke, StrokeDash, Transform,
};

use super::scene::{Color, Point, Scene, Shape, Text};
use super::text;

/// Draws a scene, `scale` pixels a unit.
pub(crate) fn raster(scene: &Scene, scale: f32) -> Result<Pixmap, String> {
    let side = |units: u32| ((units as f32 * scale).round() as u32).max(1);
    let (width, height) = (side(scene.width), side(scene.height));
    let mut pixmap = Pixmap::new(width, height)
        .ok_or_else(|| format!("a figure of {width} × {height} pixels does not fit into memory"))?;
    pixmap.fill(skia(scene.background));
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
            // A bar of a tenth of a pixel is still a bar.
            let rect = Rect::from_ltrb(left, top, right.max(left + 1.0), bottom.max(top + 1.0));
            if let Some(rect) = rect {
                pixmap.fill_rect(rect, &paint(*fill), Transform::identity(), None);
            }
        }
        Shape::Line {
            points,
            color,
            width,
            dash,
        } => {
            let width = width * scale;
            let mut builder = PathBuilder::new();
            for run in runs(points) {
                let run: Vec<Point> = snapped(run, scale, width);
                if let [first, rest @ ..] = run.as_slice() {
                    builder.move_to(first.0, first.1);
                    rest.iter()
                        .for_each(|point| builder.line_to(point.0, point.1));
                }
            }
            let stroke = Stroke {
                width,
                line_cap: LineCap::Butt,
                line_join: LineJoin::Round,
                dash: dash
                    .and_then(|(on, off)| StrokeDash::new(vec![on * scale, off * scale], 0.0)),
                ..Stroke::default()
            };
            if let Some(path) = builder.finish() {
                pixmap.stroke_path(&path, &paint(*color), &stroke, Transform::identity(), None);
            }
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

/// Stretches of a line between points that are not numbers.
fn runs(points: &[Point]) -> impl Iterator<Item = &[Point]> {
    points
        .split(|point| !(point.0.is_finite() && point.1.is_finite()))
        .filter(|run| run.len() > 1)
}

/// A straight line along an axis is moved so that it covers whole pixels.
fn snapped(run: &[Point], scale: f32, width: f32) -> Vec<Point> {
    let mut run: Vec<Point> = run.iter().map(|(x, y)| (x * scale, y * scale)).collect();
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

/// Discs look alike, so one is drawn and then stamped, at a quarter of a pixel exactly.
fn discs(
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

/// Puts a small picture over the large one, source over destination.
fn blend(pixmap: &mut Pixmap, stamp: &Pixmap, (left, top): (i32, i32)) {
    let (width, height) = (pixmap.width() as i32, pixmap.height() as i32);
    let side = stamp.width() as i32;
    let data = pixmap.data_mut();
    for row in 0.max(-top)..side.min(height - top) {
        let first = 0.max(-left);
        let last = side.min(width - left);
        if first >= last {
            continue;
        }
        let from = ((row * side + first) * 4) as usize;
        let to = (((top + row) * width + left + first) * 4) as usize;
        let length = ((last - first) * 4) as usize;
        let source = stamp.data()[from..from + length].chunks_exact(4);
        for (source, target) in source.zip(data[to..to + length].chunks_exact_mut(4)) {
            over(target, source);
        }
    }
}

/// One premultiplied pixel over another.
fn over(target: &mut [u8], source: &[u8]) {
    let rest = 255 - u32::from(source[3]);
    if rest == 255 {
        return;
    }
    for (target, source) in target.iter_mut().zip(source) {
        let behind = u32::from(*target) * rest + 127;
        *target = (u32::from(*source) + (behind + behind / 255) / 256).min(255) as u8;
    }
}

/// Letters on a whole-pixel baseline, a quarter of a pixel apart at the finest.
fn write(pixmap: &mut Pixmap, text: &Text, scale: f32) {
    let font = text::font(text.face);
    let (dx, dy) = text.offset();
    let turn = |x: f32, y: f32| match text.turns % 4 {
        0 => (x, y),
        1 => (-y, x),
        2 => (-x, -y),
        _ => (y, -x),
    };
    let (ox, oy) = turn(dx, dy);
    let origin = ((text.at.0 + ox) * scale, (text.at.1 + oy) * scale);
    // The baseline lies on a pixel's edge; along it, glyphs keep their place to a quarter.
    let quarter = |value: f32| (value * 4.0).round() / 4.0;
    let origin = match text.turns % 2 {
        0 => (quarter(origin.0), origin.1.round()),
        _ => (origin.0.round(), quarter(origin.1)),
    };
    let (r, g, b) = text.color.rgb;
    let (width, height) = (pixmap.width() as i32, pixmap.height() as i32);
    let data = pixmap.data_mut();
    for mut glyph in text::glyphs(&text.line, text.em * scale, text.face) {
        glyph.position.x = quarter(glyph.position.x);
        let Some(outline) = font.outline_glyph(glyph) else {
            continue;
        };
        let bounds = outline.px_bounds();
        outline.draw(|x, y, coverage| {
            // The middle of the pixel, turned around the origin of the line.
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
            let alpha = coverage.clamp(0.0, 1.0) * text.color.alpha;
            let part = |channel: u8| (f32::from(channel) * alpha).round() as u8;
            let source = [part(r), part(g), part(b), (alpha * 255.0).round() as u8];
            let place = ((py * width + px) * 4) as usize;
            over(&mut data[place..place + 4], &source);
        });
    }
}

/// Samples become blocks of pixels where they are large, and are averaged where they are small.
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
