//! The dot product of block floating point and integer weights, cut by registers.

use super::block::log2;
use super::stages::Products;
use super::stimulus::{gaussian, mantissas, weights};
use super::{Element, Stream};
use crate::hardware::netlist::{Builder, Netlist, NodeId, Summand};
use crate::hardware::parameters::Parameters;
use crate::quality::SeededValues;
use crate::violation::Violation;

const STEPS: usize = 8;

/// Where registers stand: after the products, half way down the tree, before the accumulator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BfpPipeline {
    /// Magnitude bits of the activations.
    pub m: u32,
    /// Bits of the weights.
    pub n: u32,
    /// Products a cycle.
    pub lanes: u32,
    /// Bits of the sum.
    pub acc: u32,
    /// Registers after each product.
    pub cut_products: bool,
    /// Registers half way down the tree.
    pub cut_half_tree: bool,
    /// A register before the accumulator.
    pub cut_accumulator: bool,
}

pub(super) fn read(p: &mut Parameters<'_>) -> Result<Box<dyn Element>, Violation> {
    let (m, n) = (p.required("m", 1, 24)?, p.required("n", 2, 16)?);
    let lanes = p.required("lanes", 1, 1024)?;
    let least = m + n + log2(lanes);
    Ok(Box::new(BfpPipeline {
        m,
        n,
        lanes,
        acc: p.optional("acc", least, 127)?.unwrap_or(least + 4),
        cut_products: p.flag("cut_products", false)?,
        cut_half_tree: p.flag("cut_half_tree", false)?,
        cut_accumulator: p.flag("cut_accumulator", false)?,
    }))
}

impl BfpPipeline {
    /// Sum of all products, and how many cycles late it is.
    fn sum(&self, b: &mut Builder, a: &[NodeId], w: &[NodeId], added: Option<NodeId>) -> NodeId {
        let width = self.m + self.n + log2(self.lanes);
        let group = 1 << log2(self.lanes).div_ceil(2);
        let mut words = Vec::new();
        let mut products = Products::default();
        let pairs: Vec<(NodeId, NodeId)> = a.iter().copied().zip(w.iter().copied()).collect();
        for pairs in pairs.chunks(if self.cut_half_tree {
            group
        } else {
            usize::MAX
        }) {
            let mut part = Products::default();
            let mut cut = Vec::new();
            for (a, w) in pairs {
                let (magnitude, sign) = (b.slice(*a, 0, self.m), b.top(*a));
                let target = if self.cut_products {
                    &mut Products::default()
                } else {
                    &mut part
                };
                target.by_weight(b, sign, magnitude, *w);
                if self.cut_products {
                    let product = target.sum(b, self.m + self.n);
                    cut.push(b.registered(product, None));
                }
            }
            for word in &cut {
                part.twos_complement(b, *word);
            }
            if self.cut_half_tree {
                let count = u32::try_from(pairs.len()).unwrap_or(1);
                let half = part.sum(b, self.m + self.n + log2(count));
                words.push(b.registered(half, None));
            } else {
                products = part;
            }
        }
        if self.cut_half_tree {
            for word in &words {
                products.twos_complement(b, *word);
            }
        }
        match added {
            Some(added) if !(self.cut_products || self.cut_half_tree) => {
                products.rows.push(Summand::word(added));
                products.sum(b, self.acc)
            }
            _ => products.sum(b, width),
        }
    }
}

impl Element for BfpPipeline {
    fn netlist(&self) -> Netlist {
        let mut b = Builder::new();
        let a = b.inputs("a", self.m + 1, self.lanes);
        let w = b.inputs("b", self.n, self.lanes);
        let mut clear = b.input("clear", 1);
        let cuts = [self.cut_products, self.cut_half_tree, self.cut_accumulator];
        for _ in cuts.iter().filter(|cut| **cut) {
            clear = b.registered(clear, None);
        }
        b.part("products and tree");
        let accumulator = b.register(self.acc);
        let keep = b.not(clear);
        let kept = b.and(accumulator, keep);
        let direct = !cuts.contains(&true);
        let sum = self.sum(&mut b, &a, &w, direct.then_some(kept));
        b.part("accumulator");
        let next = if direct {
            sum
        } else {
            let sum = if self.cut_accumulator {
                b.registered(sum, None)
            } else {
                sum
            };
            let wide = b.sign_extend(sum, self.acc);
            b.add(self.acc, kept, wide)
        };
        b.drive(accumulator, next, None);
        b.output("acc", accumulator);
        b.finish()
    }

    fn stream(&self, random: &mut SeededValues, cycles: usize) -> Stream {
        (0..cycles)
            .map(|step| {
                let (mut words, _) = mantissas(&gaussian(random, self.lanes, 1.0), self.m);
                words.extend(weights(random, self.n, self.lanes));
                words.push(u128::from(step % STEPS == 0));
                words
            })
            .collect()
    }

    fn macs_per_cycle(&self) -> f64 {
        f64::from(self.lanes)
    }
}
