//! From a design to its figures of merit.

use std::sync::Arc;

use blockscape_model::design::Design;
use blockscape_model::evaluation::{Evaluation, Metrics};
use blockscape_model::violation::Violation;
use blockscape_model::workload::Workload;
use rayon::prelude::*;

use crate::space::{Cursor, DesignSpace};
use crate::ticket::Ticket;

/// A design that was tried: its number and its figures, `None` if it cannot be built.
pub type Tried = (u64, Option<Metrics>);

/// Judges designs; shared by all threads of a search.
pub trait Evaluate: Send + Sync {
    /// A judge of designs that come one after another, which may remember what they share.
    fn session(&self) -> Box<dyn Session + '_>;

    /// Everything about one design, with breakdowns; `None` from a judge that knows figures of merit alone.
    fn breakdown(
        &self,
        _design: &Design,
        _workload: &Workload,
    ) -> Option<Result<Evaluation, Vec<Violation>>> {
        None
    }

    /// Perplexity with the formats of a design, whether it can be built or not; `None` where it is not known.
    fn perplexity(&self, _design: &Design, _workload: &Workload) -> Option<f64> {
        None
    }

    /// What its answers rest on beyond design and workload: equal words mean equal answers from the same program. Empty for what is
    /// built in.
    fn subject(&self) -> String {
        String::new()
    }

    /// Designs that are judged between two reports; few where each takes long, so that little is lost when a search is killed.
    fn report_every(&self) -> usize {
        usize::MAX
    }

    /// Judges with other plausible constants, one a sample; none from a judge that knows no ranges.
    fn samples(&self, _n_samples: usize, _seed: u64) -> Vec<Arc<dyn Evaluate>> {
        Vec::new()
    }
}

/// Judges designs one after another on one thread; answers must not depend on which came before.
pub trait Session {
    /// Figures of merit of one design.
    ///
    /// # Errors
    /// Why it cannot be built.
    fn metrics(&mut self, design: &Design, workload: &Workload) -> Result<Metrics, Vec<Violation>>;
}

/// A pure function is a judge without memory.
impl<F> Evaluate for F
where
    F: Fn(&Design, &Workload) -> Result<Metrics, Vec<Violation>> + Send + Sync,
{
    fn session(&self) -> Box<dyn Session + '_> {
        Box::new(Memoryless(self))
    }
}

struct Memoryless<'judge, F>(&'judge F);

impl<F> Session for Memoryless<'_, F>
where
    F: Fn(&Design, &Workload) -> Result<Metrics, Vec<Violation>>,
{
    fn metrics(&mut self, design: &Design, workload: &Workload) -> Result<Metrics, Vec<Violation>> {
        (self.0)(design, workload)
    }
}

/// Most designs judged in one piece by one thread.
const PIECE: usize = 128;

/// Figures of merit of these designs in their order, `None` for those that cannot be built.
///
/// Runs on the current rayon pool. Returns `None` if the ticket went stale on the way.
pub fn evaluate_all(
    space: &DesignSpace,
    evaluator: &Arc<dyn Evaluate>,
    indexes: &[u64],
    ticket: &Ticket,
) -> Option<Vec<Option<Metrics>>> {
    // A few slow designs are spread over all threads too.
    let piece = indexes.len().div_ceil(rayon::current_num_threads());
    let pieces: Vec<Option<Vec<Option<Metrics>>>> = indexes
        .par_chunks(piece.clamp(1, PIECE))
        .map(|piece| {
            if ticket.is_stale() {
                return None;
            }
            let mut cursor = Cursor::new(space);
            let mut session = evaluator.session();
            let judge = |&index: &u64| {
                let (design, workload) = cursor.turn_to(index).ok()?;
                session.metrics(design, workload).ok()
            };
            Some(piece.iter().map(judge).collect())
        })
        .collect();
    let mut all = Vec::with_capacity(indexes.len());
    for piece in pieces {
        all.extend(piece?);
    }
    Some(all)
}
