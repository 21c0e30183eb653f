//! MASE (arXiv 2307.15517): 4-bit-average `MXInt` against 8-bit fixed point.

use super::{Basis, Row};
use crate::format::Format;
use crate::hardware::gates::{Switching, Unit};
use crate::hardware::technology;

const SYSTEM: &str = "mase";

/// All rows. The paper's tables were not at hand: two ratios of its abstract, and what ours are.
pub(super) fn rows() -> Vec<Row> {
    let cells = technology("nangate45").expect("built in").cells;
    let fixed = Unit::BfpIntDot {
        lanes: 16,
        m: 7,
        n: 8,
        acc: 24,
        weights_held: false,
    };
    let mixed = [
        Unit::BfpIntDot {
            lanes: 16,
            m: 3,
            n: 4,
            acc: 16,
            weights_held: false,
        },
        Unit::Adder { w: 8 },
        Unit::ShiftRight { w: 16, range: 16 },
        Unit::Adder { w: 16 },
    ];
    let energy = |unit: &Unit| cells.cost(unit).energy(Switching::Settled).to_femtojoules();
    let energy_ratio = energy(&fixed) / mixed.iter().map(energy).sum::<f64>();
    let format: Format = "mxint:w=4,b=16".parse().expect("a format");
    let bits = format.bits_per_value();
    vec![
        Row::new(
            SYSTEM,
            "energy efficiency of MXInt4 over 8-bit fixed point",
            0.97,
            energy_ratio,
            Basis::Derived,
            "gates of one dot product of 16; the paper's 3 % overhead is for a whole system at its accuracy, with tables not at hand: published target, not reproduced",
        ),
        Row::new(
            SYSTEM,
            "average bits per value",
            4.0,
            bits,
            Basis::Derived,
            "elements of the preset with their 8-bit exponent for each 16; the paper's average counts elements",
        ),
    ]
}
