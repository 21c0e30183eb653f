//! What is saved: the design, what it works on, what is explored around it, what is pinned.
//!
//! Holds nothing that can be computed from it and nothing of the window. Only `command::apply` writes it.

pub mod axis_choice;
pub mod command;
pub mod first;
pub mod history;
pub mod kept_calibration;
pub mod kept_front;
pub mod measured_design;
pub mod portable;
pub mod ranges;
pub mod value_range;
pub mod words;

use std::path::PathBuf;

use blockscape_explorer::preset::{Base, Load, SpacePreset};
use blockscape_explorer::{Axis, Constraint, Objective, Search};
use blockscape_model::design::Design;
use blockscape_model::evaluation::{Direction, Metric, Metrics};
use blockscape_model::parameter::Parameter;
use blockscape_model::preset::{self, PresetError};
use blockscape_model::workload::Workload;
use serde::{Deserialize, Serialize};

use crate::plots::pareto::ParetoView;
use crate::session::kept_calibration::KeptCalibration;
use crate::session::kept_front::KeptFront;
use crate::session::measured_design::{Accuracy, MeasuredDesign, Subject};

/// Form of the saved session; older ones are read, newer ones refused.
pub const VERSION: u32 = 1;

/// The saved state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// Form of this text.
    #[serde(default = "version")]
    pub version: u32,
    /// The design under the sliders.
    pub design: Design,
    /// The design it started from: what Reset goes back to.
    #[serde(default)]
    pub preset: Option<Design>,
    /// Model, batch and lengths.
    pub workload: Workload,
    /// What is explored and how.
    #[serde(default)]
    pub exploration: ExplorationSettings,
    /// How the Pareto plot is looked at.
    #[serde(default)]
    pub pareto: ParetoView,
    /// Designs kept for comparison.
    #[serde(default)]
    pub pinned: Vec<Design>,
    /// Fronts kept for comparison.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fronts: Vec<KeptFront>,
    /// Which pinned design the deltas refer to.
    #[serde(default)]
    pub reference: Option<usize>,
    /// Parameters that controls and painting leave alone.
    #[serde(default)]
    pub locked: Vec<Parameter>,
    /// The opened model, if any.
    #[serde(default)]
    pub checkpoint: Option<PathBuf>,
    /// Designs whose accuracy was measured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub measured: Vec<MeasuredDesign>,
    /// How the estimator was calibrated on the opened model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<KeptCalibration>,
}

/// What is explored around the design: axes, conditions, goals and how many designs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExplorationSettings {
    /// Parameters that vary.
    pub axes: Vec<Axis>,
    /// Conditions beyond the objectives' limits.
    pub constraints: Vec<Constraint>,
    /// Two to five metrics to improve.
    pub objectives: Vec<Objective>,
    /// Strategy and number of designs.
    pub search: Search,
    /// Start of all random numbers.
    pub seed: u64,
}

impl Default for ExplorationSettings {
    fn default() -> Self {
        Self {
            axes: Vec::new(),
            constraints: Vec::new(),
            objectives: vec![
                Objective::new(Metric::Perplexity),
                Objective::new(Metric::EnergyPerToken),
            ],
            search: Search::Exhaustive,
            seed: 1,
        }
    }
}

impl ExplorationSettings {
    /// Limits of the objectives: the largest allowed value, the smallest where higher is better.
    pub fn limits(&self) -> Vec<(Metric, f64)> {
        let limit = |objective: &Objective| Some((objective.metric, objective.limit?));
        self.objectives.iter().filter_map(limit).collect()
    }

    /// Whether a design of these figures keeps all limits.
    pub fn admits(&self, metrics: &Metrics) -> bool {
        let objectives = self.objectives.iter();
        let mut constraints = self.constraints.iter();
        objectives
            .copied()
            .all(|objective| objective.admits(metrics))
            && constraints.all(|constraint| constraint.admits_metrics(metrics))
    }

    /// What is explored for.
    pub fn metrics(&self) -> Vec<Metric> {
        let objectives = self.objectives.iter();
        objectives.map(|objective| objective.metric).collect()
    }

    /// Makes two metrics the objectives. Those that were before keep their limits, the others as conditions.
    pub fn explore_for(&mut self, metrics: [Metric; 2]) {
        let before = std::mem::take(&mut self.objectives);
        let known = |metric| before.iter().find(|objective| objective.metric == metric);
        let objective = |metric| known(metric).copied().unwrap_or(Objective::new(metric));
        self.objectives = metrics.map(objective).to_vec();
        let others = before
            .iter()
            .filter(|other| !metrics.contains(&other.metric));
        let conditions = others.filter_map(|other| {
            let limit = other.limit?;
            Some(match other.metric.description().direction {
                Direction::Minimize => Constraint::AtMost(other.metric, limit),
                Direction::Maximize => Constraint::AtLeast(other.metric, limit),
            })
        });
        self.constraints.extend(conditions);
    }
}

fn version() -> u32 {
    VERSION
}

impl Session {
    /// A session around one design.
    pub fn new(design: Design, workload: Workload) -> Self {
        Self {
            version: VERSION,
            preset: Some(design.clone()),
            design,
            workload,
            exploration: ExplorationSettings::default(),
            pareto: ParetoView::default(),
            pinned: Vec::new(),
            fronts: Vec::new(),
            reference: None,
            locked: Vec::new(),
            checkpoint: None,
            measured: Vec::new(),
            calibration: None,
        }
    }

    /// The session of a text that [`Session::to_ron`] wrote, by this or an older version.
    pub fn from_ron(text: &str) -> Result<Self, PresetError> {
        let session: Self = preset::from_ron(text)?;
        let refuse = |violations: Vec<blockscape_model::violation::Violation>| match violations
            .into_iter()
            .next()
        {
            Some(violation) => Err(PresetError::Value(violation)),
            None => Ok(()),
        };
        if session.version > VERSION {
            let violation = blockscape_model::violation::Violation::new(
                "version",
                session.version,
                format!("up to {VERSION}; the file is of a newer Blockscape"),
            );
            return Err(PresetError::Value(violation));
        }
        for design in session
            .pinned
            .iter()
            .chain(&session.preset)
            .chain(session.measured.iter().map(|measured| &measured.design))
            .chain([&session.design])
        {
            design.check().or_else(refuse)?;
        }
        session.workload.model.check().or_else(refuse)?;
        Ok(session)
    }

    /// What is explored and looked at with SQNR in the place of perplexity; `None` where nobody asks for perplexity.
    ///
    /// For models of which nothing says what noise costs them in perplexity.
    pub fn without_perplexity(&self) -> Option<(ExplorationSettings, ParetoView)> {
        let is_perplexity = |metric| matches!(metric, Metric::Perplexity | Metric::DeltaPerplexity);
        let mut settings = self.exploration.clone();
        let objectives = &mut settings.objectives;
        objectives.retain(|objective| !is_perplexity(objective.metric));
        if *objectives == self.exploration.objectives {
            return None;
        }
        if objectives
            .iter()
            .all(|objective| objective.metric != Metric::Sqnr)
        {
            objectives.insert(0, Objective::new(Metric::Sqnr));
        }
        let mut view = self.pareto.clone();
        for axis in [&mut view.x, &mut view.y] {
            if is_perplexity(*axis) {
                *axis = Metric::Sqnr;
            }
        }
        view.bounds = None;
        Some((settings, view))
    }

    /// The session as RON.
    pub fn to_ron(&self) -> String {
        preset::to_ron(self)
            .unwrap_or_else(|error| unreachable!("a session is plain data: {error}"))
    }

    /// What is explored, as a space preset with its design and workload inside.
    ///
    /// # Errors
    /// Why it cannot be explored.
    pub fn space_text(&self) -> anyhow::Result<String> {
        let exploration = &self.exploration;
        let space = SpacePreset {
            name: format!("Around {}", self.design.name),
            source: String::new(),
            base: Base::Own(Box::new(self.design.clone())),
            workload: Load::Own(Box::new(self.workload.clone())),
            axes: exploration.axes.clone(),
            constraints: exploration.constraints.clone(),
            objectives: exploration.objectives.clone(),
            search: exploration.search.clone(),
        };
        space.prepare()?;
        Ok(preset::to_ron(&space)?)
    }

    /// Whether two sessions differ in nothing but how the plot is looked at.
    pub fn is_same_work(&self, other: &Self) -> bool {
        let Self {
            version,
            design,
            preset,
            workload,
            exploration,
            pareto: _,
            pinned,
            fronts,
            reference,
            locked,
            checkpoint,
            measured,
            calibration,
        } = self;
        (version, design, preset, workload)
            == (
                &other.version,
                &other.design,
                &other.preset,
                &other.workload,
            )
            && (exploration, pinned, reference)
                == (&other.exploration, &other.pinned, &other.reference)
            && (locked, checkpoint, fronts) == (&other.locked, &other.checkpoint, &other.fronts)
            && (measured, calibration) == (&other.measured, &other.calibration)
    }

    /// Whether what is judged is the model that comes with the program, which can be run without a file.
    pub fn is_on_built_in_model(&self) -> bool {
        self.checkpoint.is_none() && self.workload.model.name == blockscape_model::story_model::NAME
    }

    /// The calibration of the opened model, if there is one.
    pub fn calibration_here(&self) -> Option<&KeptCalibration> {
        let here = |kept: &&KeptCalibration| self.checkpoint.as_ref() == Some(&kept.model);
        self.calibration.as_ref().filter(here)
    }

    /// Whether there is a model that can be run.
    pub fn has_weights(&self) -> bool {
        self.checkpoint.is_some() || self.is_on_built_in_model()
    }

    /// The design that deltas refer to.
    pub fn reference_design(&self) -> Option<&Design> {
        self.pinned.get(self.reference?)
    }

    /// What was measured on the session's model, oldest first.
    pub fn measured_here(&self) -> impl DoubleEndedIterator<Item = &MeasuredDesign> {
        let here = |measured: &&MeasuredDesign| self.is_on(&measured.subject);
        self.measured.iter().filter(here)
    }

    /// What was measured of a design's numerics on the session's model and the text that was measured last.
    ///
    /// Perplexities on different texts cannot be compared, so others are points of their own and stand for no estimate.
    pub fn measured_accuracy(&self, design: &Design) -> Option<Accuracy> {
        let newest = self.measured_here().next_back()?;
        let n_layers = self.workload.model.n_layers;
        let found = self.measured_here().rev().find(|measured| {
            measured.subject == newest.subject && measured.calculates_the_same(design, n_layers)
        });
        found.map(MeasuredDesign::accuracy)
    }

    /// Whether the session's model is the one of this subject.
    pub fn is_on(&self, subject: &Subject) -> bool {
        match subject {
            Subject::Files { model, .. } => self.checkpoint.as_ref() == Some(model),
            Subject::BuiltIn => self.is_on_built_in_model(),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn session() -> Session {
        crate::session::first::first_session()
    }

    #[test]
    fn a_session_of_a_newer_program_is_refused_by_name() {
        let text = session().to_ron().replacen("version: 1", "version: 99", 1);
        let message = Session::from_ron(&text).unwrap_err().to_string();
        assert!(message.contains("version is 99"), "{message}");
    }

    #[test]
    fn an_unknown_field_is_named_with_its_line() {
        let text = session()
            .to_ron()
            .replacen("version: 1,", "version: 1,\n    colour: 3,", 1);
        let message = Session::from_ron(&text).unwrap_err().to_string();
        assert!(
            message.contains("colour") && message.contains("line 3"),
            "{message}"
        );
    }

    #[test]
    fn a_design_that_cannot_be_is_refused() {
        let text = session()
            .to_ron()
            .replacen("clock_mhz: 285", "clock_mhz: 0", 1);
        let message = Session::from_ron(&text).unwrap_err().to_string();
        assert!(message.contains("clock_mhz"), "{message}");
    }
}
