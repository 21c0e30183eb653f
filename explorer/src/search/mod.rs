//! Which strategy a search uses, as presets and the command line name it, and the loop that carries it out.
#![expect(
    clippy::cast_precision_loss,
    reason = "counts of multiply-accumulates become a cost"
)]

pub mod budget;
pub mod strategy;

use std::sync::Arc;

use blockscape_model::design::SlotFormats;
use blockscape_model::evaluation::Metrics;
use blockscape_model::violation::Violation;
use blockscape_model::workload::{Phase, Product, Side, Slot};
use serde::{Deserialize, Serialize};

use crate::judge::evaluate::{Evaluate, Tried, evaluate_all};
use crate::search::strategy::{
    Additive, AndaSearch, BudgetSearch, Evolution, EvolutionSettings, KnownCost, ParzenSearch,
    ParzenSettings, Plan, PlanSearch, Refinement, Strategy, Trial,
};
use crate::space::DesignSpace;
use crate::space::objective::{Goal, additive};
use crate::ticket::Ticket;

/// A strategy and how much it may try.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Search {
    /// Every design.
    Exhaustive,
    /// Different designs drawn evenly.
    Random {
        /// Designs to try.
        evaluations: u64,
    },
    /// Designs that visit each axis evenly.
    LatinHypercube {
        /// Designs to try.
        evaluations: u64,
    },
    /// Evolution by non-dominated sorting (NSGA-II).
    Nsga2 {
        /// Designs to try.
        evaluations: u64,
        /// Designs in each generation; 0 chooses by the number of evaluations.
        #[serde(default)]
        population: usize,
    },
    /// Tree-structured Parzen estimator.
    Tpe {
        /// Designs to try.
        evaluations: u64,
    },
    /// The best combinations for every budget: the first objective is the loss, the second what is budgeted.
    Budget {
        /// Designs to try.
        evaluations: u64,
    },
    /// Anda's precision search, each axis a width: the cheapest design that keeps all limits.
    Anda {
        /// Designs to try; the paper takes 32.
        evaluations: u64,
    },
    /// Pareto local search around a design.
    Refine {
        /// Number of the design to start from.
        start: u64,
        /// Designs to try.
        evaluations: u64,
    },
}

/// Designs that a strategy tries if nobody says how many.
const DEFAULT_EVALUATIONS: u64 = 10_000;

impl Search {
    /// Names on the command line; refinement is missing there, as it needs a design to start from.
    pub const NAMES: [&'static str; 7] = [
        "exhaustive",
        "random",
        "latin-hypercube",
        "nsga2",
        "tpe",
        "anda",
        "budget",
    ];

    /// The strategy of this name with its usual number of designs to try.
    pub fn named(name: &str) -> Option<Self> {
        let evaluations = DEFAULT_EVALUATIONS;
        Some(match name {
            "exhaustive" => Self::Exhaustive,
            "random" => Self::Random { evaluations },
            "latin-hypercube" => Self::LatinHypercube { evaluations },
            "nsga2" => Self::Nsga2 {
                evaluations,
                population: 0,
            },
            "tpe" => Self::Tpe { evaluations: 1000 },
            "anda" => Self::Anda { evaluations: 32 },
            "budget" => Self::Budget { evaluations },
            _ => return None,
        })
    }

    /// Its name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Exhaustive => "exhaustive",
            Self::Random { .. } => "random",
            Self::LatinHypercube { .. } => "latin-hypercube",
            Self::Nsga2 { .. } => "nsga2",
            Self::Tpe { .. } => "tpe",
            Self::Anda { .. } => "anda",
            Self::Budget { .. } => "budget",
            Self::Refine { .. } => "refine",
        }
    }

    /// The same strategy with another number of designs to try; an exhaustive one tries all in any case.
    #[must_use]
    pub fn with_evaluations(mut self, number: u64) -> Self {
        match &mut self {
            Self::Exhaustive => {}
            Self::Random { evaluations }
            | Self::LatinHypercube { evaluations }
            | Self::Nsga2 { evaluations, .. }
            | Self::Tpe { evaluations }
            | Self::Anda { evaluations }
            | Self::Budget { evaluations }
            | Self::Refine { evaluations, .. } => *evaluations = number,
        }
        self
    }

    /// Designs it tries at most in a space of this size.
    pub fn total(&self, size: u64) -> u64 {
        match *self {
            Self::Exhaustive => size,
            Self::Random { evaluations }
            | Self::LatinHypercube { evaluations }
            | Self::Nsga2 { evaluations, .. }
            | Self::Tpe { evaluations }
            | Self::Budget { evaluations }
            | Self::Anda { evaluations }
            | Self::Refine { evaluations, .. } => evaluations.min(size),
        }
    }

    /// The fixed sequence of designs, if it does not depend on what it finds.
    pub fn plan(&self, space: &DesignSpace, seed: u64) -> Option<Plan> {
        let lattice = space.lattice().clone();
        match *self {
            Self::Exhaustive => Some(Plan::exhaustive(lattice)),
            Self::Random { evaluations } => Some(Plan::random(lattice, evaluations, seed)),
            Self::LatinHypercube { evaluations } => {
                Some(Plan::latin_hypercube(lattice, evaluations, seed))
            }
            Self::Nsga2 { .. }
            | Self::Tpe { .. }
            | Self::Budget { .. }
            | Self::Anda { .. }
            | Self::Refine { .. } => None,
        }
    }

    /// The strategy at its start.
    pub fn strategy(&self, space: &DesignSpace, goal: &Goal, seed: u64) -> Box<dyn Strategy> {
        if let Some(plan) = self.plan(space, seed) {
            return Box::new(PlanSearch::whole(plan));
        }
        let lattice = space.lattice().clone();
        let n = goal.n_objectives();
        let count = |evaluations: u64| usize::try_from(evaluations).unwrap_or(usize::MAX);
        match *self {
            Self::Nsga2 {
                evaluations,
                population,
            } => {
                let settings = EvolutionSettings::new(count(evaluations), seed);
                let settings = match population {
                    0 => settings,
                    population => EvolutionSettings {
                        population,
                        ..settings
                    },
                };
                Box::new(Evolution::new(lattice, n, settings))
            }
            Self::Tpe { evaluations } => {
                let settings = ParzenSettings::new(count(evaluations), seed);
                Box::new(ParzenSearch::new(lattice, n, settings))
            }
            Self::Refine { start, evaluations } => {
                Box::new(Refinement::new(lattice, n, start, count(evaluations)))
            }
            Self::Budget { evaluations } => {
                let base = space.nearest(space.base(), space.workload());
                let objective = |at: usize| goal.objectives().get(at.min(n - 1));
                let transform =
                    |at| objective(at).map_or(identity as Additive, |each| additive(each.metric));
                let limit =
                    objective(1).and_then(|each| each.limit.map(|limit| each.metric.cost(limit)));
                let transforms = [transform(0), transform(1)];
                let evaluations = count(evaluations);
                Box::new(BudgetSearch::new(
                    lattice,
                    base,
                    transforms,
                    limit,
                    evaluations,
                ))
            }
            Self::Anda { evaluations } => {
                let cost = bit_operations(space);
                Box::new(AndaSearch::new(lattice, cost, count(evaluations)))
            }
            Self::Exhaustive | Self::Random { .. } | Self::LatinHypercube { .. } => {
                unreachable!("these follow a plan")
            }
        }
    }

    /// The one design that the search was after, if it was after one: of Anda's, the cheapest in bit operations that keeps all limits,
    /// the first of equals.
    pub fn chosen(&self, space: &DesignSpace, goal: &Goal, tried: &[Tried]) -> Option<u64> {
        let Self::Anda { .. } = self else {
            return None;
        };
        let cost = bit_operations(space);
        let keeps_limits = |tried: &&Tried| {
            let score = goal.score(tried.1.as_ref());
            score.is_feasible(goal.n_objectives())
        };
        let costed = tried
            .iter()
            .filter(keeps_limits)
            .map(|(index, _)| (cost(*index), *index));
        let cheapest = costed.min_by(|a, b| a.0.total_cmp(&b.0));
        cheapest.map(|(_, index)| index)
    }

    /// Part `shard` of `n_shards`, `shard` from 0.
    ///
    /// # Errors
    /// A strategy that learns from what it finds cannot be split.
    pub fn shard(
        &self,
        space: &DesignSpace,
        seed: u64,
        shard: u64,
        n_shards: u64,
    ) -> Result<PlanSearch, Violation> {
        let plan = self.plan(space, seed).ok_or_else(|| {
            Violation::new(
                "shard",
                "given to a strategy that learns",
                "exhaustive, random or latin-hypercube",
            )
        })?;
        let places = plan.shard(shard, n_shards);
        Ok(PlanSearch::new(plan, places))
    }
}

fn identity(value: f64) -> f64 {
    value
}

/// Bit operations of a token through the linear layers, the cost that Anda's search goes by.
///
/// Widths of both operands, multiplied and summed over all multiply-accumulates (Fang et al., HPCA 2025, section III).
fn bit_operations(space: &DesignSpace) -> KnownCost {
    let space = space.clone();
    Arc::new(move |index| {
        let Ok((design, workload)) = space.design(index) else {
            return f64::INFINITY;
        };
        let products = workload.layer_products(Phase::Decode);
        let layers = design.formats.layer_groups(workload.model.n_layers);
        let widths = |row: &SlotFormats, product: Product| {
            let bits = |side| row[Slot::of(product, side).index()].bits_per_value();
            bits(Side::Moving) * bits(Side::Stationary)
        };
        let products: Vec<_> = products.collect();
        layers
            .map(|group| {
                let row = products.iter().map(|product| {
                    let macs = product.m * product.n * product.k * product.count;
                    macs as f64 * widths(group.formats, product.product)
                });
                f64::from(group.count) * row.sum::<f64>()
            })
            .sum()
    })
}

/// Answers for a design that was judged before: its figures, or that it cannot be built. Asked in order of proposal.
pub type Known<'answers> = dyn FnMut(u64) -> Option<Option<Metrics>> + Send + 'answers;

/// Carries out a strategy to its end on the current rayon pool.
///
/// Each design is judged once; `known` answers for designs of an earlier run. `report` receives each batch in the
/// order of proposal, a proposal in several batches where the judge is slow, and says whether to go on. Returns `false` if stopped or
/// stale.
pub fn carry_out(
    space: &DesignSpace,
    goal: &Goal,
    evaluator: &Arc<dyn Evaluate>,
    strategy: &mut dyn Strategy,
    ticket: &Ticket,
    known: &mut Known<'_>,
    report: &mut (dyn FnMut(&[Tried]) -> bool + Send),
) -> bool {
    let report_every = evaluator.report_every().max(1);
    loop {
        let proposal = strategy.propose();
        if proposal.is_empty() {
            return true;
        }
        let mut trials = Vec::with_capacity(proposal.len());
        for part in proposal.chunks(report_every) {
            let Some(outcomes) = judge(space, evaluator, part, ticket, known) else {
                return false;
            };
            let batch: Vec<Tried> = part.iter().copied().zip(outcomes).collect();
            trials.extend(batch.iter().map(|(index, metrics)| Trial {
                index: *index,
                score: goal.score(metrics.as_ref()),
            }));
            if !report(&batch) {
                return false;
            }
        }
        strategy.learn(&trials);
    }
}

/// Outcomes of a part of a proposal, judged or known.
fn judge(
    space: &DesignSpace,
    evaluator: &Arc<dyn Evaluate>,
    proposal: &[u64],
    ticket: &Ticket,
    known: &mut Known<'_>,
) -> Option<Vec<Option<Metrics>>> {
    let mut outcomes: Vec<Option<Option<Metrics>>> =
        proposal.iter().map(|&index| known(index)).collect();
    let fresh: Vec<u64> = proposal
        .iter()
        .zip(&outcomes)
        .filter(|(_, outcome)| outcome.is_none())
        .map(|(&index, _)| index)
        .collect();
    let mut judged = evaluate_all(space, evaluator, &fresh, ticket)?.into_iter();
    for outcome in &mut outcomes {
        if outcome.is_none() {
            *outcome = judged.next();
        }
    }
    Some(outcomes.into_iter().map(Option::flatten).collect())
}
