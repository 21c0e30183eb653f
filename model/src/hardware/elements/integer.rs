//! Integer elements of systolic arrays: no floating-point stage, operands passed on.

use super::stages::{Products, baugh_wooley};
use super::stimulus::weights;
use super::{Element, Stream};
use crate::hardware::netlist::{Builder, Netlist, Summand};
use crate::hardware::parameters::Parameters;
use crate::quality::SeededValues;
use crate::violation::Violation;

const STEPS: usize = 32;

/// Stationary operand of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stationary {
    /// The sum; it leaves through the neighbors at the end.
    Output,
    /// The weight, in one register or two; sums pass on each cycle.
    Weight {
        /// 1, or 2 for a weight that loads while another works.
        registers: u32,
    },
}

/// Two's complement multiply-accumulate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IntegerElement {
    /// Bits of the moving operand.
    pub a: u32,
    /// Bits of the other operand.
    pub b: u32,
    /// Bits of the sum.
    pub acc: u32,
    /// Stationary operand.
    pub stationary: Stationary,
}

pub(super) fn read(p: &mut Parameters<'_>) -> Result<Box<dyn Element>, Violation> {
    let holds_weight = p.choice(
        "dataflow",
        None,
        &[("output_stationary", false), ("weight_stationary", true)],
    )?;
    let (a, b) = (p.required("a", 2, 32)?, p.required("b", 2, 32)?);
    let acc = p.required("acc", a + b, 127)?;
    let stationary = if holds_weight {
        let registers = p.optional("weight_registers", 1, 2)?.unwrap_or(1);
        Stationary::Weight { registers }
    } else {
        Stationary::Output
    };
    Ok(Box::new(IntegerElement {
        a,
        b,
        acc,
        stationary,
    }))
}

impl Element for IntegerElement {
    fn netlist(&self) -> Netlist {
        let mut b = Builder::new();
        let a = b.input("a", self.a);
        let w = b.input("b", self.b);
        match self.stationary {
            Stationary::Output => {
                let (clear, drain) = (b.input("clear", 1), b.input("drain", 1));
                let passed_in = b.input("acc_in", self.acc);
                b.part("operand registers");
                let [a, w, clear, drain] =
                    [a, w, clear, drain].map(|word| b.registered(word, None));
                b.part("product and sum");
                let accumulator = b.register(self.acc);
                b.name(accumulator, "accumulator");
                let keep = b.not(clear);
                let kept = b.and(accumulator, keep);
                let mut products = Products::default();
                baugh_wooley(&mut b, &mut products, a, w);
                products.rows.push(Summand::word(kept));
                let sum = products.sum(&mut b, self.acc);
                b.part("drain");
                let next = b.mux(drain, passed_in, sum);
                b.drive(accumulator, next, None);
                for (port, word) in [
                    ("a_out", a),
                    ("b_out", w),
                    ("clear_out", clear),
                    ("drain_out", drain),
                ] {
                    b.output(port, word);
                }
                b.output("acc", accumulator);
            }
            Stationary::Weight { registers } => {
                let load = b.input("load", 1);
                let swap = (registers == 2).then(|| b.input("swap", 1));
                let partial = b.input("sum_in", self.acc);
                b.part("operand registers");
                let a = b.registered(a, None);
                let shadow = b.registered(w, Some(load));
                let active = match swap {
                    Some(_) => b.registered(shadow, swap),
                    None => shadow,
                };
                b.part("product and sum");
                let mut products = Products::default();
                baugh_wooley(&mut b, &mut products, a, active);
                products.rows.push(Summand::word(partial));
                let sum = products.sum(&mut b, self.acc);
                let accumulator = b.registered(sum, None);
                b.output("a_out", a);
                b.output("b_out", shadow);
                b.output("sum_out", accumulator);
            }
        }
        b.finish()
    }

    fn stream(&self, random: &mut SeededValues, cycles: usize) -> Stream {
        let mut held = vec![0];
        let limit = 1_u128 << self.acc;
        (0..cycles)
            .map(|step| {
                let mut words = weights(random, self.a, 1);
                // Sums of about thirty products, as they come from a neighbor.
                let product = f64::from(random.normal()) * f64::from(self.a + self.b - 3).exp2();
                #[expect(clippy::cast_possible_truncation, reason = "a sum of a few products")]
                let sum = (product as i128).cast_unsigned() % limit;
                match self.stationary {
                    Stationary::Output => {
                        words.extend(weights(random, self.b, 1));
                        words.push(u128::from(step % STEPS == 0));
                        words.push(u128::from(step % STEPS >= STEPS - 2));
                        words.push(sum);
                    }
                    Stationary::Weight { registers } => {
                        if step % STEPS == 0 {
                            held = weights(random, self.b, 1);
                        }
                        words.extend(&held);
                        words.push(u128::from(step % STEPS == 0));
                        if registers == 2 {
                            words.push(u128::from(step % STEPS == 1));
                        }
                        words.push(sum);
                    }
                }
                words
            })
            .collect()
    }

    fn macs_per_cycle(&self) -> f64 {
        1.0
    }
}
