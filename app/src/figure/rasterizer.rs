//! Shapes to pixels without a graphics card: tessellated and filled triangle by triangle, as one would.

use std::collections::BTreeMap;

use egui::epaint::{ClippedPrimitive, ClippedShape, Mesh, Primitive, Vertex};
use egui::{Color32, ColorImage, Context, ImageData, Rect, TextureId, TexturesDelta, pos2};

type Textures = BTreeMap<TextureId, ColorImage>;

/// The textures of a context, from which its shapes become pixels.
#[derive(Debug, Clone, Default)]
pub struct Rasterizer {
    textures: Textures,
}

impl Rasterizer {
    /// Keeps whole textures up to date with what a pass changed.
    pub fn take(&mut self, changes: &mut TexturesDelta) {
        let changed = std::mem::take(&mut changes.set);
        for (id, changes) in changed.into_iter().collect::<BTreeMap<_, _>>() {
            for change in changes {
                let ImageData::Color(image) = change.image;
                match (change.pos, self.textures.get_mut(&id)) {
                    (Some([x, y]), Some(whole)) => patch(whole, &image, x, y),
                    _ => {
                        self.textures.insert(id, (*image).clone());
                    }
                }
            }
        }
        changes.clear();
    }

    /// The shapes of a pass as a picture of `size` pixels.
    pub fn picture(
        &self,
        ctx: &Context,
        shapes: Vec<ClippedShape>,
        size: [usize; 2],
        pixels_per_point: f32,
    ) -> ColorImage {
        let mut canvas = Canvas {
            size,
            pixels: vec![[0.0; 4]; size[0] * size[1]],
        };
        ctx.options_mut(|options| options.tessellation_options.feathering = true);
        for primitive in ctx.tessellate(shapes, pixels_per_point) {
            canvas.primitive(&primitive, &self.textures, pixels_per_point);
        }
        canvas.image()
    }

    pub(super) fn into_textures(self) -> Textures {
        self.textures
    }
}

fn patch(whole: &mut ColorImage, part: &ColorImage, x: usize, y: usize) {
    let [width, height] = part.size;
    for row in 0..height {
        let to = (y + row) * whole.size[0] + x;
        let from = row * width;
        whole.pixels[to..to + width].copy_from_slice(&part.pixels[from..from + width]);
    }
}

/// Premultiplied pixels in 0..=1.
struct Canvas {
    size: [usize; 2],
    pixels: Vec<[f32; 4]>,
}

impl Canvas {
    fn primitive(&mut self, primitive: &ClippedPrimitive, textures: &Textures, scale: f32) {
        let Primitive::Mesh(mesh) = &primitive.primitive else {
            return;
        };
        let Some(texture) = textures.get(&mesh.texture_id) else {
            return;
        };
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
