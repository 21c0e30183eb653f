//! How many bits a format takes: per value, for a matrix, and padded to memory words.

use super::{BlockLen, FloatFormat, Format, MxElement};

/// Bits of the parts of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct BlockBits {
    /// Each element, sign included.
    element: u64,
    /// Once a block.
    scale: u64,
    /// Once each `sub_block` values.
    sub_scale: u64,
    sub_block: u64,
    block_len: BlockLen,
}

impl Format {
    /// Bits a value takes in a long row, scales and their padding included.
    ///
    /// Whole-row blocks carry a scale a row, which counts as nothing here; [`Self::storage_bits`] counts it.
    pub fn bits_per_value(self) -> f64 {
        if let Self::Ggml(format) = self {
            return exact(format.block_bytes() as u64 * 8) / exact(format.block_values() as u64);
        }
        let bits = self.block_bits();
        exact(bits.element)
            + exact(bits.scale) * bits.block_len.scales_per_value()
            + exact(bits.sub_scale) / exact(bits.sub_block)
    }

    /// Exact bits of `rows` rows of `row_len` values, packed without gaps: a short last block still has a whole scale.
    ///
    /// ggml blocks cannot be short: the last one of a row is padded to full length.
    /// Saturates at the largest `u64`.
    pub fn storage_bits(self, rows: u64, row_len: u64) -> u64 {
        if let Self::Ggml(format) = self {
            let n_blocks = row_len.div_ceil(format.block_values() as u64);
            return rows
                .saturating_mul(n_blocks)
                .saturating_mul(format.block_bytes() as u64 * 8);
        }
        rows.saturating_mul(self.row_bits(row_len))
            .saturating_add(self.tensor_bits())
    }

    /// Bits of `rows` rows when each row starts at a memory word: what a layout adds to [`Self::storage_bits`].
    ///
    /// `word_bits` 0 counts as 1. Saturates at the largest `u64`.
    pub fn padded_bits(self, rows: u64, row_len: u64, word_bits: u32) -> u64 {
        let word_bits = u64::from(word_bits.max(1));
        let row = self.storage_bits(1, row_len) - self.tensor_bits();
        rows.saturating_mul(row.div_ceil(word_bits).saturating_mul(word_bits))
            .saturating_add(self.tensor_bits())
    }

    fn row_bits(self, row_len: u64) -> u64 {
        let bits = self.block_bits();
        bits.element
            .saturating_mul(row_len)
            .saturating_add(bits.scale * bits.block_len.n_blocks(row_len))
            .saturating_add(bits.sub_scale * row_len.div_ceil(bits.sub_block))
    }

    /// Bits once a tensor: NVFP4's FP32 scale.
    const fn tensor_bits(self) -> u64 {
        if matches!(self, Self::Nvfp4(_)) {
            32
        } else {
            0
        }
    }

    fn block_bits(self) -> BlockBits {
        let plain = |element: u64, scale: u64| BlockBits {
            element,
            scale,
            sub_scale: 0,
            sub_block: 1,
            block_len: self.block_len(),
        };
        match self {
            Self::Float(FloatFormat::Fp32) => plain(32, 0),
            Self::Float(FloatFormat::Fp16 | FloatFormat::Bf16) => plain(16, 0),
            Self::Minifloat(format) => plain(format.element.bits().into(), 0),
            Self::Bfp(format) => plain(
                1 + u64::from(format.mantissa_bits),
                format.exponent_bits.into(),
            ),
            Self::Mx(format) => match format.element {
                MxElement::Float(element) => plain(element.bits().into(), 8),
                MxElement::Integer { bits } => plain(bits.into(), 8),
            },
            Self::Nvfp4(_) => plain(4, 8),
            Self::MicroExponent(format) => BlockBits {
                sub_scale: 1,
                sub_block: 2,
                ..plain(1 + u64::from(format.mantissa_bits), 8)
            },
            Self::MxInt(format) => plain(format.width.into(), format.exponent_bits.into()),
            Self::BlockFp(format) => plain(format.width.into(), format.exponent_bits.into()),
            Self::Integer(format) => {
                let zero_point = if format.asymmetric { format.bits } else { 0 };
                plain(format.bits.into(), 16 + u64::from(zero_point))
            }
            // the whole block with its scales, spread over the values
            Self::Ggml(format) => plain(format.code_bits().into(), 0),
        }
    }
}

/// A small count as a number.
#[expect(
    clippy::cast_precision_loss,
    reason = "bits and values of one block are below 2^52"
)]
const fn exact(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(text: &str) -> Format {
        text.parse().unwrap()
    }

    /// OCP MX v1.0; ISCA 2023 table 2; papers' own figures for Anda, MSFP; ggml block sizes.
    #[test]
    fn bits_per_value_are_those_of_the_publications() {
        for (text, bits) in [
            ("fp32", 32.0),
            ("bf16", 16.0),
            ("bfp:m=4,e=8,b=32", 5.25),
            ("anda:m=6", 7.0 + 5.0 / 64.0),
            ("msfp16", 8.5),
            ("msfp11", 3.5),
            ("mxfp8-e4m3", 8.25),
            ("mxfp6-e2m3", 6.25),
            ("mxfp4", 4.25),
            ("mxint8", 8.25),
            ("nvfp4", 4.5),
            ("mx9", 9.0),
            ("mx6", 6.0),
            ("mx4", 4.0),
            ("mxint:w=4,b=16", 4.5),
            ("int:w=4,g=128", 4.125),
            ("int:w=4,g=128,asym", 4.0 + 20.0 / 128.0),
            ("bfp:m=7,e=8,b=row", 8.0),
            ("q4_0", 4.5),
            ("q2_k", 2.625),
            ("q3_k", 3.4375),
            ("q6_k", 6.5625),
            ("q8_k", 9.125),
        ] {
            assert!(
                (format(text).bits_per_value() - bits).abs() < 1e-12,
                "{text}"
            );
        }
    }

    #[test]
    fn storage_counts_short_blocks_and_whole_rows() {
        assert_eq!(
            format("bfp:m=4,e=8,b=32").storage_bits(2, 33),
            2 * (33 * 5 + 2 * 8)
        );
        assert_eq!(
            format("bfp:m=4,e=8,b=row").storage_bits(3, 100),
            3 * (500 + 8)
        );
        assert_eq!(format("mx9").storage_bits(1, 17), 17 * 8 + 2 * 8 + 9);
        assert_eq!(format("q4_0").storage_bits(1, 33), 2 * 18 * 8);
        assert_eq!(format("nvfp4").storage_bits(2, 16), 2 * (64 + 8) + 32);
        assert_eq!(format("fp16").storage_bits(u64::MAX, 9), u64::MAX);
    }

    #[test]
    fn padding_rows_to_words_adds_what_the_layout_needs() {
        let bfp = format("bfp:m=4,e=8,b=32");
        assert_eq!(bfp.padded_bits(2, 32, 64), 2 * 192);
        assert_eq!(bfp.padded_bits(2, 32, 1), bfp.storage_bits(2, 32));
    }

    #[test]
    fn long_rows_reach_bits_per_value() {
        for (text, format) in Format::ALL_NAMED {
            let bits = format.storage_bits(1, 1 << 20);
            let per_value = f64::from(u32::try_from(bits).unwrap()) / f64::from(1 << 20);
            assert!(
                (per_value - format.bits_per_value()).abs() < 1e-3,
                "{text} {per_value}"
            );
        }
    }
}
