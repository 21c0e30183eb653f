//! Gates of one hardware unit, composed from bit widths: what is there, how much of it switches, how deep it is.
//!
//! [`Unit`] names a unit and its widths, [`Unit::parts`] composes it from primitives, [`CellLibrary::cost`] turns
//! the parts into area, energy and delay. The structure stands here; the few coefficients of a library are data,
//! fitted to synthesized circuits by `model/examples/fit_gates.rs`. Wires, clock trees and clock gating are not modeled.

mod cell;
mod cell_library;
mod converter;
mod dot_product;
mod float;
mod flow;
mod part;
mod path;
mod primitive;
mod section;
mod unit;
mod unit_section;
mod unit_text;

pub use cell::{Cell, Gates};
pub use cell_library::{CellLibrary, Switched, Switching, UnitCost};
pub use dot_product::ReconfigurableMode;
pub(super) use float::ACCUMULATOR_DATA;
pub use float::FloatKind;
pub(crate) use flow::FLOWS;
pub use flow::SynthesisFlow;
pub use part::{Logic, Part, Parts};
pub use path::{Path, Step};
pub(super) use primitive::registers;
pub use section::{Feedback, Section, Sections};
pub use unit::{FloatOperand, Pipelining, Unit};

/// ceil(log2 `count`), 0 for 0 and 1.
pub(crate) const fn ceil_log2(count: u32) -> u32 {
    if count <= 1 {
        0
    } else {
        u32::BITS - (count - 1).leading_zeros()
    }
}
