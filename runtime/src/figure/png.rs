//! Encodes pixels as PNG files.

use std::io::{self, Write};

use png::{BitDepth, ColorType, Compression, Encoder, Filter, PixelDimensions, Unit};
use tiny_skia::Pixmap;

/// Encodes an opaque picture. Viewers and word processors derive its size from `dpi`.
pub(crate) fn encode(pixmap: &Pixmap, dpi: f32) -> Result<Vec<u8>, String> {
    let (width, height) = (pixmap.width(), pixmap.height());
    let rows = pixmap.data().chunks_exact(width as usize * 4);
    write_rows((width, height), ColorType::Rgb, Some(dpi), |stream| {
        let mut row = vec![0; width as usize * 3];
        for pixels in rows {
            for (target, pixel) in row.chunks_exact_mut(3).zip(pixels.chunks_exact(4)) {
                target.copy_from_slice(&pixel[..3]);
            }
            stream.write_all(&row)?;
        }
        Ok(())
    })
}

/// Encodes 8-bit samples.
pub(crate) fn write(
    width: u32,
    height: u32,
    color: ColorType,
    samples: &[u8],
) -> Result<Vec<u8>, String> {
    write_rows((width, height), color, None, |stream| {
        stream.write_all(samples)
    })
}

/// Encodes row by row, so that the picture is not copied.
fn write_rows(
    (width, height): (u32, u32),
    color: ColorType,
    dpi: Option<f32>,
    rows: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<Vec<u8>, String> {
    const CHUNK: usize = 64 * 1024;
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, width, height);
    encoder.set_color(color);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Fast);
    // To try every filter for each row takes half as long again, and saves one percent of the size.
    encoder.set_filter(Filter::Paeth);
    encoder.set_pixel_dims(dpi.map(|dpi| {
        let per_meter = (dpi / 0.0254).round() as u32;
        PixelDimensions {
            xppu: per_meter,
            yppu: per_meter,
            unit: Unit::Meter,
        }
    }));
    let failed = |why: png::EncodingError| format!("the PNG could not be encoded: {why}");
    let mut writer = encoder.write_header().map_err(failed)?;
    let mut stream = writer.stream_writer_with_size(CHUNK).map_err(failed)?;
    rows(&mut stream).map_err(|why| failed(why.into()))?;
    stream.finish().map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}

/// Adds texts to the picture, which viewers show as its properties.
pub(crate) fn with_texts(png: &[u8], texts: &[(&str, &str)]) -> Vec<u8> {
    // The last chunk, `IEND`, has twelve bytes and no content.
    let end = png.len().saturating_sub(12);
    let mut bytes = png[..end].to_vec();
    for (keyword, text) in texts {
        // `tEXt` is Latin-1; `iTXt` is UTF-8, with four bytes for no compression and no language.
        let (kind, between): (_, &[u8]) = if text.is_ascii() {
            (b"tEXt", &[0])
        } else {
            (b"iTXt", &[0; 5])
        };
        let content = [keyword.as_bytes(), between, text.as_bytes()].concat();
        let checked = [kind.as_slice(), &content].concat();
        bytes.extend((content.len() as u32).to_be_bytes());
        bytes.extend(&checked);
        bytes.extend(crc32fast::hash(&checked).to_be_bytes());
    }
    bytes.extend(&png[end..]);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_back_and_the_pixels_stay() {
        let samples = [7, 8, 9, 10, 11, 12];
        let plain = write(2, 1, ColorType::Rgb, &samples).expect("a PNG");
        let texts = [("Source", "src/plots.rs:12"), ("Title", "Größe")];
        let signed = with_texts(&plain, &texts);
        let decoder = png::Decoder::new(std::io::Cursor::new(&signed));
        let mut reader = decoder.read_info().expect("it is read");
        let mut pixels = vec![0; 6];
        reader.next_frame(&mut pixels).expect("pixels");
        reader.finish().expect("the end");
        assert_eq!(pixels, samples);
        let info = reader.info();
        assert_eq!(info.uncompressed_latin1_text[0].text, "src/plots.rs:12");
        assert_eq!(info.utf8_text[0].get_text().expect("UTF-8"), "Größe");
    }
}
