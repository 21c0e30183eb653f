//! The application: what arrives is received in `logic`, what is seen is drawn in `ui`, what was asked is done after.
//!
//! Nothing here estimates, measures or reads a large file.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use egui::{CentralPanel, Context, Frame, Panel, Ui, ViewportCommand};

use crate::background::Wake;
use crate::command::{self, Command};
use crate::document::Document;
use crate::exploration::Exploration;
use crate::file_dialog::{Chosen, Purpose};
use crate::frame_clock::FrameClock;
use crate::help;
use crate::history::History;
use crate::panels::dialogs::{self, Answer, Question};
use crate::panels::layout::{self, TileFrame};
use crate::panels::palette::{self, Outcome, Palette};
use crate::panels::tiles::tile_ui;
use crate::panels::{Scene, design, inspector, menu, status};
use crate::preset_library::{self, Opened, PresetLibrary};
use crate::request::Request;
use crate::results::Results;
use crate::session::Session;
use crate::settings::Folders;
use crate::theme::{self, theme};
use crate::window::WindowState;

/// How the window is started.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// A file to open.
    pub file: Option<PathBuf>,
    /// Where settings and the recovery copy live.
    pub folders: Folders,
    /// Worker threads of the explorer; 0 leaves one core for the window.
    pub n_threads: usize,
}

/// The window.
#[derive(Debug)]
pub struct App {
    session: Session,
    history: History,
    results: Results,
    exploration: Exploration,
    library: PresetLibrary,
    document: Document,
    window: WindowState,
    clock: FrameClock,
}

/// Opens the window and returns when it was closed.
///
/// # Errors
/// No display, or no way to draw on it.
pub fn run(options: Options) -> anyhow::Result<()> {
    let native = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_title("Blockscape")
            .with_app_id("blockscape")
            .with_inner_size([1280.0, 720.0])
            .with_min_inner_size([960.0, 540.0])
            .with_drag_and_drop(true),
        persist_window: false,
        ..Default::default()
    };
    let create: eframe::AppCreator<'_> =
        Box::new(|context| Ok(Box::new(App::new(&context.egui_ctx, options))));
    eframe::run_native("blockscape", native, create)
        .map_err(|error| anyhow::anyhow!("no window: {error}"))
}

impl App {
    /// The application in a context, as tests drive it too.
    pub fn new(ctx: &Context, options: Options) -> Self {
        theme::install(ctx);
        let waker = ctx.clone();
        let wake: Wake = Arc::new(move || waker.request_repaint());
        let window = WindowState::new(options.folders.clone());
        ctx.set_theme(window.settings.theme);
        ctx.set_zoom_factor(window.settings.zoom);
        let session = preset_library::first_session();
        let n_threads = if options.n_threads == 0 {
            worker_threads()
        } else {
            options.n_threads
        };
        let mut app = Self {
            history: History::default(),
            results: Results::default(),
            exploration: Exploration::new(Arc::clone(&wake), n_threads),
            library: PresetLibrary::load(options.folders.presets().as_deref()),
            document: Document::new(&session, &options.folders, wake),
            window,
            clock: FrameClock::default(),
            session,
        };
        for refused in std::mem::take(&mut app.library.refused) {
            app.window.notices.warning(refused);
        }
        app.explore();
        if let Some(file) = options.file {
            app.open(ctx, file);
        }
        app
    }

    /// The session at the moment.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// What was computed so far.
    pub fn results(&self) -> &Results {
        &self.results
    }

    /// The newest message.
    pub fn notice(&self) -> Option<&str> {
        self.window
            .notices
            .latest()
            .map(|notice| notice.text.as_str())
    }

    /// How long drawing takes.
    pub fn clock(&self) -> &FrameClock {
        &self.clock
    }

    fn explore(&mut self) {
        self.exploration.explore(&self.session, &mut self.results);
    }

    fn perform(&mut self, ctx: &Context, request: Request) {
        match request {
            Request::Edit(command) => self.edit(command),
            Request::Undo => {
                if let Some(session) = self.history.undo(&self.session) {
                    self.edit(Command::ReplaceSession(Box::new(session)));
                }
            }
            Request::Redo => {
                if let Some(session) = self.history.redo(&self.session) {
                    self.edit(Command::ReplaceSession(Box::new(session)));
                }
            }
            Request::New | Request::Open(_) | Request::Quit if self.must_ask() => {
                self.window.question = Some(Question::Unsaved(Box::new(request)));
            }
            Request::New => self.replace(preset_library::first_session(), None),
            Request::Open(path) => self.open(ctx, path),
            Request::Quit => self.quit(ctx),
            Request::Save => match self.document.path.clone() {
                Some(path) => self.save(&path),
                None => self.ask(Purpose::Save),
            },
            Request::Ask(purpose) => self.ask(purpose),
            Request::Reveal(pane) => layout::reveal(&mut self.window.tree, pane),
            Request::ResetLayout => self.window.tree = layout::default_tree(),
            Request::SetTheme(theme) => {
                self.window.settings.theme = theme;
                ctx.set_theme(theme);
            }
            Request::Zoom(zoom) => ctx.set_zoom_factor(zoom.clamp(0.75, 2.0)),
            Request::CancelExploration => self.exploration.cancel(&mut self.results),
            Request::Measure | Request::VerifyFront | Request::CancelMeasurement => {}
            Request::ShowPalette => self.window.palette = Some(Palette::default()),
            Request::ShowGuide => self.window.guide = Some(0),
            Request::ShowTour => self.window.tour = Some(0),
        }
    }

    fn edit(&mut self, command: Command) {
        if command::apply(&mut self.session, command) {
            self.explore();
        }
    }

    fn replace(&mut self, session: Session, path: Option<PathBuf>) {
        self.document.opened(&session, path);
        self.edit(Command::ReplaceSession(Box::new(session)));
    }

    fn must_ask(&self) -> bool {
        !self.window.closing && self.document.is_unsaved(&self.session)
    }

    fn quit(&mut self, ctx: &Context) {
        self.window.closing = true;
        ctx.send_viewport_cmd(ViewportCommand::Close);
    }

    fn ask(&mut self, purpose: Purpose) {
        let path = self.document.path.as_ref();
        let name = &self.session.design.name;
        let suggestion = match purpose {
            Purpose::Open | Purpose::OpenModel => String::new(),
            Purpose::Save => WindowState::suggestion(path, "session", "ron"),
            Purpose::SaveDesign => WindowState::suggestion(None, name, "ron"),
            Purpose::ExportCsv => "points.csv".to_owned(),
            Purpose::ExportFront => "front.ron".to_owned(),
            Purpose::ExportFigure => "figure.svg".to_owned(),
            Purpose::ExportRecipe => WindowState::suggestion(None, name, "json"),
            Purpose::ExportArchitecture => WindowState::suggestion(None, name, "yaml"),
        };
        self.window.dialog.ask(purpose, &suggestion);
    }

    fn chosen(&mut self, ctx: &Context, chosen: Chosen) {
        let Chosen { purpose, path } = chosen;
        match purpose {
            Purpose::Open | Purpose::OpenModel => self.perform(ctx, Request::Open(path)),
            Purpose::Save => self.save(&path),
            Purpose::SaveDesign => {
                let text = blockscape_model::preset::to_ron(&self.session.design);
                let written = text
                    .map_err(anyhow::Error::from)
                    .and_then(|text| crate::settings::write_whole(&path, text.as_bytes()));
                self.told(&path, "Saved the design as", written);
            }
            _ => self.window.notices.error("Not available in this build"),
        }
    }

    fn told(&mut self, path: &std::path::Path, what: &str, written: anyhow::Result<()>) {
        match written {
            Ok(()) => {
                self.window.remember(path);
                self.window
                    .notices
                    .info(format!("{what} {}", path.display()));
            }
            Err(error) => self.window.notices.error(format!("{error:#}")),
        }
    }

    fn save(&mut self, path: &std::path::Path) {
        let written = self.document.save(&self.session, path);
        self.told(path, "Saved", written);
    }

    fn open(&mut self, ctx: &Context, path: PathBuf) {
        match preset_library::open(&path) {
            Ok(opened) => {
                self.window.remember(&path);
                self.take(opened, path);
            }
            Err(error) => self.window.notices.error(format!("{error:#}")),
        }
        ctx.request_repaint();
    }

    fn take(&mut self, opened: Opened, path: PathBuf) {
        let name = path.display();
        match opened {
            Opened::Session(session) => {
                self.window.notices.info(format!("Opened {name}"));
                self.replace(*session, Some(path));
            }
            Opened::Design(design) => {
                self.window
                    .notices
                    .info(format!("Opened design {} from {name}", design.name));
                self.edit(Command::LoadDesign(design));
            }
            Opened::Workload(workload) => {
                self.window
                    .notices
                    .info(format!("Opened model {} from {name}", workload.model.name));
                self.edit(Command::ReplaceWorkload(workload));
            }
            Opened::Checkpoint(path) => self.edit(Command::SetCheckpoint(Some(path))),
        }
    }

    fn answered(&mut self, ctx: &Context, answer: Answer) {
        self.window.question = None;
        match answer {
            Answer::Save(next) => {
                self.perform(ctx, Request::Save);
                if !self.document.is_unsaved(&self.session) {
                    self.perform(ctx, *next);
                }
            }
            Answer::Discard(next) => {
                self.document.opened(&self.session.clone(), None);
                self.perform(ctx, *next);
            }
            Answer::Recover(copy) => {
                match preset_library::open(&copy) {
                    Ok(Opened::Session(session)) => {
                        self.edit(Command::ReplaceSession(session));
                        self.window
                            .notices
                            .info("Brought back the last session; it is not saved yet");
                    }
                    Ok(_) => self.window.notices.error("The copy is not a session"),
                    Err(error) => self.window.notices.error(format!("{error:#}")),
                }
                // The work goes on under a copy of this process.
                let _ = std::fs::remove_file(copy);
            }
            Answer::DropCopy(copy) => {
                let _ = std::fs::remove_file(copy);
            }
            Answer::Cancel => {}
        }
    }

    fn dropped_files(ctx: &Context) -> Vec<PathBuf> {
        ctx.input(|input| {
            input
                .raw
                .dropped_files
                .iter()
                .map(|file| file.path().to_path_buf())
                .collect()
        })
    }
}

/// All cores but one.
fn worker_threads() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().saturating_sub(1).max(1))
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        let dragging = ctx.input(|input| input.pointer.any_down());
        let drained = self.exploration.drain(&mut self.results, dragging);
        if !dragging && !self.results.trail.is_empty() && !drained.any {
            self.results.trail.clear();
        }
        if !dragging && !self.results.trail.is_empty() {
            ctx.request_repaint_after(Duration::from_secs_f32(theme().motion.trail));
        }
        if let Some(seconds) =
            self.history
                .observe(&self.session, ctx.input(|input| input.time), dragging)
        {
            ctx.request_repaint_after(Duration::from_secs_f32(seconds));
        }
        let (again, failure) = self.document.keep_copy(&self.session);
        if let Some(again) = again {
            ctx.request_repaint_after(again);
        }
        if let Some(failure) = failure {
            self.window.notices.warning(failure);
        }
        if let Some(chosen) = self.window.dialog.poll() {
            self.chosen(ctx, chosen);
        }
        for path in Self::dropped_files(ctx) {
            self.perform(ctx, Request::Open(path));
        }
        let asked_to_close = ctx.input(|input| input.viewport().close_requested());
        if asked_to_close && self.must_ask() {
            ctx.send_viewport_cmd(ViewportCommand::CancelClose);
            self.window.question = Some(Question::Unsaved(Box::new(Request::Quit)));
        }
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        self.clock.begin();
        self.window.settings.zoom = ui.ctx().zoom_factor();
        let mut requests = if self.window.question.is_none() {
            palette::shortcuts(ui.ctx())
        } else {
            Vec::new()
        };
        requests.extend(self.panels_ui(ui));
        let ctx = ui.ctx().clone();
        self.dialogs_ui(ui, &ctx, &mut requests);
        self.clock.end();
        for request in requests {
            self.perform(&ctx, request);
        }
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        self.window.save_settings();
        self.document.forget_copy();
    }
}

impl App {
    fn panels_ui(&mut self, ui: &mut Ui) -> Vec<Request> {
        let unsaved = self.document.is_unsaved(&self.session);
        let scene = Scene {
            session: &self.session,
            results: &self.results,
            library: &self.library,
            settings: &self.window.settings,
            can_undo: self.history.can_undo(&self.session),
            can_redo: self.history.can_redo(&self.session),
            unsaved,
        };
        let lengths = &theme().layout;
        let mut requests = Vec::new();
        let mut add = |more: Vec<Request>| requests.extend(more);
        Panel::top("menu").show(ui, |ui| add(menu::menu_ui(ui, &scene)));
        let frame_ms = 1e3 * self.clock.latest().as_secs_f32();
        Panel::bottom("status")
            .exact_size(lengths.status_bar)
            .show(ui, |ui| add(status::status_ui(ui, &scene, frame_ms)));
        if self.window.notices.latest().is_some() {
            let notices = &mut self.window.notices;
            Panel::bottom("notices").show(ui, |ui| notices.bar_ui(ui));
        }
        let design_view = &mut self.window.design;
        Panel::left("design")
            .default_size(lengths.left_panel)
            .size_range(lengths.left_panel_min..=1.6 * lengths.left_panel)
            .show(ui, |ui| add(design::design_ui(ui, &scene, design_view)));
        Panel::right("inspector")
            .default_size(lengths.right_panel)
            .size_range(lengths.right_panel_min..=1.6 * lengths.right_panel)
            .show(ui, |ui| add(inspector::inspector_ui(ui, &scene)));
        let views = &mut self.window.tiles;
        let tree = &mut self.window.tree;
        CentralPanel::default().frame(Frame::NONE).show(ui, |ui| {
            let mut draw = |ui: &mut Ui, pane| add(tile_ui(ui, pane, &scene, views));
            tree.ui(&mut TileFrame { draw: &mut draw }, ui);
        });
        requests
    }

    fn dialogs_ui(&mut self, ui: &mut Ui, ctx: &Context, requests: &mut Vec<Request>) {
        if let Some(chosen) = self.window.dialog.ui(ui) {
            self.chosen(ctx, chosen);
        }
        if let Some(page) = &mut self.window.guide
            && !help::guide_ui(ui, page)
        {
            self.window.guide = None;
        }
        if let Some(step) = &mut self.window.tour
            && !dialogs::tour_ui(ui, step)
        {
            self.window.tour = None;
            self.window.save_settings();
        }
        if let Some(palette) = &mut self.window.palette {
            let mut entries = palette::actions();
            entries.extend(design::palette_entries());
            match palette.ui(ui, &entries) {
                Some(Some(Outcome::Do(request))) => {
                    self.window.palette = None;
                    requests.push(request);
                }
                Some(Some(Outcome::Find(label))) => {
                    self.window.palette = None;
                    self.window.design.search = label;
                }
                Some(None) => self.window.palette = None,
                None => {}
            }
        }
        if let Some(question) = self.window.question.clone()
            && let Some(answer) = dialogs::question_ui(ui, &question)
        {
            self.answered(ctx, answer);
        }
    }
}
