//! One parameter: label, slider, number, unit, with its help on hover and a violation beneath.

use egui::{Color32, Id, RichText, Sense, Ui, vec2};

use super::{number_entry_ui, slider_ui};
use crate::session::value_range::ValueRange;
use crate::window::theme::theme;

/// What a row shows beside the number itself.
#[derive(Debug, Clone)]
pub struct ParameterRow<'a> {
    /// Identity that survives moving the row.
    pub id: Id,
    /// Name.
    pub label: &'a str,
    /// Unit, empty for a plain count.
    pub unit: &'a str,
    /// What it does and where its range comes from.
    pub help: &'a str,
    /// What is offered.
    pub range: &'a ValueRange,
    /// Why the design is refused because of this value, if it is.
    pub violation: Option<&'a str>,
    /// Whether the row is locked against changes.
    pub locked: bool,
    /// What the preset has here, and where it has that from.
    pub origin: Option<String>,
}

/// What the user did to a row.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RowAction {
    /// The new value.
    pub set: Option<f64>,
    /// Back to the preset's value.
    pub reset: bool,
    /// Lock or unlock.
    pub toggle_lock: bool,
    /// Add the parameter to the explored axes, or take it out.
    pub toggle_axis: bool,
}

/// Draws one row.
pub fn parameter_row_ui(ui: &mut Ui, row: &ParameterRow<'_>, value: f64) -> RowAction {
    let mut action = RowAction::default();
    let layout = &theme().layout;
    ui.push_id(row.id, |ui| {
        let name = ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = layout.grid;
            let free =
                ui.available_width() - layout.number_width - layout.unit_width - 3.0 * layout.grid;
            let slider_width = (0.42 * free).clamp(48.0, 2.0 * layout.slider_width);
            let label_width = (free - slider_width).max(40.0);
            let label = label_ui(ui, row, label_width);
            ui.add_enabled_ui(!row.locked, |ui| {
                let mut edited = value;
                let slider = slider_ui(ui, row.label, row.range, &mut edited, slider_width);
                let number =
                    number_entry_ui(ui, row.label, row.range, &mut edited, layout.number_width);
                if !row.locked && (slider.changed() || number.changed()) {
                    action.set = Some(edited);
                }
            });
            unit_ui(ui, row.unit, layout.unit_width);
            label
        });
        menu_ui(&name.inner, row, &mut action);
        if let Some(violation) = row.violation {
            ui.horizontal_wrapped(|ui| {
                ui.label(
                    RichText::new(violation)
                        .small()
                        .color(ui.visuals().error_fg_color),
                );
            });
        }
    });
    action
}

fn label_ui(ui: &mut Ui, row: &ParameterRow<'_>, width: f32) -> egui::Response {
    let size = vec2(width, theme().layout.row_height);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let color = if row.violation.is_some() {
        ui.visuals().error_fg_color
    } else if response.hovered() {
        ui.visuals().strong_text_color()
    } else {
        ui.visuals().text_color()
    };
    let text = if row.locked {
        format!("{} (locked)", row.label)
    } else {
        row.label.to_owned()
    };
    paint_elided(ui, rect, &text, color);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, row.label));
    response.on_hover_ui(|ui| help_ui(ui, row))
}

fn help_ui(ui: &mut Ui, row: &ParameterRow<'_>) {
    ui.strong(row.label);
    ui.label(row.help);
    let unit = if row.unit.is_empty() {
        String::new()
    } else {
        format!(" {}", row.unit)
    };
    ui.weak(format!("Allowed: {}{unit}", row.range.describe()));
    if let Some(origin) = &row.origin {
        ui.weak(origin);
    }
    ui.weak("Shift drags finely, arrow keys step, right click for more");
}

fn menu_ui(label: &egui::Response, row: &ParameterRow<'_>, action: &mut RowAction) {
    label.context_menu(|ui| {
        if ui.button("Reset to preset").clicked() {
            action.reset = true;
            ui.close();
        }
        let lock = if row.locked { "Unlock" } else { "Lock" };
        if ui.button(lock).clicked() {
            action.toggle_lock = true;
            ui.close();
        }
        if ui.button("Explore as axis").clicked() {
            action.toggle_axis = true;
            ui.close();
        }
    });
}

fn unit_ui(ui: &mut Ui, unit: &str, width: f32) {
    let size = vec2(width, theme().layout.row_height);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    paint_elided(ui, rect, unit, ui.visuals().weak_text_color());
}

/// Text cut with an ellipsis at the rectangle's right edge, vertically centered.
fn paint_elided(ui: &Ui, rect: egui::Rect, text: &str, color: Color32) {
    let font = egui::TextStyle::Body.resolve(ui.style());
    let mut job = egui::text::LayoutJob::simple_singleline(text.to_owned(), font, color);
    job.wrap = egui::text::TextWrapping::truncate_at_width(rect.width());
    let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
    let y = rect.center().y - 0.5 * galley.size().y;
    ui.painter()
        .galley(egui::pos2(rect.left(), y), galley, color);
}
