//! Themes: the colours of a chart.

use super::scene::Color;

/// The colours of a chart's paper, panel, grid, text and series.
///
/// The series' colours are distinct for people with any colour vision (Okabe and Ito, *Color
/// Universal Design*, 2008, in the order and shades of seaborn's palette `colorblind`).
///
/// ```
/// use mlplots::prelude::*;
///
/// let figure = charts::histogram(&[1.0, 2.0, 2.5]).theme(Theme::Minimal);
/// assert!(figure.to_svg().is_ok());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Theme {
    /// A grey panel with a white grid on white paper.
    #[default]
    Default,
    /// A white panel with a light grey grid, and lines for the axes.
    Minimal,
    /// Light text on a dark background.
    Dark,
}

impl Theme {
    /// All themes.
    ///
    /// ```
    /// use mlplots::prelude::*;
    ///
    /// assert!(Theme::ALL.contains(&Theme::default()));
    /// ```
    pub const ALL: [Self; 3] = [Self::Default, Self::Minimal, Self::Dark];
}

/// The colours that a theme gives to the parts of a chart.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    /// The paper.
    pub(crate) background: Color,
    /// Behind the data.
    pub(crate) panel: Color,
    pub(crate) grid: Color,
    /// Text and reference lines.
    pub(crate) ink: Color,
    /// Boxes and bars behind the data.
    pub(crate) muted: Color,
    /// Lines of boxes, and of the legend.
    pub(crate) edge: Color,
    /// Lines at the left and the bottom of the panel.
    pub(crate) axis: Option<Color>,
    series: Vec<Color>,
}

const SERIES: [Color; 8] = [
    Color::rgb(1, 115, 178),
    Color::rgb(222, 143, 5),
    Color::rgb(2, 158, 115),
    Color::rgb(213, 94, 0),
    Color::rgb(204, 120, 188),
    Color::rgb(202, 145, 97),
    Color::rgb(86, 180, 233),
    Color::rgb(148, 148, 148),
];

const SERIES_ON_DARK: [Color; 8] = [
    Color::rgb(86, 180, 233),
    Color::rgb(240, 173, 48),
    Color::rgb(40, 190, 145),
    Color::rgb(240, 116, 66),
    Color::rgb(222, 148, 208),
    Color::rgb(214, 168, 128),
    Color::rgb(132, 158, 255),
    Color::rgb(170, 170, 170),
];

impl Look {
    pub(crate) fn new(theme: Theme, series: &[Color]) -> Self {
        let white = Color::rgb(255, 255, 255);
        let mut look = match theme {
            Theme::Default => Self {
                background: white,
                panel: Color::rgb(234, 234, 242),
                grid: white,
                ink: Color::rgb(38, 38, 38),
                muted: Color::rgb(211, 211, 211),
                edge: Color::rgb(70, 70, 70),
                axis: None,
                series: SERIES.to_vec(),
            },
            Theme::Minimal => Self {
                background: white,
                panel: white,
                grid: Color::rgb(228, 228, 228),
                ink: Color::rgb(38, 38, 38),
                muted: Color::rgb(226, 226, 226),
                edge: Color::rgb(70, 70, 70),
                axis: Some(Color::rgb(70, 70, 70)),
                series: SERIES.to_vec(),
            },
            Theme::Dark => Self {
                background: Color::rgb(24, 26, 32),
                panel: Color::rgb(34, 38, 47),
                grid: Color::rgb(56, 61, 73),
                ink: Color::rgb(226, 228, 233),
                muted: Color::rgb(74, 80, 94),
                edge: Color::rgb(190, 194, 203),
                axis: None,
                series: SERIES_ON_DARK.to_vec(),
            },
        };
        if !series.is_empty() {
            look.series = series.to_vec();
        }
        look
    }

    /// The colour of the series with this index; colours repeat after the last.
    pub(crate) fn color(&self, index: usize) -> Color {
        self.series[index % self.series.len()]
    }
}
