//! The shape of a design space: how many positions each axis has, and the number of each combination.
//!
//! Search strategies see only this: positions and numbers, no designs. The last axis turns fastest.
#![expect(
    clippy::cast_possible_truncation,
    reason = "a remainder below a 16-bit length"
)]

use std::collections::HashSet;

use crate::random::Random;

/// Positions on the axes, one a gene, each below the length of its axis.
pub type Genome = Vec<u16>;

/// One axis as the strategies see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AxisShape {
    /// Number of positions, at least 1.
    pub len: u16,
    /// Whether neighboring positions are alike: a range of numbers, not a list of kinds.
    pub ordered: bool,
}

/// All axes of a space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lattice {
    axes: Vec<AxisShape>,
    size: u64,
}

impl Lattice {
    /// A lattice over these axes, or `None` if an axis is empty or the combinations exceed 2^64 - 1.
    pub fn new(axes: Vec<AxisShape>) -> Option<Self> {
        let size = axes
            .iter()
            .try_fold(1u64, |size, axis| size.checked_mul(u64::from(axis.len)))?;
        (size > 0).then_some(Self { axes, size })
    }

    /// Number of combinations.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The axes, slowest first.
    pub fn axes(&self) -> &[AxisShape] {
        &self.axes
    }

    /// Positions of the combination with this number, below [`Self::size`].
    pub fn genome(&self, index: u64) -> Genome {
        let mut genome = vec![0; self.axes.len()];
        self.write_genome(index, &mut genome);
        genome
    }

    /// Like [`Self::genome`], into a genome that is already there.
    pub fn write_genome(&self, index: u64, genome: &mut [u16]) {
        let mut rest = index;
        for (gene, axis) in genome.iter_mut().zip(&self.axes).rev() {
            let len = u64::from(axis.len);
            *gene = (rest % len) as u16;
            rest /= len;
        }
    }

    /// Number of the combination at these positions.
    pub fn index(&self, genome: &[u16]) -> u64 {
        genome
            .iter()
            .zip(&self.axes)
            .fold(0, |index, (&gene, axis)| {
                index * u64::from(axis.len) + u64::from(gene)
            })
    }

    /// A combination drawn evenly.
    pub fn draw(&self, random: &mut Random) -> u64 {
        random.below(self.size)
    }

    /// The first number from `start` on, around the end, that is not in `seen`; `start` if all are.
    pub fn next_outside(&self, seen: &HashSet<u64>, start: u64) -> u64 {
        (start..self.size)
            .chain(0..start)
            .find(|index| !seen.contains(index))
            .unwrap_or(start)
    }

    /// Numbers of the combinations one step away: both neighbors on an ordered axis, all others on a list of kinds.
    pub fn neighbors(&self, index: u64) -> Vec<u64> {
        let mut genome = self.genome(index);
        let mut neighbors = Vec::new();
        for (at, axis) in self.axes.iter().enumerate() {
            let here = genome[at];
            for other in 0..axis.len {
                if other != here && (!axis.ordered || other.abs_diff(here) == 1) {
                    genome[at] = other;
                    neighbors.push(self.index(&genome));
                }
            }
            genome[at] = here;
        }
        neighbors
    }
}

#[cfg(test)]
mod tests {
    use super::{AxisShape, Lattice};

    fn lattice(lens: &[u16]) -> Option<Lattice> {
        let shape = |&len: &u16| AxisShape { len, ordered: true };
        Lattice::new(lens.iter().map(shape).collect())
    }

    #[test]
    fn numbers_and_positions_are_two_names_of_a_combination() {
        let lattice = lattice(&[3, 1, 4, 2]).expect("a small lattice");
        assert_eq!(lattice.size(), 24);
        for index in 0..24 {
            assert_eq!(lattice.index(&lattice.genome(index)), index);
        }
        assert_eq!(
            lattice.genome(1),
            [0, 0, 0, 1],
            "the last axis turns fastest"
        );
    }

    #[test]
    fn spaces_beyond_64_bits_and_empty_axes_are_refused() {
        assert!(lattice(&[1000; 7]).is_none(), "10^21 combinations");
        assert!(lattice(&[3, 0]).is_none(), "an empty axis");
    }

    #[test]
    fn ordered_axes_have_two_neighbors_and_kinds_have_all_others() {
        let ordered = |len, ordered| AxisShape { len, ordered };
        let lattice = Lattice::new(vec![ordered(5, true), ordered(4, false)]).expect("20");
        let mut neighbors = lattice.neighbors(lattice.index(&[2, 1]));
        neighbors.sort_unstable();
        let expected =
            [[1, 1], [2, 0], [2, 2], [2, 3], [3, 1]].map(|genome| lattice.index(&genome));
        assert_eq!(neighbors, expected);
    }
}
