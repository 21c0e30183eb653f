//! Block formats that are data: bit for bit against an independent implementation, laws over random definitions, named errors.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use blockscape_model::format::Format;
use blockscape_model::format::general::{self, Definition};
use blockscape_model::quantization::{Quantizer, measure, packed, quantize_dequantize};
use blockscape_model::transform::Transform;
use blockscape_tests::properties::properties;
use proptest::prelude::*;

/// 4096 values, exact in `f32`: even, of many magnitudes, sparse and tiny, with large channels.
fn samples(kind: u64) -> Vec<f32> {
    let mut state = 20_260_000 + kind;
    let value = |index: u16| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let whole = i32::try_from(state >> 40).unwrap() - (1 << 23);
        let exponent = i32::try_from(state >> 32 & 7).unwrap();
        let value = f64::from(whole) * (-23.0_f64).exp2();
        let scaled = match kind {
            1 => value * f64::from(exponent - 4).exp2() * if exponent == 7 { 8.0 } else { 1.0 },
            2 if exponent < 2 => value * (-60.0_f64).exp2(),
            2 => 0.0,
            3 if matches!(index % 64, 5 | 40) => value * 64.0,
            _ => value,
        };
        #[expect(clippy::cast_possible_truncation, reason = "24 significant bits")]
        let narrow = scaled as f32;
        narrow
    };
    (0..4096).map(value).collect()
}

/// FNV-1a over the bytes.
fn hash(values: &[f32]) -> u64 {
    let bytes = values.iter().flat_map(|value| value.to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// Hashes of what the definitions in numpy make of the four samples.
const GOLDEN: &[(&str, [u64; 4])] = &[
    (
        "mxfp4",
        [
            0x0593_0703_6a1d_fbe5,
            0x743e_53d8_26ad_b1ac,
            0x4260_36ff_7506_ad22,
            0x8b6a_a366_ad4e_ffa1,
        ],
    ),
    (
        "mxfp4:round=nearest-away,scale=rceil",
        [
            0x42c4_7ce4_282b_cb15,
            0xa067_64b1_d2f6_66ab,
            0x8786_0926_9006_c69b,
            0x2f52_1e9d_3d91_69d8,
        ],
    ),
    (
        "mxfp4-plus",
        [
            0xdbb6_7f16_0a47_f805,
            0x7383_b778_15fc_569c,
            0x3d7a_ac4c_f839_8ff2,
            0x09b7_0c5a_b228_0831,
        ],
    ),
    (
        "mxfp4-oas",
        [
            0x9fbb_a7c2_f837_e696,
            0x591c_6f50_af2f_3e4c,
            0x753d_6685_e059_6928,
            0x1067_2372_746d_131e,
        ],
    ),
    (
        "nvfp4",
        [
            0xbd65_00b6_4808_c714,
            0x61df_44d0_f568_1cf1,
            0x4056_81f5_7f32_d342,
            0x3323_3792_1e1f_0dee,
        ],
    ),
    (
        "nvfp4:round=nearest-away",
        [
            0xbd65_00b6_4808_c714,
            0x61df_44d0_f568_1cf1,
            0x4056_81f5_7f32_d342,
            0x3323_3792_1e1f_0dee,
        ],
    ),
    (
        "four-over-six",
        [
            0x789c_67f9_1b0f_1463,
            0xed06_d2a9_8171_17fa,
            0x38e6_794e_d65d_3090,
            0x14ad_3fdb_4959_7cea,
        ],
    ),
    (
        "if4",
        [
            0x9475_6b2f_30c9_70f5,
            0x37ca_3952_419a_228a,
            0xeb99_2e7d_b222_13f9,
            0x1f93_8820_8ca7_f160,
        ],
    ),
    (
        "razer",
        [
            0x15af_2db1_2564_3e29,
            0x3bad_0b72_83d0_3b6f,
            0xed11_59a7_aadf_2b3c,
            0x998b_38c0_1493_8409,
        ],
    ),
    (
        "nf4:g=64",
        [
            0x7478_9b09_5020_1c60,
            0x725f_ba38_7152_3077,
            0x9c1b_da7f_8c87_2325,
            0x13c8_f46d_b472_3e31,
        ],
    ),
    (
        "nf4:g=32",
        [
            0x36a9_0467_64e9_f86b,
            0x7898_1f83_9fd8_42e8,
            0x9c1b_da7f_8c87_2325,
            0x07ee_a547_9bf8_9d73,
        ],
    ),
    (
        "hif4",
        [
            0x2b30_bc5a_8eea_6fca,
            0x93f4_a462_833a_faab,
            0x6f0a_ecf6_673e_3da5,
            0xe088_f380_2940_9edb,
        ],
    ),
    (
        "blockdialect",
        [
            0x8508_2fe8_7e2e_46f5,
            0xce63_e204_a664_e2ac,
            0xbf6f_9922_8a2d_6e62,
            0xf2e1_fa4f_dc38_c53e,
        ],
    ),
    (
        "m2xfp-weight",
        [
            0xb999_9acd_6d4e_664a,
            0x79e5_c90e_939b_002b,
            0x6f0a_ecf6_673e_3da5,
            0x79c9_d1f6_52ae_27f0,
        ],
    ),
    (
        "m2xfp-activation",
        [
            0xd9c3_8d52_b28a_eda5,
            0x0141_617d_e0ae_e7d5,
            0x6f0a_ecf6_673e_3da5,
            0x9ec4_f19b_8f7f_0f41,
        ],
    ),
    (
        "bbfp:m=4,o=2,b=32",
        [
            0x1fa7_0f21_5912_3302,
            0xc47f_7c26_61fc_2842,
            0x2d37_1565_cfe4_70b2,
            0xe172_9f3e_2343_9d18,
        ],
    ),
    (
        "bbfp:m=6,o=3,b=32",
        [
            0x6a86_4ad7_49ca_85da,
            0xaf13_3efb_95fb_ff6b,
            0x7068_0782_ab27_b3b5,
            0x6996_6b7d_2e0e_2470,
        ],
    ),
    (
        "bfp:m=3,b=32",
        [
            0xfa32_9942_16e7_d2b5,
            0xa773_2a36_4b11_fa0e,
            0x52d8_a961_a92b_4bd2,
            0x8eb5_b382_a8f9_b5ac,
        ],
    ),
    (
        "bfp:m=5,b=32",
        [
            0xeb16_4223_a86c_120d,
            0x0497_75e9_bbb7_7c33,
            0xd0ed_a70d_fc2f_9585,
            0x130c_faf2_0241_2a54,
        ],
    ),
];

#[test]
fn named_formats_have_the_bits_of_their_definitions() {
    for (text, expected) in GOLDEN {
        let format: Format = text.parse().unwrap();
        for (kind, expected) in (0..).zip(expected) {
            let x = samples(kind);
            let mut y = vec![0.0; x.len()];
            quantize_dequantize(format, &x, 512, &mut y);
            assert_eq!(hash(&y), *expected, "{text}, sample {kind}");
        }
    }
}

#[test]
fn hadamard_transforms_have_the_bits_of_their_definition_and_undo_themselves() {
    for (text, expected) in [
        ("hadamard:32", 0x055e_d4c3_953a_4a65),
        ("hadamard:512", 0x01c9_8987_161e_790a),
    ] {
        let transform: Transform = text.parse().unwrap();
        let mut x = samples(1);
        transform.apply(&mut x, 512).unwrap();
        assert_eq!(hash(&x), expected, "{text}");
    }
    for text in ["hadamard:2", "hadamard:64,signs=9", "hadamard:512,signs=1"] {
        let transform: Transform = text.parse().unwrap();
        let x = samples(0);
        let mut y = x.clone();
        transform.apply(&mut y, 512).unwrap();
        let energy = |x: &[f32]| x.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>();
        assert!((energy(&y) / energy(&x) - 1.0).abs() < 1e-6, "{text}");
        transform.undo(&mut y, 512).unwrap();
        let far = x
            .iter()
            .zip(&y)
            .map(|(x, y)| (x - y).abs())
            .fold(0.0, f32::max);
        assert!(far < 1e-6, "{text}: {far}");
    }
}

#[test]
fn bits_are_those_of_the_publications() {
    for (text, bits) in [
        ("mxfp4-plus", 4.5),
        ("mxfp4-oas", 4.5625),
        ("four-over-six", 4.5),
        ("if4", 4.5),
        // 79 scales x 4 choices do not fit 8 bits
        ("razer", 4.5625),
        ("nf4", 4.5),
        ("nf4:g=32", 5.0),
        ("hif4", 4.5),
        ("blockdialect", 4.28125),
        ("m2xfp-weight", 4.5),
        ("m2xfp-activation", 4.5),
        ("bbfp:m=4,o=2,b=32", 6.25),
        ("mxfp6-adaptive", 6.28125),
        ("fp8-128x128", 8.0 + 32.0 / 16384.0),
        ("ternary", 2.0),
    ] {
        let format: Format = text.parse().unwrap();
        assert!((format.bits_per_value() - bits).abs() < 1e-12, "{text}");
    }
}

#[test]
fn tiles_of_rows_do_not_depend_on_pieces() {
    let format: Format = "fp8-128x128".parse().unwrap();
    let x: Vec<f32> = (0..18).flat_map(|_| samples(1)).collect();
    let mut whole = vec![0.0; x.len()];
    Quantizer::for_tensor(format, &x).quantize(&x, 256, &mut whole);
    let mut in_place = x.clone();
    Quantizer::for_tensor(format, &x).quantize_in_place(&mut in_place, 256);
    assert_eq!(whole, in_place);
    let sums = measure(format, &x, 256);
    let noise: f64 = x
        .iter()
        .zip(&whole)
        .map(|(x, y)| (f64::from(*y) - f64::from(*x)).powi(2))
        .sum();
    assert!((sums.noise / noise - 1.0).abs() < 1e-9);
}

fn defined(body: &str) -> Result<Format, String> {
    let definition: Definition =
        general::read_definition(body).map_err(|error| error.to_string())?;
    general::define(definition).map_err(|error| error.to_string())
}

#[test]
fn faults_of_a_definition_are_named() {
    let level = "(block: Values(32), kind: PowerOfTwo(bits: 8))";
    let element = "(element: Minifloat(exponent: 2, fraction: 1))";
    let with = |name: &str, levels: &str, candidates: &str, rest: &str| {
        let text =
            format!("(name: \"{name}\", levels: [{levels}], candidates: [{candidates}], {rest})");
        defined(&text).unwrap_err()
    };
    for (error, words) in [
        (
            with("Bad Name", level, element, ""),
            ["name", "small letters"],
        ),
        (with("nf4", level, element, ""), ["nf4", "built-in"]),
        (with("bfp", level, element, ""), ["bfp", "built-in"]),
        (with("t1", "", element, ""), ["levels", "1 to 3"]),
        (
            with("t2", "(block: Values(0), kind: Fp32)", element, ""),
            ["levels[0].block", "8192"],
        ),
        (
            with(
                "t3",
                "(block: Values(32), kind: PowerOfTwo(bits: 9))",
                element,
                "",
            ),
            ["levels[0].kind", "1 to 8"],
        ),
        (
            with("t4", level, "(element: Codebook([1.0, 0.5]))", ""),
            ["candidates[0].element", "ascending"],
        ),
        (
            with("t5", level, "(element: Integer(bits: 40))", ""),
            ["bits 40", "2 to 13"],
        ),
        (
            with(
                "t6",
                level,
                "(element: Integer(bits: 4)), (element: Minifloat(exponent: 2, fraction: 1))",
                "",
            ),
            ["choice", "Bits(n)"],
        ),
        (
            with(
                "t7",
                level,
                element,
                "metadata: Ratios(block: 5, values: [1.0, 1.5])",
            ),
            ["metadata.block", "5"],
        ),
        (
            with("t8", level, element, "colour: 3"),
            ["line 1", "colour"],
        ),
        (
            with("t9", level, element, "outliers: (count: 40, bits: 16)"),
            ["outliers.count", "40"],
        ),
    ] {
        for word in words {
            assert!(error.contains(word), "{word}: {error}");
        }
        assert!(!error.contains('\n'), "{error}");
    }
}

#[test]
fn a_format_of_the_user_works_by_name() {
    let text = "(
        name: \"int3-with-outliers\",
        levels: [(block: Values(64), kind: Fp16)],
        candidates: [(element: Integer(bits: 3))],
        outliers: (count: 2, bits: 16),
    )";
    let format = defined(text).unwrap();
    assert_eq!("int3-with-outliers".parse(), Ok(format));
    assert_eq!(format.to_string(), "int3-with-outliers");
    let bits = 3.0 + 16.0 / 64.0 + 2.0 * (16.0 + 6.0) / 64.0;
    assert!((format.bits_per_value() - bits).abs() < 1e-12);
    let shorter: Format = "int3-with-outliers:b=32".parse().unwrap();
    assert_eq!(shorter.to_string(), "int3-with-outliers:b=32");
    assert!(shorter.bits_per_value() > bits);
    let x = samples(3);
    let plain = "(name: \"int3-without\", levels: [(block: Values(64), kind: Fp16)], \
                 candidates: [(element: Integer(bits: 3))])";
    let without = defined(plain).unwrap();
    let gain = measure(format, &x, 512).sqnr_db() - measure(without, &x, 512).sqnr_db();
    assert!(gain > 10.0, "large channels are kept apart: {gain} dB");
    assert_eq!(
        defined(text),
        Ok(format),
        "the same definition is the same format"
    );
}

/// A random definition, its number in the name.
fn definition() -> impl Strategy<Value = (String, u32)> {
    let element = prop_oneof![
        (2_u8..=6).prop_map(|bits| format!("Integer(bits: {bits})")),
        (1_u8..=3, 0_u8..=3).prop_map(|(e, m)| format!("Minifloat(exponent: {e}, fraction: {m})")),
        (3_u8..=6).prop_map(|bits| format!("Posit(bits: {bits}, exponent: 0)")),
        (2_u8..=5).prop_map(|bits| format!("Log(bits: {bits}, step: 0.5)")),
        Just("Codebook([-1.0, -0.3, 0.0, 0.2, 0.5, 1.0])".to_owned()),
    ];
    let kind = prop_oneof![
        Just("PowerOfTwo(bits: 8)"),
        Just("Fp16"),
        Just("Fp32"),
        Just("PowerOfTwo(bits: 8), rule: \"rceil\", search: [-1, 0, 1]"),
        Just(
            "Float(bits: 8, fraction: 3, smallest_exponent: -6), least: 0.001953125, most: 448.0, search: [0, -1]"
        ),
    ];
    let targets = prop_oneof![
        Just(vec![1.0]),
        Just(vec![1.0, 0.7]),
        Just(vec![0.8, 1.0, 1.2])
    ];
    let ratios = prop_oneof![
        3 => Just(""),
        1 => Just("metadata: Ratios(block: 4, values: [0.75, 1.0]),"),
        1 => Just("metadata: Flags(shift: 1),"),
    ];
    let block = prop_oneof![Just(16_u16), Just(32), Just(64)];
    let outer = any::<bool>();
    (element, kind, targets, ratios, block, outer, any::<u32>()).prop_map(
        |(element, kind, targets, metadata, block, has_tensor, number)| {
            let metadata = if element.starts_with("Codebook") && metadata.contains("Flags") {
                ""
            } else {
                metadata
            };
            let candidates: Vec<String> = targets
                .iter()
                .map(|target| format!("(element: {element}, target: {target:?})"))
                .collect();
            let tensor = if has_tensor {
                "(block: Tensor, kind: Fp32, target: 448.0),"
            } else {
                ""
            };
            let text = format!(
                "(name: \"random-{number}\", levels: [{tensor}(block: Values({block}), kind: {kind})], \
                 candidates: [{}], {metadata})",
                candidates.join(", ")
            );
            (text, number)
        },
    )
}

fn values() -> impl Strategy<Value = Vec<f32>> {
    let value = prop_oneof![
        8 => (-1.0_f32..1.0, -12_i32..12).prop_map(|(x, e)| x * 2.0_f32.powi(e)),
        1 => Just(0.0_f32),
        1 => Just(-0.0_f32),
    ];
    proptest::collection::vec(value, 1..300)
}

proptest! {
    #![proptest_config(properties(48))]

    /// Packed bits are as many as the format says, and give back every bit of the values.
    #[test]
    fn random_formats_pack_to_their_bits_and_back((text, _) in definition(), x in values(), row_len in 1_usize..130) {
        let format = defined(&text).unwrap();
        let row_len = row_len.min(x.len());
        let x = &x[..x.len() / row_len * row_len];
        let quantizer = Quantizer::for_tensor(format, x);
        let mut y = vec![0.0; x.len()];
        quantizer.quantize(x, row_len, &mut y);
        let bytes = packed::pack(&quantizer, x, row_len);
        let rows = x.len() / row_len;
        prop_assert_eq!(bytes.len() as u64, format.storage_bits(rows as u64, row_len as u64).div_ceil(8));
        let back = packed::unpack(format, &bytes, rows, row_len).unwrap();
        for (y, back) in y.iter().zip(&back) {
            prop_assert_eq!(y.to_bits(), back.to_bits(), "{}", text);
        }
    }

    /// A choice errs no more than any of its candidates alone.
    #[test]
    fn a_choice_is_never_worse_than_a_candidate(x in values()) {
        let of = |name: &str, targets: &str| {
            let candidates: Vec<String> = targets
                .split(' ')
                .map(|target| format!("(element: Integer(bits: 4), target: {target})"))
                .collect();
            let text = format!(
                "(name: \"{name}\", levels: [(block: Values(32), kind: Fp16)], candidates: [{}])",
                candidates.join(", ")
            );
            defined(&text).unwrap()
        };
        let noise = |format: Format| measure(format, &x, x.len()).noise;
        let choice = noise(of("of-three", "7.0 6.0 5.0"));
        for (name, target) in [("first", "7.0"), ("second", "6.0"), ("third", "5.0")] {
            // the criterion adds in single precision
            prop_assert!(choice <= noise(of(name, target)) * 1.0001 + 1e-30);
        }
    }
}
