//! Hardware units by kind and widths, and the parts each is composed of.

use super::float::{ACCUMULATOR_DATA, float_accumulator, float_adder, float_multiplier};
use super::primitive::{
    adder, comparator, leading_zeros, maximum_tree, multiplier, negation, normalizing_shifter,
    registers, shifter, tree,
};
use super::{
    Cell, FloatKind, Gates, Logic, Part, Parts, ReconfigurableMode, converter, dot_product,
};

/// Whether registers cut a floating-point adder into align, add, normalize and round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Pipelining {
    /// One long path.
    #[default]
    Uncut,
    /// Three stages.
    ThreeStages,
}

/// What a floating-point value is multiplied with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FloatOperand {
    /// A value of the same format.
    Same,
    /// A two's complement integer of this many bits.
    Integer(u32),
}

/// One hardware unit, by the names and parameters of the synthesis table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    missing_docs,
    reason = "the fields are the table's parameters: w, m, n, a, b bits, acc accumulator bits, lanes, block"
)]
pub enum Unit {
    /// Unsigned m x n multiplier.
    Multiplier { m: u32, n: u32 },
    /// w + w adder.
    Adder { w: u32 },
    /// Unsigned sum of `inputs` w-bit values.
    Tree { inputs: u32, w: u32 },
    /// Right shifter by 0 .. range - 1.
    ShiftRight { w: u32, range: u32 },
    /// Maximum of `inputs` w-bit values.
    MaximumTree { inputs: u32, w: u32 },
    /// Leading-zero count.
    LeadingZeros { w: u32 },
    /// a > b.
    Compare { w: u32 },
    /// Sign-magnitude to two's complement.
    SignMagnitudeToTwos { w: u32 },
    /// Two's complement to sign-magnitude.
    TwosToSignMagnitude { w: u32 },
    /// Two-way multiplexer.
    Mux { w: u32 },
    /// Register.
    Register { w: u32 },
    /// Register with enable.
    EnabledRegister { w: u32 },
    /// Floating-point multiplier with rounded result.
    FloatMultiplier { kind: FloatKind },
    /// Floating-point adder.
    FloatAdder { kind: FloatKind, stages: Pipelining },
    /// Floating-point multiply-accumulate; an FP16 accumulator takes the product rounded, an FP32 one exact.
    FloatMac {
        kind: FloatKind,
        operand: FloatOperand,
        accumulator: FloatKind,
        stages: Pipelining,
    },
    /// Two's complement a x b multiply-accumulate into `acc` bits.
    IntegerMac { a: u32, b: u32, acc: u32 },
    /// `lanes` sign-magnitude m-bit by two's complement n-bit products into an integer register; no FP stage.
    BfpIntDot {
        lanes: u32,
        m: u32,
        n: u32,
        acc: u32,
        weights_held: bool,
    },
    /// FP32 accumulation of a w-bit integer with exponent.
    Fp32Accumulate { w: u32, stages: Pipelining },
    /// `lanes` sign-magnitude m x n products, FP32 accumulation included.
    BfpBfpDot {
        lanes: u32,
        m: u32,
        n: u32,
        stages: Pipelining,
    },
    /// Bit-serial mantissa planes by INT4 weights, FP32 accumulation every m cycles included.
    BitSerialDot { lanes: u32, m: u32, acc: u32 },
    /// One bit plane a cycle by n-bit operands into an integer register; no FP stage.
    BitPlaneDot { lanes: u32, n: u32, acc: u32 },
    /// Reconfigurable 8 x 4 products in a mode, FP32 accumulation included.
    ReconfigurableDot {
        lanes: u32,
        mode: ReconfigurableMode,
    },
    /// Minifloats of `exponent` and `fraction` bits with shared exponents, FP32 accumulation included.
    MxDot {
        lanes: u32,
        exponent: u32,
        fraction: u32,
        stages: Pipelining,
    },
    /// FP16 to m-bit block floating point, a block a cycle, no register.
    Fp16ToBfp { block: u32, m: u32, rounds: bool },
}

impl Unit {
    /// Its parts, each with gates and switching; their areas and energies sum to the unit's.
    #[expect(clippy::too_many_lines, reason = "one arm a unit")]
    pub fn parts(&self) -> Parts {
        let mut parts = Parts::EMPTY;
        match *self {
            Self::Multiplier { m, n } => parts.push(multiplier(m, n)),
            Self::Adder { w } => parts.push(Part::new("adder", Logic::Adder, adder(w))),
            Self::Tree { inputs, w } => {
                parts.push(Part::new("carry-save tree", Logic::Tree, tree(inputs, w)));
            }
            Self::ShiftRight { w, range } => {
                let gates = shifter(w, range);
                let part = Part::new("shifter", Logic::Shifter, gates);
                parts.push(part.with_edges(gates.count(Cell::Mask), 0.0));
            }
            Self::MaximumTree { inputs, w } => parts.push(Part::new(
                "maximum tree",
                Logic::Maximum,
                maximum_tree(inputs, w),
            )),
            Self::LeadingZeros { w } => parts.push(Part::new(
                "leading-zero count",
                Logic::LeadingZero,
                leading_zeros(w),
            )),
            Self::Compare { w } => {
                parts.push(Part::new("comparator", Logic::Compare, comparator(w)));
            }
            Self::SignMagnitudeToTwos { w } | Self::TwosToSignMagnitude { w } => {
                // The lowest bit passes through, but what it drives switches too.
                let passing = f64::from(w) / (f64::from(w.max(2)) - 1.0);
                let part = Part::new("negation", Logic::Negate, negation(w));
                parts.push(part.active(passing));
            }
            Self::Mux { w } => parts.push(Part::new(
                "multiplexer",
                Logic::Mux,
                Gates::of(Cell::Mux, f64::from(w)),
            )),
            Self::Register { w } => parts.push(registers(w, 1.0)),
            Self::EnabledRegister { w } => {
                parts.push(
                    Part::new("enable", Logic::Mux, Gates::of(Cell::Mux, f64::from(w)))
                        .active(ENABLED_SHARE),
                );
                parts.push(registers(w, ENABLED_SHARE));
            }
            Self::FloatMultiplier { kind } => parts.extend(float_multiplier(kind)),
            Self::FloatAdder { kind, stages } => {
                parts.extend(float_adder(kind, kind.significand_bits()));
                if stages == Pipelining::ThreeStages {
                    parts.push(registers(pipeline_bits(kind), ACCUMULATOR_DATA));
                }
            }
            Self::FloatMac {
                kind,
                operand,
                accumulator,
                stages,
            } => {
                float_mac(kind, operand, accumulator, stages, &mut parts);
            }
            Self::IntegerMac { a, b, acc } => integer_mac(a, b, acc, &mut parts),
            Self::BfpIntDot {
                lanes,
                m,
                n,
                acc,
                weights_held,
            } => {
                dot_product::bfp_int(lanes, m, n, acc, &mut parts);
                if weights_held {
                    parts[0] = parts[0].active(HELD_WEIGHTS_SHARE);
                }
            }
            Self::Fp32Accumulate { w, stages } => {
                float_accumulator(w, stages == Pipelining::ThreeStages, 1.0, &mut parts);
            }
            Self::BfpBfpDot {
                lanes,
                m,
                n,
                stages,
            } => {
                dot_product::bfp_bfp(lanes, m, n, stages == Pipelining::ThreeStages, &mut parts);
            }
            Self::BitSerialDot { lanes, m, acc } => {
                dot_product::bit_serial(lanes, m, acc, &mut parts);
            }
            Self::BitPlaneDot { lanes, n, acc } => {
                dot_product::bit_planes(lanes, n, acc, &mut parts);
            }
            Self::ReconfigurableDot { lanes, mode } => {
                dot_product::reconfigurable(lanes, mode, &mut parts);
            }
            Self::MxDot {
                lanes,
                exponent,
                fraction,
                stages,
            } => {
                let pipelined = stages == Pipelining::ThreeStages;
                dot_product::minifloat(lanes, exponent, fraction, pipelined, &mut parts);
            }
            Self::Fp16ToBfp { block, m, rounds } => {
                converter::block_converter(block, m, rounds, &mut parts);
            }
        }
        parts
    }

    /// Multiply-accumulates a cycle; 0 for units that are none.
    pub fn macs_per_cycle(&self) -> f64 {
        match *self {
            Self::Multiplier { .. }
            | Self::FloatMultiplier { .. }
            | Self::FloatMac { .. }
            | Self::IntegerMac { .. } => 1.0,
            Self::BfpIntDot { lanes, .. }
            | Self::BfpBfpDot { lanes, .. }
            | Self::MxDot { lanes, .. } => f64::from(lanes),
            Self::BitSerialDot { lanes, m, .. } => f64::from(lanes) / f64::from(m),
            Self::ReconfigurableDot { lanes, mode } => f64::from(lanes) / f64::from(mode.passes()),
            _ => 0.0,
        }
    }
}

/// Share of cycles in which an enabled register of the table takes a new word.
const ENABLED_SHARE: f64 = 0.5;

/// Switching of a BFP x INT dot product whose weights stay, against new weights each cycle: the activations drive it.
const HELD_WEIGHTS_SHARE: f64 = 0.98;

/// Bits by which a running sum outgrows its products within the few tens of cycles of a simulation.
const LIVE_SUM_BITS: u32 = 3;

/// Switching of sign-extension bits, which move together and seldom.
const SIGN_EXTENSION_SHARE: f64 = 0.2;

/// Bits between the three stages of a floating-point adder.
pub(super) fn pipeline_bits(kind: FloatKind) -> u32 {
    // 131 for FP32 and 70 for FP16 in the synthesis table: 4.7 bits a significant bit beyond 18.
    match kind {
        FloatKind::Fp32 => 131,
        FloatKind::Fp16 => 70,
        FloatKind::Bf16 => 62,
    }
}

fn float_mac(
    kind: FloatKind,
    operand: FloatOperand,
    accumulator: FloatKind,
    stages: Pipelining,
    parts: &mut Parts,
) {
    let p = kind.significand_bits();
    let exponents = Gates::of(
        Cell::FullAdder,
        2.0 * f64::from(accumulator.exponent_bits()),
    );
    let (product_bits, mut shape) = match operand {
        FloatOperand::Same => {
            parts.push(multiplier(p, p));
            (2 * p, exponents + Gates::of(Cell::Mux, 2.0 * f64::from(p)))
        }
        FloatOperand::Integer(n) => {
            parts.push(multiplier(p, n));
            let normalize = normalizing_shifter(n) * (f64::from(p + n) / f64::from(n.max(1)));
            (
                p + n,
                exponents + negation(n) + leading_zeros(n) + normalize,
            )
        }
    };
    let rounded = accumulator == FloatKind::Fp16;
    let operand_bits = product_bits.min(accumulator.significand_bits());
    if rounded {
        shape += negation(accumulator.significand_bits());
    }
    parts.push(Part::new(
        "exponent and normalization",
        Logic::Control,
        shape,
    ));
    parts.extend(float_adder(accumulator, operand_bits));
    let bits = match stages {
        Pipelining::Uncut => accumulator.bits(),
        Pipelining::ThreeStages => {
            pipeline_bits(accumulator)
                + operand_bits.min(product_bits)
                + accumulator.exponent_bits()
                + 1
        }
    };
    parts.push(registers(bits, ACCUMULATOR_DATA));
}

fn integer_mac(a: u32, b: u32, acc: u32, parts: &mut Parts) {
    parts.push(multiplier(a, b));
    let extension = f64::from(acc.saturating_sub(a + b)) * f64::from(a.min(b));
    // A running sum of products moves a few bits beyond their width; those above follow its sign and seldom change.
    let live = f64::from(acc.min(a + b + LIVE_SUM_BITS)) / f64::from(acc);
    let accumulate = Gates::of(Cell::FullAdder, f64::from(acc));
    parts.push(Part::new("accumulating adder", Logic::Product, accumulate).active(live));
    let extend = Gates::of(Cell::SignExtension, extension);
    parts.push(Part::new("sign extension", Logic::Product, extend).active(SIGN_EXTENSION_SHARE));
    parts.push(registers(acc, live));
}
