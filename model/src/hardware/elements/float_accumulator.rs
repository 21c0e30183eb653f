//! Elements whose accumulator is a float of a given mantissa: products aligned within the lanes, one truncating adder.

use super::block::log2;
use super::microscaling::FORMATS;
use super::stages::{Minifloat, Products, TruncatingAdder, Unpacked, baugh_wooley, largest};
use super::stimulus::{biased, elements, fixed_elements, gaussian, spread};
use super::{Element, Stream};
use crate::hardware::netlist::{Builder, Netlist, NodeId, Summand};
use crate::hardware::parameters::Parameters;
use crate::quality::SeededValues;
use crate::violation::Violation;

/// Steps of an accumulation in operation.
const STEPS: usize = 32;

/// Small floats or 8-bit integers into a float accumulator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FloatAccumulator {
    /// Format of both sides; without one, 8-bit integers with 6 fraction bits.
    pub format: Option<Minifloat>,
    /// Products a cycle.
    pub lanes: u32,
    /// Significant bits of the accumulator.
    pub mantissa: u32,
    /// True if operands are registered.
    pub input_registers: bool,
    /// True if the converted sum of a cycle is registered before the adder.
    pub product_register: bool,
}

pub(super) fn read(p: &mut Parameters<'_>) -> Result<Box<dyn Element>, Violation> {
    let mut formats = FORMATS;
    formats[5].0 = "int8";
    Ok(Box::new(FloatAccumulator {
        format: p.choice("format", None, &formats)?,
        lanes: p.required("lanes", 1, 256)?,
        mantissa: p.required("acc_mantissa", 8, 64)?,
        input_registers: p.flag("input_registers", false)?,
        product_register: p.flag("product_register", false)?,
    }))
}

/// Sign, magnitude, and exponent of the products of a cycle.
struct Sum {
    sign: NodeId,
    magnitude: NodeId,
    exponent: Option<NodeId>,
    /// Places below one of the magnitude's unit.
    unit: u32,
}

impl FloatAccumulator {
    fn bits(&self) -> u32 {
        self.format.map_or(8, Minifloat::bits)
    }

    fn integers(&self, b: &mut Builder, a: &[NodeId], w: &[NodeId]) -> Sum {
        b.part("products and tree");
        let mut products = Products::default();
        for (a, w) in a.iter().zip(w) {
            baugh_wooley(b, &mut products, *a, *w);
        }
        let width = 16 + log2(self.lanes);
        let sum = products.sum(b, width);
        Sum {
            sign: b.top(sum),
            magnitude: magnitude(b, sum, width - 1),
            exponent: None,
            unit: 12,
        }
    }

    fn floats(&self, b: &mut Builder, format: Minifloat, a: &[NodeId], w: &[NodeId]) -> Sum {
        b.part("products");
        let mut signs = Vec::new();
        let mut exponents = Vec::new();
        let mut significands = Vec::new();
        for (a, w) in a.iter().zip(w) {
            let [x, y]: [Unpacked; 2] = [format.unpack(b, *a), format.unpack(b, *w)];
            signs.push(b.xor(x.sign, y.sign));
            exponents.push(b.add(format.exponent + 1, x.exponent, y.exponent));
            let product = Summand::product(x.significand, y.significand);
            significands.push(b.sum(2 * format.significand(), &[product], 0));
        }
        let unit = 2 * format.unit();
        if let ([sign], [exponent], [product]) = (&*signs, &*exponents, &*significands) {
            return Sum {
                sign: *sign,
                magnitude: *product,
                exponent: Some(*exponent),
                unit,
            };
        }
        b.part("lane alignment");
        let width = self.mantissa + 2;
        let top = largest(b, &exponents);
        let mut products = Products::default();
        let below = width.saturating_sub(2 * format.significand());
        for ((sign, exponent), product) in signs.iter().zip(&exponents).zip(&significands) {
            let distance = b.subtract(format.exponent + 1, top, *exponent);
            let placed = b.append_zeros(*product, below);
            let aligned = b.shift_right(placed, distance);
            products.signed(b, *sign, aligned);
        }
        let width = 2 * format.significand() + below + log2(self.lanes);
        let sum = products.sum(b, width + 1);
        Sum {
            sign: b.top(sum),
            magnitude: magnitude(b, sum, width),
            exponent: Some(top),
            unit: unit + below,
        }
    }
}

/// Lower bits of the magnitude of a two's complement word.
fn magnitude(b: &mut Builder, word: NodeId, width: u32) -> NodeId {
    let sign = b.top(word);
    let low = b.slice(word, 0, width);
    let flipped = b.xor(low, sign);
    b.add(width, flipped, sign)
}

impl Element for FloatAccumulator {
    fn netlist(&self) -> Netlist {
        let mut b = Builder::new();
        let mut a = b.inputs("a", self.bits(), self.lanes);
        let mut w = b.inputs("b", self.bits(), self.lanes);
        let mut scales = ["scale_a", "scale_b"].map(|port| b.input(port, 8));
        let mut clear = b.input("clear", 1);
        if self.input_registers {
            b.part("operand registers");
            for word in a.iter_mut().chain(&mut w).chain(&mut scales) {
                *word = b.registered(*word, None);
            }
            clear = b.registered(clear, None);
        }
        let sum = match self.format {
            None => self.integers(&mut b, &a, &w),
            Some(format) => self.floats(&mut b, format, &a, &w),
        };
        b.part("conversion");
        let adder = TruncatingAdder {
            mantissa: self.mantissa,
        };
        let mut exponent: Vec<Summand> = scales.map(Summand::word).to_vec();
        exponent.extend(sum.exponent.map(Summand::word));
        let width = b.width(sum.magnitude);
        let constant = u128::from(width - 1).wrapping_sub(u128::from(sum.unit + 127));
        let mut float = adder.to_float(&mut b, sum.sign, sum.magnitude, &exponent, constant);
        if self.product_register {
            float = b.registered(float, None);
            clear = b.registered(clear, None);
        }
        b.part("floating-point adder");
        let accumulator = b.register(adder.bits());
        let keep = b.not(clear);
        let kept = b.and(accumulator, keep);
        let next = adder.sum(&mut b, kept, float);
        b.drive(accumulator, next, None);
        b.output("acc", accumulator);
        b.finish()
    }

    fn stream(&self, random: &mut SeededValues, cycles: usize) -> Stream {
        (0..cycles)
            .map(|step| {
                let reach = if step % STEPS == STEPS - 1 { 20 } else { 0 };
                let mut side = || {
                    let factor = spread(random, reach);
                    let values = gaussian(random, self.lanes, factor);
                    let (codes, scale) = match self.format {
                        None => fixed_elements(&values, 8),
                        Some(format) => elements(&values, format),
                    };
                    (codes, biased(scale))
                };
                let ((a, xa), (w, xb)) = (side(), side());
                let clear = u128::from(step % STEPS == 0);
                a.into_iter().chain(w).chain([xa, xb, clear]).collect()
            })
            .collect()
    }

    fn cycles(&self) -> usize {
        STEPS + 9
    }

    fn macs_per_cycle(&self) -> f64 {
        f64::from(self.lanes)
    }
}
