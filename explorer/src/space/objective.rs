//! What a search strives for and the limits it keeps.

use blockscape_model::design::Design;
use blockscape_model::evaluation::{Direction, Metric, Metrics};
use blockscape_model::parameter::Parameter;
use blockscape_model::violation::Violation;
use blockscape_model::workload::Workload;
use serde::{Deserialize, Serialize};

use crate::pareto::MAX_OBJECTIVES;
use crate::pareto::Score;

/// One metric to improve, and the worst value that is still of interest.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objective {
    /// What to improve; the metric knows which way is better.
    pub metric: Metric,
    /// Worst acceptable value, in the metric's unit.
    #[serde(default)]
    pub limit: Option<f64>,
}

impl Objective {
    /// A metric without limit.
    pub const fn new(metric: Metric) -> Self {
        Self {
            metric,
            limit: None,
        }
    }

    /// Whether metrics keep the limit, if there is one; what is not known does not.
    pub fn admits(self, metrics: &Metrics) -> bool {
        let cost = self.cost(metrics);
        self.limit
            .is_none_or(|limit| cost <= self.metric.cost(limit))
    }

    /// The value to minimize.
    pub fn cost(self, metrics: &Metrics) -> f64 {
        self.metric.cost(metrics.get(self.metric))
    }
}

/// What adds up over the sites of a design, from a metric's value to minimize ([`Metric::cost`]).
///
/// Losses in nats add up, so a perplexity becomes its logarithm; noise powers add up, so decibels become a ratio; times
/// and energies add up, so a rate becomes its inverse.
pub fn additive(metric: Metric) -> fn(f64) -> f64 {
    match metric {
        Metric::Perplexity => f64::ln,
        Metric::DeltaPerplexity => |percent| (percent / 100.0).ln_1p(),
        Metric::Sqnr => |negative_db| 10f64.powf(negative_db / 10.0),
        Metric::DecodeRate
        | Metric::PrefillTops
        | Metric::TopsPerWatt
        | Metric::TopsPerMm2
        | Metric::FastestClock => |negative_rate| -1.0 / negative_rate,
        Metric::Area
        | Metric::Luts
        | Metric::EnergyPerToken
        | Metric::PrefillTime
        | Metric::PrefillEnergy
        | Metric::WeightBits
        | Metric::KvBits
        | Metric::PipelineStages
        | Metric::Power
        | Metric::EnergyDelay => |value| value,
    }
}

/// A condition that designs of a space must meet.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Constraint {
    /// A metric is at most this value.
    AtMost(Metric, f64),
    /// A metric is at least this value.
    AtLeast(Metric, f64),
    /// The first parameter is not above the second.
    NotAbove(Parameter, Parameter),
}

impl Constraint {
    /// Whether the parameters of a design meet it; metrics are not looked at.
    pub fn admits(self, design: &Design, workload: &Workload) -> bool {
        match self {
            Self::NotAbove(less, more) => {
                let number = |parameter: Parameter| {
                    parameter
                        .get(design, workload)
                        .and_then(blockscape_model::parameter::Value::number)
                };
                match (number(less), number(more)) {
                    (Some(less), Some(more)) => less <= more,
                    _ => true,
                }
            }
            Self::AtMost(..) | Self::AtLeast(..) => true,
        }
    }

    /// Whether metrics keep it; parameters are not looked at, and what is not known keeps no limit.
    pub fn admits_metrics(self, metrics: &Metrics) -> bool {
        self.excess(metrics) <= 0.0
    }

    /// By how much metrics break it, as a share of its limit; 0 if they keep it.
    fn excess(self, metrics: &Metrics) -> f64 {
        match self {
            Self::AtMost(metric, limit) => excess(metrics.get(metric) - limit, limit),
            Self::AtLeast(metric, limit) => excess(limit - metrics.get(metric), limit),
            Self::NotAbove(..) => 0.0,
        }
    }
}

/// What designs are judged by: objectives and constraints on metrics.
#[derive(Debug, Clone, PartialEq)]
pub struct Goal {
    objectives: Vec<Objective>,
    constraints: Vec<Constraint>,
}

impl Goal {
    /// One to five different objectives, and constraints of which those on metrics are used.
    ///
    /// # Errors
    /// Another number of objectives, one named twice, or a limit that is not a finite number.
    pub fn new(
        objectives: Vec<Objective>,
        constraints: Vec<Constraint>,
    ) -> Result<Self, Violation> {
        let n = objectives.len();
        if !(1..=MAX_OBJECTIVES).contains(&n) {
            return Err(Violation::out_of_range("objectives", n, 1, MAX_OBJECTIVES));
        }
        for (at, objective) in objectives.iter().enumerate() {
            let metric = objective.metric;
            if objectives[..at].iter().any(|other| other.metric == metric) {
                return Err(Violation::new("objectives", metric, "each metric once"));
            }
            if let Some(limit) = objective.limit {
                check_limit(metric, limit)?;
            }
        }
        for constraint in &constraints {
            if let Constraint::AtMost(metric, limit) | Constraint::AtLeast(metric, limit) =
                *constraint
            {
                check_limit(metric, limit)?;
            }
        }
        Ok(Self {
            objectives,
            constraints,
        })
    }

    /// The objectives in order.
    pub fn objectives(&self) -> &[Objective] {
        &self.objectives
    }

    /// Number of objectives.
    pub fn n_objectives(&self) -> usize {
        self.objectives.len()
    }

    /// Whether any metric is limited.
    pub fn has_limit(&self) -> bool {
        let is_on_metric =
            |constraint: &Constraint| !matches!(constraint, Constraint::NotAbove(..));
        self.objectives.iter().any(|each| each.limit.is_some())
            || self.constraints.iter().any(is_on_metric)
    }

    /// Score of a design; `None` stands for one that cannot be built.
    pub fn score(&self, metrics: Option<&Metrics>) -> Score {
        let Some(metrics) = metrics else {
            return Score::IMPOSSIBLE;
        };
        let mut objectives = [0.0; MAX_OBJECTIVES];
        let mut violation = 0.0;
        for (slot, objective) in objectives.iter_mut().zip(&self.objectives) {
            *slot = objective.cost(metrics);
            if !slot.is_finite() {
                return Score::IMPOSSIBLE;
            }
            if let Some(limit) = objective.limit {
                let beyond = match objective.metric.description().direction {
                    Direction::Minimize => *slot - limit,
                    Direction::Maximize => *slot + limit,
                };
                violation += excess(beyond, limit);
            }
        }
        for constraint in &self.constraints {
            violation += constraint.excess(metrics);
        }
        Score {
            objectives,
            violation,
        }
    }
}

fn check_limit(metric: Metric, limit: f64) -> Result<(), Violation> {
    if limit.is_finite() {
        return Ok(());
    }
    let field = format!("limit of {metric}");
    Err(Violation::new(field, limit, "a finite number"))
}

/// An excess over a limit as a share of it; one that is not a number cannot be kept.
fn excess(beyond: f64, limit: f64) -> f64 {
    if beyond.is_nan() {
        return f64::INFINITY;
    }
    beyond.max(0.0) / limit.abs().max(f64::MIN_POSITIVE.sqrt())
}
