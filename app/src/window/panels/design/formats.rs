//! Format rows of the design panel: one a site group, for all layers or a range of them.

use blockscape_model::design::{FormatTable, SitePattern};
use blockscape_model::format::Format;
use blockscape_model::parameter::{FormatField, Parameter, Value};
use blockscape_model::workload::SlotGroup;
use egui::Ui;

use super::{DesignView, parameters};
use crate::files::pane::Pane;
use crate::session::command::{Command, whole_format};
use crate::window::panels::Scene;
use crate::window::panels::palette::matches;
use crate::window::request::Request;
use crate::window::theme::theme;
use crate::window::widgets::{format_picker_ui, number_entry_ui, slider_ui, width_of};

pub(super) const SECTION: &str = "Number formats";

/// Site groups on screen: label, pattern as in presets, what it holds.
pub(super) const GROUPS: [(&str, &str, &str); 10] = [
    (
        "q k v in",
        "qkv.activation",
        "Input of the query, key and value projections",
    ),
    ("o in", "o.activation", "Input of the output projection"),
    (
        "gate up in",
        "gate_up.activation",
        "Input of the gate and up projections",
    ),
    ("down in", "down.activation", "Input of the down projection"),
    (
        "weights",
        "linear.weight",
        "Weights of all linear layers of the transformer",
    ),
    ("query", "query", "Queries of attention"),
    ("key", "key", "Keys, as the cache holds them"),
    (
        "prob.",
        "probability",
        "Attention probabilities, the output of softmax",
    ),
    ("value", "value", "Values, as the cache holds them"),
    (
        "head",
        "head.activation+head.weight",
        "Input and weights of the projection to the vocabulary",
    ),
];

/// Block lengths that are dragged together.
const BLOCKS: [(&str, &str); 3] = [
    ("Block, activations", "activations"),
    ("Block, weights", "weights"),
    ("Block, keys and values", "kv"),
];

/// Draws the section.
pub(super) fn section_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    view: &mut DesignView,
    requests: &mut Vec<Request>,
) {
    layers_ui(ui, scene, view, requests);
    for (label, pattern, help) in GROUPS {
        if matches(
            &format!("{SECTION} mantissa bits format {label} {pattern} {help}"),
            &view.search,
        ) {
            requests.extend(group_ui(ui, scene, view, label, pattern, help));
        }
    }
    for (label, pattern) in BLOCKS {
        let group: SlotGroup = pattern
            .parse()
            .expect("a pattern of the table above, tested");
        let layers = view.layers;
        let parameter = Parameter::Format(FormatField::BlockLength, SitePattern { layers, group });
        let shown = matches(&format!("{SECTION} {label} length"), &view.search);
        let formats = scene.session.design.formats.base();
        if shown && group.slots().any(|slot| has_block(formats[slot.index()])) {
            requests.extend(parameters::row_ui(ui, scene, view, parameter, Some(label)));
        }
    }
}

fn has_block(format: Format) -> bool {
    FormatField::BlockLength.of(format).is_some()
}

/// All layers or a range, and the way to the whole grid.
fn layers_ui(ui: &mut Ui, scene: &Scene<'_>, view: &mut DesignView, requests: &mut Vec<Request>) {
    let last = scene.session.workload.model.n_layers.saturating_sub(1);
    ui.horizontal(|ui| {
        let mut some = view.layers.is_some();
        ui.selectable_value(&mut some, false, "All layers");
        ui.selectable_value(&mut some, true, "Layer range")
            .on_hover_text("Change a range of layers only");
        view.layers = some.then(|| view.layers.unwrap_or((0, last)));
        if let Some((from, to)) = &mut view.layers {
            *to = (*to).min(last);
            *from = (*from).min(*to);
            let first = ui.add(egui::DragValue::new(from).range(0..=*to));
            ui.label("to");
            let second = ui.add(egui::DragValue::new(to).range(*from..=last));
            ui.ctx()
                .accesskit_node_builder(first.id, |node| node.set_label("First layer"));
            ui.ctx()
                .accesskit_node_builder(second.id, |node| node.set_label("Last layer"));
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if ui
                .small_button("Grid")
                .on_hover_text("Every layer and site as one grid, to be painted")
                .clicked()
            {
                requests.push(Request::Reveal(Pane::Formats));
            }
        });
    });
}

/// Format and width of one group.
fn group_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    view: &mut DesignView,
    label: &str,
    pattern: &str,
    help: &str,
) -> Option<Request> {
    let group: SlotGroup = pattern
        .parse()
        .expect("a pattern of the table above, tested");
    let formats = &scene.session.design.formats;
    let shown = shown_format(formats, group, view.layers);
    let mixed = is_mixed(
        formats,
        group,
        view.layers,
        scene.session.workload.model.n_layers,
    );
    let lock = whole_format(group);
    let locked = scene.session.locked.contains(&lock);
    let layout = &theme().layout;
    let mut request = None;
    ui.push_id(pattern, |ui| {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = layout.grid;
            let size = egui::vec2(68.0, layout.row_height);
            let name = if mixed {
                format!("{label} *")
            } else {
                label.to_owned()
            };
            let text = ui.allocate_ui_with_layout(
                size,
                egui::Layout::left_to_right(egui::Align::Center),
                |ui| {
                    ui.set_min_size(size);
                    ui.add(
                        egui::Label::new(&name)
                            .truncate()
                            .sense(egui::Sense::click()),
                    )
                },
            );
            let text = text.inner.on_hover_text(if locked {
                format!("{help}. Locked; right click to unlock")
            } else if mixed {
                format!("{help}. Its sites differ; a change of the format makes them equal")
            } else {
                help.to_owned()
            });
            text.context_menu(|ui| {
                let verb = if locked { "Unlock" } else { "Lock" };
                if ui.button(verb).clicked() {
                    request = Some(Command::ToggleLock(lock).into());
                    ui.close();
                }
                if ui.button("Reset to preset").clicked() {
                    request = Some(reset(scene, group, view.layers));
                    ui.close();
                }
                if ui.button("Explore mantissa bits as axis").clicked() {
                    let pattern = SitePattern {
                        layers: view.layers,
                        group,
                    };
                    let parameter = Parameter::Format(FormatField::MantissaBits, pattern);
                    request = Some(Command::ToggleAxis(parameter).into());
                    ui.close();
                }
            });
            ui.add_enabled_ui(!locked, |ui| {
                if let Some(edit) = controls_ui(ui, scene, view, label, group, shown) {
                    request = Some(edit);
                }
            });
        });
    });
    request
}

fn controls_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    view: &mut DesignView,
    label: &str,
    group: SlotGroup,
    shown: Format,
) -> Option<Request> {
    let layout = &theme().layout;
    let number_width = 40.0;
    let free = ui.available_width() - number_width - 2.0 * layout.grid;
    let width = width_of(shown);
    let slider_width = if width.is_some() {
        (0.42 * free).max(60.0)
    } else {
        0.0
    };
    let picker_width = if width.is_some() {
        free - slider_width
    } else {
        ui.available_width()
    };
    let picked = format_picker_ui(ui, label, shown, picker_width);
    if let Some(format) = picked {
        return Some(set_format(scene, group, view.layers, format));
    }
    let (name, mut bits, range) = width?;
    let spoken = format!("{label} {name}");
    let slider = slider_ui(ui, &spoken, &range, &mut bits, slider_width);
    let number = number_entry_ui(ui, &spoken, &range, &mut bits, number_width);
    if !(slider.changed() || number.changed()) {
        return None;
    }
    let parameter = Parameter::Format(
        FormatField::MantissaBits,
        SitePattern {
            layers: view.layers,
            group,
        },
    );
    parameters::edit(scene, view, parameter, Value::Number(bits))
}

/// What a row shows: the format of the first site of the scope.
fn shown_format(formats: &FormatTable, group: SlotGroup, layers: Option<(u32, u32)>) -> Format {
    match layers {
        Some((first, _)) => formats.at(first, group.first()),
        None => formats.base()[group.first().index()],
    }
}

fn is_mixed(
    formats: &FormatTable,
    group: SlotGroup,
    layers: Option<(u32, u32)>,
    n_layers: u32,
) -> bool {
    let shown = shown_format(formats, group, layers);
    let (first, last) = layers.unwrap_or((0, n_layers.saturating_sub(1)));
    let differs = |run: blockscape_model::design::LayerGroup<'_>| {
        run.first <= last
            && run.first + run.count > first
            && group.slots().any(|slot| run.formats[slot.index()] != shown)
    };
    formats.layer_groups(n_layers).any(differs)
}

fn set_format(
    scene: &Scene<'_>,
    group: SlotGroup,
    layers: Option<(u32, u32)>,
    format: Format,
) -> Request {
    let mut design = scene.session.design.clone();
    match layers {
        Some((first, last)) => design.formats.set_layers(first..=last, group, format),
        None => design.formats.set(group, format),
    }
    Command::ReplaceDesign(Box::new(design)).into()
}

fn reset(scene: &Scene<'_>, group: SlotGroup, layers: Option<(u32, u32)>) -> Request {
    let last = scene.session.workload.model.n_layers.saturating_sub(1);
    let (first, last) = layers.unwrap_or((0, last));
    let cells = (first..=last)
        .flat_map(|layer| group.slots().map(move |slot| (layer, slot)))
        .collect();
    Command::ResetCells(cells).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_of_the_panel_is_a_site_group() {
        for (_, pattern, _) in GROUPS {
            assert!(pattern.parse::<SlotGroup>().is_ok(), "{pattern}");
        }
        for (_, pattern) in BLOCKS {
            assert!(pattern.parse::<SlotGroup>().is_ok(), "{pattern}");
        }
    }
}
