//! Where a number may lie, and how a slider's rail spreads it.

/// The values a control offers.
#[derive(Debug, Clone, PartialEq)]
pub enum ValueRange {
    /// From `min` to `max` in steps, evenly spread.
    Steps {
        /// Smallest value.
        min: f64,
        /// Largest value.
        max: f64,
        /// Distance of neighbors.
        step: f64,
    },
    /// Only these, in ascending order, evenly spread whatever their distance.
    List(Vec<f64>),
}

impl ValueRange {
    /// Position of a value on the rail, 0 to 1.
    pub fn position(&self, value: f64) -> f64 {
        match self {
            Self::Steps { min, max, .. } if max > min => {
                ((value - min) / (max - min)).clamp(0.0, 1.0)
            }
            Self::Steps { .. } => 0.0,
            Self::List(values) => {
                let last = as_f64(values.len().saturating_sub(1).max(1));
                let above = values.partition_point(|each| *each <= value);
                let Some(below) = above.checked_sub(1) else {
                    return 0.0;
                };
                let between = match values.get(above) {
                    Some(next) => (value - values[below]) / (next - values[below]),
                    None => 0.0,
                };
                (as_f64(below) + between) / last
            }
        }
    }

    /// The offered value nearest to a position on the rail.
    pub fn at(&self, position: f64) -> f64 {
        let position = position.clamp(0.0, 1.0);
        match self {
            Self::Steps { min, max, .. } => self.snapped(min + position * (max - min)),
            Self::List(values) => {
                let index = (position * as_f64(values.len().saturating_sub(1))).round();
                values.get(as_index(index)).copied().unwrap_or_default()
            }
        }
    }

    /// The value some steps away, stopping at the ends.
    pub fn stepped(&self, value: f64, n_steps: i32) -> f64 {
        match self {
            Self::Steps { step, .. } => self.snapped(value + f64::from(n_steps) * step),
            Self::List(values) => {
                let index = as_f64(nearest(values, value)) + f64::from(n_steps);
                let last = as_f64(values.len().saturating_sub(1));
                values
                    .get(as_index(index.clamp(0.0, last)))
                    .copied()
                    .unwrap_or(value)
            }
        }
    }

    /// Smallest and largest value.
    pub fn ends(&self) -> (f64, f64) {
        match self {
            Self::Steps { min, max, .. } => (*min, *max),
            Self::List(values) => (
                values.first().copied().unwrap_or_default(),
                values.last().copied().unwrap_or_default(),
            ),
        }
    }

    /// How many digits behind the point tell neighbors apart.
    pub fn decimals(&self) -> usize {
        let fits = |value: f64, decimals: usize| {
            let scaled = value * [1.0, 10.0, 100.0, 1000.0][decimals];
            (scaled - scaled.round()).abs() < 1e-6
        };
        let all_fit = |decimals| match self {
            Self::Steps { min, step, .. } => fits(*min, decimals) && fits(*step, decimals),
            Self::List(values) => values.iter().all(|value| fits(*value, decimals)),
        };
        (0..3).find(|decimals| all_fit(*decimals)).unwrap_or(3)
    }

    /// What is allowed, in words.
    pub fn describe(&self) -> String {
        match self {
            Self::Steps { min, max, step } if (*step - 1.0).abs() < 1e-9 => {
                format!("{min} to {max}")
            }
            Self::Steps { min, max, step } => format!("{min} to {max} in steps of {step}"),
            Self::List(values) => values
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", "),
        }
    }

    fn snapped(&self, value: f64) -> f64 {
        match self {
            Self::Steps { min, max, step } => {
                let n_steps = ((value - min) / step).round();
                let snapped = min + n_steps * step;
                // Sums of decimal steps carry binary dust that would show in the number field.
                let snapped = (snapped * 1e9).round() / 1e9;
                snapped.clamp(*min, *max)
            }
            Self::List(values) => values.get(nearest(values, value)).copied().unwrap_or(value),
        }
    }
}

fn nearest(values: &[f64], value: f64) -> usize {
    let distance = |index: &usize| (values[*index] - value).abs();
    (0..values.len())
        .min_by(|a, b| distance(a).total_cmp(&distance(b)))
        .unwrap_or_default()
}

fn as_f64(index: usize) -> f64 {
    f64::from(u32::try_from(index).unwrap_or(u32::MAX))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an index of a short list, rounded and not negative"
)]
fn as_index(position: f64) -> usize {
    position.max(0.0).round() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_spread_evenly_and_stepped_by_entry() {
        let range = ValueRange::List(vec![16.0, 32.0, 64.0, 128.0, 256.0]);
        assert!((range.position(64.0) - 0.5).abs() < 1e-12);
        assert!((range.at(0.74) - 128.0).abs() < 1e-12);
        assert!((range.stepped(64.0, 1) - 128.0).abs() < 1e-12);
        assert!((range.stepped(256.0, 5) - 256.0).abs() < 1e-12);
    }

    #[test]
    fn steps_snap_to_the_grid_and_stay_inside() {
        let range = ValueRange::Steps {
            min: 0.5,
            max: 1.2,
            step: 0.05,
        };
        assert!((range.at(0.51) - 0.85).abs() < 1e-12);
        assert!((range.stepped(1.2, 1) - 1.2).abs() < 1e-12);
        assert_eq!(range.decimals(), 2);
    }
}
