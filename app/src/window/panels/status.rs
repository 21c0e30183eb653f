//! The bottom bar: progress, rate, remaining time, cancel, basis of the accuracy.

use blockscape_explorer::Progress;
use egui::{Layout, ProgressBar, Ui};

use super::Scene;
use crate::plots::written::number_text;
use crate::results::State;
use crate::session::command::Command;
use crate::window::request::Request;
use crate::window::theme::colors;

/// Draws the bar; `frame_ms` is shown in debug builds.
pub fn status_ui(ui: &mut Ui, scene: &Scene<'_>, frame_ms: f32) -> Vec<Request> {
    let mut requests = Vec::new();
    ui.horizontal_centered(|ui| {
        if let Some(progress) = scene.results.measuring {
            ui.label(progress.task);
            bar_ui(ui, progress.share, 120.0);
            let rate = match progress.tokens_per_second {
                0.0 => format!("{:.0} %", 100.0 * progress.share),
                rate => format!("{} tokens/s", rate_text(rate)),
            };
            fixed_label(ui, &rate, 110.0);
            if ui.button("Cancel measurement").clicked() {
                requests.push(Request::CancelMeasurement);
            }
            ui.separator();
        }
        state_ui(ui, scene, &mut requests);
        ui.with_layout(Layout::right_to_left(egui::Align::Center), |ui| {
            if cfg!(debug_assertions) {
                ui.weak(format!("{frame_ms:4.1} ms")).on_hover_text("Drawing of the last frame; the budget is 4 ms in a release build");
            }
            ui.weak(format!("accuracy: {}", scene.results.basis_text())).on_hover_text(
                "measured: a real model ran on real text. calibrated: fitted to measurements of this model. \
                 profile: only statistics of its activations are known",
            );
        });
    });
    requests
}

fn state_ui(ui: &mut Ui, scene: &Scene<'_>, requests: &mut Vec<Request>) {
    match &scene.results.state {
        State::Idle => {
            ui.weak("Nothing explored yet");
        }
        State::Running(progress) => running_ui(ui, progress.as_ref(), requests),
        State::Finished(progress) => {
            let seconds = progress.elapsed.as_secs_f64();
            ui.label(format!(
                "{} designs in {}",
                whole(progress.n_tried),
                seconds_text(seconds)
            ));
            ui.weak(format!("{} designs/s", rate_text(progress.rate())));
            if progress.n_impossible > 0 {
                ui.weak(format!("{} cannot be built", whole(progress.n_impossible)))
                    .on_hover_text(
                        "Combinations that violate a rule of the hardware; they are left out",
                    );
            }
            if let Some(nearest) = &scene.results.nearest {
                let text = egui::RichText::new(&nearest.text).color(colors(ui.ctx()).warning.0);
                ui.label(text);
                if ui.button("Load the nearest").clicked()
                    && let Some(design) = scene.results.design(nearest.candidate)
                {
                    requests.push(Command::ReplaceDesign(Box::new(design)).into());
                }
            } else {
                ui.weak(format!("front of {}", scene.results.front.len()));
            }
        }
        State::Canceled => {
            ui.label("Canceled");
            ui.weak(format!(
                "{} designs are shown",
                whole(scene.results.shown.metrics.len() as u64)
            ));
        }
        State::Failed(message) => {
            let text = egui::RichText::new(message).color(colors(ui.ctx()).error.0);
            ui.add(egui::Label::new(text).truncate())
                .on_hover_text(message);
        }
    }
}

fn running_ui(ui: &mut Ui, progress: Option<&Progress>, requests: &mut Vec<Request>) {
    let (tried, total, rate, left) = match progress {
        Some(progress) => (
            progress.n_tried,
            progress.total,
            progress.rate(),
            progress.remaining(),
        ),
        None => (0, 0, 0.0, None),
    };
    let text = if total == 0 {
        "exploring".to_owned()
    } else {
        format!("exploring {} of {}", whole(tried), whole(total))
    };
    fixed_label(ui, &text, 200.0);
    let share = if total == 0 {
        0.0
    } else {
        (tried as f64 / total as f64) as f32
    };
    bar_ui(ui, share, 160.0);
    fixed_label(ui, &format!("{} designs/s", rate_text(rate)), 120.0);
    let left = left.map_or_else(String::new, |left| {
        format!("{} left", seconds_text(left.as_secs_f64()))
    });
    fixed_label(ui, &left, 80.0);
    if ui.button("Cancel").clicked() {
        requests.push(Request::CancelExploration);
    }
}

fn bar_ui(ui: &mut Ui, share: f32, width: f32) {
    let bar = ProgressBar::new(share).fill(colors(ui.ctx()).accent.0);
    ui.add(bar.desired_width(width).desired_height(8.0));
}

/// A label that keeps its width while its text changes.
fn fixed_label(ui: &mut Ui, text: &str, width: f32) {
    let size = egui::vec2(width, ui.spacing().interact_size.y);
    ui.add_sized(
        size,
        egui::Label::new(text).truncate().halign(egui::Align::LEFT),
    );
}

/// A count with thin spaces between thousands.
pub fn whole(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{2009}');
        }
        text.push(digit);
    }
    text
}

fn rate_text(rate: f64) -> String {
    whole(rate.round().max(0.0) as u64)
}

/// Seconds in the unit that reads best.
pub fn seconds_text(seconds: f64) -> String {
    if seconds < 1.0 {
        format!("{} ms", (1e3 * seconds).round().max(1.0))
    } else if seconds < 100.0 {
        format!(
            "{} s",
            number_text((10.0 * seconds).round() / 10.0)
                .trim_end_matches('0')
                .trim_end_matches('.')
        )
    } else {
        format!("{:.0} min", (seconds / 60.0).ceil())
    }
}
