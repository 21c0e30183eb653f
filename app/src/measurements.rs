//! Accuracies measured in this run: they outlive explorations, and every design that calculates the same takes them over.

use blockscape_model::design::Design;
use blockscape_model::evaluation::{Metric, Metrics};
use blockscape_model::workload::Slot;

use crate::measuring::{Measured, Subject};
use crate::plots::pareto::NamedPoint;
use crate::session::Session;

/// One design on one model and text.
#[derive(Debug, Clone)]
struct Measurement {
    design: Design,
    perplexity: f64,
    /// Rise over the unquantized model in percent.
    rise: f64,
    point: Option<NamedPoint>,
}

/// What was measured on the newest model and text; numbers of different texts cannot be compared.
#[derive(Debug, Clone, Default)]
pub struct Measurements {
    subject: Option<Subject>,
    n_layers: u32,
    list: Vec<Measurement>,
    /// Measured designs as points, without a name beside them.
    points: Vec<NamedPoint>,
}

/// A measured accuracy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Accuracy {
    pub perplexity: f64,
    /// Rise over the unquantized model in percent.
    pub rise: f64,
}

impl Measurements {
    /// Takes what was measured; `figures` knows what else is known of a design.
    pub fn take(
        &mut self,
        found: &Measured,
        n_layers: u32,
        figures: impl Fn(Option<usize>, &Design) -> Option<Metrics>,
    ) {
        if self.subject.as_ref() != Some(&found.subject) {
            *self = Self {
                subject: Some(found.subject.clone()),
                n_layers,
                ..Self::default()
            };
        }
        for (place, design, perplexity) in &found.designs {
            let accuracy = Accuracy {
                perplexity: *perplexity,
                rise: (perplexity / found.reference - 1.0) * 100.0,
            };
            let point = figures(*place, design).map(|mut metrics| {
                accuracy.put_into(&mut metrics);
                let name = found.subject.text_name();
                NamedPoint {
                    name: design.name.clone(),
                    source: format!("accuracy measured on {} tokens of {name}", found.n_tokens),
                    metrics,
                    measured: true,
                }
            });
            self.list.retain(|known| known.design != *design);
            self.list.push(Measurement {
                design: design.clone(),
                perplexity: accuracy.perplexity,
                rise: accuracy.rise,
                point,
            });
        }
        self.points = self
            .list
            .iter()
            .filter_map(|measured| measured.point.clone())
            .collect();
    }

    /// What was measured of a design's numerics on the session's model, if anything.
    pub fn of(&self, design: &Design, session: &Session) -> Option<Accuracy> {
        self.subject.as_ref().filter(|each| each.is_of(session))?;
        let calculates_the_same = |known: &&Measurement| {
            known.design.key_value == design.key_value
                && (0..=self.n_layers).all(|layer| {
                    Slot::ALL.into_iter().all(|slot| {
                        known.design.formats.at(layer, slot) == design.formats.at(layer, slot)
                    })
                })
        };
        let found = self.list.iter().rev().find(calculates_the_same)?;
        Some(Accuracy {
            perplexity: found.perplexity,
            rise: found.rise,
        })
    }

    /// The measured designs as points.
    pub fn points(&self) -> &[NamedPoint] {
        &self.points
    }

    /// The design of a point.
    pub fn design(&self, point: usize) -> Option<&Design> {
        let with_points = self.list.iter().filter(|measured| measured.point.is_some());
        with_points.map(|measured| &measured.design).nth(point)
    }
}

impl Accuracy {
    /// Replaces an estimate.
    pub fn put_into(self, metrics: &mut Metrics) {
        metrics.set(Metric::Perplexity, self.perplexity);
        metrics.set(Metric::DeltaPerplexity, self.rise);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset_library::first_session;

    fn found(design: &Design, text: &str) -> Measured {
        Measured {
            quality: None,
            subject: Subject::Files {
                model: "model.gguf".into(),
                text: text.into(),
            },
            designs: vec![(None, design.clone(), 11.0)],
            reference: 10.0,
            n_tokens: 8,
        }
    }

    #[test]
    fn a_measurement_holds_for_all_designs_that_calculate_the_same() {
        let design = first_session().design;
        let mut measurements = Measurements::default();
        measurements.take(&found(&design, "a.txt"), 32, |_, _| None);
        let mut wider = design.clone();
        wider.array.rows *= 2;
        let mut session = first_session();
        session.checkpoint = Some("model.gguf".into());
        let accuracy = measurements.of(&wider, &session).unwrap();
        assert!((accuracy.rise - 10.0).abs() < 1e-9);
        let mut other = design.clone();
        let slot: Slot = "q.activation".parse().unwrap();
        other.formats.set_layers(
            3..=3,
            blockscape_model::workload::SlotGroup::single(slot),
            "bfp:m=3,e=5,b=32".parse().unwrap(),
        );
        assert_eq!(measurements.of(&other, &session), None);
        session.checkpoint = Some("other.gguf".into());
        assert_eq!(measurements.of(&design, &session), None);
    }

    #[test]
    fn another_text_starts_anew() {
        let design = first_session().design;
        let mut other = design.clone();
        other.name = "other".to_owned();
        let mut measurements = Measurements::default();
        let figures = |_: Option<usize>, _: &Design| Some(Metrics::new([1.0; Metric::COUNT]));
        measurements.take(&found(&design, "a.txt"), 32, figures);
        measurements.take(&found(&other, "a.txt"), 32, figures);
        assert_eq!(measurements.points().len(), 2);
        measurements.take(&found(&other, "b.txt"), 32, figures);
        assert_eq!(measurements.points().len(), 1);
        assert_eq!(measurements.design(0), Some(&other));
    }
}
