//! One number for all data built into the model: two builds with other constants have other numbers.

use super::{design_text, model_text};
use crate::format::general::TEXTS as FORMATS;
use crate::hardware::technology;
use crate::quality;

/// Sum of the fingerprints of all built-in texts: designs, models, formats, technologies with cells, memories, SRAM, flows and devices, and
/// channel statistics. It does not depend on their order.
pub fn fingerprint() -> u64 {
    let named = design_text::DESIGNS.iter().chain(model_text::MODELS);
    let named = named.chain(FORMATS);
    named
        .map(|(_, text)| *text)
        .chain(technology::texts())
        .chain(quality::statistics_texts())
        .map(text_fingerprint)
        .fold(0, u64::wrapping_add)
}

/// A number that tells texts apart, by their bytes.
pub fn text_fingerprint(text: &str) -> u64 {
    fnv1a(text.bytes().map(u32::from))
}

/// A number that tells sequences apart: FNV-1a with 64 bits (Fowler, Noll and Vo), over words where these are no bytes.
pub fn fnv1a(words: impl Iterator<Item = u32>) -> u64 {
    words.fold(0xCBF2_9CE4_8422_2325, |hash, word| {
        (hash ^ u64::from(word)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}
