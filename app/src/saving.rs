//! Files of the user's work, written on a thread of their own: whole or not at all, one after the other.

use std::collections::VecDeque;
use std::path::PathBuf;

use blockscape_model::design::Design;
use blockscape_model::preset::to_ron;

use crate::background::Wake;
use crate::one_by_one::OneByOne;
use crate::session::Session;
use crate::settings::{Folders, Settings, write_whole};

/// A file to be written.
#[derive(Debug, Clone)]
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
        match self {
            Self::Session(session, path) => write_whole(path, session.to_ron().as_bytes()),
            Self::Design(design, path) => write_whole(path, to_ron(&**design)?.as_bytes()),
            Self::Space(session, path) => write_whole(path, session.space_text()?.as_bytes()),
            Self::Settings(settings, folders) => folders.write_settings(settings),
        }
    }
}

/// What is being written.
#[derive(Debug)]
pub struct Saving {
    writer: OneByOne<SaveJob, anyhow::Result<()>>,
    /// Not told to be done yet, oldest first.
    open: VecDeque<SaveJob>,
}

impl Saving {
    pub fn new(wake: Wake) -> Self {
        Self {
            writer: OneByOne::new("saving", wake, |job: SaveJob| job.run()),
            open: VecDeque::new(),
        }
    }

    /// Begins to write a file, or lets it wait for those before it.
    pub fn submit(&mut self, job: SaveJob) {
        self.open.push_back(job.clone());
        self.writer.submit(job);
    }

    /// A file that is written, or what went wrong and that the old file is whole.
    pub fn poll(&mut self) -> Option<(SaveJob, anyhow::Result<()>)> {
        let broken = |panic| Err(anyhow::anyhow!("saving broke down: {panic}"));
        let outcome = self.writer.poll()?.unwrap_or_else(broken);
        Some((self.open.pop_front()?, outcome))
    }

    /// Whether something is not written yet.
    pub fn is_busy(&self) -> bool {
        !self.open.is_empty()
    }

    /// Whether this very work is on its way to a file.
    pub fn holds(&self, session: &Session) -> bool {
        let is_it = |job: &SaveJob| matches!(job, SaveJob::Session(saved, _) if saved.is_same_work(session));
        self.open.iter().any(is_it)
    }
}
