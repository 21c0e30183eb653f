//! Cycles of a product on the array: folds, fill and drain.

use crate::design::{Dataflow, Delivery};

/// Cycles of one product on a systolic array without stalls: SCALE-Sim's closed form.
///
/// With (r, c, t) = os (m, n, k), ws (k, n, m), is (k, m, n):
/// `(rows + columns + t - 2 [+ rows if ws or is]) x ceil(r / rows) x ceil(c / columns) - 1`
/// (SCALE-Sim v2 and v3, total cycles where memory never stalls).
pub fn systolic_cycles(dataflow: Dataflow, array: [u64; 2], product: [u64; 3]) -> u64 {
    let [rows, columns] = array;
    let [m, n, k] = product;
    let (r, c, t, load) = match dataflow {
        Dataflow::OutputStationary => (m, n, k, 0),
        Dataflow::WeightStationary => (k, n, m, rows),
        Dataflow::InputStationary => (k, m, n, rows),
    };
    let fold = rows + columns + t + load - 2;
    (fold * r.div_ceil(rows) * c.div_ceil(columns)).saturating_sub(1)
}

/// A product on an array of elements with lanes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Folding {
    pub(super) dataflow: Dataflow,
    pub(super) delivery: Delivery,
    pub(super) rows: f64,
    pub(super) columns: f64,
    /// Cycles of an element for one group of lanes.
    pub(super) cycles: f64,
    /// Registers that a clock put into the path: cycles before the first result.
    pub(super) fill: f64,
    /// Cycles in which alternating sums are added up when a fold ends.
    pub(super) drain: f64,
}

impl Folding {
    /// Cycles for m rows, n columns and `groups` groups of lanes along the reduction.
    ///
    /// The closed form with the reduction counted in groups; an element that needs several cycles for a group
    /// lengthens the stream. With broadcast delivery the array fills and drains once.
    pub(super) fn cycles(&self, m: f64, n: f64, groups: f64) -> f64 {
        let (r, c, t, load) = match self.dataflow {
            Dataflow::OutputStationary => (m, n, groups * self.cycles, 0.0),
            Dataflow::WeightStationary => (groups, n, m * self.cycles, self.rows),
            Dataflow::InputStationary => (groups, m, n * self.cycles, self.rows),
        };
        let folds = (r / self.rows).ceil() * (c / self.columns).ceil();
        let skew = self.rows + self.columns - 2.0 + load;
        match self.delivery {
            Delivery::Systolic => (skew + t + self.fill + self.drain) * folds - 1.0,
            Delivery::Broadcast => (t + self.drain) * folds + skew + self.fill,
        }
    }
}
