//! Points that lie outside the plot: marked on its edge with an arrow, and those that the axes do not know listed below.

use egui::{Align2, Color32, Painter, Pos2, Rect, Shape, Stroke, Vec2};

use super::{NamedPoint, ParetoView};
use crate::plots::theme::PlotTheme;

/// Where a point is marked, and which way it lies from there if that is the edge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Placed {
    pub(super) at: Pos2,
    pub(super) beyond: Option<Vec2>,
}

/// The place of a point, moved to the edge of the frame if it lies beyond.
pub(super) fn placed(frame: Rect, at: Pos2, theme: &PlotTheme) -> Placed {
    placed_within(frame, at, theme.marker_radius * 2.8)
}

/// The same for a mark that needs this much room to the edge.
pub(super) fn placed_within(frame: Rect, at: Pos2, room: f32) -> Placed {
    let inside = frame.shrink(room);
    if frame.contains(at) || !inside.is_positive() {
        return Placed { at, beyond: None };
    }
    let edge = inside.clamp(at);
    Placed {
        at: edge,
        beyond: Some((at - edge).normalized()),
    }
}

/// An arrow head beside a marker.
pub(super) fn arrow(painter: &Painter, from: Pos2, way: Vec2, color: Color32, theme: &PlotTheme) {
    let tip = from + way * theme.marker_radius * 2.6;
    let back = from + way * theme.marker_radius * 1.5;
    let across = way.rot90() * theme.marker_radius * 0.8;
    painter.add(Shape::convex_polygon(
        vec![tip, back + across, back - across],
        color,
        Stroke::NONE,
    ));
}

/// Says which named points have no place on the axes.
pub(super) fn note_unplaced<'a>(
    painter: &Painter,
    frame: Rect,
    points: impl Iterator<Item = &'a NamedPoint>,
    view: &ParetoView,
    theme: &PlotTheme,
) {
    let missing = |point: &NamedPoint| {
        [view.x, view.y]
            .into_iter()
            .find(|&metric| !point.metrics.get(metric).is_finite())
    };
    let mut notes: Vec<(&'static str, Vec<&str>)> = Vec::new();
    for point in points {
        let Some(metric) = missing(point) else {
            continue;
        };
        let label = metric.description().label;
        match notes.iter_mut().find(|(known, _)| *known == label) {
            Some((_, names)) => names.push(&point.name),
            None => notes.push((label, vec![&point.name])),
        }
    }
    let lines = notes.iter().map(|(label, names)| {
        let names = names.join(", ");
        format!("no {} known: {names}", label.to_lowercase())
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    if text.is_empty() {
        return;
    }
    let corner = frame.left_bottom() + Vec2::new(1.0, -1.0) * theme.small_text_size * 0.6;
    let font = theme.small_font();
    painter.text(corner, Align2::LEFT_BOTTOM, text, font, theme.weak_text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_outside_is_marked_on_the_edge_with_its_direction() {
        let frame = Rect::from_min_max(Pos2::ZERO, Pos2::new(400.0, 300.0));
        let theme = PlotTheme::light();
        let inside = placed(frame, Pos2::new(10.0, 10.0), &theme);
        assert_eq!(inside.beyond, None);
        let right = placed(frame, Pos2::new(4000.0, 150.0), &theme);
        assert!(frame.contains(right.at));
        assert_eq!(right.beyond, Some(Vec2::new(1.0, 0.0)));
    }
}
