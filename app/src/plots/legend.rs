//! Legends and point labels: markers with their names, placed where they hide least.

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

/// Places along the line from a point to its name.
fn leader(center: Pos2, name: &Rect) -> impl Iterator<Item = Pos2> {
    let near = name.clamp(center);
    (1..12_u8).map(move |step| center.lerp(near, f32::from(step) / 12.0))
}

/// Distances from a point at which its name is tried.
const RINGS: [f32; 9] = [1.0, 1.8, 2.6, 3.2, 3.8, 4.4, 5.0, 6.5, 8.5];
const RINGS_ON_PAPER: [f32; 5] = [1.0, 1.8, 2.6, 3.8, 5.0];

/// Places names beside points so that they cover neither each other nor the points already there.
#[derive(Debug, Default)]
pub struct Labels {
    taken: Vec<Rect>,
    written: Vec<Rect>,
    /// Names already there, by the point they belong to.
    named: Vec<(Pos2, String)>,
}

impl Labels {
    /// Keeps a rectangle free of names.
    pub fn avoid(&mut self, rect: Rect) {
        self.taken.push(rect);
    }

    /// Places that what is drawn later should not hide: both ends and the middle of each name.
    pub fn places(&self) -> impl Iterator<Item = Pos2> + '_ {
        let ends = |rect: &Rect| [rect.left_center(), rect.center(), rect.right_center()];
        self.written.iter().flat_map(ends)
    }

    /// Writes `text` beside `center`, in the first free place of rings around it, with a line to it from the far ones; else where it covers no other name.
    pub fn place(
        &mut self,
        painter: &Painter,
        center: Pos2,
        text: &str,
        color: Color32,
        theme: &PlotTheme,
    ) {
        let close = theme.marker_radius;
        let said = |(at, known): &(Pos2, String)| known == text && at.distance(center) < close;
        if self.named.iter().any(said) {
            return;
        }
        self.named.push((center, text.to_owned()));
        let galley = painter.layout_no_wrap(text.to_owned(), theme.small_font(), color);
        let size = galley.size();
        let off = theme.marker_radius * 1.7;
        let area = painter.clip_rect();
        let places = [
            (Align2::LEFT_CENTER, vec2(off, 0.0)),
            (Align2::RIGHT_CENTER, vec2(-off, 0.0)),
            (Align2::CENTER_BOTTOM, vec2(0.0, -off)),
            (Align2::CENTER_TOP, vec2(0.0, off)),
            (Align2::LEFT_BOTTOM, vec2(off * 0.6, -off * 0.6)),
            (Align2::LEFT_TOP, vec2(off * 0.6, off * 0.6)),
            (Align2::RIGHT_BOTTOM, vec2(-off * 0.6, -off * 0.6)),
            (Align2::RIGHT_TOP, vec2(-off * 0.6, off * 0.6)),
        ];
        let around = |distance: f32| {
            places
                .into_iter()
                .map(move |(anchor, offset)| anchor.anchor_size(center + offset * distance, size))
        };
        let inside = |rect: &Rect| area.contains_rect(*rect);
        // Two names side by side must not read as one. Figures keep the places that earlier ones had.
        let (from_name, from_mark, rings): (f32, f32, &[f32]) = if theme.on_paper {
            (-0.5, -0.5, &RINGS_ON_PAPER)
        } else {
            (theme.small_text_size * 0.45, 1.5, &RINGS)
        };
        let apart = vec2(from_name, -0.5);
        let hits_name = |rect: &Rect| {
            let names = self.written.iter();
            names
                .copied()
                .any(|name| name.intersects(rect.expand2(apart)))
        };
        let hits_mark = |rect: &Rect| {
            let marks = self.taken.iter();
            let apart = vec2(from_mark, -0.5);
            marks
                .copied()
                .any(|mark| mark.intersects(rect.expand2(apart)))
        };
        let is_far = |rect: &Rect| rect.clamp(center).distance(center) > off * 2.7;
        let crosses_name = |rect: &Rect| {
            let names = self.written.iter();
            !theme.on_paper
                && is_far(rect)
                && names
                    .copied()
                    .any(|name| leader(center, rect).any(|at| name.contains(at)))
        };
        let rings = || rings.iter().copied().flat_map(around);
        let is_clear = |rect: &Rect| inside(rect) && !hits_mark(rect) && !hits_name(rect);
        let free = rings()
            .find(|rect| is_clear(rect) && !crosses_name(rect))
            .or_else(|| rings().find(is_clear))
            .or_else(|| around(1.0).find(|rect| inside(rect) && !hits_name(rect)));
        if let Some(rect) = free {
            if is_far(&rect) {
                let stroke = Stroke::new(theme.line_width * 0.4, theme.weak_text);
                painter.add(line(center, rect.clamp(center), stroke));
                if !theme.on_paper {
                    let side = Vec2::splat(theme.line_width * 2.0);
                    let line = leader(center, &rect).map(|at| Rect::from_center_size(at, side));
                    self.taken.extend(line);
                }
            }
            painter.galley(rect.min, galley, color);
            self.written.push(rect);
        }
    }
}
