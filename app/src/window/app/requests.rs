//! What the application does for a request of a panel.
//!
//! The session itself is changed by `command::apply` alone.

use std::path::{Path, PathBuf};

use blockscape_explorer::sweep::store::is_same_file;
use egui::Context;

use super::App;
use crate::files::purpose::Purpose;
use crate::session::Session;
use crate::session::command::{self, Command, shortened};
use crate::session::first::first_session;
use crate::window::file_dialog::Chosen;
use crate::window::panels::layout;
use crate::window::panels::palette::Palette;
use crate::window::request::Request;
use crate::window::state::WindowState;
use crate::work::export_job::ExportJob;
use crate::work::saving::SaveJob;

impl App {
    pub(super) fn perform(&mut self, ctx: &Context, request: Request) {
        match request {
            Request::Edit(command) => self.edit(command),
            Request::Undo => {
                if let Some(session) = self.history.undo(&self.session) {
                    self.window.notices.take_back();
                    self.edit(Command::ReplaceSession(Box::new(session)));
                }
            }
            Request::Redo => {
                if let Some(session) = self.history.redo(&self.session) {
                    self.window.notices.take_back();
                    self.edit(Command::ReplaceSession(Box::new(session)));
                }
            }
            Request::New | Request::Quit if self.must_ask() => self.ask_first(request),
            Request::New => self.replace(first_session(), None),
            Request::Open(path) => self.open(path),
            Request::Quit => self.quit(ctx),
            Request::Save => match self.document.path.clone() {
                Some(path) => self.save(path),
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
            Request::LookInto => self.look_into(),
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

    pub(super) fn edit(&mut self, command: Command) {
        let compared = matches!(command, Command::SetReference(_));
        let asked =
            matches!(command, Command::ChangeModel(_)).then(|| self.session.workload.clone());
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
            self.look_into();
        }
        if let Some(note) = asked.and_then(|asked| shortened(&asked, &self.session.workload)) {
            self.window.notices.warning(note);
        }
        if fronts_change {
            self.results.set_kept_fronts(&self.session.fronts);
        }
    }

    /// Has the details of the design made anew.
    pub(super) fn look_into(&mut self) {
        let tensor = self.window.tiles.tensor_site;
        self.exploration.inspect(&self.session, tensor);
    }

    pub(super) fn replace(&mut self, session: Session, path: Option<PathBuf>) {
        self.document.opened(&session, path);
        self.results.checkpoint = None;
        self.turn_to(session);
    }

    /// Goes on with a session, its calibration taken up.
    pub(super) fn turn_to(&mut self, session: Session) {
        self.exploration.forget_quality();
        self.edit(Command::ReplaceSession(Box::new(session)));
        self.exploration.recall(&self.session);
    }

    pub(super) fn ask(&mut self, purpose: Purpose) {
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

    /// What a file is to the session, where that forbids to write over it.
    fn is_in_use(&self, purpose: Purpose, path: &Path) -> Option<&'static str> {
        let is = |other: &Option<PathBuf>| {
            other
                .as_deref()
                .is_some_and(|other| is_same_file(other, path))
        };
        if is(&self.session.checkpoint) {
            Some("the opened model")
        } else if purpose != Purpose::Save && is(&self.document.path) {
            Some("the file of this session")
        } else {
            None
        }
    }

    pub(super) fn chosen(&mut self, ctx: &Context, chosen: Chosen) {
        let Chosen { purpose, path } = chosen;
        if purpose.saves()
            && let Some(what) = self.is_in_use(purpose, &path)
        {
            let text = format!("{}: is {what}; choose another name", path.display());
            self.window.notices.error(text);
            return;
        }
        match purpose {
            Purpose::Open | Purpose::OpenModel => self.perform(ctx, Request::Open(path)),
            Purpose::MeasureText { front } => {
                self.exploration
                    .measure(&self.session, &self.results, Some(path), front);
            }
            Purpose::CalibrateText => {
                let state = self.window.folders.state.as_deref();
                self.exploration.calibrate(&self.session, path, state);
            }
            Purpose::Save => self.save(path),
            Purpose::SaveDesign => {
                let design = Box::new(self.session.design.clone());
                self.window.saving.submit(SaveJob::Design(design, path));
            }
            Purpose::SaveSpace => {
                let session = Box::new(self.session.clone());
                self.window.saving.submit(SaveJob::Space(session, path));
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
}
