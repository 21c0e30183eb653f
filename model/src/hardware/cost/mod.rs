//! Cost of a design for a workload in a technology. Reads as the pipeline:
//!
//! `datapath` says what the formats ask of a processing element and composes it of units (`element`); `area` adds up
//! what stands on the chip; `timing` and `clocking` hold the clock against its paths and put in registers; `prepared`
//! holds all that the products share. For each product, `product` goes from `tiling`, which finds the external traffic,
//! over `activity`, which counts accesses and switching, and `latency`, which gives the time, to `energy`. [`CostModel::summary`] walks all products of both phases without allocating;
//! [`estimate`] walks the same way and keeps what it sees, so their digits agree. [`CostModel::summary_beside`]
//! computes only what differs from the design before (`composition`).

mod activity;
mod area;
mod band;
mod clocking;
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
mod timing;

pub use band::Band;
pub use component::{AreaBreakdown, Component, EnergyBreakdown};
pub use composition::CostMemory;
pub use element::{Element, Instance, Placement};
pub use latency::systolic_cycles;
pub use model::CostModel;
pub use result::{
    Bottleneck, Cost, CostSummary, ElementPart, PhaseCost, PhaseSummary, ProductCost, Timing,
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
