//! Files of the user's work, written on a thread of their own: whole or not at all, one after the other.

use std::path::PathBuf;
use std::sync::Arc;

use blockscape_explorer::sweep::store::write_whole;
use blockscape_model::design::Design;
use blockscape_model::preset::to_ron;

use crate::files::settings::{Folders, Settings};
use crate::session::Session;
use crate::work::one_by_one::OneByOne;
use blockscape_explorer::worker::Wake;

/// A file to be written.
#[derive(Debug)]
pub enum SaveJob {
    Session(Box<Session>, PathBuf),
    Design(Box<Design>, PathBuf),
    /// What the session explores.
    Space(Box<Session>, PathBuf),
    /// What the window remembers between runs.
    Settings(Box<Settings>, Folders),
}

impl SaveJob {
    fn run(&self) -> anyhow::Result<()> {
        let (text, path) = match self {
            Self::Session(session, path) => (session.to_ron(), path),
            Self::Design(design, path) => (to_ron(&**design)?, path),
            Self::Space(session, path) => (session.space_text()?, path),
            Self::Settings(settings, folders) => return folders.write_settings(settings),
        };
        Ok(write_whole(path, text.as_bytes())?)
    }
}

/// What is being written.
#[derive(Debug)]
pub struct Saving(OneByOne<SaveJob, anyhow::Result<()>>);

impl Saving {
    pub fn new(wake: Wake) -> Self {
        Self(OneByOne::new("saving", wake, SaveJob::run))
    }

    /// Begins to write a file, or lets it wait for those before it.
    pub fn submit(&mut self, job: SaveJob) {
        self.0.submit(job);
    }

    /// A file that is written, or what went wrong and that the old file is whole.
    pub fn poll(&mut self) -> Option<(Arc<SaveJob>, anyhow::Result<()>)> {
        let (job, outcome) = self.0.poll()?;
        let broken = |panic| Err(anyhow::anyhow!("saving broke down: {panic}"));
        Some((job, outcome.unwrap_or_else(broken)))
    }

    /// Whether something is not written yet.
    pub fn is_busy(&self) -> bool {
        self.0.is_busy()
    }

    /// Whether this very work is on its way to a file.
    pub fn holds(&self, session: &Session) -> bool {
        let is_it = |job: &SaveJob| matches!(job, SaveJob::Session(saved, _) if saved.is_same_work(session));
        self.0.open().any(is_it)
    }
}
