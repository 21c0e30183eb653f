//! Formats fixed by a publication, and the names they are called by.

use super::{
    BfpFormat, BlockLen, Format, GgmlFormat, MicroExponentFormat, Minifloat, MxElement, MxFormat,
    Nvfp4Format, Rounding, ScaleRule,
};

/// Group length of Anda (HPCA 2025, section III: chosen from a sweep of 1 to the channel count).
const ANDA_GROUP: BlockLen = BlockLen::fixed(64);
/// Anda shares the exponent of FP16.
const ANDA_EXPONENT_BITS: u8 = 5;
/// Block length of the OCP MX specification v1.0.
pub(super) const MX_BLOCK: BlockLen = BlockLen::fixed(32);

impl BfpFormat {
    /// Plain block floating point: nearest-even, floor.
    pub const fn new(mantissa_bits: u8, exponent_bits: u8, block_len: BlockLen) -> Self {
        Self {
            mantissa_bits,
            exponent_bits,
            block_len,
            rounding: Rounding::NearestEven,
            scale: ScaleRule::Floor,
        }
    }

    /// Anda's activations: groups of 64, FP16's exponent, truncation; M is chosen for each module.
    pub const fn anda(mantissa_bits: u8) -> Self {
        Self {
            rounding: Rounding::Truncate,
            ..Self::new(mantissa_bits, ANDA_EXPONENT_BITS, ANDA_GROUP)
        }
    }

    /// Whether this is one of Anda's formats, M of 1 to 16.
    pub fn is_anda(self) -> bool {
        (1..=16).contains(&self.mantissa_bits) && self == Self::anda(self.mantissa_bits)
    }

    /// Harmonia's activations (M = 8) and keys and values (M = 4): groups of 32 with FP16's exponent.
    ///
    /// Exponent width and rounding are not published; FP16 input suggests 5 bits, nearest-even is our choice.
    pub const fn harmonia(mantissa_bits: u8) -> Self {
        Self::new(mantissa_bits, 5, BlockLen::fixed(32))
    }

    /// Microsoft floating point of 11 to 16 bits: 1 sign, 8 shared exponent bits for 16 values, the rest magnitude.
    pub const fn msfp(bits: u8) -> Self {
        Self::new(bits - 9, 8, BlockLen::fixed(16))
    }
}

impl MxFormat {
    /// The concrete formats of the OCP MX specification v1.0 (table 1) and their names.
    pub const STANDARD: [(&'static str, MxElement); 6] = [
        ("mxfp8-e4m3", MxElement::Float(Minifloat::E4M3)),
        ("mxfp8-e5m2", MxElement::Float(Minifloat::E5M2)),
        ("mxfp6-e2m3", MxElement::Float(Minifloat::E2M3)),
        ("mxfp6-e3m2", MxElement::Float(Minifloat::E3M2)),
        ("mxfp4", MxElement::Float(Minifloat::E2M1)),
        ("mxint8", MxElement::Integer { bits: 8 }),
    ];

    /// An element in the specification's block of 32, nearest-even, floor.
    pub const fn new(element: MxElement) -> Self {
        Self {
            element,
            block_len: MX_BLOCK,
            rounding: Rounding::NearestEven,
            scale: ScaleRule::Floor,
        }
    }
}

impl MicroExponentFormat {
    /// The number in its name: average bits per value.
    pub const fn name_bits(self) -> u8 {
        self.mantissa_bits + 2
    }
}

impl Format {
    /// Formats with a name of their own, in the order of menus.
    pub const ALL_NAMED: &[(&str, Self)] = &[
        ("fp32", Self::FP32),
        ("fp16", Self::FP16),
        ("bf16", Self::BF16),
        (
            "mxfp8-e4m3",
            Self::Mx(MxFormat::new(MxFormat::STANDARD[0].1)),
        ),
        (
            "mxfp8-e5m2",
            Self::Mx(MxFormat::new(MxFormat::STANDARD[1].1)),
        ),
        (
            "mxfp6-e2m3",
            Self::Mx(MxFormat::new(MxFormat::STANDARD[2].1)),
        ),
        (
            "mxfp6-e3m2",
            Self::Mx(MxFormat::new(MxFormat::STANDARD[3].1)),
        ),
        ("mxfp4", Self::Mx(MxFormat::new(MxFormat::STANDARD[4].1))),
        ("mxint8", Self::Mx(MxFormat::new(MxFormat::STANDARD[5].1))),
        (
            "nvfp4",
            Self::Nvfp4(Nvfp4Format {
                rounding: Rounding::NearestEven,
            }),
        ),
        ("mx9", Self::MicroExponent(micro_exponent(7))),
        ("mx6", Self::MicroExponent(micro_exponent(4))),
        ("mx4", Self::MicroExponent(micro_exponent(2))),
        ("msfp16", Self::Bfp(BfpFormat::msfp(16))),
        ("msfp15", Self::Bfp(BfpFormat::msfp(15))),
        ("msfp14", Self::Bfp(BfpFormat::msfp(14))),
        ("msfp13", Self::Bfp(BfpFormat::msfp(13))),
        ("msfp12", Self::Bfp(BfpFormat::msfp(12))),
        ("msfp11", Self::Bfp(BfpFormat::msfp(11))),
        ("q4_0", Self::Ggml(GgmlFormat::Q4_0)),
        ("q4_1", Self::Ggml(GgmlFormat::Q4_1)),
        ("q5_0", Self::Ggml(GgmlFormat::Q5_0)),
        ("q5_1", Self::Ggml(GgmlFormat::Q5_1)),
        ("q8_0", Self::Ggml(GgmlFormat::Q8_0)),
        ("q8_1", Self::Ggml(GgmlFormat::Q8_1)),
        ("q2_k", Self::Ggml(GgmlFormat::Q2_K)),
        ("q3_k", Self::Ggml(GgmlFormat::Q3_K)),
        ("q4_k", Self::Ggml(GgmlFormat::Q4_K)),
        ("q5_k", Self::Ggml(GgmlFormat::Q5_K)),
        ("q6_k", Self::Ggml(GgmlFormat::Q6_K)),
        ("q8_k", Self::Ggml(GgmlFormat::Q8_K)),
        ("mxfp4-ggml", Self::Ggml(GgmlFormat::Mxfp4)),
    ];
}

const fn micro_exponent(mantissa_bits: u8) -> MicroExponentFormat {
    MicroExponentFormat {
        mantissa_bits,
        rounding: Rounding::NearestEven,
    }
}
