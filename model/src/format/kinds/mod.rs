//! The kinds of formats, one file each: schema, storage, datapath widths and the rule from values to codes.

mod bbfp;
mod bfp;
mod block_fp;
mod float;
mod ggml;
mod integer;
mod micro_exponent;
mod minifloat;
mod mx;
mod mx_int;
mod nvfp4;

pub use bbfp::BbfpFormat;
pub use bfp::BfpFormat;
pub use block_fp::BlockFpFormat;
pub use float::FloatFormat;
pub use integer::IntegerFormat;
pub use micro_exponent::MicroExponentFormat;
pub use minifloat::MinifloatFormat;
pub use mx::{MxElement, MxFormat};
pub use mx_int::MxIntFormat;
pub use nvfp4::Nvfp4Format;
