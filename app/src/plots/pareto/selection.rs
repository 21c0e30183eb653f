//! A box drawn on the plot: it filters the table and the parallel coordinates.

use egui::{PointerButton, Stroke, StrokeKind};
use serde::{Deserialize, Serialize};

use blockscape_model::evaluation::{Metric, Metrics};

use super::{ParetoAction, ParetoView, ShownChart};
use crate::plots::theme::PlotTheme;

/// A box over two metrics, in their own units.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// Metric across.
    pub x: Metric,
    /// Metric up.
    pub y: Metric,
    /// Smallest and largest value across.
    pub x_range: (f64, f64),
    /// Smallest and largest value up.
    pub y_range: (f64, f64),
}

impl Selection {
    /// Its two metrics with their smallest and largest values.
    pub fn ranges(&self) -> [(Metric, (f64, f64)); 2] {
        [(self.x, self.x_range), (self.y, self.y_range)]
    }

    /// Smallest and largest value of a metric, if the box is over it.
    fn range(&self, metric: Metric) -> Option<(f64, f64)> {
        let ranges = self.ranges().into_iter();
        let mut found = ranges.filter(|(known, _)| *known == metric);
        found.next().map(|(_, range)| range)
    }

    /// Whether a design lies in the box.
    pub fn contains(&self, metrics: &Metrics) -> bool {
        let inside = |range: (f64, f64), value: f64| (range.0..=range.1).contains(&value);
        inside(self.x_range, metrics.get(self.x)) && inside(self.y_range, metrics.get(self.y))
    }
}

/// Draws the box and follows the drag that makes one: with the tool on or Ctrl held; Escape clears.
pub(super) fn interact(
    shown: &ShownChart,
    view: &mut ParetoView,
    selects: bool,
    drag_from: &mut Option<[f64; 2]>,
    theme: &PlotTheme,
) -> Option<ParetoAction> {
    let response = &shown.response;
    let pointer = response.interact_pointer_pos();
    if selects && response.drag_started_by(PointerButton::Primary) {
        *drag_from = response
            .ctx
            .input(|input| input.pointer.press_origin())
            .map(|at| shown.coordinates_at(at));
    }
    let mut action = None;
    if let (Some(from), Some(to)) = (*drag_from, pointer) {
        view.selection = Some(between(view, from, shown.coordinates_at(to)));
        if response.drag_stopped() {
            *drag_from = None;
            action = Some(ParetoAction::Select);
        }
    }
    if view.selection.is_some()
        && response.hovered()
        && response
            .ctx
            .input(|input| input.key_pressed(egui::Key::Escape))
    {
        view.selection = None;
        action = Some(ParetoAction::Select);
    }
    // A box belongs to its two metrics, whichever axis shows which.
    let ranges = view
        .selection
        .and_then(|selection| Some((selection.range(view.x)?, selection.range(view.y)?)));
    if let Some((x_range, y_range)) = ranges {
        let corner = |x: f64, y: f64| [view.x_scale.coordinate(x), view.y_scale.coordinate(y)];
        let low = corner(x_range.0, y_range.0);
        let high = corner(x_range.1, y_range.1);
        let rect = shown.rect(low, high);
        shown
            .painter
            .rect_filled(rect, 0.0, theme.accent.gamma_multiply(0.08));
        shown.painter.rect_stroke(
            rect,
            0.0,
            Stroke::new(1.0, theme.accent),
            StrokeKind::Middle,
        );
    }
    action
}

fn between(view: &ParetoView, a: [f64; 2], b: [f64; 2]) -> Selection {
    let range = |scale: crate::plots::axis::Scale, a: f64, b: f64| {
        (scale.value(a.min(b)), scale.value(a.max(b)))
    };
    Selection {
        x: view.x,
        y: view.y,
        x_range: range(view.x_scale, a[0], b[0]),
        y_range: range(view.y_scale, a[1], b[1]),
    }
}
