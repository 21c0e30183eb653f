//! Checkpoints as released: the values of packed weights against numpy, and packings that are not read.

use std::fs;

use blockscape_model::language_model::checkpoint::{Gguf, TensorView, parse_safetensors, unpack};
use blockscape_tests::shared_data;
use safetensors::tensor::{Dtype, TensorView as Stored, serialize};

/// Sum of values, of their squares, number of packed weights and of their values: from numpy in double precision.
const FOLDERS: [(&str, &str, usize, usize, f64, f64); 5] = [
    (
        "fp8_block",
        "FP8 E4M3",
        14,
        61440,
        10.087_710_062_070_073,
        1_749.083_965_748_573_3,
    ),
    (
        "nvfp4_modelopt",
        "NVFP4",
        14,
        61440,
        8.205_631_970_427_93,
        1_752.122_911_975_237,
    ),
    (
        "gpt_oss_mxfp4",
        "MXFP4",
        1,
        24576,
        -7.201_171_875,
        181.801_010_131_835_94,
    ),
    (
        "gptq",
        "GPTQ",
        14,
        61440,
        4_527.793_393_135_071,
        627.234_845_097_352_3,
    ),
    (
        "int8_w8a8",
        "INT8",
        14,
        61440,
        9.805_023_193_359_375,
        1_750.978_238_020_092_2,
    ),
];

#[test]
fn released_checkpoints_decode_to_the_values_of_numpy() {
    for (folder, scheme, n_weights, n_values, sum, squares) in FOLDERS {
        let Some(path) = shared_data(&format!("reported/{folder}")) else {
            return;
        };
        let bytes = fs::read(path.join("model.safetensors")).unwrap();
        let config = fs::read_to_string(path.join("config.json")).unwrap();
        let tensors = unpack(parse_safetensors(&bytes).unwrap(), Some(&config)).unwrap();
        let packed: Vec<&TensorView<'_>> = tensors
            .values()
            .filter(|tensor| tensor.element_type.name() == scheme)
            .collect();
        assert_eq!(packed.len(), n_weights, "{folder}");
        let values: Vec<f64> = packed
            .iter()
            .flat_map(|tensor| tensor.decode().unwrap())
            .map(f64::from)
            .collect();
        assert_eq!(values.len(), n_values, "{folder}");
        let own_sum: f64 = values.iter().sum();
        let own_squares: f64 = values.iter().map(|value| value * value).sum();
        assert!((own_sum - sum).abs() < 1e-6, "{folder}: {own_sum}");
        assert!(
            (own_squares / squares - 1.0).abs() < 1e-9,
            "{folder}: {own_squares}"
        );
        let scales = tensors.keys().find(|name| name.contains("scale"));
        assert_eq!(scales, None, "{folder}: scales are no weights");
        // a row alone is the row of the whole
        let last = packed[n_weights - 1];
        let width = usize::try_from(last.row_len()).unwrap();
        assert_eq!(
            last.decode_rows(5, 2).unwrap(),
            last.decode().unwrap()[5 * width..7 * width]
        );
    }
}

#[test]
fn the_block_types_of_2026_decode_to_the_values_of_the_reference() {
    let Some(path) = shared_data("reported/ggml_new_types") else {
        return;
    };
    let bytes = fs::read(path.join("nvfp4.gguf")).unwrap();
    let file = Gguf::parse(&bytes).unwrap();
    let values = file.tensors["blk.0.ffn_up.weight"].decode().unwrap();
    let expected = fs::read(path.join("nvfp4_expected.npy")).unwrap();
    let expected = &expected[expected.len() - 4096..];
    for (value, bytes) in values.iter().zip(expected.as_chunks::<4>().0) {
        assert!((value - f32::from_le_bytes(*bytes)).abs() < f32::MIN_POSITIVE);
    }
    let bytes = fs::read(path.join("q1_0.gguf")).unwrap();
    let file = Gguf::parse(&bytes).unwrap();
    let values = file.tensors["blk.0.ffn_up.weight"].decode().unwrap();
    let scale = 0.010_551_453_f32;
    assert_eq!(values.len(), 2048);
    for (value, sign) in values.iter().zip([-1.0, -1.0, 1.0, -1.0, 1.0, 1.0]) {
        assert!((value - sign * scale).abs() < 1e-9, "{value}");
    }
    let sum: f32 = values.iter().sum();
    assert!((sum - 2.636_613_4).abs() < 1e-4, "{sum}");
}

/// A file of tensors given by type, shape and bytes.
fn file(tensors: &[(&str, Dtype, &[usize], Vec<u8>)]) -> Vec<u8> {
    let views = tensors.iter().map(|(name, dtype, shape, bytes)| {
        (
            (*name).to_owned(),
            Stored::new(*dtype, shape.to_vec(), bytes).unwrap(),
        )
    });
    serialize(views, None).unwrap()
}

fn floats(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

fn decoded(bytes: &[u8], config: &str, name: &str) -> Result<Vec<f32>, String> {
    let tensors = parse_safetensors(bytes).map_err(|error| error.to_string())?;
    let tensors = unpack(tensors, Some(config)).map_err(|error| error.to_string())?;
    let tensor = tensors
        .get(name)
        .ok_or_else(|| format!("no {name}, but {:?}", tensors.keys()))?;
    tensor.decode().map_err(|error| error.to_string())
}

#[test]
fn awq_codes_lie_in_their_order() {
    // one column of the reduction, eight rows with codes 0 to 7 at places 0, 4, 1, 5, 2, 6, 3, 7; zero 3, scale row / 2
    let places = [0, 4, 1, 5, 2, 6, 3, 7];
    let word: u32 = (0_u32..8)
        .zip(places)
        .map(|(code, place)| code << (4 * place))
        .sum();
    let scales: Vec<f32> = (0_u8..8).map(|row| f32::from(row) / 2.0).collect();
    let bytes = file(&[
        (
            "m.qweight",
            Dtype::I32,
            &[1, 1],
            word.to_le_bytes().to_vec(),
        ),
        (
            "m.qzeros",
            Dtype::I32,
            &[1, 1],
            0x3333_3333_u32.to_le_bytes().to_vec(),
        ),
        ("m.scales", Dtype::F32, &[1, 8], floats(&scales)),
    ]);
    let config = r#"{"quantization_config":{"quant_method":"awq","bits":4}}"#;
    let expected: Vec<f32> = (0_u8..8)
        .map(|row| (f32::from(row) - 3.0) * f32::from(row) / 2.0)
        .collect();
    assert_eq!(decoded(&bytes, config, "m.weight").unwrap(), expected);
}

#[test]
fn mlx_codes_have_scale_and_offset() {
    let word = 0x7654_3210_u32.to_le_bytes().to_vec();
    let bytes = file(&[
        ("m.weight", Dtype::U32, &[1, 1], word),
        ("m.scales", Dtype::F32, &[1, 2], floats(&[0.5, 2.0])),
        ("m.biases", Dtype::F32, &[1, 2], floats(&[-1.0, 10.0])),
    ]);
    let config = r#"{"quantization":{"group_size":4,"bits":4}}"#;
    assert_eq!(
        decoded(&bytes, config, "m.weight").unwrap(),
        [-1.0, -0.5, 0.0, 0.5, 18.0, 20.0, 22.0, 24.0]
    );
}

#[test]
fn integers_of_compressed_tensors_have_their_zero_in_the_middle_or_stored() {
    let word = 0x7654_3210_u32.to_le_bytes().to_vec();
    let shape: Vec<u8> = [1_i64, 8].iter().flat_map(|n| n.to_le_bytes()).collect();
    let plain = [
        (
            "m.weight_packed",
            Dtype::I32,
            &[1_usize, 1] as &[usize],
            word,
        ),
        ("m.weight_scale", Dtype::F32, &[1, 1], floats(&[2.0])),
        ("m.weight_shape", Dtype::I64, &[2], shape),
    ];
    let config = r#"{"quantization_config":{"quant_method":"compressed-tensors","format":"pack-quantized"}}"#;
    assert_eq!(
        decoded(&file(&plain), config, "m.weight").unwrap(),
        [-16.0, -14.0, -12.0, -10.0, -8.0, -6.0, -4.0, -2.0]
    );
    let mut with_zero = plain.to_vec();
    let zero = 3_u32.to_le_bytes().to_vec();
    with_zero.push(("m.weight_zero_point", Dtype::I32, &[1, 1], zero));
    assert_eq!(
        decoded(&file(&with_zero), config, "m.weight").unwrap(),
        [-6.0, -4.0, -2.0, 0.0, 2.0, 4.0, 6.0, 8.0]
    );
}

#[test]
fn a_scale_of_the_tensor_or_of_each_row_belongs_to_fp8_too() {
    let codes = vec![0x38, 0x40, 0xb8, 0x30]; // 1, 2, -1, 0.5
    let with_scales = |shape: &[usize], scales: &[f32]| {
        let bytes = file(&[
            ("w", Dtype::F8_E4M3, &[2, 2], codes.clone()),
            ("w_scale", Dtype::F32, shape, floats(scales)),
        ]);
        decoded(&bytes, "{}", "w").unwrap()
    };
    assert_eq!(with_scales(&[], &[3.0]), [3.0, 6.0, -3.0, 1.5]);
    assert_eq!(with_scales(&[2], &[1.0, 4.0]), [1.0, 2.0, -4.0, 2.0]);
    assert_eq!(with_scales(&[2, 1], &[1.0, 4.0]), [1.0, 2.0, -4.0, 2.0]);
}

#[test]
fn packings_that_are_not_read_are_refused_by_the_first_name() {
    let cases: [(&str, &str, Vec<u8>); 3] = [
        (
            "tensor b.weight.absmax: belongs to a weight packed by bitsandbytes",
            r#"{"quantization_config":{"quant_method":"bitsandbytes"}}"#,
            file(&[
                ("b.weight", Dtype::U8, &[8, 1], vec![0; 8]),
                ("b.weight.absmax", Dtype::F32, &[1], floats(&[1.0])),
            ]),
        ),
        (
            "tensor b.qweight: packs 2 columns of 3 bits",
            r#"{"quantization_config":{"quant_method":"gptq","bits":3}}"#,
            file(&[
                ("b.qweight", Dtype::I32, &[3, 2], vec![0; 24]),
                ("b.qzeros", Dtype::I32, &[1, 1], vec![0; 4]),
                ("b.scales", Dtype::F32, &[1, 2], vec![0; 8]),
            ]),
        ),
        (
            "tensor b.weight_scale_inv: has shape [3, 5], which fits no block of a weight of 2 x 2",
            "{}",
            file(&[
                ("b.weight", Dtype::F8_E4M3, &[2, 2], vec![0; 4]),
                ("b.weight_scale_inv", Dtype::F32, &[3, 5], vec![0; 60]),
            ]),
        ),
    ];
    for (start, config, bytes) in cases {
        let error = decoded(&bytes, config, "b.weight").unwrap_err();
        assert!(error.starts_with(start), "{error}");
    }
}
