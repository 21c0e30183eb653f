//! One field of a number format as a parameter: what a slider over "mantissa bits of the weights" changes.

use super::{Domain, ParameterDescription, Value};
use crate::design::{FormatTable, SitePattern};
use crate::format::{BlockLen, FieldValue, Format, Role};
use crate::violation::Violation;
use crate::workload::Slot;

/// A whole format or one of its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FormatField {
    /// The format itself.
    Whole,
    /// Bits of an element: M of BFP (sign excluded), the width of integer, `MXInt` and `block_fp` elements (sign included).
    MantissaBits,
    /// Bits of the shared exponent.
    ExponentBits,
    /// Values that share a scale; 0 stands for the whole row.
    BlockLength,
    /// Rounding mode.
    Rounding,
    /// How the largest magnitude sets the scale.
    ScaleRule,
}

const SECTION: &str = "Number formats";

impl FormatField {
    /// All fields.
    pub const ALL: [Self; 6] = [
        Self::Whole,
        Self::MantissaBits,
        Self::ExponentBits,
        Self::BlockLength,
        Self::Rounding,
        Self::ScaleRule,
    ];

    /// Name in presets and on the command line.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Whole => "format",
            Self::MantissaBits => "mantissa_bits",
            Self::ExponentBits => "exponent_bits",
            Self::BlockLength => "block_length",
            Self::Rounding => "rounding",
            Self::ScaleRule => "scale_rule",
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Whole => "Format",
            Self::MantissaBits => "Mantissa bits",
            Self::ExponentBits => "Exponent bits",
            Self::BlockLength => "Block length",
            Self::Rounding => "Rounding",
            Self::ScaleRule => "Scale rule",
        }
    }

    /// Values it may take in some format; a given format may allow fewer.
    pub const fn domain(self) -> Domain {
        match self {
            Self::Whole => Domain::Format,
            Self::MantissaBits => Domain::Integer { least: 1, most: 24 },
            Self::ExponentBits => Domain::Integer { least: 1, most: 8 },
            Self::BlockLength => Domain::Integer {
                least: 0,
                most: BlockLen::LONGEST as u32,
            },
            Self::Rounding => Domain::ROUNDINGS,
            Self::ScaleRule => Domain::SCALE_RULES,
        }
    }

    pub(super) fn description(self, pattern: SitePattern) -> ParameterDescription {
        let help = match self {
            Self::Whole => "Number format of these sites.",
            Self::MantissaBits => {
                "Bits of one element: the magnitude of block floating point (leading one included, sign excluded), \
                 or the whole width of an integer element."
            }
            Self::ExponentBits => {
                "Bits of the exponent that a block shares; fewer narrow its range."
            }
            Self::BlockLength => {
                "Values along the reduction axis that share one scale; 0 is the whole row."
            }
            Self::Rounding => "How a value between two codes is brought to one of them.",
            Self::ScaleRule => "How the largest magnitude of a block sets its scale.",
        };
        ParameterDescription {
            label: format!("{}, {pattern}", self.label()),
            unit: match self {
                Self::MantissaBits | Self::ExponentBits => "bit",
                _ => "",
            },
            section: SECTION,
            help,
            domain: self.domain(),
        }
    }

    /// The shared meaning in the schema of formats; `None` for the whole format.
    const fn role(self) -> Option<Role> {
        match self {
            Self::Whole => None,
            Self::MantissaBits => Some(Role::ElementBits),
            Self::ExponentBits => Some(Role::ExponentBits),
            Self::BlockLength => Some(Role::BlockLength),
            Self::Rounding => Some(Role::Rounding),
            Self::ScaleRule => Some(Role::ScaleRule),
        }
    }

    /// The field of one format; `None` where the format has none.
    pub fn of(self, format: Format) -> Option<Value> {
        let Some(role) = self.role() else {
            return Some(Value::Format(format));
        };
        match format.field(role)? {
            FieldValue::Whole(value) => Some(Value::Number(f64::from(value))),
            FieldValue::Block(BlockLen::One) => Some(Value::Number(1.0)),
            FieldValue::Block(BlockLen::Fixed(values)) => {
                Some(Value::Number(f64::from(values.get())))
            }
            FieldValue::Block(BlockLen::Row) => Some(Value::Number(0.0)),
            FieldValue::Word(index) => Some(Value::Choice(index)),
            FieldValue::Flag(_) | FieldValue::Absent => None,
        }
    }

    /// A format with the field changed.
    ///
    /// # Errors
    /// A format without the field, or a value it does not allow.
    pub fn with(self, format: Format, value: Value) -> Result<Format, Violation> {
        let refuse = || Violation::new(self.key(), value, self.domain().to_string());
        if self.of(format).is_none() {
            return Err(Violation::new(
                self.key(),
                value,
                format!("nothing: {format} has no such field"),
            ));
        }
        if !self.domain().contains(value) {
            return Err(refuse());
        }
        let Some(role) = self.role() else {
            return match value {
                Value::Format(whole) => Ok(whole),
                _ => Err(refuse()),
            };
        };
        let field = match (self, value) {
            (Self::BlockLength, Value::Number(_)) => {
                let values = value.whole().and_then(|values| u16::try_from(values).ok());
                match values.ok_or_else(refuse)? {
                    0 => FieldValue::Block(BlockLen::Row),
                    values => FieldValue::Block(BlockLen::new(values).ok_or_else(refuse)?),
                }
            }
            (_, Value::Number(_)) => {
                let number = value.whole().and_then(|number| i32::try_from(number).ok());
                FieldValue::Whole(number.ok_or_else(refuse)?)
            }
            (_, Value::Choice(index)) => FieldValue::Word(index),
            (_, Value::Format(_)) => return Err(refuse()),
        };
        format
            .with_role(role, field)
            .map_err(|error| Violation::new(self.key(), value, error.to_string()))
    }

    /// The common value of the pattern's sites; `None` where they differ or have no such field.
    pub(super) fn get(self, table: &FormatTable, pattern: SitePattern) -> Option<Value> {
        let mut values = rows(table, pattern)
            .into_iter()
            .flat_map(|row| pattern.group.slots().map(move |slot| row[slot.index()]))
            .map(|format| self.of(format));
        let first = values.next()??;
        values.all(|value| value == Some(first)).then_some(first)
    }

    /// Changes the pattern's sites that have the field.
    pub(super) fn set(
        self,
        table: &mut FormatTable,
        pattern: SitePattern,
        value: Value,
    ) -> Result<(), Violation> {
        // Sites of a pattern share few formats: each is changed once.
        let mut changes: Vec<(Format, Format)> = Vec::new();
        for row in rows(table, pattern) {
            for format in pattern.group.slots().map(|slot| row[slot.index()]) {
                let is_known = changes.iter().any(|(before, _)| *before == format);
                if !is_known && self.of(format).is_some() {
                    changes.push((format, self.with(format, value)?));
                }
            }
        }
        if changes.is_empty() {
            return Err(Violation::new(
                format!("{} {pattern}", self.key()),
                value,
                "a format that has this field",
            ));
        }
        let change = |format: Format| {
            let known = changes.iter().find(|(before, _)| *before == format);
            known.map_or(format, |(_, after)| *after)
        };
        match pattern.layers {
            None => table.map(pattern.group, change),
            Some((first, last)) => {
                for layer in first..=last {
                    let mut row = *table.row(layer);
                    for slot in pattern.group.slots() {
                        row[slot.index()] = change(row[slot.index()]);
                    }
                    table.set_row(layer, row);
                }
            }
        }
        Ok(())
    }
}

/// Rows of the table that a pattern speaks of.
fn rows(table: &FormatTable, pattern: SitePattern) -> Vec<[Format; Slot::COUNT]> {
    match pattern.layers {
        None => table.rows().copied().collect(),
        Some((first, last)) => (first..=last).map(|layer| *table.row(layer)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_reads_back_what_was_set() {
        let format: Format = "bfp:m=4,e=8,b=32".parse().unwrap();
        for (field, value) in [
            (FormatField::MantissaBits, Value::Number(7.0)),
            (FormatField::ExponentBits, Value::Number(5.0)),
            (FormatField::BlockLength, Value::Number(0.0)),
            (FormatField::Rounding, Value::Choice(2)),
            (FormatField::ScaleRule, Value::Choice(1)),
        ] {
            let changed = field.with(format, value).unwrap();
            assert_eq!(field.of(changed), Some(value));
        }
    }

    #[test]
    fn widths_in_range_are_those_that_the_text_form_reads() {
        for text in [
            "bfp:m=4,e=8,b=32",
            "mxint:w=4,b=16",
            "int:w=4,g=128",
            "anda:m=6",
            "mx:w=4",
        ] {
            let format: Format = text.parse().unwrap();
            for bits in 1..=24 {
                match FormatField::MantissaBits.with(format, Value::Number(f64::from(bits))) {
                    Ok(changed) => assert_eq!(changed.to_string().parse(), Ok(changed)),
                    Err(error) => assert!(error.to_string().contains(" to "), "{error}"),
                }
            }
        }
    }

    #[test]
    fn a_value_out_of_range_is_refused_and_changes_nothing() {
        let mut table = FormatTable::uniform("bfp:m=4,e=8,b=32".parse().unwrap());
        let pattern: SitePattern = "weights".parse().unwrap();
        let before = table.clone();
        assert!(
            FormatField::MantissaBits
                .set(&mut table, pattern, Value::Number(0.0))
                .is_err()
        );
        assert!(
            FormatField::MantissaBits
                .set(&mut table, pattern, Value::Number(24.0))
                .is_err()
        );
        assert_eq!(table, before);
    }

    #[test]
    fn a_group_setting_leaves_formats_without_the_field_alone() {
        let mut table = FormatTable::uniform(Format::FP16);
        table.set(
            "weights".parse().unwrap(),
            "bfp:m=4,e=8,b=32".parse().unwrap(),
        );
        FormatField::MantissaBits
            .set(&mut table, "all".parse().unwrap(), Value::Number(6.0))
            .unwrap();
        assert_eq!(
            FormatField::MantissaBits.get(&table, "weights".parse().unwrap()),
            Some(Value::Number(6.0))
        );
        assert_eq!(
            FormatField::Whole.get(&table, "key".parse().unwrap()),
            Some(Value::Format(Format::FP16))
        );
    }
}
