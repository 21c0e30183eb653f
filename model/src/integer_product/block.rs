//! Rows as blocks of whole numbers with the worth of one unit: what the operands of an integer datapath are.

#![expect(
    clippy::cast_possible_truncation,
    reason = "quantized values are whole multiples of the unit that fit their code"
)]

use crate::format::{Arithmetic, BlockLen, ElementScale, Format};
use crate::quantization::{Quantizer, units};

/// A block: `value = code x unit`.
#[derive(Debug, Clone, PartialEq)]
pub struct IntegerBlock {
    /// Whole numbers; a zero point is already taken off, small floats are counted in their smallest step.
    pub codes: Vec<i64>,
    /// Worth of one.
    pub unit: f64,
}

/// A row in blocks.
#[derive(Debug, Clone, PartialEq)]
pub struct Blocks {
    /// The blocks, in order; the last may be short.
    pub blocks: Vec<IntegerBlock>,
}

/// Why a row has no blocks of whole numbers, or two rows have no product.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlocksError {
    /// A format without whole numbers.
    #[error(
        "{0} has no blocks of whole numbers; BFP, MX, micro-exponent, MASE and int formats have"
    )]
    Format(String),
    /// A value that is not finite.
    #[error("value {0} is not a finite number")]
    NotFinite(usize),
    /// Blocks of different lengths.
    #[error("block {block} has {left} values on one side and {right} on the other")]
    Shape {
        /// Index of the first block that differs.
        block: usize,
        /// Values of the one.
        left: usize,
        /// Values of the other, 0 if it has no such block.
        right: usize,
    },
}

impl Blocks {
    /// Quantizes a row to blocks of whole numbers.
    ///
    /// # Errors
    /// If the format has none, or a value is not finite.
    pub fn quantize(format: Format, row: &[f32]) -> Result<Self, BlocksError> {
        if let Some(index) = row.iter().position(|value| !value.is_finite()) {
            return Err(BlocksError::NotFinite(index));
        }
        let mut out = vec![0.0; row.len()];
        Quantizer::for_tensor(format, row).quantize(row, row.len(), &mut out);
        let len = format.block_len().values(row.len());
        let blocks = row
            .chunks(len)
            .zip(out.chunks(len))
            .map(|(x, quantized)| {
                let unit = units::of_block(format, x)
                    .ok_or_else(|| BlocksError::Format(format.to_string()))?;
                let codes = quantized
                    .iter()
                    .map(|value| code(f64::from(*value), unit))
                    .collect();
                Ok(IntegerBlock { codes, unit })
            })
            .collect::<Result<_, BlocksError>>()?;
        Ok(Self { blocks })
    }

    /// The same row cut into blocks of another length: a group of weights against several blocks of activations.
    ///
    /// `len` divides the block length of the row's format, or the row is one block; `Row` and `One` leave it as it is.
    #[must_use]
    pub fn cut(self, len: BlockLen) -> Self {
        let BlockLen::Fixed(len) = len else {
            return self;
        };
        let cut = |block: IntegerBlock| {
            let unit = block.unit;
            let parts: Vec<IntegerBlock> = block
                .codes
                .chunks(usize::from(len.get()))
                .map(|codes| IntegerBlock {
                    codes: codes.to_vec(),
                    unit,
                })
                .collect();
            parts
        };
        Self {
            blocks: self.blocks.into_iter().flat_map(cut).collect(),
        }
    }

    pub(super) fn check_same_shape(&self, other: &Self) -> Result<(), BlocksError> {
        for block in 0..self.blocks.len().max(other.blocks.len()) {
            let length = |blocks: &Self| {
                blocks
                    .blocks
                    .get(block)
                    .map_or(0, |block| block.codes.len())
            };
            let (left, right) = (length(self), length(other));
            if left != right {
                return Err(BlocksError::Shape { block, left, right });
            }
        }
        Ok(())
    }
}

/// Whole number of units; exact for powers of two, the nearest for grouped integers, whose values are rounded products.
fn code(value: f64, unit: f64) -> i64 {
    if unit > 0.0 {
        (value / unit).round() as i64
    } else {
        0
    }
}

impl Format {
    /// Whether [`Blocks::quantize`] has whole numbers for it.
    pub fn is_integer_block(self) -> bool {
        match self.arithmetic() {
            Arithmetic::Grid(_) | Arithmetic::MicroExponent { .. } | Arithmetic::Groups { .. } => {
                true
            }
            Arithmetic::Elements(elements) => {
                matches!(elements.scale, ElementScale::PowerOfTwo(_))
                    // wider ranges would not fit the code
                    && elements.element.exponent_bits() <= 5
            }
            Arithmetic::Exact | Arithmetic::Bf16 | Arithmetic::Ggml(_) | Arithmetic::General(_) => {
                false
            }
        }
    }
}
