//! One packed weight: codes, scales and zero points, decoded row by row.
//!
//! A value is `(code - zero) x scale x factor + offset`, with the scale, zero and offset of its group.

use super::super::small_floats::{E2M1, e4m3, e5m2};
use super::super::{CheckpointError, TensorView};

/// A matrix as it was packed; rows run along the reduction.
#[derive(Debug)]
pub(in super::super) struct PackedWeight<'a> {
    /// The scheme, for messages and listings.
    pub(in super::super) scheme: &'static str,
    pub(super) n_rows: usize,
    pub(super) row_len: usize,
    pub(super) codes: Codes<'a>,
    pub(super) scales: Scales<'a>,
    pub(super) zeros: Zeros<'a>,
    /// Added after scaling, one a group.
    pub(super) offsets: Option<TensorView<'a>>,
    /// Multiplied into every scale.
    pub(super) factor: f32,
    /// Bytes of all parts.
    pub(super) n_bytes: u64,
}

/// Where the codes lie.
#[derive(Debug)]
pub(super) enum Codes<'a> {
    /// Floats of eight bits with four or five of exponent, row by row.
    E4m3(&'a [u8]),
    /// As above.
    E5m2(&'a [u8]),
    /// Floats of four bits, row by row, the low half of a byte first.
    E2m1(&'a [u8]),
    /// Two's complement bytes, row by row.
    Signed(&'a [u8]),
    /// Unsigned integers of 2, 4 or 8 bits, row by row, low bits first.
    Unsigned(&'a [u8], usize),
    /// Unsigned integers of so many bits in words that hold neighbors of one column (GPTQ).
    Columns(&'a [u8], usize),
    /// Integers of four bits in words that hold eight rows in AWQ's order.
    Interleaved(&'a [u8]),
}

/// Which scale belongs to which value.
#[derive(Debug)]
pub(super) enum Scales<'a> {
    /// One for a block of so many rows and columns; row by row.
    Blocks {
        grid: TensorView<'a>,
        rows: usize,
        columns: usize,
    },
    /// One a group of columns and row, groups outermost; the group of each column.
    Groups {
        grid: TensorView<'a>,
        of_column: Vec<usize>,
    },
}

/// The code of zero.
#[derive(Debug)]
pub(super) enum Zeros<'a> {
    /// The same for all.
    Fixed(i32),
    /// One a scale, in a grid like that of the scales.
    Grid(TensorView<'a>),
    /// Packed in words of columns beside `Groups`, plus a constant (GPTQ).
    Columns(&'a [u8], usize, i32),
    /// Packed in AWQ's order beside `Groups`.
    Interleaved(&'a [u8]),
    /// Packed along rows, beside `Blocks` of one row: code of `(row, group)` in words of so many bits.
    Rows(&'a [u8], usize),
}

/// Place of a row's code in a word of AWQ.
const AWQ_PLACES: [usize; 8] = [0, 4, 1, 5, 2, 6, 3, 7];

/// The integer of `bits` bits at a place in little-endian words.
fn word_code(bytes: &[u8], word: usize, place: usize, bits: usize) -> i32 {
    let bit = place * bits;
    // bits divide eight, so that a code lies in one byte
    let byte = bytes.get(4 * word + bit / 8).copied().unwrap_or(0);
    i32::from(byte >> (bit % 8)) & ((1 << bits) - 1)
}

impl PackedWeight<'_> {
    pub(in super::super) fn stored_bytes(&self) -> u64 {
        self.n_bytes
    }

    /// Decodes rows `first ..` until `out` is full.
    pub(in super::super) fn decode(
        &self,
        first: usize,
        out: &mut [f32],
    ) -> Result<(), CheckpointError> {
        let grid = match &self.scales {
            Scales::Groups { grid, .. } => grid.decode()?,
            Scales::Blocks { .. } => Vec::new(),
        };
        let mut of_row = Vec::new();
        let mut offsets = Vec::new();
        let mut decoded = None;
        for (row, out) in (first..).zip(out.chunks_exact_mut(self.row_len)) {
            match &self.scales {
                Scales::Blocks { grid, rows, .. } => {
                    let block = row / rows;
                    if decoded != Some(block) {
                        of_row = grid.decode_rows(block as u64, 1)?;
                        self.scale(&mut of_row);
                        if let Some(view) = &self.offsets {
                            offsets = view.decode_rows(block as u64, 1)?;
                        }
                        decoded = Some(block);
                    }
                }
                Scales::Groups { .. } => {
                    of_row.clear();
                    of_row.extend(grid.iter().skip(row).step_by(self.n_rows));
                    self.scale(&mut of_row);
                }
            }
            self.decode_row(row, &of_row, &offsets, out);
        }
        Ok(())
    }

    fn scale(&self, scales: &mut [f32]) {
        for scale in scales {
            *scale *= self.factor;
        }
    }

    fn decode_row(&self, row: usize, scales: &[f32], offsets: &[f32], out: &mut [f32]) {
        let zeros = self.zeros_of_row(row, scales.len());
        for (column, value) in out.iter_mut().enumerate() {
            let group = match &self.scales {
                Scales::Blocks { columns, .. } => column / columns,
                Scales::Groups { of_column, .. } => of_column[column],
            };
            *value = self.code(row, column, zeros[group]) * scales[group];
            if let Some(offset) = offsets.get(group) {
                *value += offset;
            }
        }
    }

    /// The code less the zero, as a float.
    #[expect(clippy::cast_precision_loss, reason = "codes have at most eight bits")]
    fn code(&self, row: usize, column: usize, zero: i32) -> f32 {
        let index = row * self.row_len + column;
        let integer = match &self.codes {
            Codes::E4m3(bytes) => return e4m3(bytes[index]),
            Codes::E5m2(bytes) => return e5m2(bytes[index]),
            Codes::E2m1(bytes) => {
                return E2M1[usize::from(bytes[index / 2] >> (4 * (index % 2)) & 15)];
            }
            Codes::Signed(bytes) => i32::from(bytes[index].cast_signed()),
            Codes::Unsigned(bytes, bits) => {
                let bit = index * bits;
                i32::from(bytes[bit / 8] >> (bit % 8)) & ((1 << bits) - 1)
            }
            Codes::Columns(bytes, bits) => {
                let in_word = 32 / bits;
                let word = column / in_word * self.n_rows + row;
                word_code(bytes, word, column % in_word, *bits)
            }
            Codes::Interleaved(bytes) => {
                let word = column * (self.n_rows / 8) + row / 8;
                word_code(bytes, word, AWQ_PLACES[row % 8], 4)
            }
        };
        (integer - zero) as f32
    }

    fn zeros_of_row(&self, row: usize, n_groups: usize) -> Vec<i32> {
        match &self.zeros {
            Zeros::Fixed(zero) => vec![*zero; n_groups],
            Zeros::Grid(view) => {
                let rows = match &self.scales {
                    Scales::Blocks { rows, .. } => *rows,
                    Scales::Groups { .. } => 1,
                };
                let row_len = usize::try_from(view.row_len()).unwrap_or(usize::MAX);
                let bytes = view.bytes().iter().skip(row / rows * row_len);
                bytes
                    .take(n_groups)
                    .map(|byte| i32::from(byte.cast_signed()))
                    .collect()
            }
            Zeros::Columns(bytes, bits, plus) => {
                let in_word = 32 / bits;
                let zero = |group: usize| {
                    let word = group * (self.n_rows / in_word) + row / in_word;
                    word_code(bytes, word, row % in_word, *bits) + plus
                };
                (0..n_groups).map(zero).collect()
            }
            Zeros::Interleaved(bytes) => {
                let zero = |group: usize| {
                    let word = group * (self.n_rows / 8) + row / 8;
                    word_code(bytes, word, AWQ_PLACES[row % 8], 4)
                };
                (0..n_groups).map(zero).collect()
            }
            Zeros::Rows(bytes, bits) => {
                let in_word = 32 / bits;
                let zero = |group: usize| {
                    let word = row / in_word * n_groups + group;
                    word_code(bytes, word, row % in_word, *bits)
                };
                (0..n_groups).map(zero).collect()
            }
        }
    }
}
