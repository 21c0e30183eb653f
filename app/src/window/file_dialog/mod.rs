//! File dialogs on their own thread, with a path field beside them.
//!
//! A portal that is missing answers at once with nothing, one that hangs never answers; in both cases the window
//! goes on and the path can be typed.

mod figure_options;
mod typed_path;

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::time::{Duration, Instant};

use egui::text::{CCursor, CCursorRange};
use egui::{Align, Button, Id, Key, Label, Layout, Modal, Response, RichText, TextEdit, Ui};

use self::figure_options::figure_options_ui;
use self::typed_path::{typed_file, typed_path};
use crate::figure::FigureOptions;
use crate::files::purpose::Purpose;
use crate::window::theme::theme;

/// A path the user decided on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    pub purpose: Purpose,
    pub path: PathBuf,
}

/// Asks the desktop for a path, starting from one; may take as long as it likes.
type Portal = fn(Purpose, &Path) -> Option<PathBuf>;

/// The one dialog that may be open.
#[derive(Debug)]
pub struct FileDialog {
    ask_portal: Portal,
    open: Option<OpenDialog>,
    /// Typed or found in this run, offered again.
    last_folder: Option<PathBuf>,
}

#[derive(Debug)]
struct OpenDialog {
    purpose: Purpose,
    /// What is typed; inside `folder` unless it is absolute.
    typed: String,
    folder: PathBuf,
    hint: String,
    portal: Option<Receiver<Option<PathBuf>>>,
    asked_at: Instant,
    needs_focus: bool,
    /// Files in the way, which the next confirmation replaces.
    in_the_way: Vec<PathBuf>,
}

/// A dialog that closes faster than a hand can move was never shown.
const NO_PORTAL_WITHIN: Duration = Duration::from_millis(50);

impl Default for FileDialog {
    fn default() -> Self {
        Self {
            ask_portal,
            open: None,
            last_folder: None,
        }
    }
}

impl FileDialog {
    /// Asks for a path, offering a file name, or a path whose folder is offered with it.
    pub fn ask(&mut self, purpose: Purpose, suggestion: &str) {
        let suggestion = Path::new(suggestion);
        let name = suggestion.file_name().unwrap_or_default();
        let here = || std::env::current_dir().unwrap_or_default();
        let given = suggestion.parent().filter(|folder| folder.is_absolute());
        let folder = given.map(Path::to_path_buf);
        self.open = Some(OpenDialog {
            purpose,
            typed: name.to_string_lossy().into_owned(),
            folder: folder.or(self.last_folder.clone()).unwrap_or_else(here),
            hint: purpose.hint().to_owned(),
            portal: None,
            asked_at: Instant::now(),
            needs_focus: true,
            in_the_way: Vec::new(),
        });
    }

    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Takes what the portal answered; call once a frame, outside drawing.
    pub fn poll(&mut self, figure: &FigureOptions) -> Option<Chosen> {
        let dialog = self.open.as_mut()?;
        let answer = match dialog.portal.as_ref()?.try_recv() {
            Ok(answer) => answer,
            Err(TryRecvError::Empty) => return None,
            Err(TryRecvError::Disconnected) => None,
        };
        dialog.portal = None;
        let Some(path) = answer else {
            if dialog.asked_at.elapsed() < NO_PORTAL_WITHIN {
                "No file dialog is available here. Type a path".clone_into(&mut dialog.hint);
            }
            return None;
        };
        let purpose = dialog.purpose;
        // The portal asked for the figure alone.
        let beside = written(purpose, &path, figure).split_off(1);
        if beside.iter().any(|path| path.exists()) {
            dialog.typed = path.to_string_lossy().into_owned();
            dialog.ask_again(beside);
            return None;
        }
        Some(self.accept(purpose, path))
    }

    /// Draws the path field over a shielded window; returns a path once it is confirmed.
    pub fn ui(&mut self, ui: &mut Ui, figure: &mut FigureOptions) -> Option<Chosen> {
        let dialog = self.open.as_mut()?;
        let ask_portal = self.ask_portal;
        let modal = Modal::new(Id::unique("file dialog"));
        let answer = modal
            .show(ui.ctx(), |ui| dialog.content_ui(ui, figure, ask_portal))
            .inner;
        match answer? {
            Pressed::Cancel => {
                self.open = None;
                None
            }
            Pressed::Confirm => {
                let purpose = dialog.purpose;
                let path = dialog.confirmed(figure)?;
                Some(self.accept(purpose, path))
            }
        }
    }

    fn accept(&mut self, purpose: Purpose, path: PathBuf) -> Chosen {
        self.open = None;
        self.last_folder = path.parent().map(Path::to_path_buf);
        Chosen { purpose, path }
    }
}

/// How a dialog was answered.
enum Pressed {
    Confirm,
    Cancel,
}

impl OpenDialog {
    fn content_ui(
        &mut self,
        ui: &mut Ui,
        figure: &mut FigureOptions,
        ask_portal: Portal,
    ) -> Option<Pressed> {
        ui.set_width(520.0);
        ui.heading(self.purpose.title());
        ui.add_space(theme().layout.grid);
        if self.purpose == Purpose::ExportFigure {
            figure_options_ui(ui, figure, &mut self.typed);
            ui.add_space(theme().layout.grid);
        }
        let label = ui.label(&self.hint);
        let field = self.field_ui(ui).labelled_by(label.id);
        let folder = format!("in {}", self.folder.display());
        ui.add(Label::new(RichText::new(&folder).weak()).truncate())
            .on_hover_text("A path that starts with / or ~ goes elsewhere");
        let mut pressed = None;
        if field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
            pressed = Some(Pressed::Confirm);
        }
        ui.add_space(theme().layout.grid);
        ui.horizontal(|ui| {
            let waiting = self.portal.is_some();
            let browse = ui.add_enabled(!waiting, Button::new("Browse…"));
            if browse.clicked() {
                self.browse(ui.ctx(), ask_portal);
            }
            if waiting {
                ui.weak("Waiting for the file dialog");
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let typed = !self.typed.trim().is_empty();
                let verb = Button::new(self.purpose.verb());
                if ui.add_enabled(typed, verb).clicked() {
                    pressed = Some(Pressed::Confirm);
                }
                if ui.button("Cancel").clicked() {
                    pressed = Some(Pressed::Cancel);
                }
            });
        });
        if ui.input(|input| input.key_pressed(Key::Escape)) {
            pressed = Some(Pressed::Cancel);
        }
        pressed
    }

    /// The field, its whole text selected at first, so that what is typed takes its place.
    fn field_ui(&mut self, ui: &mut Ui) -> Response {
        let mut shown = TextEdit::singleline(&mut self.typed)
            .desired_width(f32::INFINITY)
            .hint_text("Name or path")
            .show(ui);
        let field = shown.response.response;
        if self.needs_focus {
            self.needs_focus = false;
            field.request_focus();
            let end = CCursor::new(self.typed.chars().count());
            let all = CCursorRange::two(CCursor::new(0), end);
            shown.state.cursor.set_char_range(Some(all));
            shown.state.store(ui.ctx(), field.id);
        }
        field
    }

    /// The path that was typed; none where there is none, or where it is to be confirmed again.
    fn confirmed(&mut self, figure: &FigureOptions) -> Option<PathBuf> {
        let path = self.path()?;
        let mut there = written(self.purpose, &path, figure);
        there.retain(|path| path.is_file());
        let is_new = there.iter().any(|path| !self.in_the_way.contains(path));
        if self.purpose.saves() && is_new {
            self.ask_again(there);
            return None;
        }
        Some(path)
    }

    /// Asks to confirm once more that these files are replaced.
    fn ask_again(&mut self, mut files: Vec<PathBuf>) {
        files.retain(|path| path.is_file());
        let names: Vec<String> = files
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        let (verb, them) = if files.len() == 1 {
            ("exists", "it")
        } else {
            ("exist", "them")
        };
        self.hint = format!(
            "{} {verb} already. Confirm again to replace {them}",
            names.join(" and ")
        );
        self.in_the_way = files;
        self.needs_focus = true;
    }

    fn path(&self) -> Option<PathBuf> {
        let typed = self.typed.trim();
        let ending = self.purpose.extensions().first();
        match ending.filter(|_| self.purpose.saves()) {
            _ if typed.is_empty() => None,
            Some(ending) => Some(typed_file(&self.folder, typed, ending)),
            None => Some(typed_path(&self.folder, typed)),
        }
    }

    fn browse(&mut self, ctx: &egui::Context, ask_portal: Portal) {
        let (sender, receiver) = mpsc::channel();
        let ctx = ctx.clone();
        let purpose = self.purpose;
        let typed = self.path().unwrap_or_else(|| self.folder.join(""));
        let thread = std::thread::Builder::new()
            .name("file dialog".to_owned())
            .spawn(move || {
                // The window may be gone by now; then nobody waits for the answer.
                let _ = sender.send(ask_portal(purpose, &typed));
                ctx.request_repaint();
            });
        self.asked_at = Instant::now();
        match thread {
            Ok(_) => self.portal = Some(receiver),
            Err(error) => self.hint = format!("No file dialog ({error}). Type a path"),
        }
    }
}

/// The files that a confirmed path leads to, itself first.
fn written(purpose: Purpose, path: &Path, figure: &FigureOptions) -> Vec<PathBuf> {
    let mut files = vec![path.to_path_buf()];
    // A name without a known ending is refused when the figure is made.
    if purpose == Purpose::ExportFigure
        && let Ok(places) = figure.places(path)
    {
        let beside = places.companions().iter();
        files.extend(beside.map(|companion| companion.path(path)));
    }
    files
}

fn ask_portal(purpose: Purpose, typed: &Path) -> Option<PathBuf> {
    let mut dialog = rfd::FileDialog::new()
        .set_title(purpose.title())
        .add_filter(purpose.hint(), purpose.extensions())
        .add_filter("All files", &["*"]);
    if let Some(folder) = typed.parent().filter(|folder| folder.is_dir()) {
        dialog = dialog.set_directory(folder);
    }
    if let Some(name) = typed.file_name().filter(|_| purpose.saves()) {
        dialog = dialog.set_file_name(name.to_string_lossy());
    }
    if purpose.saves() {
        dialog.save_file()
    } else {
        dialog.pick_file()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::accesskit::Role;
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    struct State {
        dialog: FileDialog,
        chosen: Option<Chosen>,
    }

    fn harness(ask_portal: Portal, purpose: Purpose, suggestion: &str) -> Harness<'static, State> {
        let mut dialog = FileDialog {
            ask_portal,
            ..FileDialog::default()
        };
        dialog.ask(purpose, suggestion);
        let draw = |ui: &mut Ui, state: &mut State| {
            let chosen = state.dialog.poll(&FigureOptions::default());
            let typed = state.dialog.ui(ui, &mut FigureOptions::default());
            state.chosen = chosen.or(typed).or(state.chosen.take());
        };
        let chosen = None;
        let mut harness = Harness::builder().build_ui_state(draw, State { dialog, chosen });
        harness.run_steps(3);
        harness
    }

    #[test]
    fn while_a_portal_hangs_a_typed_path_is_taken() {
        let hangs: Portal = |_, _| loop {
            std::thread::park();
        };
        let mut harness = harness(hangs, Purpose::Open, "mine.ron");
        harness.get_by_label("Browse…").click();
        harness.run_steps(3);
        assert!(
            harness
                .query_by_label("Waiting for the file dialog")
                .is_some()
        );
        harness.get_by_role_and_label(Role::Button, "Open").click();
        harness.run_steps(3);
        let chosen = harness.state().chosen.clone().unwrap();
        let here = std::env::current_dir().unwrap();
        assert_eq!(chosen.path, here.join("mine.ron"));
        assert!(!harness.state().dialog.is_open());
    }

    #[test]
    fn a_file_in_the_way_is_replaced_only_after_a_second_confirmation() {
        let file = std::env::temp_dir().join(format!("blockscape-way-{}.ron", std::process::id()));
        std::fs::write(&file, "mine").unwrap();
        let nothing: Portal = |_, _| None;
        let mut harness = harness(nothing, Purpose::Save, &file.to_string_lossy());
        harness.get_by_label("Save").click();
        harness.run_steps(3);
        assert_eq!(harness.state().chosen, None);
        assert!(harness.query_by_label_contains("exists already").is_some());
        harness.get_by_label("Save").click();
        harness.run_steps(3);
        let path = harness.state().chosen.clone().map(|chosen| chosen.path);
        assert_eq!(path.as_ref(), Some(&file));
        std::fs::remove_file(&file).unwrap();
    }

    #[test]
    fn a_typed_path_takes_the_place_of_the_offered_name() {
        let nothing: Portal = |_, _| None;
        let mut harness = harness(nothing, Purpose::Save, "/figures/session.ron");
        assert!(harness.query_by_label("in /figures").is_some());
        harness.event(egui::Event::Text("/else/mine".to_owned()));
        harness.run_steps(2);
        harness.get_by_label("Save").click();
        harness.run_steps(3);
        let path = harness.state().chosen.clone().map(|chosen| chosen.path);
        assert_eq!(path.as_deref(), Some(Path::new("/else/mine.ron")));
    }
}
