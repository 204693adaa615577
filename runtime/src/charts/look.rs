//! Sizes of text in pixels: 14, 12 and 10 points at 100 dots an inch.

pub(super) const TITLE: f32 = 19.4;
pub(super) const LABEL: f32 = 16.7;
pub(super) const TICK: f32 = 13.9;
