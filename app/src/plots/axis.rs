//! One axis: linear or logarithmic scale, its ticks and how its numbers are written.
//!
//! The plot works in scaled coordinates (`log10` of the value on a logarithmic axis); only this file converts.

use egui_plot::{GridInput, GridMark};
use serde::{Deserialize, Serialize};

pub use super::written::{number, prefixed_unit, significant, written_unit};

/// Spacing of the faintest grid line in points; `egui_plot` reports steps in units of it.
pub(crate) const FINEST_GRID: f32 = 5.0;
/// Grid lines this far apart, or marked as major, are drawn at full strength.
pub(crate) const FULL_GRID: f32 = 60.0;
/// Step given to major marks, in units of the finest grid, so that they always pass `egui_plot`'s spacing tests.
const MAJOR: f64 = 400.0;
/// Step given to minor marks.
const MINOR: f64 = 2.2;

/// How values are laid out along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    /// Proportional.
    #[default]
    Linear,
    /// By powers of ten; values that are not positive have no place.
    Log,
}

impl Scale {
    /// Where a value lies, in scaled coordinates; NaN when it has no place.
    pub fn coordinate(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::Log if value > 0.0 => value.log10(),
            Self::Log => f64::NAN,
        }
    }

    /// The value at a scaled coordinate.
    pub fn value(self, coordinate: f64) -> f64 {
        match self {
            Self::Linear => coordinate,
            Self::Log => 10_f64.powf(coordinate),
        }
    }
}

/// An axis of a chart: what it shows and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// What is measured, in sentence case.
    pub label: String,
    /// Its unit; empty for plain numbers.
    pub unit: String,
    /// Linear or logarithmic.
    pub scale: Scale,
    /// The only values there are, with their names; empty where every number is one.
    pub marks: Vec<(f64, String)>,
    /// What values are multiplied by to be written in the unit: 1 unless the unit has a prefix.
    pub factor: f64,
}

impl Axis {
    /// An axis from its words.
    pub fn new(label: impl Into<String>, unit: impl Into<String>, scale: Scale) -> Self {
        Self {
            label: label.into(),
            unit: unit.into(),
            scale,
            marks: Vec::new(),
            factor: 1.0,
        }
    }

    /// With ticks at these values alone.
    #[must_use]
    pub fn with_marks(self, marks: Vec<(f64, String)>) -> Self {
        Self { marks, ..self }
    }

    /// With the SI prefix that suits values up to `most`, where the unit takes one.
    #[must_use]
    pub fn prefixed(&self, most: f64) -> Self {
        let (factor, unit) = prefixed_unit(most, &self.unit);
        Self {
            unit,
            factor,
            ..self.clone()
        }
    }

    /// "Area (mm²)".
    pub fn title(&self) -> String {
        if self.unit.is_empty() {
            self.label.clone()
        } else {
            format!("{} ({})", self.label, self.unit)
        }
    }
}

/// A mark on an axis, in scaled coordinates.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// Scaled coordinate.
    pub coordinate: f64,
    /// Text; empty for a minor mark.
    pub label: String,
}

/// Marks for an axis over a span of scaled coordinates, written in its unit; see [`ticks`].
pub fn marks_of(axis: &Axis, span: (f64, f64), room: f64) -> Vec<Tick> {
    // A prefix moves the decimal point alone, so ticks stay where they are.
    let shift = axis.factor.log10();
    let written = |coordinate: f64| match axis.scale {
        Scale::Linear => coordinate * axis.factor,
        Scale::Log => coordinate + shift,
    };
    let placed = |coordinate: f64| match axis.scale {
        Scale::Linear => coordinate / axis.factor,
        Scale::Log => coordinate - shift,
    };
    let span = (written(span.0), written(span.1));
    let mut marks = ticks(axis.scale, span, room);
    for mark in &mut marks {
        mark.coordinate = placed(mark.coordinate);
    }
    marks
}

/// Marks for a span of scaled coordinates.
///
/// `room` is the number of labels that fit side by side. Linear steps are 1, 2 or 5 times a power of ten; a logarithmic axis
/// labels decades, then 2 and 5 inside them, and goes back to even steps of the value when it shows less than that.
pub fn ticks(scale: Scale, span: (f64, f64), room: f64) -> Vec<Tick> {
    let (low, high) = span;
    let usable = low.is_finite() && high.is_finite() && high > low;
    if !usable || room < 1.0 {
        return Vec::new();
    }
    match scale {
        Scale::Linear => linear_ticks(low, high, room, Scale::Linear),
        Scale::Log if high - low > MOST_DECADES => Vec::new(),
        Scale::Log => log_ticks(low, high, room),
    }
}

/// No quantity spans more decades than a double does.
const MOST_DECADES: f64 = 640.0;

/// Even steps of the value; `low` and `high` are values.
fn linear_ticks(low: f64, high: f64, room: f64, placed_on: Scale) -> Vec<Tick> {
    let step = nice_step((high - low) / room);
    let n_minor = if first_digit(step) == 2 { 4 } else { 5 };
    let decimals = decimals_of(step);
    let fine = step / f64::from(n_minor);
    let first = (low / fine).ceil();
    let n_marks = ((high - low) / fine).floor();
    if n_marks > 2000.0 || first.abs() > MOST_EXACT {
        return Vec::new(); // the span is below the resolution of its own values
    }
    let mark = |i: u32| {
        let index = first + f64::from(i);
        let major = index.rem_euclid(f64::from(n_minor)) == 0.0;
        let value = index * fine;
        let label = if major {
            number(value, decimals)
        } else {
            String::new()
        };
        Tick {
            coordinate: placed_on.coordinate(value),
            label,
        }
    };
    let beyond = high + fine * 1e-6;
    (0..=n_marks as u32 + 1)
        .filter(|&i| (first + f64::from(i)) * fine <= beyond)
        .map(mark)
        .collect()
}

/// Whole numbers above this are not all distinct as floats.
const MOST_EXACT: f64 = 9e15;

/// Labels a decade must have room for so that 2 and 5 stand clear of its ends: the inverse of `log10(2)`.
const ROOM_FOR_2_AND_5: f64 = 3.4;

/// Decades with 2 and 5 where there is room; `low` and `high` are exponents.
fn log_ticks(low: f64, high: f64, room: f64) -> Vec<Tick> {
    let per_decade = room / (high - low);
    let n_labels_of_125 = count_between(low, high, &[1, 2, 5]);
    if n_labels_of_125 < 3 || (per_decade > 14.0 && high - low < 1.2) {
        return linear_ticks(
            10_f64.powf(low),
            10_f64.powf(high),
            (room * 0.85).max(2.0),
            Scale::Log,
        );
    }
    let every = (1.0 / per_decade).ceil().max(1.0);
    let labelled: &[u8] = if per_decade >= ROOM_FOR_2_AND_5 {
        &[1, 2, 5]
    } else {
        &[1]
    };
    let mut marks = Vec::new();
    let mut decade = low.floor();
    while decade <= high {
        for digit in 1..=9_u8 {
            let coordinate = decade + f64::from(digit).log10();
            if coordinate < low || coordinate > high || (digit > 1 && per_decade < 1.0) {
                continue;
            }
            let on_stride = digit > 1 || decade.rem_euclid(every) == 0.0;
            let label = if labelled.contains(&digit) && on_stride {
                let value = f64::from(digit) * 10_f64.powf(decade);
                number(value, decimals_of(value))
            } else {
                String::new()
            };
            marks.push(Tick { coordinate, label });
        }
        decade += 1.0;
    }
    marks
}

/// How many of the digits times powers of ten fall into a span of exponents; stops counting at three.
fn count_between(low: f64, high: f64, digits: &[u8]) -> usize {
    let mut n = 0;
    let mut decade = low.floor();
    while decade <= high && n < 3 {
        n += digits
            .iter()
            .filter(|&&d| (low..=high).contains(&(decade + f64::from(d).log10())))
            .count();
        decade += 1.0;
    }
    n
}

/// The smallest of 1, 2, 5 times a power of ten that is not below `least`.
fn nice_step(least: f64) -> f64 {
    let magnitude = 10_f64.powf(least.log10().floor());
    let factor = [1.0, 2.0, 5.0]
        .into_iter()
        .find(|f| f * magnitude >= least * (1.0 - 1e-9))
        .unwrap_or(10.0);
    factor * magnitude
}

/// Leading decimal digit of a step that is 1, 2 or 5 times a power of ten.
fn first_digit(step: f64) -> u8 {
    let exponent = (step.log10() + 1e-9).floor();
    match step / 10_f64.powf(exponent) {
        digit if digit < 1.5 => 1,
        digit if digit < 3.5 => 2,
        _ => 5,
    }
}

/// Decimals that write a step without loss.
fn decimals_of(step: f64) -> usize {
    let exponent = (step.abs().log10() + 1e-9).floor();
    if exponent >= 0.0 {
        0
    } else {
        (-exponent).min(12.0) as usize
    }
}

/// The marks in the form `egui_plot` wants; `label_room` is the least distance of two labels in points.
pub(crate) fn grid_marks(
    axis: &Axis,
    input: &GridInput,
    label_room: f32,
) -> Vec<(GridMark, String)> {
    let (low, high) = input.bounds;
    let length = (high - low) / input.base_step_size * f64::from(FINEST_GRID);
    let room = length / f64::from(label_room);
    marks_of(axis, input.bounds, room)
        .into_iter()
        .map(|tick| {
            let strength = if tick.label.is_empty() { MINOR } else { MAJOR };
            let mark = GridMark {
                value: tick.coordinate,
                step_size: input.base_step_size * strength,
            };
            (mark, tick.label)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_of_small_energies_takes_a_prefix_and_keeps_its_ticks() {
        let axis = Axis::new("Energy", "J", Scale::Linear).prefixed(5.6e-4);
        assert_eq!(axis.title(), "Energy (µJ)");
        let marks = marks_of(&axis, (4.8e-4, 5.6e-4), 4.0);
        let labelled: Vec<_> = marks.iter().filter(|mark| !mark.label.is_empty()).collect();
        assert!(labelled.iter().any(|mark| mark.label == "500"));
        assert!(
            labelled
                .iter()
                .all(|mark| (4.8e-4..=5.6001e-4).contains(&mark.coordinate))
        );
        let (factor, unit) = prefixed_unit(0.034, "mJ");
        assert!(
            (factor - 1e3).abs() < 1e-6 && unit == "µJ",
            "{factor} {unit}"
        );
        assert_eq!(prefixed_unit(0.034, "mm²"), (1.0, "mm²".to_owned()));
    }

    fn labels(scale: Scale, low: f64, high: f64, room: f64) -> Vec<String> {
        ticks(scale, (low, high), room)
            .into_iter()
            .map(|tick| tick.label)
            .filter(|label| !label.is_empty())
            .collect()
    }

    #[test]
    fn linear_steps_are_one_two_or_five() {
        assert_eq!(
            labels(Scale::Linear, 4.0, 16.0, 7.0),
            ["4", "6", "8", "10", "12", "14", "16"]
        );
        assert_eq!(
            labels(Scale::Linear, 0.0, 1.0, 5.0),
            ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
        );
        assert_eq!(
            labels(Scale::Linear, -0.012, 0.011, 5.0),
            ["-0.010", "-0.005", "0.000", "0.005", "0.010"]
        );
        assert_eq!(
            labels(Scale::Linear, 5.4e5, 2.1e6, 4.0),
            ["1M", "1.5M", "2M"]
        );
    }

    #[test]
    fn a_logarithmic_axis_labels_its_decades() {
        assert_eq!(
            labels(Scale::Log, -2.2, 3.1, 8.0),
            ["0.01", "0.1", "1", "10", "100", "1000"]
        );
        assert_eq!(labels(Scale::Log, 0.0, 6.0, 3.0), ["1", "100", "10k", "1M"]);
    }

    #[test]
    fn a_short_logarithmic_axis_labels_two_and_five_or_even_steps() {
        assert_eq!(
            labels(Scale::Log, -0.1, 2.05, 12.0),
            ["1", "2", "5", "10", "20", "50", "100"]
        );
        assert_eq!(
            labels(Scale::Log, 5.4_f64.log10(), 6.3_f64.log10(), 8.0),
            ["5.4", "5.6", "5.8", "6.0", "6.2"]
        );
    }

    #[test]
    fn minor_marks_divide_a_decade_in_nine() {
        let marks = ticks(Scale::Log, (0.0, 2.0), 4.0);
        assert_eq!(marks.len(), 19);
    }

    #[test]
    fn no_span_asks_for_endless_marks() {
        for span in [
            (0.0, 0.0),
            (f64::NAN, 1.0),
            (1.0, 1.0 + f64::EPSILON),
            (-1e300, 1e300),
            (0.0, f64::INFINITY),
        ] {
            for scale in [Scale::Linear, Scale::Log] {
                assert!(ticks(scale, span, 10.0).len() < 2500, "{span:?}");
            }
        }
    }

    #[test]
    fn numbers_keep_their_digits() {
        assert_eq!(significant(5.6234, 4), "5.623");
        assert_eq!(significant(0.021_345, 3), "0.0213");
        assert_eq!(significant(412_345.0, 3), "412k");
        assert_eq!(significant(f64::NAN, 3), "\u{2013}");
        assert_eq!(number(2e-5, 5), "2e-5");
        assert_eq!(number(4.85e-4, 6), "4.85e-4");
        assert_eq!(number(4.80e-4, 6), "4.80e-4");
    }
}
