//! Accuracies that were measured, as the session keeps them: they outlive explorations and runs of the program, and every design
//! that calculates the same takes them over.

use std::path::PathBuf;
use std::sync::Arc;

use blockscape_model::design::Design;
use blockscape_model::evaluation::{Metric, Metrics};
use blockscape_model::quality::QualityModel;
use blockscape_model::workload::Slot;
use serde::{Deserialize, Serialize};

use crate::session::kept_calibration::KeptCalibration;

/// What is run: a checkpoint on a text of the user's, or the model that comes with the program on its own stories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Subject {
    Files { model: PathBuf, text: PathBuf },
    BuiltIn,
}

impl Subject {
    /// The text as it is named to people.
    pub fn text_name(&self) -> String {
        match self {
            Self::Files { text, .. } => {
                let name = text.file_name().unwrap_or_default();
                name.to_string_lossy().into_owned()
            }
            Self::BuiltIn => "the built-in stories".to_owned(),
        }
    }
}

/// What was found: perplexity by design, and of the model without quantization.
#[derive(Debug, Clone)]
pub struct Measured {
    pub subject: Subject,
    pub designs: Vec<(Design, f64)>,
    pub reference: f64,
    pub n_tokens: u64,
    /// The estimator calibrated on the same text, where it was asked for.
    pub quality: Option<Arc<QualityModel>>,
    /// The runs that it rests on, where they are new.
    pub calibration: Option<KeptCalibration>,
    /// What to tell where these runs are not beside the model.
    pub note: Option<String>,
}

/// One design on one model and text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasuredDesign {
    /// Model and text.
    pub subject: Subject,
    pub design: Design,
    pub perplexity: f64,
    /// Perplexity of the unquantized model on the same text.
    pub reference: f64,
    pub n_tokens: u64,
}

/// Measured designs that are kept at most; the oldest go first.
const MOST_MEASURED: usize = 48;

/// A measured accuracy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Accuracy {
    pub perplexity: f64,
    /// Rise over the unquantized model in percent.
    pub rise: f64,
}

impl MeasuredDesign {
    pub fn accuracy(&self) -> Accuracy {
        Accuracy {
            perplexity: self.perplexity,
            rise: (self.perplexity / self.reference - 1.0) * 100.0,
        }
    }

    /// What the number rests on, in words.
    pub fn basis(&self) -> String {
        let text = self.subject.text_name();
        format!("accuracy measured on {} tokens of {text}", self.n_tokens)
    }

    pub(super) fn calculates_the_same(&self, design: &Design, n_layers: u32) -> bool {
        let (own, other) = (&self.design.formats, &design.formats);
        let same = |layer, slot| own.at(layer, slot) == other.at(layer, slot);
        self.design.key_value == design.key_value
            && (own == other
                || (0..=n_layers).all(|layer| Slot::ALL.into_iter().all(|slot| same(layer, slot))))
    }
}

impl Accuracy {
    /// Replaces an estimate.
    pub fn put_into(self, metrics: &mut Metrics) {
        metrics.set(Metric::Perplexity, self.perplexity);
        metrics.set(Metric::DeltaPerplexity, self.rise);
    }
}

/// What was found as the session keeps it.
pub fn measured_designs(found: &Measured) -> Vec<MeasuredDesign> {
    let kept = |(design, perplexity): &(Design, f64)| MeasuredDesign {
        subject: found.subject.clone(),
        design: design.clone(),
        perplexity: *perplexity,
        reference: found.reference,
        n_tokens: found.n_tokens,
    };
    found.designs.iter().map(kept).collect()
}

/// Adds new ones, each in place of an older one of the same design on the same text.
pub fn add_measured(list: &mut Vec<MeasuredDesign>, new: Vec<MeasuredDesign>) {
    for measured in new {
        list.retain(|known| {
            known.subject != measured.subject
                || known.design.formats != measured.design.formats
                || known.design.key_value != measured.design.key_value
        });
        list.push(measured);
    }
    let surplus = list.len().saturating_sub(MOST_MEASURED);
    list.drain(..surplus);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::first::first_session;

    fn found(design: &Design, text: &str) -> Vec<MeasuredDesign> {
        measured_designs(&Measured {
            quality: None,
            calibration: None,
            subject: Subject::Files {
                model: "model.gguf".into(),
                text: text.into(),
            },
            designs: vec![(design.clone(), 11.0)],
            reference: 10.0,
            n_tokens: 8,
            note: None,
        })
    }

    #[test]
    fn a_measurement_holds_for_all_designs_that_calculate_the_same() {
        let mut session = first_session();
        let design = session.design.clone();
        session.measured = found(&design, "a.txt");
        session.checkpoint = Some("model.gguf".into());
        let mut wider = design.clone();
        wider.array.rows *= 2;
        let accuracy = session.measured_accuracy(&wider).unwrap();
        assert!((accuracy.rise - 10.0).abs() < 1e-9);
        let mut other = design.clone();
        let slot: Slot = "q.activation".parse().unwrap();
        other.formats.set_layers(
            3..=3,
            blockscape_model::workload::SlotGroup::single(slot),
            "bfp:m=3,e=5,b=32".parse().unwrap(),
        );
        assert_eq!(session.measured_accuracy(&other), None);
        session.checkpoint = Some("other.gguf".into());
        assert_eq!(session.measured_accuracy(&design), None);
    }

    #[test]
    fn another_text_stands_beside_and_takes_nothing_over() {
        let mut session = first_session();
        let design = session.design.clone();
        session.checkpoint = Some("model.gguf".into());
        add_measured(&mut session.measured, found(&design, "a.txt"));
        add_measured(&mut session.measured, found(&design, "a.txt"));
        assert_eq!(session.measured_here().count(), 1, "measured again");
        let mut other = design.clone();
        other
            .formats
            .set("weights".parse().unwrap(), "q4_0".parse().unwrap());
        add_measured(&mut session.measured, found(&other, "b.txt"));
        assert_eq!(session.measured_here().count(), 2);
        assert_eq!(session.measured_accuracy(&design), None);
    }
}
