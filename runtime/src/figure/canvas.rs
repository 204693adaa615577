//! The canvas: a plotters backend that records the shapes of a drawing.

use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Once;

use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::style::text_anchor::{HPos, VPos};
use plotters::style::{FontStyle, FontTransform, RGBColor, register_font};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
};

use super::scene::{Align, Color, Face, Level, Scene, Shape, Text};
use super::text;

/// The canvas of a plot function: a plotters drawing area, on which everything that plotters has can
/// be drawn. One unit is one pixel of the PNG.
pub type Canvas = DrawingArea<Recorder, Shift>;

/// plotters' font size is the height from ascent to descent; this is that height of DejaVu in ems.
const PLOTTERS_EM: f64 = 1.164;

/// The plotters backend of [`Canvas`], which records what is drawn. A program that draws with
/// plotters uses it in place of its own backend.
///
/// ```
/// use mlplots::figure::Recorder;
/// use plotters::prelude::*;
///
/// let recorder = Recorder::new((640, 480));
/// let area = recorder.clone().into_drawing_area();
/// area.fill(&WHITE).unwrap();
/// let figure = recorder.finish();
/// assert!(figure.to_svg().unwrap().starts_with("<svg"));
/// # mod plotters { pub use mlplots::plotters::*; }
/// ```
#[derive(Clone, Debug)]
pub struct Recorder(Rc<RefCell<Scene>>);

impl Recorder {
    /// An empty recording of this width and height in pixels.
    ///
    /// ```
    /// let figure = mlplots::figure::Recorder::new((640, 480)).finish();
    /// assert!(figure.to_svg()?.contains(r#"width="640""#));
    /// # Ok::<(), mlplots::Error>(())
    /// ```
    pub fn new(size: (u32, u32)) -> Self {
        fonts();
        Self(Rc::new(RefCell::new(Scene::new(size))))
    }

    /// Ends the recording. Shapes that a clone draws later are not in the figure.
    ///
    /// ```
    /// let recorder = mlplots::figure::Recorder::new((640, 480));
    /// let figure = recorder.finish();
    /// assert!(figure.to_svg().is_ok());
    /// ```
    pub fn finish(self) -> super::Figure {
        super::Figure::from_scene(self.take())
    }

    pub(super) fn take(&self) -> Scene {
        let mut scene = self.0.borrow_mut();
        let empty = Scene::new((scene.width, scene.height));
        std::mem::replace(&mut *scene, empty)
    }

    pub(super) fn canvas(&self) -> Canvas {
        self.clone().into_drawing_area()
    }

    fn add(&self, shape: Shape) {
        self.0.borrow_mut().add(shape);
    }
}

/// plotters measures legends with fonts that are registered with it, so register the embedded ones
/// under the usual names.
fn fonts() {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        let families = [
            "sans-serif",
            "serif",
            "monospace",
            "Arial",
            "Helvetica",
            "Verdana",
            "DejaVu Sans",
            "Calibri",
            "Times New Roman",
            "Courier New",
        ];
        let styles = [
            (FontStyle::Normal, Face::Regular),
            (FontStyle::Bold, Face::Bold),
            (FontStyle::Italic, Face::Oblique),
            (FontStyle::Oblique, Face::Oblique),
        ];
        for family in families {
            for (style, face) in styles {
                // The embedded bytes are a font.
                let _ = register_font(family, style, text::bytes(face));
            }
        }
    });
}

impl DrawingBackend for Recorder {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        let scene = self.0.borrow();
        (scene.width, scene.height)
    }

    fn ensure_prepared(&mut self) -> Result<(), DrawingErrorKind<Infallible>> {
        Ok(())
    }

    fn present(&mut self) -> Result<(), DrawingErrorKind<Infallible>> {
        Ok(())
    }

    fn draw_pixel(
        &mut self,
        (x, y): BackendCoord,
        color: BackendColor,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        let (x, y) = (x as f32, y as f32);
        self.add(Shape::Rect {
            from: (x, y),
            to: (x + 1.0, y + 1.0),
            fill: own(color),
        });
        Ok(())
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        if fill {
            let edge = |(x, y): BackendCoord| (x as f32, y as f32);
            self.add(Shape::Rect {
                from: edge(from),
                to: edge(to),
                fill: own(style.color()),
            });
            return Ok(());
        }
        let (left, top) = from;
        let (right, bottom) = to;
        for line in [
            [(left, top), (right, top)],
            [(right, top), (right, bottom)],
            [(right, bottom), (left, bottom)],
            [(left, bottom), (left, top)],
        ] {
            self.draw_path(line, style)?;
        }
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        if style.color().alpha > 0.0 {
            self.add(Shape::Line {
                points: path.into_iter().map(center).collect(),
                color: own(style.color()),
                width: style.stroke_width() as f32,
                dash: None,
            });
        }
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        at: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        let color = own(style.color());
        let radius = radius as f32;
        let (inside, edge) = if fill {
            (Some(color), None)
        } else {
            (None, Some((color, style.stroke_width() as f32)))
        };
        let mut scene = self.0.borrow_mut();
        // Points of one series share their look, and become one shape.
        if let Some(Shape::Discs {
            centers,
            radius: r,
            fill: f,
            edge: e,
        }) = scene.shapes.last_mut()
            && (*r, *f, *e) == (radius, inside, edge)
        {
            centers.push(center(at));
        } else {
            scene.add(Shape::Discs {
                centers: vec![center(at)],
                radius,
                fill: inside,
                edge,
            });
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        vert: I,
        style: &S,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        let points = vert.into_iter().map(center).collect();
        self.add(Shape::Area {
            points,
            fill: own(style.color()),
        });
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        line: &str,
        style: &S,
        (x, y): BackendCoord,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        let anchor = style.anchor();
        self.add(Shape::Text(Text {
            at: (x as f32, y as f32),
            line: line.to_owned(),
            em: (style.size() / PLOTTERS_EM) as f32,
            face: face(style),
            color: own(style.color()),
            align: match anchor.h_pos {
                HPos::Left => Align::Start,
                HPos::Center => Align::Middle,
                HPos::Right => Align::End,
            },
            level: match anchor.v_pos {
                VPos::Top => Level::Top,
                VPos::Center => Level::Middle,
                VPos::Bottom => Level::Baseline,
            },
            turns: match style.transform() {
                FontTransform::Rotate90 => 1,
                FontTransform::Rotate180 => 2,
                FontTransform::Rotate270 => 3,
                FontTransform::None => 0,
            },
        }));
        Ok(())
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        line: &str,
        style: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let em = (style.size() / PLOTTERS_EM) as f32;
        let width = text::width(line, em, face(style));
        Ok((width.ceil() as u32, (style.size() / 1.24).ceil() as u32))
    }

    fn blit_bitmap(
        &mut self,
        (x, y): BackendCoord,
        (width, height): (u32, u32),
        rgb: &[u8],
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        let rgba = rgb
            .chunks_exact(3)
            .flat_map(|pixel| [pixel[0], pixel[1], pixel[2], 255])
            .collect();
        self.add(Shape::Image {
            from: (x as f32, y as f32),
            to: (x as f32 + width as f32, y as f32 + height as f32),
            width,
            height,
            rgba,
        });
        Ok(())
    }
}

impl From<RGBColor> for Color {
    fn from(RGBColor(red, green, blue): RGBColor) -> Self {
        Self::rgb(red, green, blue)
    }
}

fn own(color: BackendColor) -> Color {
    Color {
        rgb: color.rgb,
        alpha: color.alpha as f32,
    }
}

/// plotters names the middle of a pixel.
fn center((x, y): BackendCoord) -> (f32, f32) {
    (x as f32 + 0.5, y as f32 + 0.5)
}

fn face<S: BackendTextStyle>(style: &S) -> Face {
    if let Some(own) = text::registered(style.family().as_str()) {
        return own;
    }
    match style.style() {
        FontStyle::Bold => Face::Bold,
        FontStyle::Italic | FontStyle::Oblique => Face::Oblique,
        FontStyle::Normal => Face::Regular,
    }
}
