//! The page as a bitmap: the tessellated shapes filled triangle by triangle, as a graphics card would.

use egui::epaint::{ClippedPrimitive, Mesh, Primitive, Vertex};
use egui::{Color32, ColorImage, Rect, pos2};
use image::ImageEncoder as _;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};

use super::embedded;
use super::page::{Page, Run};

/// Meters in an inch.
const METERS_PER_INCH: f64 = 0.0254;

pub(super) fn encode(page: &Page, run: &Run, preset: Option<&str>) -> Vec<u8> {
    let size = page.size() * run.pixels_per_point;
    let size = [size.x.round() as usize, size.y.round() as usize];
    let mut canvas = Canvas {
        size,
        pixels: vec![[0.0; 4]; size[0] * size[1]],
    };
    run.ctx
        .options_mut(|options| options.tessellation_options.feathering = true);
    for primitive in run.ctx.tessellate(run.shapes.clone(), run.pixels_per_point) {
        canvas.primitive(&primitive, run);
    }
    let bytes = encode_image(&canvas.image());
    let pixels_per_meter = (f64::from(page.dpi) / METERS_PER_INCH).round() as u32;
    let mut resolution = Vec::new();
    resolution.extend_from_slice(&pixels_per_meter.to_be_bytes());
    resolution.extend_from_slice(&pixels_per_meter.to_be_bytes());
    resolution.push(1); // the unit is the meter
    let mut chunks = chunk(*b"pHYs", &resolution);
    if let Some(preset) = preset {
        chunks.extend(chunk(*b"iTXt", &embedded::png_text(preset)));
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
    out.extend_from_slice(&crc32(&checked).to_be_bytes());
    out
}

/// Chunks put behind the header, which is 8 bytes of signature and 25 bytes of the first chunk.
fn with_chunks(mut file: Vec<u8>, chunks: &[u8]) -> Vec<u8> {
    const AFTER_HEADER: usize = 33;
    file.splice(AFTER_HEADER..AFTER_HEADER, chunks.iter().copied());
    file
}

/// Checksum of PNG chunks (PNG specification, annex D).
fn crc32(bytes: &[u8]) -> u32 {
    let fold = |crc: u32, &byte: &u8| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            if crc & 1 == 1 {
                crc >> 1 ^ 0xedb8_8320
            } else {
                crc >> 1
            }
        })
    };
    !bytes.iter().fold(u32::MAX, fold)
}

/// Premultiplied pixels in 0..=1.
struct Canvas {
    size: [usize; 2],
    pixels: Vec<[f32; 4]>,
}

impl Canvas {
    fn primitive(&mut self, primitive: &ClippedPrimitive, run: &Run) {
        let Primitive::Mesh(mesh) = &primitive.primitive else {
            return;
        };
        let Some(texture) = run.textures.get(&mesh.texture_id) else {
            return;
        };
        let scale = run.pixels_per_point;
        let limit = pos2(self.size[0] as f32, self.size[1] as f32);
        let clip = Rect::from_min_max(
            pos2(
                (primitive.clip_rect.min.x * scale).round(),
                (primitive.clip_rect.min.y * scale).round(),
            ),
            pos2(
                (primitive.clip_rect.max.x * scale).round(),
                (primitive.clip_rect.max.y * scale).round(),
            ),
        )
        .intersect(Rect::from_min_max(pos2(0.0, 0.0), limit));
        self.mesh(mesh, texture, clip, scale);
    }

    fn mesh(&mut self, mesh: &Mesh, texture: &ColorImage, clip: Rect, scale: f32) {
        for triangle in mesh.indices.chunks_exact(3) {
            let corner = |i: usize| mesh.vertices.get(triangle[i] as usize).copied();
            if let (Some(a), Some(b), Some(c)) = (corner(0), corner(1), corner(2)) {
                self.triangle([a, b, c], texture, clip, scale);
            }
        }
    }

    /// Fills the pixels whose centers lie inside; a shared edge belongs to one triangle only (top-left rule).
    fn triangle(&mut self, corners: [Vertex; 3], texture: &ColorImage, clip: Rect, scale: f32) {
        let [a, mut b, mut c] = corners;
        let place = |vertex: &Vertex| {
            [
                f64::from(vertex.pos.x * scale),
                f64::from(vertex.pos.y * scale),
            ]
        };
        let mut area = edge(place(&a), place(&b), place(&c));
        if area == 0.0 || !area.is_finite() {
            return;
        }
        if area < 0.0 {
            std::mem::swap(&mut b, &mut c);
            area = -area;
        }
        let [pa, pb, pc] = [place(&a), place(&b), place(&c)];
        let (top, bottom) = (pa[1].min(pb[1]).min(pc[1]), pa[1].max(pb[1]).max(pc[1]));
        let rows = pixels(top, bottom, clip.min.y, clip.max.y);
        let ties = [tie(pb, pc), tie(pc, pa), tie(pa, pb)];
        for row in rows {
            let y = row as f64 + 0.5;
            let (left, right) = crossing([pa, pb, pc], y);
            for column in pixels(left - 1.0, right + 1.0, clip.min.x, clip.max.x) {
                let at = [column as f64 + 0.5, y];
                let weights = [edge(pb, pc, at), edge(pc, pa, at), edge(pa, pb, at)];
                let inside = weights
                    .iter()
                    .zip(ties)
                    .all(|(&weight, tie)| weight > 0.0 || (weight == 0.0 && tie));
                if inside {
                    let weights = weights.map(|weight| (weight / area) as f32);
                    let color = shade([&a, &b, &c], weights, texture);
                    self.blend(row * self.size[0] + column, color);
                }
            }
        }
    }

    fn blend(&mut self, index: usize, color: [f32; 4]) {
        if let Some(pixel) = self.pixels.get_mut(index) {
            let keep = 1.0 - color[3];
            for (below, above) in pixel.iter_mut().zip(color) {
                *below = *below * keep + above;
            }
        }
    }

    fn image(&self) -> ColorImage {
        let byte = |value: f32| (value.clamp(0.0, 1.0) * 255.0).round() as u8;
        let pixels = self.pixels.iter().map(|&[r, g, b, a]| {
            let [r, g, b, a] = [byte(r), byte(g), byte(b), byte(a)];
            Color32::from_rgba_premultiplied(r, g, b, a)
        });
        ColorImage::new(self.size, pixels.collect())
    }
}

/// Pixels between two coordinates, inside the clipping span.
fn pixels(from: f64, to: f64, low: f32, high: f32) -> std::ops::Range<usize> {
    let from = from.max(f64::from(low)).max(0.0).floor();
    let to = to.min(f64::from(high)).max(0.0).ceil();
    from as usize..to as usize
}

/// Where a horizontal line enters and leaves a triangle; its whole width where it only touches.
fn crossing(corners: [[f64; 2]; 3], y: f64) -> (f64, f64) {
    let mut span = (f64::INFINITY, f64::NEG_INFINITY);
    for (i, from) in corners.into_iter().enumerate() {
        let to = corners[(i + 1) % 3];
        let (low, high) = (from[1].min(to[1]), from[1].max(to[1]));
        if y < low || y > high {
            continue;
        }
        let ends = if high > low {
            let x = from[0] + (to[0] - from[0]) * (y - from[1]) / (to[1] - from[1]);
            [x, x]
        } else {
            [from[0], to[0]]
        };
        for x in ends {
            span = (span.0.min(x), span.1.max(x));
        }
    }
    span
}

/// Twice the signed area of a triangle.
fn edge(a: [f64; 2], b: [f64; 2], c: [f64; 2]) -> f64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

/// Whether a pixel center on this edge belongs to the triangle.
fn tie(from: [f64; 2], to: [f64; 2]) -> bool {
    let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
    dy < 0.0 || (dy == 0.0 && dx > 0.0)
}

/// Interpolated vertex color times texture, premultiplied.
fn shade(corners: [&Vertex; 3], weights: [f32; 3], texture: &ColorImage) -> [f32; 4] {
    let mix = |part: &dyn Fn(&Vertex) -> f32| -> f32 {
        corners
            .iter()
            .zip(weights)
            .map(|(corner, weight)| part(corner) * weight)
            .sum()
    };
    let uv = [mix(&|vertex| vertex.uv.x), mix(&|vertex| vertex.uv.y)];
    let texel = sample(texture, uv);
    let mut out = [0.0; 4];
    for (channel, value) in out.iter_mut().enumerate() {
        *value =
            mix(&|vertex| f32::from(vertex.color.to_array()[channel]) / 255.0) * texel[channel];
    }
    out
}

/// The texture at normalized coordinates; bilinear.
fn sample(texture: &ColorImage, uv: [f32; 2]) -> [f32; 4] {
    let [width, height] = texture.size;
    if width == 0 || height == 0 {
        return [0.0; 4];
    }
    let texel = |x: f32, y: f32| {
        let column = (x.max(0.0) as usize).min(width - 1);
        let row = (y.max(0.0) as usize).min(height - 1);
        texture.pixels[row * width + column]
            .to_array()
            .map(|channel| f32::from(channel) / 255.0)
    };
    let x = uv[0] * width as f32 - 0.5;
    let y = uv[1] * height as f32 - 0.5;
    let (fx, fy) = (x - x.floor(), y - y.floor());
    let (x, y) = (x.floor(), y.floor());
    let corners = [
        texel(x, y),
        texel(x + 1.0, y),
        texel(x, y + 1.0),
        texel(x + 1.0, y + 1.0),
    ];
    let weights = [
        (1.0 - fx) * (1.0 - fy),
        fx * (1.0 - fy),
        (1.0 - fx) * fy,
        fx * fy,
    ];
    let mut out = [0.0; 4];
    for (corner, weight) in corners.iter().zip(weights) {
        for (sum, value) in out.iter_mut().zip(corner) {
            *sum += value * weight;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::crc32;

    #[test]
    fn the_checksum_of_an_empty_end_chunk_is_the_one_every_png_ends_with() {
        assert_eq!(crc32(b"IEND"), 0xae42_6082);
    }
}
