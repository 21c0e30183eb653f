//! Harmonia (arXiv 2602.04595): against FP-FP, FIGNA and Anda at equal area, linear and attention products.
//!
//! Array, clock, buffers, memory, token counts and the baselines of the published averages are not public: the
//! comparison is ours from assumptions, and its ratios stand beside the published ones.

use super::{Basis, Row, geometric_mean};
use crate::design::Design;
use crate::hardware::{CostModel, CostSummary, technology};
use crate::preset;
use crate::workload::Workload;

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

/// Assumed lengths: prompt, and context of the decode steps.
const TOKENS: [u32; 2] = [2048, 2048];

/// Ratios of Harmonia over one baseline for one model: area efficiency, energy efficiency, speed.
type Ratios = [f64; 3];

/// All rows.
pub(super) fn rows() -> Vec<Row> {
    let harmonia = preset::design("Harmonia").expect("built in");
    let mut ratios: Vec<Ratios> = Vec::new();
    for model in MODELS.into_iter().filter_map(preset::model) {
        let workload = Workload {
            model,
            batch: 1,
            prefill_tokens: TOKENS[0],
            context_tokens: TOKENS[1],
        };
        let technology = technology(&harmonia.technology).expect("built in");
        let costs = CostModel::new(&workload, &technology).expect("a table of SRAM");
        let ours = costs.summary(&harmonia).expect("the preset has a cost");
        for baseline in ["FP-FP", "FIGNA", "Anda"] {
            let design = equal_area(&costs, baseline, &harmonia, &ours);
            let theirs = costs.summary(&design).expect("a baseline has a cost");
            ratios.push(compare(&ours, &theirs));
        }
    }
    let pick = |index: usize| ratios.iter().map(|each| each[index]).collect::<Vec<_>>();
    let published = [
        ("area efficiency", 3.84, 5.05),
        ("energy efficiency", 2.03, 3.90),
        ("speed", 3.08, 4.62),
    ];
    let note = "16 x 16 elements of 32 lanes, 500 MHz, 28 nm, HBM2, prefill 2048 and all eight models are assumptions; baselines run attention on an FP16 vector unit of 256 lanes; average over FP-FP, FIGNA and Anda at equal area";
    let mut rows = Vec::new();
    for (index, (what, average, most)) in published.into_iter().enumerate() {
        let ours = pick(index);
        rows.push(Row::new(
            SYSTEM,
            format!("{what} over prior works, average"),
            average,
            geometric_mean(&ours),
            Basis::Derived,
            note,
        ));
        rows.push(Row::new(
            SYSTEM,
            format!("{what} over prior works, largest"),
            most,
            ours.into_iter().fold(0.0, f64::max),
            Basis::Derived,
            note,
        ));
    }
    rows
}

fn compare(ours: &CostSummary, theirs: &CostSummary) -> Ratios {
    let speed = theirs.prefill.time / ours.prefill.time;
    let energy = theirs.prefill.energy.total() / ours.prefill.energy.total();
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
