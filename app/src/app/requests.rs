//! What the application does for a request: edits, files, questions.
//!
//! The session itself is changed by `command::apply` alone.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use blockscape_explorer::Objective;
use blockscape_model::evaluation::Metric;
use blockscape_model::preset::to_ron;
use blockscape_model::quality::QualityModel;
use blockscape_model::story_model;
use blockscape_model::workload::Workload;
use egui::{Context, ViewportCommand};

use super::App;
use crate::checkpoint_report::CheckpointReport;
use crate::command::{self, Command};
use crate::details::Details;
use crate::export::ExportJob;
use crate::file_dialog::{Chosen, Purpose};
use crate::measuring::Measured;
use crate::panels::dialogs::{Answer, Question};
use crate::panels::layout::{self, Pane};
use crate::panels::palette::Palette;
use crate::preset_library::{self, Opened};
use crate::request::Request;
use crate::session::Session;
use crate::settings::write_whole;
use crate::window::WindowState;

impl App {
    pub(super) fn perform(&mut self, ctx: &Context, request: Request) {
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
            Request::ExportFigure(plot) => {
                self.window.figure.plot = plot;
                self.ask(Purpose::ExportFigure);
            }
            Request::Reveal(pane) => layout::reveal(&mut self.window.tree, pane),
            Request::ToggleDesign => {
                self.window.settings.hide_design = !self.window.settings.hide_design;
            }
            Request::ToggleFigures => {
                self.window.settings.hide_figures = !self.window.settings.hide_figures;
            }
            Request::ResetLayout => self.window.tree = layout::default_tree(),
            Request::SetTheme(theme) => {
                self.window.settings.theme = theme;
                ctx.set_theme(theme);
            }
            Request::Zoom(zoom) => ctx.set_zoom_factor(zoom.clamp(0.75, 2.0)),
            Request::LookInto => self
                .exploration
                .inspect(&self.session, self.window.tiles.tensor_site),
            Request::CancelExploration => self.exploration.cancel(&mut self.results),
            Request::Measure => self.measure(false),
            Request::VerifyFront => self.measure(true),
            Request::Calibrate => self.ask(Purpose::CalibrateText),
            Request::UseStoryModel => self.use_story_model(),
            Request::CancelMeasurement => self.exploration.cancel_measurement(),
            Request::ShowPalette => self.window.palette = Some(Palette::default()),
            Request::ShowGuide => self.window.guide = Some(0),
            Request::ShowTour => self.window.tour = Some(0),
        }
    }

    fn edit(&mut self, command: Command) {
        let compared = matches!(command, Command::SetReference(_));
        let fronts_change = matches!(
            command,
            Command::ReplaceSession(_)
                | Command::KeepFront(_)
                | Command::RenameFront(..)
                | Command::DropFront(_)
        );
        if command::apply(&mut self.session, command) {
            self.explore();
        } else if compared {
            self.exploration
                .inspect(&self.session, self.window.tiles.tensor_site);
        }
        if fronts_change {
            self.results.set_kept_fronts(&self.session.fronts);
        }
    }

    fn replace(&mut self, session: Session, path: Option<PathBuf>) {
        self.document.opened(&session, path);
        self.results.checkpoint = None;
        self.edit(Command::ReplaceSession(Box::new(session)));
    }

    pub(super) fn must_ask(&self) -> bool {
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
            Purpose::Open
            | Purpose::OpenModel
            | Purpose::MeasureText { .. }
            | Purpose::CalibrateText => String::new(),
            Purpose::Save => WindowState::suggestion(path, "session", "ron"),
            Purpose::SaveDesign => WindowState::suggestion(None, name, "ron"),
            Purpose::SaveSpace => WindowState::suggestion(None, &format!("{name} space"), "ron"),
            Purpose::ExportCsv => "points.csv".to_owned(),
            Purpose::ExportFront => "front.ron".to_owned(),
            Purpose::ExportFigure => self.window.figure.file_name(),
            Purpose::ExportRecipe => WindowState::suggestion(None, name, "json"),
            Purpose::ExportArchitecture => WindowState::suggestion(None, name, "yaml"),
        };
        self.window.dialog.ask(purpose, &suggestion);
    }

    pub(super) fn chosen(&mut self, ctx: &Context, chosen: Chosen) {
        let Chosen { purpose, path } = chosen;
        match purpose {
            Purpose::Open | Purpose::OpenModel => self.perform(ctx, Request::Open(path)),
            Purpose::MeasureText { front } => {
                self.exploration
                    .measure(&self.session, &self.results, Some(path), front);
            }
            Purpose::CalibrateText => self.exploration.calibrate(&self.session, path),
            Purpose::Save => self.save(&path),
            Purpose::SaveDesign => {
                let text = to_ron(&self.session.design).map_err(anyhow::Error::from);
                let written = text.and_then(|text| write_whole(&path, text.as_bytes()));
                self.told(&path, "Saved the design as", written);
            }
            Purpose::SaveSpace => {
                let text = self.session.space_text();
                let written = text.and_then(|text| write_whole(&path, text.as_bytes()));
                self.told(&path, "Saved the space as", written);
            }
            Purpose::ExportCsv
            | Purpose::ExportFront
            | Purpose::ExportFigure
            | Purpose::ExportRecipe
            | Purpose::ExportArchitecture => {
                let job = ExportJob {
                    purpose,
                    path,
                    session: self.session.clone(),
                    results: self.results.clone(),
                    views: self.window.tiles.plots.clone(),
                    figure: self.window.figure.clone(),
                };
                self.window.exporting.submit(job);
            }
        }
    }

    fn told(&mut self, path: &Path, what: &str, written: anyhow::Result<()>) {
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

    /// An export came to its end.
    pub(super) fn exported(&mut self, written: anyhow::Result<Vec<PathBuf>>) {
        match written {
            Ok(files) => {
                let Some((first, beside)) = files.split_first() else {
                    return;
                };
                let mut text = format!("Exported {}", first.display());
                let names = beside.iter().filter_map(|path| path.file_name());
                let names: Vec<_> = names.map(|name| name.to_string_lossy()).collect();
                if !names.is_empty() {
                    text = format!("{text}, beside it {}", names.join(" and "));
                }
                self.window.remember(first);
                self.window.notices.info(text);
            }
            Err(error) => self.window.notices.error(format!("{error:#}")),
        }
    }

    fn save(&mut self, path: &Path) {
        let written = self.document.save(&self.session, path);
        self.told(path, "Saved", written);
    }

    pub(super) fn open(&mut self, ctx: &Context, path: PathBuf) {
        match preset_library::open(&path) {
            Ok(opened) => {
                self.window.remember(&path);
                self.take(opened, path);
            }
            Err(error) => self.window.notices.error(format!("{error:#}")),
        }
        ctx.request_repaint();
    }

    /// A model was read: the session turns to it, unless it already had.
    pub(super) fn model_read(&mut self, read: anyhow::Result<CheckpointReport>) {
        match read {
            Ok(report) => {
                let shown = self.results.checkpoint.as_ref();
                let Ok(shape) = &report.architecture else {
                    if shown.map(|shown| &shown.path) != Some(&report.path) {
                        self.window
                            .notices
                            .info(format!("Opened the weights of {}", report.path.display()));
                        layout::reveal(&mut self.window.tree, Pane::Checkpoint);
                    }
                    self.results.checkpoint = Some(report);
                    return;
                };
                if self.session.checkpoint.as_ref() != Some(&report.path) {
                    self.window
                        .notices
                        .info(format!("Opened model {}", report.path.display()));
                    let workload = Workload::single_sequence(shape.clone());
                    let session = &mut self.session;
                    command::apply(session, Command::ReplaceWorkload(Box::new(workload)));
                    command::apply(session, Command::SetCheckpoint(Some(report.path.clone())));
                    layout::reveal(&mut self.window.tree, Pane::Checkpoint);
                    self.results.checkpoint = None; // else weights without an architecture would be read on
                    self.explore();
                }
                self.results.checkpoint = Some(report);
            }
            Err(error) => self.window.notices.error(format!("{error:#}")),
        }
    }

    /// Where nothing says what noise costs a model in perplexity, noise itself is what is explored.
    pub(super) fn follow_accuracy(&mut self) {
        let is_perplexity = |metric| matches!(metric, Metric::Perplexity | Metric::DeltaPerplexity);
        let unknown = |details: &Details| details.evaluation.quality.perplexity.is_none();
        let mut settings = self.session.exploration.clone();
        settings
            .objectives
            .retain(|objective| !is_perplexity(objective.metric));
        if settings == self.session.exploration
            || !self.results.details.as_deref().is_some_and(unknown)
        {
            return;
        }
        if settings
            .objectives
            .iter()
            .all(|objective| objective.metric != Metric::Sqnr)
        {
            settings.objectives.insert(0, Objective::new(Metric::Sqnr));
        }
        let mut view = self.session.pareto.clone();
        for axis in [&mut view.x, &mut view.y] {
            if is_perplexity(*axis) {
                *axis = Metric::Sqnr;
            }
        }
        view.bounds = None;
        let model = &self.session.workload.model.name;
        self.window.notices.info(format!(
            "No perplexity is known for {model} until it is measured; SQNR stands for it"
        ));
        self.edit(Command::SetParetoView(Box::new(view)));
        self.edit(Command::SetExploration(Box::new(settings)));
    }

    /// Measures at once where the model brings its text, else asks for one.
    fn measure(&mut self, front: bool) {
        if self.session.is_on_built_in_model() {
            self.exploration
                .measure(&self.session, &self.results, None, front);
        } else if self.session.checkpoint.is_some() {
            self.ask(Purpose::MeasureText { front });
        } else {
            self.window
                .notices
                .info("Open a model first: File, Open model, or use the built-in story model");
        }
    }

    fn use_story_model(&mut self) {
        let models = &self.library.models;
        let Some(shape) = models.iter().find(|model| model.name == story_model::NAME) else {
            return;
        };
        let workload = Workload::single_sequence(shape.clone());
        self.edit(Command::ReplaceWorkload(Box::new(workload)));
        self.window.notices.info(
            "The story model comes with the program: Measure and Verify front run it on its own stories",
        );
    }

    /// The estimator was fitted to the opened model: perplexity is what is explored from now on.
    fn take_quality(&mut self, quality: Arc<QualityModel>) {
        self.exploration.use_quality(&self.session, quality);
        let mut settings = self.session.exploration.clone();
        let known = settings
            .objectives
            .iter()
            .any(|objective| objective.metric == Metric::Perplexity);
        for objective in &mut settings.objectives {
            if objective.metric == Metric::Sqnr && !known {
                *objective = Objective::new(Metric::Perplexity);
            }
        }
        let mut view = self.session.pareto.clone();
        for axis in [&mut view.x, &mut view.y] {
            if *axis == Metric::Sqnr {
                *axis = Metric::Perplexity;
            }
        }
        view.bounds = None;
        self.edit(Command::SetParetoView(Box::new(view)));
        self.edit(Command::SetExploration(Box::new(settings)));
    }

    /// A measurement came to its end.
    pub(super) fn measurement_done(&mut self, measured: anyhow::Result<Measured>) {
        match measured {
            Ok(found) => {
                let text = match found.designs.as_slice() {
                    _ if found.quality.is_some() => format!(
                        "Calibrated the estimator of {} on {}; perplexities are estimated from now on",
                        self.session.workload.model.name,
                        found.subject.text_name()
                    ),
                    [(None, design, perplexity)] => format!(
                        "Measured {}: perplexity {perplexity:.4}, {:.4} unquantized, {} tokens",
                        design.name, found.reference, found.n_tokens
                    ),
                    designs => format!(
                        "Measured {} designs of the front; they are solid now",
                        designs.len()
                    ),
                };
                self.results.set_measured(&found, &self.session);
                self.window.notices.info(text);
                if let Some(quality) = found.quality {
                    self.take_quality(quality);
                }
            }
            Err(error) => self.window.notices.error(format!("{error:#}")),
        }
    }

    fn take(&mut self, opened: Opened, path: PathBuf) {
        let name = path.display();
        match opened {
            Opened::Session(session) => {
                self.window.notices.info(format!("Opened {name}"));
                // Saving goes to sessions only, never over the figure that carried one.
                let is_session = path.extension().is_some_and(|extension| extension == "ron");
                self.replace(*session, is_session.then_some(path));
            }
            Opened::Design(design) => {
                self.window
                    .notices
                    .info(format!("Opened design {} from {name}", design.name));
                self.edit(Command::LoadDesign(design));
            }
            Opened::Space(space) => {
                self.window
                    .notices
                    .info(format!("Opened space {} from {name}", space.name));
                self.edit(Command::LoadSpace(space));
            }
            Opened::Workload(workload) => {
                self.window
                    .notices
                    .info(format!("Opened model {} from {name}", workload.model.name));
                self.edit(Command::ReplaceWorkload(workload));
            }
            Opened::Checkpoint(path) => self.exploration.read_model(path, &self.session),
        }
    }

    pub(super) fn answered(&mut self, ctx: &Context, answer: Answer) {
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
            Answer::Recover(copy) => match preset_library::open(&copy) {
                Ok(Opened::Session(session)) => {
                    self.document.adopt_copy(&copy);
                    self.edit(Command::ReplaceSession(session));
                    self.window
                        .notices
                        .info("Brought back the last session; it is not saved yet");
                }
                refused => {
                    let aside = copy.with_extension("ron.unread");
                    // Where it cannot be moved it stays where it is and is offered again.
                    let _ = std::fs::rename(&copy, &aside);
                    let why = refused.map_or_else(
                        |error| format!("{error:#}"),
                        |_other| format!("{}: not a session", copy.display()),
                    );
                    let text = format!("{why}; set aside as {}", aside.display());
                    self.window.notices.error(text);
                }
            },
            Answer::DropCopy(copy) => {
                let _ = std::fs::remove_file(copy);
            }
            Answer::Cancel => {}
        }
    }

    pub(super) fn dropped_files(ctx: &Context) -> Vec<PathBuf> {
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
