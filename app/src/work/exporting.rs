//! Exports on a thread of their own, one after the other.

use std::path::PathBuf;

use crate::work::export_job::ExportJob;
use crate::work::one_by_one::OneByOne;
use blockscape_explorer::worker::Wake;

/// The exports that run or wait.
#[derive(Debug)]
pub struct Exporting(OneByOne<ExportJob, anyhow::Result<Vec<PathBuf>>>);

impl Exporting {
    pub fn new(wake: Wake) -> Self {
        Self(OneByOne::new("export", wake, ExportJob::run))
    }

    /// Begins an export, or lets it wait for those before it.
    pub fn submit(&mut self, job: ExportJob) {
        self.0.submit(job);
    }

    /// The files of an export that is done, or what went wrong.
    pub fn poll(&mut self) -> Option<anyhow::Result<Vec<PathBuf>>> {
        let broken = |panic| Err(anyhow::anyhow!("the export broke down: {panic}"));
        let (_job, written) = self.0.poll()?;
        Some(written.unwrap_or_else(broken))
    }

    /// Whether an export runs or waits.
    pub fn is_busy(&self) -> bool {
        self.0.is_busy()
    }
}
