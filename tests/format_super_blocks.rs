//! Super-block and 8-bit quantizers against ggml's own: the bytes of its reference implementation, compiled and run elsewhere.

use blockscape_model::format::{Format, GgmlFormat};
use blockscape_model::quantization::{ggml, quantize_dequantize};
use blockscape_tests::repository;
use safetensors::SafeTensors;

/// Gaussian, Laplace, heavy-tailed, tied, one-sided and constant groups, powers of two, zeros among them: 28 super-blocks.
#[test]
fn quantizers_give_the_bytes_of_ggml() {
    let file = std::fs::read(repository().join("tests/golden/ggml_reference_bytes.safetensors"));
    let file = file.unwrap();
    let golden = SafeTensors::deserialize(&file).unwrap();
    let input = golden.tensor("input").unwrap();
    let (values, _) = input.data().as_chunks();
    let x: Vec<f32> = values.iter().copied().map(f32::from_le_bytes).collect();
    for format in [
        GgmlFormat::Q8_1,
        GgmlFormat::Q2_K,
        GgmlFormat::Q3_K,
        GgmlFormat::Q4_K,
        GgmlFormat::Q5_K,
        GgmlFormat::Q6_K,
        GgmlFormat::Q8_K,
    ] {
        let theirs = golden.tensor(&format!("bytes.{}", format.word())).unwrap();
        let ours = ggml::pack(format, &x, x.len());
        let first = ours.iter().zip(theirs.data()).position(|(a, b)| a != b);
        let place = first.map(|at| (at / format.block_bytes(), at % format.block_bytes()));
        assert_eq!(place, None, "{}: block and byte", format.word());
        assert_eq!(ours.len(), theirs.data().len());
    }
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
