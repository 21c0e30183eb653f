//! Reusable controls: rows, pickers, labels of quantities.
//!
//! Widgets know the theme and ranges of values, not the session; they change the value they are given and report that they did.

mod format_picker;
mod format_width;
mod number_entry;
mod parameter_row;
mod quantity_label;
mod slider;

pub use format_picker::{format_card_ui, format_picker_ui};
pub use format_width::{width_of, with_width};
pub use number_entry::number_entry_ui;
pub use parameter_row::{ParameterRow, RowAction, parameter_row_ui};
pub use quantity_label::{Change, Delta, QuantityRow, delta_color, delta_text, quantity_row_ui};
pub use slider::slider_ui;

/// Gives a control without visible label its name for screen readers and tests.
pub fn name_ui(ui: &egui::Ui, response: &egui::Response, name: &str) {
    ui.ctx()
        .accesskit_node_builder(response.id, |node| node.set_label(name));
}

/// Text in the middle of an empty tile that names the action that fills it.
pub fn empty_ui(ui: &mut egui::Ui, text: &str) {
    ui.centered_and_justified(|ui| ui.weak(text));
}
