//! How many bits a format takes: per value, for a matrix, and padded to memory words.

use super::{BlockLen, Format};

/// Most parts of a block beside its elements.
const MOST_PARTS: usize = 6;

/// Bits of the parts of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BlockBits {
    /// Each element, sign included.
    pub(super) element: u64,
    /// Bits once each so many values: scales, choice, metadata.
    pub(super) parts: [(u64, BlockLen); MOST_PARTS],
    pub(super) n_parts: usize,
    /// Once a tensor.
    pub(super) tensor: u64,
    /// Bits of a scale of so many rows by so many values.
    pub(super) tile: Option<(u64, u16, u16)>,
    /// Length to which a short last block is padded, as in ggml.
    pub(super) padded_to: Option<u64>,
}

impl BlockBits {
    /// Elements and one scale a block.
    pub(super) fn plain(element: u64, scale: u64, block_len: BlockLen) -> Self {
        let mut bits = Self {
            element,
            parts: [(0, BlockLen::Row); MOST_PARTS],
            n_parts: 0,
            tensor: 0,
            tile: None,
            padded_to: None,
        };
        bits.add(scale, block_len);
        bits
    }

    /// Further bits once each block of this length.
    pub(super) fn add(&mut self, bits: u64, block_len: BlockLen) {
        if bits > 0 && self.n_parts < MOST_PARTS {
            self.parts[self.n_parts] = (bits, block_len);
            self.n_parts += 1;
        }
    }

    fn parts(&self) -> &[(u64, BlockLen)] {
        &self.parts[..self.n_parts]
    }

    fn row(&self, row_len: u64) -> u64 {
        let values = self.padded_to.map_or(row_len, |block| {
            row_len.div_ceil(block).saturating_mul(block)
        });
        let elements = self.element.saturating_mul(values);
        self.parts().iter().fold(elements, |sum, (bits, block)| {
            sum.saturating_add(bits.saturating_mul(block.n_blocks(row_len)))
        })
    }

    /// Bits of the scales of tiles.
    fn tiles(&self, rows: u64, row_len: u64) -> u64 {
        self.tile.map_or(0, |(bits, tile_rows, tile_values)| {
            rows.div_ceil(tile_rows.into())
                .saturating_mul(row_len.div_ceil(tile_values.into()))
                .saturating_mul(bits)
        })
    }
}

impl Format {
    /// Bits a value takes in a long row, scales and their padding included.
    ///
    /// Whole-row blocks carry a scale a row, which counts as nothing here; [`Self::storage_bits`] counts it.
    pub fn bits_per_value(self) -> f64 {
        let bits = self.block_bits();
        let tile = bits.tile.map_or(0.0, |(bits, rows, values)| {
            exact(bits) / (f64::from(rows) * f64::from(values))
        });
        let parts = bits.parts().iter();
        parts.fold(exact(bits.element) + tile, |sum, (bits, block)| {
            sum + exact(*bits) * block.scales_per_value()
        })
    }

    /// Exact bits of `rows` rows of `row_len` values, packed without gaps: a short last block still has a whole scale.
    ///
    /// ggml blocks cannot be short: the last one of a row is padded to full length.
    /// Saturates at the largest `u64`.
    pub fn storage_bits(self, rows: u64, row_len: u64) -> u64 {
        let bits = self.block_bits();
        rows.saturating_mul(bits.row(row_len))
            .saturating_add(bits.tiles(rows, row_len))
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
            .saturating_add(bits.tiles(rows, row_len))
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
            // As many rows as the tallest tile of scales has.
            let bits = format.storage_bits(128, 1 << 20);
            let per_value = exact(bits) / exact(128 << 20);
            assert!(
                (per_value - format.bits_per_value()).abs() < 1e-3,
                "{text} {per_value}"
            );
        }
    }
}
