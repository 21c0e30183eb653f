//! Harmonia (arXiv 2602.04595): against FP-FP, FIGNA and Anda at equal area, linear and attention products.
//!
//! Array, clock, buffers, memory, token counts and the baselines of the published averages are not public: the
//! comparison is ours from assumptions, and its ratios stand beside the published ones.

use super::{Basis, Row, geometric_mean};
use crate::design::Design;
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

const NOTE: &str = "assumptions: 16 x 16 elements of 32 lanes, 500 MHz, 28 nm, 512 KiB buffers, one HBM2 stack, batch 1, the eight models, 64 initial and 128 local tokens; baselines have Harmonia's clock, buffers and memory, as many columns as its area allows, and run FP16 attention on a vector unit of 256 lanes that its 1024-bit port feeds with 64 values a cycle (FP-FP on its array); averages are geometric over models and baselines; the published averages of area efficiency and speed lie between our prefill of 4096 and of 8192 against all three, that of energy efficiency between 2048 and 4096; against FIGNA and Anda alone, whose FP16 attention then takes most of the time, all three are near our prefill of 4096; in decode all designs wait for the same weights";

/// All rows: each length and phase, and at the middle length some baselines alone.
pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for length in LENGTHS {
        let all = all_ratios(length);
        for phase in Phase::ALL {
            let of_phase: Vec<Ratios> = all.iter().map(|each| each.1[phase as usize]).collect();
            push(
                &mut rows,
                &format!("{} of {length}", label(phase)),
                &of_phase,
            );
        }
        if length == LENGTHS[1] {
            for names in [
                &BASELINES[..1],
                &BASELINES[1..],
                &BASELINES[1..2],
                &BASELINES[2..],
            ] {
                let some: Vec<Ratios> = all
                    .iter()
                    .filter(|each| names.contains(&each.0))
                    .map(|each| each.1[Phase::Prefill as usize])
                    .collect();
                let case = format!("prefill of {length}, {} alone", names.join(" and "));
                push(&mut rows, &case, &some);
            }
        }
    }
    rows
}

const fn label(phase: Phase) -> &'static str {
    match phase {
        Phase::Prefill => "prefill",
        Phase::Decode => "decode at a context",
    }
}

fn push(rows: &mut Vec<Row>, case: &str, ratios: &[Ratios]) {
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

/// Ratios in both phases over each baseline for each model at a length.
fn all_ratios(length: u32) -> Vec<(&'static str, [Ratios; 2])> {
    let harmonia = preset::design("Harmonia").expect("built in");
    let technology = technology(&harmonia.technology).expect("built in");
    let mut all = Vec::new();
    for model in MODELS.into_iter().filter_map(preset::model) {
        let workload = Workload {
            model,
            batch: 1,
            prefill_tokens: length,
            context_tokens: length,
        };
        let costs = CostModel::new(&workload, &technology).expect("a table of SRAM");
        let ours = costs.summary(&harmonia).expect("the preset has a cost");
        for baseline in BASELINES {
            let design = equal_area(&costs, baseline, &harmonia, &ours);
            let theirs = costs.summary(&design).expect("a baseline has a cost");
            all.push((
                baseline,
                Phase::ALL.map(|phase| compare(&ours, &theirs, phase)),
            ));
        }
    }
    all
}

fn compare(ours: &CostSummary, theirs: &CostSummary, phase: Phase) -> Ratios {
    let (mine, other) = (ours.phase(phase), theirs.phase(phase));
    let speed = other.time / mine.time;
    let energy = other.energy.total() / mine.energy.total();
    let area = theirs.area.total() / ours.area.total();
    [speed * area, energy, speed]
}

/// A baseline with Harmonia's clock, buffers and memory, and as many columns as its area allows.
fn equal_area(costs: &CostModel, name: &str, harmonia: &Design, ours: &CostSummary) -> Design {
    let mut design = preset::design(name).expect("built in");
    design.technology.clone_from(&harmonia.technology);
    design.clock_mhz = harmonia.clock_mhz;
    design.voltage_v = harmonia.voltage_v;
    design.buffers = harmonia.buffers;
    design.memory = harmonia.memory;
    design.datapath.vector_lanes = 256;
    let area = |columns: u32, design: &mut Design| {
        design.array.columns = columns;
        costs
            .summary(design)
            .map_or(f64::INFINITY, |cost| cost.area.total() / ours.area.total())
    };
    let (mut least, mut most) = (1, 1024);
    while least < most {
        let middle = u32::midpoint(least, most) + 1;
        let middle = middle.min(most);
        if area(middle, &mut design) <= 1.0 {
            least = middle;
        } else {
            most = middle - 1;
        }
    }
    design.array.columns = least;
    design
}
