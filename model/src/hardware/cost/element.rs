//! A processing element: some units, how many of each, and how often they work for a group of products.

use crate::hardware::gates::{CellLibrary, Switching, Unit};
use crate::units::{Area, Energy};

/// Where a product runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Placement {
    /// On the processing array.
    Array,
    /// On a floating-point array beside it, since the array cannot take the formats.
    FloatArray,
    /// On the vector unit, in floating point, since the array cannot take the formats.
    VectorUnit,
}

/// Some units of one kind in an element, and how often they work.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Instance {
    /// What it is.
    pub unit: Unit,
    /// How many stand in an element; below 1 where elements share one.
    pub count: f64,
    /// Uses for one group of `lanes` products.
    pub uses: f64,
}

impl Instance {
    /// Uses of all of them for one group; a shared stage works for each element in turn: its energy is not shared.
    pub(super) fn uses_of_all(&self) -> f64 {
        self.uses * self.count.max(1.0)
    }
}

/// A processing element: `lanes` products summed in `cycles` cycles.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Element {
    instances: [Option<Instance>; Self::MOST],
    /// Cycles for one group of `lanes` products.
    pub cycles: f64,
}

impl Element {
    const MOST: usize = 6;

    pub(super) const fn new(cycles: f64) -> Self {
        Self {
            instances: [None; Self::MOST],
            cycles,
        }
    }

    pub(super) fn with(mut self, unit: Unit, count: f64, uses: f64) -> Self {
        let free = self.instances.iter().position(Option::is_none);
        self.instances[free.expect("no element has more kinds of units")] =
            Some(Instance { unit, count, uses });
        self
    }

    /// Its units.
    pub fn instances(&self) -> impl Iterator<Item = &Instance> {
        self.instances.iter().flatten()
    }

    /// Area of its cells.
    pub fn area(&self, cells: &CellLibrary) -> Area {
        self.instances()
            .map(|each| {
                let parts = each.unit.parts();
                let area: Area = parts.iter().map(|part| cells.area(&part.gates)).sum();
                area * each.count
            })
            .sum()
    }

    /// Energy of its cells for one group of `lanes` products.
    pub fn energy(&self, cells: &CellLibrary, switching: Switching) -> Energy {
        self.instances()
            .map(|each| {
                let parts = each.unit.parts();
                let energy: Energy = parts.iter().map(|part| cells.energy(part, switching)).sum();
                energy * each.uses_of_all()
            })
            .sum()
    }
}
