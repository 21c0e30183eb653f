//! A number that can be typed, dragged or stepped, of fixed width.
//!
//! It does not clamp: what is typed goes to the caller, who answers with what is allowed.

use egui::{DragValue, Response, Ui, vec2};

use crate::session::value_range::ValueRange;
use crate::window::theme::theme;

/// Draws the field; the response says whether the value changed.
pub fn number_entry_ui(
    ui: &mut Ui,
    label: &str,
    range: &ValueRange,
    value: &mut f64,
    width: f32,
) -> Response {
    let decimals = range.decimals();
    let (min, max) = range.ends();
    let step = range.stepped(*value, 1) - *value;
    let step = if step > 0.0 {
        step
    } else {
        *value - range.stepped(*value, -1)
    };
    let mut edited = *value;
    let arrows = ui.input(|input| {
        input.key_pressed(egui::Key::ArrowUp) || input.key_pressed(egui::Key::ArrowDown)
    });
    let speed = if arrows {
        step.max(1e-6)
    } else {
        ((max - min) / 200.0).max(1e-6)
    };
    let entry = DragValue::new(&mut edited)
        .speed(speed)
        .min_decimals(decimals)
        .max_decimals(decimals)
        .update_while_editing(false);
    let size = vec2(width, theme().layout.row_height);
    let response = ui.add_sized(size, entry);
    if response.dragged() {
        edited = range.at(range.position(edited));
    }
    *value = edited;
    ui.ctx()
        .accesskit_node_builder(response.id, |node| node.set_label(format!("{label} value")));
    response
}
