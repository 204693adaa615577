//! Writes a scene as SVG, with real text of measured widths and no references to other files.

use std::fmt::Write as _;

use super::scene::{Align, Color, Face, Point, Scene, Shape, Text};
use super::text;

/// Writes a scene as SVG.
pub(crate) fn svg(scene: &Scene) -> String {
    let (width, height) = (scene.width, scene.height);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"'DejaVu Sans', Verdana, sans-serif\">\n"
    );
    let _ = writeln!(
        out,
        "<rect width=\"100%\" height=\"100%\" {}/>",
        fill(scene.background)
    );
    for (number, shape) in scene.shapes.iter().enumerate() {
        draw(&mut out, shape, number);
    }
    out.push_str("</svg>\n");
    out
}

fn draw(out: &mut String, shape: &Shape, number: usize) {
    // Writing to a String cannot fail.
    let _ = match shape {
        Shape::Rect {
            from,
            to,
            fill: color,
        } => {
            let (x, y) = (from.0.min(to.0), from.1.min(to.1));
            let (w, h) = ((from.0 - to.0).abs(), (from.1 - to.1).abs());
            writeln!(
                out,
                "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" {}/>",
                number_of(x),
                number_of(y),
                number_of(w),
                number_of(h),
                fill(*color)
            )
        }
        Shape::Line {
            points,
            color,
            width,
            dash,
        } => {
            let dash = dash.map_or_else(String::new, |(on, off)| {
                format!(" stroke-dasharray=\"{on} {off}\"")
            });
            writeln!(
                out,
                "<path d=\"{}\" fill=\"none\" stroke-linejoin=\"round\" {}{dash}/>",
                path(points),
                stroke(*color, *width)
            )
        }
        Shape::Area {
            points,
            fill: color,
        } => writeln!(
            out,
            "<path d=\"{}Z\" fill-rule=\"evenodd\" {}/>",
            path(points),
            fill(*color)
        ),
        Shape::Discs {
            centers,
            radius,
            fill: inside,
            edge,
        } => {
            let inside = inside.map_or_else(|| "fill=\"none\"".to_owned(), fill);
            let edge = edge.map_or_else(String::new, |(color, width)| stroke(color, width));
            let _ = writeln!(
                out,
                "<defs><circle id=\"d{number}\" r=\"{}\" {inside} {edge}/></defs>",
                number_of(*radius)
            );
            for (x, y) in centers
                .iter()
                .filter(|p| p.0.is_finite() && p.1.is_finite())
            {
                let _ = write!(
                    out,
                    "<use href=\"#d{number}\" x=\"{}\" y=\"{}\"/>",
                    number_of(*x),
                    number_of(*y)
                );
            }
            writeln!(out)
        }
        Shape::Text(text) => writeln!(out, "{}", write_text(text)),
        Shape::Image {
            from,
            to,
            width,
            height,
            rgba,
        } => {
            let png = super::png::write(*width, *height, png::ColorType::Rgba, rgba);
            writeln!(
                out,
                "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" href=\"data:image/png;base64,{}\"/>",
                number_of(from.0),
                number_of(from.1),
                number_of(to.0 - from.0),
                number_of(to.1 - from.1),
                base64(&png.unwrap_or_default())
            )
        }
    };
}

fn write_text(text: &Text) -> String {
    let (_, dy) = text.offset();
    let width = text::width(&text.line, text.em, text.face);
    let anchor = match text.align {
        Align::Start => "start",
        Align::Middle => "middle",
        Align::End => "end",
    };
    // `text-anchor` aligns the text; `textLength` keeps the measured width in another font.
    let turn = match text.turns % 4 {
        0 => String::new(),
        turns => format!(" rotate({})", u32::from(turns) * 90),
    };
    let style = match text.face {
        Face::Regular => String::new(),
        Face::Bold => " font-weight=\"bold\"".to_owned(),
        Face::Oblique => " font-style=\"oblique\"".to_owned(),
        own @ Face::Own(_) => text::family(own).map_or_else(String::new, |family| {
            format!(" font-family=\"{}\"", escaped(&family))
        }),
    };
    format!(
        "<text transform=\"translate({} {}){turn}\" y=\"{}\" font-size=\"{}\" text-anchor=\"{anchor}\" \
         textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\"{style} {}>{}</text>",
        number_of(text.at.0),
        number_of(text.at.1),
        number_of(dy),
        number_of(text.em),
        number_of(width),
        fill(text.color),
        escaped(&text.line)
    )
}

/// A number with at most two decimals and no trailing zeros.
fn number_of(value: f32) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".to_owned()
    } else {
        text.to_owned()
    }
}

/// Path data. A point that is not a number makes a gap.
fn path(points: &[Point]) -> String {
    let mut data = String::new();
    let mut down = false;
    for (x, y) in points {
        if !(x.is_finite() && y.is_finite()) {
            down = false;
            continue;
        }
        let _ = write!(
            data,
            "{}{} {}",
            if down { 'L' } else { 'M' },
            number_of(*x),
            number_of(*y)
        );
        down = true;
    }
    data
}

fn fill(color: Color) -> String {
    let (r, g, b) = color.rgb;
    let opacity = if color.alpha < 1.0 {
        format!(" fill-opacity=\"{}\"", number_of(color.alpha))
    } else {
        String::new()
    };
    format!("fill=\"#{r:02x}{g:02x}{b:02x}\"{opacity}")
}

fn stroke(color: Color, width: f32) -> String {
    let (r, g, b) = color.rgb;
    let opacity = if color.alpha < 1.0 {
        format!(" stroke-opacity=\"{}\"", number_of(color.alpha))
    } else {
        String::new()
    };
    format!(
        "stroke=\"#{r:02x}{g:02x}{b:02x}\" stroke-width=\"{}\"{opacity}",
        number_of(width)
    )
}

/// Escapes text for XML, which cannot represent most control characters.
fn escaped(text: &str) -> String {
    let is_none = |c: char| matches!(c, '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\u{fffe}' | '\u{ffff}');
    text.replace(is_none, "\u{fffd}")
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    bytes
        .chunks(3)
        .flat_map(|chunk| {
            let word = chunk
                .iter()
                .fold(0_u32, |word, byte| word << 8 | u32::from(*byte))
                << (8 * (3 - chunk.len()));
            (0..4).map(move |place| {
                if place > chunk.len() {
                    '='
                } else {
                    char::from(LETTERS[(word >> (18 - 6 * place)) as usize & 63])
                }
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn text_holds_what_xml_can_write() {
        assert_eq!(
            escaped("a<b>&\"\u{0}\u{8}\u{1b}\u{ffff}\té\n"),
            "a&lt;b&gt;&amp;&quot;\u{fffd}\u{fffd}\u{fffd}\u{fffd}\té\n"
        );
    }
}
