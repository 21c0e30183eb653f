//! FP16 to block floating point, a plane of mantissa bits a cycle.

use super::stages::largest;
use super::stimulus::{gaussian, halves};
use super::{Element, Stream};
use crate::hardware::netlist::{Builder, Netlist, NodeId};
use crate::hardware::parameters::Parameters;
use crate::quality::SeededValues;
use crate::violation::Violation;

const BLOCKS: usize = 8;

/// A block of halves in `m` cycles; the next block loads with the last plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SerialConverter {
    /// Values of a block.
    pub block: u32,
    /// Planes that are read; no hardware depends on it.
    pub m: u32,
}

pub(super) fn read(p: &mut Parameters<'_>) -> Result<Box<dyn Element>, Violation> {
    Ok(Box::new(SerialConverter {
        block: p.required("block", 2, 1024)?,
        m: p.required("m", 1, 16)?,
    }))
}

impl Element for SerialConverter {
    fn netlist(&self) -> Netlist {
        let mut b = Builder::new();
        let x = b.inputs("x", 16, self.block);
        let load = b.input("load", 1);
        b.part("maximum exponent");
        let fields: Vec<[NodeId; 3]> = x
            .iter()
            .map(|word| {
                let exponent = b.slice(*word, 10, 5);
                let hidden = b.any(exponent);
                let subnormal = b.not(hidden);
                let effective = b.bit(exponent, 0);
                let low = b.or(effective, subnormal);
                let high = b.slice(exponent, 1, 4);
                let fraction = b.slice(*word, 0, 10);
                let sign = b.top(*word);
                [b.concat(&[low, high]), b.concat(&[fraction, hidden]), sign]
            })
            .collect();
        let exponents: Vec<NodeId> = fields.iter().map(|field| field[0]).collect();
        let top = largest(&mut b, &exponents);
        let shared = b.registered(top, Some(load));
        b.part("lanes");
        let mut planes = Vec::new();
        let mut signs = Vec::new();
        for [exponent, significand, sign] in fields {
            let distance = b.register(5);
            let significand_register = b.register(11);
            let far = b.any(distance);
            let difference = b.subtract(5, top, exponent);
            let ones = b.constant(31, 5);
            let less = b.add(5, distance, ones);
            let counted = b.mux(far, less, distance);
            let next = b.mux(load, difference, counted);
            b.drive(distance, next, None);
            let low = b.slice(significand_register, 0, 10);
            let moved = b.append_zeros(low, 1);
            let shifted = b.mux(far, significand_register, moved);
            let next = b.mux(load, significand, shifted);
            b.drive(significand_register, next, None);
            let near = b.not(far);
            let bit = b.top(significand_register);
            planes.push(b.and(bit, near));
            signs.push(b.registered(sign, Some(load)));
        }
        b.output("exponent", shared);
        for sign in signs {
            b.output("sign", sign);
        }
        for plane in planes {
            b.output("plane", plane);
        }
        b.finish()
    }

    fn stream(&self, random: &mut SeededValues, cycles: usize) -> Stream {
        let mut stream = Stream::new();
        for _ in 0..cycles.div_ceil(self.m as usize).max(1) {
            let values = halves(&gaussian(random, self.block, 1.0));
            for plane in 0..self.m {
                let mut words = values.clone();
                words.push(u128::from(plane == 0));
                stream.push(words);
            }
        }
        stream
    }

    fn cycles(&self) -> usize {
        BLOCKS * self.m as usize
    }

    fn macs_per_cycle(&self) -> f64 {
        0.0
    }
}
