//! Bit-serial elements after Anda: one mantissa plane a cycle by held INT4 weights.

use super::bfp_integer::held_weights;
use super::block::log2;
use super::stages::{FloatStage, Products};
use super::stimulus::{gaussian, mantissas, uniform, weights};
use super::{Element, Stream};
use crate::hardware::netlist::{Builder, Netlist, Summand};
use crate::hardware::parameters::Parameters;
use crate::quality::SeededValues;
use crate::violation::Violation;

/// Bits of the shift-accumulate register: Anda, 16 planes at most.
const PART_BITS: u32 = 27;
const WEIGHT_BITS: u32 = 4;
/// Groups of planes in operation.
const GROUPS: usize = 9;

/// One plane of sign-magnitude mantissas a cycle, most significant first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BitSerial {
    /// Products a group of planes.
    pub lanes: u32,
    /// Planes a group.
    pub m: u32,
    /// Registers a weight: 0, 1 or 2.
    pub weight_registers: u32,
    /// True if the FP32 stage is the element's own; else sums wait in a register for a shared one.
    pub own_stage: bool,
}

pub(super) fn read(p: &mut Parameters<'_>) -> Result<Box<dyn Element>, Violation> {
    Ok(Box::new(BitSerial {
        lanes: p.required("lanes", 2, 1024)?,
        m: p.required("m", 1, 16)?,
        weight_registers: p.optional("weight_registers", 0, 2)?.unwrap_or(0),
        own_stage: p.choice(
            "stage",
            Some(true),
            &[("own_fp32", true), ("output_register", false)],
        )?,
    }))
}

impl Element for BitSerial {
    fn netlist(&self) -> Netlist {
        let mut b = Builder::new();
        let signs = b.inputs("sign", 1, self.lanes);
        let planes = b.inputs("plane", 1, self.lanes);
        let w = b.inputs("b", WEIGHT_BITS, self.lanes);
        let exponent = b.input("exponent", 10);
        let [first, last] = ["first", "last"].map(|port| b.input(port, 1));
        let clear = self.own_stage.then(|| b.input("clear", 1));
        let load = (self.weight_registers > 0).then(|| b.input("load", 1));
        let swap = (self.weight_registers > 1).then(|| b.input("swap", 1));
        let [active, passed] = held_weights(&mut b, &w, self.weight_registers, [load, swap]);
        b.part("plane products and tree");
        let mut products = Products::default();
        for ((sign, plane), weight) in signs.iter().zip(&planes).zip(&active) {
            let flipped = b.xor(*weight, *sign);
            let masked = b.and(flipped, *plane);
            products.twos_complement(&mut b, masked);
            let correction = b.and(*sign, *plane);
            products.rows.push(Summand::word(correction));
        }
        let sum = products.sum(&mut b, log2(self.lanes) + WEIGHT_BITS + 1);
        b.part("shift and accumulate");
        let part = b.register(PART_BITS);
        b.name(part, "shifted_sum");
        let low = b.slice(part, 0, PART_BITS - 1);
        let doubled = b.append_zeros(low, 1);
        let keep = b.not(first);
        let kept = b.and(doubled, keep);
        let wide = b.sign_extend(sum, PART_BITS);
        let next = b.add(PART_BITS, kept, wide);
        b.drive(part, next, None);
        b.part("exponents");
        let exponent = b.registered(exponent, Some(last));
        let clear = clear.map(|clear| b.registered(clear, Some(last)));
        let last = b.registered(last, None);
        match clear {
            Some(clear) => {
                let accumulator = FloatStage {
                    value: part,
                    exponent,
                    clear,
                    load: Some(last),
                }
                .build(&mut b);
                b.output("acc", accumulator);
            }
            None => {
                b.part("output register");
                let value = b.registered(part, Some(last));
                let exponent = b.registered(exponent, Some(last));
                b.output("sum", value);
                b.output("sum_exponent", exponent);
            }
        }
        for word in passed {
            b.output("b_out", word);
        }
        b.finish()
    }

    fn stream(&self, random: &mut SeededValues, cycles: usize) -> Stream {
        let m = self.m as usize;
        let mut held = weights(random, WEIGHT_BITS, self.lanes);
        let mut stream = Stream::new();
        for group in 0..cycles.div_ceil(m).max(1) {
            let (codes, exponent) = mantissas(&gaussian(random, self.lanes, 1.0), self.m);
            if self.weight_registers == 0 {
                held = weights(random, WEIGHT_BITS, self.lanes);
            }
            let scale = i128::from(exponent) - 10 + i128::from(self.m);
            let scale = (scale - (uniform(random, 2).cast_signed())).cast_unsigned() & 0x3ff;
            for plane in (0..m).rev() {
                let mut words: Vec<u128> = codes.iter().map(|code| code >> m & 1).collect();
                words.extend(codes.iter().map(|code| code >> plane & 1));
                words.extend(&held);
                words.push(scale);
                words.push(u128::from(plane + 1 == m));
                words.push(u128::from(plane == 0));
                if self.own_stage {
                    words.push(u128::from(group % 8 == 0));
                }
                let start = stream.len();
                if self.weight_registers > 0 {
                    words.push(u128::from(start == 0));
                }
                if self.weight_registers > 1 {
                    words.push(u128::from(start == 1));
                }
                stream.push(words);
            }
        }
        stream
    }

    fn cycles(&self) -> usize {
        GROUPS * self.m as usize
    }

    fn macs_per_cycle(&self) -> f64 {
        f64::from(self.lanes) / f64::from(self.m)
    }
}
