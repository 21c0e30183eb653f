//! The application: what arrives is received in `logic`, what is seen is drawn in `ui`, what was asked is done after.
//!
//! Nothing here estimates, measures or reads a large file.

mod drawing;
mod files;
mod models;
mod requests;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use egui::{Context, Ui, ViewportCommand};

use crate::files::panic_report;
use crate::files::preset_library::PresetLibrary;
use crate::files::settings::Folders;
use crate::results::Results;
use crate::session::Session;
use crate::session::first::first_session;
use crate::session::history::History;
use crate::window::frame_clock::FrameClock;
use crate::window::panels::palette;
use crate::window::request::Request;
use crate::window::state::WindowState;
use crate::window::theme::{self, theme};
use crate::work::document::Document;
use crate::work::exploration::Exploration;
use blockscape_explorer::worker::Wake;

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
            .with_inner_size(options.folders.window_size().unwrap_or([1280.0, 720.0]))
            .with_min_inner_size([960.0, 540.0])
            .with_drag_and_drop(true),
        persist_window: false,
        ..Default::default()
    };
    let create: eframe::AppCreator<'_> = Box::new(|context| {
        WAS_SHOWN.store(true, Ordering::Relaxed);
        panic_report::keep_quiet(false);
        Ok(Box::new(App::new(&context.egui_ctx, options)))
    });
    eframe::run_native("blockscape", native, create).map_err(|error| {
        let text = error.to_string();
        // winit names the line of its own source first
        let reason = text.rsplit(".rs:").next().unwrap_or(&text);
        let reason = reason.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':');
        anyhow::anyhow!("no window: {}", reason.trim())
    })
}

/// Whether a window came up: what fails before is no reason to give up, an error after it is.
static WAS_SHOWN: AtomicBool = AtomicBool::new(false);

/// Whether [`run`] got as far as a window.
pub fn was_shown() -> bool {
    WAS_SHOWN.load(Ordering::Relaxed)
}

impl App {
    /// The application in a context, as tests drive it too.
    pub fn new(ctx: &Context, options: Options) -> Self {
        theme::install(ctx);
        let waker = ctx.clone();
        let wake: Wake = Arc::new(move || waker.request_repaint());
        let window = WindowState::new(options.folders.clone(), Arc::clone(&wake));
        ctx.set_theme(window.settings.theme);
        ctx.set_zoom_factor(window.settings.zoom);
        let session = first_session();
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
        let last = app.window.settings.last.clone();
        let last = last.filter(|path| path.is_file());
        if let Some(file) = options.file.or(last) {
            app.open(file);
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

    /// Whether details of the edited design are being made.
    pub fn is_inspecting(&self) -> bool {
        self.exploration.is_inspecting()
    }

    /// Whether a file is being read.
    pub fn is_opening(&self) -> bool {
        self.window.opening.is_busy()
    }

    /// The title of the window: the file and whether it lacks something of the session.
    pub fn title(&self) -> String {
        let file = self.document.path.as_deref().and_then(Path::file_name);
        let file = file.map(|name| name.to_string_lossy().into_owned());
        match (file, self.document.is_unsaved(&self.session)) {
            (None, false) => "Blockscape".to_owned(),
            (None, true) => "Unsaved session* – Blockscape".to_owned(),
            (Some(file), false) => format!("{file} – Blockscape"),
            (Some(file), true) => format!("{file}* – Blockscape"),
        }
    }

    /// Shows the title, and remembers the size of the window.
    fn follow_window(&mut self, ctx: &Context) {
        let title = self.title();
        if title != self.window.title {
            ctx.send_viewport_cmd(ViewportCommand::Title(title.clone()));
            self.window.title = title;
        }
        let zoom = ctx.zoom_factor();
        let size = ctx.input(|input| {
            let viewport = input.viewport();
            let is_free = viewport.maximized != Some(true) && viewport.fullscreen != Some(true);
            viewport
                .inner_rect
                .filter(|_| is_free)
                .map(|rect| rect.size() * zoom)
        });
        if let Some(size) = size.filter(|size| size.min_elem() > 0.0) {
            self.window.settings.window_size = Some(size.into());
        }
    }

    /// How long drawing takes.
    pub fn clock(&self) -> &FrameClock {
        &self.clock
    }

    fn explore(&mut self) {
        self.exploration.explore(&self.session, &mut self.results);
    }
}

/// All cores but one.
fn worker_threads() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().saturating_sub(1).max(1))
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        let dragging = ctx.input(|input| input.pointer.any_down());
        let tensor = self.window.tiles.tensor_site;
        let drained = self
            .exploration
            .drain(&self.session, tensor, &mut self.results, dragging);
        if drained.inspected {
            self.follow_accuracy();
        }
        if let Some(read) = drained.model {
            self.model_read(read);
        }
        if let Some(measured) = drained.measured {
            self.measurement_done(measured);
        }
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
        let selection = self.session.pareto.selection.as_ref();
        if !self.window.tiles.selected.gather(&self.results, selection) {
            ctx.request_repaint();
        }
        if let Some(chosen) = self.window.dialog.poll(&self.window.figure) {
            self.chosen(ctx, chosen);
        }
        self.poll_saved(ctx);
        self.poll_opened();
        if let Some(written) = self.window.exporting.poll() {
            self.exported(written);
        }
        for path in Self::dropped_files(ctx) {
            self.perform(ctx, Request::Open(path));
        }
        self.follow_window(ctx);
        let asked_to_close = ctx.input(|input| input.viewport().close_requested());
        if asked_to_close && self.must_ask() {
            ctx.send_viewport_cmd(ViewportCommand::CancelClose);
            self.ask_first(Request::Quit);
        }
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        self.clock.begin();
        self.window.settings.zoom = ui.ctx().zoom_factor();
        let asks = self.window.question.is_some() || self.window.dialog.is_open();
        let mut requests = if asks {
            Vec::new()
        } else {
            palette::shortcuts(ui.ctx())
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
        self.window.settings.last.clone_from(&self.document.path);
        self.window.save_settings();
        self.document.forget_copy();
    }
}
