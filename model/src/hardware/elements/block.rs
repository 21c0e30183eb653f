//! Elements of blocks with scales, exact within a block, FP32 accumulation: one or several blocks a cycle.

use super::stages::{
    FloatStage, Lanes, ScaleFormat, aligned_sum, rebased, scale_product, scaled_sum,
};
use super::stimulus::{coded, gaussian, spread, uniform};
use super::{Element, Stream};
use crate::hardware::netlist::{Builder, Netlist, NodeId, Summand, count_bits};
use crate::quality::SeededValues;
use crate::violation::Violation;

/// Steps of an accumulation in operation.
pub(super) const STEPS: usize = 8;

/// Lanes in blocks that share scales; blocks are aligned to the largest exponent and added before the FP32 stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BlockElement {
    /// Codes of both sides.
    pub codes: Lanes,
    /// Scales of both sides.
    pub scales: [ScaleFormat; 2],
    /// Products a cycle, a multiple of the block.
    pub lanes: u32,
    /// Values that share scales.
    pub block: u32,
    /// Values that share a micro-exponent of one bit on each side; 0 without.
    pub micro: u32,
    /// Bits kept below the unit of the largest exponent.
    pub guard: u32,
    /// True if operands are registered.
    pub input_registers: bool,
}

/// Sums wider than this are refused: words have 128 bits, and conversion needs a few more.
const MOST_SUM_BITS: u32 = 120;

impl BlockElement {
    /// Bits of a block sum before its scales multiply it.
    fn sum_bits(&self) -> u32 {
        let micro = if self.micro > 0 { 2 } else { 0 };
        self.codes.product_bits() + micro + log2(self.block)
    }

    /// Refuses blocks that do not fill the lanes, and sums that no word holds.
    ///
    /// # Errors
    /// The field and its range.
    pub fn check(&self, kind: &str) -> Result<(), Violation> {
        if !self.lanes.is_multiple_of(self.block) {
            return Err(Violation::new(
                format!("{kind} block"),
                self.block,
                format!("a divisor of the {} lanes", self.lanes),
            ));
        }
        if self.micro > 0 && !self.block.is_multiple_of(self.micro) {
            return Err(Violation::new(
                format!("{kind} micro"),
                self.micro,
                format!("a divisor of the block of {}", self.block),
            ));
        }
        let count = self.lanes / self.block;
        let guard = if count > 1 { self.guard } else { 0 };
        check_width(
            kind,
            self.sum_bits() + significands(self.scales) + log2(count) + guard,
        )
    }
}

/// Refuses sums that no word holds.
pub(super) fn check_width(kind: &str, width: u32) -> Result<(), Violation> {
    if width <= MOST_SUM_BITS {
        return Ok(());
    }
    Err(Violation::new(
        kind,
        format!("a sum of {width} bits"),
        format!("sums of up to {MOST_SUM_BITS} bits: fewer lanes, guard bits or exponent bits"),
    ))
}

/// Bits by which scales make a sum wider.
pub(super) fn significands(scales: [ScaleFormat; 2]) -> u32 {
    scales.map(ScaleFormat::significand_bits).into_iter().sum()
}

/// Constant that the exponent of a scale product is reduced by to that of the unit of a block sum.
pub(super) fn unit_offset(codes: Lanes, scales: [ScaleFormat; 2], micro: u32) -> u32 {
    let units: u32 = codes.units(scales).into_iter().sum();
    let offsets: u32 = scales.map(ScaleFormat::offset).into_iter().sum();
    units + offsets + if micro > 0 { 2 } else { 0 }
}

/// Distances to the left of groups with micro-exponents: two less the number of set bits.
pub(super) fn micro_shifts(b: &mut Builder, left: &[NodeId], right: &[NodeId]) -> Vec<NodeId> {
    b.part("micro-exponents");
    left.iter()
        .zip(right)
        .map(|(left, right)| {
            let (left, right) = (b.not(*left), b.not(*right));
            b.add(2, left, right)
        })
        .collect()
}

/// An exponent as a 10-bit word; without scales only the constant is left.
pub(super) fn based_exponent(b: &mut Builder, exponent: Option<NodeId>, offset: u32) -> NodeId {
    match exponent {
        Some(exponent) => rebased(b, exponent, u128::from(offset)),
        None => b.constant(0_u128.wrapping_sub(u128::from(offset)), 10),
    }
}

impl Element for BlockElement {
    fn netlist(&self) -> Netlist {
        let mut b = Builder::new();
        let count = self.lanes / self.block;
        let groups = self.lanes.checked_div(self.micro).unwrap_or(0);
        let [left, right] = self.codes.bits();
        let mut ports = vec![
            b.inputs("a", left, self.lanes),
            b.inputs("b", right, self.lanes),
        ];
        for (port, scale) in ["scale_a", "scale_b"].into_iter().zip(self.scales) {
            let words = if scale.is_some() { count } else { 0 };
            ports.push(b.inputs(port, scale.bits(), words));
        }
        for port in ["micro_a", "micro_b"] {
            ports.push(b.inputs(port, 1, groups));
        }
        let mut clear = b.input("clear", 1);
        if self.input_registers {
            b.part("operand registers");
            for word in ports.iter_mut().flatten() {
                *word = b.registered(*word, None);
            }
            clear = b.registered(clear, None);
        }
        let shifts = micro_shifts(&mut b, &ports[4], &ports[5]);
        let size = self.block as usize;
        let mut sums = Vec::new();
        let mut exponents = Vec::new();
        for index in 0..count as usize {
            let lanes = index * size..(index + 1) * size;
            let own = (size.checked_div(self.micro as usize)).unwrap_or(0);
            let sum = self.codes.block_sum(
                &mut b,
                [&ports[0][lanes.clone()], &ports[1][lanes]],
                &shifts[index * own..(index + 1) * own],
                None,
                self.sum_bits(),
            );
            let codes = [2, 3].map(|port: usize| ports[port].get(index).copied());
            let (exponent, significand) = scale_product(&mut b, self.scales, codes);
            sums.push(scaled_sum(&mut b, sum, significand));
            exponents.extend(exponent);
        }
        let several = count > 1 && !exponents.is_empty();
        let guard = if several { self.guard } else { 0 };
        let (value, exponent) = if exponents.is_empty() {
            let words: Vec<Summand> = sums.iter().map(|sum| Summand::word(*sum)).collect();
            match sums[..] {
                [sum] => (sum, None),
                _ => (b.sum(self.sum_bits() + log2(count), &words, 0), None),
            }
        } else {
            let (value, exponent) = aligned_sum(&mut b, &sums, &exponents, guard);
            (value, Some(exponent))
        };
        b.part("scales");
        let offset = unit_offset(self.codes, self.scales, self.micro) + guard;
        let exponent = based_exponent(&mut b, exponent, offset);
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

    fn stream(&self, random: &mut SeededValues, cycles: usize) -> Stream {
        let count = self.lanes / self.block;
        let groups = self.lanes.checked_div(self.micro).unwrap_or(0);
        (0..cycles)
            .map(|step| {
                let at_end = step % STEPS == STEPS - 1;
                let mut words: [Vec<u128>; 2] = [Vec::new(), Vec::new()];
                let mut scales: [Vec<u128>; 2] = [Vec::new(), Vec::new()];
                for side in 0..2 {
                    let scale = self.scales[side];
                    for _ in 0..count {
                        let reach = if at_end { reach(scale) } else { 0 };
                        let factor = spread(random, reach);
                        let values = gaussian(random, self.block, factor);
                        let (codes, scale_code) = coded(self.codes, scale, side, &values);
                        words[side].extend(codes);
                        if scale.is_some() {
                            scales[side].push(scale_code);
                        }
                    }
                }
                let mut all: Vec<u128> = words.into_iter().chain(scales).flatten().collect();
                all.extend((0..2 * groups).map(|_| uniform(random, 1)));
                all.push(u128::from(step % STEPS == 0));
                all
            })
            .collect()
    }

    fn encoding(&self, port: &str) -> String {
        block_encoding(self.codes, self.scales, port)
    }

    fn macs_per_cycle(&self) -> f64 {
        f64::from(self.lanes)
    }
}

/// Encoding of the ports of an element of blocks.
pub(super) fn block_encoding(codes: Lanes, scales: [ScaleFormat; 2], port: &str) -> String {
    match port {
        "a" => codes.encoding(0),
        "b" => codes.encoding(1),
        "scale_a" => scales[0].encoding(),
        "scale_b" => scales[1].encoding(),
        "acc" => "IEEE binary32; subnormals are zero".to_owned(),
        _ => "one bit".to_owned(),
    }
}

/// Powers of two that the blocks at the end of a sum are spread by in operation.
pub(super) const fn reach(scale: ScaleFormat) -> i32 {
    match scale.exponent {
        0..=2 => 0,
        3 | 4 => 5,
        5 => 10,
        _ => 30,
    }
}

/// ceil(log2 count).
pub(super) const fn log2(count: u32) -> u32 {
    if count <= 1 { 0 } else { count_bits(count) }
}
