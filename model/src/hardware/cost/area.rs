//! Area of a design: elements, converters, vector unit, control, buffers.

use super::clocking::Clocked;
use super::composition::CostMemory;
use super::{AreaBreakdown, Component};
use crate::design::{Design, UnitKind};
use crate::hardware::gates::{FloatKind, FloatOperand, Pipelining, Unit, registers};
use crate::hardware::technology::{SramAccess, Technology};
use crate::units::Area;

/// Floating-point lane of the vector unit.
pub(super) const fn vector_lane(pipelined: bool) -> Unit {
    Unit::FloatMac {
        kind: FloatKind::Fp16,
        operand: FloatOperand::Same,
        accumulator: FloatKind::Fp32,
        stages: if pipelined {
            Pipelining::ThreeStages
        } else {
            Pipelining::Uncut
        },
    }
}

/// A converter for blocks of `block` values of `m` magnitude bits.
///
/// Bit-serial arrays are fed a plane a cycle, so a value needs a register and a counter instead of a shifter (Anda's
/// bit-plane compressor); all others convert a block at once (Harmonia's real-time converter).
pub(super) fn converter_units(
    kind: UnitKind,
    block: u32,
    m: u32,
    rounds: bool,
) -> [Option<(Unit, f64)>; 3] {
    let values = f64::from(block);
    if kind == UnitKind::AndaBitSerial {
        [
            Some((
                Unit::MaximumTree {
                    inputs: block.max(2),
                    w: 5,
                },
                1.0,
            )),
            Some((Unit::Adder { w: 5 }, values)),
            Some((Unit::EnabledRegister { w: 16 }, values)),
        ]
    } else {
        [
            Some((
                Unit::Fp16ToBfp {
                    block: block.max(2),
                    m,
                    rounds,
                },
                1.0,
            )),
            None,
            None,
        ]
    }
}

/// Cycles of a converter for a block: one, or a mantissa plane each where planes are handed on one by one.
pub(super) fn conversion_cycles(kind: UnitKind, m: u32) -> f64 {
    match kind {
        UnitKind::AndaBitSerial => f64::from(m.max(1)),
        _ => 1.0,
    }
}

/// Everything on the chip. `element` is the area of one before layout, `buffers` are one bank of each buffer, `None` where there is none.
pub(super) fn chip_area(
    design: &Design,
    technology: &Technology,
    element: Area,
    clocked: &Clocked,
    converter: Option<(u32, u32, bool)>,
    buffers: [Option<SramAccess>; 3],
    composed: &mut CostMemory,
) -> AreaBreakdown {
    let node = &technology.node;
    let placed = node.area.value * node.layout_area.value;
    let elements = f64::from(design.array.rows) * f64::from(design.array.columns);
    let flipflop = technology.cells.part_area(&registers(1, 1.0));
    let [before, behind] = clocked.element;
    let element = element + flipflop * (before.bits + behind.bits);
    let mut area = AreaBreakdown::ZERO;
    area.add(Component::Array, element * (elements * placed));
    if let Some((block, m, rounds)) = converter {
        let lanes = f64::from(design.datapath.converter_lanes);
        for (unit, count) in converter_units(design.unit, block, m, rounds)
            .into_iter()
            .flatten()
        {
            area.add(
                Component::Converter,
                composed.unit(technology, &unit).area * (count * lanes * placed),
            );
        }
        let registers = flipflop * clocked.converter.bits;
        area.add(Component::Converter, registers * (lanes * placed));
    }
    let [rows, columns] = design.datapath.float_array.map(f64::from);
    let lanes = f64::from(design.datapath.vector_lanes) + rows * columns;
    let lane = vector_lane(design.datapath.pipelined);
    let lane = composed.unit(technology, &lane).area + flipflop * clocked.lane.bits;
    area.add(Component::VectorUnit, lane * (lanes * placed));
    let logic = area.total();
    area.add(Component::Control, logic * node.control_share.value);
    let parts = [
        Component::ActivationBuffer,
        Component::WeightBuffer,
        Component::OutputBuffer,
    ];
    for (component, bank) in parts.into_iter().zip(buffers) {
        if let Some(bank) = bank {
            let banks = f64::from(design.buffers.banks);
            area.add(
                component,
                Area::square_millimeters(bank.area_mm2 * banks * node.sram.area.value),
            );
        }
    }
    area
}
