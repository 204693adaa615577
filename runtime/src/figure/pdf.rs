//! Writes a scene as a PDF of one page. Text becomes outlines, so that no viewer needs a font.

use std::collections::BTreeMap;

use ab_glyph::{Font, OutlineCurve};
use pdf_writer::types::{LineCapStyle, LineJoinStyle};
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref};

use super::scene::{Color, Point, Scene, Shape, Text};
use super::{DPI, text};

/// The distance of a control point from its end point, as a share of the radius, for a quarter
/// circle.
const QUARTER: f32 = 0.552_284_8;

/// Writes a scene as a PDF file whose page has the size of the figure at 100 pixels per inch.
pub(crate) fn pdf(scene: &Scene) -> Vec<u8> {
    let points = 72.0 / DPI;
    let size = (scene.width as f32 * points, scene.height as f32 * points);
    let mut page = Page {
        content: Content::new(),
        opacities: BTreeMap::new(),
        images: Vec::new(),
    };
    // The y axis of PDF points upwards.
    page.content
        .transform([points, 0.0, 0.0, -points, 0.0, size.1]);
    page.rect(
        (0.0, 0.0),
        (scene.width as f32, scene.height as f32),
        scene.background,
    );
    for shape in &scene.shapes {
        page.draw(shape);
    }
    page.finish(size)
}

/// The content of the page, and the resources that it uses.
struct Page {
    content: Content,
    /// Graphics states by opacity, from 0 to 255.
    opacities: BTreeMap<u8, Ref>,
    images: Vec<Picture>,
}

struct Picture {
    width: u32,
    height: u32,
    rgb: Vec<u8>,
    alpha: Vec<u8>,
}

/// Number of objects before those of opacities and images.
const CATALOG: Ref = Ref::new(1);
const TREE: Ref = Ref::new(2);
const PAGE: Ref = Ref::new(3);
const CONTENT: Ref = Ref::new(4);
const FIRST_OPACITY: i32 = 10;
/// Maximum number of opacities.
const FIRST_IMAGE: i32 = 300;

impl Page {
    fn draw(&mut self, shape: &Shape) {
        match shape {
            Shape::Rect { from, to, fill } => self.rect(*from, *to, *fill),
            Shape::Line {
                points,
                color,
                width,
                dash,
            } => {
                self.stroke_color(*color, *width);
                let (on, off) = dash.unwrap_or_default();
                let pattern = [on, off];
                let pattern = if on > 0.0 { &pattern[..] } else { &[] };
                self.content.set_dash_pattern(pattern.iter().copied(), 0.0);
                self.path(points);
                self.content.stroke();
            }
            Shape::Area { points, fill } => {
                self.fill_color(*fill);
                self.path(points);
                self.content.fill_even_odd();
            }
            Shape::Discs {
                centers,
                radius,
                fill,
                edge,
            } => {
                for center in centers
                    .iter()
                    .filter(|p| p.0.is_finite() && p.1.is_finite())
                {
                    if let Some(fill) = fill {
                        self.fill_color(*fill);
                        self.circle(*center, *radius);
                        self.content.fill_nonzero();
                    }
                    if let Some((color, width)) = edge {
                        self.stroke_color(*color, *width);
                        self.circle(*center, *radius);
                        self.content.stroke();
                    }
                }
            }
            Shape::Text(text) => self.text(text),
            Shape::Image {
                from,
                to,
                width,
                height,
                rgba,
            } => {
                let name = format!("I{}", self.images.len());
                let pixels = || rgba.chunks_exact(4);
                self.images.push(Picture {
                    width: *width,
                    height: *height,
                    rgb: pixels().flat_map(|p| [p[0], p[1], p[2]]).collect(),
                    alpha: pixels().map(|p| p[3]).collect(),
                });
                self.opacity(1.0);
                self.content
                    .save_state()
                    .transform([to.0 - from.0, 0.0, 0.0, from.1 - to.1, from.0, to.1])
                    .x_object(Name(name.as_bytes()))
                    .restore_state();
            }
        }
    }

    fn rect(&mut self, from: Point, to: Point, fill: Color) {
        self.fill_color(fill);
        self.content
            .rect(from.0, from.1, to.0 - from.0, to.1 - from.1)
            .fill_nonzero();
    }

    /// A path. A point that is not a number makes a gap.
    fn path(&mut self, points: &[Point]) {
        let mut down = false;
        for (x, y) in points {
            if !(x.is_finite() && y.is_finite()) {
                down = false;
                continue;
            }
            if down {
                self.content.line_to(*x, *y);
            } else {
                self.content.move_to(*x, *y);
            }
            down = true;
        }
    }

    fn circle(&mut self, (x, y): Point, radius: f32) {
        let handle = radius * QUARTER;
        self.content
            .move_to(x + radius, y)
            .cubic_to(
                x + radius,
                y + handle,
                x + handle,
                y + radius,
                x,
                y + radius,
            )
            .cubic_to(
                x - handle,
                y + radius,
                x - radius,
                y + handle,
                x - radius,
                y,
            )
            .cubic_to(
                x - radius,
                y - handle,
                x - handle,
                y - radius,
                x,
                y - radius,
            )
            .cubic_to(
                x + handle,
                y - radius,
                x + radius,
                y - handle,
                x + radius,
                y,
            )
            .close_path();
    }

    fn text(&mut self, text: &Text) {
        self.fill_color(text.color);
        let (dx, dy) = text.offset();
        let (cos, sin) =
            [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)][usize::from(text.turns % 4)];
        self.content.save_state();
        self.content
            .transform([cos, sin, -sin, cos, text.at.0, text.at.1]);
        for letter in text::letters(&text.line, text.em, text.face) {
            let Some(outline) = letter.font.outline(letter.glyph.id) else {
                continue;
            };
            let scale = letter.glyph.scale.y / letter.font.height_unscaled();
            let origin = (dx + letter.glyph.position.x, dy);
            let place = |p: ab_glyph::Point| (origin.0 + p.x * scale, origin.1 - p.y * scale);
            let mut pen = None;
            for curve in outline.curves {
                let (OutlineCurve::Line(start, _)
                | OutlineCurve::Quad(start, ..)
                | OutlineCurve::Cubic(start, ..)) = curve;
                if pen != Some(start) {
                    let (x, y) = place(start);
                    self.content.move_to(x, y);
                }
                pen = Some(self.curve(&curve, place));
            }
            self.content.fill_nonzero();
        }
        self.content.restore_state();
    }

    /// Draws a segment of an outline and returns its end point.
    fn curve(
        &mut self,
        curve: &OutlineCurve,
        place: impl Fn(ab_glyph::Point) -> Point,
    ) -> ab_glyph::Point {
        match *curve {
            OutlineCurve::Line(_, end) => {
                let (x, y) = place(end);
                self.content.line_to(x, y);
                end
            }
            OutlineCurve::Quad(start, handle, end) => {
                // A cubic curve equals a quadratic one if its control points lie at two thirds of
                // the distance.
                let (a, h, b) = (place(start), place(handle), place(end));
                let toward = |from: Point| {
                    (
                        from.0 + (h.0 - from.0) * 2.0 / 3.0,
                        from.1 + (h.1 - from.1) * 2.0 / 3.0,
                    )
                };
                let (first, second) = (toward(a), toward(b));
                self.content
                    .cubic_to(first.0, first.1, second.0, second.1, b.0, b.1);
                end
            }
            OutlineCurve::Cubic(_, first, second, end) => {
                let (first, second, b) = (place(first), place(second), place(end));
                self.content
                    .cubic_to(first.0, first.1, second.0, second.1, b.0, b.1);
                end
            }
        }
    }

    fn fill_color(&mut self, color: Color) {
        let [r, g, b] = unit(color);
        self.opacity(color.alpha);
        self.content.set_fill_rgb(r, g, b);
    }

    fn stroke_color(&mut self, color: Color, width: f32) {
        let [r, g, b] = unit(color);
        self.opacity(color.alpha);
        self.content
            .set_stroke_rgb(r, g, b)
            .set_line_width(width)
            .set_line_cap(LineCapStyle::ButtCap)
            .set_line_join(LineJoinStyle::RoundJoin);
    }

    fn opacity(&mut self, alpha: f32) {
        let alpha = (alpha.clamp(0.0, 1.0) * 255.0).round() as u8;
        let next = Ref::new(FIRST_OPACITY + self.opacities.len() as i32);
        self.opacities.entry(alpha).or_insert(next);
        self.content
            .set_parameters(Name(format!("A{alpha}").as_bytes()));
    }

    fn finish(self, size: (f32, f32)) -> Vec<u8> {
        let mut pdf = Pdf::new();
        pdf.catalog(CATALOG).pages(TREE);
        pdf.pages(TREE).kids([PAGE]).count(1);
        let image = |place: usize| Ref::new(FIRST_IMAGE + 2 * place as i32);
        let mut page = pdf.page(PAGE);
        page.media_box(Rect::new(0.0, 0.0, size.0, size.1))
            .parent(TREE)
            .contents(CONTENT);
        let mut resources = page.resources();
        let mut states = resources.ext_g_states();
        for (alpha, id) in &self.opacities {
            states.pair(Name(format!("A{alpha}").as_bytes()), *id);
        }
        states.finish();
        let mut pictures = resources.x_objects();
        for place in 0..self.images.len() {
            pictures.pair(Name(format!("I{place}").as_bytes()), image(place));
        }
        pictures.finish();
        resources.finish();
        page.finish();

        let content = packed(&self.content.finish());
        pdf.stream(CONTENT, &content).filter(Filter::FlateDecode);
        for (alpha, id) in &self.opacities {
            let share = f32::from(*alpha) / 255.0;
            pdf.ext_graphics(*id)
                .non_stroking_alpha(share)
                .stroking_alpha(share);
        }
        for (place, picture) in self.images.iter().enumerate() {
            let (id, mask) = (image(place), Ref::new(image(place).get() + 1));
            let (width, height) = (picture.width as i32, picture.height as i32);
            let rgb = packed(&picture.rgb);
            let mut object = pdf.image_xobject(id, &rgb);
            object.filter(Filter::FlateDecode);
            object.width(width).height(height);
            object.color_space().device_rgb();
            object.bits_per_component(8).s_mask(mask);
            object.finish();
            let alpha = packed(&picture.alpha);
            let mut object = pdf.image_xobject(mask, &alpha);
            object.filter(Filter::FlateDecode);
            object.width(width).height(height);
            object.color_space().device_gray();
            object.bits_per_component(8);
        }
        pdf.finish()
    }
}

fn unit(color: Color) -> [f32; 3] {
    let (r, g, b) = color.rgb;
    [r, g, b].map(|channel| f32::from(channel) / 255.0)
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    miniz_oxide::deflate::compress_to_vec_zlib(bytes, 6)
}
