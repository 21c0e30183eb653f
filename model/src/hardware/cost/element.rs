//! A processing element: some units, how many of each, and how often they work for a group of products.

use crate::hardware::gates::{CellLibrary, Switched, Switching, Unit};
use crate::units::Area;

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
    /// True behind the integer accumulator, so that it works only when a block or the accumulator is full.
    pub is_stage: bool,
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

    pub(super) fn with(self, unit: Unit, count: f64, uses: f64) -> Self {
        self.and(Instance {
            unit,
            count,
            uses,
            is_stage: false,
        })
    }

    /// With a unit behind the integer accumulator, which several elements may share.
    pub(super) fn with_stage(self, unit: Unit, count: f64, uses: f64) -> Self {
        self.and(Instance {
            unit,
            count,
            uses,
            is_stage: true,
        })
    }

    fn and(mut self, instance: Instance) -> Self {
        let free = self.instances.iter().position(Option::is_none);
        self.instances[free.expect("no element has more kinds of units")] = Some(instance);
        self
    }

    /// Uses of the stage behind the integer accumulator for one group; 0 without one.
    pub(super) fn stage_uses(&self) -> f64 {
        let stages = self.instances().filter(|each| each.is_stage);
        stages.map(|each| each.uses).fold(0.0, f64::max)
    }

    /// Whole cycles between two uses of that stage by all elements that share it; many without one.
    pub(super) fn stage_gap(&self) -> f64 {
        let most = f64::from(u16::MAX);
        let stages = self.instances().filter(|each| each.is_stage);
        let gaps = stages.map(|each| (self.cycles * each.count / each.uses + 1e-9).floor());
        gaps.fold(most, f64::min).max(1.0)
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
                let area: Area = parts.iter().map(|part| cells.part_area(part)).sum();
                area * each.count
            })
            .sum()
    }

    /// Energy of its cells for one group of `lanes` products: before and in the integer accumulator, and in the stage
    /// behind it.
    pub fn switched(&self, cells: &CellLibrary, switching: Switching) -> [Switched; 2] {
        let mut energy = [Switched::ZERO; 2];
        for each in self.instances() {
            let place = &mut energy[usize::from(each.is_stage)];
            let one = cells.switched(&each.unit.parts(), switching);
            *place = place.and(one, each.uses_of_all());
        }
        energy
    }
}
