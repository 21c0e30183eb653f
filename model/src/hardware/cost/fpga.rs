//! Designs on a field-programmable gate array: a streamed processor (F-BFQ) or a spatial pipeline (MASE).
//!
//! It has no area in mm2; what it takes is counted in LUTs. Energy is the board's power over time: activity on an FPGA is
//! not modeled. Products that the fabric does not take run on the processor beside it.

use super::clocking::allowed_clock;
use super::datapath::Demand;
use super::element::Placement;
use super::result::{PhaseSummary, ProductCost, Timing};
use super::tiling::LoopOrder;
use super::timing::{Bound, Cuts, Pace, Paced, UnitTiming, bound, cuts, overhead, stages};
use super::{Component, Element, EnergyBreakdown};
use crate::design::{Design, PipelineStages, Target, UnitKind};
use crate::format::Format;
use crate::hardware::gates::{Cell, Unit};
use crate::hardware::technology::{FpgaDevice, FpgaFamily};
use crate::units::{Energy, Macs, Time};
use crate::violation::Violation;
use crate::workload::{MatrixProduct, Phase, Product};

/// A product with its layers and formats (moving, stationary).
#[derive(Debug, Clone, Copy)]
pub(super) struct Task {
    pub(super) phase: Phase,
    pub(super) first_layer: u32,
    pub(super) n_layers: u32,
    pub(super) shape: MatrixProduct,
    pub(super) formats: [Format; 2],
}

/// A design on a device.
#[derive(Debug, Clone)]
pub(super) struct Fabric<'a> {
    design: &'a Design,
    device: &'a FpgaDevice,
    usable_luts: f64,
    /// LUTs of one element of the widest demand.
    element_luts: f64,
    clock_hz: f64,
    pub(super) timing: Timing,
    /// Cycles that registers add before the first result.
    fill: f64,
}

impl<'a> Fabric<'a> {
    pub(super) fn new(
        design: &'a Design,
        device: &'a FpgaDevice,
        family: &FpgaFamily,
        pairs: impl Iterator<Item = [Format; 2]>,
    ) -> Result<Self, Vec<Violation>> {
        design.check()?;
        let mut composed: Option<(Demand, f64)> = None;
        for [moving, stationary] in pairs {
            if let Some(asked) = Demand::of(design, moving, stationary) {
                let gap = asked.element().stage_gap();
                composed = Some(composed.map_or((asked, gap), |(widest, least)| {
                    (widest.widest(asked), least.min(gap))
                }));
            }
        }
        let Some((demand, stage_gap)) = composed else {
            return Err(vec![Violation::new(
                "unit",
                format!("{:?}", design.unit),
                "a kind of element that takes the formats of at least one product",
            )]);
        };
        demand.check_accumulator().map_err(|each| vec![each])?;
        check_buffers(design, device).map_err(|each| vec![each])?;
        let element = demand.element();
        let (timing, cut) = clocked_fabric(design, device, family, &element, stage_gap)
            .map_err(|violation| vec![violation])?;
        let routable = f64::from(device.luts) * family.usable_luts.value;
        let usable_luts = match design.target {
            Target::Fpga {
                luts: Some(budget), ..
            } => routable.min(f64::from(budget)),
            _ => routable,
        };
        let fabric = Self {
            design,
            device,
            usable_luts,
            element_luts: luts(&element, family)
                .max((flipflops(&element) + cut.bits) / FLIPFLOPS_A_LUT),
            clock_hz: timing.clock_mhz * 1e6,
            timing,
            fill: cut.inserted,
        };
        let needed = fabric.element_luts * fabric.elements();
        if design.unit != UnitKind::DataflowMxInt && needed > fabric.usable_luts {
            return Err(vec![Violation::new(
                "array",
                format!("{needed:.0} LUTs"),
                format!("up to {:.0} LUTs of {}", fabric.usable_luts, device.name),
            )]);
        }
        Ok(fabric)
    }

    fn elements(&self) -> f64 {
        f64::from(self.design.array.rows) * f64::from(self.design.array.columns)
    }

    /// LUTs in use: the array, or all that may be used where parallelism fills the device.
    pub(super) fn luts(&self) -> f64 {
        match self.design.unit {
            UnitKind::DataflowMxInt => self.usable_luts,
            _ => self.element_luts * self.elements(),
        }
    }

    /// Walks the tasks of a phase.
    ///
    /// # Errors
    /// A spatial pipeline of which not even the narrowest engines fit.
    pub(super) fn phase(
        &self,
        tasks: &[Task],
        rows: f64,
        see: &mut dyn FnMut(ProductCost),
    ) -> Result<PhaseSummary, Vec<Violation>> {
        let share = if self.design.unit == UnitKind::DataflowMxInt {
            self.engine_share(tasks)?
        } else {
            0.0
        };
        let (mut time, mut slowest) = (Time::ZERO, Time::ZERO);
        let (mut macs, mut external_bits) = (Macs::ZERO, 0.0);
        for task in tasks {
            let cost = self.product(task, share);
            let layers = f64::from(task.n_layers);
            slowest = slowest.max(cost.time);
            time += cost.time * layers;
            macs += cost.macs * u64::from(task.n_layers);
            external_bits += cost.external_bits * layers;
            see(cost);
        }
        if self.design.unit == UnitKind::DataflowMxInt {
            // Rows of the batch follow each other through the engines: the slowest sets the rate, the first row
            // passes all.
            time = slowest + (time - slowest) / rows;
        }
        let mut energy = EnergyBreakdown::ZERO;
        let joules = self.device.power_w.value * time.to_seconds();
        energy.add(Component::Array, Energy::joules(joules));
        Ok(PhaseSummary {
            time,
            cycles: time.to_seconds() * self.clock_hz,
            energy,
            macs,
            external_bits,
        })
    }

    /// Elements of a spatial pipeline for each multiply-accumulate of a product, so that its engines together fit.
    ///
    /// Every engine has one element at least; those whose share would be less take theirs first.
    fn engine_share(&self, tasks: &[Task]) -> Result<f64, Vec<Violation>> {
        let engines = || {
            let on_fabric = |task: &&Task| {
                let [moving, stationary] = task.formats;
                Demand::of(self.design, moving, stationary).is_some()
            };
            let engine = |task: &Task| (task.shape.macs().to_f64(), f64::from(task.n_layers));
            tasks.iter().filter(on_fabric).map(engine)
        };
        let elements = self.usable_luts / self.element_luts;
        let least: f64 = engines().map(|(_, layers)| layers).sum();
        if least > elements {
            let needed = least * self.element_luts;
            return Err(vec![Violation::new(
                "target.luts",
                format!("{:.0}", self.usable_luts),
                format!(
                    "at least {needed:.0}, for {least} engines of at least {:.0} each",
                    self.element_luts
                ),
            )]);
        }
        let mut share = f64::INFINITY;
        loop {
            let narrow = |(macs, _): &(f64, f64)| macs * share < 1.0;
            let taken: f64 = engines().filter(narrow).map(|(_, layers)| layers).sum();
            let work: f64 = engines()
                .filter(|engine| !narrow(engine))
                .map(|(macs, layers)| macs * layers)
                .sum();
            let next = if work > 0.0 {
                (elements - taken) / work
            } else {
                0.0
            };
            if next >= share || work <= 0.0 {
                return Ok(share.min(next));
            }
            share = next;
        }
    }

    /// `share`: see [`Self::engine_share`].
    fn product(&self, task: &Task, share: f64) -> ProductCost {
        let [moving, stationary] = task.formats;
        let shape = task.shape;
        let takes = Demand::of(self.design, moving, stationary);
        let macs = shape.macs().to_f64();
        let streamed = self.design.unit != UnitKind::DataflowMxInt;
        let (placement, compute) = match takes {
            None => {
                let rate = self.device.host_macs_per_second.value;
                (Placement::VectorUnit, Time::seconds(macs / rate))
            }
            Some(_) => {
                let lanes = f64::from(self.design.array.lanes);
                let elements = if streamed {
                    self.elements()
                } else {
                    // Parallelism of a layer's engine: its share in whole elements, at least one.
                    (macs * share).floor().max(1.0)
                };
                (
                    Placement::Array,
                    Time::seconds((macs / (lanes * elements) + self.fill) / self.clock_hz),
                )
            }
        };
        let tiles = self.tiles(&shape, moving, stationary);
        let external_bits = if placement == Placement::Array {
            stream_bits(&shape, moving, stationary, tiles[1])
        } else {
            0.0
        };
        let external = Time::seconds(external_bits / self.bits_per_second());
        let time = if streamed && placement == Placement::Array {
            // Load, compute and store are opcodes of one stream and follow each other (SECDA-LLM, papers 3.3).
            let tiles = tiles[0] * tiles[1] * Macs(shape.count).to_f64();
            compute
                + external
                + Time::seconds(self.device.tile_seconds.value * tiles)
                + Time::seconds(self.device.product_seconds.value)
        } else {
            compute.max(external)
        };
        let order = if shape.product == Product::Head {
            LoopOrder::ColumnFirst
        } else {
            LoopOrder::RowFirst
        };
        ProductCost {
            phase: task.phase,
            first_layer: task.first_layer,
            n_layers: task.n_layers,
            product: shape.product,
            placement,
            macs: shape.macs(),
            time,
            compute,
            stages: Time::ZERO,
            converters: Time::ZERO,
            vector: Time::ZERO,
            ports: Time::ZERO,
            external,
            energy: EnergyBreakdown::ZERO,
            external_bits,
            order,
        }
    }

    /// Tiles of a streamed product along the stationary and the moving operand: whole rows that fit the buffers
    /// (SECDA-LLM's `tile_m` and `tile_n`); 1 and 1 in a spatial pipeline, which streams.
    fn tiles(&self, shape: &MatrixProduct, moving: Format, stationary: Format) -> [f64; 2] {
        if self.design.unit == UnitKind::DataflowMxInt {
            return [1.0, 1.0];
        }
        let buffers = &self.design.buffers;
        let count = |rows: u64, format: Format, kib: u32| {
            let row = Macs(shape.k).to_f64() * format.bits_per_value();
            let fit = (f64::from(kib) * 8192.0 / row).floor().max(1.0);
            (Macs(rows).to_f64() / fit).ceil()
        };
        [
            count(shape.n, stationary, buffers.weight_kib),
            count(shape.m, moving, buffers.activation_kib),
        ]
    }

    /// Streams of `port_bits` a cycle and channel, never above the device's bandwidth.
    fn bits_per_second(&self) -> f64 {
        let device = 8e9 * self.device.gigabytes_per_second.value;
        if self.design.unit == UnitKind::DataflowMxInt {
            return device;
        }
        let stream = f64::from(self.design.buffers.port_bits)
            * f64::from(self.design.buffers.banks)
            * self.clock_hz;
        stream.min(device)
    }
}

/// Bits over the stream: inputs once, weights once for each tile of inputs, outputs as 32-bit words (F-BFQ's order of
/// transfers).
fn stream_bits(shape: &MatrixProduct, moving: Format, stationary: Format, reloads: f64) -> f64 {
    let [m, n, k, count] = [shape.m, shape.n, shape.k, shape.count].map(|each| Macs(each).to_f64());
    let inputs = m * k * moving.bits_per_value();
    let weights = n * k * stationary.bits_per_value() * reloads;
    count * (inputs + weights + m * n * 32.0)
}

fn luts(element: &Element, family: &FpgaFamily) -> f64 {
    element
        .instances()
        .map(|each| family.luts(&each.unit) * each.count)
        .sum()
}

/// Refuses buffers that the block RAMs of a device cannot hold.
fn check_buffers(design: &Design, device: &FpgaDevice) -> Result<(), Violation> {
    let buffers = &design.buffers;
    let kib = [
        buffers.activation_kib,
        buffers.weight_kib,
        buffers.output_kib,
    ]
    .map(f64::from);
    let needed: f64 = kib.iter().sum();
    // 36 Kbit each, 4.5 KiB; 288 Kbit each, 36 KiB.
    let present = 4.5 * f64::from(device.bram36) + 36.0 * f64::from(device.uram);
    if needed > present {
        return Err(Violation::new(
            "buffers",
            format!("{needed:.0} KiB"),
            format!(
                "up to {present:.0} KiB in the block and ultra RAMs of {}",
                device.name
            ),
        ));
    }
    Ok(())
}

/// Flip-flops beside each LUT of the devices here.
const FLIPFLOPS_A_LUT: f64 = 2.0;

/// Flip-flops of an element.
fn flipflops(element: &Element) -> f64 {
    let bits = |unit: &Unit| -> f64 {
        let parts = unit.parts();
        parts
            .iter()
            .map(|part| part.gates.count(Cell::Flipflop))
            .sum()
    };
    element
        .instances()
        .map(|each| bits(&each.unit) * each.count)
        .sum()
}

/// The clock of a design on a device, and the registers that it puts into an element.
fn clocked_fabric(
    design: &Design,
    device: &FpgaDevice,
    family: &FpgaFamily,
    element: &Element,
    stage_gap: f64,
) -> Result<(Timing, Cuts), Violation> {
    let steps = &family.step_ps;
    let pace = Pace {
        scale: 1.0,
        overhead: overhead(steps),
        pipelining: design.datapath.pipelining,
        sums: f64::from(design.datapath.interleaved_sums),
    };
    let units: Vec<Paced> = element
        .instances()
        .map(|each| {
            let gap = if each.is_stage {
                stage_gap
            } else {
                (element.cycles / each.uses).floor().max(1.0)
            };
            (UnitTiming::of(&each.unit, steps), gap)
        })
        .collect();
    let fabric = Bound::new("block RAM", 1e6 / device.fabric_mhz.value);
    let logic = bound(&units, &pace);
    let slowest = logic.map_or(fabric, |logic| logic.slower(fabric));
    let clock_mhz = allowed_clock(design, &slowest, || format!("on {}", device.name))?;
    let period = match (pace.pipelining, logic) {
        (PipelineStages::Number(_), Some(logic)) => logic.period,
        _ => 1e6 / clock_mhz,
    };
    let cut = element.instances().zip(&units).map(|(each, unit)| {
        let cuts = cuts(unit, &pace, period);
        Cuts {
            bits: cuts.bits * each.count,
            ..cuts
        }
    });
    let cut = cut.fold(Cuts::NONE, Cuts::and);
    let timing = Timing {
        clock_mhz,
        fastest_mhz: 1e6 / slowest.period,
        critical_path: slowest.name,
        critical: Time::picoseconds(slowest.picoseconds),
        pipeline_stages: stages(&units) + cut.inserted,
        interleaved_sums: cut.sums,
    };
    Ok((timing, cut))
}
