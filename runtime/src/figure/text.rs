//! The embedded fonts, `DejaVu` Sans, so that every machine draws the same text.

use std::sync::{OnceLock, PoisonError, RwLock};

use ab_glyph::{Font, FontRef, Glyph, GlyphId, PxScale, ScaleFont, point};
use plotters::style::FontStyle;

use super::scene::{Align, Face, Level, Text};
use crate::error::Error;

const REGULAR: &[u8] = include_bytes!("../../fonts/DejaVuSans.ttf");
const BOLD: &[u8] = include_bytes!("../../fonts/DejaVuSans-Bold.ttf");
const OBLIQUE: &[u8] = include_bytes!("../../fonts/DejaVuSans-Oblique.ttf");

/// Height of a capital letter, and depth of letters below the baseline, in ems.
const CAP: f32 = 0.729;
const DESCENT: f32 = 0.236;

/// A font that the program registered.
#[derive(Clone)]
struct Own {
    family: String,
    bytes: &'static [u8],
    font: &'static FontRef<'static>,
}

static OWN: RwLock<Vec<Own>> = RwLock::new(Vec::new());

/// Registers a TrueType or OpenType font of the program for all figures that are drawn later. Text on
/// a [`Canvas`](crate::Canvas) selects it by its family. Letters that the embedded font does not
/// have, such as Chinese and Japanese ones, are taken from the registered fonts in the order of
/// registration; letters that no font has are drawn as boxes.
///
/// # Errors
/// `font` is not a font.
///
/// ```no_run
/// # const FONT: &[u8] = &[];
/// // const FONT: &[u8] = include_bytes!("../fonts/NotoSansJP-Regular.ttf");
/// mlplots::register_font("Noto Sans JP", FONT)?;
/// # Ok::<(), mlplots::Error>(())
/// ```
pub fn register_font(family: &str, font: &'static [u8]) -> Result<(), Error> {
    let read = FontRef::try_from_slice(font)
        .map_err(|_| Error::new(format!("the bytes of `{family}` are not a font")))?;
    for style in [
        FontStyle::Normal,
        FontStyle::Bold,
        FontStyle::Italic,
        FontStyle::Oblique,
    ] {
        // These bytes have just been read as a font.
        let _ = plotters::style::register_font(family, style, font);
    }
    let mut own = OWN.write().unwrap_or_else(PoisonError::into_inner);
    let known = own.iter_mut().find(|known| known.family == family);
    if known
        .as_ref()
        .is_some_and(|known| std::ptr::eq(known.bytes, font))
    {
        return Ok(());
    }
    let new = Own {
        family: family.to_owned(),
        bytes: font,
        // A font is needed until the program ends.
        font: Box::leak(Box::new(read)),
    };
    // Recorded figures refer to fonts by their index, so it must not change.
    match known {
        Some(known) => *known = new,
        None => own.push(new),
    }
    Ok(())
}

/// A registered font by its family.
pub(crate) fn registered(family: &str) -> Option<Face> {
    let own = OWN.read().unwrap_or_else(PoisonError::into_inner);
    own.iter()
        .position(|known| known.family == family)
        .map(Face::Own)
}

/// The family of a registered font.
pub(crate) fn family(face: Face) -> Option<String> {
    let Face::Own(place) = face else { return None };
    let own = OWN.read().unwrap_or_else(PoisonError::into_inner);
    own.get(place).map(|known| known.family.clone())
}

/// The bytes of an embedded face.
pub(crate) fn bytes(face: Face) -> &'static [u8] {
    match face {
        Face::Regular | Face::Own(_) => REGULAR,
        Face::Bold => BOLD,
        Face::Oblique => OBLIQUE,
    }
}

/// A face, read once.
fn font(face: Face) -> &'static FontRef<'static> {
    static FONTS: [OnceLock<FontRef<'static>>; 3] = [const { OnceLock::new() }; 3];
    let place = match face {
        Face::Regular => 0,
        Face::Bold => 1,
        Face::Oblique => 2,
        Face::Own(place) => {
            let own = OWN.read().unwrap_or_else(PoisonError::into_inner);
            return own
                .get(place)
                .map_or_else(|| font(Face::Regular), |known| known.font);
        }
    };
    FONTS[place]
        .get_or_init(|| FontRef::try_from_slice(bytes(face)).expect("the embedded fonts are whole"))
}

/// The font that has a letter: the face itself, or else one of those registered. What no font has
/// becomes a box.
fn found(letter: char, face: &'static FontRef<'static>) -> (&'static FontRef<'static>, GlyphId) {
    const BOX: char = '□';
    let has = |font: &'static FontRef<'static>| {
        let id = font.glyph_id(letter);
        (id.0 != 0).then_some((font, id))
    };
    let registered = || {
        let own = OWN.read().unwrap_or_else(PoisonError::into_inner);
        own.iter().find_map(|known| has(known.font))
    };
    has(face).or_else(registered).unwrap_or_else(|| {
        let regular = font(Face::Regular);
        (regular, regular.glyph_id(BOX))
    })
}

/// `ab_glyph`'s scale is the height from ascent to descent; this is that of an em.
fn scale(font: &FontRef<'_>, em: f32) -> PxScale {
    let units = font.units_per_em().unwrap_or(2048.0);
    PxScale::from(em * font.height_unscaled() / units)
}

/// A letter of a line, with the font that has it.
pub(crate) struct Letter {
    pub(crate) font: &'static FontRef<'static>,
    pub(crate) glyph: Glyph,
}

/// Letters of a line whose baseline begins at the origin.
pub(crate) fn letters(text: &str, em: f32, face: Face) -> Vec<Letter> {
    lay_out(text, em, face).0
}

/// Width of a line of text.
pub(crate) fn width(text: &str, em: f32, face: Face) -> f32 {
    lay_out(text, em, face).1
}

fn lay_out(text: &str, em: f32, face: Face) -> (Vec<Letter>, f32) {
    let face = font(face);
    let mut previous: Option<(&FontRef<'_>, GlyphId)> = None;
    let mut x = 0.0;
    let mut letters = Vec::with_capacity(text.len());
    // Joiners and variation selectors change the letters around them, and are none themselves.
    let invisible = |letter: &char| matches!(letter, '\u{200b}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}');
    for letter in text.chars().filter(|letter| !invisible(letter)) {
        let (font, id) = found(letter, face);
        let scale = scale(font, em);
        let scaled = font.as_scaled(scale);
        if let Some((before, last)) = previous.replace((font, id))
            && std::ptr::eq(before, font)
        {
            x += scaled.kern(last, id);
        }
        let glyph = id.with_scale_and_position(scale, point(x, 0.0));
        letters.push(Letter { font, glyph });
        x += scaled.h_advance(id);
    }
    (letters, x)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_font_that_is_registered_again_keeps_its_index() {
        register_font("First", REGULAR).expect("a font");
        register_font("Second", BOLD).expect("a font");
        let before = (registered("First"), registered("Second"));
        let first = || font(registered("First").expect("it is registered"));
        let read = std::ptr::from_ref(first());
        register_font("First", REGULAR).expect("a font");
        assert!(
            std::ptr::eq(first(), read),
            "the same bytes are not read again"
        );
        register_font("First", OBLIQUE).expect("a font");
        assert_eq!((registered("First"), registered("Second")), before);
        assert!(!std::ptr::eq(first(), read));
    }

    #[test]
    fn what_no_font_has_is_a_box_and_not_lost() {
        assert_ne!(font(Face::Regular).glyph_id('□').0, 0);
        let (box_of, two) = (
            letters("□", 10.0, Face::Regular),
            letters("日本", 10.0, Face::Regular),
        );
        assert_eq!((two.len(), two[1].glyph.id), (2, box_of[0].glyph.id));
        assert!(width("日本", 10.0, Face::Regular) > 10.0);
        assert!(register_font("none", b"not a font").is_err());
    }
}
