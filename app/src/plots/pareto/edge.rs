//! Points that lie outside the plot: marked on its edge with an arrow, and those that the axes do not know listed below.

use egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, Vec2};

use super::{NamedPoint, ParetoView, ShownChart};
use crate::plots::labels::Labels;
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

/// The places of points, of which those on the edge stand beside each other.
pub(super) fn placed_apart(
    frame: Rect,
    positions: impl Iterator<Item = Option<Pos2>>,
    theme: &PlotTheme,
) -> Vec<Option<Placed>> {
    let step = theme.marker_radius * 3.2;
    let mut on_edge: Vec<Pos2> = Vec::new();
    let mut place = |at: Pos2| {
        let mut placed = placed(frame, at, theme);
        let Some(way) = placed.beyond else {
            return placed;
        };
        // Along the nearer of the two edges at a corner, away from it.
        let along = if way.x.abs() > way.y.abs() {
            Vec2::DOWN * (frame.center().y - placed.at.y).signum()
        } else {
            Vec2::RIGHT * (frame.center().x - placed.at.x).signum()
        };
        let hits = |at: Pos2| on_edge.iter().any(|other| other.distance(at) < step * 0.99);
        let free = (0..=on_edge.len())
            .map(|n| placed.at + along * (n as f32 * step))
            .find(|at| !hits(*at));
        placed.at = free.filter(|at| frame.contains(*at)).unwrap_or(placed.at);
        on_edge.push(placed.at);
        placed
    };
    positions.map(|at| at.map(&mut place)).collect()
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

/// Says which named points have no place on the axes, in a corner without points.
pub(super) fn note_unplaced<'a>(
    shown: &ShownChart,
    points: impl Iterator<Item = &'a NamedPoint>,
    view: &ParetoView,
    theme: &PlotTheme,
    labels: &mut Labels,
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
    let (painter, pad) = (&shown.painter, theme.small_text_size * 0.6);
    let frame = shown.frame().shrink(pad);
    let galley = painter.layout(text, theme.small_font(), theme.weak_text, frame.width());
    let place = labels.free_corner(frame, galley.size());
    painter.rect_filled(place, 0.0, theme.background.gamma_multiply(0.6));
    painter.galley(place.min, galley, theme.weak_text);
    labels.write_at(place);
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

    #[test]
    fn points_beyond_one_corner_stand_beside_each_other() {
        let frame = Rect::from_min_max(Pos2::ZERO, Pos2::new(400.0, 300.0));
        let theme = PlotTheme::light();
        let far = [Pos2::new(4000.0, -900.0), Pos2::new(5000.0, -900.0)];
        let near = Pos2::new(10.0, 10.0);
        let positions = [Some(far[0]), None, Some(near), Some(far[1]), Some(far[0])];
        let placed = placed_apart(frame, positions.into_iter(), &theme);
        assert_eq!(placed[1], None);
        assert_eq!(placed[2].map(|placed| placed.at), Some(near));
        let marks = [0, 3, 4].map(|i| placed[i].unwrap().at);
        for (i, at) in marks.iter().enumerate() {
            assert!(frame.contains(*at));
            let mut others = marks.iter().skip(i + 1);
            assert!(others.all(|other| at.distance(*other) > 2.0 * theme.marker_radius));
        }
    }
}
