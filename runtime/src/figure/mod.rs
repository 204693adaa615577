//! Figures: drawn once, written in any format, the same bytes everywhere.

mod canvas;
pub(crate) mod clip;
mod colormap;
mod interop;
mod output;
#[cfg(feature = "pdf")]
mod pdf;
mod png;
mod raster;
pub(crate) mod scene;
mod svg;
pub(crate) mod text;
mod theme;
mod visible;

use std::fmt::Display;
use std::path::Path;

pub use canvas::{Canvas, Recorder};
pub use colormap::ColorMap;
pub use output::{DEFAULT_SIZE, Encoded, Format, Html, Image, IntoFigure, Output, Spec, Svg};
pub(crate) use png::with_texts;
pub use scene::Color;
use scene::Scene;
pub use text::register_font;
pub(crate) use theme::Look;
pub use theme::Theme;
pub use visible::Visible;

use crate::error::Error;

/// What a function that draws on a [`Canvas`] returns.
pub type PlotResult = Result<(), Error>;

/// Pixels an inch at scale 1, as a viewer is told.
const DPI: f32 = 100.0;

/// A drawing that can be written as PNG or SVG.
///
/// The functions of [`charts`](crate::charts) make figures; [`Figure::draw`] makes one by hand.
pub struct Figure {
    options: Options,
    content: Content,
}

/// What every figure can be told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    pub(crate) title: Option<String>,
    pub(crate) x_label: Option<String>,
    pub(crate) y_label: Option<String>,
    pub(crate) size: Option<(u32, u32)>,
    pub(crate) theme: Theme,
    /// Colours of the series, instead of the theme's.
    pub(crate) colors: Vec<Color>,
    pub(crate) color_map: Option<ColorMap>,
    pub(crate) bins: Option<usize>,
    /// Whether the horizontal and the vertical axis are logarithmic.
    pub(crate) log: (bool, bool),
}

type Draw = dyn Fn(&Options) -> Result<Scene, String> + Send;

enum Content {
    Drawn(Scene),
    /// Drawn when its size and labels are known.
    Chart(Box<Draw>),
}

impl Figure {
    /// Draws by hand on a canvas of this width and height in pixels.
    ///
    /// # Errors
    /// What the function returns.
    ///
    /// ```
    /// use mlplots::prelude::*;
    ///
    /// let figure = Figure::draw((640, 480), |canvas| {
    ///     let mut chart = ChartBuilder::on(canvas).caption("Loss", 24).build_cartesian_2d(0.0..1.0, 0.0..1.0)?;
    ///     chart.draw_series(LineSeries::new([(0.0, 1.0), (1.0, 0.2)], &BLUE))?;
    ///     Ok(())
    /// })?;
    /// assert!(figure.to_png(1.0)?.starts_with(b"\x89PNG"));
    /// # Ok::<(), mlplots::Error>(())
    /// ```
    pub fn draw(size: (u32, u32), draw: impl FnOnce(&Canvas) -> PlotResult) -> Result<Self, Error> {
        let recorder = Recorder::new(size);
        draw(&recorder.canvas())?;
        Ok(recorder.finish())
    }

    pub(crate) fn from_scene(scene: Scene) -> Self {
        Self {
            options: Options::default(),
            content: Content::Drawn(scene),
        }
    }

    /// A chart that is drawn later.
    pub(crate) fn chart(draw: impl Fn(&Options) -> Result<Scene, String> + Send + 'static) -> Self {
        Self {
            options: Options::default(),
            content: Content::Chart(Box::new(draw)),
        }
    }

    /// The title above the chart.
    pub fn title(mut self, title: impl Display) -> Self {
        self.options.title = Some(title.to_string());
        self
    }

    /// What the horizontal axis shows, with its unit.
    pub fn x_label(mut self, label: impl Display) -> Self {
        self.options.x_label = Some(label.to_string());
        self
    }

    /// What the vertical axis shows, with its unit.
    pub fn y_label(mut self, label: impl Display) -> Self {
        self.options.y_label = Some(label.to_string());
        self
    }

    /// Width and height in pixels at scale 1. Default: what `#[plot(size = …)]` says, else
    /// [`DEFAULT_SIZE`].
    pub fn size(mut self, size: (u32, u32)) -> Self {
        self.options.size = Some(size);
        self
    }

    /// The theme of a chart. Default: [`Theme::Default`].
    pub fn theme(mut self, theme: Theme) -> Self {
        self.options.theme = theme;
        self
    }

    /// Colours of a chart's series, in order, from the first again after the last; plotters'
    /// colours are colours too. Default: those of the theme.
    pub fn colors(mut self, colors: impl IntoIterator<Item: Into<Color>>) -> Self {
        self.options.colors = colors.into_iter().map(Into::into).collect();
        self
    }

    /// Colours of a heat map's values. Default: the chart's own. A chart without such colours is
    /// an error when it is drawn.
    pub fn color_map(mut self, map: ColorMap) -> Self {
        self.options.color_map = Some(map);
        self
    }

    /// Number of bins that values are counted in. Default: the chart's own rule. A chart that
    /// counts nothing is an error when it is drawn.
    pub fn bins(mut self, bins: usize) -> Self {
        self.options.bins = Some(bins);
        self
    }

    /// A logarithmic horizontal axis, for positive values.
    pub fn log_x(mut self) -> Self {
        self.options.log.0 = true;
        self
    }

    /// A logarithmic vertical axis, for positive values.
    pub fn log_y(mut self) -> Self {
        self.options.log.1 = true;
        self
    }

    /// The figure as a PNG file, `scale` pixels a unit: 2.0 for fine screens.
    ///
    /// # Errors
    /// What is wrong with the chart's data.
    pub fn to_png(&self, scale: f32) -> Result<Vec<u8>, Error> {
        self.scene()
            .and_then(|scene| to_png(&scene, scale))
            .map_err(Error::new)
    }

    /// The figure as SVG text.
    ///
    /// # Errors
    /// What is wrong with the chart's data.
    pub fn to_svg(&self) -> Result<String, Error> {
        self.scene()
            .map(|scene| svg::svg(&scene))
            .map_err(Error::new)
    }

    /// The figure as a PDF file of one page, 100 pixels an inch; letters are outlines.
    ///
    /// # Errors
    /// What is wrong with the chart's data.
    #[cfg(feature = "pdf")]
    pub fn to_pdf(&self) -> Result<Vec<u8>, Error> {
        self.encoded(Format::Pdf).map_err(Error::new)
    }

    /// Saves the figure; the extension is the format, `.png` or `.svg`, and with the feature `pdf`
    /// also `.pdf`.
    ///
    /// # Errors
    /// What is wrong with the chart's data, the extension is another, or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        let bytes = match path.extension().and_then(|extension| extension.to_str()) {
            Some("png") => self.encoded(Format::Png),
            Some("svg") => self.encoded(Format::Svg),
            Some("pdf") => self.encoded(Format::Pdf),
            _ => Err(format!(
                "`{}` does not end in `.png`, `.svg` or `.pdf`",
                path.display()
            )),
        };
        let bytes = bytes.map_err(Error::new)?;
        std::fs::write(path, bytes)
            .map_err(|why| Error::with_source(format!("could not save `{}`", path.display()), why))
    }

    fn or_size(mut self, size: (u32, u32)) -> Self {
        self.options.size.get_or_insert(size);
        self
    }

    fn encoded(&self, format: Format) -> Result<Vec<u8>, String> {
        format.encode(&self.scene()?)
    }

    fn scene(&self) -> Result<Scene, String> {
        match &self.content {
            Content::Drawn(scene) => Ok(scene.clone()),
            Content::Chart(draw) => draw(&self.options),
        }
    }
}

impl std::fmt::Debug for Figure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Figure")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

fn to_png(scene: &Scene, scale: f32) -> Result<Vec<u8>, String> {
    png::encode(&raster::raster(scene, scale)?, DPI * scale)
}
