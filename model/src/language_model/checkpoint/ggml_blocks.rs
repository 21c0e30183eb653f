//! Decoding of the block types of GGUF files, by the formats of this crate.

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
    let Some(format) = format else {
        return Err(format!(
            "block type {} cannot be decoded; Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q8_1, Q2_K to Q6_K, Q8_K and MXFP4 can",
            kind.name()
        ));
    };
    unpack_into(format, bytes, out);
    Ok(())
}
