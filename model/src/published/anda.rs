//! Anda (HPCA 2025, arXiv 2411.15982): processing elements, systems, energy shares, areas; twice.
//!
//! Once from the paper's component tables, once from our gates. Section and figure numbers are the paper's.

use super::anda_tables::{
    ANDA_ELEMENT, ANDA_MEMORY_SHARES, ANDA_TUPLES, BY_MANTISSA, COMPONENTS, ELEMENTS,
    FP_FP_ARRAY_MM2, FP_FP_SHARES, MEMORY_SHARE_OF_TIME, REST_MM2, SYSTEMS,
};
use super::relative_element::{
    Reading, bit_parallel_element, bit_serial_element, float_element, serial_weight_element,
};
use super::{Basis, Row, anda_attention, geometric_mean};
use crate::design::Design;
use crate::hardware::cost::Component;
use crate::hardware::gates::{CellLibrary, FloatOperand, Pipelining, Switching};
use crate::hardware::{CostModel, technology};
use crate::preset;
use crate::quality::ModuleWidths;
use crate::workload::Workload;

pub(super) const SYSTEM: &str = "anda";

/// All rows.
pub(super) fn rows() -> Vec<Row> {
    let speeds = [speedup(|tuple| tuple.1), speedup(|tuple| tuple.2)];
    let mut rows = Vec::new();
    published_elements(&mut rows);
    published_systems(&speeds, &mut rows);
    anda_attention::readings(&mut rows);
    components(&mut rows);
    energy_shares(&mut rows);
    our_elements(&mut rows);
    our_systems(&speeds, &mut rows);
    rows
}

fn published_elements(rows: &mut Vec<Row>) {
    for (name, area, power, area_efficiency, energy_efficiency) in ELEMENTS {
        for (what, published, efficiency) in [
            ("area", area, area_efficiency),
            ("power", power, energy_efficiency),
        ] {
            rows.push(Row::new(
                SYSTEM,
                format!("element {what}, {name}, published components"),
                published,
                (100.0 / efficiency).round() / 100.0,
                Basis::PublishedInput,
                "reciprocal of the printed efficiency, rounded as in print",
            ));
        }
    }
    for (m, area, energy) in BY_MANTISSA {
        let rate = 16.0 / f64::from(m + 1);
        for (what, published, relative) in [
            ("area", area, ANDA_ELEMENT[0]),
            ("energy", energy, ANDA_ELEMENT[1]),
        ] {
            rows.push(Row::new(
                SYSTEM,
                format!("element {what} efficiency, Anda M{m}, published components"),
                published,
                rate / relative,
                Basis::PublishedInput,
                "a group of 64 takes M + 1 cycles, FP-FP 16",
            ));
        }
    }
}

/// Geometric mean over the nine models of FP-FP's compute time over Anda's, linear layers in prefill of 2048 tokens,
/// and average M + 1 weighted by MACs.
fn speedup(tuple: impl Fn(&(&str, ModuleWidths, ModuleWidths)) -> ModuleWidths) -> [f64; 2] {
    let base = preset::design("FP-FP").expect("built in");
    let anda = preset::design("Anda").expect("built in");
    let ratios: Vec<[f64; 2]> = ANDA_TUPLES
        .iter()
        .map(|entry| {
            let mut design = anda.clone();
            for (module, bits) in MODULES.into_iter().zip(tuple(entry)) {
                set_activation(&mut design, module, bits);
            }
            let (slow, fast) = (
                linear_cycles(&base, entry.0),
                linear_cycles(&design, entry.0),
            );
            [slow / fast, 16.0 * fast / slow]
        })
        .collect();
    [0, 1].map(|index| geometric_mean(&ratios.iter().map(|each| each[index]).collect::<Vec<_>>()))
}

pub(super) const MODULES: [&str; 4] = [
    "qkv.activation",
    "o.activation",
    "gate_up.activation",
    "down.activation",
];

pub(super) fn set_activation(design: &mut Design, module: &str, bits: u8) {
    let group = module.parse().expect("a group of sites");
    design
        .formats
        .set(group, format!("anda:m={bits}").parse().expect("a format"));
}

/// Compute time of the linear layers in prefill.
fn linear_cycles(design: &Design, model: &str) -> f64 {
    let shape = preset::model(model).expect("built in");
    let workload = Workload {
        batch: 1,
        prefill_tokens: 2048,
        context_tokens: 2048,
        model: shape,
    };
    let technology = technology(&design.technology).expect("built in");
    let cost = CostModel::new(&workload, &technology)
        .and_then(|model| {
            model
                .estimate(design)
                .map_err(|mut violations| violations.remove(0))
        })
        .expect("the presets have a cost");
    cost.prefill
        .products
        .iter()
        .filter(|each| each.product.is_linear() && each.first_layer < workload.model.n_layers)
        .map(|each| each.compute.to_seconds() * f64::from(each.n_layers))
        .sum()
}

/// Speedups of all systems in order of the table; FIGNA with narrow mantissas counts 16 / M as the paper does.
fn speeds(anda: &[[f64; 2]; 2]) -> [f64; 7] {
    [1.0, 1.0, 1.0, 16.0 / 11.0, 2.0, anda[0][0], anda[1][0]]
}

fn published_systems(anda: &[[f64; 2]; 2], rows: &mut Vec<Row>) {
    for (index, (name, speed, area, energy)) in SYSTEMS.into_iter().enumerate() {
        let ours = speeds(anda)[index];
        let is_anda = index >= 5;
        let speed_note = if is_anda {
            "cycles of our model, 16 x 16 elements, broadcast delivery, tuples of figure 14"
        } else {
            "the paper counts 16 / M for narrow FIGNA and keeps plain FIGNA at 1"
        };
        let basis = if is_anda {
            Basis::Derived
        } else {
            Basis::PublishedInput
        };
        rows.push(Row::new(
            SYSTEM,
            format!("system speedup, {name}"),
            speed,
            ours,
            basis,
            speed_note,
        ));
        let (element, power) = if is_anda {
            (ANDA_ELEMENT[0], ANDA_ELEMENT[1] * anda[index - 5][1] / 16.0)
        } else {
            (1.0 / ELEMENTS[index].3, 1.0 / ELEMENTS[index].4)
        };
        rows.push(Row::new(
            SYSTEM,
            format!("system area efficiency, {name}, published components"),
            area,
            area_efficiency(ours, element),
            Basis::PublishedInput,
            "array scaled by the element, 1.76 mm2 beside it",
        ));
        let memory = memory_share(index, ours);
        let total: f64 = FP_FP_SHARES.iter().sum();
        let note = match index {
            3 | 4 => {
                "19.2 of the 59 points of memory energy taken to go with time, fitted to these two cells"
            }
            5.. => {
                "SRAM and DRAM shares of Anda are the paper's: bits a value alone would not give 24 for both tuples, some refetch is in them"
            }
            _ => "compute share times relative power, memory as FP-FP's",
        };
        let basis = if matches!(index, 3 | 4) {
            Basis::Calibrated
        } else {
            Basis::PublishedInput
        };
        rows.push(Row::new(
            SYSTEM,
            format!("system energy efficiency, {name}, published components"),
            energy,
            total / (FP_FP_SHARES[0] * power + memory),
            basis,
            note,
        ));
    }
}

fn area_efficiency(speed: f64, element: f64) -> f64 {
    speed * (FP_FP_ARRAY_MM2 + REST_MM2) / (FP_FP_ARRAY_MM2 * element + REST_MM2)
}

/// SRAM and DRAM energy of a system in points of FP-FP's.
fn memory_share(index: usize, speed: f64) -> f64 {
    let memory = FP_FP_SHARES[1] + FP_FP_SHARES[2];
    match index {
        3 | 4 => memory - MEMORY_SHARE_OF_TIME * (1.0 - 1.0 / speed),
        5.. => ANDA_MEMORY_SHARES.iter().sum(),
        _ => memory,
    }
}

fn components(rows: &mut Vec<Row>) {
    let sum = |pick: fn(&(&str, f64, f64)) -> f64| COMPONENTS.iter().map(pick).sum::<f64>();
    rows.push(Row::new(
        SYSTEM,
        "chip area (mm2), sum of published components",
        2.17,
        sum(|each| each.1),
        Basis::PublishedInput,
        "rounding of the parts",
    ));
    rows.push(Row::new(
        SYSTEM,
        "chip power (mW), sum of published components",
        81.18,
        sum(|each| each.2),
        Basis::PublishedInput,
        "",
    ));
    let mut design = preset::design("Anda").expect("built in");
    design.datapath.float_stage_elements = 16;
    let shape = preset::model("LLaMA-13B").expect("built in");
    let technology = technology(&design.technology).expect("built in");
    let model =
        CostModel::new(&Workload::single_sequence(shape), &technology).expect("a table of SRAM");
    let area = model.estimate(&design).expect("the preset has a cost").area;
    let parts = [
        Component::Array,
        Component::Converter,
        Component::VectorUnit,
        Component::ActivationBuffer,
        Component::WeightBuffer,
    ];
    for ((name, published, _), component) in COMPONENTS.into_iter().zip(parts) {
        let note = match component {
            Component::Array => {
                "one FP32 stage for 16 elements, 1.5x for layout; with a stage for each element the array is 1.9x"
            }
            Component::ActivationBuffer | Component::WeightBuffer => {
                "CACTI at 22 nm scaled as logic; the paper's macros are 0.80 mm2/MB"
            }
            _ => {
                "our composition of a converter lane and an FP16 lane; the paper gives no structure"
            }
        };
        rows.push(Row::new(
            SYSTEM,
            format!("area (mm2) of {name}, our gates"),
            published,
            area.get(component).to_square_millimeters(),
            Basis::Derived,
            note,
        ));
    }
}

fn energy_shares(rows: &mut Vec<Row>) {
    // LLaMA-13B; its average M + 1 follows from its own tuples.
    let average = |bits: ModuleWidths| {
        let [qkv, o, up, down] = bits.map(f64::from);
        let (d, f) = (5120.0, 13824.0);
        (3.0 * d * qkv + d * o + 2.0 * f * up + f * down) / (4.0 * d + 3.0 * f) + 1.0
    };
    let tuple = ANDA_TUPLES[6];
    let compute = |power: f64| FP_FP_SHARES[0] * power;
    let cells = [
        ("FP-INT", 22.0, compute(ELEMENTS[0].2)),
        ("iFPU", 12.0, compute(ELEMENTS[1].2)),
        ("FIGNA", 7.0, compute(ELEMENTS[2].2)),
        ("FIGNA-M11", 5.0, compute(1.0 / ELEMENTS[3].4)),
        ("FIGNA-M8", 4.0, compute(1.0 / ELEMENTS[4].4)),
        (
            "Anda 0.1%",
            5.0,
            compute(ANDA_ELEMENT[1] * average(tuple.1) / 16.0),
        ),
        (
            "Anda 1%",
            4.0,
            compute(ANDA_ELEMENT[1] * average(tuple.2) / 16.0),
        ),
    ];
    for (name, published, ours) in cells {
        rows.push(Row::new(
            SYSTEM,
            format!("LLaMA-13B compute energy, {name} (% of FP-FP total)"),
            published,
            ours.round(),
            Basis::PublishedInput,
            "rounded to whole percent as in print",
        ));
    }
}

/// Three readings of the floating-point stages.
fn readings() -> [(&'static str, Reading); 3] {
    let reading = |stages, shared| Reading {
        stages,
        shared,
        switching: Switching::Settled,
    };
    [
        (
            "uncut FP stages, one an element",
            reading(Pipelining::Uncut, 1.0),
        ),
        (
            "uncut FP stages, one for 16 elements",
            reading(Pipelining::Uncut, 16.0),
        ),
        (
            "pipelined FP stages, one for 16 elements",
            reading(Pipelining::ThreeStages, 16.0),
        ),
    ]
}

/// Relative area and energy of each element of the system table from our gates; Anda's is for M = 15 (16 cycles).
fn relative_elements(cells: &CellLibrary, reading: &Reading) -> [[f64; 2]; 6] {
    let base = float_element(cells, reading, FloatOperand::Same);
    [
        float_element(cells, reading, FloatOperand::Integer(4)),
        serial_weight_element(cells, reading),
        bit_parallel_element(cells, reading, 13),
        bit_parallel_element(cells, reading, 11),
        bit_parallel_element(cells, reading, 8),
        bit_serial_element(cells, reading, 15),
    ]
    .map(|element| element.relative_to(&base))
}

fn our_elements(rows: &mut Vec<Row>) {
    let cells = technology("nangate45").expect("built in").cells;
    for (reading_name, reading) in readings() {
        let ours = relative_elements(&cells, &reading);
        let published = ELEMENTS.map(|each| (each.0, [each.1, each.2]));
        let all = published.into_iter().chain([("Anda", ANDA_ELEMENT)]);
        for ((name, published), ours) in all.zip(ours) {
            let note = match name {
                "FP-INT" => {
                    "ours keeps a full FP32 adder, which is most of the unit; the paper's cheaper adder is not described"
                }
                "Anda" => {
                    "the FP32 stage is over half of an element that has its own; power: the stage works for each group either way"
                }
                "iFPU" => "read as 16 lanes of 13-bit mantissas under one weight bit a cycle",
                _ => "bit-parallel tree of 64 lanes with one FP32 stage, a sixteenth of it",
            };
            for (what, index) in [("area", 0), ("power", 1)] {
                rows.push(Row::new(
                    SYSTEM,
                    format!("element {what}, {name}, our gates, {reading_name}"),
                    published[index],
                    ours[index],
                    Basis::Derived,
                    note,
                ));
            }
        }
    }
}

fn our_systems(anda: &[[f64; 2]; 2], rows: &mut Vec<Row>) {
    let cells = technology("nangate45").expect("built in").cells;
    let (reading_name, reading) = readings()[1];
    let relative = relative_elements(&cells, &reading);
    for (index, (name, _, area, energy)) in SYSTEMS.into_iter().enumerate() {
        let speed = speeds(anda)[index];
        let [element, mut power] = relative[index.min(5)];
        if index >= 5 {
            power *= anda[index - 5][1] / 16.0;
        }
        let note = "array's share of the FP-FP chip and memory energy are the paper's; the element is ours";
        rows.push(Row::new(
            SYSTEM,
            format!("system area efficiency, {name}, our gates, {reading_name}"),
            area,
            area_efficiency(speed, element),
            Basis::Calibrated,
            note,
        ));
        let total: f64 = FP_FP_SHARES.iter().sum();
        let ours = total / (FP_FP_SHARES[0] * power + memory_share(index, speed));
        rows.push(Row::new(
            SYSTEM,
            format!("system energy efficiency, {name}, our gates, {reading_name}"),
            energy,
            ours,
            Basis::Calibrated,
            note,
        ));
    }
}
