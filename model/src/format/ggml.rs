//! Block formats of ggml (llama.cpp): sizes of their blocks. Layouts and arithmetic stand in `quantization::ggml`.

/// A quantized tensor type of ggml, by its usual name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(non_camel_case_types, reason = "the names every llama.cpp user knows")]
pub enum GgmlFormat {
    /// 32 values of 4 bits, FP16 scale.
    Q4_0,
    /// 32 values of 4 bits, FP16 scale and minimum.
    Q4_1,
    /// 32 values of 5 bits, FP16 scale.
    Q5_0,
    /// 32 values of 5 bits, FP16 scale and minimum.
    Q5_1,
    /// 32 values of 8 bits, FP16 scale.
    Q8_0,
    /// 32 values of 8 bits, FP16 scale and FP16 scaled sum (for the minimum of the other operand).
    Q8_1,
    /// 256 values of 2 bits; 4-bit scale and minimum for each 16, FP16 scale of each.
    Q2_K,
    /// 256 values of 3 bits; 6-bit scale for each 16, FP16 scale.
    Q3_K,
    /// 256 values of 4 bits; 6-bit scale and minimum for each 32, FP16 scale of each.
    Q4_K,
    /// 256 values of 5 bits; 6-bit scale and minimum for each 32, FP16 scale of each.
    Q5_K,
    /// 256 values of 6 bits; 8-bit scale for each 16, FP16 scale.
    Q6_K,
    /// 256 values of 8 bits, FP32 scale, 16-bit sum of each 16 values: activations against the other `_K` types.
    Q8_K,
    /// 32 values of E2M1 with an E8M0 scale as ggml makes them: of two nearest codes the first in the table, not the even one.
    Mxfp4,
}

impl GgmlFormat {
    /// Every type, in the order of menus.
    pub const ALL: [Self; 13] = [
        Self::Q4_0,
        Self::Q4_1,
        Self::Q5_0,
        Self::Q5_1,
        Self::Q8_0,
        Self::Q8_1,
        Self::Q2_K,
        Self::Q3_K,
        Self::Q4_K,
        Self::Q5_K,
        Self::Q6_K,
        Self::Q8_K,
        Self::Mxfp4,
    ];

    /// The word used in the text form of a format.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Q4_0 => "q4_0",
            Self::Q4_1 => "q4_1",
            Self::Q5_0 => "q5_0",
            Self::Q5_1 => "q5_1",
            Self::Q8_0 => "q8_0",
            Self::Q8_1 => "q8_1",
            Self::Q2_K => "q2_k",
            Self::Q3_K => "q3_k",
            Self::Q4_K => "q4_k",
            Self::Q5_K => "q5_k",
            Self::Q6_K => "q6_k",
            Self::Q8_K => "q8_k",
            Self::Mxfp4 => "mxfp4-ggml",
        }
    }

    /// Values in one block (a super-block for the `_K` types).
    pub const fn block_values(self) -> usize {
        if self.is_super_block() { 256 } else { 32 }
    }

    /// Whether a block of 256 values holds smaller ones with scales of their own.
    pub const fn is_super_block(self) -> bool {
        matches!(
            self,
            Self::Q2_K | Self::Q3_K | Self::Q4_K | Self::Q5_K | Self::Q6_K | Self::Q8_K
        )
    }

    /// Bytes of one block (`ggml-common.h`; the same in gguf-py's `GGML_QUANT_SIZES`).
    pub const fn block_bytes(self) -> usize {
        match self {
            Self::Q4_0 => 18,
            Self::Q4_1 => 20,
            Self::Q5_0 => 22,
            Self::Q5_1 => 24,
            Self::Q8_0 => 34,
            Self::Q8_1 => 36,
            Self::Q2_K => 84,
            Self::Q3_K => 110,
            Self::Q4_K => 144,
            Self::Q5_K => 176,
            Self::Q6_K => 210,
            Self::Q8_K => 292,
            Self::Mxfp4 => 17,
        }
    }

    /// Bits of one element's code.
    pub const fn code_bits(self) -> u8 {
        match self {
            Self::Q2_K => 2,
            Self::Q3_K => 3,
            Self::Q4_0 | Self::Q4_1 | Self::Q4_K | Self::Mxfp4 => 4,
            Self::Q5_0 | Self::Q5_1 | Self::Q5_K => 5,
            Self::Q6_K => 6,
            Self::Q8_0 | Self::Q8_1 | Self::Q8_K => 8,
        }
    }

    /// Whether values are `scale x code + minimum`, with codes that are not negative.
    pub const fn has_minimum(self) -> bool {
        matches!(
            self,
            Self::Q4_1 | Self::Q5_1 | Self::Q2_K | Self::Q4_K | Self::Q5_K
        )
    }
}
