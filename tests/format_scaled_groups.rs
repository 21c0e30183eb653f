//! Groups whose scale is no power of two, by their definition: integers with an FP16 scale and NVFP4.
//!
//! One value after the other in the single precision that the definitions have, FP16 by the `half` crate, E4M3 and E2M1 by the
//! encoder of one scalar.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use blockscape_model::format::{Format, IntegerFormat, Minifloat, Rounding};
use blockscape_model::quantization::{Quantizer, measure};

/// What a value becomes, and whether it was clipped.
type Rounded = (f32, bool);

fn round(value: f32, rounding: Rounding) -> f32 {
    match rounding {
        Rounding::NearestEven => value.round_ties_even(),
        Rounding::NearestAway => value.round(),
        _ => value.trunc(),
    }
}

/// The nearest FP16 number, at most the largest finite one.
fn half_scale(scale: f32) -> f32 {
    half::f16::from_f32(scale).to_f32().min(65504.0)
}

/// Infinities count as the largest numbers, NaN as zero.
fn finite(x: f32) -> f32 {
    if x.is_nan() {
        0.0
    } else {
        x.clamp(f32::MIN, f32::MAX)
    }
}

fn integers(format: IntegerFormat, x: &[f32]) -> Vec<Rounded> {
    let codes = |bits: u8| f32::from(u16::MAX >> (16 - bits));
    let values = || x.iter().copied().map(finite);
    let (scale, smallest, largest) = if format.is_asymmetric() {
        let (low, high) = values().fold((0.0_f32, 0.0_f32), |(low, high), x| {
            (low.min(x), high.max(x))
        });
        let top = codes(format.bits());
        let scale = half_scale((high / 2.0 - low / 2.0) / (top / 2.0));
        let zero = (-low / scale).round_ties_even().clamp(0.0, top);
        (scale, -zero, top - zero)
    } else {
        let top = codes(format.bits() - 1);
        let high = values().fold(0.0, |high: f32, x| high.max(x.abs()));
        (half_scale(high / top), -top, top)
    };
    let value = |x: f32| {
        if scale == 0.0 {
            return (0.0, false);
        }
        let code = round(x / scale, format.rounding());
        let kept = code.clamp(smallest, largest);
        // whole numbers have one zero
        ((kept + 0.0) * scale, (kept - code).abs() > 0.0)
    };
    values().map(value).collect()
}

fn nvfp4(rounding: Rounding, x: &[f32], largest: f32) -> Vec<Rounded> {
    let tensor = largest / 2688.0;
    let high = x
        .iter()
        .fold(0.0, |high: f32, x| high.max(finite(*x).abs()));
    let e4m3 = |value: f32| {
        let code = Minifloat::E4M3.encode(value, Rounding::NearestEven, 0.5);
        Minifloat::E4M3.decode(code)
    };
    let scale = e4m3((high / tensor / 6.0).max(1.0 / 512.0));
    let value = |x: &f32| {
        if tensor == 0.0 {
            return (0.0, false);
        }
        let scaled = finite(*x) / tensor / scale;
        let element = Minifloat::E2M1.decode(Minifloat::E2M1.encode(scaled, rounding, 0.5));
        // 6 has an odd fraction, so that a tie with 8 goes up
        let first_clipped = if rounding == Rounding::Truncate {
            8.0
        } else {
            7.0
        };
        // the product with the block scale is exact
        (element * scale * tensor, scaled.abs() >= first_clipped)
    };
    x.iter().map(value).collect()
}

fn samples() -> Vec<f32> {
    let mut x: Vec<f32> = (0_u16..6000)
        .map(|i| (f32::from(i) * 0.37).sin() * f32::from(i % 23))
        .collect();
    // one-sided groups, ties, groups too small and too large for FP16, and what is no number
    for x in &mut x[512..1024] {
        *x = x.abs() + 3.0;
    }
    for x in &mut x[1024..1536] {
        *x = -(*x * 2.0).round().abs() / 2.0;
    }
    for (i, x) in (0_u16..).zip(&mut x[1536..2048]) {
        // scales halfway between two FP16 numbers: 1 + 2^-11 and 1 + 3 x 2^-11
        *x = f32::from(i % 8) * (1.0 + f32::from(1 + i / 128 % 2 * 2) / 2048.0);
    }
    for x in &mut x[2048..2560] {
        *x *= 1e-9;
    }
    for x in &mut x[2560..3072] {
        *x *= 1e30;
    }
    for x in &mut x[3072..3104] {
        *x = (x.signum()) * f32::MAX;
    }
    x[3500] = f32::INFINITY;
    x[3600] = f32::NEG_INFINITY;
    x[3700] = f32::NAN;
    x[3800] = -0.0;
    x
}

fn check(text: &str) {
    let format: Format = text.parse().unwrap();
    for (from, to) in [(0, 6000), (0, 512), (512, 2048), (3072, 4096), (3200, 4096)] {
        let x = &samples()[from..to];
        let largest = x
            .iter()
            .filter(|x| x.is_finite())
            .fold(0.0, |high: f32, x| high.max(x.abs()));
        for row_len in [x.len(), 256, 100] {
            let block_len = format.block_len().values(row_len);
            let (expected, is_clipped): (Vec<f32>, Vec<bool>) = x
                .chunks(row_len)
                .flat_map(|row| row.chunks(block_len))
                .flat_map(|x| match format {
                    Format::Integer(format) => integers(format, x),
                    _ => nvfp4(format.rounding(), x, largest),
                })
                .unzip();
            let mut ours = vec![f32::NAN; x.len()];
            let clipped = Quantizer::for_tensor(format, x).quantize(x, row_len, &mut ours);
            for (index, (ours, expected)) in ours.iter().zip(&expected).enumerate() {
                let same =
                    ours.to_bits() == expected.to_bits() || x[index].is_nan() && ours.is_nan();
                assert!(
                    same,
                    "{text}, {from}, row {row_len}, {index}: {:e} became {ours:e}, not {expected:e}",
                    x[index]
                );
            }
            let n_clipped = is_clipped.into_iter().filter(|clipped| *clipped).count() as u64;
            assert_eq!(clipped, n_clipped, "{text}, {from}, row {row_len}");
            assert_eq!(measure(format, x, row_len).n_saturated, n_clipped, "{text}");
        }
    }
}

#[test]
fn grouped_integers_equal_their_definition() {
    for bits in [2, 4, 8, 16] {
        for group in ["2", "8", "16", "32", "100", "128", "row"] {
            for rounding in ["nearest-even", "nearest-away", "truncate"] {
                check(&format!("int:w={bits},g={group},round={rounding}"));
                check(&format!("int:w={bits},g={group},asym,round={rounding}"));
            }
        }
    }
}

#[test]
fn nvfp4_equals_its_definition() {
    for rounding in ["nearest-even", "nearest-away", "truncate"] {
        check(&format!("nvfp4:round={rounding}"));
    }
}
