//! The right of a piece of work to go on, lost to newer work.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Number of a job; later jobs have larger numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Generation(pub(crate) u64);

/// A job's right to go on: lost as soon as a newer job is submitted or the job is canceled.
#[derive(Debug, Clone)]
pub struct Ticket {
    generation: u64,
    newest: Arc<AtomicU64>,
}

impl Ticket {
    pub(crate) fn new(generation: u64, newest: Arc<AtomicU64>) -> Self {
        Self { generation, newest }
    }

    /// A ticket of no engine's: it holds until it is revoked.
    pub fn unlimited() -> Self {
        Self::new(0, Arc::new(AtomicU64::new(0)))
    }

    /// Takes the right away from this ticket and all its clones.
    pub fn revoke(&self) {
        let next = self.generation.wrapping_add(1);
        self.newest.store(next, Ordering::Relaxed);
    }

    /// Whether the job should stop; one atomic read.
    pub fn is_stale(&self) -> bool {
        self.newest.load(Ordering::Relaxed) != self.generation
    }
}
