//! Sums that say how far a tensor is from its quantized self.

#![expect(
    clippy::cast_precision_loss,
    reason = "counts of values stay far below 2^52"
)]

use super::error_lanes::{ErrorLanes, ValueLanes};

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
    /// Sum of the squares of the quantized values.
    pub quantized: f64,
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
        let lengths = (self.signal * self.quantized).sqrt();
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
        self.quantized += next.quantized;
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

    /// Sums of one piece and its quantized form; `n_saturated` stays zero.
    pub fn of(x: &[f32], quantized: &[f32]) -> Self {
        let mut values = ValueLanes::default();
        let mut errors = ErrorLanes::default();
        values.add(x);
        errors.add(x, quantized);
        errors
            .sums(&values)
            .unwrap_or_else(|| Self::careful(x, quantized))
    }

    /// Sums of values of any size, one by one in double precision, without those that are not finite before or after.
    #[cold]
    pub(super) fn careful(x: &[f32], quantized: &[f32]) -> Self {
        let mut sums = Self::default();
        for (x, y) in x.iter().zip(quantized) {
            if !(x.is_finite() && y.is_finite()) {
                sums.n_non_finite += 1;
                continue;
            }
            let (wide, quantized) = (f64::from(*x), f64::from(*y));
            let error = wide - quantized;
            sums.n += 1;
            sums.signal += wide * wide;
            sums.quantized += quantized * quantized;
            sums.noise += error * error;
            sums.dot += wide * quantized;
            sums.max_error = sums.max_error.max(error.abs());
            sums.n_flushed += u64::from(*x != 0.0 && *y == 0.0);
        }
        sums
    }
}
