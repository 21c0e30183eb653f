//! A slider over steps or over a list, with arrow keys, a fine drag on Shift and an accessible value.
//!
//! The number beside it is `number_entry`; this one only draws the rail.

use egui::{Key, Modifiers, Rect, Response, Sense, Stroke, Ui, WidgetInfo, vec2};

use crate::session::value_range::ValueRange;
use crate::window::theme::theme;

/// How much slower the handle follows the pointer while Shift is held.
const FINE_DRAG: f64 = 0.1;

/// Draws the rail and moves `value`; the response says whether it changed.
pub fn slider_ui(
    ui: &mut Ui,
    label: &str,
    range: &ValueRange,
    value: &mut f64,
    width: f32,
) -> Response {
    let height = theme().layout.row_height;
    let (rect, mut response) = ui.allocate_exact_size(vec2(width, height), Sense::click_and_drag());
    if response.clicked() || response.drag_started() {
        response.request_focus();
    }
    let rail = rect.shrink2(vec2(0.3 * height, 0.0));
    let before = *value;
    if let Some(dragged) = dragged_value(ui, &response, rail, range, *value) {
        *value = dragged;
    }
    // A disabled control takes no keys, and nothing from a screen reader.
    let n_steps = if ui.is_enabled() {
        key_steps(ui, &response) + accessibility_steps(ui, &response)
    } else {
        0
    };
    if n_steps != 0 {
        *value = range.stepped(*value, n_steps);
    }
    if ui.is_enabled()
        && let Some(asked) = accessibility_value(ui, &response)
    {
        *value = range.stepped(asked, 0);
    }
    if (*value - before).abs() > 0.0 {
        response.mark_changed();
    }
    paint(ui, &response, rail, range.position(*value));
    describe(ui, &response, label, range, *value);
    response
}

/// The value under the pointer; with Shift the handle moves at a tenth of the pointer's way.
fn dragged_value(
    ui: &Ui,
    response: &Response,
    rail: Rect,
    range: &ValueRange,
    value: f64,
) -> Option<f64> {
    let pointer = response.interact_pointer_pos()?;
    let shift = ui.input(|input| input.modifiers.shift);
    let width = f64::from(rail.width().max(1.0));
    if !shift {
        ui.data_mut(|data| data.remove_temp::<f64>(response.id));
        return Some(range.at(f64::from(pointer.x - rail.left()) / width));
    }
    let start = ui.data_mut(|data| *data.get_temp_mut_or(response.id, range.position(value)));
    let moved = start + FINE_DRAG * f64::from(response.drag_delta().x) / width;
    ui.data_mut(|data| data.insert_temp(response.id, moved));
    Some(range.at(moved))
}

fn key_steps(ui: &Ui, response: &Response) -> i32 {
    if !response.has_focus() {
        return 0;
    }
    let filter = egui::EventFilter {
        horizontal_arrows: true,
        vertical_arrows: true,
        ..Default::default()
    };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    ui.input_mut(|input| {
        let mut count = |key| {
            let plain = input.count_and_consume_key(Modifiers::NONE, key);
            let large = input.count_and_consume_key(Modifiers::COMMAND, key);
            i32::try_from(plain + 5 * large).unwrap_or(0)
        };
        count(Key::ArrowRight) + count(Key::ArrowUp) - count(Key::ArrowLeft) - count(Key::ArrowDown)
    })
}

fn accessibility_steps(ui: &Ui, response: &Response) -> i32 {
    use egui::accesskit::Action;
    ui.input(|input| {
        let count = |action| {
            i32::try_from(input.num_accesskit_action_requests(response.id, action)).unwrap_or(0)
        };
        count(Action::Increment) - count(Action::Decrement)
    })
}

fn accessibility_value(ui: &Ui, response: &Response) -> Option<f64> {
    use egui::accesskit::{Action, ActionData};
    ui.input(|input| {
        input
            .accesskit_action_requests(response.id, Action::SetValue)
            .find_map(|request| match request.data {
                Some(ActionData::NumericValue(value)) => Some(value),
                _ => None,
            })
    })
}

#[expect(clippy::cast_possible_truncation, reason = "a screen coordinate")]
fn paint(ui: &Ui, response: &Response, rail: Rect, position: f64) {
    let visuals = ui.style().interact(response);
    let track = Rect::from_center_size(
        rail.center(),
        vec2(rail.width(), theme().layout.grid * 0.75),
    );
    let x = egui::lerp(rail.x_range(), position as f32);
    let accent = ui.visuals().selection.stroke.color;
    let painter = ui.painter();
    painter.rect_filled(track, 2.0, ui.visuals().widgets.inactive.bg_fill);
    let filled = Rect::from_min_max(track.min, egui::pos2(x, track.max.y));
    let fill = if response.enabled() {
        accent
    } else {
        ui.visuals().weak_text_color()
    };
    painter.rect_filled(filled, 2.0, fill);
    let center = egui::pos2(x, rail.center().y);
    let radius = 0.26 * rail.height();
    painter.circle(
        center,
        radius,
        visuals.fg_stroke.color,
        Stroke::new(1.0, ui.visuals().panel_fill),
    );
    if response.has_focus() {
        painter.circle_stroke(center, radius + 2.0, Stroke::new(1.5, accent));
    }
}

fn describe(ui: &Ui, response: &Response, label: &str, range: &ValueRange, value: f64) {
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(egui::Role::Slider, ui.is_enabled(), label);
        info.value = Some(value);
        info
    });
    let (min, max) = range.ends();
    ui.ctx().accesskit_node_builder(response.id, |node| {
        use egui::accesskit::Action;
        node.set_min_numeric_value(min);
        node.set_max_numeric_value(max);
        node.add_action(Action::SetValue);
        node.add_action(Action::Increment);
        node.add_action(Action::Decrement);
    });
}
