//! The places where implementations are known to disagree, one test each.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use blockscape_model::format::{Format, GgmlFormat, MxElement, Rounding};
use blockscape_model::quantization::{
    Quantizer, ggml, measure, packed, quantize_dequantize, quantize_dequantize_in_place,
};

fn quantized(text: &str, x: &[f32]) -> Vec<f32> {
    let mut out = vec![f32::NAN; x.len()];
    quantize_dequantize(text.parse().unwrap(), x, x.len(), &mut out);
    out
}

fn assert_becomes(text: &str, x: &[f32], expected: &[f32]) {
    let out = quantized(text, x);
    let same = out
        .iter()
        .zip(expected)
        .all(|(ours, theirs)| ours.to_bits() == theirs.to_bits());
    assert!(same, "{text}: {x:?} became {out:?}, not {expected:?}");
}

fn every_format() -> impl Iterator<Item = (&'static str, Format)> {
    let named = Format::named();
    let others = [
        "bfp:m=4,e=8,b=32",
        "bfp:m=1,e=1,b=1",
        "bfp:m=23,e=8,b=row",
        "bfp:m=5,e=5,b=64,round=stochastic,scale=rceil",
        "anda:m=6",
        "mxint:w=4,b=16",
        "blockfp:w=5,b=16",
        "int:w=4,g=128",
        "int:w=8,g=row,asym",
        "fp:e=4,m=3",
        "fp:e=8,m=3",
        "mx:e=3,m=3,b=64",
        "mx:w=4,b=7",
    ];
    named.chain(others.into_iter().map(|text| (text, text.parse().unwrap())))
}

#[test]
fn a_block_whose_maximum_is_a_power_of_two_is_exact_with_floor_and_saturates_in_mase() {
    assert_becomes("bfp:m=4,e=8,b=16", &[2.0, 1.0, -0.25], &[2.0, 1.0, -0.25]);
    // ceil(log2 2) = 1 leaves 15 steps of 1/8 below 2
    assert_becomes("blockfp:w=5,b=16", &[2.0, 1.0, -2.0], &[1.875, 1.0, -1.875]);
    // two's complement has one more code on the negative side
    assert_becomes("mxint:w=5,b=16", &[2.0, 1.0, -2.0], &[1.875, 1.0, -2.0]);
    assert_becomes("bfp:m=4,e=8,b=16,scale=ceil", &[2.0, 1.0], &[2.0, 1.0]);
}

#[test]
fn ties_go_to_even_away_or_down_as_the_rounding_says() {
    let ties = [7.0, 0.5, 1.5, 2.5, -2.5, 3.5];
    assert_becomes("bfp:m=3,e=8,b=16", &ties, &[7.0, 0.0, 2.0, 2.0, -2.0, 4.0]);
    assert_becomes(
        "bfp:m=3,e=8,b=16,round=nearest-away",
        &ties,
        &[7.0, 1.0, 2.0, 3.0, -3.0, 4.0],
    );
    assert_becomes(
        "bfp:m=3,e=8,b=16,round=truncate",
        &ties,
        &[7.0, 0.0, 1.0, 2.0, -2.0, 3.0],
    );
    // 3.5 lies between 3 and 4: even is 4, ggml takes the first in its table
    assert_becomes(
        "mxfp4",
        &[4.0, 3.5, 2.5, 5.0, -3.5],
        &[4.0, 4.0, 2.0, 4.0, -4.0],
    );
    assert_becomes(
        "mxfp4-ggml",
        &[4.0, 3.5, 2.5, 5.0, -3.5],
        &[4.0, 3.0, 2.0, 4.0, -3.0],
    );
}

#[test]
fn the_top_of_the_range_saturates_under_floor_and_not_under_rceil() {
    // microxcaling issue 4: 957 becomes 896
    assert_becomes("mxfp8-e4m3", &[957.0, 1.0], &[896.0, 1.0]);
    assert_becomes("mxfp8-e4m3:scale=rceil", &[957.0, 1.0], &[960.0, 1.0]);
    assert_becomes("mxfp4", &[7.9], &[6.0]);
    assert_becomes("mxfp4:scale=even", &[7.9], &[8.0]);
    assert_becomes("bfp:m=2,e=8,b=4", &[3.9], &[3.0]);
    let sums = measure("mxfp4".parse().unwrap(), &[7.9, 7.1, 6.9, 1.0], 4);
    assert_eq!(
        sums.n_saturated, 2,
        "7.9 and 7.1 lie above 6 by more than half a step of 2"
    );
}

#[test]
fn ggml_stays_below_infinity_where_a_maximum_counts_as_two_to_the_128() {
    // the rounded logarithm is 128, and 4 times the scale of 2^126 would be no finite number
    let (largest, top) = (f32::MAX, 1.5 * 2.0_f32.powi(127));
    assert_becomes(
        "mxfp4-ggml",
        &[largest, -largest, 1.5e38, 1.0],
        &[top, -top, 2.0_f32.powi(127), 0.0],
    );
    let sums = measure("mxfp4-ggml".parse().unwrap(), &[largest, 1.5e38], 2);
    assert_eq!((sums.n, sums.n_saturated), (2, 1));
}

#[test]
fn ggml_takes_the_low_byte_of_an_exponent_below_zero() {
    // as `gguf` 0.19 does: floor(log2 x) - 2 + 127 is -1, and then -24
    for (x, exponent) in [(1.5 * 2.0_f32.powi(-126), 255), (f32::from_bits(1), 232)] {
        let block = [x; 32];
        let bytes = ggml::pack(GgmlFormat::Mxfp4, &block, 32);
        assert_eq!((bytes[0], bytes[1..].iter().max()), (exponent, Some(&0)));
        assert_becomes("mxfp4-ggml", &block, &[0.0; 32]);
    }
}

#[test]
fn a_subnormal_that_rounds_above_its_range_is_packed_as_the_largest_code() {
    // 2^23 - 1 steps of 2^-150 lie halfway between two numbers of `f32`; the even one is 2^23 steps
    let x = [2.0_f32.powi(-127), 0.0];
    for text in ["mxint:w=24,b=2", "blockfp:w=24,b=2"] {
        let format = text.parse().unwrap();
        let bytes = packed::pack(&Quantizer::for_tensor(format, &x), &x, 2);
        assert_eq!(packed::unpack(format, &bytes, 1, 2).unwrap(), x, "{text}");
    }
}

#[test]
fn e8m0_ends_at_two_to_the_127_both_ways() {
    // the smallest scale holds: elements of 2^-127 x 2^-9 are subnormal f32
    let tiny = f32::from_bits(1 << 13);
    assert_becomes("mxfp8-e4m3", &[tiny], &[tiny]);
    // below the smallest element of the smallest scale nothing is left: 2^-149 = 2^-127 x 2^-22
    assert_becomes("mxfp8-e4m3", &[f32::from_bits(1)], &[0.0]);
    assert_becomes("mxint8", &[f32::MAX], &[f32::from_bits(0x7f7e_0000)]);
    assert_becomes("mxfp8-e5m2", &[f32::MAX], &[1.75 * 2.0_f32.powi(127)]);
    assert_becomes("mxint8", &[2.0_f32.powi(-127)], &[2.0_f32.powi(-127)]);
}

#[test]
fn the_stored_e8m0_scale_has_bias_127_and_its_last_code_is_not_a_number() {
    let one = [1.0_f32; 32];
    for (text, largest_exponent) in [
        ("mxfp8-e4m3", 8),
        ("mxfp8-e5m2", 15),
        ("mxfp6-e2m3", 2),
        ("mxfp6-e3m2", 4),
        ("mxfp4", 2),
        ("mxint8", 0),
    ] {
        let format: Format = text.parse().unwrap();
        let mut bytes = packed::pack(&Quantizer::for_tensor(format, &one), &one, 32);
        assert_eq!(bytes[0], 127 - largest_exponent, "{text}");
        bytes[0] = 0xff;
        let values = packed::unpack(format, &bytes, 1, 32).unwrap();
        assert!(values.iter().all(|value| value.is_nan()), "{text}");
    }
}

#[test]
fn a_scale_of_few_bits_is_itself_rounded_to_the_nearest_even_one() {
    // the tensor's scale is 1; wanted block scales of 17 and 19 lie between the E4M3 numbers 16, 18 and 20
    let mut x = [0.0_f32; 48];
    (x[0], x[16], x[32]) = (448.0 * 6.0, 17.0 * 6.0, 19.0 * 6.0);
    let out = quantized("nvfp4", &x);
    assert_eq!((out[0], out[16], out[32]), (2688.0, 96.0, 120.0));
}

#[test]
fn every_code_of_every_named_element_is_its_own_encoding() {
    for (_, format) in Format::named() {
        let Format::Mx(mx) = format else { continue };
        let MxElement::Float(element) = mx.element() else {
            continue;
        };
        for code in 0..1_u32 << element.bits() {
            let value = element.decode(code);
            let again = element.encode(value, Rounding::NearestEven, 0.5);
            // infinity saturates under the policy of the specification
            assert!(again == code || !value.is_finite(), "{element:?} {code:#x}");
        }
    }
}

#[test]
fn narrow_exponents_saturate_above_and_flush_below() {
    // 4 bits: exponents -7..=8
    assert_becomes("bfp:m=4,e=4,b=16", &[1024.0, 300.0], &[480.0, 288.0]);
    assert_becomes("bfp:m=4,e=4,b=16", &[2.0_f32.powi(-20), 0.0], &[0.0, 0.0]);
    assert_becomes("bfp:m=4,e=4,b=16", &[2.0_f32.powi(-9)], &[2.0_f32.powi(-9)]);
    let sums = measure(
        "bfp:m=4,e=4,b=16".parse().unwrap(),
        &[1024.0, 300.0, 2.0, 0.0],
        4,
    );
    assert_eq!((sums.n_saturated, sums.n_flushed), (1, 1));
}

#[test]
fn zero_blocks_stay_zero_in_every_format() {
    let zeros = [0.0, -0.0].repeat(150);
    for (text, format) in every_format() {
        let mut out = vec![f32::NAN; zeros.len()];
        quantize_dequantize(format, &zeros, 100, &mut out);
        assert!(out.iter().all(|y| *y == 0.0), "{text} {out:?}");
        let sums = measure(format, &zeros, 100);
        assert_eq!(
            (sums.n_flushed, sums.n_saturated, sums.n),
            (0, 0, 300),
            "{text}"
        );
    }
}

#[test]
fn whole_numbers_have_one_zero_and_signed_magnitudes_have_two() {
    for tiny in [0.01, 1e-42] {
        let largest = if tiny < 1e-40 { 1e-38 } else { 1.0 };
        let x = [largest, -tiny, -0.0];
        for (text, negative) in [
            ("mx:w=4", false),
            ("mxint:w=4", false),
            ("int:w=4,g=32", false),
            ("int:w=4,g=32,asym", false),
            ("bfp:m=3,e=8,b=32", true),
            ("blockfp:w=4", true),
            ("mxfp4", true),
            ("mx4", true),
        ] {
            let out = quantized(text, &x);
            assert!(out[1] == 0.0 && out[2] == 0.0, "{text} {out:?}");
            let signs = [out[1].is_sign_negative(), out[2].is_sign_negative()];
            assert_eq!(signs, [negative; 2], "{text} {x:?}");
        }
    }
}

#[test]
fn subnormal_inputs_are_numbers_like_others() {
    let x = [
        f32::from_bits(3),
        -f32::from_bits(0x7f_ffff),
        f32::from_bits(0x40_0000),
    ];
    assert_becomes("bfp:m=23,e=8,b=4", &x, &x);
    let out = quantized("bfp:m=4,e=8,b=4", &x);
    // E = -127 at least, so the step is 2^-130
    assert_eq!(out[2].to_bits(), x[2].to_bits());
    assert_eq!(out[1].to_bits(), (-f32::from_bits(0x78_0000)).to_bits());
}

#[test]
fn blocks_of_tiny_values_stay_numbers_in_every_format() {
    let x: Vec<f32> = (0_u32..320)
        .map(|i| f32::from_bits(i * 26_000 * u32::from(!i.is_multiple_of(5))))
        .collect();
    for (text, format) in every_format() {
        let mut out = x.clone();
        quantize_dequantize_in_place(format, &mut out, 320);
        let largest = out.iter().fold(0.0_f32, |largest, y| largest.max(y.abs()));
        assert!(out.iter().all(|y| y.is_finite()), "{text}");
        assert!(largest < 2.0_f32.powi(-120), "{text}: {largest:e}");
    }
}

#[test]
fn not_a_number_stays_and_infinity_is_the_largest_number() {
    for (text, format) in every_format() {
        let x = [1.0, f32::NAN, -0.5, 0.25].repeat(80);
        let mut out = x.clone();
        quantize_dequantize_in_place(format, &mut out, 320);
        for (x, y) in x.iter().zip(&out) {
            assert_eq!(x.is_nan(), y.is_nan(), "{text}: {x} became {y}");
        }
        let zeros = [1.0, 0.0, -0.5, 0.25].repeat(80);
        let mut clean = zeros.clone();
        quantize_dequantize_in_place(format, &mut clean, 320);
        let others_stay = out
            .iter()
            .zip(&clean)
            .all(|(y, z)| y.is_nan() || y.to_bits() == z.to_bits());
        assert!(others_stay, "{text}: NaN counts as zero for its neighbors");
    }
    for text in [
        "bfp:m=4,e=8,b=16",
        "mxfp8-e4m3",
        "mx6",
        "blockfp:w=5",
        "int:w=4,g=32",
    ] {
        let out = quantized(text, &[f32::INFINITY, 1.0, f32::NEG_INFINITY]);
        let largest = quantized(text, &[f32::MAX, 1.0, f32::MIN]);
        assert!(out[0].is_finite() && out[0] > 0.0, "{text} {out:?}");
        assert_eq!(out, largest, "{text}");
    }
    let sums = measure(Format::FP16, &[1.0, f32::NAN, f32::INFINITY, 70000.0], 4);
    assert_eq!((sums.n, sums.n_non_finite), (1, 3));
    assert!(sums.mse() < 1e-12);
}

#[test]
fn tiny_values_are_quantized_too() {
    // MASE returns values below 1e-9 as they are
    assert_becomes(
        "blockfp:w=3,b=16",
        &[1.5e-12, 1e-13],
        &[quantized("blockfp:w=3,b=16", &[1.5e-12])[0], 0.0],
    );
}

#[test]
fn the_short_last_block_has_a_scale_of_its_own() {
    let x = [8.0, 1.0, 1.0, 1.0, 0.1, 0.1];
    let out = quantized("bfp:m=1,e=8,b=4", &x);
    assert_eq!(&out[..4], &[8.0, 0.0, 0.0, 0.0]);
    assert_eq!(&out[4..], &[0.0625, 0.0625]);
    // and blocks never cross rows
    let mut rows = vec![0.0; 6];
    quantize_dequantize("bfp:m=1,e=8,b=4".parse().unwrap(), &x, 3, &mut rows);
    assert_eq!(rows, [8.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
}

#[test]
fn every_format_takes_any_shape() {
    for (text, format) in every_format() {
        for (length, row_len) in [
            (0, 0),
            (0, 5),
            (1, 0),
            (1, 1),
            (5, 9),
            (257, 256),
            (300, 7),
            (33, 33),
        ] {
            let x: Vec<f32> = (0..length)
                .map(|i| f32::from(i16::try_from(i).unwrap()) - 20.0)
                .collect();
            let mut out = vec![f32::NAN; length];
            quantize_dequantize(format, &x, row_len, &mut out);
            assert!(
                out.iter().all(|y| y.is_finite()),
                "{text} {length} {row_len}"
            );
            let mut in_place = x.clone();
            quantize_dequantize_in_place(format, &mut in_place, row_len);
            assert_eq!(in_place, out, "{text} {length} {row_len}");
            assert_eq!(measure(format, &x, row_len).n, length as u64);
        }
    }
}

#[test]
fn packed_blocks_of_a_wrong_length_are_refused() {
    let error = ggml::unpack(GgmlFormat::Q4_0, &[0; 19]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "19 bytes are not whole blocks of 18 bytes (q4_0)"
    );
}

#[test]
fn a_row_that_is_no_multiple_of_a_ggml_block_is_filled_up_with_zeros() {
    let x = [1.0; 40];
    let bytes = ggml::pack(GgmlFormat::Q8_0, &x, 40);
    assert_eq!(bytes.len(), 2 * 34);
    let values = ggml::unpack(GgmlFormat::Q8_0, &bytes).unwrap();
    assert!(values[40..].iter().all(|value| *value == 0.0));
}
