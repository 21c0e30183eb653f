//! The clock of a chip: what bounds it, whether the design's is allowed, and the registers that it asks for.

use super::area::{converter_units, vector_lane};
use super::composition::CostMemory;
use super::datapath::Demand;
use super::result::Timing;
use super::timing::{Bound, Cuts, Pace, Paced, bound, cuts, overhead, stages};
use crate::design::{Design, PipelineStages};
use crate::hardware::gates::Unit;
use crate::hardware::technology::{SramAccess, Technology};
use crate::units::{Time, Voltage};
use crate::violation::Violation;

/// Parts of a chip that its clock hangs on.
pub(super) struct Parts {
    /// Widest element.
    pub(super) widest: Demand,
    /// Fewest cycles between two uses of the stage behind the element's integer accumulator.
    pub(super) stage_gap: f64,
    /// Block, mantissa bits and rounding of the converter.
    pub(super) converter: Option<(u32, u32, bool)>,
    /// One bank of each buffer.
    pub(super) buffers: [Option<SramAccess>; 3],
}

/// A chip with its clock and the registers put in for it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Clocked {
    pub(super) timing: Timing,
    /// In one element: before and in the integer accumulator, and in the stage behind it, of which a shared one has a
    /// part.
    pub(super) element: [Cuts; 2],
    /// Bits in all the units that an element uses, shared or not.
    pub(super) used_bits: [f64; 2],
    /// In one converter.
    pub(super) converter: Cuts,
    /// In one vector lane.
    pub(super) lane: Cuts,
}

impl Clocked {
    /// Cycles that registers add before the first result.
    pub(super) fn fill(&self) -> f64 {
        self.element[0].inserted + self.element[1].inserted + self.converter.inserted
    }

    /// Cycles at the end of each sum in which alternating sums are added up.
    pub(super) fn drain(&self) -> f64 {
        let sums = self.element[0].sums.max(self.element[1].sums);
        // In pairs, each addition as long as the loop.
        sums * sums.log2().ceil()
    }
}

/// Outputs that alternate in a lane of the vector unit or of the floating-point array at most.
const MOST_OUTPUTS: f64 = 16.0;

/// Names of the buffers' access paths.
const ACCESS: [&str; 3] = [
    "activation buffer access",
    "weight buffer access",
    "output buffer access",
];

/// Holds a design's clock against its slowest path and puts in the registers that it asks for.
///
/// # Errors
/// A clock that the slowest path does not allow, with path, delay and the fastest clock.
pub(super) fn clocked(
    design: &Design,
    technology: &Technology,
    composed: &mut CostMemory,
    parts: &Parts,
) -> Result<Clocked, Violation> {
    let node = &technology.node;
    let supply = node
        .voltage
        .delay_ratio(design.voltage_v.map(Voltage::volts))?;
    let datapath = &design.datapath;
    let pace = Pace {
        scale: node.delay.value * supply,
        overhead: overhead(&technology.cells.step_ps),
        pipelining: datapath.pipelining,
        sums: f64::from(datapath.interleaved_sums),
    };
    let mut paced = |unit: &Unit, gap: f64| (composed.unit_timing(technology, unit), gap);
    let widest = parts.widest.element();
    let element: Vec<(Paced, f64, bool)> = widest
        .instances()
        .map(|each| {
            let gap = if each.is_stage {
                parts.stage_gap
            } else {
                (widest.cycles / each.uses).floor().max(1.0)
            };
            (paced(&each.unit, gap), each.count, each.is_stage)
        })
        .collect();
    let array: Vec<Paced> = element.iter().map(|(unit, ..)| *unit).collect();
    let converter: Vec<(Paced, f64)> = parts
        .converter
        .into_iter()
        .flat_map(|(block, m, rounds)| converter_units(design.unit, block, m, rounds))
        .flatten()
        .map(|(unit, count)| (paced(&unit, 1.0), count))
        .collect();
    let conversion: Vec<Paced> = converter.iter().map(|(unit, _)| *unit).collect();
    let lane = [paced(&vector_lane(datapath.pipelined), 1.0)];
    let sram = node.sram.delay.value * supply * 1e3;
    let buffers = ACCESS.into_iter().zip(parts.buffers);
    let buffers = buffers.filter_map(|(name, access)| {
        access.map(|access| Bound::new(name, access.access_ns * sram))
    });
    // A lane's outputs hang on nothing but themselves: as many alternate as its loop has stages.
    let lane_pace = Pace {
        sums: MOST_OUTPUTS,
        ..pace
    };
    let [array_bound, conversion_bound] =
        [&array[..], &conversion].map(|units| bound(units, &pace));
    let logic = [array_bound, conversion_bound, bound(&lane, &lane_pace)];
    let slowest = logic
        .into_iter()
        .flatten()
        .chain(buffers)
        .reduce(Bound::slower)
        .unwrap_or(Bound::new("flip-flop", pace.overhead * pace.scale));
    let place = || {
        let volts = design.voltage_v.unwrap_or(node.voltage.nominal_v);
        format!("at {} and {volts} V", node.name)
    };
    let clock_mhz = allowed_clock(design, &slowest, place)?;
    // A fixed number of stages stands there whether the clock asks for it or not.
    let fixed = matches!(pace.pipelining, PipelineStages::Number(_));
    let periods = logic.map(|each| match each {
        Some(bound) if fixed => bound.period,
        _ => 1e6 / clock_mhz,
    });
    let (mut cut, mut used_bits) = ([Cuts::NONE; 2], [0.0; 2]);
    for (unit, count, is_stage) in &element {
        let mut each = cuts(unit, &pace, periods[0]);
        used_bits[usize::from(*is_stage)] += each.bits * count.max(1.0);
        each.bits *= count;
        let place = &mut cut[usize::from(*is_stage)];
        *place = place.and(each);
    }
    let each = converter.iter().map(|(unit, count)| {
        let each = cuts(unit, &pace, periods[1]);
        Cuts {
            bits: each.bits * count,
            ..each
        }
    });
    let converter = each.fold(Cuts::NONE, Cuts::and);
    let inserted = cut[0].inserted + cut[1].inserted;
    let timing = Timing {
        clock_mhz,
        fastest_mhz: 1e6 / slowest.period,
        critical_path: slowest.name,
        critical: Time::picoseconds(slowest.picoseconds),
        pipeline_stages: stages(&array) + inserted,
        interleaved_sums: cut[0].sums.max(cut[1].sums),
    };
    Ok(Clocked {
        timing,
        element: cut,
        used_bits,
        converter,
        lane: cuts(&lane[0], &lane_pace, periods[2]),
    })
}

/// The clock of a design: the given one where the slowest path allows it, or the fastest; `place` names node and supply.
pub(super) fn allowed_clock(
    design: &Design,
    slowest: &Bound,
    place: impl Fn() -> String,
) -> Result<f64, Violation> {
    let fastest = 1e6 / slowest.period;
    if !design.clock.is_given() {
        return Ok(fastest);
    }
    if design.clock_mhz <= fastest * (1.0 + 1e-9) {
        return Ok(design.clock_mhz);
    }
    let remedy = match (design.datapath.pipelining, slowest.is_loop) {
        (PipelineStages::None, _) => "; datapath.pipelining auto cuts it by registers",
        (_, true) => "; datapath.interleaved_sums cuts this loop",
        (PipelineStages::Number(_), false) => "; more stages or datapath.pipelining auto cut it",
        (PipelineStages::Auto, false) => "",
    };
    Err(Violation::new(
        "clock_mhz",
        design.clock_mhz,
        format!(
            "up to {:.1}: the {} takes {:.0} ps {}{remedy}",
            (fastest * 10.0).floor() / 10.0,
            slowest.name,
            slowest.picoseconds,
            place()
        ),
    ))
}
