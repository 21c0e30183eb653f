//! Block formats that are data, as a kind of format.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use super::catalog;
use super::definition::{ChoiceStorage, Definition, Metadata};
use super::element::{Element, bits_for};
use super::level::{Extent, ScaleKind};
use super::prepared::Prepared;
use crate::format::arithmetic::Arithmetic;
use crate::format::family::{Family, field_values};
use crate::format::schema::{Field, FieldDefault, FieldValue, FieldValues, Kind, Spelling};
use crate::format::size::BlockBits;
use crate::format::{
    BlockLen, Format, FormatError, OperandKind, OperandWidths, Rounding, SecondLevel,
};

/// A block format by its definition.
#[derive(Debug, Clone, Copy)]
pub struct GeneralFormat(&'static Prepared);

impl PartialEq for GeneralFormat {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for GeneralFormat {}

impl Hash for GeneralFormat {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.fingerprint);
    }
}

impl PartialOrd for GeneralFormat {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for GeneralFormat {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |format: &Self| (&format.0.definition.name, format.0.fingerprint);
        key(self).cmp(&key(other))
    }
}

const FIELDS: &[Field] = &[
    Field {
        is_always_written: false,
        ..Field::block("b", FieldDefault::Derived)
    },
    Field {
        default: FieldDefault::Derived,
        ..Field::ROUNDING
    },
];

impl GeneralFormat {
    /// Word of the kind, which no text form has.
    pub(in crate::format) const WORD: &'static str = "general";

    pub(super) const fn of(prepared: &'static Prepared) -> Self {
        Self(prepared)
    }

    pub(crate) const fn prepared(self) -> &'static Prepared {
        self.0
    }

    /// The definition.
    pub fn definition(self) -> &'static Definition {
        &self.0.definition
    }

    /// The word that it is written with.
    pub(in crate::format) fn spelling(self) -> Spelling {
        let original = self.0.original.unwrap_or(self.0);
        let Definition { name, title, .. } = &original.definition;
        Spelling {
            word: name,
            title: if title.is_empty() { name } else { title },
            base: Format::General(Self(original)),
            fields: FIELDS,
            is_printed: true,
        }
    }

    /// The words of all definitions, in the order of menus.
    pub(in crate::format) fn spellings() -> Vec<Spelling> {
        let named = catalog::named();
        named
            .into_iter()
            .map(|each| Self(each).spelling())
            .collect()
    }

    /// Block length of the main scale where a text may change it.
    fn free_block(self) -> Option<BlockLen> {
        let levels = &self.0.definition.levels;
        let is_free = match levels.as_slice() {
            [_] => true,
            [outer, main] => {
                outer.block == Extent::Tensor && !matches!(main.kind, ScaleKind::Doubling { .. })
            }
            _ => false,
        };
        match self.0.main_level().block {
            Extent::Row if is_free => Some(BlockLen::Row),
            Extent::Values(values) if is_free => BlockLen::new(values),
            _ => None,
        }
    }

    fn element_kind(self) -> OperandKind {
        let first = &self.0.definition.candidates[0].element;
        let is_alone = self.0.candidates.len() == 1 && self.0.definition.metadata == Metadata::None;
        match first {
            Element::Minifloat { exponent, fraction } if is_alone => OperandKind::MinifloatBlock {
                exponent: *exponent,
                fraction: *fraction,
            },
            Element::Integer { bits, .. } if is_alone => {
                OperandKind::SignMagnitude { bits: bits - 1 }
            }
            _ => {
                let lists = self
                    .0
                    .candidates
                    .iter()
                    .map(|each| &each.list)
                    .chain(&self.0.fine);
                let bits = lists.map(|list| integer_bits(&list.values)).max();
                OperandKind::SignMagnitude {
                    bits: bits.unwrap_or(1),
                }
            }
        }
    }
}

/// Most magnitude bits that a decoded value is given: the significand of FP16.
const MOST_MAGNITUDE_BITS: u8 = 11;

/// Magnitude bits of whole numbers that stand for all these values.
fn integer_bits(values: &[f32]) -> u8 {
    let largest = values
        .iter()
        .fold(0.0_f32, |largest, value| largest.max(value.abs()));
    let fits = |bits: u8| {
        let unit = crate::format::power_of_two_f64(
            crate::format::floor_log2(largest.into()) + 1 - i32::from(bits),
        );
        values
            .iter()
            .all(|value| (f64::from(*value) / unit).fract().abs() <= 0.0)
    };
    (1..MOST_MAGNITUDE_BITS)
        .find(|bits| fits(*bits))
        .unwrap_or(MOST_MAGNITUDE_BITS)
}

impl Family for GeneralFormat {
    const KIND: Kind = Kind {
        word: Self::WORD,
        title: "Format as data",
        short: "",
        example: "nf4",
        fields: FIELDS,
    };

    fn values(self) -> FieldValues {
        let block = self
            .free_block()
            .map_or(FieldValue::Absent, FieldValue::Block);
        field_values([block, self.0.definition.rounding.value()])
    }

    fn build(_values: &FieldValues) -> Result<Self, FormatError> {
        Err(FormatError::UnknownKind {
            word: Self::KIND.word.to_owned(),
        })
    }

    fn rebuilt(self, values: &FieldValues) -> Result<Self, FormatError> {
        let original = self.0.original.unwrap_or(self.0);
        let mut definition = original.definition.clone();
        if let (FieldValue::Block(length), Some(_)) = (values[0], self.free_block()) {
            definition.levels[original.main].block = match length {
                BlockLen::Fixed(values) => Extent::Values(values.get()),
                BlockLen::One | BlockLen::Row => Extent::Row,
            };
        }
        let rounding = Rounding::of(values[1]);
        if rounding != definition.rounding {
            definition.rounding = rounding;
            for candidate in &mut definition.candidates {
                candidate.ties = None;
            }
        }
        if definition == original.definition {
            return Ok(Self(original));
        }
        let refused = |violation: crate::violation::Violation| FormatError::Value {
            kind: original.definition.name.clone(),
            key: violation.field,
            value: violation.value,
            allowed: violation.allowed,
        };
        definition.check().map_err(refused)?;
        catalog::instance(definition, Some(original))
            .map(Self)
            .map_err(refused)
    }

    fn block_len(self) -> BlockLen {
        self.0.definition.span()
    }

    fn operand(self) -> OperandWidths {
        let main = self.0.main_level();
        let (exponent, fraction) = match main.kind {
            ScaleKind::Fp32 => (8, 23),
            ScaleKind::Fp16 => (5, 10),
            ScaleKind::PowerOfTwo { bits } => (bits, 0),
            ScaleKind::Float { bits, fraction, .. } => {
                (bits.saturating_sub(fraction).max(1), fraction)
            }
            ScaleKind::Integer { bits } | ScaleKind::Significand { bits } => (1, bits - 1),
            ScaleKind::Doubling { .. } => (1, 0),
        };
        let doubling = self.0.definition.levels[self.0.main + 1..].last();
        let second = |block_len: u16, scale_bits: u32, is_shift: bool| SecondLevel {
            block_len,
            scale_bits: u8::try_from(scale_bits).unwrap_or(u8::MAX),
            minimum_bits: 0,
            is_shift,
        };
        let second_level = match (
            doubling.map(|level| level.block),
            &self.0.definition.metadata,
        ) {
            (Some(Extent::Values(values)), _) => Some(second(values, 1, true)),
            (_, Metadata::Ratios { block, values }) => {
                Some(second(*block, bits_for(values.len()), false))
            }
            _ => None,
        };
        OperandWidths {
            second_level,
            ..OperandWidths::scaled(
                self.element_kind(),
                exponent,
                fraction,
                main.block.along_row().unwrap_or(BlockLen::Row),
            )
        }
    }

    fn block_bits(self) -> BlockBits {
        let definition = &self.0.definition;
        let main = self
            .0
            .main_level()
            .block
            .along_row()
            .unwrap_or(BlockLen::Row);
        let mut element = u64::from(definition.candidates[0].element.bits());
        if matches!(definition.metadata, Metadata::Flags { .. }) {
            element += 1;
        }
        let mut bits = BlockBits::plain(element, 0, main);
        for level in &definition.levels {
            let of_scale = u64::from(level.kind.bits());
            match level.block {
                Extent::Tensor => bits.tensor += of_scale,
                Extent::Tile { rows, values } => bits.tile = Some((of_scale, rows, values)),
                Extent::Row => bits.add(of_scale, BlockLen::Row),
                Extent::Values(values) => {
                    bits.add(of_scale, BlockLen::new(values).unwrap_or(BlockLen::Row));
                }
            }
            if matches!(level.kind, ScaleKind::PowerOfTwo { bits } if bits < 8) {
                // the exponent that the others count down from
                bits.tensor += 8;
            }
        }
        if let ChoiceStorage::Bits(choice) = definition.choice {
            bits.add(choice.into(), main);
        }
        let sub_block = |block: u16| BlockLen::new(block).unwrap_or(BlockLen::Row);
        match &definition.metadata {
            Metadata::None | Metadata::Flags { .. } => {}
            Metadata::Ratios { block, values } => {
                bits.add(bits_for(values.len()).into(), sub_block(*block));
            }
            Metadata::TopFine {
                block,
                bits: of_sub,
                ..
            } => bits.add((*of_sub).into(), sub_block(*block)),
            Metadata::Maximum { bits: of_block } => bits.add((*of_block).into(), main),
        }
        if let (Some(outliers), BlockLen::Fixed(values)) = (definition.outliers, main) {
            let of_one = u64::from(outliers.bits) + u64::from(bits_for(values.get().into()));
            bits.add(u64::from(outliers.count) * of_one, main);
        }
        if let Some(book) = definition.row_codebook_bits() {
            bits.add(16 << book, BlockLen::Row);
        }
        bits
    }

    fn arithmetic(self) -> Arithmetic {
        Arithmetic::General(self)
    }
}
