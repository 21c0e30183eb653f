//! The front as RON: every design whole, with the numbers it had.

use std::collections::BTreeMap;

use blockscape_model::design::Design;
use blockscape_model::evaluation::{Metric, Metrics};
use blockscape_model::workload::Workload;
use serde::{Deserialize, Serialize};

use crate::results::Results;
use crate::session::Session;

/// A front in a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrontFile {
    /// What the designs run.
    pub workload: Workload,
    /// Metrics that the front trades against each other.
    pub objectives: Vec<Metric>,
    /// Designs in the order of the front.
    pub front: Vec<FrontDesign>,
}

/// One design of a front.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrontDesign {
    /// Whether its accuracy was measured.
    pub measured: bool,
    /// Its known metrics, in their own units.
    pub metrics: BTreeMap<Metric, f64>,
    /// The design.
    pub design: Design,
}

impl FrontDesign {
    /// Its metrics as the plots hold them.
    pub fn values(&self) -> Metrics {
        let mut metrics = Metrics::new([f64::NAN; Metric::COUNT]);
        for (&metric, &value) in &self.metrics {
            metrics.set(metric, value);
        }
        metrics
    }
}

/// The shown front; designs whose space is gone are left out.
pub fn front_file(session: &Session, results: &Results) -> FrontFile {
    let front = results.front.iter().filter_map(|point| {
        let known = |metric: Metric| {
            Some((metric, point.metrics.get(metric))).filter(|(_, value)| value.is_finite())
        };
        Some(FrontDesign {
            measured: point.measured,
            metrics: Metric::ALL.into_iter().filter_map(known).collect(),
            design: results.design(point.index)?,
        })
    });
    FrontFile {
        workload: session.workload.clone(),
        objectives: session
            .exploration
            .objectives
            .iter()
            .map(|objective| objective.metric)
            .collect(),
        front: front.collect(),
    }
}
