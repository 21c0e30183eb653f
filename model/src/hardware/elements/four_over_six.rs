//! Choice of a block's largest level, six or four, by the smaller squared error (NVFP4 with adaptive scaling).

use super::block::log2;
use super::stimulus::gaussian;
use super::{Element, Stream};
use crate::hardware::netlist::{Builder, Netlist, NodeId, Summand};
use crate::hardware::parameters::Parameters;
use crate::quality::SeededValues;
use crate::violation::Violation;

/// Levels and thresholds of a candidate, in units of 1/32 of the block's scale.
struct Candidate {
    levels: &'static [u128],
    thresholds: &'static [u128],
}

const SIX: Candidate = Candidate {
    levels: &[0, 16, 32, 48, 64, 96, 128, 192],
    thresholds: &[8, 24, 40, 56, 80, 112, 160],
};
const FOUR: Candidate = Candidate {
    levels: &[0, 24, 48, 72, 96, 144, 192],
    thresholds: &[12, 36, 60, 84, 120, 168],
};

/// Codes of the better candidate for a block of 8-bit magnitudes; no register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FourOverSix {
    /// Values of a block.
    pub block: u32,
}

pub(super) fn read(p: &mut Parameters<'_>) -> Result<Box<dyn Element>, Violation> {
    Ok(Box::new(FourOverSix {
        block: p.required("block", 2, 256)?,
    }))
}

impl Candidate {
    /// Code and squared error of a magnitude.
    fn evaluate(&self, b: &mut Builder, x: NodeId) -> (NodeId, NodeId) {
        let passed: Vec<NodeId> = self
            .thresholds
            .iter()
            .map(|threshold| b.at_least(x, *threshold))
            .collect();
        let mut code = b.constant(0, 3);
        for (index, flag) in passed.iter().enumerate() {
            let own = b.constant(index as u128 + 1, 3);
            code = b.mux(*flag, own, code);
        }
        let mut level: Vec<NodeId> = self
            .levels
            .iter()
            .map(|level| b.constant(*level, 8))
            .collect();
        level.resize(8, level[0]);
        for index in 0..3 {
            let bit = b.bit(code, index);
            level = level
                .chunks(2)
                .map(|pair| b.mux(bit, pair[1], pair[0]))
                .collect();
        }
        let difference = b.subtract(9, x, level[0]);
        let sign = b.top(difference);
        let low = b.slice(difference, 0, 6);
        let flipped = b.xor(low, sign);
        let magnitude = b.add(6, flipped, sign);
        let square = b.sum(12, &[Summand::product(magnitude, magnitude)], 0);
        (code, square)
    }
}

impl Element for FourOverSix {
    fn netlist(&self) -> Netlist {
        let mut b = Builder::new();
        let values = b.inputs("x", 8, self.block);
        let mut codes = Vec::new();
        let mut errors: [Vec<Summand>; 2] = [Vec::new(), Vec::new()];
        b.part("candidates");
        for x in values {
            let (six, error) = SIX.evaluate(&mut b, x);
            errors[0].push(Summand::word(error));
            let (four, error) = FOUR.evaluate(&mut b, x);
            errors[1].push(Summand::word(error));
            codes.push([six, four]);
        }
        b.part("choice");
        let width = 12 + log2(self.block);
        let [six, four] = errors.map(|errors| b.sum(width, &errors, 0));
        let smaller = b.greater(six, four);
        for [six, four] in codes {
            let code = b.mux(smaller, four, six);
            b.output("code", code);
        }
        b.output("four", smaller);
        b.finish()
    }

    fn stream(&self, random: &mut SeededValues, cycles: usize) -> Stream {
        (0..cycles)
            .map(|_| {
                let values = gaussian(random, self.block, 1.0);
                let top = values.iter().map(|value| value.abs()).fold(1e-9, f64::max);
                values
                    .iter()
                    .map(|value| {
                        #[expect(
                            clippy::cast_possible_truncation,
                            clippy::cast_sign_loss,
                            reason = "at most 192"
                        )]
                        let code = (value.abs() / top * 192.0).round() as u128;
                        code
                    })
                    .collect()
            })
            .collect()
    }

    fn cycles(&self) -> usize {
        25
    }

    fn macs_per_cycle(&self) -> f64 {
        0.0
    }
}
