//! Which designs could reach the front of a sample: all but those that stay dominated however far the constants move.

use std::sync::Arc;

use blockscape_model::evaluation::{Metric, Metrics};
use rayon::prelude::*;

use crate::judge::evaluate::Tried;
use crate::judge::evaluate::{Evaluate, evaluate_all};
use crate::pareto::Score;
use crate::pareto::{MAX_OBJECTIVES, ParetoFront};
use crate::space::DesignSpace;
use crate::space::objective::Goal;
use crate::ticket::Ticket;

/// Most designs that are judged in every sample.
pub const MOST_JUDGED: usize = 50_000;

/// Designs that are to be judged in every sample.
pub(super) struct Rivals {
    /// All of them, in increasing order, the nominal front included.
    pub(super) indexes: Vec<u64>,
    /// The nominal front, in increasing order.
    pub(super) members: Vec<u64>,
    /// Possible rivals beyond the most that are judged.
    pub(super) n_left_out: usize,
}

/// Designs spread over all that were tried, whose moves stand for those of all.
const N_PROBES: usize = 512;
/// Members that others are held against.
const N_GUARDS: usize = 512;
/// Classes of designs by the value of an objective: what moves much (a poor accuracy) and what does not are told apart.
const N_CLASSES: usize = 16;
/// How much farther than the probes of its class and the neighboring ones a design may move, as a share of their spread.
const WIDENING: f64 = 0.5;

/// Finds them; `None` if the ticket went stale on the way.
pub(super) fn rivals(
    space: &DesignSpace,
    goal: &Goal,
    tried: &[Tried],
    judges: &[Arc<dyn Evaluate>],
    ticket: &Ticket,
) -> Option<Rivals> {
    let n = goal.n_objectives();
    let scores: Vec<Score> = tried
        .iter()
        .map(|(_, metrics)| scored(goal, metrics.as_ref()))
        .collect();
    let mut front = ParetoFront::new(n);
    let feasible = (0_u64..)
        .zip(&scores)
        .filter(|(_, score)| score.is_feasible(n));
    front.extend(feasible.map(|(at, score)| (at, &score.objectives[..n])));
    let places: Vec<usize> = front
        .ids()
        .iter()
        .filter_map(|&at| usize::try_from(at).ok())
        .collect();
    let moves = Moves::over(space, goal, tried, &scores, &places, judges, ticket)?;
    let mut is_member = vec![false; tried.len()];
    for &place in &places {
        is_member[place] = true;
    }
    let depth = |(place, score): (usize, &Score)| -> Option<(f64, usize)> {
        let is_known = score.violation.is_finite();
        let in_reach = is_known && score.violation <= moves.reach;
        (in_reach && !is_member[place])
            .then(|| (moves.depth(&score.objectives[..n]), place))
            .filter(|(depth, _)| *depth < 0.0)
    };
    let mut others: Vec<(f64, usize)> = scores.par_iter().enumerate().filter_map(depth).collect();
    let room = MOST_JUDGED.saturating_sub(places.len());
    let n_left_out = others.len().saturating_sub(room);
    if n_left_out > 0 {
        others.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        others.truncate(room);
    }
    let number = |&place: &usize| tried[place].0;
    let mut members: Vec<u64> = places.iter().map(number).collect();
    members.sort_unstable();
    members.dedup();
    let mut indexes = members.clone();
    indexes.extend(others.iter().map(|(_, place)| tried[*place].0));
    indexes.sort_unstable();
    indexes.dedup();
    Some(Rivals {
        indexes,
        members,
        n_left_out,
    })
}

/// The score of a design, every objective with a sign that no constant changes: ratios of it mean something.
fn scored(goal: &Goal, metrics: Option<&Metrics>) -> Score {
    let mut score = goal.score(metrics);
    for (value, objective) in score.objectives.iter_mut().zip(goal.objectives()) {
        if objective.metric == Metric::DeltaPerplexity {
            // A rise in percent may be negative, the perplexity itself in percent of the reference is not.
            *value += 100.0;
        }
    }
    score
}

/// What the samples make of some designs, as far as others need it.
struct Moves {
    /// Front members that keep all limits in every sample.
    guards: Vec<Guard>,
    /// Lower ends of the classes of each objective but the first class, in increasing order.
    edges: Vec<Vec<f64>>,
    /// Largest violation of limits that a sample may bring to nothing.
    reach: f64,
}

/// A front member that others are held against.
struct Guard {
    nominal: [f64; MAX_OBJECTIVES],
    /// For each objective and class the value from which on the member beats a design of the class in every sample.
    beaten: [[f64; N_CLASSES]; MAX_OBJECTIVES],
}

impl Moves {
    fn over(
        space: &DesignSpace,
        goal: &Goal,
        tried: &[Tried],
        scores: &[Score],
        members: &[usize],
        judges: &[Arc<dyn Evaluate>],
        ticket: &Ticket,
    ) -> Option<Self> {
        let n = goal.n_objectives();
        let step = members.len().div_ceil(N_GUARDS).max(1);
        let watched: Vec<usize> = members.iter().copied().step_by(step).collect();
        let probes = (0..tried.len()).step_by(tried.len().div_ceil(N_PROBES).max(1));
        let probes = probes.filter(|&place| scores[place].violation.is_finite());
        let places: Vec<usize> = watched.iter().copied().chain(probes).collect();
        let indexes: Vec<u64> = places.iter().map(|&place| tried[place].0).collect();
        let edges: Vec<Vec<f64>> = (0..n)
            .map(|objective| edges(places.iter().map(|&at| scores[at].objectives[objective])))
            .collect();
        let mut guards: Vec<Guard> = watched
            .iter()
            .map(|&place| Guard {
                nominal: scores[place].objectives,
                beaten: scores[place].objectives.map(|value| [value; N_CLASSES]),
            })
            .collect();
        let mut is_steady = vec![true; watched.len()];
        let mut reach = 0.0_f64;
        for judge in judges {
            let outcomes = evaluate_all(space, judge, &indexes, ticket)?;
            let sampled: Vec<Score> = outcomes
                .iter()
                .map(|metrics| scored(goal, metrics.as_ref()))
                .collect();
            for (steady, score) in is_steady.iter_mut().zip(&sampled) {
                *steady &= score.is_feasible(n);
            }
            for (&place, score) in places.iter().zip(&sampled) {
                let change = (scores[place].violation - score.violation).abs();
                if change.is_finite() {
                    reach = reach.max(change);
                }
            }
            for (objective, edges) in edges.iter().enumerate() {
                let before = |at: usize| scores[places[at]].objectives[objective];
                let ratio = |at: usize| ratio(before(at), sampled[at].objectives[objective]);
                let moves = (0..places.len()).map(|at| (class(edges, before(at)), ratio(at)));
                let ranges = ranges(moves);
                for (at, guard) in guards.iter_mut().enumerate() {
                    let (nominal, ratio) = (before(at), ratio(at));
                    for (value, [least, most]) in guard.beaten[objective].iter_mut().zip(ranges) {
                        let bound = nominal * ratio / if nominal > 0.0 { least } else { most };
                        *value = if bound.is_nan() {
                            f64::INFINITY
                        } else {
                            value.max(bound)
                        };
                    }
                }
            }
        }
        let steady = guards.into_iter().zip(is_steady);
        Some(Self {
            guards: steady
                .filter_map(|(guard, steady)| steady.then_some(guard))
                .collect(),
            edges,
            reach: reach * (1.0 + WIDENING),
        })
    }

    /// How clearly a point is dominated in every sample: the least logarithm of a ratio over the objectives, by the guard
    /// that dominates it most; below 0 if by none.
    fn depth(&self, point: &[f64]) -> f64 {
        let mut classes = [0; MAX_OBJECTIVES];
        for ((class_of, edges), &value) in classes.iter_mut().zip(&self.edges).zip(point) {
            *class_of = class(edges, value);
        }
        let lead = |guard: &Guard| {
            let leads = point.iter().enumerate().map(|(objective, &value)| {
                // Equal to the last bit: the same formats or the same hardware, which the constants move alike.
                if value.to_bits() == guard.nominal[objective].to_bits() {
                    return 0.0;
                }
                lead(guard.beaten[objective][classes[objective]], value)
            });
            let (least, most) = leads.fold((f64::INFINITY, 0.0_f64), |(least, most), lead| {
                (least.min(lead), most.max(lead))
            });
            // Equal in all objectives is not dominated.
            if most > 0.0 {
                least
            } else {
                least.min(-f64::MIN_POSITIVE)
            }
        };
        let leads = self.guards.iter().map(lead);
        leads.fold(f64::NEG_INFINITY, f64::max)
    }
}

/// By how much a value is worse than a bound, as the logarithm of their ratio; below 0 if it is better.
fn lead(bound: f64, value: f64) -> f64 {
    let is_worse = value >= bound;
    let ratio = match (bound > 0.0, value > 0.0) {
        (true, true) => (value / bound).ln(),
        (false, false) if bound < 0.0 && value < 0.0 => (bound / value).ln(),
        _ if value > bound => f64::INFINITY,
        _ if is_worse => 0.0,
        _ => f64::NEG_INFINITY,
    };
    if ratio.is_nan() {
        f64::NEG_INFINITY
    } else {
        ratio
    }
}

/// A value in a sample over the nominal one; NaN where their signs differ or one is not known.
fn ratio(nominal: f64, sampled: f64) -> f64 {
    let is_same = nominal.to_bits() == sampled.to_bits();
    let ratio = if is_same { 1.0 } else { sampled / nominal };
    if ratio > 0.0 && ratio.is_finite() {
        ratio
    } else {
        f64::NAN
    }
}

/// Quantiles that cut values into classes.
fn edges(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    (1..N_CLASSES)
        .filter_map(|at| sorted.get(at * sorted.len() / N_CLASSES).copied())
        .collect()
}

fn class(edges: &[f64], value: f64) -> usize {
    edges.partition_point(|edge| *edge <= value)
}

/// Least and greatest ratio of each class and its neighbors, widened; without bounds where one is not known.
fn ranges(moves: impl Iterator<Item = (usize, f64)>) -> [[f64; 2]; N_CLASSES] {
    const NONE: [f64; 2] = [f64::INFINITY, f64::NEG_INFINITY];
    let mut own = [NONE; N_CLASSES];
    for (class, ratio) in moves {
        let [least, most] = &mut own[class];
        if ratio.is_nan() {
            (*least, *most) = (f64::NEG_INFINITY, f64::INFINITY);
        } else {
            (*least, *most) = (least.min(ratio.ln()), most.max(ratio.ln()));
        }
    }
    std::array::from_fn(|class| {
        let near = class.saturating_sub(1)..(class + 2).min(N_CLASSES);
        let (least, most) = own[near].iter().fold(
            (f64::INFINITY, f64::NEG_INFINITY),
            |(least, most), [low, high]| (least.min(*low), most.max(*high)),
        );
        if least.is_finite() && most.is_finite() {
            let margin = WIDENING * (most - least);
            [(least - margin).exp(), (most + margin).exp()]
        } else {
            [0.0, f64::INFINITY]
        }
    })
}
