//! Every format as the bits it takes in memory: pack, unpack, and what a unit reads where.
//!
//! A tensor is one stream of bits, the least significant of each byte and of each field first, without gaps: its length is
//! [`crate::format::Format::storage_bits`] rounded up to whole bytes. Rows follow each other, blocks follow each other in a
//! row, a short last block has a whole scale. The ggml types are the exception: their blocks are ggml's bytes.
//!
//! | format | once a block | then, value by value |
//! |---|---|---|
//! | BFP, `block_fp` | exponent with the usual bias | magnitude, then sign |
//! | Anda | exponent of 5 bits | a plane of signs, then planes of magnitude bits, the most significant first |
//! | OCP MX | E8M0 | element code: sign on top, or two's complement |
//! | MASE's `MXInt` | exponent with the usual bias | two's complement |
//! | NVFP4 | E4M3 (before the first block, once a tensor, FP32) | E2M1 |
//! | MX4, MX6, MX9 | exponent of 8 bits, then one bit a pair: set if it uses half the step | magnitude, then sign |
//! | grouped integers | FP16 scale, then the zero point if there is one | two's complement, or unsigned |
//! | floats, minifloats | nothing | the code |
//! | formats that are data | see `quantization::general` | place in the list, then sign |
//!
//! Full blocks of 32 MXFP4 values are so the 17 bytes of the specification, and a plane of an Anda group is one 64-bit word.

mod bits;
mod block;

pub(in crate::quantization) use bits::{BitReader, BitWriter};
use block::{read_block, write_block};

use super::Quantizer;
use super::general::{self, GeneralKernel};
use super::ggml::{self, BlockBytesError};
use crate::format::{Arithmetic, Format, Minifloat};

/// Why bytes are not a packed tensor of this shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PackedError {
    /// Too few or too many bytes.
    #[error("{found} bytes where {rows} rows of {row_len} values take {expected}")]
    Length {
        /// Bytes given.
        found: usize,
        /// Bytes it takes.
        expected: u64,
        /// Rows asked for.
        rows: usize,
        /// Values of a row.
        row_len: usize,
    },
    /// Bytes that are not whole ggml blocks.
    #[error(transparent)]
    Blocks(#[from] BlockBytesError),
}

/// Largest finite magnitude of the packed tensor over its FP32 scale: what NVFP4's recipe makes of it.
fn tensor_scale(quantizer: &Quantizer) -> f32 {
    quantizer.tensor_largest() / (Minifloat::E4M3.largest() * Minifloat::E2M1.largest())
}

/// Quantizes and packs rows of `row_len` values (0 or more than there are: one row).
///
/// Formats without a code for it store NaN as zero and an infinity as the largest number of its sign.
pub fn pack(quantizer: &Quantizer, x: &[f32], row_len: usize) -> Vec<u8> {
    let row_len = match row_len {
        0 => x.len().max(1),
        row_len => row_len.min(x.len().max(1)),
    };
    let format = quantizer.format();
    match format.arithmetic() {
        Arithmetic::Ggml(format) => return ggml::pack(format, x, row_len),
        Arithmetic::General(format) => {
            let kernel = GeneralKernel::new(format.prepared(), quantizer.tensor_largest());
            return general::pack(kernel, x, row_len, quantizer.noise());
        }
        _ => {}
    }
    let mut quantized = vec![0.0; x.len()];
    quantizer.quantize(x, row_len, &mut quantized);
    let tensor_scale = tensor_scale(quantizer);
    let mut bits = BitWriter::default();
    if format.has_tensor_scale() {
        bits.put(tensor_scale.to_bits().into(), 32);
    }
    let block_len = format.block_len().values(row_len);
    for (x, quantized) in x.chunks(row_len).zip(quantized.chunks(row_len)) {
        for (x, quantized) in x.chunks(block_len).zip(quantized.chunks(block_len)) {
            write_block(&mut bits, format, x, quantized, tensor_scale);
        }
    }
    bits.into_bytes()
}

/// Values of `rows` packed rows of `row_len` values: bit for bit those that [`Quantizer::quantize`] gave, NaN aside.
///
/// # Errors
/// If the bytes are not as many as the shape takes.
pub fn unpack(
    format: Format,
    bytes: &[u8],
    rows: usize,
    row_len: usize,
) -> Result<Vec<f32>, PackedError> {
    let expected = format.storage_bits(rows as u64, row_len as u64).div_ceil(8);
    let n_values = rows.checked_mul(row_len);
    let (true, Some(n_values)) = (bytes.len() as u64 == expected, n_values) else {
        return Err(PackedError::Length {
            found: bytes.len(),
            expected,
            rows,
            row_len,
        });
    };
    if let Arithmetic::Ggml(format) = format.arithmetic() {
        let values = ggml::unpack(format, bytes)?;
        let padded = row_len.next_multiple_of(format.block_values()).max(1);
        let rows = values.chunks(padded).flat_map(|row| &row[..row_len]);
        return Ok(rows.copied().collect());
    }
    let mut bits = BitReader::new(bytes);
    if let Arithmetic::General(format) = format.arithmetic() {
        return Ok(general::unpack(format.prepared(), bits, rows, row_len));
    }
    let mut values = Vec::with_capacity(n_values);
    let tensor_scale = if format.has_tensor_scale() {
        f32::from_bits(bits.take(32))
    } else {
        0.0
    };
    let block_len = format.block_len().values(row_len);
    for _ in 0..rows {
        let mut left = row_len;
        while left > 0 {
            let length = block_len.min(left);
            read_block(&mut bits, format, length, tensor_scale, &mut values);
            left -= length;
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(text: &str, x: &[f32]) -> Vec<u8> {
        let format = text.parse().unwrap();
        pack(&Quantizer::for_tensor(format, x), x, x.len())
    }

    #[test]
    fn a_block_of_mxfp4_is_the_seventeen_bytes_of_the_specification() {
        let mut x = [0.0_f32; 32];
        (x[0], x[1], x[31]) = (4.0, -1.0, 12.0);
        let bytes = packed("mxfp4", &x);
        // 12 = 6 x 2: the scale is 2^1, the elements 2, -1/2 and 6, the first in the low half of its byte
        assert_eq!((bytes.len(), bytes[0]), (17, 128));
        assert_eq!((bytes[1], bytes[16]), (0b1001_0100, 0b0111_0000));
    }

    #[test]
    fn bfp_stores_exponent_then_magnitude_and_sign() {
        // E = 1, step 2^-1: 3 = 6 steps, -0.5 = 1 step
        assert_eq!(packed("bfp:m=3,e=8,b=2", &[3.0, -0.5]), [128, 0b1001_0110]);
    }

    #[test]
    fn anda_stores_planes_of_signs_and_bits() {
        let mut x = [0.0_f32; 64];
        (x[0], x[63]) = (3.0, -1.0);
        // E = 1 stored as 16 in 5 bits; M = 2: 3 is 11, 1 is 01
        let bytes = packed("anda:m=2", &x);
        let word = bytes
            .iter()
            .rev()
            .fold(0_u128, |word, byte| word << 8 | u128::from(*byte));
        let (exponent, rest) = (word & 0x1f, word >> 5);
        let signs = rest & u128::from(u64::MAX);
        assert_eq!((exponent, signs), (16, 1 << 63));
        assert_eq!(bytes.len(), (5_usize + 3 * 64).div_ceil(8));
        assert_eq!(word >> 69 & 1, 1, "most significant bit of the first value");
    }

    #[test]
    fn bytes_of_another_shape_are_refused() {
        let error = unpack("mxfp4".parse().unwrap(), &[0; 16], 1, 32).unwrap_err();
        assert_eq!(
            error.to_string(),
            "16 bytes where 1 rows of 32 values take 17"
        );
    }
}
