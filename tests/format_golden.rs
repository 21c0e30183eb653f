//! Values made by other programs: `ml_dtypes` for OCP MX, `gguf` for the ggml types. No bit may differ.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use blockscape_model::format::{Format, GgmlFormat, Minifloat, Rounding};
use blockscape_model::quantization::{ggml, quantize_dequantize};
use blockscape_tests::{repository, shared_data};
use safetensors::SafeTensors;

fn bytes(file: &str) -> Vec<u8> {
    std::fs::read(repository().join("tests/golden").join(file)).unwrap()
}

fn floats(tensors: &SafeTensors<'_>, name: &str) -> Vec<f32> {
    let (chunks, rest) = tensors.tensor(name).unwrap().data().as_chunks();
    assert!(rest.is_empty());
    chunks.iter().copied().map(f32::from_le_bytes).collect()
}

fn assert_same_bits(ours: &[f32], theirs: &[f32], what: &str) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (index, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
        assert_eq!(
            ours.to_bits(),
            theirs.to_bits(),
            "{what} {index}: {ours:e} for {theirs:e}"
        );
    }
}

#[test]
fn mx_blocks_equal_ml_dtypes() {
    let file = bytes("mx_ml_dtypes.safetensors");
    let tensors = SafeTensors::deserialize(&file).unwrap();
    let x = floats(&tensors, "input");
    for (name, element, format) in [
        ("e4m3", Minifloat::E4M3, "mxfp8-e4m3"),
        ("e5m2", Minifloat::E5M2, "mxfp8-e5m2"),
        ("e2m3", Minifloat::E2M3, "mxfp6-e2m3"),
        ("e3m2", Minifloat::E3M2, "mxfp6-e3m2"),
        ("e2m1", Minifloat::E2M1, "mxfp4"),
    ] {
        let mut ours = vec![0.0; x.len()];
        quantize_dequantize(format.parse().unwrap(), &x, x.len(), &mut ours);
        assert_same_bits(&ours, &floats(&tensors, &format!("mx.{name}")), format);
        // the codes themselves: value over the E8M0 scale, and back
        let scales = tensors.tensor(&format!("scale.{name}")).unwrap();
        let codes = tensors.tensor(&format!("code.{name}")).unwrap();
        for (index, code) in codes.data().iter().enumerate() {
            let scale = f64::from(scales.data()[index / 32]) - 127.0;
            let value = f64::from(element.decode(u32::from(*code)));
            #[expect(clippy::cast_possible_truncation, reason = "the one rounding to f32")]
            let value_out = (value * scale.exp2()) as f32;
            assert_eq!(value_out.to_bits(), ours[index].to_bits());
            #[expect(
                clippy::cast_possible_truncation,
                reason = "an element's value is exact"
            )]
            let again = element.encode(value as f32, Rounding::NearestEven, 0.5);
            assert_eq!(again, u32::from(*code));
        }
    }
}

/// Compares with each tensor of a file, named by our text form; returns how many there were.
fn compare_all(file: &str) -> usize {
    let file = bytes(file);
    let tensors = SafeTensors::deserialize(&file).unwrap();
    let x = floats(&tensors, "input");
    let mut n_compared = 0;
    for name in tensors.names().into_iter().filter(|name| *name != "input") {
        let mut ours = vec![0.0; x.len()];
        quantize_dequantize(name.parse().unwrap(), &x, x.len(), &mut ours);
        for (index, (ours, theirs)) in ours.iter().zip(floats(&tensors, name)).enumerate() {
            // zeros may differ in sign
            let same = ours.to_bits() == theirs.to_bits() || (*ours == 0.0 && theirs == 0.0);
            assert!(same, "{name} {index}: {ours:e} for {theirs:e}");
        }
        n_compared += 1;
    }
    n_compared
}

/// MASE's two formats, torchao's scale rules, microxcaling's roundings.
#[test]
fn block_formats_equal_mase_torchao_and_microxcaling() {
    assert_eq!(compare_all("block_formats.safetensors"), 17);
}

/// MX4, MX6, MX9, MSFP11 to 16, Anda, Harmonia, NVFP4 and grouped integers by their published definitions in numpy; E2M1 and
/// E4M3 of NVFP4 by `ml_dtypes`. Gaussian, Laplace, wide, tied and one-sided values, powers of two, subnormals, a short block.
#[test]
fn block_formats_equal_their_definitions_in_numpy_and_ml_dtypes() {
    assert_eq!(compare_all("block_formats_numpy.safetensors"), 22);
}

#[test]
fn ggml_types_of_32_values_equal_gguf() {
    let file = bytes("ggml_small_blocks.safetensors");
    let tensors = SafeTensors::deserialize(&file).unwrap();
    let x = floats(&tensors, "input");
    for (name, format) in [
        ("Q4_0", GgmlFormat::Q4_0),
        ("Q4_1", GgmlFormat::Q4_1),
        ("Q5_0", GgmlFormat::Q5_0),
        ("Q5_1", GgmlFormat::Q5_1),
        ("Q8_0", GgmlFormat::Q8_0),
        ("MXFP4", GgmlFormat::Mxfp4),
    ] {
        let theirs = tensors.tensor(&format!("bytes.{name}")).unwrap();
        let packed = ggml::pack(format, &x, x.len());
        let first = packed
            .iter()
            .zip(theirs.data())
            .position(|(ours, theirs)| ours != theirs);
        assert_eq!(
            first.map(|at| (at / format.block_bytes(), at % format.block_bytes())),
            None,
            "{name}"
        );
        let values = floats(&tensors, &format!("values.{name}"));
        assert_same_bits(&ggml::unpack(format, &packed).unwrap(), &values, name);
        let mut ours = vec![0.0; x.len()];
        quantize_dequantize(Format::Ggml(format), &x, x.len(), &mut ours);
        assert_same_bits(&ours, &values, name);
    }
}

#[test]
fn ggml_super_blocks_dequantize_as_gguf_and_pack_back() {
    let file = bytes("ggml_super_blocks.safetensors");
    let tensors = SafeTensors::deserialize(&file).unwrap();
    for (name, format) in SUPER_BLOCKS {
        let packed = tensors.tensor(&format!("bytes.{name}")).unwrap();
        let values = ggml::unpack(format, packed.data()).unwrap();
        assert_same_bits(&values, &floats(&tensors, &format!("values.{name}")), name);
        for block in packed.data().chunks_exact(format.block_bytes()) {
            let mut again = Vec::new();
            ggml::SuperBlock::unpack(format, block).pack(format, &mut again);
            assert_eq!(again, block, "{name}");
        }
    }
}

const SUPER_BLOCKS: [(&str, GgmlFormat); 5] = [
    ("Q2_K", GgmlFormat::Q2_K),
    ("Q3_K", GgmlFormat::Q3_K),
    ("Q4_K", GgmlFormat::Q4_K),
    ("Q5_K", GgmlFormat::Q5_K),
    ("Q6_K", GgmlFormat::Q6_K),
];

/// A tensor of a GGUF file without keys other than numbers and strings: enough for the vectors of the data folder.
struct Vectors {
    file: Vec<u8>,
    position: usize,
}

impl Vectors {
    fn number<const LEN: usize>(&mut self) -> [u8; LEN] {
        let bytes = self.file[self.position..self.position + LEN]
            .try_into()
            .unwrap();
        self.position += LEN;
        bytes
    }

    fn long(&mut self) -> usize {
        usize::try_from(u64::from_le_bytes(self.number())).unwrap()
    }

    fn text(&mut self) -> String {
        let length = self.long();
        let text =
            String::from_utf8(self.file[self.position..self.position + length].to_vec()).unwrap();
        self.position += length;
        text
    }

    /// Names and byte offsets of the tensors; offsets count from the start of the file.
    fn tensors(&mut self) -> Vec<(String, usize)> {
        assert_eq!(self.number(), *b"GGUF");
        let _version: [u8; 4] = self.number();
        let (n_tensors, n_keys) = (self.long(), self.long());
        for _ in 0..n_keys {
            self.text();
            match u32::from_le_bytes(self.number()) {
                8 => drop(self.text()),
                4..=6 => drop(self.number::<4>()),
                kind => panic!("key of kind {kind}"),
            }
        }
        let mut tensors = Vec::new();
        for _ in 0..n_tensors {
            let name = self.text();
            for _ in 0..u32::from_le_bytes(self.number()) {
                self.long();
            }
            let _kind: [u8; 4] = self.number();
            tensors.push((name, self.long()));
        }
        let start = self.position.next_multiple_of(32);
        for (_, offset) in &mut tensors {
            *offset += start;
        }
        tensors
    }
}

#[test]
fn the_data_folders_blocks_dequantize_as_gguf() {
    let (Some(vectors), Some(expected)) = (
        shared_data("gguf/dequant_vectors.gguf"),
        shared_data("gguf/dequant_expected.safetensors"),
    ) else {
        return;
    };
    let expected = std::fs::read(expected).unwrap();
    let expected = SafeTensors::deserialize(&expected).unwrap();
    let mut vectors = Vectors {
        file: std::fs::read(vectors).unwrap(),
        position: 0,
    };
    let mut n_compared = 0;
    for (name, offset) in vectors.tensors() {
        let kind = name.trim_end_matches(".weight").to_lowercase();
        let word = if kind == "mxfp4" { "mxfp4-ggml" } else { &kind };
        let Some(format) = GgmlFormat::from_word(word) else {
            continue;
        };
        let theirs = floats(&expected, &name);
        let length = theirs.len() / format.block_values() * format.block_bytes();
        let ours = ggml::unpack(format, &vectors.file[offset..offset + length]).unwrap();
        assert_same_bits(&ours, &theirs, &name);
        n_compared += 1;
    }
    assert_eq!(n_compared, 11, "Q4_0 Q4_1 Q5_0 Q5_1 Q8_0 Q2_K..Q6_K MXFP4");
}
