//! Published units and the synthesis table beside our gate model.

use super::{Basis, Row};
use crate::hardware::gates::{Pipelining, Switching, Unit};
use crate::hardware::{Technology, technology};

const SYSTEM: &str = "anchors";

/// Parameters of a unit.
type Given = &'static [(&'static str, &'static str)];

fn unit(kind: &str, given: &[(&str, &str)]) -> Unit {
    Unit::from_text(kind, given).expect("a unit of the table")
}

fn cost(technology: &Technology, kind: &str, given: &[(&str, &str)]) -> [f64; 2] {
    let report = technology.unit(kind, &unit(kind, given));
    [report.area_um2, report.energy_settled_fj_per_op * 1e-3]
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

/// Horowitz (ISSCC 2014), 45 nm, 0.9 V; energies times 1.5 to reach 1.1 V.
fn horowitz(rows: &mut Vec<Row>) {
    let node = technology("nangate45").expect("built in");
    let table: [(&str, &str, Given, f64, f64); 6] = [
        ("8-bit add", "add", &[("w", "8")], 36.0, 0.03),
        ("16-bit add", "add", &[("w", "16")], 67.0, 0.05),
        ("32-bit add", "add", &[("w", "32")], 137.0, 0.1),
        (
            "8-bit multiply",
            "mul",
            &[("m", "8"), ("n", "8")],
            282.0,
            0.2,
        ),
        ("FP16 multiply", "fp16_mul", &[], 1640.0, 1.1),
        ("FP16 add", "fp16_add", &[], 1360.0, 0.4),
    ];
    for (name, kind, given, area, energy) in table {
        let [our_area, our_energy] = cost(&node, kind, given);
        let note = if name.starts_with("FP") {
            "its FP units are 2.2 to 3.4x ours: ours flush subnormals and meet no clock"
        } else {
            "ripple adders without timing pressure; energy times 1.5 from 0.9 to 1.1 V"
        };
        rows.push(Row::new(
            SYSTEM,
            format!("Horowitz 45 nm {name}, um2"),
            area,
            our_area,
            Basis::Derived,
            note,
        ));
        rows.push(Row::new(
            SYSTEM,
            format!("Horowitz 45 nm {name}, pJ at 1.1 V"),
            energy * 1.5,
            our_energy,
            Basis::Derived,
            note,
        ));
    }
}

/// `BitMoD` (HPCA 2025), TSMC 28 nm, 0.9 V, 1 ns, slow corner.
fn bitmod(rows: &mut Vec<Row>) {
    let node = technology("28 nm").expect("built in");
    let pipelined: Given = &[("stages", "pipelined")];
    let table: [(&str, &str, f64, f64); 2] = [
        ("FP16 MAC", "fp16_mac_fp16", 1968.7, 0.77),
        ("FP16 x INT8 MAC", "fp16_int8_mac_fp16", 1318.6, 0.613),
    ];
    let note = "scaled from 45 nm without timing pressure; theirs meets 1 ns at a slow corner and handles subnormals";
    for (name, kind, area, energy) in table {
        let [our_area, our_energy] = cost(&node, kind, pipelined);
        rows.push(Row::new(
            SYSTEM,
            format!("BitMoD 28 nm {name}, um2, pipelined"),
            area,
            our_area,
            Basis::Derived,
            note,
        ));
        rows.push(Row::new(
            SYSTEM,
            format!("BitMoD 28 nm {name}, pJ, pipelined"),
            energy,
            our_energy,
            Basis::Derived,
            note,
        ));
    }
    let ratio = |index: usize| {
        cost(&node, "fp16_int8_mac_fp16", &[])[index] / cost(&node, "fp16_mac_fp16", &[])[index]
    };
    let ratio_note = "their multiplier is 2.8x their adder, ours 1.2x: subnormal inputs, which cost the multiplier a normalizer each, are one reading";
    rows.push(Row::new(
        SYSTEM,
        "BitMoD FP16 x INT8 over FP16 MAC, area",
        0.67,
        ratio(0),
        Basis::Derived,
        ratio_note,
    ));
    rows.push(Row::new(
        SYSTEM,
        "BitMoD FP16 x INT8 over FP16 MAC, energy",
        0.80,
        ratio(1),
        Basis::Derived,
        ratio_note,
    ));
    // Four lanes, two bits of a weight a cycle: exponent match, 4 products of 11 x 2 bits, group accumulation, dequantization.
    let parts: [(&str, Given, f64); 6] = [
        ("max_tree", &[("inputs", "4"), ("w", "6")], 1.0),
        ("shift_right", &[("w", "13"), ("range", "16")], 4.0),
        ("mul", &[("m", "11"), ("n", "2")], 4.0),
        ("tree", &[("inputs", "4"), ("w", "16")], 1.0),
        ("fp16_add", pipelined, 1.0),
        ("mul", &[("m", "11"), ("n", "4")], 1.0),
    ];
    let area: f64 = parts
        .iter()
        .map(|(kind, given, count)| cost(&node, kind, given)[0] * count)
        .sum();
    rows.push(Row::new(
        SYSTEM,
        "BitMoD 28 nm four-lane bit-serial element, um2",
        1793.7,
        area,
        Basis::Derived,
        "our composition of its four parts; not cut as theirs",
    ));
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
        let each = cells.cost(&dot).area / 16.0;
        rows.push(Row::new(
            SYSTEM,
            format!("MSFP{} MAC density over FP32", bits + 9),
            density,
            float / each,
            Basis::Derived,
            "one FP32 stage for 16 lanes; MSFP shares it over more, which its notes do not say",
        ));
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

/// Ratios of whole units.
fn ratios(rows: &mut Vec<Row>) {
    let cells = technology("nangate45").expect("built in").cells;
    let per_mac = |unit: &Unit| {
        let cost = cells.cost(unit);
        let macs = unit.macs_per_cycle();
        [
            cost.area.to_square_micrometers() / macs,
            cost.energy(Switching::Settled).to_femtojoules() / macs,
        ]
    };
    let figna = |m: u32| {
        let dot = per_mac(&Unit::BfpIntDot {
            lanes: 64,
            m,
            n: 4,
            acc: m + 14,
            weights_held: false,
        });
        let stage = cells.cost(&Unit::Fp32Accumulate {
            w: 24,
            stages: Pipelining::Uncut,
        });
        [
            dot[0] + stage.area.to_square_micrometers() / 64.0,
            dot[1] + stage.settled.to_femtojoules() / 64.0,
        ]
    };
    let float = per_mac(&unit("fp16_mac_fp32", &[]));
    let own = figna(13);
    rows.push(Row::new(
        SYSTEM,
        "FIGNA (HPCA 2024) TOPS/mm2 over its FPU baseline",
        6.34,
        float[0] / own[0],
        Basis::Derived,
        "M = 13, 64 lanes, uncut baseline",
    ));
    rows.push(Row::new(
        SYSTEM,
        "FIGNA (HPCA 2024) TOPS/W over its FPU baseline",
        2.19,
        float[1] / own[1],
        Basis::Derived,
        "its figure is for a whole engine with buffers, ours for the datapath",
    ));
    // FIGLUT (HPCA 2025) table V, 28 nm, 100 MHz, OPT-6.7B: TOPS/W of iFPU and FIGNA engines.
    let planes = cells
        .cost(&Unit::BitPlaneDot {
            lanes: 64,
            n: 14,
            acc: 30,
        })
        .settled
        .to_femtojoules()
        * 4.0
        / 64.0;
    rows.push(Row::new(
        SYSTEM,
        "FIGNA over iFPU, TOPS/W (FIGLUT table V)",
        0.33 / 0.21,
        planes / own[1],
        Basis::Derived,
        "datapaths only; the table's engines include buffers",
    ));
}

/// `GF 22FDX` array of precision-scalable MX MACs (arXiv 2511.06313), 0.8 V, 500 MHz.
fn gf22(rows: &mut Vec<Row>) {
    let node = technology("22 nm").expect("built in");
    let note = "theirs is one MAC array for all MX formats with its output path, ours a fixed dot product with one FP32 stage for 32 lanes; energy with our layout factor";
    let table: [(&str, &str, f64); 2] = [
        ("MXFP8", "mxfp8_e4m3", 2.0 * 1000.0 / 1438.0),
        ("MXFP4", "mxfp4_e2m1", 2.0 * 1000.0 / 4065.0),
    ];
    for (name, format, picojoules) in table {
        let [_, energy] = cost(&node, "mx_dot", &[("format", format), ("lanes", "32")]);
        let each = energy * 1e3 / 32.0 * node.node.layout_energy.value;
        rows.push(Row::new(
            SYSTEM,
            format!("GF22 MX array {name}, fJ a MAC"),
            picojoules * 1e3,
            each,
            Basis::Derived,
            note,
        ));
    }
}
