//! What the pointer does on parallel coordinates: ranges by dragging along an axis, lines by clicking.

use egui::{PointerButton, Pos2};

use super::columns::{Brush, Columns, CoordinatesAction, CoordinatesData, CoordinatesView, kept};

/// A drag beside an axis sets its range; a click there clears it.
pub(super) fn brush(
    response: &egui::Response,
    columns: &Columns<'_>,
    view: &mut CoordinatesView,
) -> Option<CoordinatesAction> {
    const REACH: f32 = 14.0;
    let from = response.ctx.input(|input| input.pointer.press_origin())?;
    let to = response.interact_pointer_pos()?;
    let column =
        (0..columns.axes.len()).find(|&column| (columns.x(column) - from.x).abs() < REACH)?;
    let axis = columns.axes[column].title();
    if response.dragged_by(PointerButton::Primary) {
        let (a, b) = (columns.value(column, from.y), columns.value(column, to.y));
        view.brushes.retain(|brush| brush.axis != axis);
        view.brushes.push(Brush {
            axis,
            low: a.min(b),
            high: a.max(b),
        });
        return Some(CoordinatesAction::Brush);
    }
    let n_before = view.brushes.len();
    if response.clicked() {
        view.brushes.retain(|brush| brush.axis != axis);
    }
    (view.brushes.len() != n_before).then_some(CoordinatesAction::Brush)
}

/// The design whose line passes nearest to the pointer, within a few points.
pub(super) fn nearest_line(
    columns: &Columns<'_>,
    data: &CoordinatesData<'_>,
    view: &CoordinatesView,
    shown: &[usize],
    at: Pos2,
) -> Option<usize> {
    const REACH: f32 = 6.0;
    let left = (0..columns.axes.len().saturating_sub(1))
        .rev()
        .find(|&column| columns.x(column) <= at.x)?;
    let share = (at.x - columns.x(left)) / (columns.x(left + 1) - columns.x(left));
    let distance = |design: usize| {
        let [from, to] =
            [left, left + 1].map(|column| columns.y(column, (data.value)(design, column)));
        (from + (to - from) * share - at.y).abs()
    };
    let visible = shown
        .iter()
        .copied()
        .filter(|&design| kept(view, data.axes, &|column| (data.value)(design, column)));
    let near = visible
        .map(|design| (distance(design), design))
        .filter(|(distance, _)| *distance <= REACH);
    near.min_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, design)| design)
}
