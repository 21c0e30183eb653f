//! Bidirectional block floating point: a flag an element says which of two steps it counts in.
//!
//! BBFP (Han et al., DAC 2025): the shared exponent is the maximum's less `m - o`; values beyond it take a step `2^(m - o)` as large.
//! Its arithmetic is data, made from the three fields.

use crate::format::arithmetic::Arithmetic;
use crate::format::family::{Family, field_values};
use crate::format::general::{
    Candidate, ChoiceStorage, Criterion, Definition, Element, Extent, Metadata, ScaleKind,
    ScaleLevel, Statistic, intern,
};
use crate::format::schema::{
    Field, FieldDefault, FieldDomain, FieldValue, FieldValues, Kind, Role,
};
use crate::format::size::BlockBits;
use crate::format::{
    BlockLen, FormatError, GeneralFormat, OperandWidths, Rounding, ScaleRule, power_of_two,
};

/// Values that share an exponent in the publication.
const USUAL_BLOCK: BlockLen = BlockLen::fixed(32);

/// Bidirectional block floating point with m magnitude bits, o of them common to both steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BbfpFormat(GeneralFormat);

impl Family for BbfpFormat {
    const KIND: Kind = Kind {
        word: "bbfp",
        title: "Bidirectional block floating point",
        short: "bb",
        example: "bbfp:m=4,o=2,b=32",
        fields: &[
            Field::bits(
                "m",
                Role::ElementBits,
                "mantissa bits",
                2,
                12,
                "Magnitude bits of one element, the sign and the flag excluded.",
            ),
            Field {
                key: "o",
                role: Role::Detail,
                label: "overlap bits",
                domain: FieldDomain::Whole { least: 1, most: 11 },
                default: FieldDefault::Required,
                is_always_written: true,
                help: "Bits common to both steps, fewer than the magnitude bits.",
            },
            Field::block("b", FieldDefault::Value(FieldValue::Block(USUAL_BLOCK))),
            Field::ROUNDING,
        ],
    };

    fn values(self) -> FieldValues {
        let definition = self.0.definition();
        let (magnitude, shift) = match (&definition.candidates[0].element, &definition.metadata) {
            (Element::Integer { bits, .. }, Metadata::Flags { shift }) => (bits - 1, *shift),
            _ => (0, 0),
        };
        field_values([
            FieldValue::Whole(magnitude.into()),
            FieldValue::Whole(i32::from(magnitude) - i32::from(shift)),
            FieldValue::Block(self.0.block_len()),
            definition.rounding.value(),
        ])
    }

    fn build(values: &FieldValues) -> Result<Self, FormatError> {
        let (magnitude, overlap) = (values[0].bits(), values[1].bits());
        if overlap >= magnitude {
            return Err(FormatError::Value {
                kind: Self::KIND.word.to_owned(),
                key: "o".to_owned(),
                value: overlap.to_string(),
                allowed: format!("1 to {}, below m", magnitude.saturating_sub(1)),
            });
        }
        let shift = magnitude - overlap;
        let level = ScaleLevel {
            block: match values[2].block_len() {
                BlockLen::Fixed(values) => Extent::Values(values.get()),
                BlockLen::One | BlockLen::Row => Extent::Row,
            },
            kind: ScaleKind::PowerOfTwo { bits: 8 },
            // the finer step is 2^(exponent - (m - o) - (m - 1))
            target: Some(power_of_two(i32::from(shift) + i32::from(magnitude) - 1)),
            rule: ScaleRule::Floor,
            statistic: Statistic::Maximum,
            least: None,
            most: None,
            least_maximum: None,
            lower_below: None,
            search: Vec::new(),
        };
        let definition = Definition {
            name: Self::KIND.word.to_owned(),
            title: Self::KIND.title.to_owned(),
            help: String::new(),
            source: String::new(),
            levels: vec![level],
            candidates: vec![Candidate {
                element: Element::Integer {
                    bits: magnitude + 1,
                    unit: 1.0,
                },
                target: None,
                ties: None,
            }],
            choice: ChoiceStorage::Free,
            criterion: Criterion::SquaredError,
            metadata: Metadata::Flags { shift },
            outliers: None,
            rounding: Rounding::of(values[3]),
        };
        intern(definition)
            .map(Self)
            .map_err(|violation| FormatError::Value {
                kind: Self::KIND.word.to_owned(),
                key: violation.field,
                value: violation.value,
                allowed: violation.allowed,
            })
    }

    fn block_len(self) -> BlockLen {
        self.0.block_len()
    }

    fn operand(self) -> OperandWidths {
        self.0.operand()
    }

    fn block_bits(self) -> BlockBits {
        self.0.block_bits()
    }

    fn arithmetic(self) -> Arithmetic {
        Arithmetic::General(self.0)
    }
}
