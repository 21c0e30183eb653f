//! A block longer than the lanes passes in several steps; an integer register holds its sum, the FP32 stage works once a block.

use super::block::{
    STEPS, based_exponent, block_encoding, check_width, log2, micro_shifts, reach, significands,
    unit_offset,
};
use super::stages::{FloatStage, Lanes, ScaleFormat, scale_product, scaled_sum};
use super::stimulus::{coded, gaussian, spread, uniform};
use super::{Element, Stream};
use crate::hardware::netlist::{Builder, Netlist, NodeId, Summand};
use crate::quality::SeededValues;
use crate::violation::Violation;

/// Lanes that take a block in `block / lanes` steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BlockSequential {
    /// Codes of both sides.
    pub codes: Lanes,
    /// Scales of both sides.
    pub scales: [ScaleFormat; 2],
    /// Products a cycle.
    pub lanes: u32,
    /// Values that share scales, a multiple of the lanes.
    pub block: u32,
    /// Values that share a micro-exponent of one bit on each side; 0 without.
    pub micro: u32,
    /// True if the sum of the scales' exponents is captured at the end of a block; else the scales' codes are.
    pub captures_sum: bool,
    /// True if operands are registered.
    pub input_registers: bool,
}

impl BlockSequential {
    fn sum_bits(&self) -> u32 {
        let micro = if self.micro > 0 { 2 } else { 0 };
        self.codes.product_bits() + micro + log2(self.block)
    }

    /// Steps of a block.
    pub const fn steps(&self) -> u32 {
        self.block / self.lanes
    }

    /// Refuses blocks that do not fill the lanes a whole number of times, and sums that no word holds.
    ///
    /// # Errors
    /// The field and its range.
    pub fn check(&self, kind: &str) -> Result<(), Violation> {
        if !self.block.is_multiple_of(self.lanes) {
            return Err(Violation::new(
                format!("{kind} block"),
                self.block,
                format!("a multiple of the {} lanes", self.lanes),
            ));
        }
        check_width(kind, self.sum_bits() + significands(self.scales))
    }
}

impl Element for BlockSequential {
    fn netlist(&self) -> Netlist {
        let mut b = Builder::new();
        let groups = self.lanes.checked_div(self.micro).unwrap_or(0);
        let [left, right] = self.codes.bits();
        let mut ports = vec![
            b.inputs("a", left, self.lanes),
            b.inputs("b", right, self.lanes),
        ];
        let mut scales = Vec::new();
        for (port, scale) in ["scale_a", "scale_b"].into_iter().zip(self.scales) {
            scales.push(scale.is_some().then(|| b.input(port, scale.bits())));
        }
        for port in ["micro_a", "micro_b"] {
            ports.push(b.inputs(port, 1, groups));
        }
        let mut flags = ["first", "last", "clear"].map(|port| b.input(port, 1));
        if self.input_registers {
            b.part("operand registers");
            let words = ports.iter_mut().flatten();
            for word in words.chain(scales.iter_mut().flatten()).chain(&mut flags) {
                *word = b.registered(*word, None);
            }
        }
        let [first, last, clear] = flags;
        let shifts = micro_shifts(&mut b, &ports[2], &ports[3]);
        b.part("block register");
        let width = self.sum_bits();
        let register = b.register(width);
        b.name(register, "block_sum");
        let keep = b.not(first);
        let kept = b.and(register, keep);
        let next = self
            .codes
            .block_sum(&mut b, [&ports[0], &ports[1]], &shifts, Some(kept), width);
        b.drive(register, next, None);
        b.part("scales");
        let offset = unit_offset(self.codes, self.scales, self.micro);
        let codes: [Option<NodeId>; 2] = [scales[0], scales[1]];
        let (value, exponent, clear, last) = if self.captures_sum && significands(self.scales) == 0
        {
            let summands: Vec<Summand> = codes
                .iter()
                .flatten()
                .map(|code| Summand::word(*code))
                .collect();
            let exponent = b.sum(10, &summands, 0_u128.wrapping_sub(u128::from(offset)));
            let exponent = b.registered(exponent, Some(last));
            let clear = b.registered(clear, Some(last));
            (register, exponent, clear, b.registered(last, None))
        } else {
            let codes = codes.map(|code| code.map(|code| b.registered(code, Some(last))));
            let clear = b.registered(clear, Some(last));
            let last = b.registered(last, None);
            let (exponent, significand) = scale_product(&mut b, self.scales, codes);
            let value = scaled_sum(&mut b, register, significand);
            (value, based_exponent(&mut b, exponent, offset), clear, last)
        };
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

    /// Whole blocks, up to the cycles asked for and at least one.
    fn stream(&self, random: &mut SeededValues, cycles: usize) -> Stream {
        let steps = self.steps() as usize;
        let lanes = self.lanes as usize;
        let groups = self.lanes.checked_div(self.micro).unwrap_or(0);
        let mut stream = Stream::new();
        for index in 0..cycles.div_ceil(steps).max(1) {
            let at_end = index % STEPS == STEPS - 1;
            let mut side = |side: usize| {
                let scale = self.scales[side];
                let factor = spread(random, if at_end { reach(scale) } else { 0 });
                let values = gaussian(random, self.block, factor);
                coded(self.codes, scale, side, &values)
            };
            let (left, right) = (side(0), side(1));
            for step in 0..steps {
                let range = step * lanes..(step + 1) * lanes;
                let mut words = left.0[range.clone()].to_vec();
                words.extend_from_slice(&right.0[range]);
                for (scale, code) in self.scales.iter().zip([left.1, right.1]) {
                    if scale.is_some() {
                        words.push(code);
                    }
                }
                words.extend((0..2 * groups).map(|_| uniform(random, 1)));
                let flags = [step == 0, step + 1 == steps, index % STEPS == 0];
                words.extend(flags.map(u128::from));
                stream.push(words);
            }
        }
        stream
    }

    fn cycles(&self) -> usize {
        let accumulations = if self.steps() <= 4 { 2 } else { 1 };
        accumulations * STEPS * self.steps() as usize
    }

    fn encoding(&self, port: &str) -> String {
        block_encoding(self.codes, self.scales, port)
    }

    fn macs_per_cycle(&self) -> f64 {
        f64::from(self.lanes)
    }
}
