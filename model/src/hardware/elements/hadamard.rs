//! Fast Hadamard transform of a block of integers, exact, natural order.

use super::stimulus::uniform;
use super::{Element, Stream};
use crate::hardware::netlist::{Builder, Netlist, NodeId, Summand};
use crate::hardware::parameters::Parameters;
use crate::quality::SeededValues;
use crate::violation::Violation;

/// Butterflies in log2 stages, each stage one bit wider; no register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hadamard {
    /// Values, a power of two.
    pub points: u32,
    /// Bits of an input.
    pub w: u32,
}

pub(super) fn read(p: &mut Parameters<'_>) -> Result<Box<dyn Element>, Violation> {
    let points = p.required("points", 2, 256)?;
    if !points.is_power_of_two() {
        return Err(Violation::new(
            format!("{} points", p.kind),
            points,
            "a power of two",
        ));
    }
    Ok(Box::new(Hadamard {
        points,
        w: p.required("w", 2, 64)?,
    }))
}

impl Element for Hadamard {
    fn netlist(&self) -> Netlist {
        let mut b = Builder::new();
        let mut words = b.inputs("x", self.w, self.points);
        b.part("butterflies");
        let mut distance = 1;
        while distance < words.len() {
            let mut next = words.clone();
            for index in 0..words.len() {
                if index & distance != 0 {
                    continue;
                }
                let width = b.width(words[index]) + 1;
                let left: NodeId = b.sign_extend(words[index], width);
                let right = b.sign_extend(words[index + distance], width);
                next[index] = b.add(width, left, right);
                let inverted = b.not(right);
                next[index + distance] =
                    b.sum(width, &[Summand::word(left), Summand::word(inverted)], 1);
            }
            words = next;
            distance *= 2;
        }
        for word in words {
            b.output("y", word);
        }
        b.finish()
    }

    fn stream(&self, random: &mut SeededValues, cycles: usize) -> Stream {
        (0..cycles)
            .map(|_| (0..self.points).map(|_| uniform(random, self.w)).collect())
            .collect()
    }

    fn cycles(&self) -> usize {
        25
    }

    fn macs_per_cycle(&self) -> f64 {
        0.0
    }
}
