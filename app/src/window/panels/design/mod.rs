//! The left panel: the design under the sliders, grouped and searchable.
//!
//! Draws from a clone of the session's design and returns commands; computes nothing.

mod choices;
mod formats;
mod parameters;

use std::collections::HashMap;

use blockscape_model::parameter::Parameter;
use egui::{ScrollArea, Ui};

use super::Scene;
use super::explore::explore_ui;
use super::palette::{Entry, Outcome, matches};
use crate::window::request::Request;
use crate::window::theme::theme;

const EXPLORATION: &str = "Exploration";

/// What the panel remembers beside the session: search, layer range, refused entries.
#[derive(Debug, Clone, Default)]
pub struct DesignView {
    /// Shows only what has these words.
    pub search: String,
    /// Layers that format rows change; all if `None`.
    pub layers: Option<(u32, u32)>,
    /// What was typed and is not allowed, shown at its control.
    refused: HashMap<Parameter, String>,
}

/// Draws the panel.
pub fn design_ui(ui: &mut Ui, scene: &Scene<'_>, view: &mut DesignView) -> Vec<Request> {
    let mut requests = Vec::new();
    ui.horizontal(|ui| {
        ui.heading("Design");
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if !view.search.is_empty()
                && ui
                    .small_button("×")
                    .on_hover_text("Clear the search")
                    .clicked()
            {
                view.search.clear();
            }
            // An id of its own: the button that comes with the first letter must not take the keyboard away.
            let field = egui::TextEdit::singleline(&mut view.search)
                .id_salt("search parameters")
                .hint_text("Search")
                .desired_width(140.0);
            let response = ui.add(field);
            ui.ctx()
                .accesskit_node_builder(response.id, |node| node.set_label("Search parameters"));
        });
    });
    choices::preset_ui(ui, scene, &mut requests);
    ui.add_space(theme().layout.grid);
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        if shows(
            view,
            formats::SECTION,
            "format mantissa weights activations keys values block",
        ) {
            section(ui, view, formats::SECTION, |ui, view| {
                formats::section_ui(ui, scene, view, &mut requests);
            });
        }
        if shows(view, EXPLORATION, "axes objectives strategy search limits") {
            section(ui, view, EXPLORATION, |ui, _| {
                requests.extend(explore_ui(ui, scene));
            });
        }
        let mut n_shown = 0;
        for (title, members) in parameters::sections() {
            let members: Vec<Parameter> = members
                .into_iter()
                .filter(|each| shows(view, title, &each.description().label))
                .collect();
            if members.is_empty() {
                continue;
            }
            n_shown += members.len();
            section(ui, view, title, |ui, view| {
                if title == parameters::OPERATION {
                    choices::technology_ui(ui, scene, &mut requests);
                }
                if title == parameters::WORKLOAD {
                    choices::model_ui(ui, scene, &mut requests);
                }
                for parameter in members {
                    requests.extend(parameters::row_ui(ui, scene, view, parameter, None));
                }
            });
        }
        if n_shown == 0 && !view.search.is_empty() {
            ui.add_space(theme().layout.grid);
            ui.weak("No parameter has that name");
        }
    });
    requests
}

fn shows(view: &DesignView, section: &str, label: &str) -> bool {
    matches(&format!("{section} {label}"), &view.search)
}

/// A section that can be folded; a search opens all of them.
fn section(
    ui: &mut Ui,
    view: &mut DesignView,
    title: &str,
    contents: impl FnOnce(&mut Ui, &mut DesignView),
) {
    let searching = !view.search.is_empty();
    egui::CollapsingHeader::new(egui::RichText::new(title).strong())
        .id_salt(title)
        .default_open(true)
        .open(searching.then_some(true))
        .show_unindented(ui, |ui| contents(ui, view));
    ui.add_space(theme().layout.grid);
}

/// Every parameter as a line of the command palette.
pub fn palette_entries() -> Vec<Entry> {
    let entry = |label: String| Entry {
        title: label.clone(),
        shortcut: "",
        outcome: Outcome::Find(label),
    };
    let plain = Parameter::plain().map(|parameter| parameter.description().label);
    let groups = formats::GROUPS
        .iter()
        .map(|(label, ..)| (*label).to_owned());
    plain.chain(groups).map(entry).collect()
}
