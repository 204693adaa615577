//! Pixels to a PNG file.

use png::{BitDepth, ColorType, Compression, Encoder, PixelDimensions, Unit};
use tiny_skia::Pixmap;

/// Encodes an opaque picture; `dpi` is what viewers and word processors size it by.
pub(crate) fn encode(pixmap: &Pixmap, dpi: f32) -> Result<Vec<u8>, String> {
    let rgb: Vec<u8> = pixmap
        .data()
        .chunks_exact(4)
        .flat_map(|pixel| [pixel[0], pixel[1], pixel[2]])
        .collect();
    write(
        pixmap.width(),
        pixmap.height(),
        ColorType::Rgb,
        &rgb,
        Some(dpi),
    )
}

/// Encodes 8-bit samples.
pub(crate) fn write(
    width: u32,
    height: u32,
    color: ColorType,
    samples: &[u8],
    dpi: Option<f32>,
) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, width, height);
    encoder.set_color(color);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Fast);
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
    writer.write_image_data(samples).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}
