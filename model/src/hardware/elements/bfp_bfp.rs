//! Block floating point by block floating point, FP32 accumulation: blocks within the lanes, or longer than them.

use super::stages::{FloatStage, Lanes, aligned_sum, rebased};
use super::stimulus::{biased, gaussian, mantissas, spread};
use super::{Element, Stream, blocks};
use crate::hardware::netlist::{Builder, Netlist, NodeId, Summand, count_bits};
use crate::hardware::parameters::Parameters;
use crate::quality::SeededValues;
use crate::violation::Violation;

/// Steps of an accumulation in operation.
const STEPS: usize = 8;

/// One or several blocks a cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BfpBfp {
    /// Magnitude bits of the moving operand.
    pub m: u32,
    /// Magnitude bits of the stationary operand.
    pub n: u32,
    /// Products a cycle.
    pub lanes: u32,
    /// Values that share an exponent.
    pub block: u32,
    /// Bits kept below the largest exponent's unit.
    pub guard: u32,
    /// True if operands are registered.
    pub input_registers: bool,
}

pub(super) fn read(p: &mut Parameters<'_>) -> Result<Box<dyn Element>, Violation> {
    let lanes = p.required("lanes", 1, 1024)?;
    let block = p.required("block", 1, 1024)?;
    blocks(p.kind, lanes, block)?;
    Ok(Box::new(BfpBfp {
        m: p.required("m", 1, 16)?,
        n: p.required("n", 1, 16)?,
        lanes,
        block,
        guard: p.optional("guard", 0, 32)?.unwrap_or(8),
        input_registers: p.flag("input_registers", false)?,
    }))
}

impl Element for BfpBfp {
    fn netlist(&self) -> Netlist {
        let lanes = Lanes::SignMagnitude {
            m: self.m,
            n: self.n,
        };
        let mut b = Builder::new();
        let count = self.lanes / self.block;
        let mut a = b.inputs("a", self.m + 1, self.lanes);
        let mut w = b.inputs("b", self.n + 1, self.lanes);
        let mut ea = b.inputs("exponent_a", 8, count);
        let mut eb = b.inputs("exponent_b", 8, count);
        let mut clear = b.input("clear", 1);
        if self.input_registers {
            b.part("operand registers");
            for word in a.iter_mut().chain(&mut w).chain(&mut ea).chain(&mut eb) {
                *word = b.registered(*word, None);
            }
            clear = b.registered(clear, None);
        }
        let width = lanes.product_bits() + log2(self.block);
        let size = self.block as usize;
        let sums: Vec<NodeId> = a
            .chunks(size)
            .zip(w.chunks(size))
            .map(|(a, w)| lanes.block_sum(&mut b, a, w, None, width))
            .collect();
        b.part("exponents");
        let exponents: Vec<NodeId> = ea.iter().zip(&eb).map(|(a, w)| b.add(9, *a, *w)).collect();
        let guard = if count > 1 { self.guard } else { 0 };
        let (value, exponent) = aligned_sum(&mut b, &sums, &exponents, guard);
        b.part("exponents");
        let bias = 254 + lanes.unit() + guard;
        let exponent = rebased(&mut b, exponent, u128::from(bias));
        let accumulator = FloatStage {
            value,
            exponent,
            clear,
            load: None,
        }
        .build(&mut b);
        b.output("acc", accumulator);
        b.finish()
    }

    fn stream(&self, random: &mut SeededValues) -> Stream {
        let count = self.lanes / self.block;
        (0..=4 * STEPS)
            .map(|step| {
                let reach = if step % STEPS == STEPS - 1 { 30 } else { 0 };
                let mut words: [Vec<u128>; 2] = [Vec::new(), Vec::new()];
                let mut exponents: [Vec<u128>; 2] = [Vec::new(), Vec::new()];
                for (side, bits) in [self.m, self.n].into_iter().enumerate() {
                    for _ in 0..count {
                        let factor = spread(random, reach);
                        let values = gaussian(random, self.block, factor);
                        let (codes, exponent) = mantissas(&values, bits);
                        words[side].extend(codes);
                        exponents[side].push(biased(exponent));
                    }
                }
                let clear = u128::from(step % STEPS == 0);
                let all = words.into_iter().chain(exponents).flatten();
                all.chain([clear]).collect()
            })
            .collect()
    }

    fn macs_per_cycle(&self) -> f64 {
        f64::from(self.lanes)
    }
}

/// A block that passes in several steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BfpBfpSequential {
    /// Magnitude bits of the moving operand.
    pub m: u32,
    /// Magnitude bits of the stationary operand.
    pub n: u32,
    /// Products a cycle.
    pub lanes: u32,
    /// Values that share an exponent, a multiple of the lanes.
    pub block: u32,
}

pub(super) fn read_sequential(p: &mut Parameters<'_>) -> Result<Box<dyn Element>, Violation> {
    let lanes = p.required("lanes", 1, 1024)?;
    let block = p.required("block", 1, 65_536)?;
    steps(p.kind, lanes, block)?;
    Ok(Box::new(BfpBfpSequential {
        m: p.required("m", 1, 16)?,
        n: p.required("n", 1, 16)?,
        lanes,
        block,
    }))
}

/// Steps of a block that fills the lanes a whole number of times.
pub(super) fn steps(kind: &str, lanes: u32, block: u32) -> Result<u32, Violation> {
    if block.is_multiple_of(lanes) {
        Ok(block / lanes)
    } else {
        Err(Violation::new(
            format!("{kind} block"),
            block,
            format!("a multiple of the {lanes} lanes"),
        ))
    }
}

/// Adds the products of a cycle to an integer register that starts anew with a block; returns the register.
pub(super) fn block_register(
    b: &mut Builder,
    lanes: Lanes,
    [a, w]: [&[NodeId]; 2],
    first: NodeId,
    width: u32,
) -> NodeId {
    b.part("block register");
    let register = b.register(width);
    b.name(register, "block_sum");
    let keep = b.not(first);
    let kept = b.and(register, keep);
    let next = lanes.block_sum(b, a, w, Some(kept), width);
    b.drive(register, next, None);
    register
}

impl Element for BfpBfpSequential {
    fn netlist(&self) -> Netlist {
        let lanes = Lanes::SignMagnitude {
            m: self.m,
            n: self.n,
        };
        let mut b = Builder::new();
        let a = b.inputs("a", self.m + 1, self.lanes);
        let w = b.inputs("b", self.n + 1, self.lanes);
        let (ea, eb) = (b.input("exponent_a", 8), b.input("exponent_b", 8));
        let [first, last, clear] = ["first", "last", "clear"].map(|port| b.input(port, 1));
        let width = lanes.product_bits() + log2(self.block);
        let value = block_register(&mut b, lanes, [&a, &w], first, width);
        b.part("exponents");
        let bias = u128::from(254 + lanes.unit());
        let exponent = b.sum(
            10,
            &[Summand::word(ea), Summand::word(eb)],
            0_u128.wrapping_sub(bias),
        );
        let exponent = b.registered(exponent, Some(last));
        let clear = b.registered(clear, Some(last));
        let last = b.registered(last, None);
        let accumulator = FloatStage {
            value,
            exponent,
            clear,
            load: Some(last),
        }
        .build(&mut b);
        b.output("acc", accumulator);
        b.finish()
    }

    fn stream(&self, random: &mut SeededValues) -> Stream {
        let steps = self.block / self.lanes;
        sequential_stream(steps, 30, |reach| {
            let mut side = |bits| {
                let factor = spread(random, reach);
                mantissas(&gaussian(random, self.block, factor), bits)
            };
            let ((a, ea), (w, eb)) = (side(self.m), side(self.n));
            (a, w, [biased(ea), biased(eb)])
        })
    }

    fn macs_per_cycle(&self) -> f64 {
        f64::from(self.lanes)
    }
}

/// Blocks in steps: operands, then the two scales, first, last, clear; the last block of a sum is spread by up to two to
/// `reach`.
pub(super) fn sequential_stream(
    steps: u32,
    reach: i32,
    mut block: impl FnMut(i32) -> (Vec<u128>, Vec<u128>, [u128; 2]),
) -> Stream {
    let accumulations = if steps <= 4 { 2 } else { 1 };
    let mut stream = Stream::new();
    for index in 0..accumulations * STEPS {
        let at_end = index % STEPS == STEPS - 1;
        let (a, w, scales) = block(if at_end { reach } else { 0 });
        let lanes = a.len() / steps as usize;
        for step in 0..steps as usize {
            let range = step * lanes..(step + 1) * lanes;
            let mut words = a[range.clone()].to_vec();
            words.extend_from_slice(&w[range]);
            words.extend(scales);
            let flags = [step == 0, step + 1 == steps as usize, index % STEPS == 0];
            words.extend(flags.map(u128::from));
            stream.push(words);
        }
    }
    stream
}

/// ceil(log2 count).
pub(super) const fn log2(count: u32) -> u32 {
    if count <= 1 { 0 } else { count_bits(count) }
}
