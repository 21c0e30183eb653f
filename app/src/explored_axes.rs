//! The front's designs across what was explored: one axis a parameter, then one an objective.
//!
//! For the tile and the figure of parallel coordinates alike.

use blockscape_explorer::Spread;
use blockscape_model::evaluation::Metric;
use blockscape_model::parameter::Value;

use crate::panels::explore::short_label;
use crate::plots::pareto::{self, FrontPoint};
use crate::plots::{Axis, Scale};
use crate::results::Results;
use crate::session::Session;

/// Axes and the values of the front's designs on them.
#[derive(Debug)]
pub struct ExploredAxes<'a> {
    results: &'a Results,
    /// Parameters, then objectives.
    pub axes: Vec<Axis>,
    n_parameters: usize,
    metrics: Vec<Metric>,
    /// The edited design, by axis.
    pub current: Option<Vec<f64>>,
    /// Designs of the front, where a box is selected those inside it.
    pub designs: Vec<&'a FrontPoint>,
}

impl<'a> ExploredAxes<'a> {
    /// Of the shown space; `None` before anything was explored.
    pub fn new(session: &Session, results: &'a Results) -> Option<Self> {
        let space = results.shown.space.as_ref()?;
        let parameters = space.axes().iter().zip(space.values());
        let parameters = parameters.map(|(axis, values)| {
            let description = axis.parameter.description();
            let is_log = matches!(axis.values, Spread::Log { .. });
            let scale = if is_log { Scale::Log } else { Scale::Linear };
            let mark = |(place, value): (usize, &Value)| {
                let number = value.number().unwrap_or(place as f64);
                (number, axis.parameter.value_to_text(*value))
            };
            Axis::new(short_label(axis.parameter), description.unit, scale)
                .with_marks(values.iter().enumerate().map(mark).collect())
        });
        let objectives = session.exploration.objectives.iter();
        let metrics: Vec<Metric> = objectives.map(|objective| objective.metric).collect();
        let figures = metrics
            .iter()
            .map(|metric| pareto::axis(*metric, Scale::Linear));
        let current = results.current.as_ref().map(|current| {
            let of_design = space.axes().iter().map(|axis| {
                let value = axis.parameter.get(&session.design, &session.workload);
                value.and_then(Value::number).unwrap_or(f64::NAN)
            });
            let figures = metrics.iter().map(|metric| current.get(*metric));
            of_design.chain(figures).collect()
        });
        let selection = session.pareto.selection;
        let inside = |point: &&FrontPoint| {
            selection.is_none_or(|selection| selection.contains(&point.metrics))
        };
        Some(Self {
            designs: results.front.iter().filter(inside).collect(),
            axes: parameters.chain(figures).collect(),
            n_parameters: space.axes().len(),
            current,
            results,
            metrics,
        })
    }

    /// Value of a design on an axis; NaN where there is none.
    pub fn value(&self, design: usize, axis: usize) -> f64 {
        let Some(point) = self.designs.get(design) else {
            return f64::NAN;
        };
        match axis.checked_sub(self.n_parameters) {
            None => self.results.axis_number(point.index, axis),
            Some(metric) => self
                .metrics
                .get(metric)
                .map_or(f64::NAN, |metric| point.metrics.get(*metric)),
        }
    }
}
