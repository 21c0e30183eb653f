//! The sections of each unit: paths from register to register, where registers may cut them, and loops.

use super::unit::pipeline_bits;
use super::{
    Feedback, FloatKind, FloatOperand, Path, Pipelining, Section, Sections, Step, Unit, ceil_log2,
};

impl Unit {
    /// Its sections from operands to result; the slowest sets the delay.
    #[expect(clippy::too_many_lines, reason = "one arm a unit")]
    pub fn sections(&self) -> Sections {
        match *self {
            Self::Multiplier { m, n } => {
                combinational("multiplier", Path::NONE.multiplier(m, n), [m + n, m + n])
            }
            Self::Adder { w } => combinational(
                "adder",
                Path::NONE.then(Step::RippleBit, f64::from(w)),
                [2 * w, w + 1],
            ),
            Self::Tree { inputs, w } => combinational(
                "carry-save tree",
                Path::NONE.tree(inputs, w),
                [inputs * w, w + ceil_log2(inputs)],
            ),
            Self::ShiftRight { w, range } => combinational(
                "shifter",
                levels(Step::SelectLevel, ceil_log2(range.min(2 * w))),
                [w + ceil_log2(range), w],
            ),
            Self::MaximumTree { inputs, w } => combinational(
                "maximum tree",
                levels(Step::CompareLevel, ceil_log2(inputs) * ceil_log2(w))
                    .then(Step::SelectLevel, f64::from(ceil_log2(inputs))),
                [inputs * w, w],
            ),
            Self::LeadingZeros { w } => combinational(
                "leading-zero count",
                levels(Step::CompareLevel, ceil_log2(w)),
                [w, ceil_log2(w)],
            ),
            Self::Compare { w } => combinational(
                "comparator",
                levels(Step::CompareLevel, ceil_log2(w)),
                [2 * w, 1],
            ),
            Self::SignMagnitudeToTwos { w } | Self::TwosToSignMagnitude { w } => {
                combinational("negation", levels(Step::IncrementBit, w), [w, w])
            }
            Self::Mux { w } => {
                combinational("multiplexer", levels(Step::SelectLevel, 1), [2 * w, w])
            }
            Self::Register { w } => registered("register", Path::NONE, [w, w]),
            Self::EnabledRegister { w } => {
                registered("register", levels(Step::SelectLevel, 1), [w, w])
            }
            Self::FloatMultiplier { kind } => {
                let p = kind.significand_bits();
                let path = Path::NONE.multiplier(p, p).round_product(kind);
                combinational(
                    "floating-point multiplier",
                    path,
                    [2 * kind.bits(), kind.bits()],
                )
            }
            Self::FloatAdder { kind, stages } => float_adder(kind, stages),
            Self::FloatMac {
                kind,
                operand,
                accumulator,
                stages,
            } => {
                let p = kind.significand_bits();
                let (product, bits) = match operand {
                    FloatOperand::Same => (Path::NONE.multiplier(p, p), 2 * kind.bits()),
                    FloatOperand::Integer(n) => (
                        levels(Step::FloatBit, n)
                            .multiplier(p, n)
                            .then(Step::FloatLevel, f64::from(2 * ceil_log2(n))),
                        kind.bits() + n,
                    ),
                };
                let (product, operand_bits) = match accumulator {
                    FloatKind::Fp16 => (product.round_product(accumulator), accumulator.bits()),
                    _ => (product, 2 * p + accumulator.exponent_bits() + 1),
                };
                let bits = [bits, operand_bits];
                Sections::of(accumulation("product", product, bits, accumulator, stages))
            }
            Self::IntegerMac { a, b, acc } => {
                let product = Path::NONE.multiplier(a, b);
                let beyond = f64::from(2 + acc.saturating_sub(a + b));
                let section = Section::forward(
                    "multiply-accumulate",
                    clocked(product.then(Step::RippleBit, beyond)),
                    product,
                    widths([a + b, a + b]),
                );
                Sections::of([section.feeding_back(integer_loop(acc))])
            }
            Self::BfpIntDot {
                lanes, m, n, acc, ..
            } => {
                let sum = m + n + ceil_log2(lanes);
                let products = levels(Step::IncrementBit, n).tree(lanes * (n + 1), sum);
                let section = Section::forward(
                    "products and tree",
                    clocked(products),
                    products,
                    widths([lanes * (m + 1 + n), sum]),
                );
                Sections::of([section.feeding_back(integer_loop(acc))])
            }
            Self::Fp32Accumulate { w, stages } => Sections::of(fp32_stage(w, stages)),
            Self::BfpBfpDot {
                lanes,
                m,
                n,
                stages,
            } => {
                let sum = m + n + ceil_log2(lanes) + 1;
                let tree = Path::NONE.tree(lanes * n, m + n);
                dot_stages(tree, [lanes * (m + n + 2), sum], None, sum, stages)
            }
            Self::BitSerialDot { lanes, acc, .. } => {
                let (tree, bits, feedback) = bit_planes(lanes, 4, acc);
                dot_stages(tree, bits, Some(feedback), acc, Pipelining::Uncut)
            }
            Self::BitPlaneDot { lanes, n, acc } => {
                let (tree, bits, feedback) = bit_planes(lanes, n, acc);
                Sections::of([product_tree(tree, bits, Some(feedback))])
            }
            Self::ReconfigurableDot { lanes, .. } => {
                const SUM_BITS: u32 = 25;
                let tree = Path::NONE.tree(lanes * 5, 12);
                let bits = [lanes * 14, 12 + ceil_log2(lanes)];
                let feedback = integer_loop(SUM_BITS);
                dot_stages(tree, bits, Some(feedback), SUM_BITS, Pipelining::Uncut)
            }
            Self::MxDot {
                lanes,
                exponent,
                fraction,
                stages,
            } => {
                let fixed = 2 * (fraction + 1) + 2 * ((1 << exponent) - 2);
                let sum = fixed + ceil_log2(lanes) + 1;
                let tree = Path::NONE.tree(lanes * (fraction + 1), fixed);
                let bits = [2 * lanes * (exponent + fraction + 1), sum];
                dot_stages(tree, bits, None, sum, stages)
            }
            Self::Fp16ToBfp { block, m, rounds } => {
                let path = levels(Step::FloatLevel, 4 * ceil_log2(block) + 4)
                    .then(Step::FloatBit, f64::from(5 + if rounds { m } else { 0 }));
                combinational("block converter", path, [block * 16, block * (m + 1) + 5])
            }
        }
    }
}

const fn levels(step: Step, count: u32) -> Path {
    Path::NONE.then(step, count as f64)
}

fn widths(bits: [u32; 2]) -> [f64; 2] {
    bits.map(f64::from)
}

/// From a flip-flop to a flip-flop.
fn clocked(logic: Path) -> Path {
    Path::entry().then(Step::Register, 1.0).joined(&logic)
}

/// Logic without a register of its own.
fn combinational(name: &'static str, logic: Path, bits: [u32; 2]) -> Sections {
    let uncut = Path::entry().joined(&logic);
    Sections::of([Section::forward(name, uncut, logic, widths(bits))])
}

fn registered(name: &'static str, logic: Path, bits: [u32; 2]) -> Sections {
    Sections::of([Section::forward(name, clocked(logic), logic, widths(bits))])
}

/// A register of `acc` bits that adds to itself.
fn integer_loop(acc: u32) -> Feedback {
    Feedback {
        name: "integer accumulator",
        path: levels(Step::RippleBit, acc),
        stages: 1,
        bits: f64::from(acc),
    }
}

/// Planes of n bits from `lanes`, and the register that shifts and adds to itself.
fn bit_planes(lanes: u32, n: u32, acc: u32) -> (Path, [u32; 2], Feedback) {
    let mut feedback = integer_loop(acc);
    feedback.path = feedback.path.then(Step::SelectLevel, 1.0);
    let sum = n + 1 + ceil_log2(lanes);
    (Path::NONE.tree(lanes, n), [lanes * (n + 2), sum], feedback)
}

fn product_tree(tree: Path, bits: [u32; 2], feedback: Option<Feedback>) -> Section {
    // The accumulating adder stands in the tree where no register separates them: the longer carry counts.
    let uncut = match feedback {
        Some(feedback) => {
            let [whole, ripple] = [&feedback.path, &tree].map(|path| path.count(Step::RippleBit));
            tree.then(Step::RippleBit, (whole - ripple).max(0.0))
                .then(Step::SelectLevel, feedback.path.count(Step::SelectLevel))
        }
        None => tree,
    };
    let section = Section::forward("products and tree", clocked(uncut), tree, widths(bits));
    Section {
        feedback,
        ..section
    }
}

/// A product tree up to the input register of the FP32 accumulation, then that.
fn dot_stages(
    tree: Path,
    bits: [u32; 2],
    feedback: Option<Feedback>,
    sum: u32,
    stages: Pipelining,
) -> Sections {
    let tree = product_tree(tree, bits, feedback);
    Sections::of(std::iter::once(tree).chain(fp32_stage(sum, stages)))
}

/// A w-bit integer with its exponent added to an FP32 sum.
fn fp32_stage(w: u32, stages: Pipelining) -> impl Iterator<Item = Section> {
    /// Exponent and clear flag beside the integer.
    const BESIDE: u32 = 11;
    let kind = FloatKind::Fp32;
    let bits = [w + BESIDE, w.min(kind.significand_bits()) + BESIDE + 1];
    accumulation(
        "integer to FP32",
        Path::NONE.integer_to_float(w),
        bits,
        kind,
        stages,
    )
}

/// Logic before a floating-point sum, and the adder with its register.
fn accumulation(
    name: &'static str,
    first: Path,
    bits: [u32; 2],
    kind: FloatKind,
    stages: Pipelining,
) -> impl Iterator<Item = Section> {
    let adder = Path::NONE.float_adder(kind);
    let mut feedback = Feedback {
        name: "floating-point accumulator",
        path: adder,
        stages: 1,
        bits: f64::from(pipeline_bits(kind)) / 2.0,
    };
    let (first, second) = match stages {
        Pipelining::Uncut => {
            let whole = Section::forward(
                "floating-point accumulation",
                clocked(first.joined(&adder)),
                first,
                widths(bits),
            );
            (whole.feeding_back(feedback), None)
        }
        Pipelining::ThreeStages => {
            feedback.stages = 3;
            let slowest = adder_stages(kind).into_iter().reduce(longer);
            let uncut = clocked(slowest.unwrap_or(Path::NONE));
            let width = [bits[1], bits[1]];
            let adder = Section::forward("floating-point adder", uncut, Path::NONE, widths(width));
            let first = Section::forward(name, clocked(first), first, widths(bits));
            (first, Some(adder.feeding_back(feedback)))
        }
    };
    std::iter::once(first).chain(second)
}

/// A floating-point adder between ports or, in three stages, between registers.
fn float_adder(kind: FloatKind, stages: Pipelining) -> Sections {
    let bits = [2 * kind.bits(), kind.bits()];
    match stages {
        Pipelining::Uncut => {
            combinational("floating-point adder", Path::NONE.float_adder(kind), bits)
        }
        Pipelining::ThreeStages => {
            let names = ["aligner", "significand adder", "normalizer and rounder"];
            let stages = names.into_iter().zip(adder_stages(kind));
            Sections::of(
                stages
                    .map(|(name, path)| Section::forward(name, clocked(path), path, widths(bits))),
            )
        }
    }
}

/// Align, add, normalize and round.
fn adder_stages(kind: FloatKind) -> [Path; 3] {
    [
        Path::NONE.align(kind),
        Path::NONE.add_significands(kind),
        Path::NONE.normalize(kind),
    ]
}

/// The path with more bits of carry and levels, both of which take about the same time in every library.
fn longer(left: Path, right: Path) -> Path {
    let weight = |path: &Path| path.count(Step::FloatBit) + 2.0 * path.count(Step::FloatLevel);
    if weight(&right) > weight(&left) {
        right
    } else {
        left
    }
}
