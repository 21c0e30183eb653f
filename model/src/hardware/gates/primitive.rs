//! Primitives in cells: what a multiplier, a tree, a shifter of given widths is made of.

use super::{Cell, Gates, Logic, Part, ceil_log2};

/// Unsigned array multiplier of m x n bits: m n partial products; the carry-save tree and the ripple adder behind it
/// take m n bits down to m + n, each full adder one; half adders stand where columns do not fill up.
pub(super) fn multiplier(m: u32, n: u32) -> Part {
    let (short, long) = (f64::from(m.min(n)), f64::from(m.max(n)));
    if m.min(n) <= 1 {
        return Part::new(
            "multiplier",
            Logic::Gating,
            Gates::of(Cell::And, long + 0.5),
        )
        .active(long / (long + SELDOM_SET_BITS));
    }
    let gates = product_gates(m, n)
        + Gates::of(Cell::FullAdder, short * long - short - long)
        + Gates::of(Cell::HalfAdder, 1.0);
    Part::new("multiplier", Logic::Multiplier, gates).with_edges(short + long, short)
}

/// Bits' worth of switching that a word of a Gaussian block lacks: its leading bits are seldom set.
const SELDOM_SET_BITS: f64 = 2.5;

/// Partial products of m x n bits and the half adders of their tree.
pub(super) fn product_gates(m: u32, n: u32) -> Gates {
    let short = f64::from(m.min(n));
    Gates::of(Cell::And, f64::from(m) * f64::from(n)).and(
        Cell::HalfAdder,
        HALF_ADDER_SHARE * (short - 1.0) * (short - 2.0) / 2.0,
    )
}

/// Half adders in a Wallace tree of `short` rows, as a share of the triangle (short - 1)(short - 2) / 2 of column ends.
const HALF_ADDER_SHARE: f64 = 0.43;

/// Ripple adder of two w-bit operands.
pub(super) fn adder(w: u32) -> Gates {
    Gates::of(Cell::FullAdder, f64::from(w.max(1)) - 1.0).and(Cell::HalfAdder, 1.0)
}

/// Sum of `inputs` unsigned w-bit operands: `inputs` w bits go in, w + log2 `inputs` come out.
pub(super) fn tree(inputs: u32, w: u32) -> Gates {
    let levels = f64::from(ceil_log2(inputs));
    let (inputs, w) = (f64::from(inputs), f64::from(w));
    Gates::of(Cell::FullAdder, (inputs * w - w - levels).max(0.0))
        .and(Cell::HalfAdder, (inputs - levels).max(0.0))
}

/// Logical right shifter of w bits by 0 .. range - 1: one multiplexer row a stage, masks where nothing comes in, a
/// quarter of a mask where a stage shifts everything out.
pub(super) fn shifter(w: u32, range: u32) -> Gates {
    let mut gates = Gates::NONE;
    let mut step = 1_u32;
    while step < range {
        gates += if step < w {
            Gates::of(Cell::Mux, f64::from(w - step)).and(Cell::Mask, f64::from(step))
        } else {
            Gates::of(Cell::Mask, f64::from(w) / 4.0)
        };
        step = step.saturating_mul(2);
    }
    gates
}

/// Left shifter that brings any of w bits to the top.
pub(super) fn normalizing_shifter(w: u32) -> Gates {
    Gates::of(Cell::Mux, f64::from(w) * f64::from(ceil_log2(w)))
}

/// Comparator a > b of w bits, a logarithmic tree.
pub(super) fn comparator(w: u32) -> Gates {
    Gates::of(Cell::Compare, f64::from(w)).and(Cell::CompareLevel, f64::from(w) * log2(w))
}

/// Maximum of `inputs` w-bit values: for each but one a comparison bit by bit, a multiplexer and the drivers of its select.
pub(super) fn maximum_tree(inputs: u32, w: u32) -> Gates {
    const SELECT_DRIVERS: f64 = 4.0;
    let node = Gates::of(Cell::Compare, f64::from(w))
        .and(Cell::Mux, f64::from(w))
        .and(Cell::And, SELECT_DRIVERS);
    node * (f64::from(inputs.max(1)) - 1.0)
}

/// Leading-zero count of w bits; the first bits are almost free.
pub(super) fn leading_zeros(w: u32) -> Gates {
    Gates::of(Cell::LeadingZero, (f64::from(w) - 1.5).max(0.5))
}

/// Conditional negation or increment of w bits; the lowest bit passes.
pub(super) fn negation(w: u32) -> Gates {
    Gates::of(Cell::Increment, f64::from(w.max(1)) - 1.0)
}

/// Flip-flops; `data` is the activity of what they hold against a new uniform word each cycle.
pub(in crate::hardware) fn registers(bits: u32, data: f64) -> Part {
    Part::new(
        "registers",
        Logic::Register,
        Gates::of(Cell::Flipflop, f64::from(bits)),
    )
    .active(data)
}

/// log2 of a small width, exact at powers of two and linear in between.
fn log2(w: u32) -> f64 {
    let floor = w.max(1).ilog2();
    f64::from(floor) + f64::from(w.max(1) - (1 << floor)) / f64::from(1_u32 << floor)
}
