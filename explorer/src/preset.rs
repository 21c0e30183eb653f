//! Design spaces as RON: what to vary around which design, what to strive for, how to search.

use std::sync::Arc;

use blockscape_model::design::{Design, SitePattern};
use blockscape_model::parameter::Parameter;
use blockscape_model::preset;
use blockscape_model::violation::Violation;
use blockscape_model::workload::Workload;
use serde::{Deserialize, Serialize};

use crate::search::Search;
use crate::space::DesignSpace;
use crate::space::axis::Axis;
use crate::space::objective::{Constraint, Goal, Objective};

/// Everything that a sweep needs to know; preset form under `presets/spaces`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpacePreset {
    /// Name.
    pub name: String,
    /// Where it comes from: a paper's own search, or whose idea it is.
    #[serde(default)]
    pub source: String,
    /// The design around which the axes turn.
    pub base: Base,
    /// What the designs are judged on.
    pub workload: Load,
    /// What varies; the last axis turns fastest.
    pub axes: Vec<Axis>,
    /// Conditions on parameters and metrics.
    #[serde(default)]
    pub constraints: Vec<Constraint>,
    /// One to five metrics to improve.
    pub objectives: Vec<Objective>,
    /// How to search.
    pub search: Search,
}

/// A base design.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Base {
    /// A built-in design, by name.
    BuiltIn(String),
    /// A design of one's own.
    Own(Box<Design>),
}

/// A workload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Load {
    /// One sequence of a built-in model, by name.
    BuiltIn(String),
    /// A workload of one's own.
    Own(Box<Workload>),
}

impl SpacePreset {
    /// The space and the goal, checked.
    ///
    /// # Errors
    /// An unknown name or a value that is not allowed.
    pub fn prepare(&self) -> Result<(DesignSpace, Goal), Violation> {
        let base = self.base.design()?;
        let workload = self.workload.workload()?;
        base.check().map_err(first)?;
        workload.check().map_err(first)?;
        for axis in &self.axes {
            check_layers(axis.parameter, workload.model.n_layers)?;
        }
        let goal = Goal::new(self.objectives.clone(), self.constraints.clone())?;
        let space = DesignSpace::new(
            Arc::new(base),
            Arc::new(workload),
            self.axes.clone(),
            self.constraints.clone(),
        )?;
        Ok((space, goal))
    }
}

/// Layers that an axis names exist; the head stands behind the last.
fn check_layers(parameter: Parameter, n_layers: u32) -> Result<(), Violation> {
    match parameter {
        Parameter::Format(
            _,
            SitePattern {
                layers: Some((_, last)),
                ..
            },
        ) if last > n_layers => Err(Violation::new(
            format!("axis {parameter}"),
            format!("up to layer {last}"),
            format!("up to {}, or {n_layers} for the head", n_layers - 1),
        )),
        _ => Ok(()),
    }
}

impl Base {
    /// The design.
    ///
    /// # Errors
    /// An unknown name, with the known ones.
    pub fn design(&self) -> Result<Design, Violation> {
        match self {
            Self::Own(design) => Ok((**design).clone()),
            Self::BuiltIn(name) => preset::design(name).ok_or_else(|| {
                let known: Vec<String> = preset::designs()
                    .into_iter()
                    .map(|design| design.name)
                    .collect();
                Violation::new("base", format!("\"{name}\""), known.join(", "))
            }),
        }
    }
}

impl Load {
    /// The workload.
    ///
    /// # Errors
    /// An unknown name, with the known ones.
    pub fn workload(&self) -> Result<Workload, Violation> {
        match self {
            Self::Own(workload) => Ok((**workload).clone()),
            Self::BuiltIn(name) => {
                let model = preset::model(name).ok_or_else(|| {
                    let known: Vec<String> = preset::models()
                        .into_iter()
                        .map(|model| model.name)
                        .collect();
                    Violation::new("workload", format!("\"{name}\""), known.join(", "))
                })?;
                Ok(Workload::single_sequence(model))
            }
        }
    }
}

/// The first of several violations; there is always one.
fn first(violations: Vec<Violation>) -> Violation {
    let mut violations = violations.into_iter();
    violations
        .next()
        .unwrap_or_else(|| Violation::new("preset", "refused", "a sound preset"))
}

/// File stem and RON text of each built-in space, so that the program needs no file at run time.
const SPACES: &[(&str, &str)] = &[
    ("anda", include_str!("../../presets/spaces/anda.ron")),
    (
        "harmonia",
        include_str!("../../presets/spaces/harmonia.ron"),
    ),
    ("fbfq", include_str!("../../presets/spaces/fbfq.ron")),
    ("mase", include_str!("../../presets/spaces/mase.ron")),
    ("general", include_str!("../../presets/spaces/general.ron")),
];

/// One number for all built-in data: presets of designs, models, spaces and technologies, tables and statistics. Two programs with
/// other constants have other numbers.
pub fn fingerprint() -> u64 {
    SPACES
        .iter()
        .map(|(_, text)| preset::text_fingerprint(text))
        .fold(preset::fingerprint(), u64::wrapping_add)
}

/// The built-in spaces.
pub fn spaces() -> Vec<SpacePreset> {
    SPACES
        .iter()
        .map(|(stem, text)| {
            preset::from_ron(text)
                .unwrap_or_else(|error| unreachable!("built-in space {stem}: {error}"))
        })
        .collect()
}

/// The built-in space of this name, letter case, blanks, dashes and underscores aside.
pub fn space(name: &str) -> Option<SpacePreset> {
    spaces()
        .into_iter()
        .find(|space| preset::same_name(&space.name, name))
}

#[cfg(test)]
mod tests {
    use blockscape_model::evaluation::Metric;

    use super::*;

    #[test]
    fn what_a_space_cannot_mean_is_refused() {
        let anda = space("Anda").expect("a built-in space");
        let with = |change: &dyn Fn(&mut SpacePreset)| {
            let mut changed = anda.clone();
            change(&mut changed);
            changed.prepare().expect_err("refused").to_string()
        };
        let parameter = |text: &str| text.parse::<Parameter>().expect("a parameter");
        let beyond = parameter("mantissa_bits layers 4..=40 o.activation");
        let told = with(&|preset| preset.axes.push(Axis::whole(beyond, 4, 6)));
        assert!(told.contains("up to 31, or 32 for the head"), "{told}");
        let told = with(&|preset| {
            let compared = Constraint::NotAbove(parameter("unit"), parameter("rows"));
            preset.constraints.push(compared);
        });
        assert!(told.contains("parameters that are numbers"), "{told}");
        let told = with(&|preset| {
            let limit = Constraint::AtMost(Metric::Area, f64::NAN);
            preset.constraints.push(limit);
        });
        assert!(told.contains("limit of area_mm2 is NaN"), "{told}");
        let told = with(&|preset| preset.objectives[0].limit = Some(f64::INFINITY));
        assert!(told.contains("limit of perplexity is inf"), "{told}");
    }

    #[test]
    fn every_built_in_space_is_sound_reads_back_and_is_found_by_name() {
        for built_in in spaces() {
            let name = &built_in.name;
            let (space, _) = built_in
                .prepare()
                .unwrap_or_else(|violation| panic!("{name}: {violation}"));
            assert!(space.size() > 1, "{name}");
            let text = preset::to_ron(&built_in).expect("RON");
            assert_eq!(preset::from_ron(&text), Ok(built_in.clone()), "{name}");
            assert!(super::space(&name.to_uppercase()).is_some(), "{name}");
        }
    }
}
