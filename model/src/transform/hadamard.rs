//! Orthonormal Walsh-Hadamard transform of runs of values, in natural order, with or without random signs.

use std::fmt;

/// Runs of a power of two of values: `H x / sqrt(length)`, after random signs where a seed is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hadamard {
    /// Logarithm of the length.
    exponent: u8,
    /// Seed of the signs.
    signs: Option<u32>,
}

/// Logarithm of the longest run.
const LONGEST: u32 = 13;

impl Hadamard {
    /// Runs of `length` values, a power of two of 2 to 8192; signs from a seed, if any. `None` for other lengths.
    pub fn new(length: usize, signs: Option<u32>) -> Option<Self> {
        let is_allowed = length.is_power_of_two() && (1..=LONGEST).contains(&length.ilog2());
        let exponent = u8::try_from(length.checked_ilog2()?).ok()?;
        is_allowed.then_some(Self { exponent, signs })
    }

    /// Values of a run.
    pub const fn length(self) -> usize {
        1 << self.exponent
    }

    /// Sign of the value at a place of a row, the same for every row.
    fn sign(self, place: usize) -> f64 {
        let Some(seed) = self.signs else {
            return 1.0;
        };
        // splitmix64 of seed and place
        let mut hash = (place as u64 ^ u64::from(seed) << 32).wrapping_add(0x9e37_79b9_7f4a_7c15);
        hash = (hash ^ hash >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        hash = (hash ^ hash >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        if (hash ^ hash >> 31) & 1 == 0 {
            1.0
        } else {
            -1.0
        }
    }

    /// Transforms whole rows; a rest of a row that is no whole run stays.
    pub(super) fn apply(self, values: &mut [f32], row_len: usize) {
        self.each_run(values, row_len, |run, signs| {
            for (value, sign) in run.iter_mut().zip(signs) {
                *value *= sign;
            }
            butterflies(run);
        });
    }

    /// Inverse of [`Self::apply`].
    pub(super) fn undo(self, values: &mut [f32], row_len: usize) {
        self.each_run(values, row_len, |run, signs| {
            butterflies(run);
            for (value, sign) in run.iter_mut().zip(signs) {
                *value *= sign;
            }
        });
    }

    fn each_run(self, values: &mut [f32], row_len: usize, transform: impl Fn(&mut [f64], &[f64])) {
        let length = self.length();
        let signs: Vec<f64> = (0..row_len).map(|place| self.sign(place)).collect();
        let mut run = vec![0.0; length];
        for row in values.chunks_mut(row_len.max(1)) {
            for (values, signs) in row.chunks_exact_mut(length).zip(signs.chunks_exact(length)) {
                for (wide, value) in run.iter_mut().zip(&*values) {
                    *wide = f64::from(*value);
                }
                transform(&mut run, signs);
                for (value, wide) in values.iter_mut().zip(&run) {
                    #[expect(clippy::cast_possible_truncation, reason = "the one rounding to f32")]
                    let rounded = *wide as f32;
                    *value = rounded;
                }
            }
        }
    }
}

/// `H x / sqrt(n)` for a power of two of values; its own inverse.
fn butterflies(run: &mut [f64]) {
    let mut half = 1;
    while half < run.len() {
        for pair in run.chunks_exact_mut(2 * half) {
            let (left, right) = pair.split_at_mut(half);
            for (left, right) in left.iter_mut().zip(right) {
                (*left, *right) = (*left + *right, *left - *right);
            }
        }
        half *= 2;
    }
    #[expect(clippy::cast_precision_loss, reason = "at most 8192")]
    let root = (run.len() as f64).sqrt();
    for value in run {
        *value /= root;
    }
}

impl fmt::Display for Hadamard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "hadamard:{}", self.length())?;
        match self.signs {
            Some(seed) => write!(formatter, ",signs={seed}"),
            None => Ok(()),
        }
    }
}
