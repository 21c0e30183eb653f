//! A part of a unit: its gates and how much of them switches.

use std::ops::{Deref, DerefMut};

use crate::hardware::by_name::Named;

use super::Gates;

/// What a part's gates do, which sets how often they switch for each gate equivalent.
///
/// Primitives see uniform random operands, as in the synthesis table; product, float, control and converter see
/// the operands of real dot products.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Logic {
    /// Masking by a single bit.
    Gating,
    /// Unsigned array multiplier.
    Multiplier,
    /// Ripple adder.
    Adder,
    /// Multi-operand carry-save tree.
    Tree,
    /// Multiplexer.
    Mux,
    /// Barrel shifter.
    Shifter,
    /// Maximum tree.
    Maximum,
    /// Leading-zero counter.
    LeadingZero,
    /// Comparator.
    Compare,
    /// Conditional negation.
    Negate,
    /// Signed products and their carry-save tree in a dot product.
    Product,
    /// Floating-point adder.
    Float,
    /// Normalizers, exponents, rounding.
    Control,
    /// Block converter.
    Converter,
    /// Flip-flops: the clock pin switches each cycle, the data by its activity.
    Register,
}

impl Logic {
    /// How many kinds there are.
    pub const COUNT: usize = 15;

    /// All of them.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Gating,
        Self::Multiplier,
        Self::Adder,
        Self::Tree,
        Self::Mux,
        Self::Shifter,
        Self::Maximum,
        Self::LeadingZero,
        Self::Compare,
        Self::Negate,
        Self::Product,
        Self::Float,
        Self::Control,
        Self::Converter,
        Self::Register,
    ];

    /// Position in [`Logic::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Name in presets.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gating => "gating",
            Self::Multiplier => "multiplier",
            Self::Adder => "adder",
            Self::Tree => "tree",
            Self::Mux => "mux",
            Self::Shifter => "shifter",
            Self::Maximum => "maximum",
            Self::LeadingZero => "leading_zero",
            Self::Compare => "compare",
            Self::Negate => "negate",
            Self::Product => "product",
            Self::Float => "float",
            Self::Control => "control",
            Self::Converter => "converter",
            Self::Register => "register",
        }
    }
}

impl Named for Logic {
    const ALL: &'static [Self] = &Self::ALL;

    fn name(self) -> &'static str {
        self.name()
    }
}

/// Some gates of a unit with a name that an architect would give them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    /// What it is, lower case.
    pub name: &'static str,
    /// Its cells.
    pub gates: Gates,
    /// What they do.
    pub logic: Logic,
    /// Share of the gates that see new data in a cycle, 0 to 1; below 1 where operands are narrower than the datapath
    /// or come only once in several cycles.
    pub activity: f64,
    /// Rows and columns of an array (multiplier: m + n) or lanes of a dot product, whose ends switch less than the inside.
    pub edges: f64,
    /// The shorter side of a multiplier, or the partial products of a dot product whose bit is seldom set.
    pub rows: f64,
}

impl Part {
    /// A part all of which switches.
    pub const fn new(name: &'static str, logic: Logic, gates: Gates) -> Self {
        Self {
            name,
            gates,
            logic,
            activity: 1.0,
            edges: 0.0,
            rows: 0.0,
        }
    }

    /// The same gates switching less.
    #[must_use]
    pub const fn active(mut self, share: f64) -> Self {
        self.activity *= share;
        self
    }

    /// With ends that switch less.
    #[must_use]
    pub const fn with_edges(mut self, edges: f64, rows: f64) -> Self {
        self.edges = edges;
        self.rows = rows;
        self
    }

    /// Several of the same.
    #[must_use]
    pub fn times(mut self, count: f64) -> Self {
        self.gates = self.gates * count;
        self.edges *= count;
        self.rows *= count;
        self
    }
}

/// The parts of one unit, held in place: composing a unit allocates nothing.
#[derive(Debug, Clone, Copy)]
pub struct Parts {
    parts: [Part; Self::MOST],
    len: usize,
}

impl Parts {
    /// More than any unit has.
    const MOST: usize = 12;

    /// No parts yet.
    pub(super) const EMPTY: Self = Self {
        parts: [Part::new("", Logic::Control, Gates::NONE); Self::MOST],
        len: 0,
    };

    pub(super) const fn push(&mut self, part: Part) {
        self.parts[self.len] = part;
        self.len += 1;
    }

    pub(super) fn extend(&mut self, parts: impl IntoIterator<Item = Part>) {
        for part in parts {
            self.push(part);
        }
    }
}

impl Deref for Parts {
    type Target = [Part];
    fn deref(&self) -> &[Part] {
        &self.parts[..self.len]
    }
}

impl DerefMut for Parts {
    fn deref_mut(&mut self) -> &mut [Part] {
        &mut self.parts[..self.len]
    }
}

impl<'a> IntoIterator for &'a Parts {
    type Item = &'a Part;
    type IntoIter = std::slice::Iter<'a, Part>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
