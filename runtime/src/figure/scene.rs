//! A drawing as a list of shapes, in units of one pixel at scale 1. It is recorded once, and written
//! in any format and at any scale.

/// A colour with its opacity.
///
/// ```
/// use mlplots::prelude::*;
/// use mlplots::Color;
///
/// let shade = Color::rgb(1, 115, 178).alpha(0.5);
/// assert_eq!((shade.rgb, shade.alpha), ((1, 115, 178), 0.5));
/// // plotters' colours convert.
/// assert_eq!(Color::from(RED), Color::rgb(255, 0, 0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Color {
    /// Red, green and blue.
    pub rgb: (u8, u8, u8),
    /// Opacity from 0 to 1.
    pub alpha: f32,
}

impl Color {
    /// An opaque colour.
    ///
    /// ```
    /// use mlplots::Color;
    ///
    /// assert_eq!(Color::rgb(1, 115, 178).alpha, 1.0);
    /// ```
    pub const fn rgb(red: u8, green: u8, blue: u8) -> Self {
        Self {
            rgb: (red, green, blue),
            alpha: 1.0,
        }
    }

    /// The same colour with another opacity, from 0 to 1.
    ///
    /// ```
    /// use mlplots::Color;
    ///
    /// assert_eq!(Color::rgb(1, 115, 178).alpha(0.25).rgb, (1, 115, 178));
    /// ```
    pub const fn alpha(self, alpha: f32) -> Self {
        Self { alpha, ..self }
    }
}

/// A point; the origin is the top left corner.
pub(crate) type Point = (f32, f32);

/// The horizontal alignment of a text at its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Start,
    Middle,
    End,
}

/// The vertical alignment of a text at its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Top,
    Middle,
    Baseline,
    Bottom,
}

/// The font of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Face {
    #[default]
    Regular,
    Bold,
    Oblique,
    /// A font that the program registered, by its index.
    Own(usize),
}

/// A line of text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Text {
    pub(crate) at: Point,
    pub(crate) line: String,
    /// Height of the em square.
    pub(crate) em: f32,
    pub(crate) face: Face,
    pub(crate) color: Color,
    pub(crate) align: Align,
    pub(crate) level: Level,
    /// Quarter turns clockwise.
    pub(crate) turns: u8,
}

/// One element of a drawing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    /// A filled rectangle, aligned to whole pixels.
    Rect {
        from: Point,
        to: Point,
        fill: Color,
    },
    /// A line through points. Horizontal and vertical lines are aligned to whole pixels.
    Line {
        points: Vec<Point>,
        color: Color,
        width: f32,
        dash: Option<(f32, f32)>,
    },
    /// A filled area.
    Area {
        points: Vec<Point>,
        fill: Color,
    },
    /// Discs of one radius and colour.
    Discs {
        centers: Vec<Point>,
        radius: f32,
        fill: Option<Color>,
        edge: Option<(Color, f32)>,
    },
    Text(Text),
    /// Samples of red, green, blue and alpha, row by row from the top left, scaled to a rectangle.
    Image {
        from: Point,
        to: Point,
        width: u32,
        height: u32,
        rgba: Vec<u8>,
    },
}

/// A drawing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scene {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) background: Color,
    pub(crate) shapes: Vec<Shape>,
}

impl Scene {
    pub(crate) fn new((width, height): (u32, u32)) -> Self {
        Self {
            width,
            height,
            background: Color::rgb(255, 255, 255),
            shapes: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, shape: Shape) {
        self.shapes.push(shape);
    }
}
