//! Designs across what was explored: one axis a parameter, then one an objective. The front's, or all inside a selected box.
//!
//! For the tile and the figure of parallel coordinates alike.

use std::collections::HashSet;

use blockscape_explorer::Spread;
use blockscape_model::evaluation::Metric;
use blockscape_model::parameter::Value;

use crate::plots::pareto::{self, FrontPoint};
use crate::plots::{Axis, Scale};
use crate::results::Results;
use crate::results::selected_designs::SelectedDesigns;
use crate::session::Session;
use crate::session::axis_choice::short_label;

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
    /// Of the front, where a box is selected those inside it.
    front: Vec<&'a FrontPoint>,
    /// Dominated ones inside the box, by their place among the candidates.
    dominated: Vec<usize>,
}

impl<'a> ExploredAxes<'a> {
    /// Of the shown space; `None` before anything was explored.
    pub fn new(
        session: &Session,
        results: &'a Results,
        selected: &SelectedDesigns,
    ) -> Option<Self> {
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
        let front: HashSet<usize> = results.front.iter().map(|point| point.index).collect();
        let sample = selected.sample().iter().copied();
        Some(Self {
            front: results.front.iter().filter(inside).collect(),
            dominated: sample.filter(|place| !front.contains(place)).collect(),
            axes: parameters.chain(figures).collect(),
            n_parameters: space.axes().len(),
            current,
            results,
            metrics,
        })
    }

    /// How many designs there are, those of the front first.
    pub fn n_designs(&self) -> usize {
        self.front.len() + self.dominated.len()
    }

    /// Whether a design is on the front.
    pub fn is_on_front(&self, design: usize) -> bool {
        design < self.front.len()
    }

    /// The place of a design among the candidates.
    pub fn candidate(&self, design: usize) -> Option<usize> {
        let on_front = self.front.get(design).map(|point| point.index);
        let dominated = || self.dominated.get(design.checked_sub(self.front.len())?);
        on_front.or_else(|| dominated().copied())
    }

    /// Value of a design on an axis; NaN where there is none.
    pub fn value(&self, design: usize, axis: usize) -> f64 {
        self.known(design, axis).unwrap_or(f64::NAN)
    }

    fn known(&self, design: usize, axis: usize) -> Option<f64> {
        let candidate = self.candidate(design)?;
        let Some(metric) = axis.checked_sub(self.n_parameters) else {
            return Some(self.results.axis_number(candidate, axis));
        };
        let metrics = match self.front.get(design) {
            Some(point) => &point.metrics,
            None => self.results.shown.metrics.get(candidate)?,
        };
        Some(metrics.get(*self.metrics.get(metric)?))
    }
}
