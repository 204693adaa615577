//! Colours and sizes of the default theme: a grey panel with a white grid, and a palette whose
//! colours people with any colour vision tell apart.

use crate::figure::Color;

/// The panel behind the data.
pub(super) const PANEL: Color = Color::rgb(234, 234, 242);
/// Its grid.
pub(super) const GRID: Color = Color::rgb(255, 255, 255);
/// Text.
pub(super) const INK: Color = Color::rgb(38, 38, 38);

/// Sizes of text in pixels: 14, 12 and 10 points at 100 dots an inch.
pub(super) const TITLE: f32 = 19.4;
pub(super) const LABEL: f32 = 16.7;
pub(super) const TICK: f32 = 13.9;

/// Colours of series, in order.
pub(super) const PALETTE: [Color; 8] = [
    Color::rgb(1, 115, 178),
    Color::rgb(222, 143, 5),
    Color::rgb(2, 158, 115),
    Color::rgb(213, 94, 0),
    Color::rgb(204, 120, 188),
    Color::rgb(202, 145, 97),
    Color::rgb(86, 180, 233),
    Color::rgb(148, 148, 148),
];

/// From blue over grey to red, for −1 to 1: nine stops of Moreland's diverging map (*Diverging
/// Color Maps for Scientific Visualization*, 2009).
pub(super) fn coolwarm(value: f64) -> Color {
    const STOPS: [(u8, u8, u8); 9] = [
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
    let place = (value.clamp(-1.0, 1.0) + 1.0) * 4.0;
    let stop = (place.floor() as usize).min(7);
    let share = place - stop as f64;
    let mix = |from: u8, to: u8| {
        (f64::from(from) + (f64::from(to) - f64::from(from)) * share).round() as u8
    };
    let ((r0, g0, b0), (r1, g1, b1)) = (STOPS[stop], STOPS[stop + 1]);
    Color::rgb(mix(r0, r1), mix(g0, g1), mix(b0, b1))
}

/// Whether white text reads better on a colour than dark text (relative luminance of sRGB, as
/// seaborn's heat map decides).
pub(super) fn is_dark(color: Color) -> bool {
    let linear = |channel: u8| {
        let share = f64::from(channel) / 255.0;
        if share <= 0.03928 {
            share / 12.92
        } else {
            ((share + 0.055) / 1.055).powf(2.4)
        }
    };
    let (r, g, b) = color.rgb;
    0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b) < 0.408
}
