//! Super-block quantizers against a transcription of llama.cpp's searches in double precision: error at most 1.01 times theirs.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use blockscape_model::format::{Format, GgmlFormat};
use blockscape_model::quantization::{ggml, quantize_dequantize};
use blockscape_tests::{repository, shared_data};
use safetensors::SafeTensors;

/// Squared error, squared error weighted by magnitude, absolute error weighted by magnitude.
fn errors(format: GgmlFormat, x: &[f32]) -> [f64; 3] {
    let mut out = vec![0.0; x.len()];
    quantize_dequantize(Format::Ggml(format), x, 256, &mut out);
    let mut sums = [0.0; 3];
    for (x, y) in x.iter().zip(&out) {
        let (size, error) = (f64::from(x.abs()), f64::from(x - y));
        sums[0] += error * error;
        sums[1] += size * error * error;
        sums[2] += (size * error).abs();
    }
    sums
}

fn check(golden: &SafeTensors<'_>, name: &str, x: &[f32]) {
    for format in [
        GgmlFormat::Q2_K,
        GgmlFormat::Q3_K,
        GgmlFormat::Q4_K,
        GgmlFormat::Q5_K,
        GgmlFormat::Q6_K,
    ] {
        let word = format.word();
        let tensor = golden.tensor(&format!("err.{name}.{word}")).unwrap();
        let ours = errors(format, x);
        for ((ours, theirs), kind) in ours
            .iter()
            .zip(tensor.data().as_chunks().0)
            .zip(["plain", "weighted", "absolute"])
        {
            let theirs = f64::from_le_bytes(*theirs);
            assert!(
                *ours <= 1.01 * theirs,
                "{name} {word} {kind}: {ours} for {theirs}"
            );
        }
    }
}

#[test]
fn super_blocks_err_no_more_than_llama_cpp_on_gaussian_and_laplace_values() {
    let file = std::fs::read(repository().join("tests/golden/ggml_super_block_errors.safetensors"))
        .unwrap();
    let golden = SafeTensors::deserialize(&file).unwrap();
    for name in ["gaussian", "laplace"] {
        let x = golden.tensor(&format!("x.{name}")).unwrap();
        let x: Vec<f32> = x
            .data()
            .as_chunks()
            .0
            .iter()
            .copied()
            .map(f32::from_le_bytes)
            .collect();
        check(&golden, name, &x);
    }
}

#[test]
fn super_blocks_err_no_more_than_llama_cpp_on_real_weights() {
    let Some(path) = shared_data("models/all-MiniLM-L6-v2-f16/model.safetensors") else {
        return;
    };
    let file = std::fs::read(repository().join("tests/golden/ggml_super_block_errors.safetensors"))
        .unwrap();
    let golden = SafeTensors::deserialize(&file).unwrap();
    let model = std::fs::read(path).unwrap();
    let model = SafeTensors::deserialize(&model).unwrap();
    let weights = model
        .tensor("encoder.layer.3.intermediate.dense.weight")
        .unwrap();
    let halves = weights.data().as_chunks().0.iter().copied();
    let x: Vec<f32> = halves
        .take(64 * 256)
        .map(|half| half::f16::from_le_bytes(half).to_f32())
        .collect();
    check(&golden, "weights", &x);
}

#[test]
fn packed_super_blocks_hold_what_quantizing_gives() {
    let x: Vec<f32> = (0_u16..768)
        .map(|i| (f32::from(i) * 0.77).sin() * f32::from(i % 37))
        .collect();
    for format in GgmlFormat::ALL {
        let packed = ggml::pack(format, &x, x.len());
        assert_eq!(
            packed.len(),
            x.len() / format.block_values() * format.block_bytes()
        );
        let mut direct = vec![0.0; x.len()];
        quantize_dequantize(Format::Ggml(format), &x, x.len(), &mut direct);
        let unpacked = ggml::unpack(format, &packed).unwrap();
        assert!(
            unpacked
                .iter()
                .zip(&direct)
                .all(|(a, b)| a.to_bits() == b.to_bits()),
            "{}",
            format.word()
        );
    }
}

#[test]
fn q8_k_stores_the_sum_of_each_16_codes() {
    let x: Vec<f32> = (0_u16..256).map(|i| f32::from(i) - 100.0).collect();
    let packed = ggml::pack(GgmlFormat::Q8_K, &x, 256);
    let codes: Vec<i16> = packed[4..260]
        .iter()
        .map(|byte| i16::from(byte.cast_signed()))
        .collect();
    let sums: Vec<i16> = packed[260..]
        .as_chunks()
        .0
        .iter()
        .copied()
        .map(i16::from_le_bytes)
        .collect();
    let expected: Vec<i16> = codes.chunks(16).map(|codes| codes.iter().sum()).collect();
    assert_eq!(sums, expected);
    assert_eq!(codes.iter().map(|code| code.abs()).max(), Some(127));
}
