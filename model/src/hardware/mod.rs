//! Hardware: gates of a unit, technologies, and the cost of a whole design.
//!
//! Nothing here knows of accuracy, windows or files.

mod by_name;
pub mod cost;
mod element_report;
pub mod elements;
pub mod gates;
pub mod netlist;
mod parameters;
pub mod rtl;
mod sourced;
pub mod technology;
mod unit_report;

pub use cost::{Cost, CostModel, CostSummary, estimate};
pub use sourced::{Confidence, SourceNote, Sourced};
pub use technology::{Technology, technologies, technology};
pub use unit_report::{PartReport, SramReport, UnitReport};
