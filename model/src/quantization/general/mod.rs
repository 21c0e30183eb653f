//! Block formats that are data: scales level by level, the best candidate of a block, elements, and their bits.

mod decision;
mod elements;
mod kernel;
mod packing;

pub(super) use kernel::{GeneralKernel, quantize};
pub(super) use packing::{pack, unpack};
