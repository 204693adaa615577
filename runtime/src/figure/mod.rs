//! Figures: drawn once, written in any format, with the same bytes on every machine.

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

/// Pixels per inch at scale 1, in the metadata of PNG files.
const DPI: f32 = 100.0;

/// A drawing that can be written as PNG, SVG and, with the feature `pdf`, PDF.
///
/// The functions of [`charts`](crate::charts) return figures; [`Figure::draw`] makes one by hand.
/// The options (title, labels, colours …) are those of a chart; they have no effect on a figure that
/// was drawn by hand.
///
/// ```
/// use mlplots::prelude::*;
///
/// let figure = charts::histogram(&[1.0, 2.0, 2.5, 4.0])
///     .title("Weights of apples")
///     .x_label("weight (g)")
///     .bins(3);
/// assert!(figure.to_svg()?.contains("Weights of apples"));
/// # Ok::<(), mlplots::Error>(())
/// ```
#[must_use = "a figure does nothing until it is returned, saved or logged"]
pub struct Figure {
    options: Options,
    content: Content,
}

/// The options of a chart.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    pub(crate) title: Option<String>,
    pub(crate) x_label: Option<String>,
    pub(crate) y_label: Option<String>,
    pub(crate) size: Option<(u32, u32)>,
    pub(crate) theme: Theme,
    /// Colours of the series; if empty, those of the theme.
    pub(crate) colors: Vec<Color>,
    pub(crate) color_map: Option<ColorMap>,
    pub(crate) bins: Option<usize>,
    /// Whether the horizontal and the vertical axis are logarithmic.
    pub(crate) log: (bool, bool),
}

type Draw = dyn Fn(&Options) -> Result<Scene, String> + Send;

enum Content {
    Drawn(Scene),
    /// Drawn when its options are known.
    Chart(Box<Draw>),
}

impl Figure {
    /// Draws by hand on a canvas of this width and height in pixels.
    ///
    /// # Errors
    /// The error that the function returns.
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

    /// Sets the title above the chart. Default: none.
    ///
    /// ```
    /// use mlplots::prelude::*;
    /// let figure = charts::histogram(&[1.0, 2.0, 2.5]).title("Weights of apples");
    /// assert!(figure.to_svg()?.contains("Weights of apples"));
    /// # Ok::<(), mlplots::Error>(())
    /// ```
    pub fn title(mut self, title: impl Display) -> Self {
        self.options.title = Some(title.to_string());
        self
    }

    /// Sets the label of the horizontal axis: the quantity and its unit. Default: the chart's own.
    ///
    /// ```
    /// use mlplots::prelude::*;
    /// let figure = charts::histogram(&[1.0, 2.0, 2.5]).x_label("weight (g)");
    /// assert!(figure.to_svg()?.contains("weight (g)"));
    /// # Ok::<(), mlplots::Error>(())
    /// ```
    pub fn x_label(mut self, label: impl Display) -> Self {
        self.options.x_label = Some(label.to_string());
        self
    }

    /// Sets the label of the vertical axis: the quantity and its unit. Default: the chart's own.
    ///
    /// ```
    /// use mlplots::prelude::*;
    /// let figure = charts::histogram(&[1.0, 2.0, 2.5]).y_label("apples");
    /// assert!(figure.to_svg()?.contains("apples"));
    /// # Ok::<(), mlplots::Error>(())
    /// ```
    pub fn y_label(mut self, label: impl Display) -> Self {
        self.options.y_label = Some(label.to_string());
        self
    }

    /// Sets the width and height in pixels at scale 1. Default: those of `#[plot(size = …)]`, else
    /// [`DEFAULT_SIZE`].
    ///
    /// ```
    /// use mlplots::prelude::*;
    /// let figure = charts::histogram(&[1.0, 2.0, 2.5]).size((640, 480));
    /// assert!(figure.to_svg()?.contains(r#"width="640" height="480""#));
    /// # Ok::<(), mlplots::Error>(())
    /// ```
    pub fn size(mut self, size: (u32, u32)) -> Self {
        self.options.size = Some(size);
        self
    }

    /// Sets the theme of a chart. Default: [`Theme::Default`].
    ///
    /// ```
    /// use mlplots::prelude::*;
    /// let figure = charts::histogram(&[1.0, 2.0, 2.5]);
    /// let light = figure.to_svg()?;
    /// assert_ne!(figure.theme(Theme::Dark).to_svg()?, light);
    /// # Ok::<(), mlplots::Error>(())
    /// ```
    pub fn theme(mut self, theme: Theme) -> Self {
        self.options.theme = theme;
        self
    }

    /// Sets the colours of a chart's series, in their order; they repeat after the last. plotters'
    /// colours are accepted. Default: those of the theme.
    ///
    /// ```
    /// use mlplots::prelude::*;
    /// use mlplots::Color;
    ///
    /// let colors = [Color::rgb(1, 115, 178), RED.into()];
    /// let figure = charts::histogram(&[1.0, 2.0, 2.5]).colors(colors);
    /// assert!(figure.to_svg()?.contains("#0173b2"));
    /// # Ok::<(), mlplots::Error>(())
    /// ```
    pub fn colors(mut self, colors: impl IntoIterator<Item: Into<Color>>) -> Self {
        self.options.colors = colors.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the colours of a heat map's values. Default: the chart's own. Drawing fails if the chart
    /// has no colour map.
    ///
    /// ```
    /// use mlplots::prelude::*;
    /// use mlplots::ColorMap;
    ///
    /// let figure = charts::histogram(&[1.0, 2.0, 2.5]).color_map(ColorMap::Magma);
    /// assert!(figure.to_svg().is_err());
    /// ```
    pub fn color_map(mut self, map: ColorMap) -> Self {
        self.options.color_map = Some(map);
        self
    }

    /// Sets the number of bins of a histogram. Default: the chart's own rule. Drawing fails if the
    /// chart has no bins.
    ///
    /// ```
    /// use mlplots::prelude::*;
    /// let values: Vec<f64> = (0..100).map(f64::from).collect();
    /// let figure = charts::histogram(&values).bins(5);
    /// assert!(figure.to_svg().is_ok());
    /// ```
    pub fn bins(mut self, bins: usize) -> Self {
        self.options.bins = Some(bins);
        self
    }

    /// Makes the horizontal axis logarithmic. Its values must be positive.
    ///
    /// ```
    /// use mlplots::prelude::*;
    /// let figure = charts::scatter(&[1.0, 10.0, 100.0], &[3.0, 2.0, 1.0]).log_x();
    /// assert!(figure.to_svg().is_ok());
    /// ```
    pub fn log_x(mut self) -> Self {
        self.options.log.0 = true;
        self
    }

    /// Makes the vertical axis logarithmic. Its values must be positive.
    ///
    /// ```
    /// use mlplots::prelude::*;
    /// let figure = charts::scatter(&[1.0, 2.0, 3.0], &[1.0, 0.1, 0.01]).log_y();
    /// assert!(figure.to_svg().is_ok());
    /// ```
    pub fn log_y(mut self) -> Self {
        self.options.log.1 = true;
        self
    }

    /// Encodes the figure as a PNG file with `scale` times its size in pixels: 2.0 for screens of
    /// high resolution.
    ///
    /// # Errors
    /// The chart's data or options are invalid, or the image has too many pixels.
    ///
    /// ```
    /// use mlplots::prelude::*;
    /// let png = charts::histogram(&[1.0, 2.0, 2.5]).to_png(2.0)?;
    /// assert!(png.starts_with(b"\x89PNG"));
    /// # Ok::<(), mlplots::Error>(())
    /// ```
    pub fn to_png(&self, scale: f32) -> Result<Vec<u8>, Error> {
        self.scene()
            .and_then(|scene| to_png(&scene, scale))
            .map_err(Error::new)
    }

    /// Encodes the figure as SVG text.
    ///
    /// # Errors
    /// The chart's data or options are invalid.
    ///
    /// ```
    /// use mlplots::prelude::*;
    /// let svg = charts::histogram(&[1.0, 2.0, 2.5]).to_svg()?;
    /// assert!(svg.starts_with("<svg"));
    /// # Ok::<(), mlplots::Error>(())
    /// ```
    pub fn to_svg(&self) -> Result<String, Error> {
        self.scene()
            .map(|scene| svg::svg(&scene))
            .map_err(Error::new)
    }

    /// Encodes the figure as a PDF file of one page, with 100 pixels per inch. Text is written as
    /// outlines.
    ///
    /// # Errors
    /// The chart's data or options are invalid.
    ///
    /// ```
    /// use mlplots::prelude::*;
    /// let pdf = charts::histogram(&[1.0, 2.0, 2.5]).to_pdf()?;
    /// assert!(pdf.starts_with(b"%PDF"));
    /// # Ok::<(), mlplots::Error>(())
    /// ```
    #[cfg(feature = "pdf")]
    pub fn to_pdf(&self) -> Result<Vec<u8>, Error> {
        self.encoded(Format::Pdf).map_err(Error::new)
    }

    /// Saves the figure. The extension selects the format: `.png`, `.svg` or, with the feature `pdf`,
    /// `.pdf`.
    ///
    /// # Errors
    /// The chart's data or options are invalid, the extension is another one, or the file cannot be
    /// written.
    ///
    /// ```no_run
    /// use mlplots::prelude::*;
    ///
    /// charts::histogram(&[1.0, 2.0, 2.5]).save("weights.png")?;
    /// # Ok::<(), mlplots::Error>(())
    /// ```
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
