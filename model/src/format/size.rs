//! How many bits a format takes: per value, for a matrix, and padded to memory words.

use super::{BlockLen, Format};

/// Bits of the parts of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BlockBits {
    /// Each element, sign included.
    pub(super) element: u64,
    /// Once a block.
    pub(super) scale: u64,
    /// Once each `sub_block` values.
    pub(super) sub_scale: u64,
    pub(super) sub_block: u64,
    pub(super) block_len: BlockLen,
    /// Once a tensor.
    pub(super) tensor: u64,
    /// A short last block takes the room of a whole one, as in ggml.
    pub(super) is_padded: bool,
}

impl BlockBits {
    /// Elements and one scale a block.
    pub(super) const fn plain(element: u64, scale: u64, block_len: BlockLen) -> Self {
        Self {
            element,
            scale,
            sub_scale: 0,
            sub_block: 1,
            block_len,
            tensor: 0,
            is_padded: false,
        }
    }

    fn row(self, row_len: u64) -> u64 {
        let n_blocks = self.block_len.n_blocks(row_len);
        let row_len = match self.block_len {
            BlockLen::Fixed(values) if self.is_padded => {
                n_blocks.saturating_mul(values.get().into())
            }
            _ => row_len,
        };
        self.element
            .saturating_mul(row_len)
            .saturating_add(self.scale.saturating_mul(n_blocks))
            .saturating_add(
                self.sub_scale
                    .saturating_mul(row_len.div_ceil(self.sub_block)),
            )
    }
}

impl Format {
    /// Bits a value takes in a long row, scales and their padding included.
    ///
    /// Whole-row blocks carry a scale a row, which counts as nothing here; [`Self::storage_bits`] counts it.
    pub fn bits_per_value(self) -> f64 {
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
        let bits = self.block_bits();
        rows.saturating_mul(bits.row(row_len))
            .saturating_add(bits.tensor)
    }

    /// Bits of `rows` rows when each row starts at a memory word: what a layout adds to [`Self::storage_bits`].
    ///
    /// `word_bits` 0 counts as 1. Saturates at the largest `u64`.
    pub fn padded_bits(self, rows: u64, row_len: u64, word_bits: u32) -> u64 {
        let word_bits = u64::from(word_bits.max(1));
        let bits = self.block_bits();
        let row = bits.row(row_len);
        rows.saturating_mul(row.div_ceil(word_bits).saturating_mul(word_bits))
            .saturating_add(bits.tensor)
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
        for (text, format) in Format::named() {
            let bits = format.storage_bits(1, 1 << 20);
            let per_value = f64::from(u32::try_from(bits).unwrap()) / f64::from(1 << 20);
            assert!(
                (per_value - format.bits_per_value()).abs() < 1e-3,
                "{text} {per_value}"
            );
        }
    }
}
