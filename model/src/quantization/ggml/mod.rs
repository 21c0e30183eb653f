//! Block formats of ggml (llama.cpp): quantize, dequantize, and the exact bytes of their blocks.
//!
//! Every type gives the bytes of ggml's reference quantizers, bit for bit; super-blocks are those without an importance matrix.

#![expect(
    clippy::inline_always,
    reason = "these must become part of loops compiled for several instruction sets"
)]

mod fit;
mod register_kernel;
mod small_block;
mod small_layout;
mod super_block;
mod super_layout;

use multiversion::multiversion;

pub use small_block::SmallBlock;
pub use super_block::SuperBlock;

use register_kernel::{EightBitKernel, Mxfp4Kernel};

use super::arithmetic::{NearestAway, NearestEven, Noise};
use super::blocks::{BlockKernel, Layout, rows, rows_of};
use super::registers::{self, Output, Tile};
use crate::format::GgmlFormat;

/// Values of a small block.
pub const SMALL_BLOCK: usize = 32;
/// Values of a super-block (`QK_K`).
pub const SUPER_BLOCK: usize = 256;

/// Why bytes are not blocks of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{length} bytes are not whole blocks of {} bytes ({})", .format.block_bytes(), .format.word())]
pub struct BlockBytesError {
    /// The type.
    pub format: GgmlFormat,
    /// Bytes given.
    pub length: usize,
}

/// Packs rows into blocks; the last block of a row is filled up with zeros.
pub fn pack(format: GgmlFormat, x: &[f32], row_len: usize) -> Vec<u8> {
    let row_len = if row_len == 0 {
        x.len()
    } else {
        row_len.min(x.len())
    };
    let block_values = format.block_values();
    let n_rows = x.len().div_ceil(row_len.max(1));
    let n_blocks = n_rows * row_len.div_ceil(block_values);
    let mut bytes = Vec::with_capacity(n_blocks * format.block_bytes());
    for row in x.chunks(row_len.max(1)) {
        for block in row.chunks(block_values) {
            if format.is_super_block() {
                let block = SuperBlock::quantize(format, &padded(block));
                block.pack(format, &mut bytes);
            } else {
                let block = SmallBlock::quantize(format, &padded(block));
                block.pack(format, &mut bytes);
            }
        }
    }
    bytes
}

/// Values of packed blocks, in order.
///
/// # Errors
/// If the bytes are not a whole number of blocks.
pub fn unpack(format: GgmlFormat, bytes: &[u8]) -> Result<Vec<f32>, BlockBytesError> {
    let block_bytes = format.block_bytes();
    if !bytes.len().is_multiple_of(block_bytes) {
        return Err(BlockBytesError {
            format,
            length: bytes.len(),
        });
    }
    let mut values = vec![0.0; bytes.len() / block_bytes * format.block_values()];
    unpack_into(format, bytes, &mut values);
    Ok(values)
}

/// Values of as many whole blocks as both `bytes` and `values` hold.
pub fn unpack_into(format: GgmlFormat, bytes: &[u8], values: &mut [f32]) {
    let blocks = bytes.chunks_exact(format.block_bytes());
    if format.is_super_block() {
        let (out, _) = values.as_chunks_mut::<SUPER_BLOCK>();
        for (bytes, out) in blocks.zip(out) {
            SuperBlock::unpack(format, bytes).dequantize(format, out);
        }
    } else {
        let (out, _) = values.as_chunks_mut::<SMALL_BLOCK>();
        for (bytes, out) in blocks.zip(out) {
            SmallBlock::unpack(format, bytes).dequantize(out);
        }
    }
}

fn padded<const LEN: usize>(values: &[f32]) -> [f32; LEN] {
    let mut block = [0.0; LEN];
    block[..values.len()].copy_from_slice(values);
    block
}

/// One of the types with 32 values.
#[derive(Debug, Clone, Copy)]
struct SmallKernel(GgmlFormat);

impl BlockKernel for SmallKernel {
    #[inline(always)]
    fn block(self, x: &[f32], y: &mut [f32], _largest: u32, _noise: Noise) -> u32 {
        if let (Some(x), Some(y)) = (x.as_array(), y.as_mut_array()) {
            let block = SmallBlock::quantize(self.0, x);
            block.dequantize(y);
            block.n_clipped
        } else {
            let block = SmallBlock::quantize(self.0, &padded(x));
            let mut out = [0.0; SMALL_BLOCK];
            block.dequantize(&mut out);
            y.copy_from_slice(&out[..y.len()]);
            block.n_clipped
        }
    }
}

/// One of the super-block types.
#[derive(Debug, Clone, Copy)]
struct SuperKernel(GgmlFormat);

impl BlockKernel for SuperKernel {
    #[inline(always)]
    fn block(self, x: &[f32], y: &mut [f32], _largest: u32, _noise: Noise) -> u32 {
        let block = SuperBlock::quantize_here(self.0, &padded(x));
        let mut out = [0.0; SUPER_BLOCK];
        block.dequantize(self.0, &mut out);
        y.copy_from_slice(&out[..y.len()]);
        block.n_clipped
    }
}

/// Whether it helps to know the largest magnitudes of blocks when errors of this type are wanted.
pub(super) const fn asks_for_maxima(format: GgmlFormat) -> bool {
    matches!(
        format,
        GgmlFormat::Q8_0 | GgmlFormat::Q8_1 | GgmlFormat::Mxfp4
    )
}

/// Quantizes a tile to a ggml type and back; returns the number of clipped values.
pub(super) fn quantize(format: GgmlFormat, tile: Tile<'_>, output: Output<'_>) -> u64 {
    match format {
        // the scaled sum of Q8_1 is no part of its values
        GgmlFormat::Q8_0 | GgmlFormat::Q8_1 => {
            registers::with_rounding::<_, NearestAway>(EightBitKernel, tile, output)
        }
        GgmlFormat::Mxfp4 => registers::with_rounding::<_, NearestEven>(Mxfp4Kernel, tile, output),
        _ => output.store(tile.x, |y| each_block(format, tile.x, y, tile.layout)),
    }
}

/// The types that no register kernel serves.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx2+fma",
    "x86_64+avx2+fma",
))]
fn each_block(format: GgmlFormat, x: &[f32], y: &mut [f32], layout: Layout) -> u64 {
    // the type becomes a constant in each arm
    match format {
        GgmlFormat::Q4_0 => small_rows(SmallKernel(GgmlFormat::Q4_0), x, y, layout),
        GgmlFormat::Q4_1 => small_rows(SmallKernel(GgmlFormat::Q4_1), x, y, layout),
        GgmlFormat::Q5_0 => small_rows(SmallKernel(GgmlFormat::Q5_0), x, y, layout),
        GgmlFormat::Q5_1 => small_rows(SmallKernel(GgmlFormat::Q5_1), x, y, layout),
        format => rows(SuperKernel(format), x, y, layout),
    }
}

#[inline(always)]
fn small_rows(kernel: SmallKernel, x: &[f32], y: &mut [f32], layout: Layout) -> u64 {
    rows_of::<_, SMALL_BLOCK>(kernel, x, y, layout)
}
