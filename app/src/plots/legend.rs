//! Legends: markers with what they stand for, placed where they hide least.

use egui::{
    Align2, Color32, CornerRadius, Galley, Painter, Pos2, Rect, Shape, Stroke, Vec2, pos2, vec2,
};
use std::sync::Arc;

use super::theme::{Marker, PlotTheme, dashed, line};

/// How a legend entry is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Key {
    /// A single marker, solid or hollow.
    Marker(Marker, Color32, bool),
    /// A line with a marker on it, solid or hollow.
    Line(Marker, Color32, bool),
    /// A dashed line.
    Dashed(Color32),
    /// A filled swatch.
    Swatch(Color32),
    /// What a limit excludes: its shading and its edge.
    Limit(Color32),
    /// The marker of the current design.
    Current(Color32),
}

/// The place in `area` where a legend hides the fewest of `points`; of equal ones the first of `corners`.
pub fn free_corner(
    painter: &Painter,
    area: Rect,
    corners: &[Align2],
    entries: &[(Key, String)],
    points: &[Pos2],
    theme: &PlotTheme,
) -> Align2 {
    let size = card_size(&names(painter, entries, theme), theme);
    let hidden = |corner: &Align2| {
        let card = card(area, *corner, size, theme).expand(theme.marker_radius);
        points.iter().filter(|point| card.contains(**point)).count()
    };
    let best = corners.iter().min_by_key(|corner| hidden(corner));
    best.copied().unwrap_or(Align2::RIGHT_TOP)
}

fn names(painter: &Painter, entries: &[(Key, String)], theme: &PlotTheme) -> Vec<Arc<Galley>> {
    entries
        .iter()
        .map(|(_, name)| painter.layout_no_wrap(name.clone(), theme.small_font(), theme.text))
        .collect()
}

/// Width of the key in front of a name.
fn key_width(theme: &PlotTheme) -> f32 {
    theme.small_text_size * 2.0
}

fn row_height(theme: &PlotTheme) -> f32 {
    theme.small_text_size * 1.35
}

fn padding(theme: &PlotTheme) -> f32 {
    theme.small_text_size * 0.4
}

fn card_size(galleys: &[Arc<Galley>], theme: &PlotTheme) -> Vec2 {
    let widths = galleys.iter().map(|galley| galley.size().x);
    let pad = padding(theme);
    vec2(
        key_width(theme) + widths.fold(0.0, f32::max) + 3.0 * pad,
        row_height(theme) * galleys.len() as f32 + 2.0 * pad,
    )
}

fn card(area: Rect, corner: Align2, size: Vec2, theme: &PlotTheme) -> Rect {
    corner.align_size_within_rect(size, area.shrink(padding(theme) * 1.5))
}

/// Draws a legend inside `area`, in the corner that `align` names; gives the place it takes.
pub fn legend(
    painter: &Painter,
    area: Rect,
    align: Align2,
    entries: &[(Key, String)],
    theme: &PlotTheme,
) -> Rect {
    if entries.is_empty() {
        return Rect::NOTHING;
    }
    let galleys = names(painter, entries, theme);
    let (row, key_width, pad) = (row_height(theme), key_width(theme), padding(theme));
    let card = card(area, align, card_size(&galleys, theme), theme);
    let corner = if theme.on_paper {
        CornerRadius::ZERO
    } else {
        CornerRadius::same(3)
    };
    painter.rect_filled(card, corner, theme.background.gamma_multiply(0.85));
    let outline = Stroke::new(theme.line_width * 0.4, theme.grid);
    painter.rect_stroke(card, corner, outline, egui::StrokeKind::Inside);
    for (i, ((key, _), galley)) in entries.iter().zip(galleys).enumerate() {
        let y = card.top() + pad + row * (i as f32 + 0.5);
        let left = card.left() + pad;
        draw_key(painter, *key, pos2(left, y), key_width, theme);
        let text = pos2(left + key_width + pad, y - galley.size().y * 0.5);
        painter.galley(text, galley, theme.text);
    }
    card
}

fn draw_key(painter: &Painter, key: Key, left: Pos2, width: f32, theme: &PlotTheme) {
    let right = left + vec2(width, 0.0);
    let center = left + vec2(width * 0.5, 0.0);
    match key {
        Key::Marker(marker, color, solid) => {
            painter.add(point(marker, center, color, solid, theme));
        }
        Key::Line(marker, color, solid) => {
            painter.add(line(left, right, Stroke::new(theme.line_width, color)));
            painter.add(point(marker, center, color, solid, theme));
        }
        Key::Dashed(color) => {
            let dash = theme.line_width * 3.0;
            painter.add(dashed(
                left,
                right,
                Stroke::new(theme.line_width, color),
                dash,
                dash * 0.7,
            ));
        }
        Key::Swatch(color) => {
            let side = theme.small_text_size * 0.8;
            painter.rect_filled(
                Rect::from_center_size(center, Vec2::splat(side)),
                0.0,
                color,
            );
        }
        Key::Limit(color) => {
            let area =
                Rect::from_center_size(center, vec2(width * 0.8, theme.small_text_size * 0.8));
            painter.rect_filled(area, 0.0, color);
            painter.add(line(
                area.left_bottom(),
                area.right_bottom(),
                Stroke::new(theme.line_width * 0.6, color.to_opaque()),
            ));
        }
        Key::Current(color) => {
            painter.add(current(center, color, theme));
        }
    }
}

/// A data point: solid for what was measured, hollow for an estimate.
pub fn point(
    marker: Marker,
    center: Pos2,
    color: Color32,
    solid: bool,
    theme: &PlotTheme,
) -> Shape {
    let fill = if solid { color } else { theme.background };
    let radius = theme.marker_radius * if solid { 1.0 } else { 0.92 };
    marker.shape(
        center,
        radius,
        fill,
        Stroke::new(theme.line_width * 0.8, color),
    )
}

/// The current design: a disc in a ring.
pub fn current(center: Pos2, color: Color32, theme: &PlotTheme) -> Shape {
    let radius = theme.marker_radius;
    Shape::Vec(vec![
        Shape::circle_filled(center, radius * 1.75, theme.background),
        Shape::circle_stroke(center, radius * 1.75, Stroke::new(theme.line_width, color)),
        Shape::circle_filled(center, radius, color),
    ])
}
