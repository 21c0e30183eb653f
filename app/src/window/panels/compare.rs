//! Two designs side by side: every figure with its change, the settings that differ, the formats that differ.

use blockscape_model::design::Design;
use blockscape_model::evaluation::{Metric, Metrics};
use blockscape_model::parameter::Parameter;
use blockscape_model::workload::{Slot, Workload};
use egui::{Align, ComboBox, Grid, Layout, RichText, ScrollArea, Ui};

use super::Scene;
use super::inspector::{delta, unit_text};
use crate::plots::axis::{prefixed_unit, significant};
use crate::session::command::Command;
use crate::window::request::Request;
use crate::window::theme::theme;
use crate::window::widgets::{delta_color, delta_text, empty_ui, name_ui};

/// One of the two designs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The edited design.
    Current,
    /// A pinned design.
    Pinned(usize),
}

/// Which designs are compared; `None` on the left stands for the reference of the deltas.
#[derive(Debug, Clone, Copy)]
pub struct CompareView {
    left: Option<Side>,
    right: Side,
}

impl Default for CompareView {
    fn default() -> Self {
        Self {
            left: None,
            right: Side::Current,
        }
    }
}

/// Draws the tile.
pub fn compare_ui(ui: &mut Ui, scene: &Scene<'_>, view: &mut CompareView) -> Vec<Request> {
    let mut requests = Vec::new();
    if scene.session.pinned.is_empty() {
        ui.vertical_centered(|ui| {
            ui.add_space(24.0);
            ui.weak("Pin a design, change it, and both stand here side by side");
            if ui.button("Pin the current design").clicked() {
                requests.push(Command::Pin(Box::new(scene.session.design.clone())).into());
            }
        });
        return requests;
    }
    let n_pinned = scene.session.pinned.len();
    let known = |side: Side| match side {
        Side::Pinned(index) if index >= n_pinned => None,
        side => Some(side),
    };
    let reference = Side::Pinned(scene.session.reference.unwrap_or(0));
    let mut left = view.left.and_then(known).unwrap_or(reference);
    let mut right = known(view.right).unwrap_or(Side::Current);
    let mut swap = false;
    ui.horizontal(|ui| {
        side_picker(ui, scene, "Left design", &mut left);
        swap = ui
            .button("Swap")
            .on_hover_text("Left becomes right")
            .clicked();
        side_picker(ui, scene, "Right design", &mut right);
        ui.weak("changes from left to right");
    });
    if swap {
        (left, right) = (right, left);
    }
    if swap || left != reference {
        view.left = Some(left);
    }
    view.right = right;
    let (Some(a), Some(b)) = (side(scene, left), side(scene, right)) else {
        empty_ui(
            ui,
            "One of the designs has not been evaluated or cannot be built",
        );
        return requests;
    };
    let name = |side: Side, design: &'_ Design| match side {
        Side::Current => "current".to_owned(),
        Side::Pinned(_) => design.name.clone(),
    };
    let names = [name(left, a.0), name(right, b.0)];
    let names = [names[0].as_str(), names[1].as_str()];
    ScrollArea::both().auto_shrink(false).show(ui, |ui| {
        ui.horizontal_top(|ui| {
            ui.vertical(|ui| figures_ui(ui, names, &a, &b));
            ui.add_space(24.0);
            ui.vertical(|ui| {
                // Scrolled to rather than squeezed beside the figures.
                ui.set_min_width(280.0);
                settings_ui(ui, &scene.session.workload, a.0, b.0);
                formats_ui(ui, &scene.session.workload, a.0, b.0);
            });
        });
    });
    requests
}

/// A design and its figures.
fn side<'a>(scene: &Scene<'a>, side: Side) -> Option<(&'a Design, Metrics)> {
    match side {
        Side::Current => Some((&scene.session.design, scene.results.current?)),
        Side::Pinned(index) => {
            let metrics = (*scene.results.pinned.get(index)?)?;
            Some((scene.session.pinned.get(index)?, metrics))
        }
    }
}

fn side_picker(ui: &mut Ui, scene: &Scene<'_>, label: &str, chosen: &mut Side) {
    let name = |side: Side| match side {
        Side::Current => "Current design".to_owned(),
        Side::Pinned(index) => scene
            .session
            .pinned
            .get(index)
            .map_or_else(String::new, |design| design.name.clone()),
    };
    let combo = ComboBox::from_id_salt(label)
        .width(150.0)
        .selected_text(name(*chosen))
        .show_ui(ui, |ui| {
            ui.selectable_value(chosen, Side::Current, name(Side::Current));
            for index in 0..scene.session.pinned.len() {
                let side = Side::Pinned(index);
                ui.selectable_value(chosen, side, name(side));
            }
        });
    name_ui(ui, &combo.response, label);
}

fn figures_ui(ui: &mut Ui, names: [&str; 2], a: &(&Design, Metrics), b: &(&Design, Metrics)) {
    Grid::new("compared figures")
        .num_columns(5)
        .striped(true)
        .spacing([12.0, 2.0])
        .show(ui, |ui| {
            ui.weak("Figure");
            for name in names {
                right(ui, RichText::new(name).weak());
            }
            ui.label("");
            right(ui, RichText::new("change").weak());
            ui.end_row();
            for metric in Metric::ALL {
                let description = metric.description();
                let (from, to) = (a.1.get(metric), b.1.get(metric));
                if !from.is_finite() && !to.is_finite() {
                    continue;
                }
                ui.label(description.label).on_hover_text(description.help);
                let largest = from.abs().max(to.abs());
                let (factor, unit) = prefixed_unit(largest, unit_text(description.unit));
                for value in [from, to] {
                    let text = significant(factor * value, 4);
                    right(ui, RichText::new(text).monospace());
                }
                ui.weak(unit);
                match delta(metric, to, from) {
                    Some(delta) => {
                        let color = delta_color(ui, delta);
                        right(ui, RichText::new(delta_text(delta.change)).color(color));
                    }
                    None => _ = ui.label(""),
                }
                ui.end_row();
            }
        });
}

fn settings_ui(ui: &mut Ui, workload: &Workload, a: &Design, b: &Design) {
    let text = |parameter: Parameter, design: &Design| {
        let value = parameter.get(design, workload);
        value.map_or_else(|| "–".to_owned(), |value| parameter.value_to_text(value))
    };
    let differing: Vec<(Parameter, String, String)> = Parameter::plain()
        .map(|parameter| (parameter, text(parameter, a), text(parameter, b)))
        .filter(|(_, left, right)| left != right)
        .collect();
    ui.strong("Settings that differ");
    let same_technology = a.technology == b.technology;
    if differing.is_empty() && same_technology {
        ui.weak("none");
    }
    Grid::new("compared settings")
        .num_columns(4)
        .spacing([12.0, 2.0])
        .show(ui, |ui| {
            if !same_technology {
                ui.label("Technology");
                right(ui, RichText::new(&a.technology));
                right(ui, RichText::new(&b.technology));
                ui.end_row();
            }
            for (parameter, left, right_text) in differing {
                let description = parameter.description();
                ui.label(&description.label).on_hover_text(description.help);
                right(ui, RichText::new(left));
                right(ui, RichText::new(right_text));
                ui.weak(description.unit);
                ui.end_row();
            }
        });
    ui.add_space(8.0);
}

fn formats_ui(ui: &mut Ui, workload: &Workload, a: &Design, b: &Design) {
    ui.strong("Formats that differ");
    let rows = differing_formats(workload.model.n_layers, a, b);
    if rows.is_empty() {
        ui.weak("none");
    }
    Grid::new("compared formats")
        .num_columns(4)
        .spacing([12.0, 2.0])
        .show(ui, |ui| {
            for row in rows {
                ui.label(row.sites);
                ui.weak(row.layers);
                ui.label(RichText::new(row.left).monospace());
                ui.label(RichText::new(row.right).monospace());
                ui.end_row();
            }
        });
}

/// Sites whose formats differ in the same way.
#[derive(Debug, PartialEq)]
struct FormatRow {
    sites: String,
    layers: String,
    left: String,
    right: String,
}

/// Where two designs calculate in different formats, sites and neighboring layers with the same pair together.
fn differing_formats(n_layers: u32, a: &Design, b: &Design) -> Vec<FormatRow> {
    let mut rows: Vec<FormatRow> = Vec::new();
    for slot in Slot::ALL {
        let pair = |layer: u32| (a.formats.at(layer, slot), b.formats.at(layer, slot));
        let mut first = 0;
        while first < n_layers {
            let formats = pair(first);
            let mut last = first;
            while last + 1 < n_layers && pair(last + 1) == formats {
                last += 1;
            }
            if formats.0 != formats.1 {
                let layers = match (first, last) {
                    (0, last) if last + 1 == n_layers => "all layers".to_owned(),
                    (first, last) if first == last => format!("layer {first}"),
                    (first, last) => format!("layers {first} to {last}"),
                };
                let (left, right) = (formats.0.to_string(), formats.1.to_string());
                let same = |row: &&mut FormatRow| {
                    (&row.layers, &row.left, &row.right) == (&layers, &left, &right)
                };
                match rows.iter_mut().find(same) {
                    Some(row) => {
                        row.sites.push_str(", ");
                        row.sites.push_str(&slot.to_string());
                    }
                    None => rows.push(FormatRow {
                        sites: slot.to_string(),
                        layers,
                        left,
                        right,
                    }),
                }
            }
            first = last + 1;
        }
    }
    rows
}

/// A cell of fixed width, its text at the right.
fn right(ui: &mut Ui, text: RichText) {
    let size = egui::vec2(96.0, theme().layout.row_height - 2.0);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        ui.set_min_width(size.x);
        ui.add(egui::Label::new(text).truncate());
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::first::first_session;
    use blockscape_model::workload::SlotGroup;

    #[test]
    fn formats_that_differ_are_listed_by_layers_and_sites() {
        let session = first_session();
        let a = session.design.clone();
        let mut b = a.clone();
        for site in ["q.activation", "k.activation"] {
            let slot: Slot = site.parse().unwrap();
            let format = "bfp:m=3,e=5,b=32".parse().unwrap();
            b.formats.set_layers(2..=5, SlotGroup::single(slot), format);
        }
        let rows = differing_formats(session.workload.model.n_layers, &a, &b);
        assert_eq!(rows.len(), 1, "{rows:?}");
        assert_eq!(rows[0].sites, "q.activation, k.activation");
        assert_eq!(rows[0].layers, "layers 2 to 5");
        assert_eq!(rows[0].right, "bfp:m=3,e=5,b=32");
        assert!(differing_formats(session.workload.model.n_layers, &a, &a).is_empty());
    }
}
