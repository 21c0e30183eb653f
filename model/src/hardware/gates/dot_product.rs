//! Dot-product units: signed products of all lanes summed in one carry-save tree.

use super::float::{ACCUMULATOR_DATA, float_accumulator};
use super::primitive::{negation, product_gates, registers};
use super::{Cell, Gates, Logic, Part, Parts, ceil_log2};

/// Operand widths of the reconfigurable unit in a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReconfigurableMode {
    /// 8-bit mantissas by INT4 weights.
    M8W4,
    /// 8-bit by 4-bit mantissas, one pass.
    M8M4,
    /// 8-bit by 8-bit mantissas, two passes.
    M8M8,
}

impl ReconfigurableMode {
    /// Lower-case name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::M8W4 => "m8w4",
            Self::M8M4 => "m8m4",
            Self::M8M8 => "m8m8",
        }
    }

    /// Passes for one product.
    pub const fn passes(self) -> u32 {
        match self {
            Self::M8W4 | Self::M8M4 => 1,
            Self::M8M8 => 2,
        }
    }
}

/// `lanes` sign-magnitude m-bit mantissas by two's complement n-bit weights into an `acc`-bit integer register.
///
/// The weight is negated by the sign (n + 1 bits), so a lane adds m (n + 1) partial products and one sign correction.
pub(super) fn bfp_int(lanes: u32, m: u32, n: u32, acc: u32, parts: &mut Parts) {
    parts.push(signed_products(m, n, lanes));
    parts.push(registers(acc, ACCUMULATOR_DATA));
}

fn signed_products(m: u32, n: u32, lanes: u32) -> Part {
    let bits = f64::from(m) * f64::from(n + 1);
    let gates = product_gates(m, n)
        + Gates::of(Cell::And, f64::from(m))
        + Gates::of(Cell::FullAdder, bits + 1.0)
        + Gates::of(Cell::HalfAdder, 1.0)
        + negation(n + 1);
    Part::new("products and tree", Logic::Product, gates)
        .with_edges(1.0, seldom_set(m, lanes) * f64::from(n + 1))
        .times(f64::from(lanes))
}

/// Bits of an m-bit mantissa that are seldom set in a Gaussian block of `lanes`: the largest of more values leaves
/// more leading zeros to the others, a quarter of a bit for each doubling.
fn seldom_set(m: u32, lanes: u32) -> f64 {
    (f64::from(lanes.max(4)).log2() / 4.0 - 0.5).min(f64::from(m))
}

/// `lanes` products of sign-magnitude mantissas of m and n bits, exponents added, accumulated in FP32.
///
/// The tree takes n (m + 2) bits a lane: the products and the correction of the negated operand.
pub(super) fn bfp_bfp(lanes: u32, m: u32, n: u32, pipelined: bool, parts: &mut Parts) {
    let gates = product_gates(m, n)
        + Gates::of(Cell::FullAdder, f64::from(n) * f64::from(m + 2))
        + Gates::of(Cell::HalfAdder, 1.0)
        + Gates::of(Cell::Xor, f64::from(n))
        + negation(m + 1);
    let [idle_m, idle_n] = [m, n].map(|width| seldom_set(width, lanes));
    let idle = idle_m * f64::from(n) + idle_n * f64::from(m) - idle_m * idle_n;
    parts.push(
        Part::new("products and tree", Logic::Product, gates)
            .with_edges(1.0, idle)
            .times(f64::from(lanes)),
    );
    parts.push(exponent_adder());
    float_accumulator(m + n + ceil_log2(lanes) + 1, pipelined, 1.0, parts);
}

fn exponent_adder() -> Part {
    Part::new(
        "exponent adder",
        Logic::Control,
        Gates::of(Cell::FullAdder, 8.0),
    )
}

/// Anda-like bit-serial dot product: mantissa planes, and FP32 accumulation once in m cycles.
pub(super) fn bit_serial(lanes: u32, m: u32, acc: u32, parts: &mut Parts) {
    const WEIGHT_BITS: u32 = 4;
    bit_planes(lanes, WEIGHT_BITS, acc, parts);
    let idle = seldom_set(m, lanes) / f64::from(m.max(1));
    parts[0].rows = idle * f64::from(lanes * (WEIGHT_BITS + 1));
    float_accumulator(acc, false, 1.0 / f64::from(m.max(1)), parts);
}

/// One plane a cycle: AND with signed n-bit operands, tree, shift and accumulate in `acc` bits.
pub(super) fn bit_planes(lanes: u32, n: u32, acc: u32, parts: &mut Parts) {
    let bits = f64::from(n);
    let lane = Gates::of(Cell::And, bits)
        .and(Cell::FullAdder, bits + 1.0)
        .and(Cell::HalfAdder, 1.0)
        .and(Cell::Xor, bits);
    parts.push(
        Part::new("bit-plane products and tree", Logic::Product, lane)
            .with_edges(1.0, 0.0)
            .times(f64::from(lanes)),
    );
    let accumulate =
        Gates::of(Cell::FullAdder, (f64::from(acc) - bits).max(0.0)).and(Cell::Mux, f64::from(acc));
    parts.push(Part::new(
        "shift and accumulate",
        Logic::Product,
        accumulate,
    ));
    parts.push(registers(acc, ACCUMULATOR_DATA));
    parts.push(registers(PASS_CONTROL_BITS, 0.0));
}

/// Flip-flops that count passes and hold flags in the bit-serial unit.
const PASS_CONTROL_BITS: u32 = 12;

/// Harmonia-like unit: `lanes` products of 8 x 4 bits, both operands signed, second pass shifted by 4, 25-bit register.
pub(super) fn reconfigurable(lanes: u32, mode: ReconfigurableMode, parts: &mut Parts) {
    const SUM_BITS: u32 = 25;
    let gates = product_gates(8, 4)
        + Gates::of(Cell::And, 8.0)
        + Gates::of(Cell::FullAdder, 41.0)
        + Gates::of(Cell::HalfAdder, 1.0)
        + Gates::of(Cell::Xor, 9.0)
        + negation(5)
        + negation(9);
    let share = match mode {
        ReconfigurableMode::M8W4 | ReconfigurableMode::M8M4 => 1.0,
        ReconfigurableMode::M8M8 => SECOND_PASS_SHARE,
    };
    parts.push(
        Part::new("products and tree", Logic::Product, gates)
            .with_edges(1.0, seldom_set(8, lanes) * 5.0)
            .times(f64::from(lanes))
            .active(share),
    );
    let accumulate =
        Gates::of(Cell::FullAdder, f64::from(SUM_BITS)).and(Cell::Mux, f64::from(SUM_BITS));
    parts.push(Part::new("pass shift and sum", Logic::Control, accumulate));
    parts.push(exponent_adder());
    let new_sums = 1.0 / f64::from(mode.passes());
    parts.push(registers(104 - 44 - SUM_BITS, ACCUMULATOR_DATA * new_sums));
    float_accumulator(SUM_BITS, false, new_sums, parts);
}

/// Switching of a pass of the 8 x 8 mode against the 8 x 4 mode: one operand stays for both passes.
const SECOND_PASS_SHARE: f64 = 0.89;

/// `lanes` products of minifloats with `exponent` and `fraction` bits, shifted exactly into fixed point, summed,
/// shared exponents added, accumulated in FP32.
///
/// A product of two significands has 2 (fraction + 1) bits and moves by up to 2 (2^exponent - 2) places.
pub(super) fn minifloat(
    lanes: u32,
    exponent: u32,
    fraction: u32,
    pipelined: bool,
    parts: &mut Parts,
) {
    let significand = fraction + 1;
    let reach = 2 * ((1 << exponent) - 2);
    let fixed = 2 * significand + reach;
    let mut shift = Gates::of(Cell::FullAdder, f64::from(exponent));
    let (mut width, mut step) = (2 * significand, 1_u32);
    while step <= reach {
        shift += Gates::of(Cell::Mux, f64::from(width));
        width = (width + step).min(fixed);
        step *= 2;
    }
    let short = f64::from(significand);
    let product = product_gates(significand, significand)
        + Gates::of(Cell::FullAdder, (short * short - 2.0 * short).max(0.0))
        + Gates::of(Cell::And, 2.0 * short)
        + Gates::of(Cell::FullAdder, f64::from(fixed) + 1.0)
        + Gates::of(Cell::HalfAdder, 2.0)
        + Gates::of(Cell::Xor, f64::from(fixed));
    let count = f64::from(lanes);
    parts.push(
        Part::new("products and tree", Logic::Product, product)
            .with_edges(1.0, 0.0)
            .times(count),
    );
    parts.push(Part::new("shift to fixed point", Logic::Control, shift).times(count));
    parts.push(exponent_adder());
    float_accumulator(fixed + ceil_log2(lanes) + 1, pipelined, 1.0, parts);
}
