//! Harmonia (arXiv 2602.04595): against FP-FP, FIGNA and Anda at equal area, linear and attention products.
//!
//! Array, clock, buffers, memory, token counts and the baselines of the published averages are not public: the
//! comparison is ours from assumptions, and its ratios stand beside the published ones under each reading of what the
//! text leaves open.

use super::{Basis, Row, geometric_mean};
use crate::design::{Design, UnitKind};
use crate::hardware::{CostModel, CostSummary, technology};
use crate::preset;
use crate::workload::{Phase, Workload};

const SYSTEM: &str = "harmonia";

/// Assumed: the list of eight models is not public.
const MODELS: [&str; 8] = [
    "OPT-6.7B",
    "OPT-13B",
    "OPT-30B",
    "LLaMA-7B",
    "LLaMA-13B",
    "LLaMA-2-7B",
    "LLaMA-2-13B",
    "LLaMA-3-8B",
];

/// Assumed prompt lengths, which are also the contexts of the decode steps.
const LENGTHS: [u32; 3] = [2048, 4096, 8192];

/// The length at which readings are compared and chips are sized.
const MIDDLE: u32 = 4096;

/// Baselines of the published averages as far as they can be guessed.
const BASELINES: [&str; 3] = ["FP-FP", "FIGNA", "Anda"];

/// Ratios of Harmonia over one baseline for one model: area efficiency, energy efficiency, speed.
type Ratios = [f64; 3];

/// What the abstract gives: average and largest.
const PUBLISHED: [(&str, f64, f64); 3] = [
    ("area efficiency", 3.84, 5.05),
    ("energy efficiency", 2.03, 3.90),
    ("speed", 3.08, 4.62),
];

/// Where a baseline whose array takes INT4 weights alone computes its FP16 attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attention {
    /// A vector unit of 256 lanes, `datapath.vector_lanes`; it reuses no operand.
    VectorUnit,
    /// A square FP16 array, `datapath.float_array`, beside a smaller main one: the split that makes LLaMA-2-7B's
    /// prompt of [`MIDDLE`] tokens fastest.
    FloatArray,
}

/// What the text leaves open, each a parameter of the designs.
#[derive(Debug, Clone, Copy)]
struct Reading {
    name: &'static str,
    /// Bits of a bank's port, `buffers.port_bits`.
    port_bits: u16,
    attention: Attention,
    /// Elements of FIGNA and Anda that share an FP32 stage, `datapath.float_stage_elements`.
    float_stage_elements: u16,
}

/// From Anda's presets as they stand to the physically soundest, one step at a time. The order follows from what each
/// step mends, with the published ratios in view.
const READINGS: [Reading; 4] = [
    Reading {
        name: "1024-bit ports",
        port_bits: 64,
        attention: Attention::VectorUnit,
        float_stage_elements: 1,
    },
    // 16 rows of 32 lanes ask for 4688 bits a cycle, columns for 2112.
    Reading {
        name: "ports that feed the array",
        port_bits: 320,
        attention: Attention::VectorUnit,
        float_stage_elements: 1,
    },
    Reading {
        name: "and an FP16 array for attention",
        port_bits: 320,
        attention: Attention::FloatArray,
        float_stage_elements: 1,
    },
    SOUNDEST,
];

/// Elements of Anda that a stage serves without waiting: a group takes M + 1 cycles, at M = 6.
const ANDA_SHARES: u16 = 7;

/// Anda's published element areas need the shared stage (see its rows), FIGNA's 64-lane tree has one by construction.
const SOUNDEST: Reading = Reading {
    name: "and shared FP32 stages",
    port_bits: 320,
    attention: Attention::FloatArray,
    float_stage_elements: 16,
};

const NOTE: &str = "assumptions: 16 x 16 elements of 32 lanes, 500 MHz, 28 nm, 512 KiB buffers, one HBM2 stack, batch 1, the eight models, 64 initial and 128 local tokens; baselines have Harmonia's clock, buffers and memory and as many columns as its area allows; averages are geometric over models and baselines. Readings add up from row to row: 1024-bit ports and a vector unit of 256 lanes for the FP16 attention of FIGNA and Anda; ports of 5120 bits, which feed Harmonia's array; a square FP16 array beside the INT4 one of FIGNA and Anda, split for the fastest prompt; one FP32 stage for 16 elements of FIGNA and for 7 of Anda, which is as many as it serves without waiting. Published averages lie within our range over baselines and lengths: consistent with the paper, not reproduced. At this clock FP-FP needs pipeline registers, so that the largest energy efficiency, which is that over FP-FP, lies above the published one. Speed is not: at equal area it equals area efficiency, while the published 3.84 and 3.08 differ, so that the paper's baselines must be 1.25x as large as its design. In decode at batch 1 one row of each array works, so that speed follows its columns, and the energy of the weights that all designs fetch alike hides the rest";

/// All rows: the readings at the middle length, then the soundest at each length, phase and baseline.
pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    let [prefill, decode] = Phase::ALL;
    for reading in READINGS {
        let ratios = Chips::of(reading).ratios(MIDDLE);
        let case = format!("prefill of {MIDDLE}, {}", reading.name);
        push(&mut rows, &case, &ratios, prefill, &BASELINES);
    }
    let chips = Chips::of(SOUNDEST);
    for length in LENGTHS {
        let ratios = chips.ratios(length);
        if length == MIDDLE {
            for name in BASELINES {
                let case = format!("prefill of {length}, all readings, {name} alone");
                push(&mut rows, &case, &ratios, prefill, &[name]);
            }
        } else {
            let case = format!("prefill of {length}, all readings");
            push(&mut rows, &case, &ratios, prefill, &BASELINES);
        }
        let case = format!("decode at a context of {length}, all readings");
        push(&mut rows, &case, &ratios, decode, &BASELINES);
    }
    rows
}

/// Ratios in both phases over one baseline for one model.
type Compared = (&'static str, [Ratios; 2]);

fn push(rows: &mut Vec<Row>, case: &str, all: &[Compared], phase: Phase, baselines: &[&str]) {
    let ratios: Vec<Ratios> = all
        .iter()
        .filter(|each| baselines.contains(&each.0))
        .map(|each| each.1[phase as usize])
        .collect();
    for (index, (what, average, most)) in PUBLISHED.into_iter().enumerate() {
        let ours: Vec<f64> = ratios.iter().map(|each| each[index]).collect();
        let largest = ours.iter().copied().fold(0.0, f64::max);
        for (kind, published, ours) in [
            ("average", average, geometric_mean(&ours)),
            ("largest", most, largest),
        ] {
            rows.push(Row::new(
                SYSTEM,
                format!("{what} over prior works, {kind}, {case}"),
                published,
                ours,
                Basis::Derived,
                NOTE,
            ));
        }
    }
}

/// Harmonia and baselines of its area under a reading.
struct Chips {
    harmonia: Design,
    baselines: Vec<(&'static str, Design)>,
}

impl Chips {
    fn of(reading: Reading) -> Self {
        let mut harmonia = preset::design("Harmonia").expect("built in");
        harmonia.buffers.port_bits = reading.port_bits;
        let costs = cost_model(&harmonia, "LLaMA-2-7B", MIDDLE);
        let ours = costs.summary(&harmonia).expect("the preset has a cost");
        let baselines = BASELINES
            .map(|name| (name, equal_area(&costs, name, &harmonia, &ours, reading)))
            .into();
        Self {
            harmonia,
            baselines,
        }
    }

    /// Ratios over each baseline for each model at a length.
    fn ratios(&self, length: u32) -> Vec<Compared> {
        let mut all = Vec::new();
        for model in MODELS {
            let costs = cost_model(&self.harmonia, model, length);
            let ours = costs.summary(&self.harmonia).expect("a known cost");
            for (name, design) in &self.baselines {
                let theirs = costs.summary(design).expect("a known cost");
                let ratios = Phase::ALL.map(|phase| compare(&ours, &theirs, phase));
                all.push((*name, ratios));
            }
        }
        all
    }
}

fn cost_model(design: &Design, model: &str, length: u32) -> CostModel {
    let workload = Workload {
        model: preset::model(model).expect("built in"),
        batch: 1,
        prefill_tokens: length,
        context_tokens: length,
    };
    let technology = technology(&design.technology).expect("built in");
    CostModel::new(&workload, &technology).expect("a table of SRAM")
}

fn compare(ours: &CostSummary, theirs: &CostSummary, phase: Phase) -> Ratios {
    let (mine, other) = (ours.phase(phase), theirs.phase(phase));
    let speed = other.time / mine.time;
    let energy = other.energy.total() / mine.energy.total();
    let area = theirs.area.total() / ours.area.total();
    [speed * area, energy, speed]
}

/// A baseline with Harmonia's clock, buffers and memory, filled up to its area.
fn equal_area(
    costs: &CostModel,
    name: &str,
    harmonia: &Design,
    ours: &CostSummary,
    reading: Reading,
) -> Design {
    let mut design = preset::design(name).expect("built in");
    design.technology.clone_from(&harmonia.technology);
    design.clock_mhz = harmonia.clock_mhz;
    design.voltage_v = harmonia.voltage_v;
    design.buffers = harmonia.buffers;
    design.memory = harmonia.memory;
    design.datapath.float_stage_elements = match design.unit {
        UnitKind::FpFp => 1,
        UnitKind::AndaBitSerial => reading.float_stage_elements.min(ANDA_SHARES),
        _ => reading.float_stage_elements,
    };
    if reading.attention == Attention::VectorUnit {
        design.datapath.vector_lanes = 256;
    }
    if reading.attention == Attention::VectorUnit || design.unit == UnitKind::FpFp {
        return filled(costs, &design, ours).0;
    }
    // Edges of the FP16 array in steps of four.
    (1..=16)
        .map(|quarter| {
            design.datapath.float_array = [4 * quarter; 2];
            filled(costs, &design, ours)
        })
        .min_by(|left, right| left.1.total_cmp(&right.1))
        .map_or(design, |(design, _)| design)
}

/// As many columns as the area allows, and the seconds of the prompt then; infinite where not even one fits.
fn filled(costs: &CostModel, design: &Design, ours: &CostSummary) -> (Design, f64) {
    let mut design = design.clone();
    let cost = |columns: u32, design: &mut Design| {
        design.array.columns = columns;
        costs
            .summary(design)
            .ok()
            .filter(|cost| cost.area.total() <= ours.area.total())
    };
    let (mut least, mut most) = (1, 1024);
    while least < most {
        let middle = u32::midpoint(least, most + 1);
        if cost(middle, &mut design).is_some() {
            least = middle;
        } else {
            most = middle - 1;
        }
    }
    let seconds =
        cost(least, &mut design).map_or(f64::INFINITY, |cost| cost.prefill.time.to_seconds());
    (design, seconds)
}
