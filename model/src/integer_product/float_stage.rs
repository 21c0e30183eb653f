//! Stages behind a block's exact sum in hardware: alignment of several blocks, conversion to FP32, accumulation.
//!
//! This is the definition that netlists and exported text are held to: sums of blocks are shifted to the largest exponent and
//! cut toward minus infinity; conversion cuts below the 24th bit; addition rounds to nearest even; subnormals become zero of
//! the same sign; an exponent of all ones is the number 2^128, which overflow gives.

/// A whole number times two to a power.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScaledSum {
    /// The number.
    pub sum: i128,
    /// The power.
    pub exponent: i32,
}

/// Sum of block sums in fixed point: `guard` bits are kept below the unit of the block with the largest exponent.
///
/// A single block stays as it is, without guard bits. Nothing is lost while sums, guard bits and the number of blocks fit 127 bits.
pub fn aligned_sum(blocks: &[ScaledSum], guard: u32) -> ScaledSum {
    if let [block] = blocks {
        return *block;
    }
    let top = blocks.iter().map(|block| block.exponent).max().unwrap_or(0);
    let sum = blocks
        .iter()
        .map(|block| {
            let distance = u32::try_from(top - block.exponent).unwrap_or(0);
            (block.sum << guard) >> distance.min(127)
        })
        .sum();
    ScaledSum {
        sum,
        exponent: top - guard.cast_signed(),
    }
}

impl ScaledSum {
    /// As FP32: bits below the 24th cut off, zero below the normal range, infinity above it.
    pub fn to_fp32(self) -> f32 {
        let magnitude = self.sum.unsigned_abs();
        if magnitude == 0 {
            return 0.0;
        }
        let bits = 128 - magnitude.leading_zeros().cast_signed();
        let top = self.exponent + bits - 1;
        let sign = if self.sum < 0 { 1_u32 << 31 } else { 0 };
        let biased = top + 127;
        let code = match biased {
            ..=0 => 0,
            255.. => 0xff << 23,
            _ => {
                let fraction = if bits > 24 {
                    magnitude >> (bits - 24)
                } else {
                    magnitude << (24 - bits)
                };
                let fraction = u32::try_from(fraction & 0x7f_ffff).unwrap_or(0);
                biased.cast_unsigned() << 23 | fraction
            }
        };
        f32::from_bits(sign | code)
    }
}

/// FP32 sum, rounded to nearest even, subnormals flushed to zero of the same sign.
pub fn add_fp32(left: f32, right: f32) -> f32 {
    let wide = |value: f32| {
        if value.is_infinite() {
            128_f64.exp2().copysign(f64::from(value))
        } else {
            f64::from(value)
        }
    };
    // Rounding a sum of two floats first to double precision and then to single gives the sum rounded once.
    let sum = wide(left) + wide(right);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the rounding of the addition"
    )]
    let rounded = sum as f32;
    if rounded.abs() < f32::MIN_POSITIVE {
        0.0_f32.copysign(rounded)
    } else {
        rounded
    }
}
