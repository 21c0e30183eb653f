//! What elements, units and products come to, remembered between neighboring designs: an edit computes what it touches.

use super::datapath::Demand;
use super::prepared::Shared;
use super::product::Operation;
use super::result::ProductCost;
use super::timing::UnitTiming;
use crate::hardware::gates::{Switched, Unit};
use crate::hardware::technology::Technology;
use crate::units::Area;

/// Elements and units that were composed before and the products of the last design, for one technology.
///
/// Belongs to the cost model it was first used with. Answers are bit for bit those of composing anew, whatever was asked
/// before.
#[derive(Debug, Clone, Default)]
pub struct CostMemory {
    elements: Vec<(Demand, ComposedElement)>,
    units: Vec<(Unit, ComposedUnit)>,
    timings: Vec<(Unit, UnitTiming)>,
    pub(super) products: ProductMemory,
}

/// The products of the last walk, in its order.
#[derive(Debug, Clone, Default)]
pub(super) struct ProductMemory {
    shared: Option<Shared>,
    known: Vec<(Operation, ProductCost)>,
}

/// A walk beside the last one.
pub(super) struct BesideLast<'a> {
    known: &'a mut Vec<(Operation, ProductCost)>,
    next: usize,
}

impl ProductMemory {
    /// Begins a walk; what products share on other hardware is forgotten.
    pub(super) fn walk(&mut self, shared: &Shared) -> BesideLast<'_> {
        if self.shared.as_ref() != Some(shared) {
            self.known.clear();
            self.shared = Some(*shared);
        }
        BesideLast {
            known: &mut self.known,
            next: 0,
        }
    }
}

impl BesideLast<'_> {
    /// The cost of the walk's next product: the last walk's where it was the same, else computed anew.
    pub(super) fn cost(
        &mut self,
        operation: &Operation,
        anew: impl FnOnce() -> ProductCost,
    ) -> ProductCost {
        let place = self.next;
        self.next += 1;
        match self.known.get_mut(place) {
            Some((known, cost)) if known == operation => *cost,
            Some(other) => {
                let cost = anew();
                *other = (*operation, cost);
                cost
            }
            None => {
                let cost = anew();
                self.known.push((*operation, cost));
                cost
            }
        }
    }
}

/// A processing element before layout and voltage.
#[derive(Debug, Clone, Copy)]
pub(super) struct ComposedElement {
    /// Cycles of a group.
    pub(super) cycles: f64,
    /// Energy of a group: before and in the integer accumulator, and in the stage behind it.
    pub(super) energy: [Switched; 2],
    pub(super) area: Area,
    /// Uses of the stage behind the integer accumulator for a group.
    pub(super) stage_uses: f64,
    /// Whole cycles between two uses of that stage by all elements that share it.
    pub(super) stage_gap: f64,
}

/// A unit before layout and voltage.
#[derive(Debug, Clone, Copy)]
pub(super) struct ComposedUnit {
    pub(super) energy: Switched,
    pub(super) area: Area,
}

/// Most entries of a kind; a search over widths meets some dozen. Beyond, what was there is forgotten.
const MOST_REMEMBERED: usize = 64;

impl CostMemory {
    pub(super) fn element(&mut self, technology: &Technology, demand: Demand) -> ComposedElement {
        recall(&mut self.elements, &demand, || {
            let element = demand.element();
            ComposedElement {
                cycles: element.cycles,
                energy: element.switched(&technology.cells, technology.node.switching),
                area: element.area(&technology.cells),
                stage_uses: element.stage_uses(),
                stage_gap: element.stage_gap(),
            }
        })
    }

    pub(super) fn unit(&mut self, technology: &Technology, unit: &Unit) -> ComposedUnit {
        recall(&mut self.units, unit, || {
            let parts = unit.parts();
            let cells = &technology.cells;
            let switching = technology.node.switching;
            ComposedUnit {
                energy: cells.switched(&parts, switching),
                area: parts.iter().map(|part| cells.part_area(part)).sum(),
            }
        })
    }

    pub(super) fn unit_timing(&mut self, technology: &Technology, unit: &Unit) -> UnitTiming {
        let steps = &technology.cells.step_ps;
        recall(&mut self.timings, unit, || UnitTiming::of(unit, steps))
    }
}

/// The remembered value of a key, most recent ones first; composed and remembered if there is none.
fn recall<K: PartialEq + Clone, V: Copy>(
    known: &mut Vec<(K, V)>,
    key: &K,
    compose: impl FnOnce() -> V,
) -> V {
    if let Some((_, value)) = known.iter().rev().find(|(each, _)| each == key) {
        return *value;
    }
    if known.len() >= MOST_REMEMBERED {
        known.clear();
    }
    let value = compose();
    known.push((key.clone(), value));
    value
}
