//! What the ranges of the constants make of a result, and which constants those are.

use super::{Component, CostSummary, EnergyBreakdown};
use crate::design::Design;
use crate::hardware::technology::{FpgaDevice, FpgaFamily, Technology};
use crate::hardware::{Confidence, SourceNote, Sourced};
use crate::units::{Area, Energy};

/// Lowest and highest plausible totals.
///
/// Ranges of factors of one component are taken as independent (root of squares in relative terms), ranges of
/// different components as moving together, which is the cautious choice. Times carry no band: cycles are counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// Area.
    pub area: [Area; 2],
    /// Energy of the prefill phase.
    pub prefill_energy: [Energy; 2],
    /// Energy of a decode step.
    pub decode_energy: [Energy; 2],
}

impl Band {
    /// On an FPGA energy is the board's power over time, so its range is the power's; there is no area.
    pub(super) fn on_device(summary: &CostSummary, device: &FpgaDevice) -> Self {
        let [low, high] = device.power_w.relative_range();
        let energy = |breakdown: &EnergyBreakdown| {
            let total = breakdown.total();
            [total * low, total * high]
        };
        Self {
            area: [summary.area.total(); 2],
            prefill_energy: energy(&summary.prefill.energy),
            decode_energy: energy(&summary.decode.energy),
        }
    }

    pub(super) fn of(summary: &CostSummary, technology: &Technology, design: &Design) -> Self {
        let energy = |breakdown: &EnergyBreakdown| {
            [0, 1].map(|end| {
                breakdown
                    .parts()
                    .map(|(component, energy)| {
                        energy * spread(&energy_constants(component, technology, design))[end]
                    })
                    .sum()
            })
        };
        let area = [0, 1].map(|end| {
            summary
                .area
                .parts()
                .map(|(component, area)| area * spread(&area_constants(component, technology))[end])
                .sum()
        });
        Self {
            area,
            prefill_energy: energy(&summary.prefill.energy),
            decode_energy: energy(&summary.decode.energy),
        }
    }
}

/// Product of independent factors: relative low and high.
fn spread(constants: &[&Sourced<f64>]) -> [f64; 2] {
    let mut squares = [0.0; 2];
    for constant in constants {
        let [low, high] = constant.relative_range();
        squares[0] += (1.0 - low) * (1.0 - low);
        squares[1] += (high - 1.0) * (high - 1.0);
    }
    [(1.0 - squares[0].sqrt()).max(0.0), 1.0 + squares[1].sqrt()]
}

fn energy_constants<'a>(
    component: Component,
    technology: &'a Technology,
    design: &Design,
) -> Vec<&'a Sourced<f64>> {
    let node = &technology.node;
    match component {
        Component::Array | Component::Converter | Component::VectorUnit => {
            vec![
                &technology.cells.energy_fit,
                &node.energy,
                &node.layout_energy,
            ]
        }
        Component::Control => vec![&node.control_share, &node.energy, &node.layout_energy],
        Component::ActivationBuffer | Component::WeightBuffer | Component::OutputBuffer => {
            vec![&node.sram.energy]
        }
        Component::ExternalMemory => technology
            .memory(design.memory.kind)
            .map_or_else(|_| Vec::new(), |memory| vec![&memory.pj_per_bit]),
        Component::Leakage => vec![&node.leakage_w_per_mm2, &node.sram.leakage],
    }
}

fn area_constants(component: Component, technology: &Technology) -> Vec<&Sourced<f64>> {
    let node = &technology.node;
    match component {
        Component::Array | Component::Converter | Component::VectorUnit => {
            vec![&technology.cells.area_fit, &node.area, &node.layout_area]
        }
        Component::Control => vec![&node.control_share, &node.area, &node.layout_area],
        Component::ActivationBuffer | Component::WeightBuffer | Component::OutputBuffer => {
            vec![&node.sram.area]
        }
        Component::ExternalMemory | Component::Leakage => Vec::new(),
    }
}

/// The constants that a design's cost rests on; memories of other kinds are left out.
pub(super) fn sources(technology: &Technology, design: &Design) -> Vec<SourceNote> {
    let memory = format!("{:?} ", design.memory.kind);
    let other_memory = |name: &str| {
        technology
            .memories
            .keys()
            .map(|kind| format!("{kind:?} "))
            .any(|kind| name.starts_with(&kind) && kind != memory)
    };
    technology
        .constants()
        .into_iter()
        .filter(|(name, _)| !other_memory(name))
        .map(|(name, constant)| SourceNote::new(name, constant))
        .collect()
}

/// The constants that a design on a device rests on.
pub(super) fn device_sources(family: &FpgaFamily, device: &FpgaDevice) -> Vec<SourceNote> {
    let mut notes: Vec<SourceNote> = [
        ("usable LUTs (share)", &family.usable_luts),
        ("board power (W)", &device.power_w),
        ("device clock (MHz)", &device.fabric_mhz),
        ("device bandwidth (GB/s)", &device.gigabytes_per_second),
        ("host (MAC/s)", &device.host_macs_per_second),
        ("driver a product (s)", &device.product_seconds),
        ("transfer a tile (s)", &device.tile_seconds),
    ]
    .into_iter()
    .map(|(name, constant)| SourceNote::new(name, constant))
    .collect();
    let luts = f64::from(device.luts);
    notes.push(SourceNote {
        name: "device LUTs".to_owned(),
        value: luts,
        low: luts,
        high: luts,
        source: format!("{}; LUTs a cell: {}", device.source, family.luts_source),
        confidence: Confidence::Medium,
    });
    notes
}
