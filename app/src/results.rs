//! What was computed: candidates, front, the edited design's figures. All of it can be dropped and recomputed.
//!
//! The old cloud and front stay until the new ones can replace them, so nothing flickers while a slider moves.

use std::sync::Arc;
use std::time::Duration;

use blockscape_explorer::{Candidate, DesignSpace, Progress};
use blockscape_model::design::Design;
use blockscape_model::evaluation::{Metric, Metrics};
use blockscape_model::parameter::{Parameter, Value};
use blockscape_model::violation::Violation;

use crate::checkpoint_report::CheckpointReport;
use crate::details::Details;
use crate::measuring::Measured;
use crate::plots::pareto::{FrontPoint, NamedPoint};

/// Derived state of the window.
#[derive(Debug, Default)]
pub struct Results {
    /// Changes when candidates are replaced rather than appended.
    pub generation: u64,
    /// The shown candidates and where they come from.
    pub shown: Candidates,
    /// Front over the shown candidates.
    pub front: Vec<FrontPoint>,
    /// Front of the exploration before, while a new one runs.
    pub previous_front: Vec<FrontPoint>,
    /// Figures of the edited design.
    pub current: Option<Metrics>,
    /// Why the edited design cannot be built; its last figures stay.
    pub violations: Vec<Violation>,
    /// Where the edited design has been during a drag, oldest first.
    pub trail: Vec<Metrics>,
    /// How the exploration stands.
    pub state: State,
    /// Figures of the pinned designs, in their order; `None` until known or where they cannot be built.
    pub pinned: Vec<Option<Metrics>>,
    /// Pinned designs as points.
    pinned_points: Vec<NamedPoint>,
    /// Pinned and measured designs, pinned ones first.
    pub named_points: Vec<NamedPoint>,
    /// Breakdowns and the like of the edited design.
    pub details: Option<Box<Details>>,
    /// Weights of the opened model under the current formats.
    pub checkpoint: Option<CheckpointReport>,
    /// Designs whose accuracy was measured on the opened model.
    pub measured: Vec<NamedPoint>,
    /// Share of the running measurement that is done.
    pub measuring: Option<f32>,
    /// Published designs.
    pub literature: Vec<NamedPoint>,
    /// Candidates of an exploration that has not replaced the shown ones yet.
    incoming: Candidates,
}

/// Candidates of one space.
#[derive(Debug, Default)]
pub struct Candidates {
    pub space: Option<Arc<DesignSpace>>,
    pub indices: Vec<u64>,
    pub metrics: Vec<Metrics>,
}

/// How an exploration stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum State {
    /// Nothing was asked yet.
    #[default]
    Idle,
    Running(Option<Progress>),
    Finished(Progress),
    Canceled,
    /// Broke down, or was refused before it began.
    Failed(String),
}

/// Longest trail, in points.
const TRAIL: usize = 48;

/// A running exploration replaces the shown cloud after this time, whole or not.
const REPLACE_AFTER: Duration = Duration::from_millis(250);

impl Results {
    /// An exploration of a space begins.
    pub fn begin(&mut self, space: Arc<DesignSpace>) {
        self.incoming = Candidates {
            space: Some(space),
            ..Candidates::default()
        };
        self.state = State::Running(None);
    }

    /// The edited design was judged.
    pub fn set_current(&mut self, outcome: Result<Metrics, Vec<Violation>>, dragging: bool) {
        match outcome {
            Ok(metrics) => {
                if dragging {
                    self.trail.extend(self.current);
                    let surplus = self.trail.len().saturating_sub(TRAIL);
                    self.trail.drain(..surplus);
                }
                self.current = Some(metrics);
                self.violations.clear();
            }
            Err(violations) => self.violations = violations,
        }
    }

    /// Some candidates were judged.
    pub fn add(&mut self, batch: &[Candidate], progress: Progress) {
        self.state = State::Running(Some(progress));
        let into = if self.incoming.space.is_some() {
            &mut self.incoming
        } else {
            &mut self.shown
        };
        into.indices
            .extend(batch.iter().map(|candidate| candidate.index));
        into.metrics
            .extend(batch.iter().map(|candidate| candidate.metrics));
        if self.incoming.space.is_some() && progress.elapsed > REPLACE_AFTER {
            self.replace();
        }
    }

    /// The exploration is whole.
    pub fn finish(&mut self, front: &[u64], progress: Progress) {
        self.replace();
        self.previous_front.clear();
        self.front = front_points(&self.shown, front);
        self.generation += 1;
        self.state = State::Finished(progress);
    }

    /// The exploration was stopped; what it found stays.
    pub fn cancel(&mut self) {
        if matches!(self.state, State::Running(_)) {
            self.state = State::Canceled;
        }
    }

    /// The design and workload of a shown candidate.
    pub fn design(&self, candidate: usize) -> Option<Design> {
        let index = *self.shown.indices.get(candidate)?;
        let (design, _) = self.shown.space.as_ref()?.design(index).ok()?;
        Some(design)
    }

    /// Settings of a shown candidate, by axis.
    pub fn settings(&self, candidate: usize) -> Vec<(String, String)> {
        let (Some(space), Some(index)) = (&self.shown.space, self.shown.indices.get(candidate))
        else {
            return Vec::new();
        };
        let names = space.axes().iter().map(|axis| axis.parameter);
        let values = space.value_texts(*index);
        let with_unit = |(parameter, value): (Parameter, String)| {
            let description = parameter.description();
            (
                description.label,
                format!("{value} {}", description.unit)
                    .trim_end()
                    .to_owned(),
            )
        };
        names.zip(values).map(with_unit).collect()
    }

    /// An axis value of a shown candidate as a number: names by their position.
    pub fn axis_number(&self, candidate: usize, axis: usize) -> f64 {
        self.axis_value(candidate, axis).unwrap_or(f64::NAN)
    }

    fn axis_value(&self, candidate: usize, axis: usize) -> Option<f64> {
        let space = self.shown.space.as_ref()?;
        let genome = space.lattice().genome(*self.shown.indices.get(candidate)?);
        let gene = *genome.get(axis)?;
        match space.values().get(axis)?.get(usize::from(gene))? {
            Value::Number(number) => Some(*number),
            Value::Choice(_) | Value::Format(_) => Some(f64::from(gene)),
        }
    }

    /// What the cost model says against the value of a parameter, if anything.
    pub fn violation_of(&self, parameter: Parameter) -> Option<String> {
        let key = parameter.to_string();
        let about = |violation: &&Violation| {
            violation.field == key || violation.field.rsplit('.').next() == Some(key.as_str())
        };
        self.violations.iter().find(about).map(ToString::to_string)
    }

    /// The basis of the accuracy in a word.
    pub fn basis_text(&self) -> &'static str {
        self.details
            .as_ref()
            .map_or("unknown", |details| details.evaluation.quality.basis.name())
    }

    /// Takes new details and what follows from them.
    pub fn set_details(&mut self, details: Details, pinned: &[Design]) {
        self.pinned.clone_from(&details.pinned);
        let points = pinned.iter().zip(&details.pinned);
        let point = |(design, metrics): (&Design, &Option<Metrics>)| {
            Some(NamedPoint {
                name: design.name.clone(),
                source: "pinned".to_owned(),
                metrics: (*metrics)?,
                measured: false,
            })
        };
        self.pinned_points = points.filter_map(point).collect();
        self.literature.clone_from(&details.published);
        self.join_points();
        self.details = Some(Box::new(details));
    }

    /// Takes what was measured: solid points, and the front's estimates give way to it.
    pub fn set_measured(&mut self, found: &Measured) {
        for (place, design, perplexity) in &found.designs {
            let rise = (perplexity / found.reference - 1.0) * 100.0;
            let measured = |metrics: &mut Metrics| {
                metrics.set(Metric::Perplexity, *perplexity);
                metrics.set(Metric::DeltaPerplexity, rise);
            };
            match place.and_then(|place| self.front.get_mut(place)) {
                Some(point) => {
                    measured(&mut point.metrics);
                    point.measured = true;
                    point.perplexity_band = None;
                }
                None => {
                    let Some(mut metrics) = self.current else {
                        continue;
                    };
                    measured(&mut metrics);
                    self.measured.retain(|point| point.name != design.name);
                    let source = format!("measured on {} tokens", found.n_tokens);
                    self.measured.push(NamedPoint {
                        name: design.name.clone(),
                        source,
                        metrics,
                        measured: true,
                    });
                }
            }
        }
        self.join_points();
    }

    /// Pinned and measured designs as the points of the plot.
    fn join_points(&mut self) {
        self.named_points = self
            .pinned_points
            .iter()
            .chain(&self.measured)
            .cloned()
            .collect();
    }

    pub fn is_running(&self) -> bool {
        matches!(self.state, State::Running(_))
    }

    fn replace(&mut self) {
        if self.incoming.space.is_none() {
            return;
        }
        self.shown = std::mem::take(&mut self.incoming);
        if !self.front.is_empty() {
            self.previous_front = std::mem::take(&mut self.front);
        }
        self.generation += 1;
    }
}

/// Front points with their places; one pass over the candidates, however many.
fn front_points(shown: &Candidates, front: &[u64]) -> Vec<FrontPoint> {
    let mut wanted: Vec<(u64, usize)> = front.iter().copied().zip(0..).collect();
    wanted.sort_unstable();
    let mut places: Vec<Option<usize>> = vec![None; front.len()];
    for (place, index) in shown.indices.iter().enumerate() {
        if let Ok(found) = wanted.binary_search_by_key(index, |(index, _)| *index) {
            places[wanted[found].1] = Some(place);
        }
    }
    let point = |place: usize| FrontPoint {
        index: place,
        metrics: shown.metrics[place],
        measured: false,
        perplexity_band: None,
    };
    places.into_iter().flatten().map(point).collect()
}
