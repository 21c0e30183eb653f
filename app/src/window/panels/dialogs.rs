//! Questions that wait for an answer: unsaved changes, a copy left by a crash, the tour.

use std::path::PathBuf;

use egui::{Id, Label, Modal, RichText, Ui};

use crate::files::purpose::Purpose;
use crate::session::Session;
use crate::window::request::Request;
use crate::window::theme::theme;

/// What is asked at the moment.
#[derive(Debug, Clone, PartialEq)]
pub enum Question {
    /// There is work that no file has; the request goes on after the answer.
    Unsaved(Box<Request>),
    /// A window before this one did not close.
    Recover(PathBuf),
}

/// The answer to a question.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    Save(Box<Request>),
    Discard(Box<Request>),
    Recover(PathBuf),
    DropCopy(PathBuf),
    Cancel,
}

/// Draws the question.
pub fn question_ui(ui: &mut Ui, question: &Question) -> Option<Answer> {
    let mut answer = None;
    let modal = Modal::new(Id::unique("question"));
    let response = modal.show(ui.ctx(), |ui| {
        ui.set_width(380.0);
        match question {
            Question::Unsaved(next) => {
                ui.heading("Save the changes?");
                ui.label("The session has changes that no file has.");
                ui.add_space(theme().layout.grid);
                ui.horizontal(|ui| {
                    if ui.button("Save").clicked() {
                        answer = Some(Answer::Save(next.clone()));
                    }
                    if ui.button("Discard").clicked() {
                        answer = Some(Answer::Discard(next.clone()));
                    }
                    if ui.button("Cancel").clicked() {
                        answer = Some(Answer::Cancel);
                    }
                });
            }
            Question::Recover(path) => {
                ui.heading("Bring back the last session?");
                ui.label(
                    "Blockscape did not close properly. A copy of the work until then is there.",
                );
                let copy = RichText::new(path.to_string_lossy()).weak();
                ui.add(Label::new(copy).truncate())
                    .on_hover_text(path.to_string_lossy());
                ui.add_space(theme().layout.grid);
                ui.horizontal(|ui| {
                    if ui.button("Bring back").clicked() {
                        answer = Some(Answer::Recover(path.clone()));
                    }
                    if ui.button("Drop the copy").clicked() {
                        answer = Some(Answer::DropCopy(path.clone()));
                    }
                });
            }
        }
    });
    if response.should_close() && matches!(question, Question::Unsaved(_)) {
        answer = answer.or(Some(Answer::Cancel));
    }
    answer
}

/// Steps of the tour: where to look and what it does. The first speaks of what is open at the moment.
const TOUR: [(&str, &str); 5] = [
    (
        "A language model on an accelerator",
        "with published systems as labelled points. Every number follows what you change.",
    ),
    (
        "Left: the design",
        "Drag a mantissa slider. The marked point moves while you drag; Shift drags finely, arrow keys step, the number can be typed.",
    ),
    (
        "Middle: what else there is",
        "The cloud is every design of the explored axes, the line their front on the two axes; an arrow at the edge points to a published system farther off. Click a point to select it, double click to load it, Shift-click to pin it. Tiles can be dragged by their tabs.",
    ),
    (
        "Right: in numbers",
        "Pin a design and every figure shows its change against it; the tile Compare puts both side by side. Hover a name to read what it means.",
    ),
    (
        "Your own model, your paper",
        "Open model takes GGUF, safetensors and config.json; the story model comes with the program and can be measured at once. File, Export figure writes a figure that restores this session when it is dropped here. F1 opens the guide.",
    ),
];

/// Draws the tour; returns false once it ended or was skipped.
pub fn tour_ui(ui: &Ui, session: &Session, step: &mut usize, requests: &mut Vec<Request>) -> bool {
    let (title, text) = TOUR[(*step).min(TOUR.len() - 1)];
    let text = match *step {
        0 => format!(
            "You look at {} on the design {}, {text}",
            session.workload.model.name, session.design.name
        ),
        _ => text.to_owned(),
    };
    let mut goes_on = true;
    let window = egui::Window::new("Tour")
        .title_bar(false)
        .resizable(false)
        .anchor(egui::Align2::CENTER_BOTTOM, egui::vec2(0.0, -48.0));
    window.show(ui.ctx(), |ui| {
        ui.set_width(420.0);
        ui.horizontal(|ui| {
            ui.heading(title);
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                ui.weak(format!("{} of {}", *step + 1, TOUR.len()));
            });
        });
        ui.label(text);
        ui.add_space(theme().layout.grid);
        if *step + 1 == TOUR.len() {
            ui.horizontal(|ui| {
                if ui.button("Open model…").clicked() {
                    requests.push(Request::Ask(Purpose::OpenModel));
                    goes_on = false;
                }
                if ui.button("Use the story model").clicked() {
                    requests.push(Request::UseStoryModel);
                    goes_on = false;
                }
            });
        }
        ui.horizontal(|ui| {
            if ui.button("Skip tour").clicked() {
                goes_on = false;
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let last = *step + 1 >= TOUR.len();
                if ui.button(if last { "Done" } else { "Next" }).clicked() {
                    *step += 1;
                    goes_on = !last;
                }
                if *step > 0 && goes_on && ui.button("Back").clicked() {
                    *step -= 1;
                }
            });
        });
    });
    goes_on
}
