//! Cost of a design for a workload in a technology. Reads as the pipeline:
//!
//! `datapath` composes the processing element from the formats; `area` adds up what stands on the chip; for each
//! product `tiling` finds the external traffic, `activity` counts accesses and switching, `latency` the time,
//! `energy` the energy. [`CostModel::summary`] walks all products of both phases without allocating;
//! [`estimate`] walks the same way and keeps what it sees, so their digits agree.

mod activity;
mod area;
mod band;
mod component;
mod composition;
mod datapath;
mod element;
mod energy;
mod fpga;
mod fpga_model;
mod latency;
mod model;
mod prepared;
mod product;
mod result;
mod storage;
mod tiling;

pub use band::Band;
pub use component::{AreaBreakdown, Component, EnergyBreakdown};
pub use composition::CostMemory;
pub use element::{Element, Instance, Placement};
pub use latency::systolic_cycles;
pub use model::CostModel;
pub use result::{
    Cost, CostSummary, ElementPart, PhaseCost, PhaseSummary, ProductCost, SourceNote,
};
pub use tiling::{LoopOrder, Traffic};

use super::technology::Technology;
use crate::design::Design;
use crate::violation::Violation;
use crate::workload::Workload;

/// Full cost of a design, with breakdowns, band and sources; allocates.
///
/// # Errors
/// Every value out of range, and every part of the design whose cost is not known.
pub fn estimate(
    design: &Design,
    workload: &Workload,
    technology: &Technology,
) -> Result<Cost, Vec<Violation>> {
    CostModel::new(workload, technology)
        .map_err(|violation| vec![violation])?
        .estimate(design)
}
