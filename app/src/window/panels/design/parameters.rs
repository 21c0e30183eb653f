//! Rows of the parameter table that are not formats, and what a row's action means.

use blockscape_model::parameter::{Domain, Parameter, Value};
use egui::Ui;

use super::DesignView;
use crate::session::command::Command;
use crate::session::ranges::slider_range;
use crate::session::value_range::ValueRange;
use crate::window::panels::Scene;
use crate::window::request::Request;
use crate::window::theme::theme;
use crate::window::widgets::{ParameterRow, RowAction, parameter_row_ui};

pub(super) const OPERATION: &str = "Clock and supply";
pub(super) const WORKLOAD: &str = "Workload";

/// Sections of the parameter table in its order.
pub(super) fn sections() -> Vec<(&'static str, Vec<Parameter>)> {
    let mut sections: Vec<(&'static str, Vec<Parameter>)> = Vec::new();
    for parameter in Parameter::plain() {
        let section = parameter.description().section;
        match sections.iter_mut().find(|(title, _)| *title == section) {
            Some((_, members)) => members.push(parameter),
            None => sections.push((section, vec![parameter])),
        }
    }
    sections
}

/// Draws the row of a parameter, whatever its domain; `label` replaces its own.
pub(super) fn row_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    view: &mut DesignView,
    parameter: Parameter,
    label: Option<&str>,
) -> Option<Request> {
    if !parameter.applies_to(&scene.session.design) {
        return None;
    }
    let description = parameter.description();
    let label = label.unwrap_or(&description.label);
    let value = value_of(scene, parameter);
    let locked = scene.session.locked.contains(&parameter);
    if let Domain::Choice(names) = description.domain {
        let index = value.and_then(Value::choice).unwrap_or(0);
        let fitting = (parameter == Parameter::Unit).then(|| scene.results.fitting());
        let choices = Choices {
            names,
            fitting: fitting.flatten(),
        };
        let chosen = choice_ui(
            ui,
            parameter,
            label,
            description.help,
            choices,
            index,
            locked,
        )?;
        return edit(scene, view, parameter, Value::Choice(chosen));
    }
    let range = slider_range(parameter);
    let Some(number) = value.and_then(Value::number) else {
        return unset_ui(ui, scene, view, parameter, label, &range);
    };
    let refused = view
        .refused
        .get(&parameter)
        .cloned()
        .or_else(|| scene.results.violation_of(parameter));
    let row = ParameterRow {
        id: egui::Id::unique(parameter),
        label,
        unit: description.unit,
        help: description.help,
        range: &range,
        violation: refused.as_deref(),
        locked,
        origin: origin(scene, parameter),
    };
    let action = parameter_row_ui(ui, &row, number);
    perform(scene, view, parameter, action)
}

/// What the preset of the design has for a parameter, and the source of the preset.
fn origin(scene: &Scene<'_>, parameter: Parameter) -> Option<String> {
    let preset = scene.session.preset.as_ref()?;
    if parameter.is_workload() {
        return None;
    }
    let value = parameter.get(preset, &scene.session.workload)?;
    let unit = parameter.description().unit;
    let value = parameter.value_to_text(value);
    let has = format!("{} has {value} {unit}", preset.name);
    Some(match preset.source.as_str() {
        "" => has,
        source => format!("{}. Source: {source}", has.trim_end()),
    })
}

/// The value of a parameter; of sites that differ, that of the first that has the field.
fn value_of(scene: &Scene<'_>, parameter: Parameter) -> Option<Value> {
    let design = &scene.session.design;
    parameter
        .get(design, &scene.session.workload)
        .or_else(|| match parameter {
            Parameter::Format(field, pattern) => {
                let row = design
                    .formats
                    .row(pattern.layers.map_or(0, |(first, _)| first));
                pattern
                    .group
                    .slots()
                    .find_map(|slot| field.of(row[slot.index()]))
            }
            _ => None,
        })
}

fn perform(
    scene: &Scene<'_>,
    view: &mut DesignView,
    parameter: Parameter,
    action: RowAction,
) -> Option<Request> {
    if let Some(value) = action.set {
        return edit(scene, view, parameter, Value::Number(value));
    }
    if action.reset {
        let preset = scene
            .session
            .preset
            .as_ref()
            .unwrap_or(&scene.session.design);
        let value = parameter.get(preset, &scene.session.workload)?;
        return edit(scene, view, parameter, value);
    }
    if action.toggle_lock {
        return Some(Command::ToggleLock(parameter).into());
    }
    action
        .toggle_axis
        .then(|| Command::ToggleAxis(parameter).into())
}

/// The command that sets a value; a refused value is remembered for its control.
pub(super) fn edit(
    scene: &Scene<'_>,
    view: &mut DesignView,
    parameter: Parameter,
    value: Value,
) -> Option<Request> {
    let mut design = scene.session.design.clone();
    let mut workload = scene.session.workload.clone();
    match parameter.set(&mut design, &mut workload, value) {
        Ok(()) => {
            view.refused.remove(&parameter);
            Some(if parameter.is_workload() {
                Command::ReplaceWorkload(Box::new(workload)).into()
            } else {
                Command::ReplaceDesign(Box::new(design)).into()
            })
        }
        Err(violation) => {
            let text = format!("{} is not allowed: {}", violation.value, violation.allowed);
            view.refused.insert(parameter, text);
            None
        }
    }
}

fn choice_ui(
    ui: &mut Ui,
    parameter: Parameter,
    label: &str,
    help: &str,
    choices: Choices<'_>,
    index: usize,
    locked: bool,
) -> Option<usize> {
    let mut chosen = index;
    ui.push_id(parameter, |ui| {
        ui.add_enabled_ui(!locked, |ui| {
            labelled_combo_ui(ui, label, help, choices, &mut chosen);
        });
    });
    (chosen != index).then_some(chosen)
}

/// A label of fixed width with its help on hover.
fn label_ui(ui: &mut Ui, label: &str, help: &str, width: f32) -> egui::Response {
    let size = egui::vec2(width, theme().layout.row_height);
    let text = ui.allocate_ui_with_layout(
        size,
        egui::Layout::left_to_right(egui::Align::Center),
        |ui| {
            ui.set_min_size(size);
            ui.set_max_size(size);
            ui.add(
                egui::Label::new(label)
                    .truncate()
                    .sense(egui::Sense::hover()),
            )
        },
    );
    text.inner.on_hover_text(help)
}

fn description_help(parameter: Parameter) -> &'static str {
    parameter.description().help
}

/// Names to choose from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Choices<'a> {
    pub(super) names: &'a [&'a str],
    /// Which of them suit the design, where that is known.
    pub(super) fitting: Option<&'a [bool]>,
}

impl Choices<'_> {
    /// Whether a choice suits the design; all do where none does, since then something else is wrong.
    fn fits(&self, index: usize) -> bool {
        let fitting = self.fitting.filter(|fitting| fitting.contains(&true));
        fitting.is_none_or(|fitting| fitting.get(index) != Some(&false))
    }
}

impl<'a> From<&'a [&'a str]> for Choices<'a> {
    fn from(names: &'a [&'a str]) -> Self {
        Self {
            names,
            fitting: None,
        }
    }
}

/// A label and a combo box that fill a row.
pub(super) fn labelled_combo_ui(
    ui: &mut Ui,
    label: &str,
    help: &str,
    choices: Choices<'_>,
    chosen: &mut usize,
) {
    let names = choices.names;
    let layout = &theme().layout;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = layout.grid;
        let text = label_ui(ui, label, help, layout.label_width);
        let combo = egui::ComboBox::from_id_salt(label)
            .width(ui.available_width())
            .truncate()
            .selected_text(names.get(*chosen).copied().unwrap_or("none"));
        let response = combo.show_ui(ui, |ui| {
            for (index, name) in names.iter().enumerate() {
                if choices.fits(index) {
                    ui.selectable_value(chosen, index, *name);
                } else {
                    let name = egui::RichText::new(*name).weak();
                    ui.selectable_value(chosen, index, name)
                        .on_hover_text("Does not take the formats of this design");
                }
            }
        });
        response.response.labelled_by(text.id);
    });
}

/// A row of a value that is not set: the supply at its nominal voltage.
fn unset_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    view: &mut DesignView,
    parameter: Parameter,
    label: &str,
    range: &ValueRange,
) -> Option<Request> {
    let layout = &theme().layout;
    let mut request = None;
    ui.horizontal(|ui| {
        label_ui(ui, label, description_help(parameter), layout.label_width);
        let help = "The supply of the technology; click to choose another";
        if ui.button("nominal").on_hover_text(help).clicked() {
            let (min, max) = range.ends();
            request = edit(
                scene,
                view,
                parameter,
                Value::Number(range.stepped(0.5 * (min + max), 0)),
            );
        }
    });
    request
}
