//! Netlists of elements against the arithmetic of `integer_product`, bit by bit, on random operands with zeros and extremes.

use blockscape_model::hardware::elements::{self, Described};
use blockscape_model::hardware::netlist::{AdderStyle, Netlist, Simulation};
use blockscape_model::integer_product::{NarrowFloat, ScaledSum, add_fp32, aligned_sum};
use blockscape_model::quality::SeededValues;

fn described(kind: &str, parameters: &str) -> Described {
    let given: Vec<(&str, &str)> = parameters
        .split(' ')
        .map(|each| each.split_once('=').unwrap())
        .collect();
    elements::from_text(kind, &given).unwrap().unwrap()
}

/// Runs all streams of a seed and hands each cycle's inputs and settled outputs to a check.
fn each_cycle(described: &Described, seed: u64, mut check: impl FnMut(&Words<'_>, &[u128])) {
    let netlist = described.element.netlist();
    for stream in 0..24 {
        let mut random = SeededValues::new(seed + stream);
        let mut inputs = described.element.stream(&mut random, 41);
        if stream % 3 == 1 {
            disturb(&netlist, &mut inputs, &mut random);
        }
        let mut simulation = Simulation::new(&netlist);
        for words in &inputs {
            simulation.settle(words);
            check(
                &Words {
                    netlist: &netlist,
                    words,
                },
                &simulation.outputs(),
            );
            simulation.clock();
        }
    }
}

/// Replaces operands by zeros, ones in all bits and random bits; exponents and flags stay.
fn disturb(netlist: &Netlist, inputs: &mut [Vec<u128>], random: &mut SeededValues) {
    let operands: Vec<Option<u32>> = netlist
        .inputs()
        .iter()
        .flat_map(|port| {
            let is_operand = matches!(port.name.as_str(), "a" | "b" | "sign" | "plane");
            port.words
                .iter()
                .map(move |_| is_operand.then_some(port.width))
        })
        .collect();
    let held = netlist.inputs().iter().any(|port| port.name == "load");
    for words in inputs {
        for (word, width) in words.iter_mut().zip(&operands) {
            let Some(width) = width else { continue };
            *word = match random.position(4) {
                0 => 0,
                1 => (1 << width) - 1,
                2 => u128::from(random.bits()) & ((1 << width) - 1),
                _ => *word,
            };
        }
        if held {
            return;
        }
    }
}

/// The words of one cycle by port.
struct Words<'a> {
    netlist: &'a Netlist,
    words: &'a [u128],
}

impl Words<'_> {
    fn port(&self, name: &str) -> &[u128] {
        let mut at = 0;
        for port in self.netlist.inputs() {
            if port.name == name {
                return &self.words[at..at + port.words.len()];
            }
            at += port.words.len();
        }
        panic!("no port {name}")
    }

    fn one(&self, name: &str) -> u128 {
        self.port(name)[0]
    }
}

fn sign_magnitude(code: u128, m: u32) -> i128 {
    let magnitude = (code & ((1 << m) - 1)).cast_signed();
    if code >> m & 1 == 1 {
        -magnitude
    } else {
        magnitude
    }
}

fn twos_complement(code: u128, bits: u32) -> i128 {
    (code << (128 - bits)).cast_signed() >> (128 - bits)
}

/// A float element as a whole number of its smallest steps.
fn steps(code: u128, exponent: u32, fraction: u32) -> i128 {
    let field = code >> fraction & ((1 << exponent) - 1);
    let low = code & ((1 << fraction) - 1);
    let steps = if field == 0 {
        low
    } else {
        (low | 1 << fraction) << (field - 1)
    };
    let steps = steps.cast_signed();
    if code >> (exponent + fraction) & 1 == 1 {
        -steps
    } else {
        steps
    }
}

fn dot(a: &[i128], b: &[i128]) -> i128 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn exponent(code: u128) -> i32 {
    i32::try_from(code).unwrap() - 127
}

/// An FP32 stage that takes sums some cycles late.
struct Stage {
    late: Vec<(f32, bool)>,
    accumulator: f32,
}

impl Stage {
    fn new(delay: usize) -> Self {
        Self {
            late: vec![(0.0, false); delay],
            accumulator: 0.0,
        }
    }

    /// The register of this cycle; takes up the sum that arrives.
    fn cycle(&mut self, sum: f32, clear: bool) -> f32 {
        let shown = self.accumulator;
        self.late.push((sum, clear));
        let (sum, clear) = self.late.remove(0);
        let kept = if clear { 0.0 } else { shown };
        self.accumulator = add_fp32(kept, sum);
        shown
    }
}

fn check_stage(
    kind: &str,
    parameters: &str,
    delay: usize,
    value: impl Fn(&Words<'_>) -> ScaledSum,
) {
    let described = described(kind, parameters);
    let streams = std::cell::Cell::new(0);
    let mut stage = Stage::new(delay);
    let mut cycle = 0;
    let length = {
        let mut random = SeededValues::new(7);
        described.element.stream(&mut random, 41).len()
    };
    each_cycle(&described, 7, |words, outputs| {
        if cycle % length == 0 {
            stage = Stage::new(delay);
            streams.set(streams.get() + 1);
        }
        cycle += 1;
        let shown = stage.cycle(value(words).to_fp32(), words.one("clear") == 1);
        assert_eq!(
            u128::from(shown.to_bits()),
            outputs[0],
            "{kind} {parameters}, stream {}, cycle {cycle}: {shown}",
            streams.get()
        );
    });
}

#[test]
fn block_floating_point_products_are_exact_within_blocks() {
    for (m, n, lanes, block, guard, registers) in [
        (4, 4, 16, 4, 8, 0),
        (3, 7, 8, 2, 2, 1),
        (8, 8, 8, 8, 0, 0),
        (6, 2, 12, 4, 16, 1),
        (1, 1, 6, 1, 8, 0),
    ] {
        let parameters = format!(
            "m={m} n={n} lanes={lanes} block={block} guard={guard} input_registers={registers}"
        );
        check_stage("bfp_bfp_pe", &parameters, 1 + registers, |words| {
            let a: Vec<i128> = words
                .port("a")
                .iter()
                .map(|code| sign_magnitude(*code, m))
                .collect();
            let b: Vec<i128> = words
                .port("b")
                .iter()
                .map(|code| sign_magnitude(*code, n))
                .collect();
            let blocks: Vec<ScaledSum> = a
                .chunks(block)
                .zip(b.chunks(block))
                .enumerate()
                .map(|(index, (a, b))| ScaledSum {
                    sum: dot(a, b),
                    exponent: exponent(words.port("scale_a")[index])
                        + exponent(words.port("scale_b")[index])
                        - (m + n - 2).cast_signed(),
                })
                .collect();
            aligned_sum(&blocks, guard)
        });
    }
}

#[test]
fn microscaling_products_are_exact_within_blocks() {
    for (format, e, f) in [
        ("e2m1", 2_u32, 1_u32),
        ("e3m2", 3, 2),
        ("e2m3", 2, 3),
        ("e4m3", 4, 3),
        ("e5m2", 5, 2),
    ] {
        let unit = ((1 << (e - 1)) - 2 + f).cast_signed();
        let parameters =
            format!("format={format} scale=e8m0 lanes=8 block=4 guard=8 input_registers=1");
        check_stage("mx_pe", &parameters, 2, |words| {
            let decode = |port: &str| -> Vec<i128> {
                let codes = words.port(port).iter();
                codes.map(|code| steps(*code, e, f)).collect()
            };
            let (a, b) = (decode("a"), decode("b"));
            let blocks: Vec<ScaledSum> = a
                .chunks(4)
                .zip(b.chunks(4))
                .enumerate()
                .map(|(index, (a, b))| ScaledSum {
                    sum: dot(a, b),
                    exponent: exponent(words.port("scale_a")[index])
                        + exponent(words.port("scale_b")[index])
                        - 2 * unit,
                })
                .collect();
            aligned_sum(&blocks, 8)
        });
    }
}

#[test]
fn scales_of_nvfp4_multiply_block_sums_exactly() {
    check_stage(
        "mx_pe",
        "format=e2m1 scale=e4m3 lanes=16 block=8 guard=8",
        1,
        |words| {
            let decode = |port: &str| -> Vec<i128> {
                words
                    .port(port)
                    .iter()
                    .map(|code| steps(*code, 2, 1))
                    .collect()
            };
            let (a, b) = (decode("a"), decode("b"));
            let blocks: Vec<ScaledSum> = a
                .chunks(8)
                .zip(b.chunks(8))
                .enumerate()
                .map(|(index, (a, b))| {
                    let scale = |port: &str| {
                        let code = words.port(port)[index];
                        let field = i32::try_from(code >> 3).unwrap();
                        let significand = (code & 7) | u128::from(field > 0) << 3;
                        (significand.cast_signed(), field - i32::from(field > 0))
                    };
                    let ((left, left_exponent), (right, right_exponent)) =
                        (scale("scale_a"), scale("scale_b"));
                    ScaledSum {
                        sum: dot(a, b) * left * right,
                        // a scale's unit is 2^-9, an element's 2^-1, on both sides
                        exponent: left_exponent + right_exponent - 20,
                    }
                })
                .collect();
            aligned_sum(&blocks, 8)
        },
    );
}

#[test]
fn integer_microscaling_products_are_exact() {
    check_stage("mx_pe", "format=mxint8 lanes=8 block=8", 1, |words| {
        let decode = |port: &str| -> Vec<i128> {
            words
                .port(port)
                .iter()
                .map(|code| twos_complement(*code, 8))
                .collect()
        };
        ScaledSum {
            sum: dot(&decode("a"), &decode("b")),
            exponent: exponent(words.one("scale_a")) + exponent(words.one("scale_b")) - 12,
        }
    });
}

#[test]
fn integer_registers_hold_exact_sums() {
    for (m, n, lanes) in [(4, 4, 16), (8, 3, 8), (6, 8, 4), (1, 2, 2)] {
        let parameters = format!("m={m} n={n} lanes={lanes}");
        let described = described("bfp_int_pe", &parameters);
        let bits = m + n + u32::ilog2(lanes) + 4;
        let mut accumulator = 0_i128;
        let mut cycle = 0;
        each_cycle(&described, 3, |words, outputs| {
            if cycle % 41 == 0 {
                accumulator = 0;
            }
            cycle += 1;
            let shown = twos_complement(outputs[0], bits);
            assert_eq!(shown, accumulator, "{parameters}, cycle {cycle}");
            let a: Vec<i128> = words
                .port("a")
                .iter()
                .map(|code| sign_magnitude(*code, m))
                .collect();
            let b: Vec<i128> = words
                .port("b")
                .iter()
                .map(|code| twos_complement(*code, n))
                .collect();
            let kept = if words.one("clear") == 1 {
                0
            } else {
                accumulator
            };
            accumulator = kept + dot(&a, &b);
        });
    }
}

#[test]
fn float_accumulators_follow_their_definition() {
    for (format, e, f, lanes, mantissa, register) in [
        ("e4m3", 4_u32, 3_u32, 1, 24, 0),
        ("e4m3", 4, 3, 4, 11, 1),
        ("e5m2", 5, 2, 4, 16, 0),
        ("e2m1", 2, 1, 16, 24, 0),
        ("e2m3", 2, 3, 2, 8, 1),
    ] {
        let parameters = format!(
            "format={format} lanes={lanes} acc_mantissa={mantissa} product_register={register}"
        );
        let described = described("float_acc_pe", &parameters);
        let float = NarrowFloat { mantissa };
        let unit = 2 * ((1 << (e - 1)) - 2 + f).cast_signed();
        let mut late = vec![(0, false); register];
        let mut accumulator = 0;
        let mut cycle = 0;
        each_cycle(&described, 11, |words, outputs| {
            if cycle % 41 == 0 {
                late = vec![(0, false); register];
                accumulator = 0;
            }
            cycle += 1;
            assert_eq!(outputs[0], accumulator, "{parameters}, cycle {cycle}");
            let shared = exponent(words.one("scale_a")) + exponent(words.one("scale_b"));
            let (sum, power) = aligned_lanes(words, [e, f], mantissa);
            let converted = float.convert(sum < 0, sum.unsigned_abs(), power + shared - unit);
            late.push((converted, words.one("clear") == 1));
            let (converted, clear) = late.remove(0);
            accumulator = float.add(if clear { 0 } else { accumulator }, converted);
        });
    }
}

/// Sum of the lanes' products, each cut below the unit that the largest exponent and the accumulator's width leave.
fn aligned_lanes(words: &Words<'_>, [e, f]: [u32; 2], mantissa: u32) -> (i128, i32) {
    let parts = |code: u128| {
        let field = code >> f & ((1 << e) - 1);
        let significand = (code & ((1 << f) - 1)) | u128::from(field > 0) << f;
        (
            code >> (e + f) & 1 == 1,
            significand,
            u32::try_from(field - u128::from(field > 0)).unwrap(),
        )
    };
    let products: Vec<(bool, u128, u32)> = words
        .port("a")
        .iter()
        .zip(words.port("b"))
        .map(|(a, b)| {
            let ((sa, ma, ea), (sb, mb, eb)) = (parts(*a), parts(*b));
            (sa != sb, ma * mb, ea + eb)
        })
        .collect();
    if let [(negative, product, power)] = products[..] {
        let product = product.cast_signed();
        return (
            if negative { -product } else { product },
            power.cast_signed(),
        );
    }
    let top = products.iter().map(|product| product.2).max().unwrap();
    let below = (mantissa + 2).saturating_sub(2 * (f + 1));
    let sum = products
        .iter()
        .map(|(negative, product, power)| {
            let aligned = ((product << below) >> (top - power)).cast_signed();
            if *negative { -aligned } else { aligned }
        })
        .sum();
    (sum, top.cast_signed() - below.cast_signed())
}

#[test]
fn cells_compute_what_words_compute() {
    for (kind, parameters) in [
        ("bfp_bfp_pe", "m=3 n=3 lanes=4 block=2 guard=4"),
        ("mx_pe", "format=e3m2 lanes=4 block=2"),
        ("float_acc_pe", "format=e4m3 lanes=2 acc_mantissa=11"),
        ("bfp_requantize", "block=4 w=12 m=5 round=rne"),
        ("hadamard", "points=8 w=5"),
        ("codebook_decoder", "lanes=3 table=fixed_e2m1"),
        ("four_over_six", "block=4"),
        ("bfp_int_pipe", "m=4 n=4 lanes=8 cut_products=0"),
    ] {
        let described = described(kind, parameters);
        let netlist = described.element.netlist();
        for adders in [AdderStyle::Ripple, AdderStyle::Prefix] {
            let cells = netlist.cells(adders);
            let planes = described.operation(&netlist, 5);
            let mut random = SeededValues::new(5 * 64);
            let stream = described.element.stream(&mut random, 41);
            let mut simulation = Simulation::new(&netlist);
            let shown = cells.outputs_over(&planes);
            for (words, bits) in stream.iter().zip(shown) {
                simulation.settle(words);
                let mut at = 0;
                for (port, word) in netlist
                    .outputs()
                    .iter()
                    .flat_map(|port| port.words.iter().map(move |word| (port, word)))
                {
                    for bit in 0..port.width {
                        let word = simulation.word(*word) >> bit & 1;
                        assert_eq!(
                            u128::from(bits[at] & 1),
                            word,
                            "{kind} {parameters} {} {bit}",
                            port.name
                        );
                        at += 1;
                    }
                }
                simulation.clock();
            }
        }
    }
}
