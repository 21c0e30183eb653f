//! A page as plain vectors: what SVG, PDF and `TikZ` can say, with text as text.

use std::collections::BTreeMap;

use egui::epaint::{ClippedShape, ColorMode, Mesh, PathShape, RectShape, TextShape};
use egui::{Color32, ColorImage, Pos2, Rect, Shape, Stroke, StrokeKind, TextureId, Vec2, vec2};

/// One line of text of one color.
#[derive(Debug, Clone, PartialEq)]
pub struct TextRun {
    /// Left end of the baseline.
    pub position: Pos2,
    /// Clockwise turn around that end, in radians.
    pub angle: f32,
    /// Font size in points.
    pub size: f32,
    /// Its color.
    pub color: Color32,
    /// Its words.
    pub text: String,
    /// Width as laid out, in points.
    pub width: f32,
}

/// One thing on the page.
#[derive(Debug, Clone, PartialEq)]
pub enum Element {
    /// Disc or ring.
    Circle {
        center: Pos2,
        radius: f32,
        fill: Color32,
        stroke: Stroke,
    },
    /// Open or closed path.
    Path {
        points: Vec<Pos2>,
        closed: bool,
        fill: Color32,
        stroke: Stroke,
    },
    /// Upright rectangle; the stroke is centered on its edge.
    Rect {
        rect: Rect,
        corner: f32,
        fill: Color32,
        stroke: Stroke,
    },
    /// Text.
    Text(TextRun),
    /// A picture stretched over a rectangle; the index is into the drawing's images.
    Image { rect: Rect, image: usize },
}

/// A thing with the rectangle outside of which it is not seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Clipping rectangle.
    pub clip: Rect,
    /// The thing.
    pub element: Element,
}

/// A page of vectors.
#[derive(Debug, Clone)]
pub struct Drawing {
    /// Size in points; the origin is top left.
    pub size: Vec2,
    /// In painting order.
    pub items: Vec<Item>,
    /// Pictures in the order they are first used.
    pub images: Vec<ColorImage>,
}

impl Drawing {
    pub(super) fn new(
        size: Vec2,
        shapes: &[ClippedShape],
        textures: BTreeMap<TextureId, ColorImage>,
    ) -> Self {
        let mut builder = Builder {
            page: Rect::from_min_size(Pos2::ZERO, size),
            drawing: Self {
                size,
                items: Vec::new(),
                images: Vec::new(),
            },
            textures,
            used: BTreeMap::new(),
        };
        for clipped in shapes {
            builder.shape(&clipped.shape, clipped.clip_rect);
        }
        builder.drawing
    }
}

struct Builder {
    page: Rect,
    drawing: Drawing,
    textures: BTreeMap<TextureId, ColorImage>,
    used: BTreeMap<TextureId, usize>,
}

impl Builder {
    fn add(&mut self, clip: Rect, element: Element) {
        self.drawing.items.push(Item {
            clip: clip.intersect(self.page),
            element,
        });
    }

    fn shape(&mut self, shape: &Shape, clip: Rect) {
        if !shape
            .visual_bounding_rect()
            .intersects(clip.intersect(self.page))
        {
            return;
        }
        match shape {
            Shape::Noop | Shape::Callback(_) | Shape::Band(_) => {} // no plot draws lines of varying width
            Shape::Vec(parts) => parts.iter().for_each(|part| self.shape(part, clip)),
            Shape::Circle(circle) => {
                let (center, radius, fill, stroke) =
                    (circle.center, circle.radius, circle.fill, circle.stroke);
                self.add(
                    clip,
                    Element::Circle {
                        center,
                        radius,
                        fill,
                        stroke,
                    },
                );
            }
            Shape::LineSegment { points, stroke } => {
                let (points, fill) = (points.to_vec(), Color32::TRANSPARENT);
                self.add(
                    clip,
                    Element::Path {
                        points,
                        closed: false,
                        fill,
                        stroke: *stroke,
                    },
                );
            }
            Shape::Path(path) => self.path(path, clip),
            Shape::Rect(rect) => self.rect(rect, clip),
            Shape::Text(text) => self.text(text, clip),
            Shape::Mesh(mesh) => self.mesh(mesh, clip),
            Shape::Ellipse(ellipse) => {
                let points = (0..48_u8)
                    .map(|i| {
                        let angle = std::f32::consts::TAU * f32::from(i) / 48.0;
                        ellipse.center + ellipse.radius * vec2(angle.cos(), angle.sin())
                    })
                    .collect();
                let (fill, stroke) = (ellipse.fill, ellipse.stroke);
                self.add(
                    clip,
                    Element::Path {
                        points,
                        closed: true,
                        fill,
                        stroke,
                    },
                );
            }
            Shape::QuadraticBezier(curve) => {
                self.curve(
                    curve.flatten(Some(0.05)),
                    curve.closed,
                    curve.fill,
                    &curve.stroke.color,
                    curve.stroke.width,
                    clip,
                );
            }
            Shape::CubicBezier(curve) => {
                self.curve(
                    curve.flatten(Some(0.05)),
                    curve.closed,
                    curve.fill,
                    &curve.stroke.color,
                    curve.stroke.width,
                    clip,
                );
            }
        }
    }

    fn curve(
        &mut self,
        points: Vec<Pos2>,
        closed: bool,
        fill: Color32,
        color: &ColorMode,
        width: f32,
        clip: Rect,
    ) {
        self.add(
            clip,
            Element::Path {
                points,
                closed,
                fill,
                stroke: Stroke::new(width, solid(color)),
            },
        );
    }

    fn path(&mut self, path: &PathShape, clip: Rect) {
        let stroke = Stroke::new(path.stroke.width, solid(&path.stroke.color));
        let (points, closed, fill) = (path.points.clone(), path.closed, path.fill);
        self.add(
            clip,
            Element::Path {
                points,
                closed,
                fill,
                stroke,
            },
        );
    }

    fn rect(&mut self, shape: &RectShape, clip: Rect) {
        let inset = match shape.stroke_kind {
            StrokeKind::Inside => shape.stroke.width * 0.5,
            StrokeKind::Middle => 0.0,
            StrokeKind::Outside => -shape.stroke.width * 0.5,
        };
        let stroke = shape.stroke;
        let rect = if stroke.is_empty() {
            shape.rect
        } else {
            shape.rect.shrink(inset)
        };
        let corner = f32::from(shape.corner_radius.nw);
        self.add(
            clip,
            Element::Rect {
                rect,
                corner,
                fill: shape.fill,
                stroke,
            },
        );
    }

    fn text(&mut self, shape: &TextShape, clip: Rect) {
        let turn = egui::emath::Rot2::from_angle(shape.angle);
        for row in &shape.galley.rows {
            let glyphs = &row.row.glyphs;
            let text: String = glyphs.iter().map(|glyph| glyph.chr).collect();
            let (Some(first), Some(last)) = (glyphs.first(), glyphs.last()) else {
                continue;
            };
            if text.trim().is_empty() {
                continue;
            }
            let seen = glyphs
                .iter()
                .find(|glyph| !glyph.chr.is_whitespace())
                .unwrap_or(first);
            let vertex = row
                .row
                .visuals
                .mesh
                .vertices
                .get(seen.first_vertex as usize);
            let own = shape
                .override_text_color
                .or(vertex.map(|vertex| vertex.color));
            let color = own
                .filter(|color| *color != Color32::PLACEHOLDER)
                .unwrap_or(shape.fallback_color);
            let section = shape.galley.job.sections.first();
            let run = TextRun {
                position: shape.pos + turn * (row.pos.to_vec2() + first.pos.to_vec2()),
                angle: shape.angle,
                size: section.map_or(10.0, |section| section.format.font_id.size),
                color: color.gamma_multiply(shape.opacity_factor),
                width: last.pos.x + last.advance_width - first.pos.x,
                text,
            };
            self.add(clip, Element::Text(run));
        }
    }

    fn mesh(&mut self, mesh: &Mesh, clip: Rect) {
        let is_picture = mesh.vertices.len() == 4 && mesh.texture_id != TextureId::default();
        if let Some(image) = is_picture.then(|| self.image(mesh.texture_id)).flatten() {
            self.add(
                clip,
                Element::Image {
                    rect: mesh.calc_bounds(),
                    image,
                },
            );
            return;
        }
        for triangle in mesh.indices.chunks_exact(3) {
            let corners: Vec<_> = triangle
                .iter()
                .filter_map(|&i| mesh.vertices.get(i as usize))
                .collect();
            if let [first, ..] = corners.as_slice() {
                let points = corners.iter().map(|corner| corner.pos).collect();
                let stroke = Stroke::NONE;
                self.add(
                    clip,
                    Element::Path {
                        points,
                        closed: true,
                        fill: first.color,
                        stroke,
                    },
                );
            }
        }
    }

    fn image(&mut self, id: TextureId) -> Option<usize> {
        if let Some(&index) = self.used.get(&id) {
            return Some(index);
        }
        let index = self.drawing.images.len();
        self.drawing.images.push(self.textures.get(&id)?.clone());
        self.used.insert(id, index);
        Some(index)
    }
}

fn solid(color: &ColorMode) -> Color32 {
    match color {
        ColorMode::Solid(color) => *color,
        ColorMode::UV(_) => Color32::GRAY,
    }
}

/// A color as straight red, green, blue and opacity in 0..=1.
pub(super) fn straight(color: Color32) -> ([u8; 3], f32) {
    let [r, g, b, a] = color.to_srgba_unmultiplied();
    ([r, g, b], f32::from(a) / 255.0)
}

/// A length with up to two decimals, without trailing zeros.
pub(super) fn length(value: f32) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".to_owned()
    } else {
        text.to_owned()
    }
}
