//! Decoding of the block types of GGUF files, by the formats of this crate.

use super::codebook_blocks;
use super::element_type::GgmlType;
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
        None => codebook_blocks::decode(kind.name(), bytes, out)
            .ok_or_else(|| format!("block type {} cannot be decoded", kind.name()))?,
    }
    Ok(())
}
