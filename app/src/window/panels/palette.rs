//! The command palette: every action and every parameter by typing a part of its name.

use egui::{Key, Modifiers, Ui};

use crate::figure::FigurePlot;
use crate::files::pane::Pane;
use crate::files::purpose::Purpose;
use crate::window::request::Request;

/// The palette while it is open.
#[derive(Debug, Default)]
pub struct Palette {
    query: String,
    selected: usize,
}

/// One line of the palette.
#[derive(Debug, Clone)]
pub struct Entry {
    pub title: String,
    pub shortcut: &'static str,
    pub outcome: Outcome,
}

/// What choosing a line does.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Do(Request),
    /// Show the parameter whose label this is in the design panel.
    Find(String),
}

/// Every action of the window.
pub fn actions() -> Vec<Entry> {
    let entry = |title: &str, shortcut, request| Entry {
        title: title.to_owned(),
        shortcut,
        outcome: Outcome::Do(request),
    };
    let mut entries = vec![
        entry("Undo", "Ctrl+Z", Request::Undo),
        entry("Redo", "Ctrl+Shift+Z", Request::Redo),
        entry("New session", "Ctrl+N", Request::New),
        entry("Open…", "Ctrl+O", Request::Ask(Purpose::Open)),
        entry("Open model…", "Ctrl+M", Request::Ask(Purpose::OpenModel)),
        entry("Save session", "Ctrl+S", Request::Save),
        entry(
            "Save session as…",
            "Ctrl+Shift+S",
            Request::Ask(Purpose::Save),
        ),
        entry("Save design…", "", Request::Ask(Purpose::SaveDesign)),
        entry("Save space…", "", Request::Ask(Purpose::SaveSpace)),
        entry(
            "Export figure…",
            "Ctrl+E",
            Request::Ask(Purpose::ExportFigure),
        ),
        entry(
            "Export points as CSV…",
            "",
            Request::Ask(Purpose::ExportCsv),
        ),
        entry(
            "Export front as RON…",
            "",
            Request::Ask(Purpose::ExportFront),
        ),
        entry(
            "Export recipe for emulators…",
            "",
            Request::Ask(Purpose::ExportRecipe),
        ),
        entry(
            "Export architecture YAML…",
            "",
            Request::Ask(Purpose::ExportArchitecture),
        ),
        entry("Measure this design", "", Request::Measure),
        entry("Verify front", "", Request::VerifyFront),
        entry("Calibrate the estimator", "", Request::Calibrate),
        entry("Use the story model", "", Request::UseStoryModel),
        entry("Cancel exploration", "", Request::CancelExploration),
        entry(
            "Dark theme",
            "",
            Request::SetTheme(egui::ThemePreference::Dark),
        ),
        entry(
            "Light theme",
            "",
            Request::SetTheme(egui::ThemePreference::Light),
        ),
        entry(
            "Follow the system's theme",
            "",
            Request::SetTheme(egui::ThemePreference::System),
        ),
        entry(
            "Open or close the design panel",
            "F9",
            Request::ToggleDesign,
        ),
        entry(
            "Open or close the figures panel",
            "F10",
            Request::ToggleFigures,
        ),
        entry("Reset layout", "", Request::ResetLayout),
        entry("User guide", "F1", Request::ShowGuide),
        entry("Tour", "", Request::ShowTour),
        entry("Quit", "Ctrl+Q", Request::Quit),
    ];
    entries.extend(
        Pane::ALL.map(|pane| entry(&format!("Show {}", pane.title()), "", Request::Reveal(pane))),
    );
    entries.extend(FigurePlot::ALL.map(|plot| {
        let title = format!("Export figure: {}…", plot.title());
        entry(&title, "", Request::ExportFigure(plot))
    }));
    entries
}

impl Palette {
    /// Draws the palette; returns what was chosen, or `None` inside `Some` when it was closed.
    pub fn ui(&mut self, ui: &mut Ui, entries: &[Entry]) -> Option<Option<Outcome>> {
        let found: Vec<&Entry> = entries
            .iter()
            .filter(|entry| matches(&entry.title, &self.query))
            .collect();
        let (up, down, enter, escape) = ui.input_mut(|input| {
            (
                input.consume_key(Modifiers::NONE, Key::ArrowUp),
                input.consume_key(Modifiers::NONE, Key::ArrowDown),
                input.consume_key(Modifiers::NONE, Key::Enter),
                input.consume_key(Modifiers::NONE, Key::Escape),
            )
        });
        let last = found.len().saturating_sub(1);
        self.selected = (self.selected + usize::from(down))
            .saturating_sub(usize::from(up))
            .min(last);
        let mut outcome = None;
        if escape {
            outcome = Some(None);
        } else if enter {
            outcome = found
                .get(self.selected)
                .map(|entry| Some(entry.outcome.clone()));
        }
        let window = egui::Window::new("Command palette")
            .title_bar(false)
            .resizable(false)
            .anchor(egui::Align2::CENTER_TOP, egui::vec2(0.0, 48.0));
        window.show(ui.ctx(), |ui| {
            ui.set_width(460.0);
            let label = ui.weak("Command or parameter");
            let field = egui::TextEdit::singleline(&mut self.query).desired_width(f32::INFINITY);
            let field = ui
                .add(field.hint_text("Type a part of its name"))
                .labelled_by(label.id);
            field.request_focus();
            if field.changed() {
                self.selected = 0;
            }
            egui::ScrollArea::vertical()
                .max_height(320.0)
                .auto_shrink([false, true])
                .show(ui, |ui| {
                    for (index, entry) in found.iter().enumerate() {
                        let selected = index == self.selected;
                        let button = egui::Button::new(&entry.title)
                            .selected(selected)
                            .shortcut_text(entry.shortcut);
                        let response = ui.add_sized(
                            [ui.available_width(), 20.0],
                            button.frame_when_inactive(false),
                        );
                        if selected && (up || down) {
                            response.scroll_to_me(None);
                        }
                        if response.clicked() {
                            outcome = Some(Some(entry.outcome.clone()));
                        }
                    }
                    if found.is_empty() {
                        ui.weak("Nothing has that name");
                    }
                });
        });
        outcome
    }
}

/// Whether every word of the query occurs in the title, letter case aside.
pub fn matches(title: &str, query: &str) -> bool {
    let title = title.to_lowercase();
    query
        .split_whitespace()
        .all(|word| title.contains(&word.to_lowercase()))
}

/// Requests of the keyboard shortcuts pressed in this frame.
pub fn shortcuts(ctx: &egui::Context) -> Vec<Request> {
    let shift = Modifiers::COMMAND | Modifiers::SHIFT;
    let table = [
        (shift, Key::Z, Request::Redo),
        (Modifiers::COMMAND, Key::Y, Request::Redo),
        (Modifiers::COMMAND, Key::Z, Request::Undo),
        (Modifiers::COMMAND, Key::N, Request::New),
        (Modifiers::COMMAND, Key::O, Request::Ask(Purpose::Open)),
        (Modifiers::COMMAND, Key::M, Request::Ask(Purpose::OpenModel)),
        (shift, Key::S, Request::Ask(Purpose::Save)),
        (Modifiers::COMMAND, Key::S, Request::Save),
        (
            Modifiers::COMMAND,
            Key::E,
            Request::Ask(Purpose::ExportFigure),
        ),
        (shift, Key::P, Request::ShowPalette),
        (Modifiers::COMMAND, Key::P, Request::ShowPalette),
        (Modifiers::COMMAND, Key::Q, Request::Quit),
        (Modifiers::NONE, Key::F1, Request::ShowGuide),
        (Modifiers::NONE, Key::F9, Request::ToggleDesign),
        (Modifiers::NONE, Key::F10, Request::ToggleFigures),
    ];
    ctx.input_mut(|input| {
        let pressed =
            |(modifiers, key, request)| input.consume_key(modifiers, key).then_some(request);
        table.into_iter().filter_map(pressed).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_any_order_and_case() {
        assert!(matches("Export points as CSV…", "csv export"));
        assert!(!matches("Export points as CSV…", "csv import"));
    }
}
