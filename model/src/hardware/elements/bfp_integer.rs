//! Block floating point by integer weights into an integer register; no floating-point stage of its own.

use super::block::log2;
use super::stages::Products;
use super::stimulus::{gaussian, mantissas, weights};
use super::{Element, Stream};
use crate::hardware::netlist::{Builder, Netlist, NodeId, Summand};
use crate::hardware::parameters::Parameters;
use crate::quality::SeededValues;
use crate::violation::Violation;

/// Steps of an accumulation, and of a load of weights, in operation.
const STEPS: usize = 8;
const LOAD: usize = 16;

/// A dot product of sign-magnitude mantissas and two's complement weights with its registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BfpInteger {
    /// Magnitude bits of the activations.
    pub m: u32,
    /// Bits of the weights, sign included.
    pub n: u32,
    /// Products a cycle.
    pub lanes: u32,
    /// Bits of the sum.
    pub acc: u32,
    /// Registers a weight: 0, 1, or 2 with one that loads meanwhile.
    pub weight_registers: u32,
    /// True if activations are registered, and passed on.
    pub activation_registers: bool,
    /// True if partial sums come from a neighbor instead of the element's own register.
    pub sum_from_port: bool,
}

pub(super) fn read(p: &mut Parameters<'_>) -> Result<Box<dyn Element>, Violation> {
    let (m, n) = (p.required("m", 1, 24)?, p.required("n", 2, 16)?);
    let lanes = p.required("lanes", 1, 1024)?;
    let least = m + n + log2(lanes);
    Ok(Box::new(BfpInteger {
        m,
        n,
        lanes,
        acc: p.optional("acc", least, 127)?.unwrap_or(least + 4),
        weight_registers: p.optional("weight_registers", 0, 2)?.unwrap_or(0),
        activation_registers: p.flag("activation_registers", false)?,
        sum_from_port: p.choice(
            "partial_sum",
            Some(false),
            &[("own", false), ("port", true)],
        )?,
    }))
}

/// Weights behind 0, 1 or 2 registers: those at work, and those passed on.
pub(super) fn held_weights(
    b: &mut Builder,
    weights: &[NodeId],
    registers: u32,
    [load, swap]: [Option<NodeId>; 2],
) -> [Vec<NodeId>; 2] {
    if registers == 0 {
        return [weights.to_vec(), Vec::new()];
    }
    b.part("weight registers");
    let shadow: Vec<NodeId> = weights
        .iter()
        .map(|word| b.registered(*word, load))
        .collect();
    if registers == 1 {
        return [shadow.clone(), shadow];
    }
    let active = shadow
        .iter()
        .map(|word| b.registered(*word, swap))
        .collect();
    [active, shadow]
}

impl Element for BfpInteger {
    fn netlist(&self) -> Netlist {
        let mut b = Builder::new();
        let mut a = b.inputs("a", self.m + 1, self.lanes);
        let w = b.inputs("b", self.n, self.lanes);
        let load = (self.weight_registers > 0).then(|| b.input("load", 1));
        let swap = (self.weight_registers > 1).then(|| b.input("swap", 1));
        let mut clear = (!self.sum_from_port).then(|| b.input("clear", 1));
        let partial = self.sum_from_port.then(|| b.input("sum_in", self.acc));
        if self.activation_registers {
            b.part("operand registers");
            for word in a.iter_mut().chain(&mut clear) {
                *word = b.registered(*word, None);
            }
        }
        let [active, passed] = held_weights(&mut b, &w, self.weight_registers, [load, swap]);
        b.part("products and tree");
        let mut products = Products::default();
        for (a, w) in a.iter().zip(&active) {
            let (magnitude, sign) = (b.slice(*a, 0, self.m), b.top(*a));
            products.by_weight(&mut b, sign, magnitude, *w);
        }
        let accumulator = b.register(self.acc);
        b.name(accumulator, "accumulator");
        let added = match (partial, clear) {
            (Some(partial), _) => partial,
            (None, Some(clear)) => {
                let keep = b.not(clear);
                b.and(accumulator, keep)
            }
            (None, None) => accumulator,
        };
        products.rows.push(Summand::word(added));
        let sum = products.sum(&mut b, self.acc);
        b.drive(accumulator, sum, None);
        b.output("acc", accumulator);
        for word in passed {
            b.output("b_out", word);
        }
        if self.activation_registers {
            for word in a {
                b.output("a_out", word);
            }
        }
        b.finish()
    }

    fn stream(&self, random: &mut SeededValues, cycles: usize) -> Stream {
        let mut held = Vec::new();
        (0..cycles)
            .map(|step| {
                let (mut words, _) = mantissas(&gaussian(random, self.lanes, 1.0), self.m);
                if self.weight_registers == 0 || step % LOAD == 0 {
                    held = weights(random, self.n, self.lanes);
                }
                words.extend(&held);
                if self.weight_registers > 0 {
                    words.push(u128::from(step % LOAD == 0));
                }
                if self.weight_registers > 1 {
                    words.push(u128::from(step % LOAD == 1));
                }
                if self.sum_from_port {
                    let full = f64::from(self.m + self.n - 3).exp2() * f64::from(self.lanes).sqrt();
                    #[expect(clippy::cast_possible_truncation, reason = "a partial sum")]
                    let sum = (f64::from(random.normal()) * full * 2.0) as i128;
                    words.push(sum.cast_unsigned() & ((1 << self.acc) - 1));
                } else {
                    words.push(u128::from(step % STEPS == 0));
                }
                words
            })
            .collect()
    }

    fn macs_per_cycle(&self) -> f64 {
        f64::from(self.lanes)
    }
}
