//! MASE (arXiv 2307.15517): 4-bit-average `MXInt` against 8-bit fixed point as spatial pipelines on one device.

use super::{Basis, Row};
use crate::format::Format;
use crate::hardware::gates::Unit;
use crate::hardware::technology::FpgaFamily;
use crate::hardware::{CostModel, technology};
use crate::preset;
use crate::workload::Workload;

const SYSTEM: &str = "mase";

/// 8-bit products that one DSP slice of an `UltraScale`+ device does in a cycle (two share a 27 x 18 multiplier).
const PRODUCTS_A_DSP: f64 = 2.0;

/// All rows. The paper's tables were not at hand: ratios of its abstract, and what ours are under two readings.
pub(super) fn rows() -> Vec<Row> {
    let family = FpgaFamily::built_in();
    let device = family.device("U250").expect("a built-in device");
    let (mixed, fixed) = (mixed_luts(&family), fixed_luts(&family));
    let budget = f64::from(device.luts) * family.usable_luts.value;
    let parallel = [budget / mixed, budget / fixed];
    let with_slices = parallel[1] + PRODUCTS_A_DSP * f64::from(device.dsps);
    let format: Format = "mxint:w=4,b=16".parse().expect("a format");
    vec![
        Row::new(
            SYSTEM,
            "energy efficiency of MXInt4 over 8-bit fixed point, products of both in LUTs",
            0.97,
            throughput("mxint:w=4,b=16") / throughput("int:w=8,g=row"),
            Basis::Derived,
            "OPT-1.3B prefill of 2048 tokens on a U250: one engine a layer, each with its share of the LUTs, the slowest sets the rate; equal board power; the paper's models and devices were not at hand",
        ),
        Row::new(
            SYSTEM,
            "energy efficiency of MXInt4 over 8-bit fixed point, fixed point also in DSP slices",
            0.97,
            parallel[0] / with_slices,
            Basis::Derived,
            "multipliers that fit: MXInt4 in LUTs; 8-bit products in LUTs and two in each of the U250's DSP slices; equal board power. The nearest of the readings tried: with one product a slice it is 1.7, with slices alone 1.8; what remains is not explained, since the paper's operator areas and power were not at hand",
        ),
        Row::new(
            SYSTEM,
            "LUTs of an MXInt4 multiply-accumulate over 8-bit fixed point",
            1.0,
            mixed / fixed,
            Basis::Derived,
            "the published side is parity, no figure of the paper: its area table was not at hand; dot products of 16 with exponent, aligner and accumulator",
        ),
        Row::new(
            SYSTEM,
            "average bits per value",
            4.0,
            format.bits_per_value(),
            Basis::Derived,
            "elements of the preset with their 8-bit exponent for each 16; the paper's average counts elements",
        ),
    ]
}

/// LUTs a product of a dot product of 16 `MXInt4` values with exponent adder, aligner and accumulating adder.
fn mixed_luts(family: &FpgaFamily) -> f64 {
    let units = [
        dot(3, 4, 16),
        Unit::Adder { w: 8 },
        Unit::ShiftRight { w: 16, range: 16 },
        Unit::Adder { w: 16 },
    ];
    units.iter().map(|unit| family.luts(unit)).sum::<f64>() / 16.0
}

/// LUTs a product of a dot product of 16 8-bit values.
fn fixed_luts(family: &FpgaFamily) -> f64 {
    family.luts(&dot(7, 8, 24)) / 16.0
}

const fn dot(m: u32, n: u32, acc: u32) -> Unit {
    Unit::BfpIntDot {
        lanes: 16,
        m,
        n,
        acc,
        weights_held: false,
    }
}

/// Prompts a second of OPT-1.3B on MASE's device with one format everywhere.
fn throughput(format: &str) -> f64 {
    let mut design = preset::design("MASE").expect("built in");
    let all = "all".parse().expect("a group");
    design.formats.set(all, format.parse().expect("a format"));
    let workload = Workload::single_sequence(preset::model("OPT-1.3B").expect("built in"));
    let technology = technology(&design.technology).expect("built in");
    let cost = CostModel::new(&workload, &technology)
        .expect("a table of SRAM")
        .summary(&design)
        .expect("the preset has a cost");
    1.0 / cost.prefill.time.to_seconds()
}
