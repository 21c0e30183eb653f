//! The values a parameter is explored over when nobody said which.

use blockscape_explorer::{Axis, Spread};
use blockscape_model::design::Design;
use blockscape_model::parameter::{Domain, FormatField, Parameter, Value};
use blockscape_model::workload::Workload;

/// An axis around the value a design has: a few values below and above it, or all choices.
pub fn usual_axis(parameter: Parameter, design: &Design, workload: &Workload) -> Axis {
    let description = parameter.description();
    let now = parameter.get(design, workload).and_then(Value::number);
    let values = match (parameter, description.domain) {
        (_, Domain::Choice(names)) => Spread::List(names.iter().map(ToString::to_string).collect()),
        (_, Domain::Format) => Spread::List(
            [
                "bfp:m=4,e=8,b=32",
                "bfp:m=6,e=8,b=32",
                "mxfp8-e4m3",
                "mxfp4",
                "fp16",
            ]
            .map(str::to_owned)
            .into(),
        ),
        (Parameter::Format(FormatField::MantissaBits, _), _) => Spread::Range {
            from: 4.0,
            to: 10.0,
            step: 1.0,
        },
        (Parameter::Format(FormatField::ExponentBits, _), _) => Spread::Range {
            from: 4.0,
            to: 8.0,
            step: 1.0,
        },
        (Parameter::Format(FormatField::BlockLength, _), _) => Spread::Log {
            from: 16.0,
            to: 256.0,
            factor: 2.0,
        },
        (Parameter::AccumulatorBits, _) => Spread::Range {
            from: 16.0,
            to: 48.0,
            step: 8.0,
        },
        (_, Domain::Integer { least, most }) => {
            let now = now.unwrap_or(16.0).max(f64::from(least)).max(1.0);
            let from = (0.25 * now).max(f64::from(least)).max(1.0).round();
            let to = (4.0 * now).min(f64::from(most)).round();
            Spread::Log {
                from,
                to,
                factor: 2.0,
            }
        }
        (_, Domain::Real { least, most }) => {
            let now = now.unwrap_or(0.5 * (least + most));
            let (from, to) = ((0.5 * now).max(least), (2.0 * now).min(most));
            Spread::Log {
                from,
                to,
                factor: 2_f64.sqrt(),
            }
        }
    };
    Axis { parameter, values }
}

/// A label short enough for a row: sites first, then the field.
pub fn short_label(parameter: Parameter) -> String {
    let Parameter::Format(field, pattern) = parameter else {
        return parameter.description().label;
    };
    let field = match field {
        FormatField::Whole => "format",
        FormatField::MantissaBits => "bits",
        FormatField::ExponentBits => "exponent",
        FormatField::BlockLength => "block",
        FormatField::Rounding => "rounding",
        FormatField::ScaleRule => "scale",
    };
    let sites = pattern
        .to_string()
        .replace(".activation", " in")
        .replace("linear.weight", "weights")
        .replace('_', " ");
    format!("{sites} {field}")
}

/// Parameters offered as axes: mantissa bits and block lengths of the usual groups, then all that are not formats.
pub fn axis_parameters() -> Vec<Parameter> {
    const FORMATS: [&str; 14] = [
        "mantissa_bits qkv.activation",
        "mantissa_bits o.activation",
        "mantissa_bits gate_up.activation",
        "mantissa_bits down.activation",
        "mantissa_bits linear.weight",
        "mantissa_bits key",
        "mantissa_bits value",
        "exponent_bits activations",
        "block_length activations",
        "block_length weights",
        "block_length kv",
        "format linear.weight",
        "format kv",
        "rounding activations",
    ];
    let formats = FORMATS.iter().filter_map(|text| text.parse().ok());
    formats.chain(Parameter::plain()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_plain_parameter_has_a_usual_axis_within_its_domain() {
        let session = crate::session::first::first_session();
        for parameter in Parameter::plain() {
            let axis = usual_axis(parameter, &session.design, &session.workload);
            assert!(
                axis.values().is_ok_and(|values| values.len() > 1),
                "{parameter}"
            );
        }
    }
}
