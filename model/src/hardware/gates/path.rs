//! The longest path through a unit, in steps that a cell library gives a delay.

use super::{FloatKind, ceil_log2};

/// A step of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// One bit of a ripple carry.
    RippleBit,
    /// Doubling the operands of a carry-save tree.
    TreeLevel,
    /// One multiplexer stage, its control's fan-out included.
    SelectLevel,
    /// Doubling the width of a comparison or a leading-zero count.
    CompareLevel,
    /// One bit of an increment or a negation.
    IncrementBit,
    /// Clock to output and setup of a flip-flop.
    Register,
    /// Entering and leaving the logic.
    Entry,
}

impl Step {
    /// How many kinds there are.
    pub const COUNT: usize = 7;

    /// Position in a library's table.
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// Steps in series.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Path([f64; Step::COUNT]);

impl Path {
    /// A path that only enters and leaves.
    pub const fn entry() -> Self {
        Self([0.0; Step::COUNT]).then(Step::Entry, 1.0)
    }

    /// With more steps of a kind.
    #[must_use]
    pub const fn then(mut self, step: Step, count: f64) -> Self {
        self.0[step.index()] += count;
        self
    }

    /// Counts in the order of [`Step`].
    pub const fn steps(&self) -> &[f64; Step::COUNT] {
        &self.0
    }

    /// Delay for delays of the steps.
    pub fn delay(&self, step: &[f64; Step::COUNT]) -> f64 {
        self.0
            .iter()
            .zip(step)
            .map(|(count, each)| count * each)
            .sum()
    }

    pub(super) fn multiplier(self, m: u32, n: u32) -> Self {
        if m.min(n) <= 1 {
            return self;
        }
        self.then(Step::RippleBit, f64::from(m + n - 2))
            .then(Step::TreeLevel, f64::from(ceil_log2(m.min(n))) - 1.0)
    }

    pub(super) fn tree(self, inputs: u32, w: u32) -> Self {
        let levels = f64::from(ceil_log2(inputs));
        self.then(Step::RippleBit, f64::from(w))
            .then(Step::TreeLevel, levels)
    }

    pub(super) fn align(self, kind: FloatKind) -> Self {
        let (p, e) = (kind.significand_bits(), kind.exponent_bits());
        self.then(Step::CompareLevel, f64::from(ceil_log2(p + e)))
            .then(Step::RippleBit, f64::from(e))
            .then(Step::SelectLevel, 1.0 + f64::from(ceil_log2(p + 3)))
    }

    pub(super) fn normalize(self, kind: FloatKind) -> Self {
        let p = kind.significand_bits();
        self.then(Step::CompareLevel, f64::from(ceil_log2(p + 3)))
            .then(Step::SelectLevel, f64::from(ceil_log2(p + 3)))
            .then(Step::IncrementBit, f64::from(p))
    }

    pub(super) fn add_significands(self, kind: FloatKind) -> Self {
        self.then(Step::RippleBit, f64::from(kind.significand_bits() + 4))
    }

    pub(super) fn float_adder(self, kind: FloatKind) -> Self {
        self.align(kind).add_significands(kind).normalize(kind)
    }

    pub(super) fn integer_to_float(self, w: u32) -> Self {
        self.then(Step::IncrementBit, f64::from(w))
            .then(Step::CompareLevel, f64::from(ceil_log2(w)))
            .then(Step::SelectLevel, f64::from(ceil_log2(w)))
    }
}
