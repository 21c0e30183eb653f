//! Exports one after the other on a thread of their own; each is told when it is done, none is overtaken.

use std::collections::VecDeque;
use std::path::PathBuf;

use crate::background::{Background, Wake};
use crate::export::ExportJob;

/// The thread and what waits for it.
#[derive(Debug)]
pub struct Exporting {
    worker: Background<ExportJob, anyhow::Result<Vec<PathBuf>>>,
    waiting: VecDeque<ExportJob>,
}

impl Exporting {
    pub fn new(wake: Wake) -> Self {
        Self {
            worker: Background::new("export", wake, |job: ExportJob, _| job.run()),
            waiting: VecDeque::new(),
        }
    }

    /// Begins an export, or lets it wait for those before it.
    pub fn submit(&mut self, job: ExportJob) {
        self.waiting.push_back(job);
        self.next();
    }

    /// The files of an export that is done, or what went wrong.
    pub fn poll(&mut self) -> Option<anyhow::Result<Vec<PathBuf>>> {
        let answer = self.worker.try_answer()?;
        self.next();
        Some(answer.unwrap_or_else(|panic| Err(anyhow::anyhow!("the export broke down: {panic}"))))
    }

    /// Whether an export runs.
    pub fn is_busy(&self) -> bool {
        self.worker.is_busy()
    }

    fn next(&mut self) {
        if !self.worker.is_busy()
            && let Some(job) = self.waiting.pop_front()
        {
            self.worker.submit(job);
        }
    }
}
