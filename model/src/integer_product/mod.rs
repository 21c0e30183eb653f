//! Block dot products as hardware computes them: whole numbers, shared exponents, an accumulator of a given width.
//!
//! Inside a block everything is integer arithmetic; block sums are added in FP32, as Anda and Harmonia do. With a wide
//! enough accumulator the block sums are the exact products of the quantized values; a narrower one saturates or wraps, and
//! may drop low bits, as [`Accumulator`] says. This is arithmetic to check hardware against, not a fast matrix product.

mod accumulator;
mod bit_serial;
mod block;
mod float_stage;
mod narrow_float;
mod super_block;

pub use accumulator::{Accumulator, AccumulatorOverflow};
pub use bit_serial::{BitPlanes, bit_serial_sum};
pub use block::{Blocks, BlocksError, IntegerBlock};
pub use float_stage::{ScaledSum, add_fp32, aligned_sum};
pub use narrow_float::NarrowFloat;
pub use super_block::{SuperBlockSum, super_block_dot, super_block_sum};

/// Sum of the products of one block: `sum x scale`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BlockSum {
    /// What the accumulator holds.
    pub sum: i128,
    /// What one unit of it is worth: a power of two, times the scales of grouped integers.
    pub unit: f64,
}

impl BlockSum {
    /// The sum as a number.
    #[expect(
        clippy::cast_precision_loss,
        reason = "sums beyond 53 bits round, as any read-out does"
    )]
    pub fn value(self) -> f64 {
        self.sum as f64 * self.unit
    }
}

/// Block sums of the dot product of two rows in the same blocks.
///
/// # Errors
/// If the rows or their blocks differ in length.
pub fn block_sums(
    a: &Blocks,
    b: &Blocks,
    accumulator: Accumulator,
) -> Result<Vec<BlockSum>, BlocksError> {
    a.check_same_shape(b)?;
    Ok(a.blocks
        .iter()
        .zip(&b.blocks)
        .map(|(a, b)| BlockSum {
            sum: accumulator.sum(
                a.codes
                    .iter()
                    .zip(&b.codes)
                    .map(|(a, b)| i128::from(*a) * i128::from(*b)),
            ),
            unit: a.unit * b.unit * accumulator.unit(),
        })
        .collect())
}

/// Dot product of two rows: block sums in integers, their sum in FP32 in the order of the blocks.
///
/// # Errors
/// If the rows or their blocks differ in length.
pub fn dot(a: &Blocks, b: &Blocks, accumulator: Accumulator) -> Result<f32, BlocksError> {
    let sums = block_sums(a, b, accumulator)?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "read out as FP32, as the hardware has it"
    )]
    let sum = sums
        .iter()
        .fold(0.0_f32, |sum, block| sum + block.value() as f32);
    Ok(sum)
}
