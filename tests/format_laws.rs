//! What holds for any tensor: idempotence, error bounds, symmetry of sign, more bits never worse, text forms.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use blockscape_model::format::{Format, MxElement};
use blockscape_model::quantization::{Quantizer, measure, measure_many, quantize_dequantize};
use blockscape_tests::microscaling::MX_FORMATS;
use blockscape_tests::properties::properties;
use proptest::prelude::*;

fn quantized(format: Format, x: &[f32]) -> Vec<f32> {
    let mut out = vec![0.0; x.len()];
    quantize_dequantize(format, x, x.len(), &mut out);
    out
}

fn format(text: &str) -> Format {
    text.parse().unwrap()
}

/// Values of every size that block formats meet, zeros and subnormals among them.
fn tensor() -> impl Strategy<Value = Vec<f32>> {
    let value = prop_oneof![
        6 => (-1.0_f32..1.0, -20_i32..20).prop_map(|(fraction, exponent)| fraction * 2.0_f32.powi(exponent)),
        1 => Just(0.0_f32),
        1 => (-40_i32..40).prop_map(|exponent| 2.0_f32.powi(exponent)),
        1 => (0_u32..0x0080_0000).prop_map(f32::from_bits),
    ];
    prop::collection::vec(value, 1..140)
}

/// Formats whose codes are symmetric and whose scale follows from the largest magnitude alone.
fn symmetric() -> impl Strategy<Value = String> {
    let rounding = prop::sample::select(vec!["nearest-even", "nearest-away", "truncate"]);
    let scale = prop::sample::select(vec!["floor", "ceil", "rceil", "even"]);
    let block = prop::sample::select(vec!["1", "3", "16", "32", "64", "row"]);
    let element = prop::sample::select(MX_FORMATS.to_vec());
    prop_oneof![
        (
            1_u8..=23,
            3_u8..=8,
            block.clone(),
            rounding.clone(),
            scale.clone()
        )
            .prop_map(|(m, e, b, r, s)| format!("bfp:m={m},e={e},b={b},round={r},scale={s}")),
        (element, block, rounding, scale)
            .prop_map(|(name, b, r, s)| format!("{name}:b={b},round={r},scale={s}")),
    ]
}

/// Long enough for every way through a tensor, a few infinities and NaN among the values.
fn long_tensor() -> impl Strategy<Value = Vec<f32>> {
    let special = prop::sample::select(vec![
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::NAN,
        1e-44,
        3e38,
    ]);
    let value = prop_oneof![
        300 => (-1.0_f32..1.0, -6_i32..6).prop_map(|(fraction, exponent)| fraction * 2.0_f32.powi(exponent)),
        9 => Just(0.0_f32),
        1 => special,
    ];
    prop::collection::vec(value, 1..1500)
}

/// Formats whose blocks have a scale of their own and nothing else, with any rounding.
fn blocks_of_any_length() -> impl Strategy<Value = String> {
    let block = prop::sample::select(vec![
        "1", "2", "4", "6", "8", "16", "24", "32", "40", "48", "64", "128",
    ]);
    let element = prop::sample::select(MX_FORMATS.to_vec());
    let mase = prop::sample::select(vec!["mxint", "blockfp"]);
    let micro = prop::sample::select(vec!["mx4", "mx6", "mx9"]);
    let rounding = any_rounding;
    prop_oneof![
        (1_u8..=12, block.clone(), rounding())
            .prop_map(|(m, b, r)| format!("bfp:m={m},e=8,b={b},round={r}")),
        (element, block.clone(), rounding())
            .prop_map(|(name, b, r)| format!("{name}:b={b},round={r}")),
        (mase, 2_u8..=9, block.clone(), rounding())
            .prop_map(|(name, w, b, r)| format!("{name}:w={w},b={b},round={r}")),
        (
            2_u8..=8,
            block,
            rounding(),
            prop::sample::select(vec!["", ",asym"])
        )
            .prop_map(|(w, g, r, asym)| format!("int:w={w},g={g},round={r}{asym}")),
        (micro, rounding()).prop_map(|(name, r)| format!("{name}:round={r}")),
    ]
}

fn deterministic() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["nearest-even", "nearest-away", "truncate"])
}

fn any_rounding() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "nearest-even",
        "nearest-away",
        "truncate",
        "stochastic",
    ])
}

fn scale_rule() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["floor", "ceil", "rceil", "even"])
}

fn small_float() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "mxfp8-e4m3",
        "mxfp8-e5m2",
        "mxfp6-e2m3",
        "mxfp6-e3m2",
        "mxfp4",
    ])
}

/// Families without a scale rule, with any rounding.
fn without_rule() -> impl Strategy<Value = String> {
    let family = prop::sample::select(vec![
        "mx4:",
        "mx6:",
        "mx9:",
        "fp:e=4,m=3,",
        "fp:e=5,m=2,",
        "fp:e=2,m=1,",
    ]);
    (family, any_rounding()).prop_map(|(family, rounding)| format!("{family}round={rounding}"))
}

/// BFP and MX with any rounding and scale rule.
fn with_rule() -> impl Strategy<Value = String> {
    let block = prop::sample::select(vec!["1", "3", "16", "32", "64", "row"]);
    let kind = prop_oneof![
        (1_u8..=23, 3_u8..=8).prop_map(|(m, e)| format!("bfp:m={m},e={e},")),
        small_float().prop_map(|name| format!("{name}:")),
        Just("mxint8:".to_owned()),
        (2_u8..=12).prop_map(|bits| format!("mx:w={bits},")),
    ];
    (kind, block, any_rounding(), scale_rule()).prop_map(|(kind, block, round, scale)| {
        format!("{kind}b={block},round={round},scale={scale}")
    })
}

fn idempotent() -> impl Strategy<Value = String> {
    prop_oneof![4 => with_rule(), 2 => without_rule()]
}

/// E4M3 ends at 1.75 times its largest power of two, its code of 1.875 being NaN. The even rule gives a maximum of 1.94 the scale
/// of 2.0; cut down to 1.875 instead, it gets the next smaller scale the second time, and saturates there at 1.75.
fn moves_a_maximum_twice(text: &str) -> bool {
    text.starts_with("mxfp8-e4m3:")
        && text.ends_with("scale=even")
        && (text.contains("round=truncate") || text.contains("round=stochastic"))
}

fn mirrored() -> impl Strategy<Value = String> {
    let others = prop::sample::select(vec![
        "nvfp4",
        "blockfp:w=5,b=16",
        "blockfp:w=9,b=48,round=truncate",
        "int:w=4,g=32",
        "int:w=8,g=row,round=nearest-away",
        "fp16",
        "bf16",
        "mxfp4-ggml",
    ]);
    prop_oneof![4 => with_rule(), 2 => without_rule(), 2 => others.prop_map(str::to_owned)]
}

proptest! {
    #![proptest_config(properties(200))]

    /// Where a rule chooses a smaller scale for the rounded maximum, the finer grid holds all values of the coarser one.
    ///
    /// The law does not hold for NVFP4 and ggml (a scale of a few bits is found anew from the rounded maximum), for MASE's two
    /// formats (a maximum that rounds down to a power of two gets an exponent whose range ends below it), and for integers of
    /// more bits than an FP16 scale has. Nor for E4M3 where the scale rule rounds a maximum up that the elements then cut off:
    /// see `e4m3_with_the_even_rule_and_truncation_moves_a_maximum_twice`.
    #[test]
    fn quantizing_twice_changes_nothing(x in tensor(), text in idempotent()) {
        let format = format(&text);
        prop_assume!(!moves_a_maximum_twice(&text));
        let once = quantized(format, &x);
        let twice = quantized(format, &once);
        prop_assert_eq!(once, twice, "{}", text);
    }

    /// Not for two's complement with its one code more (MASE's `MXInt`), zero points, and ggml, whose extreme value has a sign.
    #[test]
    fn negating_the_values_negates_the_result(x in tensor(), text in mirrored()) {
        let format = format(&text);
        let negative: Vec<f32> = x.iter().map(|x| -x).collect();
        let (plus, minus) = (quantized(format, &x), quantized(format, &negative));
        let mirrored: Vec<f32> = minus.iter().map(|y| -y).collect();
        prop_assert_eq!(plus, mirrored, "{}", text);
    }

    #[test]
    fn bfp_errs_at_most_half_a_step_below_saturation(x in tensor(), m in 1_u8..=20, b in 1_usize..70) {
        let format = format(&format!("bfp:m={m},e=8,b={b}"));
        let y = quantized(format, &x);
        for (x, y) in x.chunks(b).zip(y.chunks(b)) {
            let largest = x.iter().fold(0.0_f64, |largest, x| largest.max(f64::from(x.abs())));
            let exponent = if largest > 0.0 { largest.log2().floor().max(-127.0) } else { -127.0 };
            let step = (exponent - f64::from(m) + 1.0).exp2();
            let top = (f64::from(m).exp2() - 1.0) * step;
            for (x, y) in x.iter().zip(y) {
                let error = (f64::from(*x) - f64::from(*y)).abs();
                let allowed = if f64::from(x.abs()) > top { step } else { step / 2.0 };
                prop_assert!(error <= allowed, "{x} became {y}, step {step}");
            }
        }
    }

    /// The grid of M + 1 bits holds that of M bits, whatever the scale rule; stochastic rounding may choose the farther point.
    #[test]
    fn a_longer_mantissa_errs_no_more_on_any_value(
        x in tensor(),
        m in 1_u8..=22,
        rounding in deterministic(),
        scale in scale_rule(),
    ) {
        let with = |m| quantized(format(&format!("bfp:m={m},e=8,b=32,round={rounding},scale={scale}")), &x);
        let (shorter, longer) = (with(m), with(m + 1));
        for ((x, shorter), longer) in x.iter().zip(&shorter).zip(&longer) {
            prop_assert!((x - longer).abs() <= (x - shorter).abs(), "{x}: {shorter} and {longer}");
        }
    }

    #[test]
    fn small_floats_err_at_most_half_a_step_of_their_own_binade(x in tensor(), name in small_float(), b in 1_usize..70) {
        let format = format(&format!("{name}:b={b},scale=rceil"));
        let Format::Mx(mx) = format else { unreachable!() };
        let MxElement::Float(element) = mx.element() else { unreachable!() };
        let y = quantized(format, &x);
        for (x, y) in x.chunks(b).zip(y.chunks(b)) {
            let largest = x.iter().fold(0.0_f64, |largest, x| largest.max(f64::from(x.abs())));
            let scale = (largest / f64::from(element.largest())).log2().ceil().max(-127.0).exp2();
            for (x, y) in x.iter().zip(y) {
                let magnitude = f64::from(x.abs()).max(scale * f64::from(element.smallest_normal()));
                let step = (magnitude.log2().floor() - f64::from(element.fraction_bits())).exp2();
                let error = (f64::from(*x) - f64::from(*y)).abs();
                // a logarithm next to a power of two may be off by one, and the smallest floats are rounded once more
                prop_assert!(error <= step * 1.000_001 + 1e-45, "{x} became {y}, step {step}");
            }
        }
    }

    #[test]
    fn truncation_never_grows_a_magnitude_and_rounding_up_scales_never_saturate(x in tensor(), m in 2_u8..=20) {
        let truncated = quantized(format(&format!("bfp:m={m},e=8,b=32,round=truncate")), &x);
        prop_assert!(x.iter().zip(&truncated).all(|(x, y)| y.abs() <= x.abs()));
        let sums = measure(format(&format!("bfp:m={m},e=8,b=32,scale=ceil")), &x, x.len());
        prop_assert_eq!(sums.n_saturated, 0);
    }

    #[test]
    fn stochastic_rounding_stays_between_the_neighbors_and_follows_seed_and_position(x in tensor(), seed: u64) {
        let stochastic = format("bfp:m=4,e=8,b=16,round=stochastic");
        let down = quantized(format("bfp:m=4,e=8,b=16,round=truncate"), &x);
        let quantizer = Quantizer::for_tensor(stochastic, &x).with_seed(seed);
        let mut out = vec![0.0; x.len()];
        let mut again = out.clone();
        quantizer.quantize(&x, x.len(), &mut out);
        quantizer.quantize(&x, x.len(), &mut again);
        prop_assert_eq!(&out, &again);
        for (y, down) in out.iter().zip(&down) {
            prop_assert!(y.abs() >= down.abs());
        }
        // pieces that know their position give the bits of the whole
        let (head, tail) = x.split_at(x.len() / 16 * 16 / 2 / 16 * 16);
        let mut pieces = vec![0.0; x.len()];
        let (head_out, tail_out) = pieces.split_at_mut(head.len());
        quantizer.quantize(head, head.len(), head_out);
        quantizer.starting_at(head.len() as u64).quantize(tail, tail.len(), tail_out);
        prop_assert_eq!(&out, &pieces);
    }

    #[test]
    fn a_block_alone_becomes_what_it_becomes_among_others(
        x in long_tensor(), text in blocks_of_any_length(), whole_rows: bool, row_len in 1_usize..600,
    ) {
        let format = format(&text);
        let block_len = format.block_len().values(x.len());
        let row_len = if whole_rows { row_len.div_ceil(block_len) * block_len } else { row_len };
        let quantizer = Quantizer::for_tensor(format, &x);
        let mut together = vec![0.0; x.len()];
        let clipped = quantizer.quantize(&x, row_len, &mut together);
        let (mut alone, mut clipped_alone) = (Vec::new(), 0);
        for row in x.chunks(row_len) {
            for block in row.chunks(block_len) {
                let mut out = vec![0.0; block.len()];
                let quantizer = quantizer.starting_at(alone.len() as u64);
                clipped_alone += quantizer.quantize(block, block.len(), &mut out);
                alone.extend(out);
            }
        }
        let bits = |y: &[f32]| y.iter().map(|y| y.to_bits()).collect::<Vec<u32>>();
        prop_assert_eq!(bits(&together), bits(&alone));
        prop_assert_eq!(clipped, clipped_alone);
        prop_assert_eq!(measure(format, &x, row_len).n_saturated, clipped);
    }

    #[test]
    fn measuring_together_gives_what_measuring_apart_gives(x in tensor(), row_len in 1_usize..50) {
        let formats: Vec<Format> = Format::named().map(|(_, format)| format).collect();
        for (format, sums) in formats.iter().zip(measure_many(&formats, &x, row_len)) {
            prop_assert_eq!(sums, measure(*format, &x, row_len));
        }
    }

    #[test]
    fn printed_formats_read_back(text in symmetric()) {
        let format = format(&text);
        prop_assert_eq!(format.to_string().parse::<Format>().unwrap(), format);
    }

    #[test]
    fn any_text_is_a_format_or_a_one_line_error(text in "[a-z0-9:=,_ .-]{0,40}") {
        if let Err(error) = text.parse::<Format>() {
            prop_assert!(!error.to_string().is_empty() && !error.to_string().contains('\n'));
        }
    }
}

#[test]
fn e4m3_with_the_even_rule_and_truncation_moves_a_maximum_twice() {
    let format = format("mxfp8-e4m3:round=truncate,scale=even");
    let once = quantized(format, &[1.94]);
    assert_eq!(once, [1.875]);
    assert_eq!(quantized(format, &once), [1.75]);
    assert_eq!(quantized(format, &[1.75]), [1.75]);
}
