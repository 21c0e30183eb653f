//! Block formats of ggml (llama.cpp).

use crate::format::arithmetic::Arithmetic;
use crate::format::family::{Family, field_values};
use crate::format::schema::{
    Field, FieldDefault, FieldDomain, FieldValue, FieldValues, Kind, Role, Spelling,
};
use crate::format::size::BlockBits;
use crate::format::{
    BlockLen, Format, FormatError, GgmlFormat, OperandKind, OperandWidths, SecondLevel,
};

const WORDS: [&str; GgmlFormat::ALL.len()] = {
    let mut words = [""; GgmlFormat::ALL.len()];
    let mut index = 0;
    while index < words.len() {
        words[index] = GgmlFormat::ALL[index].word();
        index += 1;
    }
    words
};

const SPELLINGS: [Spelling; GgmlFormat::ALL.len()] = {
    let mut spellings = [spelling(GgmlFormat::Q4_0); GgmlFormat::ALL.len()];
    let mut index = 0;
    while index < spellings.len() {
        spellings[index] = spelling(GgmlFormat::ALL[index]);
        index += 1;
    }
    spellings
};

const fn spelling(format: GgmlFormat) -> Spelling {
    Spelling {
        word: format.word(),
        title: format.word(),
        base: Format::Ggml(format),
        fields: &[],
        is_printed: true,
    }
}

impl Family for GgmlFormat {
    const KIND: Kind = Kind {
        word: "ggml",
        title: "llama.cpp type",
        short: "",
        example: "q4_k",
        fields: &[Field {
            key: "type",
            role: Role::Detail,
            label: "type",
            domain: FieldDomain::Words(&WORDS),
            default: FieldDefault::Required,
            is_always_written: true,
            help: "A quantized tensor type of ggml.",
        }],
    };
    const SPELLINGS: &'static [Spelling] = &SPELLINGS;

    fn values(self) -> FieldValues {
        let place = Self::ALL.iter().position(|each| *each == self);
        field_values([place.map_or(FieldValue::Absent, FieldValue::Word)])
    }

    fn build(values: &FieldValues) -> Result<Self, FormatError> {
        match values[0] {
            FieldValue::Word(index) if index < Self::ALL.len() => Ok(Self::ALL[index]),
            other => Err(Self::KIND.refused(&Self::KIND.fields[0], other)),
        }
    }

    fn block_len(self) -> BlockLen {
        if self.is_super_block() {
            BlockLen::fixed(256)
        } else {
            BlockLen::fixed(32)
        }
    }

    fn operand(self) -> OperandWidths {
        let bits = self.code_bits();
        let kind = match self {
            Self::Mxfp4 => OperandKind::MinifloatBlock {
                exponent: 2,
                fraction: 1,
            },
            _ if self.has_minimum() => OperandKind::Unsigned { bits },
            _ => OperandKind::TwosComplement { bits },
        };
        let second_level = match self {
            Self::Q2_K => Some(second_level(16, 4, 4)),
            Self::Q3_K => Some(second_level(16, 6, 0)),
            Self::Q4_K | Self::Q5_K => Some(second_level(32, 6, 6)),
            Self::Q6_K => Some(second_level(16, 8, 0)),
            _ => None,
        };
        let (exponent, fraction) = match self {
            Self::Mxfp4 => (8, 0),
            Self::Q8_K => (8, 23),
            _ => (5, 10),
        };
        OperandWidths {
            zero_point_bits: if self.has_minimum() { 16 } else { 0 },
            second_level,
            ..OperandWidths::scaled(kind, exponent, fraction, self.block_len())
        }
    }

    fn block_bits(self) -> BlockBits {
        let code_bits = u64::from(self.code_bits());
        let values = self.block_values() as u64;
        BlockBits {
            padded_to: Some(values),
            ..BlockBits::plain(
                code_bits,
                self.block_bytes() as u64 * 8 - code_bits * values,
                self.block_len(),
            )
        }
    }

    fn arithmetic(self) -> Arithmetic {
        Arithmetic::Ggml(self)
    }
}

const fn second_level(block_len: u16, scale_bits: u8, minimum_bits: u8) -> SecondLevel {
    SecondLevel {
        block_len,
        scale_bits,
        minimum_bits,
        is_shift: false,
    }
}
