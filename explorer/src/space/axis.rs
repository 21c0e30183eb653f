//! One parameter and the values it takes in a design space.
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "steps of a range are counted, at most 65,535"
)]

use blockscape_model::parameter::{Domain, Parameter, Value};
use blockscape_model::violation::Violation;
use serde::{Deserialize, Serialize};

use crate::space::lattice::AxisShape;

/// Most values of one axis.
pub const LONGEST_AXIS: usize = u16::MAX as usize;

/// One parameter and how its values are spread.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Axis {
    /// What varies: any parameter, formats of single layers included.
    pub parameter: Parameter,
    /// The values it takes.
    pub values: Spread,
}

/// How the values of an axis are spread.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Spread {
    /// From the first number in equal steps, the last included where a step meets it.
    Range {
        /// First value.
        from: f64,
        /// Bound of the values, not below `from`.
        to: f64,
        /// Distance of neighbors, above 0.
        step: f64,
    },
    /// From the first number by equal factors, the last included where a factor meets it.
    Log {
        /// First value, above 0.
        from: f64,
        /// Bound of the values, not below `from`.
        to: f64,
        /// Ratio of neighbors, above 1.
        factor: f64,
    },
    /// These values, as text: numbers, names or formats.
    List(Vec<String>),
}

impl Axis {
    /// Whole numbers from `from` to `to`.
    pub fn whole(parameter: Parameter, from: u32, to: u32) -> Self {
        Self {
            parameter,
            values: Spread::Range {
                from: f64::from(from),
                to: f64::from(to),
                step: 1.0,
            },
        }
    }

    /// All values in order.
    ///
    /// # Errors
    /// A spread without values, with too many, or with one outside the parameter's domain.
    pub fn values(&self) -> Result<Vec<Value>, Violation> {
        let values = match &self.values {
            Spread::Range { from, to, step } => self.range(*from, *to, *step)?,
            Spread::Log { from, to, factor } => self.log_range(*from, *to, *factor)?,
            Spread::List(texts) => {
                let value = |text: &String| self.parameter.value_from_text(text);
                texts.iter().map(value).collect::<Result<Vec<_>, _>>()?
            }
        };
        if values.is_empty() || values.len() > LONGEST_AXIS {
            return Err(self.refuse(
                format!("{} values", values.len()),
                format!("1 to {LONGEST_AXIS} values"),
            ));
        }
        let domain = self.parameter.domain();
        match values.iter().find(|&&value| !domain.contains(value)) {
            Some(&value) => {
                Err(self.refuse(self.parameter.value_to_text(value), domain.to_string()))
            }
            None => Ok(values),
        }
    }

    /// What strategies see of the axis.
    ///
    /// # Errors
    /// As [`Axis::values`].
    pub fn shape(&self) -> Result<AxisShape, Violation> {
        let len = self.values()?.len();
        Ok(AxisShape {
            len: u16::try_from(len).unwrap_or(u16::MAX),
            ordered: self.is_ordered(),
        })
    }

    /// Whether neighboring values are alike: numbers are, names and whole formats are not.
    pub fn is_ordered(&self) -> bool {
        matches!(
            self.parameter.domain(),
            Domain::Integer { .. } | Domain::Real { .. }
        )
    }

    fn range(&self, from: f64, to: f64, step: f64) -> Result<Vec<Value>, Violation> {
        let is_sound = from.is_finite() && to.is_finite() && step > 0.0 && from <= to;
        let n = ((to - from) / step * (1.0 + 1e-12) + 1e-9).floor();
        if !is_sound || n >= LONGEST_AXIS as f64 {
            return Err(self.refuse(
                format!("range from {from} to {to} by {step}"),
                format!("from <= to, step > 0, at most {LONGEST_AXIS} values"),
            ));
        }
        let value = |at: usize| Value::Number(tidy(from + at as f64 * step).min(to));
        Ok((0..=n as usize).map(value).collect())
    }

    fn log_range(&self, from: f64, to: f64, factor: f64) -> Result<Vec<Value>, Violation> {
        let is_sound = from >= f64::MIN_POSITIVE && to.is_finite() && factor > 1.0 && from <= to;
        // Counted before it is walked: whole numbers repeat, and a factor of almost 1 would never get there.
        let n = (to.ln() - from.ln()) / factor.ln();
        if !is_sound || n >= LONGEST_AXIS as f64 {
            return Err(self.refuse(
                format!("log range from {from} to {to} by {factor}"),
                format!("0 < from <= to, factor > 1, at most {LONGEST_AXIS} steps"),
            ));
        }
        let is_whole = matches!(self.parameter.domain(), Domain::Integer { .. });
        let mut values = Vec::new();
        let mut value = from;
        while value <= to * (1.0 + 1e-9) {
            let number = if is_whole {
                value.round()
            } else {
                value.min(to)
            };
            if values.last() != Some(&Value::Number(number)) {
                values.push(Value::Number(number));
            }
            value *= factor;
        }
        Ok(values)
    }

    fn refuse(&self, value: String, allowed: String) -> Violation {
        Violation::new(format!("axis {}", self.parameter), value, allowed)
    }
}

/// A value without the last digits, which sums of decimal steps get wrong: 100 + 3 x 33.3 is 199.9.
fn tidy(value: f64) -> f64 {
    format!("{value:.12e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(parameter: &str, values: Spread) -> Vec<f64> {
        let parameter = parameter.parse().expect("a parameter");
        let values = Axis { parameter, values }.values().expect("values");
        values.iter().filter_map(|value| value.number()).collect()
    }

    #[test]
    fn steps_are_the_decimal_numbers_that_were_meant() {
        let range = |from, to, step| Spread::Range { from, to, step };
        assert_eq!(
            values("clock_mhz", range(100.0, 200.0, 33.3)),
            [100.0, 133.3, 166.6, 199.9]
        );
        assert_eq!(
            values("voltage_v", range(0.6, 0.9, 0.1)),
            [0.6, 0.7, 0.8, 0.9]
        );
    }

    #[test]
    fn factors_give_whole_numbers_where_the_parameter_is_whole() {
        let log = |from, to, factor| Spread::Log { from, to, factor };
        assert_eq!(values("rows", log(8.0, 64.0, 2.0)), [8.0, 16.0, 32.0, 64.0]);
        assert_eq!(values("rows", log(1.0, 4.0, 1.2)), [1.0, 2.0, 3.0, 4.0]);
    }

    #[test]
    fn a_factor_that_never_gets_there_is_refused() {
        let parameter = "rows".parse().expect("a parameter");
        for (from, factor) in [(1.0, 1.0 + f64::EPSILON), (1.0, 1.00001), (5e-324, 1.2)] {
            let values = Spread::Log {
                from,
                to: 64.0,
                factor,
            };
            let told = Axis { parameter, values }.values().expect_err("refused");
            assert!(told.to_string().contains("at most 65535 steps"), "{told}");
        }
    }
}
