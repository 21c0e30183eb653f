//! Sums of a block back to block floating point: common leading zeros taken off, magnitudes cut or rounded.

use super::stimulus::gaussian;
use super::{Element, Stream};
use crate::hardware::netlist::{Builder, Netlist, NodeId};
use crate::hardware::parameters::Parameters;
use crate::quality::SeededValues;
use crate::violation::Violation;

/// Two's complement words with a shared exponent to sign, magnitude and exponent; no register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Requantizer {
    /// Values of a block.
    pub block: u32,
    /// Bits of a word.
    pub w: u32,
    /// Magnitude bits that remain.
    pub m: u32,
    /// True if magnitudes are rounded to nearest even, saturating; else cut.
    pub rounds: bool,
}

pub(super) fn read(p: &mut Parameters<'_>) -> Result<Box<dyn Element>, Violation> {
    let w = p.required("w", 4, 64)?;
    Ok(Box::new(Requantizer {
        block: p.required("block", 2, 1024)?,
        w,
        m: p.required("m", 1, w - 2)?,
        rounds: p.choice("round", None, &[("rne", true), ("truncate", false)])?,
    }))
}

impl Element for Requantizer {
    fn netlist(&self) -> Netlist {
        let mut b = Builder::new();
        let values = b.inputs("x", self.w, self.block);
        let exponent = b.input("exponent_in", 8);
        let width = self.w - 1;
        b.part("magnitudes");
        let mut signs = Vec::new();
        let magnitudes: Vec<NodeId> = values
            .iter()
            .map(|value| {
                let sign = b.top(*value);
                signs.push(sign);
                let low = b.slice(*value, 0, width);
                let flipped = b.xor(low, sign);
                b.add(width, flipped, sign)
            })
            .collect();
        b.part("leading zeros");
        let mut level = magnitudes.clone();
        while level.len() > 1 {
            level = level
                .chunks(2)
                .map(|pair| match pair {
                    [left, right] => b.or(*left, *right),
                    _ => pair[0],
                })
                .collect();
        }
        let (zeros, none) = b.leading_zeros(level[0]);
        let some = b.not(none);
        let count = b.and(zeros, some);
        let exponent = b.subtract(8, exponent, count);
        b.part("shift and round");
        let magnitudes: Vec<NodeId> = magnitudes
            .iter()
            .map(|magnitude| {
                let normal = b.shift_left(*magnitude, zeros);
                let kept = b.slice(normal, width - self.m, self.m);
                if !self.rounds || width == self.m {
                    return kept;
                }
                let guard = b.bit(normal, width - self.m - 1);
                let odd = b.bit(kept, 0);
                let more = if width - self.m > 1 {
                    let rest = b.slice(normal, 0, width - self.m - 1);
                    let sticky = b.any(rest);
                    b.or(sticky, odd)
                } else {
                    odd
                };
                let open = b.not(kept);
                let room = b.any(open);
                let up = b.and(guard, more);
                let up = b.and(up, room);
                b.add(self.m, kept, up)
            })
            .collect();
        for sign in signs {
            b.output("sign", sign);
        }
        for magnitude in magnitudes {
            b.output("magnitude", magnitude);
        }
        b.output("exponent", exponent);
        b.finish()
    }

    fn stream(&self, random: &mut SeededValues, cycles: usize) -> Stream {
        let limit = (1_i128 << (self.w - 1)) - 1;
        (0..cycles)
            .map(|_| {
                let scale = f64::from(self.w - 4).exp2();
                #[expect(clippy::cast_possible_truncation, reason = "clamped to the word")]
                let mut words: Vec<u128> = gaussian(random, self.block, scale)
                    .iter()
                    .map(|value| {
                        let word = (value.round() as i128).clamp(-limit, limit);
                        word.cast_unsigned() & ((1 << self.w) - 1)
                    })
                    .collect();
                words.push(128 + random.position(16) as u128);
                words
            })
            .collect()
    }

    fn cycles(&self) -> usize {
        25
    }

    fn macs_per_cycle(&self) -> f64 {
        0.0
    }
}
