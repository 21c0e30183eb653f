//! Decoding of the block types of GGUF files, by the formats of this crate.

use super::codebook_blocks;
use super::element_type::GgmlType;
use super::small_floats::{E2M1, e4m3};
use half::f16;

use crate::format::GgmlFormat;
use crate::quantization::ggml::unpack_into;

/// Decodes whole blocks of a ggml type.
///
/// # Errors
/// For types that this crate does not know the arithmetic of.
pub(super) fn decode(kind: GgmlType, bytes: &[u8], out: &mut [f32]) -> Result<(), String> {
    let format = match kind.name() {
        "MXFP4" => Some(GgmlFormat::Mxfp4),
        name => GgmlFormat::ALL
            .into_iter()
            .find(|format| format.word().eq_ignore_ascii_case(name)),
    };
    match format {
        Some(format) => unpack_into(format, bytes, out),
        None if kind.name() == "NVFP4" => decode_nvfp4(bytes, out),
        None if kind.name() == "Q1_0" => decode_signs(bytes, out),
        None => codebook_blocks::decode(kind.name(), bytes, out)
            .ok_or_else(|| format!("block type {} cannot be decoded", kind.name()))?,
    }
    Ok(())
}

/// ggml's NVFP4: four unsigned E4M3 scales, then 8 bytes for each 16 values, the low halves first. The code 0x7f is zero.
fn decode_nvfp4(bytes: &[u8], out: &mut [f32]) {
    let blocks = bytes.as_chunks::<36>().0;
    for (block, out) in blocks.iter().zip(out.as_chunks_mut::<64>().0) {
        let (scales, codes) = block.split_at(4);
        let parts = out.as_chunks_mut::<16>().0.iter_mut();
        for ((scale, codes), out) in scales.iter().zip(codes.as_chunks::<8>().0).zip(parts) {
            let scale = match scale & 0x7f {
                0x7f => 0.0,
                code => e4m3(code),
            };
            for (index, code) in codes.iter().enumerate() {
                out[index] = E2M1[usize::from(code & 15)] * scale;
                out[index + 8] = E2M1[usize::from(code >> 4)] * scale;
            }
        }
    }
}

/// ggml's `Q1_0`: a binary16 scale, then a bit a value; a set bit is plus.
fn decode_signs(bytes: &[u8], out: &mut [f32]) {
    let blocks = bytes.as_chunks::<18>().0;
    for (block, out) in blocks.iter().zip(out.as_chunks_mut::<128>().0) {
        let (scale, signs) = block.split_at(2);
        let scale = f16::from_le_bytes([scale[0], scale[1]]).to_f32();
        for (index, value) in out.iter_mut().enumerate() {
            let is_plus = signs[index / 8] >> (index % 8) & 1 == 1;
            *value = if is_plus { scale } else { -scale };
        }
    }
}
