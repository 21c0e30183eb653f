//! Measures of an error: their textbook definitions, and kernels that measure against kernels that store.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use blockscape_model::format::Format;
use blockscape_model::quantization::{
    ErrorSums, Quantizer, measure, measure_many, quantize_dequantize, quantize_dequantize_in_place,
};

/// Wide grids and coarse ones, formats without a zero, and values far above and below what a format holds.
#[test]
fn measures_are_those_of_their_textbook_definitions() {
    for text in [
        "bfp:m=3,e=8,b=32",
        "bfp:m=1,e=8,b=8,round=truncate",
        "bfp:m=4,e=2,b=16",
        "anda:m=4",
        "mxfp4",
        "mx4",
        "int:w=4,g=128",
        "int:w=3,g=32,asym",
        "q4_1",
        "q2_k",
    ] {
        // scales of ggml become infinite beyond FP16
        let sizes: &[f32] = if text.starts_with('q') {
            &[1e-5, 1.0]
        } else {
            &[1e-5, 1.0, 1e7]
        };
        for size in sizes {
            let x: Vec<f32> = (0_u16..5000)
                .map(|i| {
                    let above_zero = 1.05 + (f32::from(i) * 0.11).sin();
                    above_zero * f32::from(i % 7) * size
                })
                .collect();
            assert_measures(text, &x);
        }
    }
}

fn assert_measures(text: &str, x: &[f32]) {
    let format: Format = text.parse().unwrap();
    let mut y = vec![f32::NAN; x.len()];
    quantize_dequantize(format, x, x.len(), &mut y);
    let sums = measure(format, x, x.len());
    let pairs = || {
        x.iter()
            .zip(&y)
            .map(|(x, y)| (f64::from(*x), f64::from(*y)))
    };
    let signal: f64 = pairs().map(|(x, _)| x * x).sum();
    let noise: f64 = pairs().map(|(x, y)| (x - y) * (x - y)).sum();
    let length: f64 = pairs().map(|(_, y)| y * y).sum();
    let dot: f64 = pairs().map(|(x, y)| x * y).sum();
    let largest = pairs().map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
    let cosine = if length > 0.0 {
        dot / (signal * length).sqrt()
    } else {
        0.0
    };
    let n = f64::from(u32::try_from(x.len()).unwrap());
    let is_near = |ours: f64, theirs: f64| (ours - theirs).abs() <= 1e-6 * theirs.abs();
    assert!((sums.sqnr_db() - 10.0 * (signal / noise).log10()).abs() < 1e-5);
    assert!(is_near(sums.mse(), noise / n), "{text}");
    assert!(is_near(sums.relative_error(), (noise / signal).sqrt()));
    assert!(is_near(sums.max_error(), largest), "{text}");
    assert!(
        is_near(sums.cosine(), cosine),
        "{text} {} {cosine}",
        sums.cosine()
    );
    let flushed = pairs().filter(|(x, y)| *x != 0.0 && *y == 0.0).count();
    assert_eq!(sums.n_flushed, flushed as u64, "{text}");
    let share = f64::from(u32::try_from(flushed).unwrap()) / n;
    assert!((sums.flushed_share() - share).abs() < 1e-12);
}

/// Kernels that store nothing must see the errors of the values that others store: usual values, so that they take the ways of
/// their own, with a few blocks of zeros, of tiny and of huge values.
fn check_measures(text: &str) {
    let format: Format = text.parse().unwrap();
    for row_len in [1024, 400, 77] {
        let mut x: Vec<f32> = (0_u16..24_576)
            .map(|i| (f32::from(i) * 0.37).sin() * f32::from(i % 13))
            .collect();
        x[512..544].fill(0.0);
        x[9000..9300].fill(0.0);
        x[16_640..16_656].fill(1e-41);
        x[16_896..17_152].fill(0.0);
        x[12_000..12_016].fill(3e38);
        x[22_000] = f32::NAN;
        for n in [512, 8192, 12_288, 24_576] {
            let x = &x[..n];
            let mut y = vec![f32::NAN; n];
            let clipped = Quantizer::for_tensor(format, x).quantize(x, row_len, &mut y);
            let sums = measure(format, x, row_len);
            let stored = ErrorSums::of(x, &y);
            assert_eq!(sums.n_saturated, clipped, "{text}, row {row_len}, {n}");
            assert_eq!(
                (sums.n, sums.n_flushed, sums.max_error),
                (stored.n, stored.n_flushed, stored.max_error),
                "{text}, row {row_len}, {n}"
            );
            assert!(
                (sums.noise - stored.noise).abs() <= 1e-9 * stored.noise,
                "{text}, row {row_len}, {n}"
            );
        }
    }
}

#[test]
fn kernels_that_measure_see_what_kernels_that_store_write() {
    for rounding in ["nearest-even", "nearest-away", "truncate", "stochastic"] {
        for block_len in ["1", "2", "4", "8", "16", "24", "32", "64", "128", "row"] {
            for kind in [
                "bfp:m=2,e=8,scale=ceil",
                "bfp:m=1,e=8",
                "bfp:m=1,e=5",
                "mxfp4:scale=rceil",
                "mxint:w=3",
            ] {
                check_measures(&format!("{kind},b={block_len},round={rounding}"));
            }
            check_measures(&format!("int:w=3,g={block_len},round={rounding}"));
        }
        check_measures(&format!("mx6:round={rounding}"));
        check_measures(&format!("nvfp4:round={rounding}"));
        check_measures(&format!("fp:e=2,m=1,round={rounding}"));
    }
}

/// ggml rounds the logarithm of a maximum, so that 2 less one last place counts as 2.
#[test]
fn a_maximum_next_to_a_power_of_two_is_measured_as_it_is_stored() {
    let mut x: Vec<f32> = (0_u16..4096)
        .map(|i| (f32::from(i) * 0.37).sin() * f32::from(1 + i / 32 % 7))
        .collect();
    for (index, x) in x[640..672].iter_mut().enumerate() {
        *x = if index == 5 {
            2.0_f32.next_down()
        } else {
            *x * 0.1
        };
    }
    for text in ["mxfp4-ggml", "mxfp4", "q8_0", "q8_1", "blockfp:w=4,b=32"] {
        let format: Format = text.parse().unwrap();
        let mut y = vec![f32::NAN; x.len()];
        let clipped = Quantizer::for_tensor(format, &x).quantize(&x, 512, &mut y);
        let expected = ErrorSums {
            n_saturated: clipped,
            ..ErrorSums::of(&x, &y)
        };
        assert_eq!(measure(format, &x, 512), expected, "{text}");
    }
}

#[test]
fn formats_of_several_block_lengths_measured_together_have_the_bits_of_each_alone() {
    let x: Vec<f32> = (0_u16..40_000)
        .map(|i| (f32::from(i) * 0.37).sin())
        .collect();
    let formats: Vec<Format> = ["16", "64", "32", "8", "48", "row", "32"]
        .into_iter()
        .flat_map(|len| [format!("bfp:m=3,e=8,b={len}"), format!("int:w=4,g={len}")])
        .map(|text| text.parse().unwrap())
        .collect();
    for row_len in [800, 2000, 64] {
        for (format, sums) in formats.iter().zip(measure_many(&formats, &x, row_len)) {
            assert_eq!(
                sums,
                measure(*format, &x, row_len),
                "{format}, row {row_len}"
            );
        }
    }
}

#[test]
fn a_tensor_quantized_in_place_has_the_bits_of_one_that_is_not() {
    let x: Vec<f32> = (0_u16..40_000)
        .map(|i| (f32::from(i) * 0.37).sin())
        .collect();
    for (text, row_len) in [
        ("bfp:m=3,e=8,b=32,round=stochastic", 500),
        ("bfp:m=3,e=8,b=row,round=stochastic", 20_000),
        ("mxfp4:round=stochastic", 64),
        ("nvfp4", 400),
    ] {
        let format = text.parse().unwrap();
        let mut out = vec![f32::NAN; x.len()];
        quantize_dequantize(format, &x, row_len, &mut out);
        let mut in_place = x.clone();
        quantize_dequantize_in_place(format, &mut in_place, row_len);
        assert_eq!(in_place, out, "{text}");
    }
}
