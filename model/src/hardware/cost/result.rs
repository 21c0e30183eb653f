//! What the cost model answers: totals of a design, and the same with everything it saw on the way.

use super::{AreaBreakdown, Band, EnergyBreakdown, LoopOrder, Placement};
use crate::hardware::SourceNote;
use crate::units::{Area, Energy, Macs, Power, Time};
use crate::workload::{Phase, Product};

/// Totals of one phase.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PhaseSummary {
    /// Time of the phase: the whole prompt, or one decode step, for all sequences.
    pub time: Time,
    /// Clock cycles of it.
    pub cycles: f64,
    /// Energy by component.
    pub energy: EnergyBreakdown,
    /// Multiply-accumulates.
    pub macs: Macs,
    /// Bits moved to and from external memory.
    pub external_bits: f64,
}

impl PhaseSummary {
    /// Tera-operations per second; a MAC is two operations.
    pub fn tops(&self) -> f64 {
        2e-12 * self.macs.to_f64() / self.time.to_seconds()
    }

    /// Tera-operations per joule.
    pub fn tops_per_watt(&self) -> f64 {
        2e-12 * self.macs.to_f64() / self.energy.total().to_joules()
    }
}

/// The clock of a design and what bounds it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Timing {
    /// Clock in MHz: the given one, or the fastest.
    pub clock_mhz: f64,
    /// Fastest clock in MHz that paths, loops and buffers allow.
    pub fastest_mhz: f64,
    /// Path that bounds it.
    pub critical_path: &'static str,
    /// Delay of that path from register to register on the node and at the supply, before registers cut it.
    pub critical: Time,
    /// Stages of a processing element from operands to result.
    pub pipeline_stages: f64,
    /// Sums that alternate in an accumulator.
    pub interleaved_sums: f64,
}

/// Totals of a design.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CostSummary {
    /// Area by component; zero for an FPGA.
    pub area: AreaBreakdown,
    /// Look-up tables in use on an FPGA; `None` for standard cells.
    pub luts: Option<f64>,
    /// Prefill.
    pub prefill: PhaseSummary,
    /// One decode step.
    pub decode: PhaseSummary,
    /// Stored bits per weight of the linear layers, scales included, head excluded.
    pub weight_bits: f64,
    /// Stored bits per value of the key and value cache.
    pub kv_bits: f64,
    /// Sequences in a decode step.
    pub batch: u32,
    /// Clock and what bounds it.
    pub timing: Timing,
}

impl CostSummary {
    /// Tokens decoded per second, all sequences together.
    pub fn decode_tokens_per_second(&self) -> f64 {
        f64::from(self.batch) / self.decode.time.to_seconds()
    }

    /// Energy of a decoded token.
    pub fn energy_per_token(&self) -> Energy {
        self.decode.energy.total() / f64::from(self.batch)
    }

    /// Average power of the prefill phase.
    pub fn prefill_power(&self) -> Power {
        Power::watts(self.prefill.energy.total().to_joules() / self.prefill.time.to_seconds())
    }

    /// Energy times time of the prefill phase in J s.
    pub fn energy_delay_product(&self) -> f64 {
        self.prefill.energy.total().to_joules() * self.prefill.time.to_seconds()
    }

    /// The totals of a phase.
    pub const fn phase(&self, phase: Phase) -> &PhaseSummary {
        match phase {
            Phase::Prefill => &self.prefill,
            Phase::Decode => &self.decode,
        }
    }
}

/// Resource that a product waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Bottleneck {
    /// Elements of the array, lanes of the vector unit or the host: whatever computes it.
    Compute,
    /// Floating-point stages that elements share.
    FloatStages,
    /// Converters from floating point to blocks.
    Converters,
    /// Lanes of the vector unit beside the array.
    VectorLanes,
    /// Ports of the buffers.
    Ports,
    /// External memory.
    Memory,
}

impl Bottleneck {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Compute,
        Self::FloatStages,
        Self::Converters,
        Self::VectorLanes,
        Self::Ports,
        Self::Memory,
    ];

    /// Name after "bound by".
    pub const fn label(self) -> &'static str {
        match self {
            Self::Compute => "compute",
            Self::FloatStages => "FP stages",
            Self::Converters => "converters",
            Self::VectorLanes => "vector lanes",
            Self::Ports => "buffer ports",
            Self::Memory => "external memory",
        }
    }
}

/// One product in a run of layers with equal formats; times and energies are those of one layer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProductCost {
    /// Phase.
    pub phase: Phase,
    /// First layer; the head counts as layer `n_layers`.
    pub first_layer: u32,
    /// Layers in the run.
    pub n_layers: u32,
    /// Product.
    pub product: Product,
    /// Where it runs.
    pub placement: Placement,
    /// Multiply-accumulates.
    pub macs: Macs,
    /// Time: the longest of those below, with fill and drain.
    pub time: Time,
    /// Time of computing alone.
    pub compute: Time,
    /// Time of the floating-point stages that elements share.
    pub stages: Time,
    /// Time of the converters.
    pub converters: Time,
    /// Time of the vector lanes for what the array hands them.
    pub vector: Time,
    /// Time of buffer ports alone.
    pub ports: Time,
    /// Time of external memory alone.
    pub external: Time,
    /// Energy by component, leakage excluded (it is charged by the phase's time).
    pub energy: EnergyBreakdown,
    /// Bits to and from external memory.
    pub external_bits: f64,
    /// Loop order with the least traffic.
    pub order: LoopOrder,
}

impl ProductCost {
    /// Resource that sets its time: the first of the slowest.
    pub fn bottleneck(&self) -> Bottleneck {
        let times = [
            (Bottleneck::Compute, self.compute),
            (Bottleneck::FloatStages, self.stages),
            (Bottleneck::Converters, self.converters),
            (Bottleneck::VectorLanes, self.vector),
            (Bottleneck::Ports, self.ports),
            (Bottleneck::Memory, self.external),
        ];
        let longest = times
            .into_iter()
            .reduce(|left, right| if right.1 > left.1 { right } else { left });
        longest.map_or(Bottleneck::Compute, |(bottleneck, _)| bottleneck)
    }

    /// MACs per byte of external traffic; infinite without any.
    pub fn intensity(&self) -> f64 {
        self.macs.to_f64() / (self.external_bits / 8.0)
    }
}

/// One phase with its products.
#[derive(Debug, Clone, PartialEq)]
pub struct PhaseCost {
    /// Totals.
    pub summary: PhaseSummary,
    /// Products in order of execution, one entry a run of equal layers.
    pub products: Vec<ProductCost>,
}

impl PhaseCost {
    /// Shares of the time, 0 to 1, in which each bottleneck sets the pace; those that never do are left out.
    pub fn bound_by(&self) -> Vec<(Bottleneck, f64)> {
        let time = |each: &ProductCost| each.time.to_seconds() * f64::from(each.n_layers);
        let total: f64 = self.products.iter().map(time).sum();
        let share = |bottleneck| {
            let bound = self.products.iter();
            let bound = bound.filter(|each| each.bottleneck() == bottleneck);
            bound.map(time).sum::<f64>() / total
        };
        Bottleneck::ALL
            .into_iter()
            .map(|bottleneck| (bottleneck, share(bottleneck)))
            .filter(|(_, share)| *share > 0.0)
            .collect()
    }
}

/// One part of the processing element.
#[derive(Debug, Clone, PartialEq)]
pub struct ElementPart {
    /// Name.
    pub name: String,
    /// Area in one element, layout included.
    pub area: Area,
    /// Energy of one group of lanes in the widest formats, layout included.
    pub energy: Energy,
}

/// Full cost of a design.
#[derive(Debug, Clone, PartialEq)]
pub struct Cost {
    /// Totals, digit for digit those of [`super::CostModel::summary`].
    pub summary: CostSummary,
    /// Area by component.
    pub area: AreaBreakdown,
    /// Prefill.
    pub prefill: PhaseCost,
    /// One decode step.
    pub decode: PhaseCost,
    /// Stored bits per weight of the linear layers.
    pub weight_bits: f64,
    /// Stored bits per value of the key and value cache.
    pub kv_bits: f64,
    /// Parts of the processing element.
    pub element: Vec<ElementPart>,
    /// What the ranges of the constants make of the totals.
    pub band: Band,
    /// Constants used.
    pub sources: Vec<SourceNote>,
}
