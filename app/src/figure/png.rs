//! The page as a PNG file: its pixels, its resolution, the preset in a text chunk.

use egui::ColorImage;
use image::ImageEncoder as _;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};

use super::page::{Page, Run};
use crate::files::embedded_preset;

/// Meters in an inch.
const METERS_PER_INCH: f64 = 0.0254;

pub(super) fn encode(page: &Page, run: &Run, preset: Option<&str>) -> Vec<u8> {
    let size = page.size() * run.pixels_per_point;
    let size = [size.x.round() as usize, size.y.round() as usize];
    let (shapes, scale) = (run.shapes.clone(), run.pixels_per_point);
    let picture = run.rasterizer.picture(&run.ctx, shapes, size, scale);
    let bytes = encode_image(&picture);
    let pixels_per_meter = (f64::from(page.dpi) / METERS_PER_INCH).round() as u32;
    let mut resolution = Vec::new();
    resolution.extend_from_slice(&pixels_per_meter.to_be_bytes());
    resolution.extend_from_slice(&pixels_per_meter.to_be_bytes());
    resolution.push(1); // the unit is the meter
    let mut chunks = chunk(*b"pHYs", &resolution);
    if let Some(preset) = preset {
        chunks.extend(chunk(*b"iTXt", &embedded_preset::png_text(preset)));
    }
    with_chunks(bytes, &chunks)
}

/// A picture as PNG bytes.
pub(super) fn encode_image(image: &ColorImage) -> Vec<u8> {
    let [width, height] = image.size;
    let opaque = image.pixels.iter().all(egui::Color32::is_opaque);
    let mut out = Vec::new();
    let encoder =
        PngEncoder::new_with_quality(&mut out, CompressionType::Default, FilterType::Adaptive);
    let written = if opaque {
        let bytes: Vec<u8> = image
            .pixels
            .iter()
            .flat_map(|pixel| [pixel.r(), pixel.g(), pixel.b()])
            .collect();
        encoder.write_image(
            &bytes,
            width as u32,
            height as u32,
            image::ExtendedColorType::Rgb8,
        )
    } else {
        let bytes: Vec<u8> = image
            .pixels
            .iter()
            .flat_map(egui::Color32::to_srgba_unmultiplied)
            .collect();
        encoder.write_image(
            &bytes,
            width as u32,
            height as u32,
            image::ExtendedColorType::Rgba8,
        )
    };
    written.expect("a picture of checked size is written to memory");
    out
}

/// One chunk of a PNG file: length, kind, body, checksum.
fn chunk(kind: [u8; 4], body: &[u8]) -> Vec<u8> {
    let mut out = (body.len() as u32).to_be_bytes().to_vec();
    let checked: Vec<u8> = kind.iter().chain(body).copied().collect();
    out.extend_from_slice(&checked);
    out.extend_from_slice(&crc32fast::hash(&checked).to_be_bytes());
    out
}

/// Chunks put behind the header, which is 8 bytes of signature and 25 bytes of the first chunk.
fn with_chunks(mut file: Vec<u8>, chunks: &[u8]) -> Vec<u8> {
    const AFTER_HEADER: usize = 33;
    file.splice(AFTER_HEADER..AFTER_HEADER, chunks.iter().copied());
    file
}
