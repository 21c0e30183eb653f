//! Data, view and geometry of the parallel axes.

use egui::Rect;
use serde::{Deserialize, Serialize};

use crate::plots::axis::Axis;

/// What the plot shows.
pub struct CoordinatesData<'a> {
    /// Quantities from left to right.
    pub axes: &'a [Axis],
    /// Designs.
    pub n_designs: usize,
    /// Value of (design, axis); NaN where there is none.
    pub value: &'a dyn Fn(usize, usize) -> f64,
    /// Whether a design is on the front.
    pub on_front: &'a dyn Fn(usize) -> bool,
    /// The edited design, by axis.
    pub current: Option<&'a [f64]>,
}

impl std::fmt::Debug for CoordinatesData<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("CoordinatesData")
            .field("n_designs", &self.n_designs)
            .finish_non_exhaustive()
    }
}

/// Kept range of one axis, in its own unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Brush {
    /// Title of the axis.
    pub axis: String,
    /// Smallest value kept.
    pub low: f64,
    /// Largest value kept.
    pub high: f64,
}

/// How it is looked at.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CoordinatesView {
    /// Kept ranges.
    pub brushes: Vec<Brush>,
}

/// What the user asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CoordinatesAction {
    /// Make this design the edited one.
    Load(usize),
    /// The kept ranges changed; they are in the view.
    Brush,
}

/// Axes, their spans and where they stand.
pub(super) struct Columns<'a> {
    pub(super) axes: &'a [Axis],
    pub(super) spans: Vec<(f64, f64)>,
    pub(super) area: Rect,
}

impl Columns<'_> {
    pub(super) fn x(&self, column: usize) -> f32 {
        let share = if self.axes.len() > 1 {
            column as f32 / (self.axes.len() - 1) as f32
        } else {
            0.5
        };
        self.area.left() + self.area.width() * share
    }

    pub(super) fn y(&self, column: usize, value: f64) -> f32 {
        let (low, high) = self.spans[column];
        let coordinate = self.axes[column].scale.coordinate(value);
        let share = if high > low {
            (coordinate - low) / (high - low)
        } else {
            0.5
        };
        self.area.bottom() - self.area.height() * share as f32
    }

    pub(super) fn value(&self, column: usize, y: f32) -> f64 {
        let (low, high) = self.spans[column];
        let share = f64::from((self.area.bottom() - y) / self.area.height()).clamp(0.0, 1.0);
        self.axes[column].scale.value(low + (high - low) * share)
    }
}

pub(super) fn kept(view: &CoordinatesView, axes: &[Axis], value: &dyn Fn(usize) -> f64) -> bool {
    view.brushes.iter().all(|brush| {
        let column = axes.iter().position(|axis| axis.title() == brush.axis);
        column.is_none_or(|column| (brush.low..=brush.high).contains(&value(column)))
    })
}
