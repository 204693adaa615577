//! Shapes to pixels: antialiased, with lines and edges that run along the axes on whole pixels.

mod discs;
mod letters;
mod stroke;

use tiny_skia::{
    FillRule, FilterQuality, Paint, PathBuilder, Pixmap, PixmapPaint, Rect, Transform,
};

use super::scene::{Color, Point, Scene, Shape};
use discs::discs;
use letters::write;
use stroke::stroke;

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
            let lines = runs(points).map(|run| snapped(run, scale, width));
            let dash = dash.map(|(on, off)| (on * scale, off * scale));
            stroke(pixmap, lines, *color, width, dash);
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
