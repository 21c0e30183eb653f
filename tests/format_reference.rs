//! Every block format a second time, by its definition in double precision: the fast kernels must give the same bits.
//!
//! Deliberately slow and plain: powers and logarithms, one value after the other, no bit arithmetic.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(
    clippy::cast_possible_truncation,
    reason = "the one rounding to f32 at the end of each definition, and exponents of f32"
)]

use blockscape_model::format::{
    FloatFormat, Format, Minifloat, MxElement, Overflow, Rounding, ScaleRule, Specials,
};
use blockscape_model::quantization::Quantizer;
use blockscape_tests::microscaling::MX_FORMATS;

/// `2^exponent`, subnormal results included.
fn two(exponent: i32) -> f64 {
    f64::from(exponent).exp2()
}

/// Exponent of a positive number.
fn exponent_of(magnitude: f64) -> i32 {
    let guess = magnitude.log2().floor() as i32;
    // the logarithm may be off by one next to a power of two
    (guess - 1..=guess + 1)
        .rev()
        .find(|exponent| two(*exponent) <= magnitude)
        .unwrap()
}

/// The random number of the value at this position of a tensor with seed 0: the finalizer `lowbias32` of the position, its upper 23
/// bits as a fraction in the middle of their last place.
fn uniform(position: usize) -> f64 {
    let mut hash = u32::try_from(position).unwrap();
    hash = (hash ^ hash >> 16).wrapping_mul(0x7feb_352d);
    hash = (hash ^ hash >> 15).wrapping_mul(0x846c_a68b);
    hash ^= hash >> 16;
    (f64::from(hash >> 9) + 0.5) / two(23)
}

fn round(value: f64, rounding: Rounding, position: usize) -> f64 {
    match rounding {
        Rounding::NearestEven => value.round_ties_even(),
        Rounding::NearestAway => value.round(),
        Rounding::Stochastic if value.fract().abs() > uniform(position) => {
            value.trunc() + 1.0_f64.copysign(value)
        }
        Rounding::Truncate | Rounding::Stochastic => value.trunc(),
    }
}

/// What a value becomes, and whether it was clipped.
type Rounded = (f32, bool);

/// Shared exponent: the largest magnitude is `fraction x 2^e` with a fraction of `1 .. 2`.
fn shared_exponent(largest: f64, rule: ScaleRule, largest_element: f64, fraction_bits: i32) -> i32 {
    let exponent = exponent_of(largest);
    let fraction = largest / two(exponent);
    let up = match rule {
        ScaleRule::Floor => false,
        ScaleRule::Ceil => fraction > 1.0,
        ScaleRule::Rceil => fraction > largest_element,
        // half away: the smallest fraction that rounds to 2
        ScaleRule::Even => fraction >= 2.0 - two(-fraction_bits - 1),
    };
    exponent + i32::from(up)
}

/// A grid of `2^(E - shift)` with whole numbers in a range.
struct Grid {
    rule: ScaleRule,
    exponents: (i32, i32),
    shift: i32,
    range: (f64, f64),
    /// Largest element as a fraction of `2^E`.
    largest_element: f64,
    rounding: Rounding,
}

fn grid(block: &[f32], position: usize, grid: &Grid) -> Vec<Rounded> {
    let largest = block
        .iter()
        .fold(0.0_f64, |largest, x| largest.max(f64::from(x.abs())));
    if largest == 0.0 {
        return vec![(0.0, false); block.len()];
    }
    let exponent = shared_exponent(largest, grid.rule, grid.largest_element, grid.shift)
        .clamp(grid.exponents.0, grid.exponents.1);
    let step = two(exponent - grid.shift);
    let value = |(x, position): (&f32, usize)| {
        let steps = round(f64::from(*x) / step, grid.rounding, position);
        let kept = steps.clamp(grid.range.0, grid.range.1);
        ((kept * step) as f32, kept.to_bits() != steps.to_bits())
    };
    block.iter().zip(position..).map(value).collect()
}

fn element(value: f64, element: Minifloat, rounding: Rounding, position: usize) -> (f64, bool) {
    if value == 0.0 {
        return (value, false);
    }
    let exponent = exponent_of(value.abs()).max(element.smallest_exponent());
    let step = two(exponent - i32::from(element.fraction_bits()));
    let rounded = round(value / step, rounding, position) * step;
    let largest = f64::from(element.largest());
    if rounded.abs() <= largest {
        return (rounded, false);
    }
    let kept = match (element.overflow(), element.specials()) {
        (Overflow::Special, Specials::Ieee) => f64::INFINITY.copysign(value),
        (Overflow::Special, Specials::NanOnly) => f64::NAN,
        _ => largest.copysign(value),
    };
    (kept, true)
}

fn exponents(bits: u8) -> (i32, i32) {
    let bias = (1 << (bits - 1)) - 1;
    (-bias, (1 << bits) - 1 - bias)
}

fn magnitude_bits(bits: u8) -> (f64, f64) {
    let largest = two(i32::from(bits)) - 1.0;
    (-largest, largest)
}

#[expect(clippy::too_many_lines, reason = "one arm a format, all in one view")]
/// One block by definition; NVFP4 and grouped integers, whose scales are no powers of two, are not among them.
fn block(format: Format, x: &[f32], position: usize) -> Vec<Rounded> {
    let unclipped = |values: &[f32]| values.iter().map(|value| (*value, false)).collect();
    match format {
        Format::Bfp(format) => {
            let shift = i32::from(format.mantissa_bits()) - 1;
            let parameters = Grid {
                rule: format.scale(),
                exponents: exponents(format.exponent_bits()),
                shift,
                range: magnitude_bits(format.mantissa_bits()),
                largest_element: 2.0 - two(-shift),
                rounding: format.rounding(),
            };
            grid(x, position, &parameters)
        }
        Format::MxInt(format) => {
            let half = two(i32::from(format.width()) - 1);
            let parameters = Grid {
                rule: ScaleRule::Ceil,
                exponents: exponents(format.exponent_bits()),
                shift: i32::from(format.width()) - 1,
                range: (-half, half - 1.0),
                largest_element: 1.0,
                rounding: format.rounding(),
            };
            grid(x, position, &parameters)
        }
        Format::BlockFp(format) => {
            let parameters = Grid {
                rule: ScaleRule::Ceil,
                exponents: exponents(format.exponent_bits()),
                shift: i32::from(format.width()) - 1,
                range: magnitude_bits(format.width() - 1),
                largest_element: 1.0,
                rounding: format.rounding(),
            };
            grid(x, position, &parameters)
        }
        Format::Mx(format) => match format.element() {
            MxElement::Integer { bits } => {
                let shift = i32::from(bits) - 2;
                let parameters = Grid {
                    rule: format.scale(),
                    exponents: (-127, 127),
                    shift,
                    range: magnitude_bits(bits - 1),
                    largest_element: 2.0 - two(-shift),
                    rounding: format.rounding(),
                };
                grid(x, position, &parameters)
            }
            MxElement::Float(float) => {
                let largest = x
                    .iter()
                    .fold(0.0_f64, |largest, x| largest.max(f64::from(x.abs())));
                if largest == 0.0 {
                    return unclipped(x);
                }
                let top = float.largest_exponent();
                let fraction = f64::from(float.largest()) / two(top);
                let bits = i32::from(float.fraction_bits());
                let exponent = (shared_exponent(largest, format.scale(), fraction, bits) - top)
                    .clamp(-127, 127);
                let scale = two(exponent);
                let value = |(x, position): (&f32, usize)| {
                    let scaled = f64::from(*x) / scale;
                    let (value, clipped) = element(scaled, float, format.rounding(), position);
                    ((value * scale) as f32, clipped)
                };
                x.iter().zip(position..).map(value).collect()
            }
        },
        Format::MicroExponent(format) => {
            let largest = x
                .iter()
                .fold(0.0_f64, |largest, x| largest.max(f64::from(x.abs())));
            if largest == 0.0 {
                return unclipped(x);
            }
            let shared = exponent_of(largest).max(-127);
            let range = magnitude_bits(format.mantissa_bits());
            let mut out: Vec<Rounded> = Vec::new();
            for pair in x.chunks(2) {
                let own = pair.iter().any(|x| f64::from(x.abs()) >= two(shared));
                let step = two(shared - i32::from(!own) - i32::from(format.mantissa_bits()) + 1);
                for x in pair {
                    let position = position + out.len();
                    let steps = round(f64::from(*x) / step, format.rounding(), position);
                    let kept = steps.clamp(range.0, range.1);
                    out.push(((kept * step) as f32, kept.to_bits() != steps.to_bits()));
                }
            }
            out
        }
        Format::Minifloat(format) => {
            let value = |(x, position): (&f32, usize)| {
                let rounded = element(f64::from(*x), format.element(), format.rounding(), position);
                (rounded.0 as f32, rounded.1)
            };
            x.iter().zip(position..).map(value).collect()
        }
        Format::Float(FloatFormat::Fp16) => {
            let value = |x: &f32| {
                let rounded = half::f16::from_f32(*x).to_f32();
                (rounded, rounded.is_infinite())
            };
            x.iter().map(value).collect()
        }
        Format::Float(FloatFormat::Bf16) => x
            .iter()
            .map(|x| (half::bf16::from_f32(*x).to_f32(), false))
            .collect(),
        _ => panic!("no definition of {format}"),
    }
}

fn whole(format: Format, x: &[f32], row_len: usize) -> Vec<Rounded> {
    let block_len = format.block_len().values(row_len);
    let mut out = Vec::new();
    for x in x.chunks(row_len).flat_map(|row| row.chunks(block_len)) {
        out.extend(block(format, x, out.len()));
    }
    out
}

/// A small generator with a fixed seed: 32 bits of splitmix64.
struct Random(u64);

impl Random {
    fn bits(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed >> 32) as u32
    }

    fn unit(&mut self) -> f32 {
        f32::from_bits(self.bits() >> 9 | 0x3f80_0000) - 1.5
    }
}

/// Every kind of value: near one, over the whole exponent range, ties, powers of two and their neighbors, subnormals, zeros.
fn samples(seed: u64) -> Vec<f32> {
    let mut random = Random(seed);
    let mut x = Vec::new();
    for _ in 0..2048 {
        x.push(random.unit());
    }
    for _ in 0..2048 {
        let finite = f32::from_bits(random.bits());
        x.push(if finite.is_finite() { finite } else { 0.0 });
    }
    for _ in 0..2048 {
        // quarters: full of ties
        x.push(f32::from_bits(random.bits() % 33 + 0x4b00_0000) / 4.0 - 2_097_152.0 - 4.0);
    }
    for block in 0..64_i32 {
        let base = f32::from_bits(((block * 4 + 1).unsigned_abs()) << 23);
        for index in 0..32_u32 {
            let shrunk = base / f32::from_bits((127 + index % 9) << 23);
            let neighbor =
                f32::from_bits(shrunk.to_bits().wrapping_add(index / 9).saturating_sub(1));
            x.push(if random.bits().is_multiple_of(2) {
                neighbor
            } else {
                -neighbor
            });
        }
    }
    for index in 0..512 {
        let sign = random.bits() & 0x8000_0000;
        let subnormal = f32::from_bits(sign | (random.bits() & 0x7f_ffff) >> (index / 32));
        x.push(if index / 32 % 3 == 0 { 0.0 } else { subnormal });
    }
    for _ in 0..64 {
        // next to the largest number
        x.push(f32::from_bits(0x7f7f_ffff - (random.bits() & 0x7fff)));
    }
    x
}

fn check(text: &str) {
    let format: Format = text.parse().unwrap();
    for (seed, row_len) in [(1, 32), (2, 4096), (3, 77), (4, 1000)] {
        let x = samples(seed);
        let mut ours = vec![f32::NAN; x.len()];
        let clipped = Quantizer::for_tensor(format, &x).quantize(&x, row_len, &mut ours);
        let (expected, is_clipped): (Vec<f32>, Vec<bool>) =
            whole(format, &x, row_len).into_iter().unzip();
        let n_clipped = is_clipped.into_iter().filter(|clipped| *clipped).count();
        assert_eq!(clipped, n_clipped as u64, "{text}, row {row_len}: clipped");
        for (index, (ours, expected)) in ours.iter().zip(&expected).enumerate() {
            // zeros may differ in sign: integers have but one; there are many NaNs
            let same = ours.to_bits() == expected.to_bits()
                || (*ours == 0.0 && *expected == 0.0)
                || (ours.is_nan() && expected.is_nan());
            assert!(
                same,
                "{text}, row {row_len}, {index}: {:e} became {ours:e}, not {expected:e}",
                x[index]
            );
        }
    }
}

#[test]
fn stochastic_rounding_takes_the_random_number_of_each_position() {
    for block_len in [
        "1", "2", "4", "7", "8", "16", "20", "24", "31", "32", "48", "64", "200", "row",
    ] {
        check(&format!("bfp:m=4,e=8,b={block_len},round=stochastic"));
        check(&format!("mxfp8-e4m3:b={block_len},round=stochastic"));
    }
    for text in [
        "bfp:m=5,e=3,b=32",
        "mxint8:b=16",
        "mxfp4:scale=rceil",
        "mx:e=5,m=2,overflow=special,b=8",
        "mx:e=8,m=3,b=32",
        "mx6",
        "mxint:w=4,b=8",
        "blockfp:w=5,b=40",
        "fp:e=4,m=3",
    ] {
        let separator = if text.contains(':') { ',' } else { ':' };
        check(&format!("{text}{separator}round=stochastic"));
    }
}

#[test]
fn bfp_kernels_equal_their_definition_for_every_width() {
    for mantissa_bits in 1..=23 {
        check(&format!("bfp:m={mantissa_bits},e=8,b=32"));
    }
    for block_len in [
        "1", "2", "4", "7", "8", "16", "20", "24", "31", "48", "64", "128", "1000", "row",
    ] {
        check(&format!("bfp:m=4,e=8,b={block_len}"));
    }
    for exponent_bits in 1..=8 {
        check(&format!("bfp:m=5,e={exponent_bits},b=32"));
    }
}

#[test]
fn bfp_roundings_and_scale_rules_equal_their_definition() {
    for rounding in ["nearest-even", "nearest-away", "truncate"] {
        for scale in ["floor", "ceil", "rceil", "even"] {
            for mantissa_bits in [1, 4, 8, 23] {
                check(&format!(
                    "bfp:m={mantissa_bits},e=8,b=16,round={rounding},scale={scale}"
                ));
            }
        }
    }
    check("anda:m=6");
    check("harmonia:m=4");
}

#[test]
fn microscaling_kernels_equal_their_definition() {
    for name in MX_FORMATS {
        for rounding in ["nearest-even", "nearest-away", "truncate"] {
            for scale in ["floor", "ceil", "rceil", "even"] {
                check(&format!("{name}:round={rounding},scale={scale}"));
            }
        }
        check(&format!("{name}:b=row"));
        for block_len in [2, 4, 5, 8] {
            check(&format!("{name}:b={block_len}"));
        }
    }
    check("mx:e=3,m=0,b=16");
    check("mx:e=1,m=2,b=16");
    check("mx:e=6,m=9,b=64");
    check("mx:e=8,m=3,b=32");
    check("mx:w=4,b=64");
    // elements so small that a subnormal maximum has a scale of its own
    for scale in ["floor", "ceil", "rceil", "even"] {
        check(&format!("mx:e=2,m=1,bias=20,b=16,scale={scale}"));
    }
}

#[test]
fn micro_exponents_equal_their_definition() {
    for name in ["mx4", "mx6", "mx9"] {
        for rounding in ["nearest-even", "nearest-away", "truncate"] {
            check(&format!("{name}:round={rounding}"));
        }
    }
}

#[test]
fn mase_formats_equal_their_definition() {
    for width in [2, 3, 4, 8, 12, 24] {
        check(&format!("mxint:w={width},b=16"));
        check(&format!("blockfp:w={width},b=16"));
        check(&format!("mxint:w={width},b=16,e=4,round=truncate"));
        check(&format!("blockfp:w={width},b=48,e=6"));
    }
}

#[test]
fn minifloats_equal_their_definition() {
    for text in [
        "fp:e=4,m=3",
        "fp:e=5,m=2,overflow=special",
        "fp:e=4,m=3,overflow=special",
        "fp:e=3,m=4,bias=7",
        "fp:e=8,m=7",
        "fp:e=8,m=10,overflow=special",
        "fp:e=5,m=10,special=ieee,overflow=special",
        "fp:e=2,m=1,round=truncate",
        "fp16",
        "bf16",
    ] {
        check(text);
    }
}
