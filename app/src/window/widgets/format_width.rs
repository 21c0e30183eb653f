//! The one number of a format that is dragged most: the bits of an element.

use blockscape_model::format::{BlockLen, Format};
use blockscape_model::parameter::{FormatField, Value};

use crate::session::value_range::ValueRange;

/// Most bits a slider offers; wider ones can be typed.
const WIDEST: f64 = 16.0;

/// What the width of a format is called, and its range; `None` for formats that are fixed.
pub fn width_of(format: Format) -> Option<(&'static str, f64, ValueRange)> {
    let width = FormatField::MantissaBits.of(format)?.number()?;
    let (name, min) = match format {
        Format::Bfp(_) => ("mantissa bits", 1.0),
        _ => ("element bits", 2.0),
    };
    Some((
        name,
        width,
        ValueRange::Steps {
            min,
            max: WIDEST,
            step: 1.0,
        },
    ))
}

/// The format with another width; unchanged where it has none or does not allow it.
pub fn with_width(format: Format, width: f64) -> Format {
    FormatField::MantissaBits
        .with(format, Value::Number(width.round()))
        .unwrap_or(format)
}

/// The block length of a format, if it can be chosen.
pub fn block_len_mut(format: &mut Format) -> Option<&mut BlockLen> {
    match format {
        Format::Bfp(bfp) => Some(&mut bfp.block_len),
        Format::Mx(mx) => Some(&mut mx.block_len),
        Format::MxInt(mx_int) => Some(&mut mx_int.block_len),
        Format::BlockFp(block) => Some(&mut block.block_len),
        Format::Integer(integer) => Some(&mut integer.group_len),
        _ => None,
    }
}
