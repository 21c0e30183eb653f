//! Microscaling elements: small floats or 8-bit integers with shared scales, exact in fixed point within a block.

use super::bfp_bfp::{block_register, log2, sequential_stream, steps};
use super::stages::{FloatStage, Lanes, Minifloat, aligned_sum, rebased};
use super::stimulus::{biased, elements, fixed_elements, gaussian, scaled_elements, spread};
use super::{Element, Stream, blocks};
use crate::hardware::netlist::{Builder, Netlist, NodeId, Summand};
use crate::hardware::parameters::Parameters;
use crate::quality::SeededValues;
use crate::violation::Violation;

const STEPS: usize = 8;

/// The way the values of a block share a scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScaleKind {
    /// A power of two in 8 bits, biased 127.
    PowerOfTwo,
    /// A positive float of 4 exponent and 3 fraction bits, subnormals exact (NVFP4).
    E4m3,
}

impl ScaleKind {
    const fn bits(self) -> u32 {
        match self {
            Self::PowerOfTwo => 8,
            Self::E4m3 => 7,
        }
    }

    /// Powers of two that the blocks at the end of a sum are spread by in operation.
    const fn reach(self) -> i32 {
        match self {
            Self::PowerOfTwo => 30,
            Self::E4m3 => 5,
        }
    }

    /// Bits that a block sum grows by.
    const fn product_bits(self) -> u32 {
        match self {
            Self::PowerOfTwo => 0,
            Self::E4m3 => 8,
        }
    }

    /// Exponent of a product with scale codes of zero distance to its unit.
    const fn bias(self) -> u32 {
        match self {
            Self::PowerOfTwo => 254,
            // each side: bias 7 less one, and 3 fraction bits
            Self::E4m3 => 2 * (6 + 3),
        }
    }
}

/// Element formats by name.
pub(super) const FORMATS: [(&str, Option<Minifloat>); 6] = [
    ("e2m1", Some(minifloat(2, 1))),
    ("e3m2", Some(minifloat(3, 2))),
    ("e2m3", Some(minifloat(2, 3))),
    ("e4m3", Some(minifloat(4, 3))),
    ("e5m2", Some(minifloat(5, 2))),
    ("mxint8", None),
];

const fn minifloat(exponent: u32, fraction: u32) -> Minifloat {
    Minifloat { exponent, fraction }
}

/// Lanes of the same format on both sides; without a float, 8-bit integers.
const fn lanes_of(format: Option<Minifloat>) -> Lanes {
    match format {
        Some(format) => Lanes::Minifloat {
            left: format,
            right: format,
        },
        None => Lanes::TwosComplement { m: 8, n: 8 },
    }
}

/// The two scales of a block multiplied: exponent, and for floats the product of the significands.
fn scale_product(b: &mut Builder, kind: ScaleKind, codes: [NodeId; 2]) -> (NodeId, Option<NodeId>) {
    b.part("scales");
    match kind {
        ScaleKind::PowerOfTwo => (b.add(9, codes[0], codes[1]), None),
        ScaleKind::E4m3 => {
            let [left, right] = codes.map(|code| {
                let exponent = b.slice(code, 3, 4);
                let fraction = b.slice(code, 0, 3);
                let hidden = b.any(exponent);
                let significand = b.concat(&[fraction, hidden]);
                (significand, b.subtract(4, exponent, hidden))
            });
            let product = b.sum(8, &[Summand::product(left.0, right.0)], 0);
            (b.add(5, left.1, right.1), Some(product))
        }
    }
}

/// A block sum times the product of its scales' significands.
fn scaled(b: &mut Builder, sum: NodeId, significand: Option<NodeId>) -> NodeId {
    let Some(significand) = significand else {
        return sum;
    };
    b.part("scales");
    let (width, bits) = (b.width(sum), b.width(significand));
    let top = b.top(sum);
    let inverted = b.not(top);
    let low = b.slice(sum, 0, width - 1);
    let unsigned = b.concat(&[low, inverted]);
    let less = b.not(significand);
    let constant = 0_u128.wrapping_sub(((1 << bits) - 1) << (width - 1));
    b.sum(
        width + bits,
        &[
            Summand::product(unsigned, significand),
            Summand::word(less).shifted(width - 1),
        ],
        constant,
    )
}

/// One or several blocks a cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Microscaling {
    /// Codes of both sides.
    pub lanes_kind: Lanes,
    /// Scale of a block.
    pub scale: ScaleKind,
    /// Products a cycle.
    pub lanes: u32,
    /// Values that share a scale.
    pub block: u32,
    /// Bits kept below the largest exponent's unit.
    pub guard: u32,
    /// True if operands are registered.
    pub input_registers: bool,
}

fn scale(p: &mut Parameters<'_>) -> Result<ScaleKind, Violation> {
    p.choice(
        "scale",
        Some(ScaleKind::PowerOfTwo),
        &[("e8m0", ScaleKind::PowerOfTwo), ("e4m3", ScaleKind::E4m3)],
    )
}

/// Lanes of `format`, or of `format` by `format_b` where the two sides differ.
fn lanes_kind(p: &mut Parameters<'_>) -> Result<Lanes, Violation> {
    let left = p.choice("format", None, &FORMATS)?;
    let right = p.choice("format_b", Some(left), &FORMATS)?;
    match (left, right) {
        (Some(left), Some(right)) => Ok(Lanes::Minifloat { left, right }),
        (None, None) => Ok(lanes_of(None)),
        _ => Err(Violation::new(
            format!("{} format_b", p.kind),
            "integers by floats",
            "floats on both sides, or mxint8 on both",
        )),
    }
}

/// Refuses sums that no word holds.
fn check_width(kind: &str, width: u32) -> Result<(), Violation> {
    if width <= 120 {
        return Ok(());
    }
    Err(Violation::new(
        kind,
        format!("a sum of {width} bits"),
        "sums of up to 120 bits: fewer lanes, guard bits or exponent bits",
    ))
}

pub(super) fn read(p: &mut Parameters<'_>) -> Result<Box<dyn Element>, Violation> {
    let lanes = p.required("lanes", 1, 1024)?;
    let block = p.required("block", 1, 1024)?;
    blocks(p.kind, lanes, block)?;
    let element = Microscaling {
        lanes_kind: lanes_kind(p)?,
        scale: scale(p)?,
        lanes,
        block,
        guard: p.optional("guard", 0, 32)?.unwrap_or(8),
        input_registers: p.flag("input_registers", false)?,
    };
    let width = element.lanes_kind.product_bits() + element.scale.product_bits();
    check_width(p.kind, width + log2(lanes) + element.guard)?;
    Ok(Box::new(element))
}

impl Element for Microscaling {
    fn netlist(&self) -> Netlist {
        let mut b = Builder::new();
        let count = self.lanes / self.block;
        let [left, right] = self.lanes_kind.bits();
        let mut a = b.inputs("a", left, self.lanes);
        let mut w = b.inputs("b", right, self.lanes);
        let mut xa = b.inputs("scale_a", self.scale.bits(), count);
        let mut xb = b.inputs("scale_b", self.scale.bits(), count);
        let mut clear = b.input("clear", 1);
        if self.input_registers {
            b.part("operand registers");
            for word in a.iter_mut().chain(&mut w).chain(&mut xa).chain(&mut xb) {
                *word = b.registered(*word, None);
            }
            clear = b.registered(clear, None);
        }
        let width = self.lanes_kind.product_bits() + log2(self.block);
        let size = self.block as usize;
        let mut sums = Vec::new();
        let mut exponents = Vec::new();
        for (index, (a, w)) in a.chunks(size).zip(w.chunks(size)).enumerate() {
            let sum = self.lanes_kind.block_sum(&mut b, a, w, None, width);
            let (exponent, significand) = scale_product(&mut b, self.scale, [xa[index], xb[index]]);
            sums.push(scaled(&mut b, sum, significand));
            exponents.push(exponent);
        }
        let guard = if count > 1 { self.guard } else { 0 };
        let (value, exponent) = aligned_sum(&mut b, &sums, &exponents, guard);
        b.part("exponents");
        let bias = self.scale.bias() + self.lanes_kind.unit() + guard;
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
                let at_end = step % STEPS == STEPS - 1;
                let mut words: [Vec<u128>; 2] = [Vec::new(), Vec::new()];
                let mut scales: [Vec<u128>; 2] = [Vec::new(), Vec::new()];
                for side in 0..2 {
                    for _ in 0..count {
                        let reach = if at_end { self.scale.reach() } else { 0 };
                        let factor = spread(random, reach);
                        let values = gaussian(random, self.block, factor);
                        let (codes, scale) = coded(self.lanes_kind, self.scale, side, &values);
                        words[side].extend(codes);
                        scales[side].push(scale);
                    }
                }
                let clear = u128::from(step % STEPS == 0);
                let all = words.into_iter().chain(scales).flatten();
                all.chain([clear]).collect()
            })
            .collect()
    }

    fn macs_per_cycle(&self) -> f64 {
        f64::from(self.lanes)
    }
}

/// A block of one side in codes, and the code of its scale.
fn coded(lanes: Lanes, scale: ScaleKind, side: usize, values: &[f64]) -> (Vec<u128>, u128) {
    let Lanes::Minifloat { left, right } = lanes else {
        let (codes, exponent) = fixed_elements(values);
        return (codes, biased(exponent));
    };
    let format = if side == 0 { left } else { right };
    match scale {
        ScaleKind::PowerOfTwo => {
            let (codes, exponent) = elements(values, format);
            (codes, biased(exponent))
        }
        ScaleKind::E4m3 => scaled_elements(values, format),
    }
}

/// A block that passes in several steps; its scales are captured at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MicroscalingSequential {
    /// Codes of both sides.
    pub lanes_kind: Lanes,
    /// Scale of a block.
    pub scale: ScaleKind,
    /// Products a cycle.
    pub lanes: u32,
    /// Values that share a scale, a multiple of the lanes.
    pub block: u32,
}

pub(super) fn read_sequential(p: &mut Parameters<'_>) -> Result<Box<dyn Element>, Violation> {
    let lanes = p.required("lanes", 1, 1024)?;
    let block = p.required("block", 1, 65_536)?;
    steps(p.kind, lanes, block)?;
    let element = MicroscalingSequential {
        lanes_kind: lanes_kind(p)?,
        scale: scale(p)?,
        lanes,
        block,
    };
    let width = element.lanes_kind.product_bits() + element.scale.product_bits();
    check_width(p.kind, width + log2(block))?;
    Ok(Box::new(element))
}

impl Element for MicroscalingSequential {
    fn netlist(&self) -> Netlist {
        let mut b = Builder::new();
        let [left, right] = self.lanes_kind.bits();
        let a = b.inputs("a", left, self.lanes);
        let w = b.inputs("b", right, self.lanes);
        let xa = b.input("scale_a", self.scale.bits());
        let xb = b.input("scale_b", self.scale.bits());
        let [first, last, clear] = ["first", "last", "clear"].map(|port| b.input(port, 1));
        let width = self.lanes_kind.product_bits() + log2(self.block);
        let sum = block_register(&mut b, self.lanes_kind, [&a, &w], first, width);
        b.part("scales");
        let codes = [xa, xb].map(|code| b.registered(code, Some(last)));
        let clear = b.registered(clear, Some(last));
        let last = b.registered(last, None);
        let (exponent, significand) = scale_product(&mut b, self.scale, codes);
        let value = scaled(&mut b, sum, significand);
        let bias = self.scale.bias() + self.lanes_kind.unit();
        let exponent = rebased(&mut b, exponent, u128::from(bias));
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
        sequential_stream(steps, self.scale.reach(), |reach| {
            let mut side = |side| {
                let factor = spread(random, reach);
                let values = gaussian(random, self.block, factor);
                coded(self.lanes_kind, self.scale, side, &values)
            };
            let ((a, xa), (w, xb)) = (side(0), side(1));
            (a, w, [xa, xb])
        })
    }

    fn macs_per_cycle(&self) -> f64 {
        f64::from(self.lanes)
    }
}
