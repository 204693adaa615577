//! What a plot function may return, and the files that come of it.

use std::any::Any;
use std::fmt::{self, Debug, Display};
use std::path::PathBuf;
use std::sync::Arc;

use super::Figure;
use super::png;
use super::scene::Scene;
use crate::error::Error;

/// The size of a figure that names none, in pixels.
pub const DEFAULT_SIZE: (u32, u32) = (1000, 800);

/// A format that figures are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Pixels.
    Png,
    /// Shapes and text.
    Svg,
    /// A page of shapes; needs the feature `pdf`.
    Pdf,
}

impl Format {
    /// The end of the file's name: `png`.
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

/// What is wanted of a plot.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// Width and height in pixels, if the plot names them.
    pub size: Option<(u32, u32)>,
    /// Files to write.
    pub formats: &'static [Format],
}

/// A figure's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// The end of its name: `png`.
    pub extension: &'static str,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// What came of a plot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Files to be named after the plot.
    Files(Vec<Encoded>),
    /// A file that the function saved, with the name that it has; and what keeps it there until it
    /// is stored.
    Saved(PathBuf, Option<Guard>),
    /// A directory of files that the function saved, with the names that they have; and what keeps
    /// it there until they are stored.
    Directory(PathBuf, Option<Guard>),
}

/// Keeps something until it is dropped, such as a temporary directory.
#[derive(Clone)]
pub struct Guard {
    _kept: Arc<dyn Any + Send + Sync>,
}

impl Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guard")
    }
}

/// It says nothing of what it keeps.
impl PartialEq for Guard {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Guard {}

/// What a plot function may return: a [`Figure`], [`Svg`], [`Html`], an [`Image`], the path of a
/// file or a directory that it saved, a chart's builder, or a `Result` of one of these.
#[diagnostic::on_unimplemented(
    message = "a plot returns a figure, and `{Self}` is none",
    label = "this is not a figure",
    note = "return `Figure`, `Svg`, `Html`, `Image`, a `PathBuf`, or a `Result` of one of these; with `canvas: &Canvas` as the first argument return `PlotResult`"
)]
pub trait IntoFigure {
    /// The files of the figure.
    ///
    /// # Errors
    /// Why there is no figure.
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Svg(pub String);

/// An HTML page; MLflow's page shows it, its scripts included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Html(pub String);

/// Pixels.
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
    /// The number of samples is not 3 · width · height.
    pub fn rgb8(width: u32, height: u32, samples: Vec<u8>) -> Result<Self, Error> {
        Self::new(width, height, ::png::ColorType::Rgb, samples)
    }

    /// An image of 8-bit red, green, blue and opacity, row by row from the top left.
    ///
    /// # Errors
    /// The number of samples is not 4 · width · height.
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

    /// The image as a PNG file.
    ///
    /// # Errors
    /// It is too large to be encoded.
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

/// A file or a directory, and what keeps it there until it is stored, such as a temporary directory
/// that is removed when it is dropped.
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
