//! A drop-down of all metrics, shared by the plots that let one be chosen.

use egui::{ComboBox, Ui};

use blockscape_model::evaluation::Metric;

use super::axis::Scale;
use super::pareto::axis;

/// The drop-down; `name` is what it is called by a screen reader.
pub fn metric_picker(ui: &mut Ui, name: &str, metric: &mut Metric) {
    let picker = ComboBox::from_id_salt(name)
        .selected_text(metric.description().label)
        .width(150.0)
        .show_ui(ui, |ui| {
            for choice in Metric::ALL {
                let response =
                    ui.selectable_value(metric, choice, axis(choice, Scale::Linear).title());
                response.on_hover_text(choice.description().help);
            }
        });
    picker
        .response
        .widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, name));
}
