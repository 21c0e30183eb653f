//! How sure a front is: what the ranges of the constants make of each member's figures.
//!
//! Made on a thread of its own once a front is whole.

use std::sync::Arc;

use blockscape_explorer::{DesignSpace, Judge};
use blockscape_model::evaluation::{Evaluation, Metric};
use blockscape_model::units::{Area, Energy};

use crate::plots::pareto::Bands;
use blockscape_explorer::Ticket;

/// Members that are looked at at most, evenly spread over the front.
const MOST_MEMBERS: usize = 400;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Question {
    pub judge: Arc<Judge>,
    pub space: Arc<DesignSpace>,
    /// Numbers of the front's designs in the space.
    pub members: Vec<u64>,
    /// The results that the front belongs to.
    pub generation: u64,
}

/// What is known of the members of a front.
#[derive(Debug, Clone)]
pub struct Certainty {
    /// The results that the front belongs to.
    pub generation: u64,
    /// Place in the front and ranges of the figures there.
    pub bands: Vec<(usize, Bands)>,
}

/// Looks at every member; `None` once a newer question waits.
pub fn answer(question: &Question, ticket: &Ticket) -> Option<Certainty> {
    let step = question.members.len().div_ceil(MOST_MEMBERS).max(1);
    let mut bands = Vec::new();
    for place in (0..question.members.len()).step_by(step) {
        if ticket.is_stale() {
            return None;
        }
        let Ok((design, workload)) = question.space.design(question.members[place]) else {
            continue;
        };
        if let Ok(evaluation) = question.judge.evaluation(&design, &workload) {
            bands.push((place, bands_of(&evaluation)));
        }
    }
    Some(Certainty {
        generation: question.generation,
        bands,
    })
}

/// Ranges of a design's figures: accuracy from the estimator's interval, area and energy from the technology's constants.
fn bands_of(evaluation: &Evaluation) -> Bands {
    let mut bands = Bands::default();
    let quality = &evaluation.quality;
    if let Some(interval) = quality.perplexity {
        bands.set(Metric::Perplexity, Some((interval.low, interval.high)));
        let rise = |perplexity: f64, reference: f64| (perplexity / reference - 1.0) * 100.0;
        let reference = quality.reference_perplexity;
        let rises = reference.map(|reference| {
            (
                rise(interval.low, reference),
                rise(interval.high, reference),
            )
        });
        bands.set(Metric::DeltaPerplexity, rises);
    }
    let band = &evaluation.cost.band;
    let [low, high] = band.area.map(Area::to_square_millimeters);
    bands.set(Metric::Area, Some((low, high)).filter(|_| high > 0.0));
    let batch = f64::from(evaluation.cost.summary.batch);
    let [low, high] = band.decode_energy.map(|end| end.to_millijoules() / batch);
    bands.set(Metric::EnergyPerToken, Some((low, high)));
    let [low, high] = band.prefill_energy.map(Energy::to_joules);
    bands.set(Metric::PrefillEnergy, Some((low, high)));
    bands
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::first::first_session;

    #[test]
    fn bands_hold_the_figures_they_belong_to() {
        let session = first_session();
        let judge = Judge::for_model(&session.workload.model);
        let evaluation = judge
            .evaluation(&session.design, &session.workload)
            .unwrap();
        let (metrics, bands) = (evaluation.metrics(), bands_of(&evaluation));
        for metric in [
            Metric::Perplexity,
            Metric::DeltaPerplexity,
            Metric::Area,
            Metric::EnergyPerToken,
            Metric::PrefillEnergy,
        ] {
            let (low, high) = bands.get(metric).unwrap();
            assert!(
                (low..=high).contains(&metrics.get(metric)) && low < high,
                "{metric}: {low} {high}"
            );
        }
    }
}
