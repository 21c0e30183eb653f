//! What number formats cost in accuracy: noise of each site, sensitivity to it, estimated perplexity with its uncertainty.
//!
//! Estimates only: a measured perplexity comes from running a checkpoint ([`crate::language_model`]). The two are never
//! mixed silently, every figure carries its [`QualityBasis`].

mod anda_queue;
mod anda_search;
mod built_in;
pub mod calibration;
mod captured;
mod channel_profile;
mod joint_designs;
mod noise_table;
mod published;
mod quality_model;
mod random;
mod sample;
mod sensitivity;
mod statistics;

pub use anda_queue::AndaQueue;
pub use anda_search::{AndaOutcome, AndaSearch, AndaStep, ModuleWidths};
pub use captured::captured_samples;
pub use channel_profile::{ChannelProfile, OutlierChannels};
pub use noise_table::{NoiseTable, noise_to_signal};
pub use published::published_sensitivities;
pub use quality_model::QualityModel;
pub use random::SeededValues;
pub use sample::{SampleKind, SiteSample};
pub use sensitivity::{FirstOrder, Interaction, Sensitivities, SiteLosses, SiteSensitivity};
pub(crate) use statistics::statistics_texts;
pub use statistics::{ChannelMeasure, LayerStatistics, ModelStatistics};

use serde::{Deserialize, Serialize};

use crate::workload::Slot;

/// What a quality figure rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum QualityBasis {
    /// A real checkpoint ran on real text.
    Measured,
    /// An estimator fitted to measurements or published values of this model.
    Calibrated,
    /// Activation statistics only.
    Profile,
}

impl QualityBasis {
    /// Lower-case name, as printed and exported.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Calibrated => "calibrated",
            Self::Profile => "profile",
        }
    }
}

/// An estimate and its 90 % interval; all three agree for a measurement.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Best estimate.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Quality of a design as sweeps keep it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QualitySummary {
    /// What it rests on.
    pub basis: QualityBasis,
    /// Signal-to-noise ratio in dB: the sum of both operands' noise-to-signal ratios, averaged over all products of all
    /// layers, each counting the same. 150 dB stands for no noise at all.
    pub sqnr_db: f64,
    /// Perplexity, where something calibrates it.
    pub perplexity: Option<Interval>,
    /// Perplexity without quantization, where it is known.
    pub reference_perplexity: Option<f64>,
}

/// Quality of a design with the error of each site.
#[derive(Debug, Clone, PartialEq)]
pub struct Quality {
    /// What it rests on.
    pub basis: QualityBasis,
    /// Perplexity, where something calibrates it.
    pub perplexity: Option<Interval>,
    /// Perplexity without quantization, where it is known.
    pub reference_perplexity: Option<f64>,
    /// As [`QualitySummary::sqnr_db`].
    pub sqnr_db: f64,
    /// Every site of the model, layer by layer.
    pub layers: Vec<LayerError>,
}

impl Quality {
    /// The same without the single sites.
    pub const fn summary(&self) -> QualitySummary {
        QualitySummary {
            basis: self.basis,
            sqnr_db: self.sqnr_db,
            perplexity: self.perplexity,
            reference_perplexity: self.reference_perplexity,
        }
    }
}

/// Error of one site.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LayerError {
    /// Layer from 0; the head counts as the layer after the last.
    pub layer: u32,
    /// Product and side.
    pub slot: Slot,
    /// Noise-to-signal ratio.
    pub noise: f64,
    /// The same in dB, signal over noise.
    pub sqnr_db: f64,
}

/// Signal-to-noise ratio reported where nothing is lost, in dB; also the most that is reported.
const LOSSLESS_DB: f64 = 150.0;

/// Noise-to-signal ratio in dB, signal over noise.
fn decibels(noise: f64) -> f64 {
    if noise > 0.0 {
        (-10.0 * noise.log10()).min(LOSSLESS_DB)
    } else {
        LOSSLESS_DB
    }
}
