//! How sure a front is: who stands on it when the constants are drawn anew within their ranges.
//!
//! All designs of a sample share its constants, so what the constants do to all alike changes nothing. A front of each
//! sample is made of all designs that could reach it, not of the nominal front alone: a dominated design may overtake.
#![expect(
    clippy::cast_precision_loss,
    reason = "counts of samples become probabilities"
)]

mod draw;
mod rivals;

pub use rivals::MOST_JUDGED;

use std::sync::Arc;

pub(crate) use self::draw::Draw;
use self::rivals::rivals;
use crate::judge::evaluate::Tried;
use crate::judge::evaluate::{Evaluate, evaluate_all};
use crate::pareto::{Points, front};
use crate::space::DesignSpace;
use crate::space::objective::Goal;
use crate::ticket::Ticket;

/// How often a design is on the front.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Persistence {
    /// Number of the design.
    pub index: u64,
    /// Share of the samples in which no other design dominates it and it keeps all limits, 0 to 1.
    pub probability: f64,
    /// Whether that is so in every sample.
    pub always: bool,
    /// Whether it is on the front of the nominal constants.
    pub is_member: bool,
}

/// What the samples say of a front.
#[derive(Debug, Clone, PartialEq)]
pub struct Certainty {
    /// Members of the nominal front and every other design that is on the front of a sample, by number.
    pub designs: Vec<Persistence>,
    /// Designs that were judged in every sample: the members and their rivals.
    pub n_judged: usize,
    /// Rivals that were not judged because there are more than [`MOST_JUDGED`]; those dominated most clearly.
    pub n_left_out: usize,
    /// Samples of the constants.
    pub n_samples: usize,
}

impl Certainty {
    /// What is known of a design; one that is not listed is on no sample's front.
    pub fn of(&self, index: u64) -> Option<&Persistence> {
        let at = self
            .designs
            .binary_search_by_key(&index, |design| design.index);
        self.designs.get(at.ok()?)
    }
}

/// Probability of each design to be on the front, over judges with different constants.
///
/// `tried` are all designs with their nominal figures (`None`: cannot be built). Those that even the widest move seen in any sample cannot bring
/// to the front are not judged again. Runs on the current rayon pool; `None` if the ticket went stale on the way.
pub fn front_probabilities(
    space: &DesignSpace,
    goal: &Goal,
    tried: &[Tried],
    judges: &[Arc<dyn Evaluate>],
    ticket: &Ticket,
) -> Option<Certainty> {
    let n_objectives = goal.n_objectives();
    let rivals = rivals(space, goal, tried, judges, ticket)?;
    let mut hits = vec![0usize; rivals.indexes.len()];
    for judge in judges {
        let outcomes = evaluate_all(space, judge, &rivals.indexes, ticket)?;
        let mut points = Points::new(n_objectives);
        for metrics in &outcomes {
            let score = goal.score(metrics.as_ref());
            if score.is_feasible(n_objectives) {
                points.push(&score.objectives[..n_objectives]);
            } else {
                points.push(&[]);
            }
        }
        for member in front(&points) {
            hits[member] += 1;
        }
    }
    let persistence = |(&index, &hits): (&u64, &usize)| Persistence {
        index,
        probability: hits as f64 / judges.len().max(1) as f64,
        always: hits == judges.len() && hits > 0,
        is_member: rivals.members.binary_search(&index).is_ok(),
    };
    let judged = rivals.indexes.iter().zip(&hits).map(persistence);
    Some(Certainty {
        designs: judged
            .filter(|design| design.is_member || design.probability > 0.0)
            .collect(),
        n_judged: rivals.indexes.len(),
        n_left_out: rivals.n_left_out,
        n_samples: judges.len(),
    })
}
