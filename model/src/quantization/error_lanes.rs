//! Sums of errors in the making, sixteen side by side: the same bits on every processor, in memory or in the registers of a
//! kernel.
//!
//! Squares of values and of errors are summed in double precision, where they are exact. The sum of value times error, which
//! moves only the cosine and that in second order, is summed in single precision over stretches of [`STRETCH`] values and then
//! widened: its relative error is below 2^-19 (17 roundings of 2^-24), and that of `1 - cosine` below 2^-18.

#![expect(
    clippy::inline_always,
    clippy::needless_range_loop,
    reason = "these must become part of loops compiled for several instruction sets, one instruction for all lanes"
)]

use multiversion::multiversion;
use multiversion::target::target_cfg_f;

use super::arithmetic::{LANES, MAGNITUDE_MASK};
use super::error_sums::ErrorSums;
use super::maxima::{Register, padded};

/// Values whose products are summed in single precision.
pub(super) const STRETCH: usize = LANES * LANES;

/// Largest magnitudes of a piece whose products neither overflow nor vanish in single precision.
const SINGLE_RANGE: std::ops::Range<f32> = 1e-12..1e18;

/// Smallest share of the squares of the values that the squares of the quantized values may have for a difference to tell them.
const SMALLEST_SHARE: f64 = 1.0 / 64.0;

/// What is summed over the values alone, whatever they become.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ValueLanes {
    n: u64,
    squares: [f64; LANES],
    largest: [u32; LANES],
    zeros: [u32; LANES],
}

impl ValueLanes {
    /// Adds the next part of the piece; every part but the last is whole registers.
    pub(super) fn add(&mut self, x: &[f32]) {
        add_values(self, x);
    }

    #[inline(always)]
    fn add_register(&mut self, x: &Register, fuses: bool) {
        for lane in 0..LANES {
            let magnitude = x[lane].to_bits() & MAGNITUDE_MASK;
            self.squares[lane] = add_square(self.squares[lane], x[lane], fuses);
            self.largest[lane] = self.largest[lane].max(magnitude);
            self.zeros[lane] += u32::from(magnitude == 0);
        }
    }

    fn n_zero(&self) -> u64 {
        self.zeros.into_iter().map(u64::from).sum()
    }

    fn signal(&self) -> f64 {
        self.squares.iter().sum()
    }

    /// Whether products of values may be summed in single precision.
    fn is_usual(&self) -> bool {
        let largest = self.largest.into_iter().fold(0, u32::max);
        largest == 0 || SINGLE_RANGE.contains(&f32::from_bits(largest))
    }
}

/// Adds the square of a number that came from `f32`: it is exact, so that fusing it with the addition, which saves time where
/// the processor can, changes no bit.
#[inline(always)]
fn add_square(sum: f64, number: f32, fuses: bool) -> f64 {
    let wide = f64::from(number);
    if fuses {
        wide.mul_add(wide, sum)
    } else {
        sum + wide * wide
    }
}

#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx2+fma",
    "x86_64+avx2+fma",
))]
fn add_values(sums: &mut ValueLanes, x: &[f32]) {
    let fuses = target_cfg_f!(target_feature = "fma");
    let mut new = *sums;
    let (registers, rest) = x.as_chunks();
    for x in registers {
        new.add_register(x, fuses);
    }
    if !rest.is_empty() {
        new.add_register(&padded(rest), fuses);
        // the filling adds only to the zeros
        for zeros in &mut new.zeros[rest.len()..] {
            *zeros -= 1;
        }
    }
    new.n += x.len() as u64;
    *sums = new;
}

/// What is summed over values and what became of them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ErrorLanes {
    noise: [f64; LANES],
    /// Of value times error.
    cross: [f64; LANES],
    largest: [f32; LANES],
    /// Values that were zero or became zero.
    n_zero: u64,
}

impl ErrorLanes {
    /// Adds the next part of the piece; every part but the last is a multiple of [`STRETCH`] long.
    pub(super) fn add(&mut self, x: &[f32], quantized: &[f32]) {
        add_errors(self, x, quantized);
    }

    /// The lanes as a kernel holds them in registers.
    #[inline(always)]
    pub(super) fn registers(&self) -> RegisterErrors {
        RegisterErrors {
            noise: self.noise,
            cross: self.cross,
            largest: self.largest,
            ..RegisterErrors::default()
        }
    }

    /// Takes back what [`Self::registers`] gave.
    #[inline(always)]
    pub(super) fn take_registers(&mut self, errors: &RegisterErrors) {
        self.noise = errors.noise;
        self.cross = errors.cross;
        self.largest = errors.largest;
        let n_zero: u64 = errors.zeros.into_iter().map(u64::from).sum();
        self.n_zero += n_zero;
    }

    /// The sums of a piece, unless one of its values is not finite, before or after, or too large or small for products in
    /// single precision, or the quantized values are so much smaller than the values that the squares of the one do not follow
    /// from those of the other; `n_saturated` stays zero.
    pub(super) fn sums(&self, values: &ValueLanes) -> Option<ErrorSums> {
        let signal = values.signal();
        let noise: f64 = self.noise.iter().sum();
        let cross: f64 = self.cross.iter().sum();
        let largest = self.largest.into_iter().fold(0.0, f32::max);
        let is_finite = signal.is_finite() && noise.is_finite() && cross.is_finite();
        // |y|^2 = |x|^2 + |x - y|^2 - 2 x.(x - y)
        let quantized = signal + noise - 2.0 * cross;
        let is_usual = is_finite && values.is_usual() && quantized >= signal * SMALLEST_SHARE;
        is_usual.then(|| ErrorSums {
            n: values.n,
            signal,
            quantized,
            noise,
            dot: signal - cross,
            max_error: largest.into(),
            n_flushed: self.n_zero.saturating_sub(values.n_zero()),
            ..ErrorSums::default()
        })
    }
}

/// [`ErrorLanes`] in the registers of a loop.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RegisterErrors {
    noise: [f64; LANES],
    cross: [f64; LANES],
    /// Part of `cross` that is not widened yet.
    cross_part: [f32; LANES],
    largest: [f32; LANES],
    zeros: [u32; LANES],
}

impl RegisterErrors {
    /// Adds sixteen values. `ZERO_STAYS` in formats with a zero: others may make something of it.
    #[inline(always)]
    #[expect(
        clippy::needless_bitwise_bool,
        reason = "a branch would keep loops from vectorizing"
    )]
    pub(super) fn add<const ZERO_STAYS: bool>(&mut self, x: &Register, y: &Register, fuses: bool) {
        for lane in 0..LANES {
            let is_zero = (y[lane] == 0.0) | (!ZERO_STAYS & (x[lane] == 0.0));
            self.zeros[lane] += u32::from(is_zero);
        }
        // exact unless a value is far above the range of its block
        let mut error = [0.0; LANES];
        for lane in 0..LANES {
            error[lane] = x[lane] - y[lane];
        }
        for lane in 0..LANES {
            self.noise[lane] = add_square(self.noise[lane], error[lane], fuses);
        }
        for lane in 0..LANES {
            self.cross_part[lane] += x[lane] * error[lane];
        }
        for lane in 0..LANES {
            let magnitude = error[lane].abs();
            self.largest[lane] = if magnitude > self.largest[lane] {
                magnitude
            } else {
                self.largest[lane]
            };
        }
    }

    /// Widens the part of the last [`STRETCH`] values.
    #[inline(always)]
    pub(super) fn widen(&mut self) {
        for lane in 0..LANES {
            self.cross[lane] += f64::from(self.cross_part[lane]);
        }
        self.cross_part = [0.0; LANES];
    }
}

#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx2+fma",
    "x86_64+avx2+fma",
))]
fn add_errors(sums: &mut ErrorLanes, x: &[f32], quantized: &[f32]) {
    let fuses = target_cfg_f!(target_feature = "fma");
    let mut errors = sums.registers();
    for (x, y) in x.chunks(STRETCH).zip(quantized.chunks(STRETCH)) {
        let (x_registers, x_rest) = x.as_chunks();
        let (y_registers, y_rest) = y.as_chunks();
        for (x, y) in x_registers.iter().zip(y_registers) {
            errors.add::<false>(x, y, fuses);
        }
        if !x_rest.is_empty() {
            errors.add::<false>(&padded(x_rest), &padded(y_rest), fuses);
            // the filling adds only to the zeros
            for zeros in &mut errors.zeros[x_rest.len()..] {
                *zeros -= 1;
            }
        }
        errors.widen();
    }
    sums.take_registers(&errors);
}
