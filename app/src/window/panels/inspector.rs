//! The right panel: the edited design in numbers, against the pinned reference.

use blockscape_model::evaluation::{Direction, Metric};
use blockscape_model::workload::Slot;
use egui::emath::GuiRounding as _;
use egui::{ScrollArea, Ui};

use super::Scene;
use crate::files::pane::Pane;
use crate::plots::breakdown::{BreakdownData, breakdown_bars_ui};
use crate::plots::legend::point;
use crate::plots::pareto::front_category;
use crate::results::details::Details;
use crate::session::command::Command;
use crate::session::kept_front::KeptFront;
use crate::window::request::Request;
use crate::window::theme::{colors, plot_theme, theme};
use crate::window::widgets::{Change, Delta, QuantityRow, name_ui, quantity_row_ui};

/// Draws the panel.
pub fn inspector_ui(ui: &mut Ui, scene: &Scene<'_>) -> Vec<Request> {
    let mut requests = Vec::new();
    head_ui(ui, scene, &mut requests);
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        // The bar of a scrolled panel covers no number.
        ui.set_max_width(ui.available_width() - 4.0 * theme().layout.grid);
        violations_ui(ui, scene, &mut requests);
        metrics_ui(ui, scene);
        if let Some(details) = &scene.results.details {
            parts_ui(ui, details);
        }
        ui.add_space(2.0 * theme().layout.grid);
        pinned_ui(ui, scene, &mut requests);
    });
    requests
}

fn head_ui(ui: &mut Ui, scene: &Scene<'_>, requests: &mut Vec<Request>) {
    ui.horizontal(|ui| {
        ui.heading("Current");
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if ui
                .button("Pin")
                .on_hover_text("Keep this design for comparison")
                .clicked()
            {
                requests.push(Command::Pin(Box::new(scene.session.design.clone())).into());
            }
            if let Some(reference) = scene.session.reference_design() {
                let text = egui::RichText::new(format!("vs {}", reference.name)).weak();
                ui.add(egui::Label::new(text).truncate());
            }
        });
    });
}

/// Why the design cannot be built, in words, and changes that help as buttons.
fn violations_ui(ui: &mut Ui, scene: &Scene<'_>, requests: &mut Vec<Request>) {
    let results = scene.results;
    if results.is_built() {
        return;
    }
    let color = colors(ui.ctx()).error.0;
    ui.colored_label(
        color,
        "This design cannot be built; the grey numbers are of the last one that can",
    );
    let causes = match &results.refusal {
        Some(refusal) => refusal.causes.clone(),
        None => results.violations.iter().map(ToString::to_string).collect(),
    };
    for cause in causes {
        let text = egui::RichText::new(cause).small().color(color);
        ui.add(egui::Label::new(text).wrap());
    }
    ui.horizontal_wrapped(|ui| {
        let remedies = results.refusal.iter().flat_map(|refusal| &refusal.remedies);
        for remedy in remedies {
            if ui.small_button(&remedy.title).clicked() {
                let design = Box::new(remedy.design.clone());
                requests.push(Command::ReplaceDesign(design).into());
            }
        }
        if scene.can_undo && ui.small_button("Undo").clicked() {
            requests.push(Request::Undo);
        }
    });
    ui.add_space(theme().layout.grid);
}

fn metrics_ui(ui: &mut Ui, scene: &Scene<'_>) {
    let Some(current) = &scene.results.current else {
        ui.weak("The figures of the design appear here once it was evaluated");
        return;
    };
    let reference = scene
        .session
        .reference
        .and_then(|index| *scene.results.pinned.get(index)?);
    ui.spacing_mut().item_spacing.y = 0.0;
    for metric in Metric::ALL {
        let description = metric.description();
        let value = Some(current.get(metric)).filter(|value| !value.is_nan());
        if metric == Metric::Luts && value.is_none() {
            continue; // standard cells have none
        }
        let delta =
            reference.and_then(|before| delta(metric, current.get(metric), before.get(metric)));
        let row = QuantityRow {
            label: description.label,
            value,
            unit: unit_text(description.unit),
            delta: delta.filter(|_| scene.results.is_built()),
            stale: !scene.results.is_built(),
            help: description.help,
        };
        quantity_row_ui(ui, &row);
    }
}

/// The change of a figure from `before`, where both are known: relative, but in its own unit where that is a ratio itself.
pub fn delta(metric: Metric, value: f64, before: f64) -> Option<Delta> {
    let description = metric.description();
    let change = match description.unit {
        "%" => Change::Absolute(value - before, "pp"),
        "dB" => Change::Absolute(value - before, "dB"),
        _ if before == 0.0 => return None,
        _ => Change::Relative(value / before - 1.0),
    };
    (value.is_finite() && before.is_finite()).then_some(Delta {
        change,
        lower_is_better: description.direction == Direction::Minimize,
    })
}

/// Area and decode energy as bars, then the worst error of each layer.
fn parts_ui(ui: &mut Ui, details: &Details) {
    let grid = theme().layout.grid;
    ui.add_space(2.0 * grid);
    ui.spacing_mut().item_spacing.y = grid;
    let plot_theme = plot_theme(ui.ctx());
    let data = BreakdownData {
        groups: &details.bars[..details.bars.len().min(2)],
    };
    ui.push_id("parts", |ui| {
        breakdown_bars_ui(ui, &data, &plot_theme);
    });
    strip_ui(ui, details);
}

/// The lowest signal-to-noise ratio of each layer, as one bar a layer.
fn strip_ui(ui: &mut Ui, details: &Details) {
    let worst = |row: &[f64; Slot::COUNT]| {
        row.iter()
            .copied()
            .filter(|db| !db.is_nan())
            .fold(f64::INFINITY, f64::min)
    };
    let transformer = details
        .site_sqnr
        .split_last()
        .map_or(&[][..], |(_, rest)| rest);
    let layers: Vec<f64> = transformer
        .iter()
        .map(worst)
        .filter(|db| db.is_finite())
        .collect();
    let highest = layers.iter().copied().fold(1.0, f64::max);
    ui.horizontal(|ui| {
        ui.label("Worst SQNR by layer").on_hover_text(
            "The site with the lowest signal-to-noise ratio of each layer, layer 0 left",
        );
        let lowest = layers.iter().copied().fold(f64::INFINITY, f64::min);
        ui.weak(format!("{lowest:.1} to {highest:.1} dB"));
    });
    let size = egui::vec2(ui.available_width(), 36.0);
    let (rect, response) = ui.allocate_exact_size(size, egui::Sense::hover());
    let step = rect.width() / layers.len().max(1) as f32;
    let color = colors(ui.ctx()).accent.0;
    // Whole pixels, so that the gaps are alike at every zoom.
    let pixel = 1.0 / ui.pixels_per_point();
    let edge = |layer: usize| (rect.left() + step * layer as f32).round_to_pixels(1.0 / pixel);
    for (layer, db) in layers.iter().enumerate() {
        let (left, next) = (edge(layer), edge(layer + 1));
        let height = rect.height() * (db / highest) as f32;
        let bar = egui::Rect::from_min_max(
            egui::pos2(left, rect.bottom() - height),
            egui::pos2((next - pixel).max(left + pixel * 0.5), rect.bottom()),
        );
        ui.painter().rect_filled(bar, 0.0, color);
    }
    if let Some(pointer) = response.hover_pos() {
        let layer =
            (((pointer.x - rect.left()) / step) as usize).min(layers.len().saturating_sub(1));
        if let Some(db) = layers.get(layer) {
            response.on_hover_text(format!("layer {layer}: {db:.1} dB"));
        }
    }
}

/// Units as they are printed.
pub fn unit_text(unit: &'static str) -> &'static str {
    match unit {
        "mm2" => "mm²",
        "TOPS/mm2" => "TOPS/mm²",
        other => other,
    }
}

fn pinned_ui(ui: &mut Ui, scene: &Scene<'_>, requests: &mut Vec<Request>) {
    ui.spacing_mut().item_spacing.y = theme().layout.grid;
    ui.strong("Pinned");
    if scene.session.pinned.is_empty() && scene.session.fronts.is_empty() {
        ui.weak("Press Pin, or Shift-click a point of the plot, to compare designs; Keep front holds a whole front");
        return;
    }
    for (index, design) in scene.session.pinned.iter().enumerate() {
        ui.push_id(index, |ui| {
            pinned_row_ui(ui, scene, index, &design.name, requests);
        });
    }
    if !scene.session.pinned.is_empty() {
        let compare = ui.button("Compare side by side");
        if compare
            .on_hover_text("Every figure, setting and format of two designs")
            .clicked()
        {
            requests.push(Request::Reveal(Pane::Compare));
        }
    }
    for (index, front) in scene.session.fronts.iter().enumerate() {
        ui.push_id(("front", index), |ui| {
            front_row_ui(ui, index, front, requests);
        });
    }
}

/// A kept front: its line in the plot, its name to be changed, a button to let it go.
fn front_row_ui(ui: &mut Ui, index: usize, front: &KeptFront, requests: &mut Vec<Request>) {
    ui.horizontal(|ui| {
        let plot_theme = plot_theme(ui.ctx());
        let (color, marker) = plot_theme.category(front_category(index));
        let (rect, response) = ui.allocate_exact_size(egui::vec2(16.0, 16.0), egui::Sense::hover());
        ui.painter()
            .add(point(marker, rect.center(), color, false, &plot_theme));
        response.on_hover_text(format!(
            "Front of {} designs on {}",
            front.members.len(),
            front.workload.model.name
        ));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let remove = ui.small_button("×").on_hover_text("Let this front go");
            name_ui(ui, &remove, &format!("Drop front {}", front.name));
            if remove.clicked() {
                requests.push(Command::DropFront(index).into());
            }
            let mut name = front.name.clone();
            let field = egui::TextEdit::singleline(&mut name).desired_width(f32::INFINITY);
            let field = ui.add(field);
            name_ui(ui, &field, &format!("Name of front {}", index + 1));
            if field.changed() {
                requests.push(Command::RenameFront(index, name).into());
            }
        });
    });
}

fn pinned_row_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    index: usize,
    name: &str,
    requests: &mut Vec<Request>,
) {
    ui.horizontal(|ui| {
        let is_reference = scene.session.reference == Some(index);
        let radio = ui
            .radio(is_reference, "")
            .on_hover_text("Show changes against this design");
        ui.ctx().accesskit_node_builder(radio.id, |node| {
            node.set_label(format!("Compare with {name}"));
        });
        if radio.clicked() {
            let reference = (!is_reference).then_some(index);
            requests.push(Command::SetReference(reference).into());
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let remove = ui.small_button("×").on_hover_text("Unpin");
            ui.ctx()
                .accesskit_node_builder(remove.id, |node| node.set_label(format!("Unpin {name}")));
            if remove.clicked() {
                requests.push(Command::Unpin(index).into());
            }
            if ui
                .small_button("Load")
                .on_hover_text("Make it the edited design")
                .clicked()
            {
                let design = scene.session.pinned[index].clone();
                requests.push(Command::LoadDesign(Box::new(design)).into());
            }
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                ui.add(egui::Label::new(name).truncate());
            });
        });
    });
}
