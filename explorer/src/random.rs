//! Seeded random numbers: the same seed gives the same numbers on every machine.
//!
//! The generator is xoshiro256++ seeded through `SplitMix64` (Blackman and Vigna, "Scrambled linear pseudorandom
//! number generators", ACM TOMS 47, 2021). It is small, fast and not for cryptography.
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "bits of random words become fractions and short indices on purpose"
)]

/// A stream of random numbers, fully determined by its seed.
#[derive(Debug, Clone)]
pub struct Random {
    state: [u64; 4],
}

impl Random {
    /// The stream of this seed.
    pub fn new(seed: u64) -> Self {
        let mut counter = seed;
        Self {
            state: std::array::from_fn(|_| split_mix(&mut counter)),
        }
    }

    /// An independent stream, the `stream`-th of this seed.
    pub fn stream(seed: u64, stream: u64) -> Self {
        let mut counter = seed;
        let base = split_mix(&mut counter);
        Self::new(base ^ stream.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    /// The next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        let [a, b, c, d] = self.state;
        let result = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let (c, d) = (c ^ a, d ^ b);
        self.state = [a ^ d, b ^ c, c ^ (b << 17), d.rotate_left(45)];
        result
    }

    /// Uniform in 0.0 .. 1.0, the end excluded, in steps of 2^-53.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Uniform in `0..bound`; 0 for a bound of 0.
    ///
    /// Multiply and shift with rejection (Lemire, "Fast random integer generation in an interval", 2019): no bias.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        let threshold = bound.wrapping_neg() % bound;
        loop {
            let wide = u128::from(self.bits()) * u128::from(bound);
            if wide as u64 >= threshold {
                return (wide >> 64) as u64;
            }
        }
    }

    /// Uniform position in a list of `len` items.
    pub fn position(&mut self, len: usize) -> usize {
        self.below(len as u64) as usize
    }

    /// True with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Standard normal, by the Box-Muller transform (Box and Muller, 1958).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// A random order of `0..len` (Fisher and Yates).
    pub fn order(&mut self, len: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..len).collect();
        for last in (1..len).rev() {
            order.swap(last, self.position(last + 1));
        }
        order
    }
}

/// A seeded one-to-one map of `0..len` onto itself, computed position by position and never stored.
///
/// A balanced Feistel network over the next even number of bits, walked until it falls inside the range
/// (Black and Rogaway, "Ciphers with arbitrary finite domains", 2002).
#[derive(Debug, Clone)]
pub struct Permutation {
    len: u64,
    half_bits: u32,
    keys: [u64; 6],
}

impl Permutation {
    /// The permutation of `0..len` of this seed.
    pub fn new(len: u64, seed: u64) -> Self {
        let bits = (u64::BITS - len.saturating_sub(1).leading_zeros()).max(2);
        let mut random = Random::new(seed);
        Self {
            len,
            half_bits: bits.div_ceil(2),
            keys: std::array::from_fn(|_| random.bits()),
        }
    }

    /// Where `position` goes; `position` must be below the length.
    pub fn image(&self, position: u64) -> u64 {
        debug_assert!(position < self.len, "a position inside the range");
        let mut value = position;
        loop {
            value = self.round_trip(value);
            if value < self.len {
                return value;
            }
        }
    }

    fn round_trip(&self, value: u64) -> u64 {
        let mask = (1u64 << self.half_bits) - 1;
        let (mut left, mut right) = (value >> self.half_bits, value & mask);
        for key in self.keys {
            let mut counter = right ^ key;
            (left, right) = (right, left ^ (split_mix(&mut counter) & mask));
        }
        (left << self.half_bits) | right
    }
}

/// One step of `SplitMix64`: a counter and a mixing function (Steele, Lea and Flood, OOPSLA 2014).
fn split_mix(counter: &mut u64) -> u64 {
    *counter = counter.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut word = *counter;
    word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::{Permutation, Random};

    #[test]
    fn the_generator_repeats_the_published_sequence() {
        let mut random = Random {
            state: [1, 2, 3, 4],
        };
        let first: [u64; 4] = std::array::from_fn(|_| random.bits());
        let published = [
            41_943_041,
            58_720_359,
            3_588_806_011_781_223,
            3_591_011_842_654_386,
        ];
        assert_eq!(first, published, "output of the authors' reference code");
    }

    #[test]
    fn a_permutation_visits_each_position_once() {
        for len in [1u64, 2, 3, 10, 255, 256, 1000] {
            let permutation = Permutation::new(len, 7);
            let mut images: Vec<u64> = (0..len).map(|at| permutation.image(at)).collect();
            images.sort_unstable();
            assert_eq!(images, (0..len).collect::<Vec<_>>(), "length {len}");
        }
    }

    #[test]
    fn bounded_numbers_stay_below_the_bound_and_reach_all_values() {
        let mut random = Random::new(3);
        let mut seen = [0u32; 7];
        for _ in 0..7000 {
            seen[random.position(7)] += 1;
        }
        assert!(seen.iter().all(|&n| n > 850), "even shares: {seen:?}");
    }
}
