//! File dialogs on their own thread, with a path field beside them.
//!
//! A portal that is missing answers at once with nothing, one that hangs never answers; in both cases the window
//! goes on and the path can be typed.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::time::{Duration, Instant};

use egui::Ui;

use crate::figure::FigureOptions;
use crate::panels::figure_options::figure_options_ui;
use crate::theme::theme;

/// Why a path is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A session, design, space, figure or model.
    Open,
    /// A checkpoint or model shape.
    OpenModel,
    /// A text to measure one design on, or those of the front.
    MeasureText { front: bool },
    /// A text to calibrate the estimator on.
    CalibrateText,
    /// The session.
    Save,
    /// The design alone.
    SaveDesign,
    /// What is explored around it.
    SaveSpace,
    /// All points as CSV.
    ExportCsv,
    /// The front as RON.
    ExportFront,
    /// The shown plot as SVG, PDF, PNG or `TikZ`.
    ExportFigure,
    /// The recipe as JSON for emulators.
    ExportRecipe,
    /// The design as architecture YAML.
    ExportArchitecture,
}

impl Purpose {
    fn title(self) -> &'static str {
        match self {
            Self::Open => "Open",
            Self::OpenModel => "Open model",
            Self::MeasureText { front: false } => "Measure this design on a text",
            Self::MeasureText { front: true } => "Verify the front on a text",
            Self::CalibrateText => "Calibrate the estimator on a text",
            Self::Save => "Save session",
            Self::SaveDesign => "Save design",
            Self::SaveSpace => "Save space",
            Self::ExportCsv => "Export points as CSV",
            Self::ExportFront => "Export front as RON",
            Self::ExportFigure => "Export figure",
            Self::ExportRecipe => "Export recipe",
            Self::ExportArchitecture => "Export architecture",
        }
    }

    fn hint(self) -> &'static str {
        match self {
            Self::Open => "A session, design or space (.ron), an exported figure, or a model",
            Self::OpenModel => "A checkpoint (.gguf, .safetensors, .bin) or a config.json",
            Self::MeasureText { .. } => "A UTF-8 text (.txt, .raw); its first windows are used",
            Self::CalibrateText => {
                "A UTF-8 text (.txt, .raw); the runs are kept beside the model and not made twice"
            }
            Self::Save | Self::SaveDesign | Self::SaveSpace | Self::ExportFront => {
                "A file ending in .ron"
            }
            Self::ExportCsv => "A file ending in .csv",
            Self::ExportFigure => "A file ending in .svg, .pdf, .png or .tex",
            Self::ExportRecipe => "A file ending in .json for emulators, or in .txt for llama.cpp",
            Self::ExportArchitecture => {
                "A file ending in .yaml for ZigZag, or in .timeloop.yaml for Timeloop"
            }
        }
    }

    fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Open => &[
                "ron",
                "svg",
                "pdf",
                "png",
                "gguf",
                "safetensors",
                "bin",
                "json",
            ],
            Self::OpenModel => &["gguf", "safetensors", "bin", "json"],
            Self::MeasureText { .. } | Self::CalibrateText => &["txt", "raw", "md"],
            Self::Save | Self::SaveDesign | Self::SaveSpace | Self::ExportFront => &["ron"],
            Self::ExportCsv => &["csv"],
            Self::ExportFigure => &["svg", "pdf", "png", "tex"],
            Self::ExportRecipe => &["json", "txt"],
            Self::ExportArchitecture => &["yaml"],
        }
    }

    fn saves(self) -> bool {
        !matches!(
            self,
            Self::Open | Self::OpenModel | Self::MeasureText { .. } | Self::CalibrateText
        )
    }
}

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
    path: String,
    hint: String,
    portal: Option<Receiver<Option<PathBuf>>>,
    asked_at: Instant,
    needs_focus: bool,
    /// A file in the way, which the next confirmation replaces.
    in_the_way: Option<PathBuf>,
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
    /// Asks for a path, offering a file name.
    pub fn ask(&mut self, purpose: Purpose, suggestion: &str) {
        let folder = self.last_folder.clone().unwrap_or_default();
        let path = folder.join(suggestion).to_string_lossy().into_owned();
        self.open = Some(OpenDialog {
            purpose,
            path,
            hint: purpose.hint().to_owned(),
            portal: None,
            asked_at: Instant::now(),
            needs_focus: true,
            in_the_way: None,
        });
    }

    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Takes what the portal answered; call once a frame, outside drawing.
    pub fn poll(&mut self) -> Option<Chosen> {
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
        Some(self.accept(purpose, path))
    }

    /// Draws the path field; returns a path once it is confirmed.
    pub fn ui(&mut self, ui: &mut Ui, figure: &mut FigureOptions) -> Option<Chosen> {
        let dialog = self.open.as_mut()?;
        let mut confirmed = false;
        let mut closed = false;
        let window = egui::Window::new(dialog.purpose.title())
            .collapsible(false)
            .resizable(false)
            .anchor(egui::Align2::CENTER_TOP, egui::vec2(0.0, 80.0));
        window.show(ui.ctx(), |ui| {
            ui.set_width(520.0);
            if dialog.purpose == Purpose::ExportFigure {
                figure_options_ui(ui, figure, &mut dialog.path);
                ui.add_space(theme().layout.grid);
            }
            let label = ui.weak(&dialog.hint);
            let field = egui::TextEdit::singleline(&mut dialog.path)
                .desired_width(f32::INFINITY)
                .hint_text("Path");
            let field = ui.add(field).labelled_by(label.id);
            if dialog.needs_focus {
                field.request_focus();
                dialog.needs_focus = false;
            }
            confirmed = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
            closed = ui.input(|input| input.key_pressed(egui::Key::Escape));
            ui.add_space(theme().layout.grid);
            ui.horizontal(|ui| {
                let waiting = dialog.portal.is_some();
                if ui
                    .add_enabled(!waiting, egui::Button::new("Browse…"))
                    .clicked()
                {
                    dialog.browse(ui.ctx(), self.ask_portal);
                }
                if waiting {
                    ui.weak("Waiting for the file dialog");
                }
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    let verb = if matches!(dialog.purpose, Purpose::MeasureText { .. }) {
                        "Measure"
                    } else if dialog.purpose == Purpose::CalibrateText {
                        "Calibrate"
                    } else if dialog.purpose.saves() {
                        "Save"
                    } else {
                        "Open"
                    };
                    let typed = !dialog.path.trim().is_empty();
                    confirmed |= ui.add_enabled(typed, egui::Button::new(verb)).clicked();
                    closed |= ui.button("Cancel").clicked();
                });
            });
        });
        if confirmed && !dialog.path.trim().is_empty() {
            let (purpose, path) = (dialog.purpose, expanded(dialog.path.trim()));
            if purpose.saves() && path.is_file() && dialog.in_the_way.as_ref() != Some(&path) {
                let name = path.display();
                dialog.hint = format!("{name} exists already. Confirm again to replace it");
                dialog.in_the_way = Some(path);
                dialog.needs_focus = true;
                return None;
            }
            return Some(self.accept(purpose, path));
        }
        if closed {
            self.open = None;
        }
        None
    }

    fn accept(&mut self, purpose: Purpose, path: PathBuf) -> Chosen {
        self.open = None;
        self.last_folder = path.parent().map(Path::to_path_buf);
        Chosen { purpose, path }
    }
}

impl OpenDialog {
    fn browse(&mut self, ctx: &egui::Context, ask_portal: Portal) {
        let (sender, receiver) = mpsc::channel();
        let ctx = ctx.clone();
        let purpose = self.purpose;
        let typed = PathBuf::from(&self.path);
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

/// `~/` stands for the home folder, as in a shell.
fn expanded(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => PathBuf::from(path),
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
            let chosen = state.dialog.poll();
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
        assert_eq!(chosen.path, Path::new("mine.ron"));
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
}
