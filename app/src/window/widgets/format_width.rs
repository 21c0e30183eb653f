//! The one number of a format that is dragged most: the bits of an element.

use blockscape_model::format::{FieldDomain, Format, Role};
use blockscape_model::parameter::{FormatField, Value};

use crate::session::value_range::ValueRange;

/// Most bits a slider offers; wider ones can be typed.
const WIDEST: f64 = 16.0;

/// Name, value and slider range of the width of a format; `None` for formats that are fixed.
pub fn width_of(format: Format) -> Option<(&'static str, f64, ValueRange)> {
    let width = FormatField::MantissaBits.of(format)?.number()?;
    let (field, _) = format
        .fields()
        .find(|(field, _)| field.role == Role::ElementBits)?;
    let FieldDomain::Whole { least, most } = field.domain else {
        return None;
    };
    let range = ValueRange::Steps {
        min: f64::from(least),
        max: f64::from(most).min(WIDEST),
        step: 1.0,
    };
    Some((field.label, width, range))
}

/// The format with another width; unchanged where it has none or does not allow it.
pub fn with_width(format: Format, width: f64) -> Format {
    FormatField::MantissaBits
        .with(format, Value::Number(width.round()))
        .unwrap_or(format)
}
