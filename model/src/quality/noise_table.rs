//! Noise-to-signal ratio of each sample in each format, measured once and kept.
//!
//! A ratio is a pure function of sample and format; the table only remembers it, so its answers do not depend on who asked first.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
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
pub(super) type FastMap<K, V> = HashMap<K, V, BuildHasherDefault<MultiplyHasher>>;

/// Multiply and rotate, word by word.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct MultiplyHasher {
    state: u64,
}

impl MultiplyHasher {
    const fn add(&mut self, word: u64) {
        self.state = (self.state.rotate_left(5) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

impl Hasher for MultiplyHasher {
    fn finish(&self) -> u64 {
        self.state ^ (self.state >> 29)
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.add(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.add(u64::from(value));
    }

    fn write_u16(&mut self, value: u16) {
        self.add(u64::from(value));
    }

    fn write_u32(&mut self, value: u32) {
        self.add(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.add(value);
    }

    fn write_usize(&mut self, value: usize) {
        self.add(value as u64);
    }
}
