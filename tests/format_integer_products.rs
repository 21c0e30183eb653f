//! Integer datapaths against the product of the quantized values.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use blockscape_model::format::{BlockLen, Format, GgmlFormat};
use blockscape_model::integer_product::{
    Accumulator, AccumulatorOverflow, BitPlanes, Blocks, BlocksError, bit_serial_sum, block_sums,
    dot, super_block_dot, super_block_sum,
};
use blockscape_model::quantization::ggml::{SUPER_BLOCK, SuperBlock};
use blockscape_model::quantization::quantize_dequantize;
use blockscape_tests::microscaling::MX_FORMATS;
use blockscape_tests::properties::properties;
use proptest::prelude::*;

fn format(text: &str) -> Format {
    text.parse().unwrap()
}

/// Numbers of all sizes between -2 and 2 from a fixed seed.
fn row(n: usize, seed: u32) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state
    };
    (0..n)
        .map(|_| {
            let fraction = f32::from_bits(next() >> 9 | 0x3f80_0000) - 1.5;
            fraction * f32::from_bits((127 - next() % 8) << 23) * 4.0
        })
        .collect()
}

fn quantized(text: &str, x: &[f32]) -> Vec<f64> {
    let mut out = vec![0.0; x.len()];
    quantize_dequantize(format(text), x, x.len(), &mut out);
    out.into_iter().map(f64::from).collect()
}

fn check_exact(left: &str, right: &str, cut: BlockLen) {
    check_rows([left, right], cut, &row(200, 7), &row(200, 11));
}

fn check_rows([left, right]: [&str; 2], cut: BlockLen, x: &[f32], y: &[f32]) {
    let a = Blocks::quantize(format(left), x).unwrap().cut(cut);
    let b = Blocks::quantize(format(right), y).unwrap().cut(cut);
    let sums = block_sums(&a, &b, Accumulator::EXACT).unwrap();
    let ours: f64 = sums.iter().map(|block| block.value()).sum();
    let exact: f64 = quantized(left, x)
        .iter()
        .zip(quantized(right, y))
        .map(|(x, y)| x * y)
        .sum();
    // grouped integers round each value to f32 once more
    let tolerance = if left.starts_with("int") || right.starts_with("int") {
        1e-5
    } else {
        1e-12
    };
    assert!(
        (ours - exact).abs() <= tolerance * exact.abs().max(1.0),
        "{left} x {right}: {ours} for {exact}"
    );
    let read_out = f64::from(dot(&a, &b, Accumulator::EXACT).unwrap());
    assert!((read_out - exact).abs() < 1e-4 * exact.abs().max(1.0));
}

#[test]
fn a_wide_accumulator_gives_the_exact_product_of_every_pair() {
    let group = BlockLen::fixed(32);
    check_exact("bfp:m=8,e=8,b=32", "bfp:m=4,e=8,b=32", group);
    check_exact("harmonia:m=8", "harmonia:m=4", group);
    check_exact("anda:m=6", "int:w=4,g=64", BlockLen::fixed(64));
    check_exact("anda:m=6", "int:w=4,g=128", BlockLen::fixed(64));
    check_exact("bfp:m=8,e=8,b=32", "int:w=4,g=128,asym", group);
    check_exact("bfp:m=23,e=8,b=32", "bfp:m=23,e=8,b=32", group);
    for left in MX_FORMATS {
        for right in ["mxfp8-e4m3", "mxfp4", "mxint8"] {
            check_exact(left, right, group);
        }
    }
    check_exact("mx9", "mx6", BlockLen::fixed(16));
    check_exact("mxint:w=4,b=16", "mxint:w=8,b=16", BlockLen::fixed(16));
    check_exact("blockfp:w=5,b=16", "blockfp:w=5,b=16", BlockLen::fixed(16));
}

#[test]
fn an_accumulator_of_the_stated_width_is_exact_and_one_bit_less_saturates() {
    let x = vec![1.875_f32; 32];
    let a = Blocks::quantize(format("bfp:m=4,e=8,b=32"), &x).unwrap();
    let bits = u8::try_from(Accumulator::exact_bits(4, 4, 32)).unwrap();
    let exact = block_sums(&a, &a, Accumulator::EXACT).unwrap()[0].value();
    assert!((exact - 32.0 * 1.875 * 1.875).abs() < 1e-12);
    let enough = block_sums(&a, &a, Accumulator::saturating(bits)).unwrap()[0].value();
    assert!((enough - exact).abs() < 1e-12);
    let narrow = block_sums(&a, &a, Accumulator::saturating(bits - 1)).unwrap()[0];
    assert_eq!(
        narrow.sum,
        (1 << (bits - 2)) - 1,
        "the largest number of the register"
    );
    let wrapping = Accumulator {
        overflow: AccumulatorOverflow::Wrap,
        ..Accumulator::saturating(bits - 1)
    };
    assert_eq!(
        block_sums(&a, &a, wrapping).unwrap()[0].sum,
        7200 - (1 << (bits - 1))
    );
}

/// Blocks that every pair below is cut into.
const CUT: u16 = 16;

/// Two formats whose blocks are whole multiples of `CUT`, of any width: BFP or micro-exponents, integers, MX elements.
fn pair() -> impl Strategy<Value = [String; 2]> {
    let bfp = || {
        (1_u8..=16, prop::sample::select(vec![16, 32, 64]))
            .prop_map(|(m, b)| format!("bfp:m={m},e=8,b={b}"))
    };
    let integer = || {
        let ending = prop::sample::select(vec!["", ",asym"]);
        (2_u8..=8, prop::sample::select(vec![32, 128]), ending)
            .prop_map(|(w, g, ending)| format!("int:w={w},g={g}{ending}"))
    };
    let microscaling = || {
        let names = [&MX_FORMATS[..], &["mx9", "mx6", "mx4"]].concat();
        let named = prop::sample::select(names);
        prop_oneof![3 => named.prop_map(str::to_owned), 1 => (2_u8..=12).prop_map(|w| format!("mx:w={w}"))]
    };
    prop_oneof![
        (bfp(), integer()).prop_map(<[String; 2]>::from),
        (bfp(), bfp()).prop_map(<[String; 2]>::from),
        (microscaling(), microscaling()).prop_map(<[String; 2]>::from),
        (integer(), integer()).prop_map(<[String; 2]>::from),
    ]
}

fn magnitude_bits(codes: &[i64]) -> u32 {
    let largest = codes
        .iter()
        .map(|code| code.unsigned_abs())
        .max()
        .unwrap_or(0);
    (u64::BITS - largest.leading_zeros()).max(1)
}

proptest! {
    #![proptest_config(properties(200))]

    #[test]
    fn a_wide_accumulator_gives_the_exact_product_of_random_pairs(
        pair in pair(),
        n in 1_usize..200,
        seeds in (1_u32..1000, 1_u32..1000),
    ) {
        check_rows([&pair[0], &pair[1]], BlockLen::fixed(CUT), &row(n, seeds.0), &row(n, seeds.1));
    }

    #[test]
    fn registers_of_any_width_hold_saturate_or_wrap_as_documented(
        pair in pair(),
        n in 1_usize..80,
        seeds in (1_u32..1000, 1_u32..1000),
        missing in 0_u8..6,
        dropped_bits in 0_u8..5,
    ) {
        let blocks = |text: &str, seed| {
            Blocks::quantize(format(text), &row(n, seed)).unwrap().cut(BlockLen::fixed(CUT))
        };
        let (a, b) = (blocks(&pair[0], seeds.0), blocks(&pair[1], seeds.1));
        let sums = |accumulator| block_sums(&a, &b, accumulator).unwrap();
        for (index, (left, right)) in a.blocks.iter().zip(&b.blocks).enumerate() {
            let products = || {
                let pairs = left.codes.iter().zip(&right.codes);
                pairs.map(|(a, b)| i128::from(*a) * i128::from(*b))
            };
            let length = u32::try_from(left.codes.len()).unwrap();
            let bits = Accumulator::exact_bits(magnitude_bits(&left.codes), magnitude_bits(&right.codes), length);
            let exact_bits = u8::try_from(bits).unwrap();
            let exact: i128 = products().sum();
            prop_assert_eq!(sums(Accumulator::EXACT)[index].sum, exact);
            prop_assert_eq!(sums(Accumulator::saturating(exact_bits))[index].sum, exact);
            let bits = exact_bits.saturating_sub(missing).max(2);
            let accumulator = Accumulator { dropped_bits, ..Accumulator::saturating(bits) };
            let top = 1_i128 << (bits - 1);
            let floor = |product: i128| product.div_euclid(1 << dropped_bits);
            let saturated = products().fold(0, |sum, product| (sum + floor(product)).clamp(-top, top - 1));
            prop_assert_eq!(sums(accumulator)[index].sum, saturated);
            let wrapping = Accumulator { overflow: AccumulatorOverflow::Wrap, ..accumulator };
            let wrapped = (products().map(floor).sum::<i128>() + top).rem_euclid(2 * top) - top;
            prop_assert_eq!(sums(wrapping)[index].sum, wrapped);
        }
    }

    /// Narrow registers: the sum so far doubles, then the plane's selected weights are added without their low bits.
    #[test]
    fn bit_serial_order_is_exact_when_wide_and_limited_step_by_step_when_narrow(
        widths in (1_u8..=16, 2_u8..=8),
        n in 1_usize..65,
        seeds in (1_u32..1000, 1_u32..1000),
        bits in 2_u8..30,
        dropped_bits in 0_u8..5,
    ) {
        let activations = Blocks::quantize(format(&format!("anda:m={}", widths.0)), &row(n, seeds.0)).unwrap();
        let weights = Blocks::quantize(format(&format!("int:w={},g=64", widths.1)), &row(n, seeds.1)).unwrap();
        let (block, weights) = (&activations.blocks[0], &weights.blocks[0].codes);
        let planes = BitPlanes::new(block, widths.0);
        let pairs = || block.codes.iter().zip(weights);
        let exact: i128 = pairs().map(|(a, w)| i128::from(*a) * i128::from(*w)).sum();
        prop_assert_eq!(bit_serial_sum(&planes, weights, Accumulator::EXACT), exact);

        let top = 1_i128 << (bits - 1);
        let mut narrow = 0_i128;
        for bit in (0..widths.0).rev() {
            let plane: i128 = pairs()
                .map(|(a, w)| i128::from(a.signum() * (a.abs() >> bit & 1) * w))
                .sum();
            narrow = (2 * narrow).clamp(-top, top - 1);
            narrow = (narrow + plane.div_euclid(1 << dropped_bits)).clamp(-top, top - 1);
        }
        let accumulator = Accumulator { dropped_bits, ..Accumulator::saturating(bits) };
        prop_assert_eq!(bit_serial_sum(&planes, weights, accumulator), narrow);
    }

    /// FP32 holds 24 bits of the sums: the error stays below 1e-6 of the magnitudes that were added.
    #[test]
    fn rows_that_mix_super_block_types_at_random_give_the_product_of_their_values(
        kinds in prop::collection::vec(prop::sample::select(vec![GgmlFormat::Q2_K, GgmlFormat::Q3_K]), 1..5),
        seeds in (1_u32..1000, 1_u32..1000),
    ) {
        let n = kinds.len() * SUPER_BLOCK;
        let (x, y) = (row(n, seeds.0), row(n, seeds.1));
        let mut weights = Vec::new();
        let mut activations = Vec::new();
        let (mut exact, mut magnitude) = (0.0, 0.0);
        for (kind, (x, y)) in kinds.iter().zip(x.as_chunks().0.iter().zip(y.as_chunks().0)) {
            let weight = SuperBlock::quantize(*kind, x);
            let activation = SuperBlock::quantize(GgmlFormat::Q8_K, y);
            let (mut w, mut a) = ([0.0; SUPER_BLOCK], [0.0; SUPER_BLOCK]);
            weight.dequantize(*kind, &mut w);
            activation.dequantize(GgmlFormat::Q8_K, &mut a);
            for (w, a) in w.iter().zip(&a) {
                let product = f64::from(*w) * f64::from(*a);
                exact += product;
                magnitude += product.abs();
            }
            weights.push((*kind, weight));
            activations.push(activation);
        }
        let ours = f64::from(super_block_dot(&weights, &activations));
        prop_assert!((ours - exact).abs() <= 1e-6 * magnitude, "{} for {}", ours, exact);
    }
}

#[test]
fn dropped_bits_cost_at_most_one_unit_a_product() {
    let (x, y) = (row(64, 3), row(64, 5));
    let a = Blocks::quantize(format("mxfp8-e4m3"), &x).unwrap();
    let b = Blocks::quantize(format("mxfp8-e4m3"), &y).unwrap();
    let exact = block_sums(&a, &b, Accumulator::EXACT).unwrap();
    let accumulator = Accumulator {
        dropped_bits: 20,
        ..Accumulator::EXACT
    };
    for (exact, truncated) in exact.iter().zip(block_sums(&a, &b, accumulator).unwrap()) {
        let lost = exact.value() - truncated.value();
        assert!(
            lost >= 0.0 && lost <= 32.0 * truncated.unit,
            "{lost} of {}",
            exact.value()
        );
    }
}

#[test]
fn bit_serial_planes_give_the_parallel_sum() {
    let x = row(128, 21);
    for mantissa_bits in [1, 4, 6, 11, 16] {
        let activations = Blocks::quantize(format(&format!("anda:m={mantissa_bits}")), &x).unwrap();
        let weights = Blocks::quantize(format("int:w=4,g=64"), &row(128, 22)).unwrap();
        let parallel = block_sums(&activations, &weights, Accumulator::EXACT).unwrap();
        for (index, sum) in parallel.iter().enumerate() {
            let planes = BitPlanes::new(&activations.blocks[index], mantissa_bits);
            assert_eq!(planes.planes.len(), usize::from(mantissa_bits));
            let serial = bit_serial_sum(&planes, &weights.blocks[index].codes, Accumulator::EXACT);
            assert_eq!(serial, sum.sum);
        }
    }
}

#[test]
fn super_blocks_of_both_types_in_one_row_give_the_product_of_their_values() {
    let n_blocks = 4;
    let (x, y) = (
        row(n_blocks * SUPER_BLOCK, 31),
        row(n_blocks * SUPER_BLOCK, 37),
    );
    // the type switches with every super-block
    let types = [
        GgmlFormat::Q2_K,
        GgmlFormat::Q3_K,
        GgmlFormat::Q3_K,
        GgmlFormat::Q2_K,
    ];
    let (x_blocks, y_blocks) = (x.as_chunks().0, y.as_chunks().0);
    let weights: Vec<_> = types
        .into_iter()
        .zip(x_blocks)
        .map(|(kind, x)| (kind, SuperBlock::quantize(kind, x)))
        .collect();
    let activations: Vec<_> = y_blocks
        .iter()
        .map(|y| SuperBlock::quantize(GgmlFormat::Q8_K, y))
        .collect();
    let mut exact = 0.0;
    for ((kind, weights), activations) in weights.iter().zip(&activations) {
        let (mut w, mut a) = ([0.0; SUPER_BLOCK], [0.0; SUPER_BLOCK]);
        weights.dequantize(*kind, &mut w);
        activations.dequantize(GgmlFormat::Q8_K, &mut a);
        let block: f64 = w
            .iter()
            .zip(&a)
            .map(|(w, a)| f64::from(*w) * f64::from(*a))
            .sum();
        let sums = super_block_sum(*kind, weights, activations);
        let from_integers = f64::from(activations.scale)
            * (f64::from(weights.scale) * f64::from(sums.products)
                - f64::from(weights.minimum_scale) * f64::from(sums.minima));
        assert!(
            (from_integers - block).abs() < 1e-4 * block.abs().max(1.0),
            "{kind:?}"
        );
        exact += block;
    }
    let ours = f64::from(super_block_dot(&weights, &activations));
    assert!(
        (ours - exact).abs() < 1e-4 * exact.abs().max(1.0),
        "{ours} for {exact}"
    );
}

#[test]
fn rows_that_do_not_fit_are_refused() {
    let a = Blocks::quantize(format("bfp:m=4,e=8,b=32"), &row(64, 1)).unwrap();
    let b = Blocks::quantize(format("bfp:m=4,e=8,b=16"), &row(64, 1)).unwrap();
    let error = dot(&a, &b, Accumulator::EXACT).unwrap_err();
    assert_eq!(
        error,
        BlocksError::Shape {
            block: 0,
            left: 32,
            right: 16
        }
    );
    assert!(
        Blocks::quantize(Format::FP16, &[1.0])
            .unwrap_err()
            .to_string()
            .contains("fp16")
    );
    let error = Blocks::quantize(format("mxfp4"), &[1.0, f32::NAN]).unwrap_err();
    assert_eq!(error, BlocksError::NotFinite(1));
}
