//! Messages that tell what happened and stay until they are read or replaced.
//!
//! A notice is one line; it never blocks the window and never blinks.

use egui::{RichText, Ui};

use crate::window::theme::{colors, theme};

/// How much a notice matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Something finished.
    Info,
    /// Something needs attention.
    Warning,
    /// Something failed; nothing was lost.
    Error,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub weight: Weight,
    pub text: String,
}

/// The messages of this run, newest last.
#[derive(Debug, Default)]
pub struct Notices {
    list: Vec<Notice>,
    /// What the newest one told of was taken back.
    is_past: bool,
    show_history: bool,
}

/// More than anyone reads back.
const MOST_KEPT: usize = 200;

impl Notices {
    pub fn info(&mut self, text: impl AsRef<str>) {
        self.push(Weight::Info, text.as_ref());
    }

    pub fn warning(&mut self, text: impl AsRef<str>) {
        self.push(Weight::Warning, text.as_ref());
    }

    pub fn error(&mut self, text: impl AsRef<str>) {
        self.push(Weight::Error, text.as_ref());
    }

    /// The newest message that was not dismissed and still holds.
    pub fn latest(&self) -> Option<&Notice> {
        self.list.last().filter(|_| !self.is_past)
    }

    /// What the newest message told of was taken back: it stays among the earlier ones.
    pub fn take_back(&mut self) {
        self.is_past = true;
    }

    fn push(&mut self, weight: Weight, text: &str) {
        // One line each: a report of many lines would push the window's panels around.
        let text = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect::<Vec<_>>()
            .join("; ");
        let notice = Notice { weight, text };
        self.is_past = false;
        if self.list.last() != Some(&notice) {
            self.list.push(notice);
        }
        if self.list.len() > MOST_KEPT {
            self.list.remove(0);
        }
    }

    /// Draws the newest message with a button to dismiss it and one to see the earlier ones.
    ///
    /// The row is there without a message too: one that comes must not push the panels above it.
    pub fn bar_ui(&mut self, ui: &mut Ui) {
        let height = theme().layout.row_height;
        let Some(Notice { weight, text }) = self.latest().cloned() else {
            ui.horizontal(|ui| {
                ui.set_min_height(height);
                ui.weak("What finished or failed is told here");
            });
            return;
        };
        let color = color_of(ui, weight);
        ui.horizontal(|ui| {
            ui.set_min_height(height);
            ui.label(RichText::new(symbol(weight)).color(color));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if ui.button("Dismiss").clicked() {
                    self.list.clear();
                    self.show_history = false;
                }
                if self.list.len() > 1 {
                    ui.toggle_value(
                        &mut self.show_history,
                        format!("{} messages", self.list.len()),
                    );
                }
                ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                    ui.add(egui::Label::new(RichText::new(&text).color(color)).truncate())
                        .on_hover_text(&text);
                });
            });
        });
        if self.show_history {
            egui::ScrollArea::vertical()
                .max_height(160.0)
                .show(ui, |ui| {
                    for notice in self.list.iter().rev().skip(1) {
                        ui.label(RichText::new(&notice.text).color(color_of(ui, notice.weight)));
                    }
                });
        }
    }
}

fn color_of(ui: &Ui, weight: Weight) -> egui::Color32 {
    let colors = colors(ui.ctx());
    match weight {
        Weight::Info => colors.text.0,
        Weight::Warning => colors.warning.0,
        Weight::Error => colors.error.0,
    }
}

fn symbol(weight: Weight) -> &'static str {
    match weight {
        Weight::Info => "•",
        Weight::Warning => "!",
        Weight::Error => "×",
    }
}
