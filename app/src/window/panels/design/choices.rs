//! Choices by name: the preset to start from, the technology, the model.

use egui::{RichText, Ui};

use super::parameters::labelled_combo_ui;
use crate::files::purpose::Purpose;
use crate::session::command::Command;
use crate::window::panels::Scene;
use crate::window::request::Request;

/// Name of the design and the presets to start from.
pub(super) fn preset_ui(ui: &mut Ui, scene: &Scene<'_>, requests: &mut Vec<Request>) {
    let design = &scene.session.design;
    let edited = scene
        .session
        .preset
        .as_ref()
        .is_some_and(|preset| preset != design);
    ui.horizontal(|ui| {
        ui.menu_button("Presets", |ui| {
            ui.set_min_width(200.0);
            for preset in &scene.library.designs {
                if ui
                    .button(&preset.name)
                    .on_hover_text(&preset.source)
                    .clicked()
                {
                    requests.push(Command::LoadDesign(Box::new(preset.clone())).into());
                    ui.close();
                }
            }
        });
        let mut name = design.name.clone();
        let field =
            egui::TextEdit::singleline(&mut name).desired_width(ui.available_width() - 72.0);
        let response = ui.add(field).on_hover_text(&design.source);
        ui.ctx()
            .accesskit_node_builder(response.id, |node| node.set_label("Design name"));
        if response.changed() && !name.trim().is_empty() {
            let mut renamed = design.clone();
            renamed.name = name;
            requests.push(Command::ReplaceDesign(Box::new(renamed)).into());
        }
        let reset = egui::Button::new("Reset");
        let help = "Back to the preset this design started from";
        if ui.add_enabled(edited, reset).on_hover_text(help).clicked()
            && let Some(preset) = &scene.session.preset
        {
            requests.push(Command::LoadDesign(Box::new(preset.clone())).into());
        }
    });
}

/// The technology preset.
pub(super) fn technology_ui(ui: &mut Ui, scene: &Scene<'_>, requests: &mut Vec<Request>) {
    let names: Vec<&str> = scene
        .library
        .technologies
        .iter()
        .map(String::as_str)
        .collect();
    let current = &scene.session.design.technology;
    let index = names
        .iter()
        .position(|name| name == current)
        .unwrap_or(usize::MAX);
    let mut chosen = index;
    labelled_combo_ui(
        ui,
        "Technology",
        "Process node: every constant with value, source and confidence",
        names.as_slice().into(),
        &mut chosen,
    );
    if chosen != index {
        let mut design = scene.session.design.clone();
        names[chosen].clone_into(&mut design.technology);
        requests.push(Command::ReplaceDesign(Box::new(design)).into());
    }
}

/// The model whose products are computed.
pub(super) fn model_ui(ui: &mut Ui, scene: &Scene<'_>, requests: &mut Vec<Request>) {
    let models = &scene.library.models;
    let current = &scene.session.workload.model;
    let index = models.iter().position(|model| model == current);
    let mut names: Vec<&str> = models.iter().map(|model| model.name.as_str()).collect();
    if index.is_none() {
        names.push(&current.name);
    }
    let shown = index.unwrap_or(models.len());
    let mut chosen = shown;
    labelled_combo_ui(
        ui,
        "Model",
        &current.source,
        names.as_slice().into(),
        &mut chosen,
    );
    if chosen != shown && chosen < models.len() {
        let model = Box::new(models[chosen].clone());
        requests.push(Command::ChangeModel(model).into());
    }
    ui.horizontal(|ui| {
        let shape = format!(
            "{} layers, width {}, {} heads, {} key heads",
            current.n_layers, current.hidden_size, current.n_heads, current.n_kv_heads
        );
        ui.add(egui::Label::new(RichText::new(shape).small().weak()).truncate());
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if ui.small_button("Open model…").clicked() {
                requests.push(Request::Ask(Purpose::OpenModel));
            }
        });
    });
}
