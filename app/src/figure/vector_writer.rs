//! What the vector formats have in common: one walk over a drawing, clipped where the drawing is clipped.

use egui::{Color32, ColorImage, Pos2, Rect, Stroke};

use super::drawing::{Drawing, Element, TextRun};

/// How a shape is filled and outlined.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paint {
    pub(super) fill: Color32,
    pub(super) stroke: Stroke,
}

/// A file format that can say shapes, text and pictures.
pub(super) trait VectorWriter {
    /// What follows is seen inside this rectangle only, until the clip ends.
    fn begin_clip(&mut self, clip: Rect);
    fn end_clip(&mut self);
    fn circle(&mut self, center: Pos2, radius: f32, paint: Paint);
    fn path(&mut self, points: &[Pos2], closed: bool, paint: Paint);
    fn rectangle(&mut self, rect: Rect, corner: f32, paint: Paint);
    fn text(&mut self, run: &TextRun);
    /// A picture of the drawing, by its number, stretched over a rectangle.
    fn picture(&mut self, rect: Rect, number: usize, image: &ColorImage);
}

impl Drawing {
    /// Writes everything in painting order; neighbors with the same clip share it.
    pub(super) fn write_to(&self, writer: &mut impl VectorWriter) {
        let page = Rect::from_min_size(Pos2::ZERO, self.size);
        let mut open: Option<Rect> = None;
        for item in &self.items {
            let clip = (!item.clip.contains_rect(page)).then_some(item.clip);
            if clip != open {
                if open.is_some() {
                    writer.end_clip();
                }
                if let Some(clip) = clip {
                    writer.begin_clip(clip);
                }
                open = clip;
            }
            self.write_element(&item.element, writer);
        }
        if open.is_some() {
            writer.end_clip();
        }
    }

    fn write_element(&self, element: &Element, writer: &mut impl VectorWriter) {
        match element {
            &Element::Circle {
                center,
                radius,
                fill,
                stroke,
            } => writer.circle(center, radius, Paint { fill, stroke }),
            Element::Path {
                points,
                closed,
                fill,
                stroke,
            } => {
                let (fill, stroke) = (*fill, *stroke);
                writer.path(points, *closed, Paint { fill, stroke });
            }
            &Element::Rect {
                rect,
                corner,
                fill,
                stroke,
            } => writer.rectangle(rect, corner, Paint { fill, stroke }),
            Element::Text(run) => writer.text(run),
            &Element::Image { rect, image } => {
                if let Some(picture) = self.images.get(image) {
                    writer.picture(rect, image, picture);
                }
            }
        }
    }
}
