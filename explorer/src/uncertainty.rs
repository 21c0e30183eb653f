//! How sure a front is: who stays on it when the constants are drawn anew within their ranges.
#![expect(
    clippy::cast_precision_loss,
    reason = "counts of samples become probabilities"
)]

use std::sync::Arc;

use blockscape_model::hardware::{Sourced, Technology};
use blockscape_model::quality::Interval;

use crate::evaluate::{Evaluate, evaluate_all};
use crate::job::Ticket;
use crate::objective::Goal;
use crate::pareto::{Points, front};
use crate::random::Random;
use crate::space::DesignSpace;

/// How often a design is on the front.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Persistence {
    /// Number of the design.
    pub index: u64,
    /// Share of the samples in which no other of the designs dominates it and it keeps all limits, 0 to 1.
    pub probability: f64,
    /// Whether that is so in every sample.
    pub always: bool,
}

/// Probability of each design to be on the front of these designs, over judges with different constants.
///
/// All designs of a sample share its constants, so what the constants do to all alike changes nothing. Give the rivals
/// with the front's members: the first layers, or all designs. Runs on the current rayon pool; `None` if the ticket went
/// stale on the way.
pub fn front_probabilities(
    space: &DesignSpace,
    goal: &Goal,
    designs: &[u64],
    judges: &[Arc<dyn Evaluate>],
    ticket: &Ticket,
) -> Option<Vec<Persistence>> {
    let n_objectives = goal.n_objectives();
    let mut hits = vec![0usize; designs.len()];
    for judge in judges {
        let outcomes = evaluate_all(space, judge, designs, ticket)?;
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
    };
    Some(designs.iter().zip(&hits).map(persistence).collect())
}

/// Half the width of a 90 % interval in standard deviations of a normal distribution.
const NINETY_PERCENT: f64 = 1.644_853_626_951_472_2;

/// One draw of all constants.
#[derive(Debug, Clone)]
pub(crate) struct Draw {
    seed: u64,
    sample: u64,
    /// Where in their intervals all perplexities lie, in standard deviations: the error of a calibration moves every
    /// design the same way, by its own width.
    accuracy: f64,
}

impl Draw {
    pub(crate) fn new(seed: u64, sample: u64) -> Self {
        let mut random = Random::stream(seed, sample);
        Self {
            seed,
            sample,
            accuracy: random.normal(),
        }
    }

    /// Replaces every constant of a technology by one drawn from its range; one that is shared by several technologies
    /// takes the same place in its range in each.
    pub(crate) fn apply(&self, technology: &mut Technology) {
        let mut random = Random::stream(!self.seed, self.sample);
        let mut redraw = |constant: &mut Sourced<f64>| {
            let share = random.unit();
            constant.value = triangular(constant.low, constant.value, constant.high, share);
        };
        let cells = &mut technology.cells;
        redraw(&mut cells.gate_area_um2);
        redraw(&mut cells.area_fit);
        redraw(&mut cells.energy_fit);
        let node = &mut technology.node;
        redraw(&mut node.area);
        redraw(&mut node.energy);
        redraw(&mut node.delay);
        redraw(&mut node.layout_area);
        redraw(&mut node.layout_energy);
        redraw(&mut node.leakage_w_per_mm2);
        redraw(&mut node.control_share);
        redraw(&mut node.sram.area);
        redraw(&mut node.sram.energy);
        redraw(&mut node.sram.leakage);
        for memory in &mut technology.memories {
            redraw(&mut memory.pj_per_bit);
            redraw(&mut memory.gigabytes_per_second);
        }
    }

    /// The perplexity at this draw's place in its interval, log-normal.
    pub(crate) fn within(&self, interval: Interval) -> Interval {
        let deviation = (interval.high / interval.low).ln() / (2.0 * NINETY_PERCENT);
        let value = interval.value * (self.accuracy * deviation).exp();
        let is_known = deviation.is_finite();
        Interval {
            value: if is_known { value } else { interval.value },
            ..interval
        }
    }
}

/// The value below which this share of a triangular distribution lies (mode within its range).
fn triangular(low: f64, mode: f64, high: f64, share: f64) -> f64 {
    let range = high - low;
    if range.is_nan() || range <= 0.0 {
        return mode;
    }
    let rise = (mode - low) / range;
    if share < rise {
        low + (share * range * (mode - low)).sqrt()
    } else {
        high - ((1.0 - share) * range * (high - mode)).sqrt()
    }
}
