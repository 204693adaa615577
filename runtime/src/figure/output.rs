//! Return values of plot functions, and the files that they become.

use std::any::Any;
use std::fmt::{self, Debug, Display};
use std::path::PathBuf;
use std::sync::Arc;

use super::Figure;
use super::png;
use super::scene::Scene;
use crate::error::Error;

/// The width and height in pixels of a figure that sets no size.
pub const DEFAULT_SIZE: (u32, u32) = (1000, 800);

/// A file format of figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Pixels.
    Png,
    /// Shapes and text.
    Svg,
    /// A page of shapes; needs the feature `pdf`.
    Pdf,
}

impl Format {
    /// The extension of the file's name, without the dot.
    ///
    /// ```
    /// use mlplots::figure::Format;
    ///
    /// assert_eq!(Format::Svg.extension(), "svg");
    /// ```
    pub fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Svg => "svg",
            Self::Pdf => "pdf",
        }
    }

    /// Whether this build can write it.
    pub(crate) fn is_built(self) -> bool {
        self != Self::Pdf || cfg!(feature = "pdf")
    }

    pub(super) fn encode(self, scene: &Scene) -> Result<Vec<u8>, String> {
        match self {
            Self::Png => super::to_png(scene, 1.0),
            Self::Svg => Ok(super::svg::svg(scene).into_bytes()),
            #[cfg(feature = "pdf")]
            Self::Pdf => Ok(super::pdf::pdf(scene)),
            #[cfg(not(feature = "pdf"))]
            Self::Pdf => Err("figures as PDF need the feature `pdf` of mlplots".to_owned()),
        }
    }
}

/// The output that a plot is asked for.
///
/// ```
/// use mlplots::figure::{Output, Spec};
/// use mlplots::{IntoFigure, charts};
///
/// let mut spec = Spec::default();
/// spec.size = Some((640, 480));
/// let Output::Files(files) = charts::histogram(&[1.0, 2.0]).into_output(&spec)? else {
///     panic!("a figure is encoded in memory");
/// };
/// assert_eq!(files[0].extension, "png");
/// # Ok::<(), mlplots::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Spec {
    /// Width and height in pixels, if the plot sets them.
    pub size: Option<(u32, u32)>,
    /// Formats to write.
    pub formats: &'static [Format],
}

/// One PNG of the figure's own size, as `#[plot]` without options.
impl Default for Spec {
    fn default() -> Self {
        Self {
            size: None,
            formats: &[Format::Png],
        }
    }
}

/// A figure's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// The extension of its name, without the dot: `png`.
    pub extension: &'static str,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// The output of a plot.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Output {
    /// Contents of files, which are named after the plot.
    Files(Vec<Encoded>),
    /// A file that the function saved, which keeps its name, and a guard that is dropped when the
    /// file is stored.
    Saved(PathBuf, Option<Guard>),
    /// A directory of files that the function saved, which keep their names, and a guard that is
    /// dropped when they are stored.
    Directory(PathBuf, Option<Guard>),
}

/// Owns a value, such as a temporary directory, until it is dropped.
#[derive(Clone)]
pub struct Guard {
    _kept: Arc<dyn Any + Send + Sync>,
}

impl Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guard")
    }
}

/// Guards compare equal: the value has no meaning for the output.
impl PartialEq for Guard {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Guard {}

/// Types that a plot function may return: a [`Figure`], [`Svg`], [`Html`], an [`Image`], the path of
/// a file or a directory that the function saved, or a `Result` of one of these.
///
/// A type of another plotting library becomes one by an implementation:
///
/// ```
/// use mlplots::figure::{Encoded, Output, Spec};
/// use mlplots::{Error, IntoFigure};
///
/// /// A diagram in the DOT language of Graphviz.
/// struct Dot(String);
///
/// impl IntoFigure for Dot {
///     fn into_output(self, _: &Spec) -> Result<Output, Error> {
///         if self.0.is_empty() {
///             return Err(Error::new("the diagram has no nodes"));
///         }
///         let file = Encoded { extension: "dot", bytes: self.0.into_bytes() };
///         Ok(Output::Files(vec![file]))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a figure, which a plot must return",
    label = "this is not a figure",
    note = "return `Figure`, `Svg`, `Html`, `Image`, a `PathBuf`, or a `Result` of one of these; with `canvas: &Canvas` as the first argument return `PlotResult`"
)]
pub trait IntoFigure {
    /// Writes the figure.
    ///
    /// # Errors
    /// There is no figure; the error says why.
    fn into_output(self, spec: &Spec) -> Result<Output, Error>;
}

impl IntoFigure for Figure {
    fn into_output(self, spec: &Spec) -> Result<Output, Error> {
        let scene = self.or_size(spec.size.unwrap_or(DEFAULT_SIZE)).scene()?;
        let encode = |format: &Format| {
            Ok(Encoded {
                extension: format.extension(),
                bytes: format.encode(&scene)?,
            })
        };
        spec.formats
            .iter()
            .map(encode)
            .collect::<Result<_, Error>>()
            .map(Output::Files)
    }
}

/// An SVG drawing as text.
///
/// ```
/// use mlplots::prelude::*;
///
/// struct Tree { depth: u32 }
///
/// #[plot]
/// fn tree(tree: &Tree) -> Svg {
///     let height = 40 * tree.depth;
///     Svg(format!(r#"<svg xmlns="http://www.w3.org/2000/svg" width="200" height="{height}"/>"#))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Svg(pub String);

/// An HTML page. MLflow's page shows it and runs its scripts.
///
/// ```
/// use mlplots::prelude::*;
///
/// struct Scores(Vec<f64>);
///
/// #[plot]
/// fn scores(scores: &Scores) -> Html {
///     Html(format!("<p>The maximum is {:.3}.</p>", scores.0.iter().copied().fold(0.0, f64::max)))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Html(pub String);

/// An image of pixels, for [`Run::log_image`](crate::Run::log_image) and as the return value of a
/// plot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    width: u32,
    height: u32,
    color: ::png::ColorType,
    samples: Vec<u8>,
}

impl Image {
    /// An image of 8-bit red, green and blue, row by row from the top left.
    ///
    /// # Errors
    /// The number of samples is not 3 · width · height, or a side is zero.
    ///
    /// ```
    /// use mlplots::Image;
    ///
    /// let red_and_blue = Image::rgb8(2, 1, vec![255, 0, 0, 0, 0, 255])?;
    /// assert!(Image::rgb8(2, 2, vec![0; 3]).is_err());
    /// # Ok::<(), mlplots::Error>(())
    /// ```
    pub fn rgb8(width: u32, height: u32, samples: Vec<u8>) -> Result<Self, Error> {
        Self::new(width, height, ::png::ColorType::Rgb, samples)
    }

    /// An image of 8-bit red, green, blue and opacity, row by row from the top left.
    ///
    /// # Errors
    /// The number of samples is not 4 · width · height, or a side is zero.
    ///
    /// ```
    /// use mlplots::Image;
    ///
    /// let half_transparent_red = Image::rgba8(1, 1, vec![255, 0, 0, 128])?;
    /// assert!(Image::rgba8(1, 1, vec![255, 0, 0]).is_err());
    /// # Ok::<(), mlplots::Error>(())
    /// ```
    pub fn rgba8(width: u32, height: u32, samples: Vec<u8>) -> Result<Self, Error> {
        Self::new(width, height, ::png::ColorType::Rgba, samples)
    }

    fn new(
        width: u32,
        height: u32,
        color: ::png::ColorType,
        samples: Vec<u8>,
    ) -> Result<Self, Error> {
        let wanted = width as usize * height as usize * color.samples();
        if width == 0 || height == 0 || samples.len() != wanted {
            return Err(Error::new(format!(
                "an image of {width} × {height} pixels has {wanted} samples, not {}",
                samples.len()
            )));
        }
        Ok(Self {
            width,
            height,
            color,
            samples,
        })
    }

    /// Encodes the image as a PNG file.
    ///
    /// # Errors
    /// The image is too large for the format.
    ///
    /// ```
    /// let white = mlplots::Image::rgb8(8, 8, vec![255; 3 * 64])?;
    /// assert!(white.to_png()?.starts_with(b"\x89PNG"));
    /// # Ok::<(), mlplots::Error>(())
    /// ```
    pub fn to_png(&self) -> Result<Vec<u8>, Error> {
        png::write(self.width, self.height, self.color, &self.samples).map_err(Error::new)
    }
}

pub(super) fn one(extension: &'static str, bytes: Vec<u8>) -> Output {
    Output::Files(vec![Encoded { extension, bytes }])
}

impl IntoFigure for Svg {
    fn into_output(self, _: &Spec) -> Result<Output, Error> {
        Ok(one("svg", self.0.into_bytes()))
    }
}

impl IntoFigure for Html {
    fn into_output(self, _: &Spec) -> Result<Output, Error> {
        Ok(one("html", self.0.into_bytes()))
    }
}

impl IntoFigure for Image {
    fn into_output(self, _: &Spec) -> Result<Output, Error> {
        Ok(one("png", self.to_png()?))
    }
}

impl IntoFigure for PathBuf {
    fn into_output(self, _: &Spec) -> Result<Output, Error> {
        match std::fs::metadata(&self) {
            Ok(found) if found.is_dir() => Ok(Output::Directory(self, None)),
            Ok(_) => Ok(Output::Saved(self, None)),
            Err(why) => Err(Error::with_source(
                format!(
                    "the plot returned `{}`, which cannot be read",
                    self.display()
                ),
                why,
            )),
        }
    }
}

/// A file or a directory, and a value that is dropped when the file is stored, such as a temporary
/// directory that removes itself.
impl<G: Send + Sync + 'static> IntoFigure for (PathBuf, G) {
    fn into_output(self, spec: &Spec) -> Result<Output, Error> {
        let (path, kept) = self;
        let guard = Guard {
            _kept: Arc::new(kept),
        };
        match path.into_output(spec)? {
            Output::Directory(path, _) => Ok(Output::Directory(path, Some(guard))),
            Output::Saved(path, _) => Ok(Output::Saved(path, Some(guard))),
            files @ Output::Files(_) => Ok(files),
        }
    }
}

impl<T: IntoFigure, E: Display> IntoFigure for Result<T, E> {
    fn into_output(self, spec: &Spec) -> Result<Output, Error> {
        self.map_err(|error| Error::new(format!("{error:#}")))?
            .into_output(spec)
    }
}
