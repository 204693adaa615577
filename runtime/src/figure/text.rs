//! The embedded fonts: `DejaVu` Sans, so that a machine without fonts draws the same.

use std::sync::OnceLock;

use ab_glyph::{Font, FontRef, Glyph, PxScale, ScaleFont, point};

use super::scene::{Align, Face, Level, Text};

const REGULAR: &[u8] = include_bytes!("../../fonts/DejaVuSans.ttf");
const BOLD: &[u8] = include_bytes!("../../fonts/DejaVuSans-Bold.ttf");
const OBLIQUE: &[u8] = include_bytes!("../../fonts/DejaVuSans-Oblique.ttf");

/// Height of a capital letter, and how far letters reach below the line, in ems.
const CAP: f32 = 0.729;
const DESCENT: f32 = 0.236;

/// The bytes of a face.
pub(crate) fn bytes(face: Face) -> &'static [u8] {
    match face {
        Face::Regular => REGULAR,
        Face::Bold => BOLD,
        Face::Oblique => OBLIQUE,
    }
}

/// A face, read once.
pub(crate) fn font(face: Face) -> &'static FontRef<'static> {
    static FONTS: [OnceLock<FontRef<'static>>; 3] = [const { OnceLock::new() }; 3];
    FONTS[face as usize]
        .get_or_init(|| FontRef::try_from_slice(bytes(face)).expect("the embedded fonts are whole"))
}

/// `ab_glyph`'s scale is the height from ascent to descent; this is that of an em.
fn scale(font: &FontRef<'_>, em: f32) -> PxScale {
    let units = font.units_per_em().unwrap_or(2048.0);
    PxScale::from(em * font.height_unscaled() / units)
}

/// Width of a line of text.
pub(crate) fn width(text: &str, em: f32, face: Face) -> f32 {
    let font = font(face);
    let scaled = font.as_scaled(scale(font, em));
    let mut previous = None;
    text.chars().fold(0.0, |width, letter| {
        let id = scaled.glyph_id(letter);
        let kern = previous
            .replace(id)
            .map_or(0.0, |before| scaled.kern(before, id));
        width + kern + scaled.h_advance(id)
    })
}

/// Glyphs of a line whose baseline begins at the origin.
pub(crate) fn glyphs(text: &str, em: f32, face: Face) -> Vec<Glyph> {
    let font = font(face);
    let scale = scale(font, em);
    let scaled = font.as_scaled(scale);
    let mut previous = None;
    let mut x = 0.0;
    text.chars()
        .map(|letter| {
            let id = scaled.glyph_id(letter);
            x += previous
                .replace(id)
                .map_or(0.0, |before| scaled.kern(before, id));
            let glyph = id.with_scale_and_position(scale, point(x, 0.0));
            x += scaled.h_advance(id);
            glyph
        })
        .collect()
}

impl Text {
    /// From its point to where its baseline begins, before it is turned.
    pub(crate) fn offset(&self) -> (f32, f32) {
        let width = width(&self.line, self.em, self.face);
        let x = match self.align {
            Align::Start => 0.0,
            Align::Middle => -width / 2.0,
            Align::End => -width,
        };
        let y = match self.level {
            Level::Top => CAP * self.em,
            Level::Middle => CAP * self.em / 2.0,
            Level::Baseline => 0.0,
            Level::Bottom => -DESCENT * self.em,
        };
        (x, y)
    }
}
