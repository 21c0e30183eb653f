//! Sums that say how far a tensor is from its quantized self.

#![expect(
    clippy::cast_precision_loss,
    reason = "counts of values stay far below 2^52"
)]

use multiversion::multiversion;
use multiversion::target::target_cfg_f;

/// Values summed side by side: fixed, so that every instruction set adds in the same order.
pub(super) const LANES: usize = 16;

/// Sums over the finite values of a tensor and its quantized form.
///
/// Sums of pieces are merged in the order of the pieces; the same pieces in the same order give the same bits, however many
/// threads computed them ([`super::rows_per_piece`]).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ErrorSums {
    /// Number of finite values compared.
    pub n: u64,
    /// Number of values that are infinite or NaN before or after; they count in nothing else but here.
    pub n_non_finite: u64,
    /// Sum of the squares of the values.
    pub signal: f64,
    /// Sum of the squares of the errors.
    pub noise: f64,
    /// Sum of the products of value and quantized value.
    pub dot: f64,
    /// Largest magnitude of an error.
    pub max_error: f64,
    /// Number of values clipped to the largest magnitude of their block.
    pub n_saturated: u64,
    /// Number of values other than zero that became zero.
    pub n_flushed: u64,
}

impl ErrorSums {
    /// Signal to quantization noise ratio in decibels; infinite without noise, NaN without signal and noise.
    pub fn sqnr_db(&self) -> f64 {
        10.0 * (self.signal / self.noise).log10()
    }

    /// Mean square error; 0 for an empty tensor.
    pub fn mse(&self) -> f64 {
        self.mean(self.noise)
    }

    /// Largest magnitude of an error.
    pub fn max_error(&self) -> f64 {
        self.max_error
    }

    /// Length of the error vector over the length of the value vector; 0 for a zero tensor kept exactly.
    pub fn relative_error(&self) -> f64 {
        if self.noise > 0.0 {
            (self.noise / self.signal).sqrt()
        } else {
            0.0
        }
    }

    /// Cosine of the angle between the values and their quantized form; 1 for a zero tensor kept exactly.
    pub fn cosine(&self) -> f64 {
        // |y|^2 = |x - y|^2 - |x|^2 + 2 x.y
        let quantized = (self.noise - self.signal + 2.0 * self.dot).max(0.0);
        let lengths = (self.signal * quantized).sqrt();
        if lengths > 0.0 {
            (self.dot / lengths).clamp(-1.0, 1.0)
        } else if self.noise > 0.0 {
            0.0
        } else {
            1.0
        }
    }

    /// Share of the values clipped to the largest magnitude of their block, 0 to 1.
    pub fn saturated_share(&self) -> f64 {
        self.mean(self.n_saturated as f64)
    }

    /// Share of the values that were not zero and became zero, 0 to 1.
    pub fn flushed_share(&self) -> f64 {
        self.mean(self.n_flushed as f64)
    }

    /// Adds the sums of the piece that follows.
    pub fn merge(&mut self, next: &Self) {
        self.n += next.n;
        self.n_non_finite += next.n_non_finite;
        self.signal += next.signal;
        self.noise += next.noise;
        self.dot += next.dot;
        self.max_error = self.max_error.max(next.max_error);
        self.n_saturated += next.n_saturated;
        self.n_flushed += next.n_flushed;
    }

    fn mean(&self, sum: f64) -> f64 {
        if self.n == 0 {
            0.0
        } else {
            sum / self.n as f64
        }
    }

    /// Sums of one piece, computed afresh.
    pub fn of(x: &[f32], quantized: &[f32]) -> Self {
        let signal = signal(x);
        Self::with_signal(x, quantized, signal)
    }

    /// Sums of one piece whose [`signal`] is known.
    pub(super) fn with_signal(x: &[f32], quantized: &[f32], signal: f64) -> Self {
        let mut lanes = ErrorLanes::default();
        lanes.add(x, quantized);
        lanes
            .sums(signal)
            .unwrap_or_else(|| Self::of_finite(x, quantized))
    }

    /// Sums that leave out the values that are not finite before or after.
    pub(super) fn of_finite(x: &[f32], quantized: &[f32]) -> Self {
        let n = x.len() as u64;
        let (x, quantized): (Vec<f32>, Vec<f32>) = x
            .iter()
            .zip(quantized)
            .filter(|(x, y)| x.is_finite() && y.is_finite())
            .unzip();
        let mut lanes = ErrorLanes::default();
        lanes.add(&x, &quantized);
        Self {
            n_non_finite: n - x.len() as u64,
            ..lanes.all(signal(&x))
        }
    }
}

/// Sum of squares; not finite if any value is not.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx2+fma",
    "x86_64+avx2+fma",
))]
pub(super) fn signal(x: &[f32]) -> f64 {
    let (chunks, rest) = x.as_chunks::<LANES>();
    let mut sums = [0.0_f64; LANES];
    for chunk in chunks {
        for (sum, x) in sums.iter_mut().zip(chunk) {
            *sum += f64::from(*x) * f64::from(*x);
        }
    }
    for (sum, x) in sums.iter_mut().zip(rest) {
        *sum += f64::from(*x) * f64::from(*x);
    }
    sums.iter().sum()
}

/// Whether a value other than zero became zero.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "part of a loop compiled for several instruction sets"
)]
#[expect(
    clippy::needless_bitwise_bool,
    reason = "a branch would keep the loop from vectorizing"
)]
fn flushed_to_zero(x: f32, quantized: f32) -> bool {
    (quantized == 0.0) & (x != 0.0)
}

/// Sums of one piece in the making, lane by lane.
#[derive(Debug, Clone, Default)]
pub(super) struct ErrorLanes {
    n: u64,
    noise: [f64; LANES],
    dot: [f64; LANES],
    largest: [f32; LANES],
    n_flushed: u64,
}

impl ErrorLanes {
    /// Adds the next part of the piece; every part but the last is a multiple of 16 values long.
    pub(super) fn add(&mut self, x: &[f32], quantized: &[f32]) {
        add(self, x, quantized);
    }

    /// The sums, if all values were finite; `n_saturated` stays zero.
    pub(super) fn sums(&self, signal: f64) -> Option<ErrorSums> {
        let sums = self.all(signal);
        let is_finite = signal.is_finite() && sums.noise.is_finite() && sums.dot.is_finite();
        is_finite.then_some(sums)
    }

    fn all(&self, signal: f64) -> ErrorSums {
        let largest = self.largest.into_iter().fold(0.0, f32::max);
        ErrorSums {
            n: self.n,
            signal,
            noise: self.noise.iter().sum(),
            dot: self.dot.iter().sum(),
            max_error: largest.into(),
            n_flushed: self.n_flushed,
            ..ErrorSums::default()
        }
    }
}

/// Adds the product of two numbers that came from `f32`: the product is exact, so that fusing it with the addition, which saves
/// time where the processor can, changes no bit.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "part of a loop compiled for several instruction sets"
)]
fn add_product(sum: f64, a: f64, b: f64, fuses: bool) -> f64 {
    if fuses {
        a.mul_add(b, sum)
    } else {
        sum + a * b
    }
}

#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx2+fma",
    "x86_64+avx2+fma",
))]
fn add(sums: &mut ErrorLanes, x: &[f32], quantized: &[f32]) {
    let fuses = target_cfg_f!(target_feature = "fma");
    let (x_chunks, x_rest) = x.as_chunks::<LANES>();
    let (y_chunks, y_rest) = quantized.as_chunks::<LANES>();
    let (mut noise, mut dot, mut largest) = (sums.noise, sums.dot, sums.largest);
    // a lane of u32 counts 2^32 chunks before it wraps: pieces are far shorter
    let mut flushed = [0_u32; LANES];
    for (x, y) in x_chunks.iter().zip(y_chunks) {
        for lane in 0..LANES {
            // exact unless a value is far above the range of its block
            let error = x[lane] - y[lane];
            let wide = f64::from(error);
            noise[lane] = add_product(noise[lane], wide, wide, fuses);
            dot[lane] = add_product(dot[lane], f64::from(x[lane]), f64::from(y[lane]), fuses);
            let magnitude = error.abs();
            largest[lane] = if magnitude > largest[lane] {
                magnitude
            } else {
                largest[lane]
            };
            flushed[lane] += u32::from(flushed_to_zero(x[lane], y[lane]));
        }
    }
    for (lane, (x, y)) in x_rest.iter().zip(y_rest).enumerate() {
        let wide = f64::from(x - y);
        noise[lane] = add_product(noise[lane], wide, wide, fuses);
        dot[lane] = add_product(dot[lane], f64::from(*x), f64::from(*y), fuses);
        largest[lane] = largest[lane].max((x - y).abs());
        sums.n_flushed += u64::from(flushed_to_zero(*x, *y));
    }
    sums.noise = noise;
    sums.dot = dot;
    sums.largest = largest;
    sums.n += x.len() as u64;
    sums.n_flushed += flushed.iter().map(|n| u64::from(*n)).sum::<u64>();
}
