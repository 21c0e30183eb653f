//! Bits of a format that is data: scales, choice, metadata, outliers, elements, block after block.
//!
//! Order of a block: the scales of its levels as the walk meets them, the coarsest first; with the main scale the choice; one-bit
//! scales; metadata; outliers (position, value); then, value by value, the flag if there is one, the place in the list and the sign.

mod reader;
mod scale_code;
mod writer;

pub(in crate::quantization) use reader::unpack;
pub(in crate::quantization) use writer::pack;
