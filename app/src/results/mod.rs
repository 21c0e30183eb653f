//! What was computed: candidates, front, the edited design's figures. All of it can be dropped and recomputed.
//!
//! The old cloud and front stay until the new ones can replace them, so nothing flickers while a slider moves.

pub mod certainty;
pub mod details;
pub mod explored_axes;
pub mod measuring_progress;
pub mod nearest;
pub mod points;
pub mod selected_designs;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use blockscape_explorer::judge::uncertainty::Certainty as FrontCertainty;
use blockscape_explorer::{Candidate, DesignSpace, Progress};
use blockscape_model::design::Design;
use blockscape_model::evaluation::{Metric, Metrics};
use blockscape_model::parameter::{Parameter, Value};
use blockscape_model::violation::Violation;

use crate::checkpoint::report::CheckpointReport;
use crate::plots::pareto::{FrontPoint, MeasuredPoint, NamedPoint, PinnedFront};
use crate::results::certainty::Certainty;
use crate::results::details::{Details, Refusal};
use crate::results::measuring_progress::MeasuringProgress;
use crate::results::nearest::Nearest;
use crate::session::Session;
use crate::session::kept_front::KeptFront;

/// Derived state of the window. A clone shares the candidates, however many.
#[derive(Debug, Clone, Default)]
pub struct Results {
    /// Changes when candidates are replaced rather than appended.
    pub generation: u64,
    /// The shown candidates and where they come from.
    pub shown: Arc<Candidates>,
    /// Front of the objectives over the shown candidates, once the exploration came to its end.
    pub front: Vec<FrontPoint>,
    /// The front before, from the time its candidates were replaced until a new one with a member stands.
    pub former: FormerFront,
    /// Where no design keeps all limits, the one that comes nearest.
    pub nearest: Option<Nearest>,
    /// Figures of the edited design.
    pub current: Option<Metrics>,
    /// Whether its accuracy was measured rather than estimated.
    pub current_is_measured: bool,
    /// Why the edited design cannot be built; its last figures stay.
    pub violations: Vec<Violation>,
    /// The same in words, with changes that help, once they are found.
    pub refusal: Option<Refusal>,
    /// Where the edited design has been during a drag, oldest first.
    pub trail: Vec<Metrics>,
    /// How the exploration stands.
    pub state: State,
    /// Figures of the pinned designs, in their order; `None` until known or where they cannot be built.
    pub pinned: Vec<Option<Metrics>>,
    /// Pinned designs as points, without those that cannot be built.
    pub pinned_points: Vec<NamedPoint>,
    /// Kept fronts as the plot draws them.
    pub pinned_fronts: Vec<PinnedFront>,
    /// Breakdowns and the like of the edited design.
    pub details: Option<Box<Details>>,
    /// Weights of the opened model under the current formats.
    pub checkpoint: Option<CheckpointReport>,
    /// Designs measured on the opened model, as points.
    pub measured: Vec<MeasuredPoint>,
    /// How far the running measurement is.
    pub measuring: Option<MeasuringProgress>,
    /// Published designs.
    pub literature: Vec<NamedPoint>,
    /// Candidates of an exploration that has not replaced the shown ones yet.
    incoming: Arc<Candidates>,
    /// Numbers of the designs that no other beats so far.
    unbeaten: Vec<u64>,
}

/// A front whose exploration is over, with its designs.
#[derive(Debug, Clone, Default)]
pub struct FormerFront {
    pub designs: Candidates,
    /// Their places are those among `designs`.
    pub points: Vec<FrontPoint>,
}

impl FormerFront {
    /// The designs of a front, without the other candidates.
    fn new(candidates: &Candidates, mut points: Vec<FrontPoint>) -> Self {
        points.retain(|point| point.index < candidates.indices.len());
        let mut designs = Candidates {
            space: candidates.space.clone(),
            ..Candidates::default()
        };
        for (place, point) in points.iter_mut().enumerate() {
            designs.indices.push(candidates.indices[point.index]);
            designs.metrics.push(point.metrics);
            point.index = place;
        }
        Self { designs, points }
    }
}

/// Candidates of one space.
#[derive(Debug, Clone, Default)]
pub struct Candidates {
    pub space: Option<Arc<DesignSpace>>,
    pub indices: Vec<u64>,
    pub metrics: Vec<Metrics>,
}

impl Candidates {
    /// The design of a candidate.
    pub fn design(&self, candidate: usize) -> Option<Design> {
        let index = *self.indices.get(candidate)?;
        let space = self.space.as_ref()?;
        let (mut design, _) = space.design(index).ok()?;
        // A design explored around an explored one is still named after what both started from.
        let name = &space.base().name;
        let root = name.split(" #").next().unwrap_or(name);
        design.name = format!("{root} #{index}");
        Some(design)
    }

    /// Settings of a candidate, by axis.
    pub fn settings(&self, candidate: usize) -> Vec<(String, String)> {
        let (Some(space), Some(index)) = (&self.space, self.indices.get(candidate)) else {
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
        self.incoming = Arc::new(Candidates {
            space: Some(space),
            ..Candidates::default()
        });
        self.unbeaten.clear();
        self.nearest = None;
        self.state = State::Running(None);
    }

    /// The edited design was judged.
    pub fn set_current(
        &mut self,
        outcome: Result<Metrics, Vec<Violation>>,
        session: &Session,
        dragging: bool,
    ) {
        match outcome {
            Ok(mut metrics) => {
                let measured = session.measured_accuracy(&session.design);
                self.current_is_measured = measured.is_some();
                if let Some(accuracy) = measured {
                    accuracy.put_into(&mut metrics);
                }
                if dragging {
                    self.trail.extend(self.current);
                    let surplus = self.trail.len().saturating_sub(TRAIL);
                    self.trail.drain(..surplus);
                }
                self.current = Some(metrics);
                self.violations.clear();
                self.refusal = None;
            }
            Err(violations) => self.violations = violations,
        }
    }

    /// Some candidates were judged.
    pub fn add(&mut self, batch: &[Candidate], front: Vec<u64>, progress: Progress) {
        self.unbeaten = front;
        self.state = State::Running(Some(progress));
        let into = if self.incoming.space.is_some() {
            &mut self.incoming
        } else {
            &mut self.shown
        };
        let into = Arc::make_mut(into); // copies only while an export still holds them
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
        self.take_front(front);
        self.state = State::Finished(progress);
    }

    /// The exploration was stopped; what it found stays.
    pub fn cancel(&mut self) {
        if !matches!(self.state, State::Running(_)) {
            return;
        }
        self.state = State::Canceled;
        if self.incoming.space.is_none() {
            let unbeaten = std::mem::take(&mut self.unbeaten);
            self.take_front(&unbeaten);
        }
    }

    fn take_front(&mut self, front: &[u64]) {
        self.front = front_points(&self.shown, front);
        // Where no design is left the rows before stay, named as such.
        if !self.front.is_empty() {
            self.former = FormerFront::default();
        }
        self.unbeaten.clear();
    }

    /// The design and workload of a shown candidate.
    pub fn design(&self, candidate: usize) -> Option<Design> {
        self.shown.design(candidate)
    }

    /// Settings of a shown candidate, by axis.
    pub fn settings(&self, candidate: usize) -> Vec<(String, String)> {
        self.shown.settings(candidate)
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
        if self.current_is_measured {
            return "measured";
        }
        self.details
            .as_ref()
            .map_or("unknown", |details| details.evaluation.quality.basis.name())
    }

    /// Takes why the edited design cannot be built.
    pub fn set_refusal(&mut self, refusal: Refusal) {
        self.violations.clone_from(&refusal.violations);
        self.refusal = Some(refusal);
    }

    /// Whether the figures are those of the edited design, which can be built.
    pub fn is_built(&self) -> bool {
        self.violations.is_empty()
    }

    /// Which kinds of element the edited design can be built with, in their order, where that is known.
    pub fn fitting(&self) -> Option<&[bool]> {
        let of_details = || Some(&self.details.as_ref()?.fitting);
        let fitting = self.refusal.as_ref().map(|refusal| &refusal.fitting);
        fitting.or_else(of_details).map(Vec::as_slice)
    }

    /// Takes new details and what follows from them.
    pub fn set_details(&mut self, details: Details, session: &Session) {
        self.pinned.clone_from(&details.pinned);
        self.pinned_points.clear();
        for (design, metrics) in session.pinned.iter().zip(&mut self.pinned) {
            let Some(metrics) = metrics else { continue };
            let measured = session.measured_accuracy(design);
            if let Some(accuracy) = measured {
                accuracy.put_into(metrics);
            }
            self.pinned_points.push(NamedPoint {
                name: design.name.clone(),
                source: "pinned".to_owned(),
                metrics: *metrics,
                measured: measured.is_some(),
            });
        }
        self.literature.clone_from(&details.published);
        self.measured.clone_from(&details.measured);
        self.details = Some(Box::new(details));
    }

    /// Takes what was measured: estimates of designs that calculate the same give way.
    pub fn follow_measured(&mut self, session: &Session) {
        self.measure_front(session);
        if let Some(current) = self.current {
            self.set_current(Ok(current), session, false);
        }
    }

    /// Measured accuracies in place of estimates on the front.
    pub fn measure_front(&mut self, session: &Session) {
        if session.measured_here().next().is_none() {
            return;
        }
        for place in 0..self.front.len() {
            let Some(design) = self.design(self.front[place].index) else {
                continue;
            };
            if let Some(accuracy) = session.measured_accuracy(&design) {
                self.front[place].set_measured(accuracy.perplexity, accuracy.rise);
            }
        }
    }

    /// Takes the ranges of the front's figures, if it is still the one they were made for.
    pub fn set_certainty(&mut self, certainty: Certainty) {
        if certainty.generation != self.generation {
            return;
        }
        for (place, mut bands) in certainty.bands {
            let Some(point) = self.front.get_mut(place) else {
                continue;
            };
            if point.measured {
                bands.set(Metric::Perplexity, None);
                bands.set(Metric::DeltaPerplexity, None);
            }
            point.bands = bands;
        }
    }

    /// Takes how sure the places on the front are.
    pub fn set_membership(&mut self, certainty: &FrontCertainty) {
        for point in &mut self.front {
            let number = self.shown.indices.get(point.index);
            let known = number.and_then(|number| certainty.of(*number));
            point.membership = Some(known.map_or(0.0, |known| known.probability));
        }
    }

    /// Whether the probability of every member of the front is known.
    pub fn knows_membership(&self) -> bool {
        self.front.iter().all(|point| point.membership.is_some())
    }

    /// Numbers of the front's designs in their space.
    pub fn front_numbers(&self) -> Vec<u64> {
        let number = |point: &FrontPoint| self.shown.indices.get(point.index).copied();
        self.front.iter().filter_map(number).collect()
    }

    /// The front as it can be kept for comparison.
    ///
    /// `others` are candidates that are kept with it.
    pub fn kept_front(&self, name: String, others: &[FrontPoint]) -> Option<KeptFront> {
        let space = self.shown.space.as_ref()?;
        let number = |point: &FrontPoint| self.shown.indices.get(point.index).copied();
        let on_front: HashSet<usize> = self.front.iter().map(|point| point.index).collect();
        let others = others
            .iter()
            .filter(|point| !on_front.contains(&point.index));
        let members = self.front.iter().chain(others);
        let members: Vec<(u64, &FrontPoint)> = members
            .filter_map(|point| Some((number(point)?, point)))
            .collect();
        (!members.is_empty()).then(|| KeptFront::new(name, space, &members))
    }

    /// Draws the kept fronts from now on.
    pub fn set_kept_fronts(&mut self, fronts: &[KeptFront]) {
        self.pinned_fronts = fronts.iter().map(KeptFront::points).collect();
    }

    pub fn is_running(&self) -> bool {
        matches!(self.state, State::Running(_))
    }

    fn replace(&mut self) {
        if self.incoming.space.is_none() {
            return;
        }
        if !self.front.is_empty() {
            let front = std::mem::take(&mut self.front);
            self.former = FormerFront::new(&self.shown, front);
        }
        self.shown = std::mem::take(&mut self.incoming);
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
    let point = |place: usize| FrontPoint::new(place, shown.metrics[place]);
    places.into_iter().flatten().map(point).collect()
}
