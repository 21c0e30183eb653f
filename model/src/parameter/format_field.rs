//! One field of a number format as a parameter: what a slider over "mantissa bits of the weights" changes.

use super::{Domain, ParameterDescription, Value};
use crate::design::{FormatTable, SitePattern};
use crate::format::{BlockLen, Format, Rounding, ScaleRule};
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

    /// The field of one format; `None` where the format has none.
    pub fn of(self, format: Format) -> Option<Value> {
        let bits = |bits: u8| Some(Value::Number(f64::from(bits)));
        match self {
            Self::Whole => Some(Value::Format(format)),
            Self::MantissaBits => match format {
                Format::Bfp(format) => bits(format.mantissa_bits),
                Format::MxInt(format) => bits(format.width),
                Format::BlockFp(format) => bits(format.width),
                Format::Integer(format) => bits(format.bits),
                _ => None,
            },
            Self::ExponentBits => match format {
                Format::Bfp(format) => bits(format.exponent_bits),
                Format::MxInt(format) => bits(format.exponent_bits),
                Format::BlockFp(format) => bits(format.exponent_bits),
                _ => None,
            },
            Self::BlockLength => match format {
                Format::Bfp(_)
                | Format::Mx(_)
                | Format::MxInt(_)
                | Format::BlockFp(_)
                | Format::Integer(_) => match format.block_len() {
                    BlockLen::One => Some(Value::Number(1.0)),
                    BlockLen::Fixed(values) => Some(Value::Number(f64::from(values.get()))),
                    BlockLen::Row => Some(Value::Number(0.0)),
                },
                _ => None,
            },
            Self::Rounding => match format {
                Format::Float(_) | Format::Ggml(_) => None,
                _ => Rounding::ALL
                    .iter()
                    .position(|each| *each == format.rounding())
                    .map(Value::Choice),
            },
            Self::ScaleRule => match format {
                Format::Bfp(format) => Some(format.scale),
                Format::Mx(format) => Some(format.scale),
                _ => None,
            }
            .and_then(|rule| ScaleRule::ALL.iter().position(|each| *each == rule))
            .map(Value::Choice),
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
        let mut changed = format;
        match self {
            Self::Whole => {
                if let Value::Format(whole) = value {
                    changed = whole;
                }
            }
            Self::MantissaBits | Self::ExponentBits => {
                let bits = value
                    .whole()
                    .and_then(|bits| u8::try_from(bits).ok())
                    .ok_or_else(refuse)?;
                *self.bits_of(&mut changed).ok_or_else(refuse)? = bits;
            }
            Self::BlockLength => {
                let values = value
                    .whole()
                    .and_then(|values| u16::try_from(values).ok())
                    .ok_or_else(refuse)?;
                let length = if values == 0 {
                    BlockLen::Row
                } else {
                    BlockLen::new(values).ok_or_else(refuse)?
                };
                *block_len_of(&mut changed).ok_or_else(refuse)? = length;
            }
            Self::Rounding => {
                let rounding = value
                    .choice()
                    .and_then(|index| Rounding::ALL.get(index))
                    .ok_or_else(refuse)?;
                *rounding_of(&mut changed).ok_or_else(refuse)? = *rounding;
            }
            Self::ScaleRule => {
                let rule = value
                    .choice()
                    .and_then(|index| ScaleRule::ALL.get(index))
                    .ok_or_else(refuse)?;
                match &mut changed {
                    Format::Bfp(format) => format.scale = *rule,
                    Format::Mx(format) => format.scale = *rule,
                    _ => return Err(refuse()),
                }
            }
        }
        if self.is_in_range(changed) {
            return Ok(changed);
        }
        // The text form knows every range of every kind of format: what it does not read back is not allowed.
        match changed.to_string().parse::<Format>() {
            Ok(read) if read == changed => Ok(changed),
            Ok(_) => Err(refuse()),
            Err(error) => Err(Violation::new(self.key(), value, error.to_string())),
        }
    }

    /// Whether the field of a changed format is surely in the range of its kind, by the ranges of the text form: this
    /// saves searches, which change widths all the time, the way over the text.
    const fn is_in_range(self, changed: Format) -> bool {
        match (self, changed) {
            (Self::MantissaBits, Format::Bfp(format)) => {
                1 <= format.mantissa_bits && format.mantissa_bits <= 23
            }
            (Self::MantissaBits, Format::MxInt(format)) => 2 <= format.width && format.width <= 24,
            (Self::MantissaBits, Format::Integer(format)) => 2 <= format.bits && format.bits <= 16,
            _ => false,
        }
    }

    fn bits_of(self, format: &mut Format) -> Option<&mut u8> {
        match (format, self == Self::ExponentBits) {
            (Format::Bfp(format), true) => Some(&mut format.exponent_bits),
            (Format::MxInt(format), true) => Some(&mut format.exponent_bits),
            (Format::BlockFp(format), true) => Some(&mut format.exponent_bits),
            (Format::Bfp(format), false) => Some(&mut format.mantissa_bits),
            (Format::MxInt(format), false) => Some(&mut format.width),
            (Format::BlockFp(format), false) => Some(&mut format.width),
            (Format::Integer(format), false) => Some(&mut format.bits),
            _ => None,
        }
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

fn block_len_of(format: &mut Format) -> Option<&mut BlockLen> {
    match format {
        Format::Bfp(format) => Some(&mut format.block_len),
        Format::Mx(format) => Some(&mut format.block_len),
        Format::MxInt(format) => Some(&mut format.block_len),
        Format::BlockFp(format) => Some(&mut format.block_len),
        Format::Integer(format) => Some(&mut format.group_len),
        _ => None,
    }
}

fn rounding_of(format: &mut Format) -> Option<&mut Rounding> {
    match format {
        Format::Minifloat(format) => Some(&mut format.rounding),
        Format::Bfp(format) => Some(&mut format.rounding),
        Format::Mx(format) => Some(&mut format.rounding),
        Format::Nvfp4(format) => Some(&mut format.rounding),
        Format::MicroExponent(format) => Some(&mut format.rounding),
        Format::MxInt(format) => Some(&mut format.rounding),
        Format::BlockFp(format) => Some(&mut format.rounding),
        Format::Integer(format) => Some(&mut format.rounding),
        Format::Float(_) | Format::Ggml(_) => None,
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
        ] {
            let format: Format = text.parse().unwrap();
            for bits in 1..=24 {
                let mut changed = format;
                *FormatField::MantissaBits.bits_of(&mut changed).unwrap() = bits;
                let reads_back = changed.to_string().parse() == Ok(changed);
                assert_eq!(
                    FormatField::MantissaBits.is_in_range(changed),
                    reads_back,
                    "{changed}"
                );
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
