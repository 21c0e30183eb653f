//! The session and its files: opening, saving, and what is asked before work would be lost.

use std::path::{Path, PathBuf};

use blockscape_explorer::sweep::store::set_aside;
use egui::{Context, ViewportCommand};

use super::App;
use crate::files::preset_library::Opened;
use crate::session::command::Command;
use crate::window::panels::dialogs::{Answer, Question};
use crate::window::request::Request;
use crate::work::opening::OpenJob;
use crate::work::saving::SaveJob;

impl App {
    pub(super) fn must_ask(&self) -> bool {
        !self.window.closing && self.document.is_unsaved(&self.session)
    }

    pub(super) fn quit(&mut self, ctx: &Context) {
        self.window.closing = true;
        ctx.send_viewport_cmd(ViewportCommand::Close);
    }

    /// Asks whether to save before a request goes on; where this very work is being written, it goes on by itself.
    pub(super) fn ask_first(&mut self, request: Request) {
        if self.window.saving.holds(&self.session) && self.window.after_saving.is_none() {
            self.window.after_saving = Some(request);
        } else {
            self.window.question = Some(Question::Unsaved(Box::new(request)));
        }
    }

    pub(super) fn save(&mut self, path: PathBuf) {
        let session = Box::new(self.session.clone());
        self.window.saving.submit(SaveJob::Session(session, path));
    }

    /// Takes what was written since the last frame.
    pub(super) fn poll_saved(&mut self, ctx: &Context) {
        while let Some((job, outcome)) = self.window.saving.poll() {
            self.saved(ctx, &job, outcome);
        }
        // A name was asked for and not given.
        if !self.window.saving.is_busy() && !self.window.dialog.is_open() {
            self.window.after_saving = None;
        }
    }

    fn saved(&mut self, ctx: &Context, job: &SaveJob, outcome: anyhow::Result<()>) {
        match (job, outcome) {
            (SaveJob::Session(written, path), Ok(())) => {
                self.document.saved_as(written, path.clone(), &self.session);
                self.told_saved("Saved", path);
                if let Some(next) = self.window.after_saving.take() {
                    self.perform(ctx, next);
                }
            }
            (SaveJob::Design(_, path), Ok(())) => self.told_saved("Saved the design as", path),
            (SaveJob::Space(_, path), Ok(())) => self.told_saved("Saved the space as", path),
            (SaveJob::Settings(..), Ok(())) => {}
            (SaveJob::Settings(..), Err(error)) => {
                let text = format!("settings are not kept: {error:#}");
                self.window.notices.warning(text);
            }
            (_, Err(error)) => {
                self.window.after_saving = None;
                self.window.notices.error(format!("{error:#}"));
            }
        }
    }

    fn told_saved(&mut self, what: &str, path: &Path) {
        self.window.remember(path);
        self.window
            .notices
            .info(format!("{what} {}", path.display()));
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

    pub(super) fn open(&mut self, path: PathBuf) {
        self.window.opening.submit(OpenJob::File(path));
    }

    /// Takes what was read since the last frame.
    pub(super) fn poll_opened(&mut self) {
        while let Some((job, outcome)) = self.window.opening.poll() {
            match job {
                OpenJob::File(path) => self.opened(path, outcome),
                OpenJob::Recovery(copy) => self.recovered(&copy, outcome),
            }
        }
    }

    fn opened(&mut self, path: PathBuf, outcome: anyhow::Result<Opened>) {
        match outcome {
            // Anything else changes a part of the session, which Undo brings back.
            Ok(Opened::Session(_)) if self.must_ask() => self.ask_first(Request::Open(path)),
            Ok(opened) => {
                self.window.remember(&path);
                self.take(opened, path);
            }
            Err(error) => self.window.notices.error(format!("{error:#}")),
        }
    }

    /// Goes on with the copy of a session, or sets it aside.
    fn recovered(&mut self, copy: &Path, outcome: anyhow::Result<Opened>) {
        match outcome {
            Ok(Opened::Session(session)) => {
                self.document.adopt_copy(copy);
                self.turn_to(*session);
                self.window
                    .notices
                    .info("Brought back the last session; it is not saved yet");
            }
            refused => {
                let why = refused.map_or_else(
                    |error| format!("{error:#}"),
                    |_other| format!("{}: not a session", copy.display()),
                );
                let text = match set_aside(copy) {
                    Ok(aside) => format!("{why}; set aside as {}", aside.display()),
                    Err(reason) => format!("{why}; not set aside: {reason}"),
                };
                self.window.notices.error(text);
            }
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
            Opened::Model(model) => {
                self.window
                    .notices
                    .info(format!("Opened model {} from {name}", model.name));
                self.edit(Command::ChangeModel(model));
            }
            Opened::Checkpoint(path) => self.exploration.read_model(path, &self.session),
        }
    }

    pub(super) fn answered(&mut self, ctx: &Context, answer: Answer) {
        self.window.question = None;
        match answer {
            Answer::Save(next) => {
                self.window.after_saving = Some(*next);
                self.perform(ctx, Request::Save);
            }
            Answer::Discard(next) => {
                self.document.opened(&self.session.clone(), None);
                self.perform(ctx, *next);
            }
            Answer::Recover(copy) => self.window.opening.submit(OpenJob::Recovery(copy)),
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
