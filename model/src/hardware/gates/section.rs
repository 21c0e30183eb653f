//! Stretches of a unit between registers: what a clock must wait for, and what registers could cut.

use super::Path;

/// Logic between two registers, or between a port and a register.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Section {
    /// Name as a message gives it.
    pub name: &'static str,
    /// The whole path where no register cuts it.
    pub uncut: Path,
    /// Logic that registers may cut anywhere, without entry and flip-flop.
    pub forward: Path,
    /// Bits that a register at the beginning and at the end of the forward logic holds; between them their number
    /// shrinks evenly in the logarithm, as the words of a tree do.
    pub bits: [f64; 2],
    /// Logic from a register back to itself.
    pub feedback: Option<Feedback>,
}

/// Logic whose result it needs again in the next cycle, so that registers help only where several sums alternate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Feedback {
    /// Name as a message gives it.
    pub name: &'static str,
    /// The loop, without entry and flip-flop.
    pub path: Path,
    /// Registers in the loop as the unit is built.
    pub stages: u32,
    /// Bits of one more register in it.
    pub bits: f64,
}

impl Section {
    /// Forward logic alone.
    pub(super) const fn forward(
        name: &'static str,
        uncut: Path,
        forward: Path,
        bits: [f64; 2],
    ) -> Self {
        Self {
            name,
            uncut,
            forward,
            bits,
            feedback: None,
        }
    }

    /// With a loop behind the forward logic.
    #[must_use]
    pub(super) const fn feeding_back(mut self, feedback: Feedback) -> Self {
        self.feedback = Some(feedback);
        self
    }

    /// Bits of a register after a share, 0 to 1, of the forward logic.
    pub fn bits_at(&self, share: f64) -> f64 {
        let [first, last] = self.bits.map(|bits| bits.max(1.0));
        first * (last / first).powf(share)
    }
}

/// The sections of a unit, held in place.
#[derive(Debug, Clone, Copy)]
pub struct Sections {
    sections: [Option<Section>; Self::MOST],
}

impl Sections {
    /// More than any unit has.
    pub const MOST: usize = 3;

    pub(super) fn of(sections: impl IntoIterator<Item = Section>) -> Self {
        let mut all = [None; Self::MOST];
        for (place, section) in all.iter_mut().zip(sections) {
            *place = Some(section);
        }
        Self { sections: all }
    }

    /// The sections, from operands to result.
    pub fn iter(&self) -> impl Iterator<Item = &Section> {
        self.sections.iter().flatten()
    }
}
