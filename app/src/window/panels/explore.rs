//! Exploration settings: axes with their values, objectives with limits, strategy.

use blockscape_explorer::preset::SpacePreset;
use blockscape_explorer::{Axis, Objective, Search, Spread};
use blockscape_model::evaluation::{Direction, Metric, Metrics};
use egui::{ComboBox, DragValue, Ui};

use super::Scene;
use super::status::whole;
use crate::session::ExplorationSettings;
use crate::session::axis_choice::usual_axis;
use crate::session::axis_choice::{axis_parameters, short_label};
use crate::session::command::Command;
use crate::window::request::Request;
use crate::window::theme::colors;

/// Draws the section.
pub fn explore_ui(ui: &mut Ui, scene: &Scene<'_>) -> Vec<Request> {
    let mut settings = scene.session.exploration.clone();
    let mut loaded = None;
    axes_ui(ui, scene, &mut settings, &mut loaded);
    objectives_ui(ui, &mut settings, scene.results.current.as_ref());
    search_ui(ui, &mut settings);
    if let Some(space) = loaded {
        return vec![Command::LoadSpace(Box::new(space)).into()];
    }
    if settings == scene.session.exploration {
        return Vec::new();
    }
    vec![Command::SetExploration(Box::new(settings)).into()]
}

fn axes_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    settings: &mut ExplorationSettings,
    loaded: &mut Option<SpacePreset>,
) {
    let mut size = 1_u64;
    let mut removed = None;
    for (index, axis) in settings.axes.iter_mut().enumerate() {
        let values = axis.values();
        size = size.saturating_mul(values.as_ref().map_or(1, Vec::len) as u64);
        ui.push_id(axis.parameter, |ui| {
            ui.horizontal(|ui| {
                let label = axis.parameter.description().label;
                let shown = short_label(axis.parameter);
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    let remove = ui.small_button("×").on_hover_text("Do not explore it");
                    ui.ctx().accesskit_node_builder(remove.id, |node| {
                        node.set_label(format!("Remove axis {label}"));
                    });
                    if remove.clicked() {
                        removed = Some(index);
                    }
                    let count = values.as_ref().map_or(0, Vec::len);
                    ui.weak(format!("{count}"));
                    spread_ui(ui, axis, &label);
                    ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                        ui.add(egui::Label::new(&shown).truncate())
                            .on_hover_text(&label);
                    });
                });
            });
            if let Err(violation) = values {
                let text = egui::RichText::new(violation.to_string()).small();
                ui.label(text.color(colors(ui.ctx()).error.0));
            }
        });
    }
    if let Some(index) = removed {
        settings.axes.remove(index);
    }
    if settings.axes.is_empty() {
        ui.weak("No axis: right click a parameter, or add one");
    }
    ui.horizontal(|ui| {
        add_ui(ui, scene, settings);
        ui.menu_button("Spaces", |ui| {
            for space in &scene.library.spaces {
                if ui
                    .button(&space.name)
                    .on_hover_text(&space.source)
                    .clicked()
                {
                    *loaded = Some(space.clone());
                    ui.close();
                }
            }
        });
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.weak(format!("{} designs", whole(size)));
        });
    });
}

fn add_ui(ui: &mut Ui, scene: &Scene<'_>, settings: &mut ExplorationSettings) {
    ui.menu_button("Add axis", |ui| {
        egui::ScrollArea::vertical()
            .max_height(400.0)
            .show(ui, |ui| {
                for parameter in axis_parameters() {
                    let taken = settings.axes.iter().any(|axis| axis.parameter == parameter);
                    let label = parameter.description().label;
                    if ui.add_enabled(!taken, egui::Button::new(label)).clicked() {
                        settings.axes.push(usual_axis(
                            parameter,
                            &scene.session.design,
                            &scene.session.workload,
                        ));
                        ui.close();
                    }
                }
            });
    });
}

fn spread_ui(ui: &mut Ui, axis: &mut Axis, label: &str) {
    let number = |ui: &mut Ui, value: &mut f64, name: &str| {
        let before = *value;
        let response = ui.add(
            DragValue::new(value)
                .speed(0.25)
                .custom_formatter(|value, _| value.to_string())
                .update_while_editing(false),
        );
        ui.ctx().accesskit_node_builder(response.id, |node| {
            node.set_label(format!("{label} {name}"));
        });
        if response.dragged() && (*value - before).abs() > 0.0 {
            *value = value.round();
        }
        response.on_hover_text(name);
    };
    match &mut axis.values {
        Spread::Range { from, to, step } => {
            number(ui, step, "step");
            ui.weak("by");
            number(ui, to, "last value");
            ui.weak("to");
            number(ui, from, "first value");
        }
        Spread::Log { from, to, factor } => {
            number(ui, factor, "factor");
            ui.weak("×");
            number(ui, to, "last value");
            ui.weak("to");
            number(ui, from, "first value");
        }
        Spread::List(texts) => {
            let mut text = texts.join(" ; ");
            let field = ui.add(egui::TextEdit::singleline(&mut text).desired_width(120.0));
            ui.ctx()
                .accesskit_node_builder(field.id, |node| node.set_label(format!("{label} values")));
            let changed = field.changed();
            field.on_hover_text("Values, separated by semicolons");
            if changed {
                *texts = text.split(';').map(|text| text.trim().to_owned()).collect();
            }
        }
    }
}

fn objectives_ui(ui: &mut Ui, settings: &mut ExplorationSettings, current: Option<&Metrics>) {
    ui.add_space(4.0);
    ui.weak("Objectives and their limits");
    let mut removed = None;
    let n_objectives = settings.objectives.len();
    for index in 0..n_objectives {
        let taken: Vec<Metric> = settings
            .objectives
            .iter()
            .map(|objective| objective.metric)
            .collect();
        let objective = &mut settings.objectives[index];
        ui.push_id(index, |ui| {
            ui.horizontal(|ui| {
                let combo = ComboBox::from_id_salt("metric")
                    .width(132.0)
                    .selected_text(objective.metric.description().label)
                    .show_ui(ui, |ui| {
                        for metric in Metric::ALL {
                            let free = metric == objective.metric || !taken.contains(&metric);
                            if free {
                                ui.selectable_value(
                                    &mut objective.metric,
                                    metric,
                                    metric.description().label,
                                );
                            }
                        }
                    });
                crate::window::widgets::name_ui(
                    ui,
                    &combo.response,
                    &format!("Objective {}", index + 1),
                );
                limit_ui(ui, objective, current);
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    let remove = ui.add_enabled(n_objectives > 2, egui::Button::new("×").small());
                    if remove.on_hover_text("Leave this objective out").clicked() {
                        removed = Some(index);
                    }
                });
            });
        });
    }
    if let Some(index) = removed {
        settings.objectives.remove(index);
    }
    let free = Metric::ALL.into_iter().find(|metric| {
        settings
            .objectives
            .iter()
            .all(|objective| objective.metric != *metric)
    });
    if let Some(metric) = free.filter(|_| n_objectives < 3)
        && ui.small_button("Add objective").clicked()
    {
        settings.objectives.push(Objective::new(metric));
    }
}

fn limit_ui(ui: &mut Ui, objective: &mut Objective, current: Option<&Metrics>) {
    let description = objective.metric.description();
    let sign = if description.direction == Direction::Minimize {
        "≤"
    } else {
        "≥"
    };
    let mut limited = objective.limit.is_some();
    ui.checkbox(&mut limited, sign)
        .on_hover_text("Worst acceptable value; designs beyond it stay off the front");
    let present = || {
        let value = current.map(|metrics| metrics.get(objective.metric));
        let value = value.filter(|value| value.is_finite());
        value.map_or(1.0, |value| loosened(value, description.direction))
    };
    objective.limit = limited.then(|| objective.limit.unwrap_or_else(present));
    if let Some(limit) = &mut objective.limit {
        let speed = (limit.abs() / 100.0).max(1e-3);
        let field = DragValue::new(limit).speed(speed).suffix(format!(
            " {}",
            super::inspector::unit_text(description.unit)
        ));
        let response = ui.add(field);
        ui.ctx().accesskit_node_builder(response.id, |node| {
            node.set_label(format!("Limit of {}", description.label));
        });
    }
}

/// A value of four digits that the given one keeps as a limit.
fn loosened(value: f64, direction: Direction) -> f64 {
    let digit = 10_f64.powf(value.abs().log10().floor() - 3.0);
    if !digit.is_normal() {
        return value;
    }
    let digits = value / digit;
    let rounded = match direction {
        Direction::Minimize => (digits - 1e-9).ceil(),
        Direction::Maximize => (digits + 1e-9).floor(),
    };
    // A division by a power of ten gives the number as it would be typed.
    let unit = digit.log10().round();
    if unit < 0.0 {
        rounded / 10_f64.powf(-unit)
    } else {
        rounded * 10_f64.powf(unit)
    }
}

fn search_ui(ui: &mut Ui, settings: &mut ExplorationSettings) {
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        let mut evaluations = evaluations_of(&settings.search).unwrap_or(10_000);
        let combo = ComboBox::from_id_salt("strategy")
            .width(132.0)
            .selected_text(name_of(&settings.search))
            .show_ui(ui, |ui| {
                for search in [
                    Search::Exhaustive,
                    Search::Random { evaluations },
                    Search::LatinHypercube { evaluations },
                    Search::Nsga2 {
                        evaluations,
                        population: 100,
                    },
                    Search::Tpe {
                        evaluations: evaluations.min(2000),
                    },
                    Search::Budget { evaluations },
                    Search::Anda { evaluations: 32 },
                ] {
                    let name = name_of(&search);
                    if ui
                        .selectable_label(name == name_of(&settings.search), name)
                        .clicked()
                    {
                        settings.search = search;
                    }
                }
            });
        crate::window::widgets::name_ui(ui, &combo.response, "Strategy");
        if evaluations_of(&settings.search).is_some() {
            let field = ui.add(
                DragValue::new(&mut evaluations)
                    .speed(100.0)
                    .range(10..=10_000_000),
            );
            ui.ctx()
                .accesskit_node_builder(field.id, |node| node.set_label("Evaluations"));
            field.on_hover_text("Designs to try");
            set_evaluations(&mut settings.search, evaluations);
            let seed = ui.add(DragValue::new(&mut settings.seed).prefix("seed "));
            crate::window::widgets::name_ui(ui, &seed, "Seed");
            seed.on_hover_text("The same seed tries the same designs");
        }
    });
}

fn name_of(search: &Search) -> &'static str {
    match search {
        Search::Exhaustive => "Exhaustive",
        Search::Random { .. } => "Random",
        Search::LatinHypercube { .. } => "Latin hypercube",
        Search::Nsga2 { .. } => "NSGA-II",
        Search::Tpe { .. } => "Parzen estimator",
        Search::Budget { .. } => "Layer budget",
        Search::Anda { .. } => "Anda's search",
        Search::Refine { .. } => "Local refinement",
    }
}

fn evaluations_of(search: &Search) -> Option<u64> {
    match *search {
        Search::Exhaustive => None,
        Search::Random { evaluations }
        | Search::LatinHypercube { evaluations }
        | Search::Nsga2 { evaluations, .. }
        | Search::Tpe { evaluations }
        | Search::Budget { evaluations }
        | Search::Anda { evaluations }
        | Search::Refine { evaluations, .. } => Some(evaluations),
    }
}

fn set_evaluations(search: &mut Search, wanted: u64) {
    match search {
        Search::Exhaustive => {}
        Search::Random { evaluations }
        | Search::LatinHypercube { evaluations }
        | Search::Nsga2 { evaluations, .. }
        | Search::Tpe { evaluations }
        | Search::Budget { evaluations }
        | Search::Anda { evaluations }
        | Search::Refine { evaluations, .. } => *evaluations = wanted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use blockscape_model::parameter::Parameter;

    #[test]
    fn every_format_axis_on_offer_is_a_parameter() {
        assert_eq!(axis_parameters().len(), 14 + Parameter::plain().count());
    }

    #[test]
    fn a_limit_at_a_present_value_is_kept_by_it() {
        for value in [5.438_21, 0.012_345_6, 812.34, 1e-7, 7.0, 4.0e9] {
            let most = loosened(value, Direction::Minimize);
            let least = loosened(value, Direction::Maximize);
            assert!(least <= value && value <= most, "{least} {value} {most}");
            assert!((most - least) / value < 0.0011, "{least} {value} {most}");
        }
        assert_eq!(loosened(5.438_21, Direction::Minimize).to_string(), "5.439");
    }
}
