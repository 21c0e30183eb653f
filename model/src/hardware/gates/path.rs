//! The longest path through a unit, in steps that a cell library gives a delay.

use super::{FloatKind, ceil_log2};
use crate::hardware::by_name::Named;

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
    /// One level of a comparison, count or shift in a floating-point stage, whose control drives a whole word.
    FloatLevel,
    /// One bit of a carry in a floating-point stage: exponents, significands, rounding.
    FloatBit,
}

impl Step {
    /// How many kinds there are.
    pub const COUNT: usize = 9;

    /// All of them.
    pub const ALL: [Self; Self::COUNT] = [
        Self::RippleBit,
        Self::TreeLevel,
        Self::SelectLevel,
        Self::CompareLevel,
        Self::IncrementBit,
        Self::Register,
        Self::Entry,
        Self::FloatLevel,
        Self::FloatBit,
    ];

    /// Position in a library's table.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Name in presets.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RippleBit => "ripple_bit",
            Self::TreeLevel => "tree_level",
            Self::SelectLevel => "select_level",
            Self::CompareLevel => "compare_level",
            Self::IncrementBit => "increment_bit",
            Self::Register => "register",
            Self::Entry => "entry",
            Self::FloatLevel => "float_level",
            Self::FloatBit => "float_bit",
        }
    }
}

impl Named for Step {
    const ALL: &'static [Self] = &Self::ALL;

    fn name(self) -> &'static str {
        self.name()
    }
}

/// Steps in series.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Path([f64; Step::COUNT]);

impl Path {
    /// No steps.
    pub const NONE: Self = Self([0.0; Step::COUNT]);

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

    /// Count of a step.
    pub const fn count(&self, step: Step) -> f64 {
        self.0[step.index()]
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

    /// The steps of both, one after the other.
    #[must_use]
    pub fn joined(mut self, other: &Self) -> Self {
        for (mine, more) in self.0.iter_mut().zip(other.0) {
            *mine += more;
        }
        self
    }

    /// Longest single step for delays of the steps: no register can cut it.
    pub fn longest_step(&self, step: &[f64; Step::COUNT]) -> f64 {
        let present = self.0.iter().zip(step).filter(|(count, _)| **count > 0.0);
        present.map(|(_, each)| *each).fold(0.0, f64::max)
    }

    pub(super) fn align(self, kind: FloatKind) -> Self {
        let (p, e) = (kind.significand_bits(), kind.exponent_bits());
        let levels = ceil_log2(p + e) + 1 + ceil_log2(p + 3);
        self.then(Step::FloatLevel, f64::from(levels))
            .then(Step::FloatBit, f64::from(e))
    }

    pub(super) fn normalize(self, kind: FloatKind) -> Self {
        let p = kind.significand_bits();
        self.then(Step::FloatLevel, f64::from(2 * ceil_log2(p + 3)))
            .then(Step::FloatBit, f64::from(p))
    }

    pub(super) fn add_significands(self, kind: FloatKind) -> Self {
        self.then(Step::FloatBit, f64::from(kind.significand_bits() + 4))
    }

    pub(super) fn float_adder(self, kind: FloatKind) -> Self {
        self.align(kind).add_significands(kind).normalize(kind)
    }

    pub(super) fn integer_to_float(self, w: u32) -> Self {
        self.then(Step::FloatBit, f64::from(w))
            .then(Step::FloatLevel, f64::from(2 * ceil_log2(w)))
    }

    /// A product brought to one place and rounded to the significand of `kind`.
    pub(super) fn round_product(self, kind: FloatKind) -> Self {
        self.then(Step::FloatLevel, 1.0)
            .then(Step::FloatBit, f64::from(kind.significand_bits()))
    }
}
