//! Formats of single layers under a limit on bits, energy, time or area.

use std::sync::Arc;

use blockscape_model::design::{Design, FormatTable};
use blockscape_model::evaluation::{Metric, Metrics};
use blockscape_model::format::Format;
use blockscape_model::workload::{SlotGroup, Workload};
use rayon::prelude::*;

use super::{Choice, Ledger};
use crate::judge::evaluate::Evaluate;
use crate::space::objective::additive;

/// Slots of one layer that share a format, and the formats they may take.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// Layer from 0.
    pub layer: u32,
    /// Which slots.
    pub group: SlotGroup,
    /// Formats to choose from.
    pub formats: Vec<Format>,
}

/// The weights of each linear layer, by the names of their groups: what is usually chosen layer by layer.
pub const LINEAR_WEIGHTS: [&str; 7] = [
    "q.weight",
    "k.weight",
    "v.weight",
    "o.weight",
    "gate.weight",
    "up.weight",
    "down.weight",
];

/// What each format costs and loses at each site, ready to answer any limit.
#[derive(Debug)]
pub struct LayerBudget {
    base: Arc<Design>,
    workload: Arc<Workload>,
    sites: Vec<Site>,
    ledger: Ledger,
    loss: Metric,
    cost: Metric,
    /// Loss and cost of the base design, as sums over sites.
    origin: Choice,
}

/// The answer to one limit.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerPlan {
    /// The base design with the chosen formats.
    pub design: Design,
    /// Its figures, judged as a whole.
    pub metrics: Metrics,
    /// How much the loss could fall at most with any other choice, as a share of its spread over all choices; an estimate
    /// from the sums over sites.
    pub gap: f64,
}

/// Corrections of the budget where the whole design costs more than the sum of its sites.
const N_CORRECTIONS: usize = 6;

impl LayerBudget {
    /// Every layer of a model with these groups, each free to take one of these formats.
    pub fn all_layers(n_layers: u32, groups: &[(SlotGroup, Vec<Format>)]) -> Vec<Site> {
        let layer = |layer| {
            groups.iter().map(move |(group, formats)| Site {
                layer,
                group: *group,
                formats: formats.clone(),
            })
        };
        (0..n_layers).flat_map(layer).collect()
    }

    /// Judges each format of each site on its own, the rest of the base design unchanged, on the current rayon pool.
    ///
    /// `loss` is to be least (`Metric::Perplexity`, `Metric::Sqnr`), `cost` is what the limit is on. Returns `None`
    /// if the base cannot be built, or a site has no format that can.
    pub fn prepare(
        base: &Arc<Design>,
        workload: &Arc<Workload>,
        sites: Vec<Site>,
        (loss, cost): (Metric, Metric),
        evaluator: &Arc<dyn Evaluate>,
    ) -> Option<Self> {
        let sums = |metrics: &Metrics| Choice {
            cost: additive(cost)(cost.cost(metrics.get(cost))),
            loss: additive(loss)(loss.cost(metrics.get(loss))),
        };
        let origin = sums(&evaluator.session().metrics(base, workload).ok()?);
        let judge = |site: &Site| -> Vec<Choice> {
            let mut session = evaluator.session();
            let mut design = (**base).clone();
            let choice = |format: &Format| {
                design.formats.clone_from(&base.formats);
                set(&mut design.formats, site, *format);
                match session.metrics(&design, workload) {
                    Ok(metrics) => sums(&metrics).minus(origin),
                    Err(_) => Choice {
                        cost: f64::INFINITY,
                        loss: f64::INFINITY,
                    },
                }
            };
            site.formats.iter().map(choice).collect()
        };
        let choices: Vec<Vec<Choice>> = sites.par_iter().map(judge).collect();
        Some(Self {
            base: Arc::clone(base),
            workload: Arc::clone(workload),
            ledger: Ledger::new(&choices)?,
            sites,
            loss,
            cost,
            origin,
        })
    }

    /// Metrics that are minimized and limited.
    pub fn metrics(&self) -> (Metric, Metric) {
        (self.loss, self.cost)
    }

    /// The plan that loses least while the limited metric is no worse than `limit`, or `None` if there is none.
    pub fn plan(&self, limit: f64, evaluator: &Arc<dyn Evaluate>) -> Option<LayerPlan> {
        let allowed = additive(self.cost)(self.cost.cost(limit)) - self.origin.cost;
        let mut session = evaluator.session();
        let mut budget = allowed;
        for _ in 0..N_CORRECTIONS {
            let allocation = self.ledger.allocate(budget)?;
            let design = self.design(&allocation.choices);
            let metrics = session.metrics(&design, &self.workload).ok()?;
            let value = self.cost.cost(metrics.get(self.cost));
            let spent = additive(self.cost)(value) - self.origin.cost;
            if value <= self.cost.cost(limit) {
                return Some(LayerPlan {
                    design,
                    metrics,
                    gap: self
                        .ledger
                        .share_of_spread(allocation.loss - allocation.bound),
                });
            }
            // What the sum does not see is taken off the budget, with a little more so that this ends.
            let unseen = spent - allocation.cost;
            budget = (allowed - unseen).min(budget - 1e-9 * budget.abs());
        }
        None
    }

    fn design(&self, choices: &[usize]) -> Design {
        let mut design = (*self.base).clone();
        for (site, &choice) in self.sites.iter().zip(choices) {
            set(&mut design.formats, site, site.formats[choice]);
        }
        design
    }
}

impl Choice {
    fn minus(self, other: Self) -> Self {
        Self {
            cost: self.cost - other.cost,
            loss: self.loss - other.loss,
        }
    }
}

fn set(formats: &mut FormatTable, site: &Site, format: Format) {
    formats.set_layers(site.layer..=site.layer, site.group, format);
}
