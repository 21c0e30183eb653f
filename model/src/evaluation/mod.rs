//! The result of a design: cost and quality joined to figures of merit.

mod metric;

pub use metric::{Direction, Metric, MetricDescription, Metrics};

use crate::hardware::cost::{Cost, CostSummary};
use crate::quality::{Quality, QualitySummary};
use crate::units::Area;

/// Cost and quality of one design with their breakdowns.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// Area, energy and time.
    pub cost: Cost,
    /// Error and perplexity.
    pub quality: Quality,
}

impl Evaluation {
    /// Its figures of merit, digit for digit those that a sweep finds.
    pub fn metrics(&self) -> Metrics {
        figures_of_merit(&self.cost.summary, &self.quality.summary())
    }
}

/// Figures of merit from the totals of cost and quality; NaN where one is not known.
///
/// Area and area efficiency are NaN on an FPGA, which has no area in mm2; LUTs are NaN elsewhere.
pub fn figures_of_merit(cost: &CostSummary, quality: &QualitySummary) -> Metrics {
    let perplexity = quality
        .perplexity
        .map_or(f64::NAN, |interval| interval.value);
    let reference = quality.reference_perplexity.unwrap_or(f64::NAN);
    let area = cost.area.total();
    let known_area = if area > Area::ZERO {
        area.to_square_millimeters()
    } else {
        f64::NAN
    };
    let mut metrics = Metrics::new([f64::NAN; Metric::COUNT]);
    for (metric, value) in [
        (Metric::Perplexity, perplexity),
        (
            Metric::DeltaPerplexity,
            (perplexity / reference - 1.0) * 100.0,
        ),
        (Metric::Sqnr, quality.sqnr_db),
        (Metric::Area, known_area),
        (
            Metric::Luts,
            cost.luts.map_or(f64::NAN, |luts| luts / 1000.0),
        ),
        (
            Metric::EnergyPerToken,
            cost.energy_per_token().to_millijoules(),
        ),
        (Metric::DecodeRate, cost.decode_tokens_per_second()),
        (Metric::PrefillTime, cost.prefill.time.to_seconds()),
        (
            Metric::PrefillEnergy,
            cost.prefill.energy.total().to_joules(),
        ),
        (Metric::PrefillTops, cost.prefill.tops()),
        (Metric::TopsPerWatt, cost.prefill.tops_per_watt()),
        (Metric::TopsPerMm2, cost.prefill.tops() / known_area),
        (Metric::WeightBits, cost.weight_bits),
        (Metric::KvBits, cost.kv_bits),
        (Metric::FastestClock, cost.timing.fastest_mhz),
        (Metric::PipelineStages, cost.timing.pipeline_stages),
        (Metric::Power, cost.prefill_power().to_watts()),
        (Metric::EnergyDelay, cost.energy_delay_product()),
    ] {
        metrics.set(metric, value);
    }
    metrics
}
