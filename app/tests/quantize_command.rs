//! `blockscape quantize` from file to file: what it reports is what it wrote.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod empty_folder;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize_to_file};
use serde_json::Value;

use empty_folder::folder;

fn quantize(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_blockscape"))
        .arg("quantize")
        .args(arguments)
        .env_remove("DISPLAY")
        .output()
        .unwrap()
}

/// A matrix of 4 x 48 values, a bias of 48 and a tensor of integers.
fn input(folder: &Path) -> (PathBuf, Vec<f32>) {
    let x: Vec<f32> = (0_u16..192)
        .map(|i| (f32::from(i) * 0.7).sin() * 3.0)
        .collect();
    let bytes: Vec<u8> = x.iter().flat_map(|value| value.to_le_bytes()).collect();
    let integers = 7_i64.to_le_bytes();
    let view = |kind, shape: &[usize], bytes| TensorView::new(kind, shape.to_vec(), bytes).unwrap();
    let path = folder.join("in.safetensors");
    let tensors = [
        ("matrix", view(Dtype::F32, &[4, 48], bytes.as_slice())),
        ("bias", view(Dtype::F32, &[48], &bytes[..192])),
        ("count", view(Dtype::I64, &[1], integers.as_slice())),
    ];
    serialize_to_file(tensors, None, &path).unwrap();
    (path, x)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn the_written_file_holds_the_reported_errors() {
    let folder = folder("quantize_round_trip");
    let (input, x) = input(&folder);
    let output = folder.join("out.safetensors");
    let format = "bfp:m=4,e=8,b=32";
    let run = quantize(&[
        "--format",
        format,
        "-i",
        text(&input),
        "-o",
        text(&output),
        "--matrices-only",
        "--json",
    ]);
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    let report: Value = serde_json::from_slice(&run.stdout).unwrap();

    let file = std::fs::read(&output).unwrap();
    let written = SafeTensors::deserialize(&file).unwrap();
    let matrix = written.tensor("matrix").unwrap();
    assert_eq!(
        (matrix.dtype(), matrix.shape()),
        (Dtype::F32, [4, 48].as_slice())
    );
    let y: Vec<f32> = matrix
        .data()
        .as_chunks()
        .0
        .iter()
        .copied()
        .map(f32::from_le_bytes)
        .collect();
    let noise: f64 = x
        .iter()
        .zip(&y)
        .map(|(x, y)| f64::from(x - y).powi(2))
        .sum();
    let tensors = report["tensors"].as_array().unwrap();
    let entry = tensors
        .iter()
        .find(|entry| entry["name"] == "matrix")
        .unwrap();
    assert!((entry["mse"].as_f64().unwrap() - noise / 192.0).abs() < 1e-9);
    // two blocks a row, the second short: 48 x 5 + 2 x 8 bits
    assert!((entry["bits_per_value"].as_f64().unwrap() - 256.0 / 48.0).abs() < 1e-12);
    assert!(entry["sqnr_db"].as_f64().unwrap() > 20.0);
    assert!(entry["max_error"].as_f64().unwrap() <= 0.25);

    // small tensors and integers pass as they are
    let bias = written.tensor("bias").unwrap();
    let bias: Vec<f32> = bias
        .data()
        .as_chunks()
        .0
        .iter()
        .copied()
        .map(f32::from_le_bytes)
        .collect();
    assert!(bias.iter().zip(&x).all(|(a, b)| a.to_bits() == b.to_bits()));
    assert_eq!(written.tensor("count").unwrap().data(), 7_i64.to_le_bytes());
    assert!(!folder.join("out.safetensors.part").exists());
}

#[test]
fn a_sharded_checkpoint_gives_what_its_tensors_give_in_one_file() {
    let whole = folder("quantize_whole");
    let (whole, x) = input(&whole);
    let shards = folder("quantize_shards");
    let bytes: Vec<u8> = x.iter().flat_map(|value| value.to_le_bytes()).collect();
    let view = |kind, shape: &[usize], bytes| TensorView::new(kind, shape.to_vec(), bytes).unwrap();
    let integers = 7_i64.to_le_bytes();
    let first = [("matrix", view(Dtype::F32, &[4, 48], bytes.as_slice()))];
    let second = [
        ("bias", view(Dtype::F32, &[48], &bytes[..192])),
        ("count", view(Dtype::I64, &[1], integers.as_slice())),
    ];
    let names = ["a-1.safetensors", "a-2.safetensors"];
    serialize_to_file(first, None, &shards.join(names[0])).unwrap();
    serialize_to_file(second, None, &shards.join(names[1])).unwrap();
    let index = serde_json::json!({"weight_map": {"matrix": names[0], "bias": names[1], "count": names[1]}});
    let index_path = shards.join("model.safetensors.index.json");
    std::fs::write(&index_path, index.to_string()).unwrap();

    let written = |input: &Path, name: &str| {
        let output = shards.join(name);
        let run = quantize(&["-f", "mxfp4", "-i", text(input), "-o", text(&output)]);
        assert!(
            run.status.success(),
            "{}",
            String::from_utf8_lossy(&run.stderr)
        );
        std::fs::read(output).unwrap()
    };
    let expected = written(&whole, "whole.out");
    assert_eq!(written(&shards, "folder.out"), expected);
    assert_eq!(written(&index_path, "index.out"), expected);

    std::fs::remove_file(shards.join(names[1])).unwrap();
    let run = quantize(&["-f", "mxfp4", "-i", text(&shards)]);
    let message = String::from_utf8_lossy(&run.stderr).into_owned();
    assert_eq!(run.status.code(), Some(2));
    assert!(
        message.contains(names[1]) && message.trim_end().lines().count() == 1,
        "{message}"
    );
}

#[test]
fn bad_input_ends_with_one_line_and_exit_code_2() {
    let folder = folder("quantize_bad_input");
    let (input, _) = input(&folder);
    let broken = folder.join("broken.safetensors");
    std::fs::write(&broken, b"\x10\0\0\0\0\0\0\0{\"a\":{\"dtype\":").unwrap();
    for (arguments, word) in [
        (["--format", "mxfp5", "-i", text(&input)], "mxfp4"),
        (["--format", "bfp:m=40,b=32", "-i", text(&input)], "1 to 23"),
        (
            ["--format", "mxfp4", "-i", text(&broken)],
            "broken.safetensors",
        ),
        (["--format", "mxfp4", "-i", "nowhere.gguf"], "nowhere.gguf"),
    ] {
        let run = quantize(&arguments);
        let message = String::from_utf8_lossy(&run.stderr).into_owned();
        assert_eq!(run.status.code(), Some(2), "{arguments:?} {message}");
        assert!(
            message.contains(word) && message.trim_end().lines().count() == 1,
            "{message}"
        );
        assert!(run.stdout.is_empty());
    }
}

/// Correlation of the rounding errors of two tensors of an output, given their values before.
fn correlation(output: &SafeTensors<'_>, x: &[f32], names: [&str; 2]) -> f64 {
    let errors = names.map(|name| -> Vec<f64> {
        let bytes = output.tensor(name).unwrap().data().to_vec();
        let values = bytes.as_chunks::<4>().0.iter().copied();
        let errors = values.map(f32::from_le_bytes).zip(x);
        errors.map(|(value, x)| f64::from(value - x)).collect()
    });
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let [a, b] = &errors;
    product(a, b) / (product(a, a) * product(b, b)).sqrt()
}

#[test]
fn stochastic_rounding_of_equal_tensors_is_independent() {
    let folder = folder("quantize_stochastic");
    let x: Vec<f32> = (0_u16..4096)
        .map(|i| (f32::from(i) * 0.7).sin() * 3.0)
        .collect();
    let bytes: Vec<u8> = x.iter().flat_map(|value| value.to_le_bytes()).collect();
    let view = || TensorView::new(Dtype::F32, vec![32, 128], &bytes).unwrap();
    let (input, output) = (
        folder.join("in.safetensors"),
        folder.join("out.safetensors"),
    );
    serialize_to_file([("a", view()), ("b", view())], None, &input).unwrap();
    let format = "bfp:m=3,e=8,b=32,round=stochastic";
    let run = quantize(&["--format", format, "-i", text(&input), "-o", text(&output)]);
    assert!(run.status.success());
    let bytes = std::fs::read(&output).unwrap();
    let output = SafeTensors::deserialize(&bytes).unwrap();
    let between = correlation(&output, &x, ["a", "b"]);
    assert!(between.abs() < 0.05, "{between}");
    assert!(correlation(&output, &x, ["a", "a"]) > 0.999);
}

#[test]
fn packed_weights_are_quantized_as_values_and_their_scales_never() {
    let folder = folder("quantize_packed");
    let (input, output) = (
        folder.join("in.safetensors"),
        folder.join("out.safetensors"),
    );
    let codes = [0x38, 0x40, 0xb8, 0x30]; // 1, 2, -1, 0.5
    let scale = 3.0_f32.to_le_bytes();
    let view = |kind, shape: &[usize], bytes| TensorView::new(kind, shape.to_vec(), bytes).unwrap();
    let tensors = [
        ("w.weight", view(Dtype::F8_E4M3, &[2, 2], codes.as_slice())),
        ("w.weight_scale", view(Dtype::F32, &[1], scale.as_slice())),
    ];
    serialize_to_file(tensors, None, &input).unwrap();
    let run = quantize(&["--format", "fp32", "-i", text(&input), "-o", text(&output)]);
    assert!(run.status.success());
    let bytes = std::fs::read(&output).unwrap();
    let output = SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(output.names(), ["w.weight"]);
    let expected: Vec<u8> = [3.0_f32, 6.0, -3.0, 1.5]
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    assert_eq!(output.tensor("w.weight").unwrap().data(), expected);
    let absmax = [
        ("w.weight", view(Dtype::U8, &[2, 2], codes.as_slice())),
        ("w.weight.absmax", view(Dtype::F32, &[1], scale.as_slice())),
    ];
    serialize_to_file(absmax, None, &input).unwrap();
    let refused = folder.join("refused.safetensors");
    let run = quantize(&[
        "--format",
        "mxfp4",
        "-i",
        text(&input),
        "-o",
        text(&refused),
    ]);
    let message = String::from_utf8_lossy(&run.stderr).into_owned();
    assert_eq!(run.status.code(), Some(2), "{message}");
    assert!(message.contains("w.weight.absmax") && message.trim_end().lines().count() == 1);
    assert!(!refused.exists());
}
