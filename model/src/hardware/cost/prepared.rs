//! A design made ready for walking its products: element, energies of events, capacities, bandwidths.

use super::area::{chip_area, conversion_cycles, converter_units, vector_lane};
use super::clocking::{Clocked, Parts, clocked};
use super::component::{AreaBreakdown, Component};
use super::composition::{ComposedElement, CostMemory};
use super::datapath::{Demand, aligns};
use super::element::Placement;
use super::energy::EventEnergies;
use super::result::ElementPart;
use super::tiling::Capacity;
use crate::design::{Datapath, Design, KeyValuePolicy, ProcessingArray, UnitKind};
use crate::format::{Format, OperandKind, Rounding};
use crate::hardware::gates::{ACCUMULATOR_DATA, Switched, Unit, registers};
use crate::hardware::technology::{SramAccess, SramMacro, SramTable, Technology};
use crate::units::{Energy, Power, Voltage};
use crate::violation::Violation;
use crate::workload::{Product, Side, Slot};

/// Distinct pairs of formats that are remembered; more are composed again each time.
const MOST_PAIRINGS: usize = 24;

/// How a pair of formats runs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pairing {
    formats: [Format; 2],
    pub(super) placement: Placement,
    /// Cycles and energy of one group of lanes on the array.
    pub(super) cycles: f64,
    pub(super) group: Energy,
    switched: [Switched; 2],
    /// Uses of the stage behind the integer accumulator for a group.
    stage_uses: f64,
    /// Cycles of that stage for a group of each of the elements that share it.
    pub(super) stage_cycles: f64,
}

/// All that the cost of a product hangs on beside its shape and formats, for one technology and workload.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shared {
    unit: UnitKind,
    array: ProcessingArray,
    datapath: Datapath,
    voltage_v: Option<f64>,
    key_value: KeyValuePolicy,
    pub(super) event: EventEnergies,
    pub(super) capacity: Capacity,
    /// Bits a cycle through the ports of activation, weight and output buffer.
    pub(super) port_bits: f64,
    /// Bits a second to and from external memory.
    pub(super) external_bits_per_second: f64,
    pub(super) clock_hz: f64,
    /// Cycles of all converters together for a value.
    pub(super) conversion_cycles: f64,
    /// Clock, and the registers that it asks for.
    pub(super) clocked: Clocked,
    /// Energy of the bits that such registers hold, before layout and supply.
    cut_energy: CutEnergy,
}

/// Energy of one flip-flop at the design's voltage, layout included.
#[derive(Debug, Clone, Copy, PartialEq)]
struct CutEnergy {
    /// Its clock pin in a cycle.
    clock: Energy,
    /// Its data when a unit is used.
    data: Energy,
}

impl CutEnergy {
    fn of(technology: &Technology, scale: f64) -> Self {
        let cells = &technology.cells;
        let one = |data| cells.energy(&registers(1, data), technology.node.switching) * scale;
        let clock = one(0.0);
        Self {
            clock,
            data: one(ACCUMULATOR_DATA) - clock,
        }
    }

    /// Registers in an element for one group of lanes.
    fn group(&self, clocked: &Clocked, cycles: f64, stage_uses: f64) -> Energy {
        let bits = clocked.element[0].bits + clocked.element[1].bits;
        let moved = clocked.used_bits[0] * cycles + clocked.used_bits[1] * stage_uses;
        self.clock * (bits * cycles) + self.data * moved
    }

    /// Registers in a unit that is used in every cycle.
    fn each_cycle(&self, bits: f64) -> Energy {
        (self.clock + self.data) * bits
    }
}

/// A design with everything that its products share.
#[derive(Debug, Clone)]
pub(super) struct Prepared<'a> {
    pub(super) design: &'a Design,
    pub(super) area: AreaBreakdown,
    pub(super) leakage: Power,
    pub(super) shared: Shared,
    /// Whether activations are aligned each time they are read.
    pub(super) aligns_on_read: bool,
    /// Widest element on the array; `None` where the array takes no site.
    pub(super) demand: Option<Demand>,
    pairings: [Option<Pairing>; MOST_PAIRINGS],
}

impl<'a> Prepared<'a> {
    #[expect(clippy::too_many_lines, reason = "one table of what products share")]
    pub(super) fn new(
        design: &'a Design,
        technology: &Technology,
        sram: &SramTable,
        pairs: impl Iterator<Item = [Format; 2]>,
        composed: &mut CostMemory,
    ) -> Result<Self, Vec<Violation>> {
        let one = |violation| vec![violation];
        design.check()?;
        let node = &technology.node;
        let scale = technology
            .energy_factor(design.voltage_v.map(Voltage::volts))
            .map_err(one)?;
        let memory = technology.memory(design.memory.kind).map_err(one)?;
        let logic_scale = scale * node.layout_energy.value;
        let sram_scale = scale / node.energy.value * node.sram.energy.value;
        let mut pairings = [None; MOST_PAIRINGS];
        let mut demand: Option<Demand> = None;
        let mut stage_gap = f64::from(u16::MAX);
        for formats in pairs {
            let asked = Demand::of(design, formats[0], formats[1]);
            let remembered = pairings
                .iter()
                .flatten()
                .any(|pairing: &Pairing| pairing.formats == formats);
            if !remembered && let Some(free) = pairings.iter().position(Option::is_none) {
                let element = asked.map(|demand| composed.element(technology, demand));
                if let Some(element) = element {
                    stage_gap = stage_gap.min(element.stage_gap);
                }
                pairings[free] = Some(pairing(design, formats, element, logic_scale));
            }
            if let Some(asked) = asked {
                demand = Some(demand.map_or(asked, |widest| widest.widest(asked)));
            }
        }
        let Some(widest) = demand else {
            return Err(one(Violation::new(
                "unit",
                format!("{:?}", design.unit),
                "a kind of element that takes the formats of at least one product",
            )));
        };
        widest.check_accumulator().map_err(one)?;
        let banks = f64::from(design.buffers.banks);
        let bank = |kib: u32| {
            (kib > 0).then(|| {
                sram.access(SramMacro {
                    bytes: f64::from(kib) * 1024.0 / banks,
                    port_bits: f64::from(design.buffers.port_bits),
                })
            })
        };
        let buffers = [
            bank(design.buffers.activation_kib),
            bank(design.buffers.weight_kib),
            bank(design.buffers.output_kib),
        ];
        let converter = converter(design);
        let parts = Parts {
            widest,
            stage_gap,
            converter,
            buffers,
        };
        let clocked = clocked(design, technology, composed, &parts).map_err(one)?;
        let cut_energy = CutEnergy::of(technology, logic_scale);
        for pairing in pairings.iter_mut().flatten() {
            pairing.cut(&clocked, &cut_energy);
        }
        let element = composed.element(technology, widest);
        let area = chip_area(
            design,
            technology,
            element.area,
            &clocked,
            converter,
            buffers,
            composed,
        );
        let mut energy_of = |unit: &Unit, depth: f64| -> Energy {
            composed.unit(technology, unit).energy.at_depth(depth) * logic_scale
        };
        let port = f64::from(design.buffers.port_bits);
        let per_bit = |access: Option<SramAccess>, pick: fn(&SramAccess) -> f64| {
            let access = access.or(buffers[0]);
            access.map_or(0.0, |access| pick(&access) / port * sram_scale)
        };
        let conversion = converter.map_or(Energy::ZERO, |(block, m, rounds)| {
            converter_units(design.unit, block, m, rounds)
                .into_iter()
                .flatten()
                .map(|(unit, count)| {
                    energy_of(&unit, clocked.converter.depth()) * (count / f64::from(block))
                })
                .sum::<Energy>()
                + cut_energy.each_cycle(clocked.converter.bits / f64::from(block))
        });
        let event = EventEnergies {
            conversion,
            vector: energy_of(
                &vector_lane(design.datapath.pipelined),
                clocked.lane.depth(),
            ) + cut_energy.each_cycle(clocked.lane.bits),
            control_share: node.control_share.value,
            buffer_read: buffers.map(|access| per_bit(access, |a| a.read_pj)),
            buffer_write: buffers.map(|access| per_bit(access, |a| a.write_pj)),
            output_component: if buffers[2].is_some() {
                Component::OutputBuffer
            } else {
                Component::ActivationBuffer
            },
            external: memory.pj_per_bit.value,
        };
        let bits = |kib: u32| f64::from(kib) * 8192.0;
        let capacity = Capacity {
            activation: bits(design.buffers.activation_kib),
            weight: bits(design.buffers.weight_kib),
            output: bits(design.buffers.output_kib),
            accumulator_bits: widest.sum_bits(),
            rows: f64::from(design.array.rows),
            columns: f64::from(design.array.columns),
        };
        let leakage = if node.include_leakage {
            let supply = node
                .voltage
                .leakage_ratio(design.voltage_v.map(Voltage::volts))
                .map_err(one)?;
            leakage(technology, &area, buffers, banks) * supply
        } else {
            Power::ZERO
        };
        Ok(Self {
            design,
            area,
            leakage,
            shared: Shared {
                unit: design.unit,
                array: design.array,
                datapath: design.datapath,
                voltage_v: design.voltage_v,
                key_value: design.key_value,
                event,
                capacity,
                port_bits: banks * port,
                external_bits_per_second: 8e9
                    * memory.gigabytes_per_second.value
                    * f64::from(design.memory.channels),
                clock_hz: clocked.timing.clock_mhz * 1e6,
                conversion_cycles: converter.map_or(0.0, |(block, m, _)| {
                    let blocks = f64::from(block) * f64::from(design.datapath.converter_lanes);
                    conversion_cycles(design.unit, m) / blocks
                }),
                clocked,
                cut_energy,
            },
            aligns_on_read: aligns(design.unit),
            demand,
            pairings,
        })
    }

    /// The registers that the clock put into an element, as a part of it; none where it put none.
    pub(super) fn cut_parts(&self, technology: &Technology) -> Option<ElementPart> {
        let node = &technology.node;
        let clocked = &self.shared.clocked;
        let bits = clocked.element[0].bits + clocked.element[1].bits;
        let demand = self.demand.filter(|_| bits > 0.0)?;
        let element = demand.element();
        let flipflop = technology.cells.part_area(&registers(1, 1.0));
        Some(ElementPart {
            name: "pipeline registers".to_owned(),
            area: flipflop * (bits * node.area.value * node.layout_area.value),
            energy: self
                .shared
                .cut_energy
                .group(clocked, element.cycles, element.stage_uses()),
        })
    }

    /// How a pair of formats runs.
    pub(super) fn pairing(&self, formats: [Format; 2], technology: &Technology) -> Pairing {
        let known = self
            .pairings
            .iter()
            .flatten()
            .find(|pairing| pairing.formats == formats);
        if let Some(pairing) = known {
            return *pairing;
        }
        let node = &technology.node;
        let scale = technology
            .energy_factor(self.design.voltage_v.map(Voltage::volts))
            .map_or(1.0, |scale| scale * node.layout_energy.value);
        let asked = Demand::of(self.design, formats[0], formats[1]);
        let element = asked.map(|demand| CostMemory::default().element(technology, demand));
        let mut anew = pairing(self.design, formats, element, scale);
        anew.cut(&self.shared.clocked, &self.shared.cut_energy);
        anew
    }
}

impl Pairing {
    /// With the registers that the clock put into the element.
    fn cut(&mut self, clocked: &Clocked, energy: &CutEnergy) {
        if self.placement == Placement::Array {
            let [own, stage] = self.switched;
            let [own_cuts, stage_cuts] = clocked.element;
            self.group = own.at_depth(own_cuts.depth())
                + stage.at_depth(stage_cuts.depth())
                + energy.group(clocked, self.cycles, self.stage_uses);
        }
    }
}

fn pairing(
    design: &Design,
    formats: [Format; 2],
    element: Option<ComposedElement>,
    scale: f64,
) -> Pairing {
    match element {
        Some(element) => Pairing {
            formats,
            placement: Placement::Array,
            cycles: element.cycles,
            group: Energy::ZERO,
            switched: element
                .energy
                .map(|energy| Switched::ZERO.and(energy, scale)),
            stage_uses: element.stage_uses,
            stage_cycles: element.stage_uses * f64::from(design.datapath.float_stage_elements),
        },
        None if design.datapath.has_float_array() => Pairing {
            formats,
            placement: Placement::FloatArray,
            cycles: 1.0,
            group: Energy::ZERO,
            switched: [Switched::ZERO; 2],
            stage_uses: 0.0,
            stage_cycles: 0.0,
        },
        None => Pairing {
            formats,
            placement: Placement::VectorUnit,
            cycles: 1.0 / f64::from(design.datapath.vector_lanes),
            group: Energy::ZERO,
            switched: [Switched::ZERO; 2],
            stage_uses: 0.0,
            stage_cycles: 0.0,
        },
    }
}

/// Block length, mantissa bits and rounding of the converter that serves every moving block format and the caches.
fn converter(design: &Design) -> Option<(u32, u32, bool)> {
    let mut found: Option<(u32, u32, bool)> = None;
    let mut ask = |block: u32, m: u32, rounds: bool| {
        let (most_block, most_m, any) = found.unwrap_or((2, 1, false));
        found = Some((most_block.max(block), most_m.max(m), any || rounds));
    };
    for row in design.formats.rows() {
        for slot in Slot::ALL {
            let is_cache = matches!(slot.product(), Product::Qk | Product::Pv);
            if slot.side() == Side::Stationary && !is_cache {
                continue;
            }
            let format = row[slot.index()];
            let operand = format.operand();
            let m = u32::from(operand.kind.magnitude_bits());
            if operand.shared_exponent_bits > 0 {
                let block = u32::try_from(operand.block_len.values(1024)).unwrap_or(1024);
                ask(block, m.min(16), format.rounding() != Rounding::Truncate);
            } else if aligns(design.unit) && matches!(operand.kind, OperandKind::Float { .. }) {
                let aligned = design
                    .datapath
                    .aligned_mantissa_bits
                    .map_or(m + 2, u32::from);
                ask(design.array.lanes.max(2), aligned.min(16), false);
            }
        }
    }
    found
}

fn leakage(
    technology: &Technology,
    area: &AreaBreakdown,
    buffers: [Option<SramAccess>; 3],
    banks: f64,
) -> Power {
    let node = &technology.node;
    let logic: f64 = [
        Component::Array,
        Component::Converter,
        Component::VectorUnit,
        Component::Control,
    ]
    .into_iter()
    .map(|component| area.get(component).to_square_millimeters())
    .sum();
    let sram: f64 = buffers
        .into_iter()
        .flatten()
        .map(|bank| bank.leakage_mw * banks * node.sram.leakage.value * node.sram.area.value)
        .sum();
    Power::watts(logic * node.leakage_w_per_mm2.value) + Power::milliwatts(sram)
}
