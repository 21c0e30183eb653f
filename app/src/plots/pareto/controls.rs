//! The row above the plot: what the axes show and what is drawn.

use egui::Ui;

use blockscape_model::evaluation::Metric;

use super::{ParetoAction, ParetoData, ParetoView, Selection};
use crate::plots::axis::{Scale, significant, written_unit};
use crate::plots::metric_picker::metric_picker;

/// Axis pickers, scales and toggles; returns an action when the selection was cleared here.
pub fn pareto_controls_ui(
    ui: &mut Ui,
    data: &ParetoData<'_>,
    view: &mut ParetoView,
) -> Option<ParetoAction> {
    let mut action = None;
    ui.horizontal_wrapped(|ui| {
        let before = (view.x, view.y, view.x_scale, view.y_scale);
        axis_controls(ui, "Vertical axis", "log y", &mut view.y, &mut view.y_scale);
        ui.label("against");
        axis_controls(ui, "Horizontal axis", "log x", &mut view.x, &mut view.x_scale);
        if before != (view.x, view.y, view.x_scale, view.y_scale) {
            view.bounds = None;
        }
        ui.separator();
        ui.checkbox(&mut view.front_only, "Front only").on_hover_text("Leave out designs that another one beats");
        if !data.literature.is_empty() {
            ui.checkbox(&mut view.literature, "Literature").on_hover_text("Published designs, with their sources");
        }
        ui.checkbox(&mut view.uncertainty, "Uncertainty").on_hover_text("Range of the estimated accuracy");
        ui.separator();
        ui.toggle_value(&mut view.selecting, "Select box")
            .on_hover_text("Drag a box over the plot (or hold Ctrl): the table and the parallel coordinates show what is inside");
        if let Some(selection) = view.selection
            && chip_ui(ui, &selection, data.n_selected)
        {
            view.selection = None;
            action = Some(ParetoAction::Select);
        }
        if view.x != view.y && !data.shows_objectives(view) {
            let explore = ui.button("Explore these axes");
            let explore = explore.on_hover_text("Make the two axes the objectives: the search looks for their front");
            if explore.clicked() {
                action = Some(ParetoAction::ExploreAxes);
            }
        }
        let keep = ui.add_enabled(!data.front.is_empty(), egui::Button::new("Keep front"));
        if keep.on_hover_text("Hold this front beside the ones to come; name it on the right").clicked() {
            action = Some(ParetoAction::KeepFront);
        }
        let fit = ui.add_enabled(view.bounds.is_some(), egui::Button::new("Fit"));
        if fit.on_hover_text("Show the whole front again (double click beside the designs)").clicked() {
            view.bounds = None;
        }
    });
    action
}

/// What the box holds; returns whether it was cleared.
fn chip_ui(ui: &mut Ui, selection: &Selection, n_inside: usize) -> bool {
    let designs = if n_inside == 1 { "design" } else { "designs" };
    let text = format!("selection: {n_inside} {designs} ×");
    let chip = ui.add(egui::Button::new(text).selected(true));
    ui.ctx()
        .accesskit_node_builder(chip.id, |node| node.set_label("Clear selection"));
    let chip = chip.on_hover_ui(|ui| {
        for (metric, (low, high)) in selection.ranges() {
            let description = metric.description();
            let [low, high] = [low, high].map(|end| significant(end, 4));
            let unit = written_unit(description.unit);
            ui.label(format!("{}: {low} to {high} {unit}", description.label));
        }
        ui.weak("Click to show all designs again (Esc over the plot)");
    });
    chip.clicked()
}

fn axis_controls(ui: &mut Ui, name: &str, log_name: &str, metric: &mut Metric, scale: &mut Scale) {
    metric_picker(ui, name, metric);
    let mut log = *scale == Scale::Log;
    ui.checkbox(&mut log, log_name)
        .on_hover_text("Logarithmic axis");
    *scale = if log { Scale::Log } else { Scale::Linear };
}
