//! Seeded numbers for sample tensors: the same seed gives the same tensor on every machine. Not for search strategies.
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "random bits become fractions, and doubles become single-precision samples, on purpose"
)]

/// A stream of numbers from `SplitMix64` (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
#[derive(Debug, Clone)]
pub struct SeededValues {
    state: u64,
}

impl SeededValues {
    /// The stream of this seed.
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next 64 bits.
    pub const fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Uniform in 0 .. 1, neither end included.
    pub const fn unit(&mut self) -> f64 {
        ((self.bits() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    }

    /// Standard normal: the sum of twelve uniform numbers less six.
    ///
    /// Needs no transcendental function, so every machine gives the same bits; tails end at six standard deviations,
    /// which a sample of this size does not reach anyway.
    pub const fn normal(&mut self) -> f32 {
        let mut sum = -6.0;
        let mut n_added = 0;
        while n_added < 12 {
            sum += self.unit();
            n_added += 1;
        }
        sum as f32
    }

    /// Uniform position below `len`, which is not 0.
    pub const fn position(&mut self, len: usize) -> usize {
        ((self.bits() as u128 * len as u128) >> 64) as usize
    }
}
