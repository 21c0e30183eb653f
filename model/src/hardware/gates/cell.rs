//! The kinds of cells that units are counted in, and counts of them.

use std::ops::{Add, AddAssign, Mul};

use crate::hardware::by_name::Named;

/// A kind of cell, or of a small cluster that always comes together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cell {
    /// Full adder: takes one bit out of a sum.
    FullAdder,
    /// Half adder.
    HalfAdder,
    /// Two-input AND of a partial product, a mask or a flush.
    And,
    /// Zero fill of one bit in a shifter stage.
    Mask,
    /// Two-way multiplexer, one bit.
    Mux,
    /// Exclusive or of a conditional inversion, one bit.
    Xor,
    /// One bit of a conditional negation or an increment: XOR and half adder.
    Increment,
    /// One bit of a comparison.
    Compare,
    /// One bit of one level of a comparison tree.
    CompareLevel,
    /// One bit of a leading-zero count.
    LeadingZero,
    /// Flip-flop.
    Flipflop,
    /// One bit of one row of a sign extension into a wider sum.
    SignExtension,
    /// Sign, zero, overflow and sticky logic of one floating-point adder.
    FloatControl,
    /// Buffers and duplicates, a bit, on a normalizer and floating-point adder cut by no register.
    UncutPath,
    /// One output bit of an aligner that shifts out of sight (converter).
    AlignerBit,
}

impl Cell {
    /// How many kinds there are.
    pub const COUNT: usize = 15;

    /// All of them.
    pub const ALL: [Self; Self::COUNT] = [
        Self::FullAdder,
        Self::HalfAdder,
        Self::And,
        Self::Mask,
        Self::Mux,
        Self::Xor,
        Self::Increment,
        Self::Compare,
        Self::CompareLevel,
        Self::LeadingZero,
        Self::Flipflop,
        Self::SignExtension,
        Self::FloatControl,
        Self::UncutPath,
        Self::AlignerBit,
    ];

    /// Position in [`Cell::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Name in presets.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FullAdder => "full_adder",
            Self::HalfAdder => "half_adder",
            Self::And => "and",
            Self::Mask => "mask",
            Self::Mux => "mux",
            Self::Xor => "xor",
            Self::Increment => "increment",
            Self::Compare => "compare",
            Self::CompareLevel => "compare_level",
            Self::LeadingZero => "leading_zero",
            Self::Flipflop => "flipflop",
            Self::SignExtension => "sign_extension",
            Self::FloatControl => "float_control",
            Self::UncutPath => "uncut_path",
            Self::AlignerBit => "aligner_bit",
        }
    }
}

impl Named for Cell {
    const ALL: &'static [Self] = &Self::ALL;

    fn name(self) -> &'static str {
        self.name()
    }
}

/// Counts of cells; fractions occur where a cluster is counted by the area it takes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Gates([f64; Cell::COUNT]);

impl Gates {
    /// No cells.
    pub const NONE: Self = Self([0.0; Cell::COUNT]);

    /// Cells of one kind.
    pub const fn of(cell: Cell, count: f64) -> Self {
        let mut gates = Self::NONE;
        gates.0[cell.index()] = count;
        gates
    }

    /// With more cells of a kind.
    #[must_use]
    pub const fn and(mut self, cell: Cell, count: f64) -> Self {
        self.0[cell.index()] += count;
        self
    }

    /// Count of one kind.
    pub const fn count(&self, cell: Cell) -> f64 {
        self.0[cell.index()]
    }

    /// Counts in the order of [`Cell::ALL`].
    pub const fn counts(&self) -> &[f64; Cell::COUNT] {
        &self.0
    }

    /// Weighted sum of the counts.
    pub fn weigh(&self, weights: &[f64; Cell::COUNT]) -> f64 {
        self.0
            .iter()
            .zip(weights)
            .map(|(count, weight)| count * weight)
            .sum()
    }
}

impl Add for Gates {
    type Output = Self;
    fn add(mut self, other: Self) -> Self {
        self += other;
        self
    }
}

impl AddAssign for Gates {
    fn add_assign(&mut self, other: Self) {
        for (left, right) in self.0.iter_mut().zip(other.0) {
            *left += right;
        }
    }
}

impl Mul<f64> for Gates {
    type Output = Self;
    fn mul(self, factor: f64) -> Self {
        Self(self.0.map(|count| count * factor))
    }
}
