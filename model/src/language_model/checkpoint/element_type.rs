//! How the values of a stored tensor are encoded, and their decoding to f32.

use half::{bf16, f16};

use super::small_floats::{e4m3, e5m2, e8m0};

/// The encoding of a tensor's values in a checkpoint file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ElementType {
    /// IEEE binary32.
    F32,
    /// IEEE binary16.
    F16,
    /// The upper half of binary32.
    Bf16,
    /// IEEE binary64, rounded to f32 when read.
    F64,
    /// Floats of eight bits: four of exponent, three of mantissa.
    F8E4m3,
    /// Floats of eight bits: five of exponent, two of mantissa.
    F8E5m2,
    /// Powers of two in eight bits.
    F8E8m0,
    /// A weight of codes and scales in several tensors, by the name of its scheme.
    Packed(&'static str),
    /// Two's complement integers of this many bytes.
    Signed(u8),
    /// Unsigned integers of this many bytes.
    Unsigned(u8),
    /// A block type of the ggml library, by the number that GGUF files use for it.
    Ggml(GgmlType),
}

/// Block types of GGUF files: their number, name, values a block and bytes a block.
///
/// Source: the type table of the `gguf` Python package 0.19 (`GGML_QUANT_SIZES`); `Q1_0` from the ggml library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GgmlType(u32);

/// (number, name, values a block, bytes a block)
const GGML_TYPES: &[(u32, &str, u64, u64)] = &[
    (2, "Q4_0", 32, 18),
    (3, "Q4_1", 32, 20),
    (6, "Q5_0", 32, 22),
    (7, "Q5_1", 32, 24),
    (8, "Q8_0", 32, 34),
    (9, "Q8_1", 32, 36),
    (10, "Q2_K", 256, 84),
    (11, "Q3_K", 256, 110),
    (12, "Q4_K", 256, 144),
    (13, "Q5_K", 256, 176),
    (14, "Q6_K", 256, 210),
    (15, "Q8_K", 256, 292),
    (16, "IQ2_XXS", 256, 66),
    (17, "IQ2_XS", 256, 74),
    (18, "IQ3_XXS", 256, 98),
    (19, "IQ1_S", 256, 50),
    (20, "IQ4_NL", 32, 18),
    (21, "IQ3_S", 256, 110),
    (22, "IQ2_S", 256, 82),
    (23, "IQ4_XS", 256, 136),
    (29, "IQ1_M", 256, 56),
    (34, "TQ1_0", 256, 54),
    (35, "TQ2_0", 256, 66),
    (39, "MXFP4", 32, 17),
    (40, "NVFP4", 64, 36),
    (41, "Q1_0", 128, 18),
];

impl GgmlType {
    fn row(self) -> &'static (u32, &'static str, u64, u64) {
        GGML_TYPES
            .iter()
            .find(|row| row.0 == self.0)
            .expect("only numbers of the table are constructed")
    }

    /// Its name in capitals, as `Q4_K`.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// Values in one block.
    pub fn block_len(self) -> u64 {
        self.row().2
    }

    /// Bytes of one block.
    pub fn block_bytes(self) -> u64 {
        self.row().3
    }
}

impl ElementType {
    /// The type that a GGUF file writes as this number, or `None` for a number without a known type.
    pub fn from_gguf_number(number: u32) -> Option<Self> {
        Some(match number {
            0 => Self::F32,
            1 => Self::F16,
            24 => Self::Signed(1),
            25 => Self::Signed(2),
            26 => Self::Signed(4),
            27 => Self::Signed(8),
            28 => Self::F64,
            30 => Self::Bf16,
            other => {
                GGML_TYPES.iter().find(|row| row.0 == other)?;
                Self::Ggml(GgmlType(other))
            }
        })
    }

    /// Its name, for messages and listings.
    pub fn name(self) -> String {
        match self {
            Self::F32 => "F32".to_owned(),
            Self::F16 => "F16".to_owned(),
            Self::Bf16 => "BF16".to_owned(),
            Self::F64 => "F64".to_owned(),
            Self::F8E4m3 => "F8_E4M3".to_owned(),
            Self::F8E5m2 => "F8_E5M2".to_owned(),
            Self::F8E8m0 => "F8_E8M0".to_owned(),
            Self::Packed(scheme) => scheme.to_owned(),
            Self::Signed(bytes) => format!("I{}", bytes * 8),
            Self::Unsigned(bytes) => format!("U{}", bytes * 8),
            Self::Ggml(kind) => kind.name().to_owned(),
        }
    }

    /// Values that are stored together; a row is a multiple of it.
    pub fn block_len(self) -> u64 {
        match self {
            Self::Ggml(kind) => kind.block_len(),
            _ => 1,
        }
    }

    /// Bytes of `block_len` values.
    pub fn block_bytes(self) -> u64 {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
            Self::F64 => 8,
            Self::F8E4m3 | Self::F8E5m2 | Self::F8E8m0 | Self::Packed(_) => 1,
            Self::Signed(bytes) | Self::Unsigned(bytes) => u64::from(bytes),
            Self::Ggml(kind) => kind.block_bytes(),
        }
    }

    /// Decodes whole blocks; the lengths must agree.
    ///
    /// # Errors
    /// Names the type when its values cannot be read as floats.
    pub(crate) fn decode(self, bytes: &[u8], out: &mut [f32]) -> Result<(), String> {
        match self {
            Self::F32 => {
                for (value, b) in out.iter_mut().zip(bytes.as_chunks::<4>().0) {
                    *value = f32::from_le_bytes(*b);
                }
            }
            Self::F16 => {
                for (value, b) in out.iter_mut().zip(bytes.as_chunks::<2>().0) {
                    *value = f16::from_le_bytes(*b).to_f32();
                }
            }
            Self::Bf16 => {
                for (value, b) in out.iter_mut().zip(bytes.as_chunks::<2>().0) {
                    *value = bf16::from_le_bytes(*b).to_f32();
                }
            }
            Self::F64 =>
            {
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "f32 is the working precision"
                )]
                for (value, b) in out.iter_mut().zip(bytes.as_chunks::<8>().0) {
                    *value = f64::from_le_bytes(*b) as f32;
                }
            }
            Self::F8E4m3 => decode_bytes(e4m3, bytes, out),
            Self::F8E5m2 => decode_bytes(e5m2, bytes, out),
            Self::F8E8m0 => decode_bytes(e8m0, bytes, out),
            Self::Packed(scheme) => return Err(format!("{scheme} codes have no value alone")),
            Self::Signed(_) | Self::Unsigned(_) => {
                return Err(format!(
                    "{} values are integers; weights are F32, F16, BF16, F64 or a block type",
                    self.name()
                ));
            }
            Self::Ggml(kind) => return super::ggml_blocks::decode(kind, bytes, out),
        }
        Ok(())
    }
}

fn decode_bytes(value: fn(u8) -> f32, bytes: &[u8], out: &mut [f32]) {
    for (out, byte) in out.iter_mut().zip(bytes) {
        *out = value(*byte);
    }
}
