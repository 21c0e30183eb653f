//! Published units beside our gate model, each under a stated reading.
//!
//! A reading says what a paper leaves open: the synthesis flow (speed), subnormal inputs, registers, what the figure
//! covers. One reading serves all units of a source; none is fitted.

use super::{Basis, Row};
use crate::hardware::cost::Component;
use crate::hardware::gates::{Pipelining, Unit};
use crate::hardware::{CostModel, CostSummary, Technology, UnitReport, technology};
use crate::preset;
use crate::workload::Workload;

const SYSTEM: &str = "anchors";

/// Parameters of a unit.
type Given = &'static [(&'static str, &'static str)];

/// A unit with its parameters, and how many of it.
type Part = (&'static str, Given, f64);

fn unit(kind: &str, given: &[(&str, &str)]) -> Unit {
    Unit::from_text(kind, given).expect("a unit of the table")
}

/// The units of a circuit synthesized in a flow, with their counts.
fn reports(technology: &Technology, flow: &str, parts: &[Part]) -> Vec<(UnitReport, f64)> {
    let report = |(kind, given, count): &Part| {
        let mut given = given.to_vec();
        given.push(("flow", flow));
        let report = technology.unit_from_text(kind, &given);
        (
            report.expect("a unit of the table in one of its flows"),
            *count,
        )
    };
    parts.iter().map(report).collect()
}

/// Area in um2 and settled energy in pJ of a circuit synthesized in a flow.
fn circuit(technology: &Technology, flow: &str, parts: &[Part]) -> [f64; 2] {
    reports(technology, flow, parts)
        .iter()
        .fold([0.0; 2], |[area, energy], (report, count)| {
            [
                area + report.area_um2 * count,
                energy + report.energy_settled_fj_per_op * 1e-3 * count,
            ]
        })
}

/// Toggles a net and cycle that a synthesis tool assumes where it is told nothing (0.1, its manual), against the 0.5 of
/// new random operands in every cycle.
const DEFAULT_ACTIVITY: f64 = 0.1 / 0.5;

/// Area in um2, and energy in pJ under the tool's default activity.
///
/// Without vectors a tool propagates transition densities, which add up through XORs as glitches do; clock pins switch
/// in full.
fn circuit_without_vectors(technology: &Technology, flow: &str, parts: &[Part]) -> [f64; 2] {
    let cells = &technology.cells;
    let clock_pin = cells.with_glitches.clock_pin * technology.node.energy.value;
    let [area, _] = circuit(technology, flow, parts);
    let femtojoules: f64 = reports(technology, flow, parts)
        .iter()
        .map(|(report, count)| {
            let clock = clock_pin * report.ff_bits;
            count * (clock + DEFAULT_ACTIVITY * (report.energy_fj_per_op - clock))
        })
        .sum();
    [area, femtojoules * 1e-3]
}

/// All rows.
pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    horowitz(&mut rows);
    bitmod(&mut rows);
    msfp(&mut rows);
    ratios(&mut rows);
    gf22(&mut rows);
    rows
}

/// Rows of area and energy of one unit.
fn pair(
    rows: &mut Vec<Row>,
    what: &str,
    [area, energy]: [f64; 2],
    [our_area, our_energy]: [f64; 2],
    note: &'static str,
) {
    for (unit, published, ours) in [("um2", area, our_area), ("pJ", energy, our_energy)] {
        rows.push(Row::new(
            SYSTEM,
            format!("{what}, {unit}"),
            published,
            ours,
            Basis::Derived,
            note,
        ));
    }
}

/// What a multiplier of FP16 values takes to normalize one subnormal input.
const SUBNORMAL_INPUT: [Part; 2] = [
    ("lzd", &[("w", "11")], 1.0),
    ("shift_right", &[("w", "11"), ("range", "16")], 1.0),
];

/// What it takes to write a subnormal product.
const SUBNORMAL_OUTPUT: Part = ("shift_right", &[("w", "22"), ("range", "32")], 1.0);

/// Horowitz (ISSCC 2014), 45 nm, 0.9 V; energies times 1.5 to reach 1.1 V.
fn horowitz(rows: &mut Vec<Row>) {
    let node = technology("nangate45").expect("built in");
    let integers: [(&str, &str, Given, [f64; 2]); 4] = [
        ("8-bit add", "add", &[("w", "8")], [36.0, 0.03]),
        ("16-bit add", "add", &[("w", "16")], [67.0, 0.05]),
        ("32-bit add", "add", &[("w", "32")], [137.0, 0.1]),
        (
            "8-bit multiply",
            "mul",
            &[("m", "8"), ("n", "8")],
            [282.0, 0.2],
        ),
    ];
    for (name, kind, given, [area, energy]) in integers {
        pair(
            rows,
            &format!("Horowitz 45 nm {name}, 1.1 V"),
            [area, energy * 1.5],
            circuit(&node, "fa", &[(kind, given, 1.0)]),
            "integers: smallest circuits without timing pressure (flow fa); energy times 1.5 from 0.9 to 1.1 V, printed with one digit",
        );
    }
    // The low half of a product needs n (n + 1) / 2 of its n^2 partial products.
    let low_half = 33.0 / 64.0;
    pair(
        rows,
        "Horowitz 45 nm 32-bit multiply, 1.1 V",
        [3495.0, 3.1 * 1.5],
        circuit(
            &node,
            "fa",
            &[("mul", &[("m", "32"), ("n", "32")], low_half)],
        ),
        "read as the low 32 bits of the product, as processors keep; the whole product takes 1.9x of ours",
    );
    let floats: [(&str, &str, [f64; 2]); 4] = [
        ("FP16 multiply", "fp16_mul", [1640.0, 1.1]),
        ("FP32 multiply", "fp32_mul", [7700.0, 3.7]),
        ("FP16 add", "fp16_add", [1360.0, 0.4]),
        ("FP32 add", "fp32_add", [4184.0, 0.9]),
    ];
    for (name, kind, [area, energy]) in floats {
        pair(
            rows,
            &format!("Horowitz 45 nm {name}, 1.1 V"),
            [area, energy * 1.5],
            circuit(&node, "abc@1000", &[(kind, &[], 1.0)]),
            "floating point: sized toward 1000 ps (flow abc@1000), subnormals flushed, no registers; its FP areas stay 1.7 to 3x ours, which no reading here explains: three pipeline stages bring the adders to -29 and -54 % but double their energy, subnormals add 10 %, sizing below 1000 ps 2 %",
        );
    }
}

/// `BitMoD` (HPCA 2025), TSMC 28 nm, 0.9 V, 1 ns, slow corner.
fn bitmod(rows: &mut Vec<Row>) {
    const FLOW: &str = "abc@1000";
    const NOTE: &str = "gates sized toward 1000 ps (flow abc@1000) for its 1 ns, subnormal inputs normalized; areas are its figures without registers; gate area of a 28 nm library: its multipliers stay larger, which its slow corner may explain; energies read at the default activity of a synthesis run without vectors, 0.1 toggles a net and cycle (new random operands in each cycle take 1.7 to 1.9x of the published energies, without glitches)";
    let node = technology("28 nm").expect("built in");
    let [count, shift] = SUBNORMAL_INPUT;
    let twice = |part: Part| (part.0, part.1, 2.0);
    // The accumulator of our MACs, which its figures without registers leave out.
    let no_register: Part = ("dff", &[("w", "16")], -1.0);
    let table: [(&str, [f64; 2], Vec<Part>); 4] = [
        (
            "FP16 multiply",
            [1273.6, 0.49],
            vec![
                ("fp16_mul", &[], 1.0),
                twice(count),
                twice(shift),
                SUBNORMAL_OUTPUT,
            ],
        ),
        ("FP16 add", [459.9, 0.28], vec![("fp16_add", &[], 1.0)]),
        (
            "FP16 MAC",
            [1733.5, 0.77],
            vec![
                ("fp16_mac_fp16", &[], 1.0),
                no_register,
                twice(count),
                twice(shift),
                SUBNORMAL_OUTPUT,
            ],
        ),
        (
            "FP16 x INT8 MAC",
            [1222.8, 0.613],
            vec![("fp16_int8_mac_fp16", &[], 1.0), no_register, count, shift],
        ),
    ];
    for (name, published, parts) in &table {
        let ours = circuit_without_vectors(&node, FLOW, parts);
        pair(
            rows,
            &format!("BitMoD 28 nm {name}"),
            *published,
            ours,
            NOTE,
        );
    }
    let [mac, mixed] =
        [2, 3].map(|index: usize| circuit_without_vectors(&node, FLOW, &table[index].2));
    for (what, published, index) in [("area", 1222.8 / 1733.5, 0), ("energy", 0.613 / 0.77, 1)] {
        rows.push(Row::new(
            SYSTEM,
            format!("BitMoD FP16 x INT8 over FP16 MAC, {what}"),
            published,
            mixed[index] / mac[index],
            Basis::Derived,
            "same reading; their multiplier is 2.8x their adder, ours 1.6x with subnormals",
        ));
    }
    // Four lanes, two bits of a weight a cycle: exponent match, four products of 11 x 2 bits aligned and summed, group
    // accumulation, dequantization.
    let element: [Part; 9] = [
        ("add", &[("w", "6")], 8.0),
        ("max_tree", &[("inputs", "4"), ("w", "6")], 1.0),
        ("mul", &[("m", "11"), ("n", "2")], 4.0),
        ("shift_right", &[("w", "16"), ("range", "16")], 4.0),
        ("sm_to_tc", &[("w", "16")], 4.0),
        ("tree", &[("inputs", "4"), ("w", "17")], 1.0),
        ("fp16_add", &[], 1.0),
        ("mul", &[("m", "11"), ("n", "4")], 1.0),
        ("dff", &[("w", "48")], 1.0),
    ];
    pair(
        rows,
        "BitMoD 28 nm four-lane bit-serial element",
        [1793.7, 0.586],
        circuit_without_vectors(&node, FLOW, &element),
        "our composition of its four parts (exponent match, products, group accumulation, dequantization), flow abc@1000, default activity; the rest may be that accumulation and dequantization work once a group, which its table does not say",
    );
}

/// MSFP (`NeurIPS` 2020), 16 nm: MAC density relative to FP32, block of 16.
fn msfp(rows: &mut Vec<Row>) {
    let cells = technology("nangate45").expect("built in").cells;
    // One FP32 MAC: multiplier, adder and register.
    let float = cells.cost(&unit("fp32_mul", &[])).area
        + cells.cost(&unit("fp32_add", &[])).area
        + cells.cost(&unit("dff", &[("w", "32")])).area;
    for (bits, density) in [
        (7_u32, 8.8),
        (6, 10.8),
        (5, 13.9),
        (4, 18.3),
        (3, 31.9),
        (2, 50.9),
    ] {
        let dot = Unit::BfpBfpDot {
            lanes: 16,
            m: bits,
            n: bits,
            stages: Pipelining::Uncut,
        };
        let whole = cells.cost(&dot).area;
        rows.push(Row::new(
            SYSTEM,
            format!("MSFP{} MAC density over FP32", bits + 9),
            density,
            float / (whole / 16.0),
            Basis::Derived,
            "one FP32 stage for 16 lanes",
        ));
        if bits <= 3 {
            let products = cells.area(&dot.parts()[0].gates);
            let shared = (whole + products) / 32.0;
            rows.push(Row::new(
                SYSTEM,
                format!("MSFP{} MAC density over FP32, shared stage", bits + 9),
                density,
                float / shared,
                Basis::Derived,
                "one FP32 stage for two dot products of 16: the published density rises 1.74x from 4 to 3 bits, more than products alone can, so that narrow sums must be accumulated otherwise; how is not in its notes, and the number two is read off these two densities",
            ));
        }
        let memory = 32.0 / (1.0 + f64::from(bits) + 0.5);
        let published = [3.8, 4.3, 4.9, 5.8, 7.1, 9.1][(7 - bits) as usize];
        rows.push(Row::new(
            SYSTEM,
            format!("MSFP{} memory density over FP32", bits + 9),
            published,
            memory,
            Basis::Derived,
            "",
        ));
    }
}

/// Ratios of whole units and engines.
fn ratios(rows: &mut Vec<Row>) {
    let cells = technology("nangate45").expect("built in").cells;
    let per_mac = |unit: &Unit| {
        let cost = cells.cost(unit);
        cost.area.to_square_micrometers() / unit.macs_per_cycle()
    };
    let stages = Pipelining::ThreeStages;
    let dot = Unit::BfpIntDot {
        lanes: 64,
        m: 13,
        n: 4,
        acc: 27,
        weights_held: false,
    };
    let stage = cells.cost(&Unit::Fp32Accumulate { w: 24, stages });
    let own = per_mac(&dot) + stage.area.to_square_micrometers() / 64.0;
    let float = per_mac(&unit("fp16_mac_fp32", &[("stages", "pipelined")]));
    rows.push(Row::new(
        SYSTEM,
        "FIGNA (HPCA 2024) TOPS/mm2 over its FPU baseline",
        6.34,
        float / own,
        Basis::Derived,
        "datapaths, M = 13, 64 lanes, FP32 stages pipelined in both",
    ));
    let [figna, ifpu, fp_fp] = ["FIGNA", "iFPU", "FP-FP"].map(chip_energy);
    rows.push(Row::new(
        SYSTEM,
        "FIGNA (HPCA 2024) TOPS/W over its FPU baseline",
        2.19,
        fp_fp / figna,
        Basis::Derived,
        "engine: our presets, prefill of OPT-6.7B, array, converter, buffers and leakage without external memory; its own buffers are not public",
    ));
    rows.push(Row::new(
        SYSTEM,
        "FIGNA over iFPU, TOPS/W (FIGLUT table V)",
        0.33 / 0.21,
        ifpu / figna,
        Basis::Derived,
        "engine as above, where equal buffers dilute the datapaths; table V is OPT-6.7B at batch 32, 28 nm, 100 MHz",
    ));
    let planes = Unit::BitPlaneDot {
        lanes: 16,
        n: 14,
        acc: 27,
    };
    // Four weight bits, a plane each.
    let serial = cells.cost(&planes).settled * (4.0 / 16.0);
    rows.push(Row::new(
        SYSTEM,
        "FIGNA over iFPU, TOPS/W (FIGLUT table V), datapaths alone",
        0.33 / 0.21,
        serial / (cells.cost(&dot).settled / 64.0),
        Basis::Derived,
        "trees of 64 lanes (M = 13) and of 16 lanes a weight plane, no buffers; with one lane and accumulator an element, as in a systolic array, the ratio is 3.3: the published engine lies between",
    ));
}

/// Joules of the linear products on the chip: without external memory and without FP16 attention on the vector unit.
fn chip_energy(name: &str) -> f64 {
    let design = preset::design(name).expect("built in");
    let technology = technology(&design.technology).expect("built in");
    let workload = Workload::single_sequence(preset::model("OPT-6.7B").expect("built in"));
    let cost = CostModel::new(&workload, &technology)
        .expect("a table of SRAM")
        .summary(&design)
        .expect("the preset has a cost");
    let CostSummary { prefill, .. } = cost;
    [
        Component::Array,
        Component::Converter,
        Component::ActivationBuffer,
        Component::WeightBuffer,
        Component::OutputBuffer,
        Component::Control,
    ]
    .into_iter()
    .map(|component| prefill.energy.get(component).to_joules())
    .sum()
}

/// `GF 22FDX` array of precision-scalable MX MACs (arXiv 2511.06313), 0.8 V, 500 MHz, in a processor with scratchpad.
fn gf22(rows: &mut Vec<Row>) {
    /// The array's share of the processor's area; of its power no share is printed.
    const CORE_SHARE: f64 = 0.295;
    let node = technology("22 nm").expect("built in");
    // GOPS at 500 MHz with 64 units: 4 and 8 products a unit and cycle.
    let table: [(&str, &str, &str, f64); 2] = [
        ("MXFP8", "mxfp8_e4m3", "4", 2e6 / 1438.0),
        ("MXFP4", "mxfp4_e2m1", "8", 2e6 / 4065.0),
    ];
    let dot = |format: &str, lanes: &str| {
        let report = node.unit_from_text("mx_dot", &[("format", format), ("lanes", lanes)]);
        report.expect("a unit of the table")
    };
    for (name, format, lanes, femtojoules) in table {
        let report = dot(format, lanes);
        rows.push(Row::new(
            SYSTEM,
            format!("GF22 MX array {name}, fJ a MAC"),
            femtojoules * CORE_SHARE,
            report.energy_settled_fj_per_op / report.macs_per_op * node.node.layout_energy.value,
            Basis::Derived,
            "4 MXFP8 or 8 MXFP4 products and one FP32 stage a unit, with our layout factor; published GOPS/W are of the whole processor, of which the array is read to take 29.5 %, its share of the area; theirs sums MXFP4 in the wider tree of MXFP8, ours in its own",
        ));
    }
    let area = dot("mxfp8_e4m3", "4").area_um2 + dot("mxfp4_e2m1", "8").area_um2;
    rows.push(Row::new(
        SYSTEM,
        "GF22 MX array, um2 a unit",
        2766.0,
        area * node.node.layout_area.value,
        Basis::Derived,
        "an MXFP8 and an MXFP4 dot product side by side with our layout factor; theirs shares one tree between all formats",
    ));
}
