//! Files being opened: read and checked on a thread of their own, in the order they were asked for.

use std::path::PathBuf;
use std::sync::Arc;

use crate::files::preset_library::{self, Opened};
use crate::work::one_by_one::OneByOne;
use blockscape_explorer::worker::Wake;

/// A file to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpenJob {
    /// What the user asked for.
    File(PathBuf),
    /// The copy of a session that a window left which did not close.
    Recovery(PathBuf),
}

impl OpenJob {
    fn run(&self) -> anyhow::Result<Opened> {
        let (Self::File(path) | Self::Recovery(path)) = self;
        preset_library::open(path)
    }
}

/// What is being opened.
#[derive(Debug)]
pub struct Opening(OneByOne<OpenJob, anyhow::Result<Opened>>);

impl Opening {
    pub fn new(wake: Wake) -> Self {
        Self(OneByOne::new("opening", wake, OpenJob::run))
    }

    /// Begins to read a file, or lets it wait for those before it.
    pub fn submit(&mut self, job: OpenJob) {
        self.0.submit(job);
    }

    /// A file that is read, or what is wrong with it.
    pub fn poll(&mut self) -> Option<(OpenJob, anyhow::Result<Opened>)> {
        let (job, outcome) = self.0.poll()?;
        let broken = |panic| Err(anyhow::anyhow!("opening broke down: {panic}"));
        Some((Arc::unwrap_or_clone(job), outcome.unwrap_or_else(broken)))
    }

    /// Whether something is being read.
    pub fn is_busy(&self) -> bool {
        self.0.is_busy()
    }
}
