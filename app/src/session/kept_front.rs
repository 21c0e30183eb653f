//! A front kept for comparison: the space it was found in, its members, and their figures as they were found.
//!
//! Figures are kept and not computed again: a front of another model or with measured accuracies is a record.

use std::collections::BTreeMap;

use blockscape_explorer::{Axis, DesignSpace};
use blockscape_model::design::Design;
use blockscape_model::evaluation::{Metric, Metrics};
use blockscape_model::workload::Workload;
use serde::{Deserialize, Serialize};

use crate::plots::pareto::{FrontPoint, PinnedFront};

/// Members that are kept at most, evenly spread over the front.
const MOST_MEMBERS: usize = 400;

/// The front.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptFront {
    /// Shown in legends.
    pub name: String,
    /// The design around which it was found.
    pub base: Design,
    /// What it was found for.
    pub workload: Workload,
    /// What varied.
    pub axes: Vec<Axis>,
    /// Its designs.
    pub members: Vec<Member>,
}

/// A design of a front.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Its number in the space.
    pub number: u64,
    /// What was found for it; figures that are not known are left out.
    pub figures: BTreeMap<Metric, f64>,
    /// Whether its accuracy was measured.
    #[serde(default)]
    pub measured: bool,
}

impl KeptFront {
    /// Keeps a front of a space: numbers of its designs with what was found for them.
    pub fn new(name: String, space: &DesignSpace, front: &[(u64, &FrontPoint)]) -> Self {
        let step = front.len().div_ceil(MOST_MEMBERS).max(1);
        let member = |&(number, point): &(u64, &FrontPoint)| {
            let known = |metric: Metric| {
                let value = point.metrics.get(metric);
                value.is_finite().then_some((metric, value))
            };
            Member {
                number,
                figures: Metric::ALL.into_iter().filter_map(known).collect(),
                measured: point.measured,
            }
        };
        Self {
            name,
            base: (**space.base()).clone(),
            workload: (**space.workload()).clone(),
            axes: space.axes().to_vec(),
            members: front.iter().step_by(step).map(member).collect(),
        }
    }

    /// As the plot draws it.
    pub fn points(&self) -> PinnedFront {
        let point = |(place, member): (usize, &Member)| {
            let mut metrics = Metrics::new([f64::NAN; Metric::COUNT]);
            for (&metric, &value) in &member.figures {
                metrics.set(metric, value);
            }
            let mut point = FrontPoint::new(place, metrics);
            point.measured = member.measured;
            point
        };
        PinnedFront {
            name: self.name.clone(),
            points: self.members.iter().enumerate().map(point).collect(),
        }
    }

    /// The design of a member, unless the space is no longer one.
    pub fn design(&self, member: usize) -> Option<Design> {
        let number = self.members.get(member)?.number;
        let (base, workload) = (self.base.clone().into(), self.workload.clone().into());
        let space = DesignSpace::new(base, workload, self.axes.clone(), Vec::new()).ok()?;
        Some(space.design(number).ok()?.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::first::first_session;

    #[test]
    fn a_kept_front_survives_the_file_and_gives_its_designs_back() {
        let session = first_session();
        let (base, workload) = (session.design.into(), session.workload.into());
        let space = DesignSpace::new(base, workload, session.exploration.axes, Vec::new()).unwrap();
        let mut metrics = Metrics::new([f64::NAN; Metric::COUNT]);
        metrics.set(Metric::Area, 2.0);
        let point = FrontPoint::new(0, metrics);
        let kept = KeptFront::new("front".to_owned(), &space, &[(17, &point)]);
        let text = ron::to_string(&kept).unwrap();
        let read: KeptFront = ron::from_str(&text).unwrap();
        assert_eq!(read, kept);
        assert_eq!(read.design(0), Some(space.design(17).unwrap().0));
        let drawn = read.points();
        assert!(drawn.points[0].metrics.same_bits(&metrics));
    }
}
