//! Noise-to-signal ratio of each sample in each format, measured once and kept.
//!
//! A ratio is a pure function of sample and format; the table only remembers it, so its answers do not depend on who asked first.

use std::sync::{PoisonError, RwLock};

use super::SiteSample;
use crate::format::Format;
use crate::quantization::measure;

/// Greatest ratio reported: a format that loses more than this, or gives no number at all, has destroyed the tensor.
const WORST_RATIO: f64 = 4.0;

/// Samples and the ratios measured on them so far.
#[derive(Debug, Default)]
pub struct NoiseTable {
    samples: Vec<SiteSample>,
    ratios: RwLock<FastMap<(u16, Format), f64>>,
}

impl NoiseTable {
    /// A table over these samples.
    pub fn new(samples: Vec<SiteSample>) -> Self {
        Self {
            samples,
            ratios: RwLock::default(),
        }
    }

    /// The samples, by the index that [`NoiseTable::ratio`] takes.
    pub fn samples(&self) -> &[SiteSample] {
        &self.samples
    }

    /// Noise-to-signal ratio of a sample in a format, 0 (nothing lost) to 4.
    pub fn ratio(&self, sample: u16, format: Format) -> f64 {
        let key = (sample, format);
        let known = {
            let ratios = self.ratios.read().unwrap_or_else(PoisonError::into_inner);
            ratios.get(&key).copied()
        };
        known.unwrap_or_else(|| {
            let ratio = noise_to_signal(&self.samples[usize::from(sample)], format);
            self.ratios
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(key, ratio);
            ratio
        })
    }
}

impl Clone for NoiseTable {
    fn clone(&self) -> Self {
        let ratios = self.ratios.read().unwrap_or_else(PoisonError::into_inner);
        Self {
            samples: self.samples.clone(),
            ratios: RwLock::new(ratios.clone()),
        }
    }
}

/// Ratio of a sample in a format without any memory.
pub fn noise_to_signal(sample: &SiteSample, format: Format) -> f64 {
    let sums = measure(format, &sample.values, sample.row_len);
    let ratio = if sums.signal > 0.0 {
        sums.noise / sums.signal
    } else {
        0.0
    };
    if ratio.is_finite() {
        ratio.min(WORST_RATIO)
    } else {
        WORST_RATIO
    }
}

/// A map for small keys that are looked up millions of times a second and that nobody hostile chooses.
pub(super) type FastMap<K, V> = rustc_hash::FxHashMap<K, V>;
