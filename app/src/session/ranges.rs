//! What the sliders offer of each parameter: usual values; any allowed one can be typed.

use blockscape_model::parameter::{Domain, FormatField, Parameter};

use crate::session::value_range::ValueRange;

/// Block lengths that are offered.
pub const BLOCK_LENGTHS: [f64; 9] = [8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 2048.0];

/// The values a slider offers.
pub fn slider_range(parameter: Parameter) -> ValueRange {
    let steps = |min: f64, max: f64, step: f64| ValueRange::Steps { min, max, step };
    match parameter {
        Parameter::Clock => steps(25.0, 2500.0, 5.0),
        Parameter::Voltage => steps(0.5, 1.2, 0.01),
        Parameter::AccumulatorBits => steps(8.0, 64.0, 1.0),
        Parameter::InitialTokens | Parameter::LocalTokens => from_zero(2048),
        Parameter::OutputBuffer => from_zero(65536),
        Parameter::PrefillTokens | Parameter::ContextTokens => powers_of_two(16, 131_072),
        Parameter::Format(FormatField::BlockLength, _) => ValueRange::List(BLOCK_LENGTHS.to_vec()),
        Parameter::Format(FormatField::MantissaBits, _) => steps(1.0, 16.0, 1.0),
        _ => match parameter.description().domain {
            Domain::Integer { least, most } if most > 64 => powers_of_two(least.max(1), most),
            Domain::Integer { least, most } => steps(f64::from(least), f64::from(most), 1.0),
            Domain::Real { least, most } => steps(least, most, (most - least) / 100.0),
            Domain::Choice(_) | Domain::Format => steps(0.0, 0.0, 1.0),
        },
    }
}

fn powers_of_two(least: u32, most: u32) -> ValueRange {
    let powers = (0..32).map(|exponent| 1_u32 << exponent);
    ValueRange::List(
        powers
            .filter(|power| (least..=most).contains(power))
            .map(f64::from)
            .collect(),
    )
}

fn from_zero(most: u32) -> ValueRange {
    match powers_of_two(4, most) {
        ValueRange::List(mut values) => {
            values.insert(0, 0.0);
            ValueRange::List(values)
        }
        steps @ ValueRange::Steps { .. } => steps,
    }
}
