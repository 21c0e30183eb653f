//! The opened model: the error its weights suffer under the current formats, tensor by tensor.

use egui::{Align, Layout, RichText, ScrollArea, Ui};

use super::Scene;
use crate::checkpoint::report::{CheckpointReport, TensorError};
use crate::files::purpose::Purpose;
use crate::plots::axis::significant;
use crate::window::request::Request;
use crate::window::theme::theme;
use crate::window::widgets::empty_ui;

const WIDTHS: [f32; 6] = [76.0, 62.0, 100.0, 66.0, 68.0, 82.0];
const TITLES: [&str; 6] = [
    "Shape",
    "Stored as",
    "Format",
    "SQNR, dB",
    "MSE",
    "Largest error",
];

/// Draws the table.
pub fn checkpoint_ui(ui: &mut Ui, scene: &Scene<'_>) -> Vec<Request> {
    let mut requests = Vec::new();
    let Some(report) = &scene.results.checkpoint else {
        if scene.session.checkpoint.is_some() {
            empty_ui(ui, "The model is being read");
        } else {
            ui.vertical_centered(|ui| {
                ui.add_space(24.0);
                ui.weak("The error of each weight tensor under the current formats appears here");
                if ui.button("Open model…").clicked() {
                    requests.push(Request::Ask(Purpose::OpenModel));
                }
                if ui
                    .button("Use the story model")
                    .on_hover_text(
                        "A small model that comes with the program, to be measured without a file",
                    )
                    .clicked()
                {
                    requests.push(Request::UseStoryModel);
                }
            });
        }
        return requests;
    };
    head_ui(ui, report);
    let height = theme().layout.row_height;
    let name_width = (ui.available_width() - WIDTHS.iter().sum::<f32>() - 40.0).max(150.0);
    ScrollArea::horizontal().show(ui, |ui| {
        row_ui(ui, name_width, "Tensor", &TITLES.map(str::to_owned), true);
        ScrollArea::vertical().auto_shrink(false).show_rows(
            ui,
            height,
            report.rows.len(),
            |ui, shown| {
                for tensor in &report.rows[shown] {
                    row_ui(ui, name_width, &tensor.name, &cells(tensor), false);
                }
            },
        );
    });
    requests
}

fn head_ui(ui: &mut Ui, report: &CheckpointReport) {
    let name = report
        .path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    ui.horizontal(|ui| {
        ui.strong(name).on_hover_text(report.path.to_string_lossy());
        let n_weights = report.rows.len();
        match &report.architecture {
            Ok(shape) => ui.weak(format!(
                "{} layers, width {}, {n_weights} weight tensors",
                shape.n_layers, shape.hidden_size
            )),
            Err(_) => ui.weak(format!("weights only, {n_weights} matrices")),
        };
    });
    if let Err(why) = &report.architecture {
        let note = format!(
            "No language model that can be run: perplexity cannot be measured, and costs stay those of the chosen model. {why}"
        );
        ui.add(egui::Label::new(note).wrap());
    }
}

fn cells(tensor: &TensorError) -> [String; 6] {
    let dims: Vec<String> = tensor.dims.iter().map(ToString::to_string).collect();
    [
        dims.join(" × "),
        tensor.stored_as.clone(),
        tensor.format.to_string(),
        format!("{:.2}", tensor.sqnr_db),
        significant(tensor.mse, 3),
        significant(tensor.max_error, 3),
    ]
}

fn row_ui(ui: &mut Ui, name_width: f32, name: &str, cells: &[String; 6], heading: bool) {
    let height = theme().layout.row_height;
    let text = |text: &str| {
        if heading {
            RichText::new(text).weak()
        } else {
            RichText::new(text)
        }
    };
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = theme().layout.grid;
        let left = Layout::left_to_right(Align::Center);
        ui.allocate_ui_with_layout(egui::vec2(name_width, height), left, |ui| {
            ui.set_min_width(name_width);
            ui.add(egui::Label::new(text(name)).truncate());
        });
        for (cell, width) in cells.iter().zip(WIDTHS) {
            let right = Layout::right_to_left(Align::Center);
            ui.allocate_ui_with_layout(egui::vec2(width, height), right, |ui| {
                ui.set_min_width(width);
                ui.add(egui::Label::new(text(cell)).truncate());
            });
        }
    });
}
