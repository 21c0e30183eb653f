//! One matrix product of one layer: the pipeline from formats to time and energy, read from top to bottom.

use super::activity::{Accesses, accesses};
use super::element::Placement;
use super::energy::{Events, product_energy};
use super::latency::Folding;
use super::prepared::{Pairing, Prepared};
use super::result::ProductCost;
use super::storage::{output_format, sides, stationary_bits, to_f64};
use super::tiling::{Capacity, Operands, least_traffic};
use super::{CostModel, EnergyBreakdown};
use crate::design::{Dataflow, SlotFormats};
use crate::format::Format;
use crate::units::{Energy, Time};
use crate::workload::{MatrixProduct, Phase, Product, Side, Slot};

/// A product with all formats that its cost hangs on: equal operations on equal hardware cost the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Operation {
    pub(super) phase: Phase,
    pub(super) shape: MatrixProduct,
    /// Moving and stationary operand.
    operands: [Format; 2],
    /// In which format its result is stored.
    output: Format,
    /// The attention probabilities, whose rows decide whether attention stays on the chip.
    probabilities: Format,
}

impl Operation {
    pub(super) fn new(phase: Phase, shape: MatrixProduct, formats: &SlotFormats) -> Self {
        Self {
            phase,
            shape,
            operands: sides(formats, shape.product),
            output: output_format(formats, shape.product),
            probabilities: formats[Slot::of(Product::Pv, Side::Moving).index()],
        }
    }
}

/// How a product occupies what it runs on.
struct Occupation {
    cycles: f64,
    /// Cycles of the floating-point stages that elements share.
    stages: f64,
    /// Cycles of the vector lanes for what the array hands them.
    vector: f64,
    /// Energy of one group of lanes on the array.
    group: Energy,
    events: Events,
    /// Groups along the reduction, and rows and columns that take operands at once.
    groups: f64,
    edges: [f64; 2],
    dataflow: Dataflow,
}

impl CostModel {
    /// Cost of a product in one layer; `first_layer` and `n_layers` are the caller's.
    ///
    /// Tiling sets the external traffic, folding the cycles, both the buffer accesses; the slowest of compute, shared
    /// stages, converters, vector lanes, ports and external memory sets the time, since double buffering lets them
    /// overlap.
    pub(super) fn product(&self, prepared: &Prepared<'_>, operation: &Operation) -> ProductCost {
        let shared = &prepared.shared;
        let MatrixProduct { product, count, .. } = operation.shape;
        let count = to_f64(count);
        let [moving, stationary] = operation.operands;
        let protected = self.protected_share(prepared, operation);
        let pairing = prepared.pairing([moving, stationary], &self.technology);
        let capacity = capacity(prepared, &pairing);
        let operands = self.operands(prepared, operation, protected);
        let traffic = least_traffic(&operands, &capacity);
        let run = self.occupation(prepared, &operands, moving, &pairing, protected);
        let accumulator = capacity.accumulator_bits;
        let accesses = accesses(
            &operands,
            &traffic,
            run.dataflow,
            run.edges,
            run.groups,
            accumulator,
        );
        let events = Events {
            conversions: conversions(prepared, operation, &operands, &accesses),
            ..run.events
        };
        let per_instance = product_energy(&shared.event, run.group, &events, &accesses, &traffic);
        let mut energy = EnergyBreakdown::ZERO;
        energy.add_all(&per_instance, count);
        let seconds = |cycles: f64| Time::seconds(cycles * count / shared.clock_hz);
        let [compute, stages, vector] = [run.cycles, run.stages, run.vector].map(seconds);
        let converters = seconds(events.conversions * shared.conversion_cycles);
        let ports = Time::seconds(accesses.port_cycles(shared.port_bits) * count / shared.clock_hz);
        let external_bits = traffic.total() * count;
        let external = Time::seconds(external_bits / shared.external_bits_per_second);
        ProductCost {
            phase: operation.phase,
            first_layer: 0,
            n_layers: 1,
            product,
            placement: pairing.placement,
            macs: operation.shape.macs(),
            time: [stages, converters, vector, ports, external]
                .into_iter()
                .fold(compute, Time::max),
            compute,
            stages,
            converters,
            vector,
            ports,
            external,
            energy,
            external_bits,
            order: traffic.order,
        }
    }

    /// Sizes as stored, and what need not leave the chip.
    fn operands(&self, prepared: &Prepared<'_>, operation: &Operation, protected: f64) -> Operands {
        let design = prepared.design;
        let MatrixProduct { product, .. } = operation.shape;
        let [m, n, k, count] = [
            operation.shape.m,
            operation.shape.n,
            operation.shape.k,
            operation.shape.count,
        ]
        .map(to_f64);
        let [moving, stationary] = operation.operands;
        let stored_stationary = stationary_bits(design, stationary, protected);
        let output_bits = match product {
            Product::K | Product::V => {
                let keys = self.keys(operation.phase);
                let share = design.key_value.protected_share(keys);
                stationary_bits(design, operation.output, share)
            }
            _ => operation.output.bits_per_value(),
        };
        let moving_bits = moving.bits_per_value();
        let capacity = &prepared.shared.capacity;
        let half = capacity.activation / 2.0;
        let fused = capacity.rows * n.max(k) * operation.probabilities.bits_per_value() <= half;
        Operands {
            m,
            n,
            k,
            bits: [moving_bits, stored_stationary, output_bits],
            on_chip: [
                m * k * moving_bits * count <= half || (product == Product::Pv && fused),
                match product {
                    Product::K | Product::V => false,
                    Product::Qk => fused,
                    // The gate's output meets that of the up projection on the chip.
                    Product::Gate => true,
                    _ => m * n * output_bits * count <= half,
                },
            ],
        }
    }

    /// Cycles, energy and events where the product runs.
    fn occupation(
        &self,
        prepared: &Prepared<'_>,
        operands: &Operands,
        moving: Format,
        pairing: &Pairing,
        protected: f64,
    ) -> Occupation {
        let design = prepared.design;
        let Operands { m, n, k, .. } = *operands;
        match pairing.placement {
            Placement::Array => {
                let (cycles, shared, group) = self.mixed(prepared, moving, pairing, protected);
                let groups = (k / f64::from(design.array.lanes)).ceil();
                let edges = [design.array.rows, design.array.columns].map(f64::from);
                let dataflow = design.array.dataflow;
                let clocked = &prepared.shared.clocked;
                let ends = [clocked.fill(), clocked.drain()];
                let folding = folding(prepared, dataflow, edges, cycles, ends);
                let stages = Folding {
                    cycles: shared,
                    ..folding
                };
                Occupation {
                    cycles: folding.cycles(m, n, groups),
                    stages: if shared > 0.0 {
                        stages.cycles(m, n, groups)
                    } else {
                        0.0
                    },
                    vector: m * n / f64::from(design.datapath.vector_lanes),
                    group,
                    events: Events::on_array(m * n * groups, m * n),
                    groups,
                    edges,
                    dataflow,
                }
            }
            Placement::FloatArray => {
                let edges = design.datapath.float_array.map(f64::from);
                let dataflow = Dataflow::OutputStationary;
                let clocked = &prepared.shared.clocked;
                let ends = [clocked.lane.inserted, 0.0];
                let folding = folding(prepared, dataflow, edges, pairing.cycles, ends);
                Occupation {
                    cycles: folding.cycles(m, n, k),
                    stages: 0.0,
                    vector: 0.0,
                    group: Energy::ZERO,
                    events: Events::on_array(0.0, m * n * (k + 1.0)),
                    groups: k,
                    edges,
                    dataflow,
                }
            }
            Placement::VectorUnit => Occupation {
                cycles: m * n * k * pairing.cycles + prepared.shared.clocked.lane.inserted,
                stages: 0.0,
                vector: 0.0,
                group: Energy::ZERO,
                events: Events::on_array(0.0, m * n * k),
                groups: k,
                edges: [1.0, f64::from(design.datapath.vector_lanes)],
                dataflow: design.array.dataflow,
            },
        }
    }

    /// Cycles of a group in the element and in the stage that elements share, and its energy, averaged over protected
    /// and other tokens.
    fn mixed(
        &self,
        prepared: &Prepared<'_>,
        moving: Format,
        pairing: &Pairing,
        protected: f64,
    ) -> (f64, f64, Energy) {
        let own = (pairing.cycles, pairing.stage_cycles, pairing.group);
        match prepared.design.key_value.protected {
            Some(format) if protected > 0.0 => {
                let other = prepared.pairing([moving, format], &self.technology);
                if other.placement != Placement::Array {
                    return own;
                }
                let mix = |mine: f64, theirs: f64| mine + (theirs - mine) * protected;
                (
                    mix(pairing.cycles, other.cycles),
                    mix(pairing.stage_cycles, other.stage_cycles),
                    pairing.group + (other.group - pairing.group) * protected,
                )
            }
            _ => own,
        }
    }

    /// Share of the stationary operand's tokens that is kept in the protected format; none of a weight's.
    fn protected_share(&self, prepared: &Prepared<'_>, operation: &Operation) -> f64 {
        if operation.shape.product.is_linear() {
            return 0.0;
        }
        let keys = self.keys(operation.phase);
        prepared.design.key_value.protected_share(keys)
    }

    const fn keys(&self, phase: Phase) -> u32 {
        match phase {
            Phase::Prefill => self.workload.prefill_tokens,
            Phase::Decode => self.workload.context_tokens,
        }
    }
}

fn folding(
    prepared: &Prepared<'_>,
    dataflow: Dataflow,
    [rows, columns]: [f64; 2],
    cycles: f64,
    [fill, drain]: [f64; 2],
) -> Folding {
    Folding {
        dataflow,
        delivery: prepared.design.datapath.delivery,
        rows,
        columns,
        cycles,
        fill,
        drain,
    }
}

/// Buffers and the edges of the array that the product runs on.
fn capacity(prepared: &Prepared<'_>, pairing: &Pairing) -> Capacity {
    let capacity = prepared.shared.capacity;
    if pairing.placement != Placement::FloatArray {
        return capacity;
    }
    let [rows, columns] = prepared.design.datapath.float_array.map(f64::from);
    Capacity {
        rows,
        columns,
        ..capacity
    }
}

/// Values brought to blocks: outputs whose reader wants blocks, and activations aligned on each read.
fn conversions(
    prepared: &Prepared<'_>,
    operation: &Operation,
    operands: &Operands,
    accesses: &Accesses,
) -> f64 {
    let written = if operation.output.operand().shared_exponent_bits > 0 {
        operands.m * operands.n
    } else {
        0.0
    };
    let is_float = operation.operands[0].operand().shared_exponent_bits == 0;
    let read = if prepared.aligns_on_read && is_float {
        accesses.activation_read / operands.bits[0]
    } else {
        0.0
    };
    written + read
}
