//! Colours for values.

use super::scene::Color;

/// Colours for the values of a heat map, from the minimum to the maximum.
///
/// ```
/// use mlplots::{Color, ColorMap};
///
/// assert_eq!(ColorMap::Viridis.at(0.0), Color::rgb(68, 1, 84));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ColorMap {
    /// From dark violet over green to yellow. Perceptually uniform, also in grey (van der Walt and
    /// Smith, *A Better Default Colormap for Matplotlib*, 2015; its values are in the public domain).
    Viridis,
    /// From black over violet and red to light yellow. Perceptually uniform (*magma*, by the same
    /// authors).
    Magma,
    /// From blue over grey to red, for values around a midpoint (Moreland, *Diverging Color Maps for
    /// Scientific Visualization*, 2009).
    Coolwarm,
    /// From nearly white to dark blue, with lightness that decreases uniformly.
    Blues,
}

const VIRIDIS: [(u8, u8, u8); 9] = [
    (68, 1, 84),
    (71, 44, 122),
    (59, 81, 139),
    (44, 113, 142),
    (33, 144, 141),
    (39, 173, 129),
    (92, 200, 99),
    (170, 220, 50),
    (253, 231, 37),
];

const MAGMA: [(u8, u8, u8); 9] = [
    (0, 0, 4),
    (28, 16, 68),
    (79, 18, 123),
    (129, 37, 129),
    (181, 54, 122),
    (229, 80, 100),
    (251, 135, 97),
    (254, 194, 135),
    (252, 253, 191),
];

const COOLWARM: [(u8, u8, u8); 9] = [
    (59, 76, 192),
    (98, 130, 234),
    (141, 176, 254),
    (184, 208, 249),
    (221, 221, 221),
    (245, 196, 173),
    (244, 154, 123),
    (222, 96, 77),
    (180, 4, 38),
];

const BLUES: [(u8, u8, u8); 9] = [
    (245, 249, 253),
    (221, 233, 246),
    (197, 217, 238),
    (163, 199, 226),
    (122, 177, 213),
    (84, 150, 196),
    (53, 121, 176),
    (28, 91, 152),
    (10, 62, 118),
];

impl ColorMap {
    /// The colour at a position from 0 to 1. A position outside has the colour of the nearest end.
    ///
    /// ```
    /// use mlplots::{Color, ColorMap};
    ///
    /// assert_eq!(ColorMap::Coolwarm.at(0.5), Color::rgb(221, 221, 221));
    /// assert_eq!(ColorMap::Coolwarm.at(7.0), ColorMap::Coolwarm.at(1.0));
    /// ```
    pub fn at(self, position: f64) -> Color {
        let stops = match self {
            Self::Viridis => &VIRIDIS,
            Self::Magma => &MAGMA,
            Self::Coolwarm => &COOLWARM,
            Self::Blues => &BLUES,
        };
        let scaled = position.clamp(0.0, 1.0) * (stops.len() - 1) as f64;
        let stop = (scaled.floor() as usize).min(stops.len() - 2);
        let share = scaled - stop as f64;
        let mix = |from: u8, to: u8| {
            (f64::from(from) + (f64::from(to) - f64::from(from)) * share).round() as u8
        };
        let ((r0, g0, b0), (r1, g1, b1)) = (stops[stop], stops[stop + 1]);
        Color::rgb(mix(r0, r1), mix(g0, g1), mix(b0, b1))
    }
}

impl Color {
    /// Whether white text reads better on it than dark text (relative luminance of sRGB, as
    /// seaborn's heat map decides).
    pub(crate) fn is_dark(self) -> bool {
        let linear = |channel: u8| {
            let share = f64::from(channel) / 255.0;
            if share <= 0.03928 {
                share / 12.92
            } else {
                ((share + 0.055) / 1.055).powf(2.4)
            }
        };
        let (r, g, b) = self.rgb;
        0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b) < 0.408
    }
}
