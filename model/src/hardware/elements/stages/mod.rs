//! Stages that several kinds of elements are built from.

mod alignment;
mod float_adder;
mod float_stage;
mod lanes;
mod minifloat;
mod products;
mod scale;

pub(super) use alignment::{aligned_sum, largest, rebased};
pub(super) use float_adder::TruncatingAdder;
pub(super) use float_stage::FloatStage;
pub use lanes::Lanes;
pub use minifloat::Minifloat;
pub(super) use minifloat::Unpacked;
pub(super) use products::{Products, baugh_wooley};
pub use scale::ScaleFormat;
pub(super) use scale::{scale_product, scaled_sum};
