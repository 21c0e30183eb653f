//! How often buffers are read and written for one product.

use super::tiling::{Operands, Traffic};
use crate::design::Dataflow;

/// Bits through the ports of each buffer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Accesses {
    pub(super) activation_read: f64,
    pub(super) activation_written: f64,
    pub(super) weight_read: f64,
    pub(super) weight_written: f64,
    pub(super) output_read: f64,
    pub(super) output_written: f64,
}

impl Accesses {
    /// Cycles of the busiest buffer whose ports pass `bits` a cycle.
    pub(super) fn port_cycles(&self, bits: f64) -> f64 {
        let activation = self.activation_read + self.activation_written;
        let weight = self.weight_read + self.weight_written;
        let output = self.output_read + self.output_written;
        activation.max(weight).max(output) / bits
    }
}

/// Accesses of a product: what the array asks for, and what comes from and goes to external memory.
///
/// An operand is read once for each fold along the other operand's edge; the stationary one once. Partial sums that
/// do not stay in the elements are written and read back for each fold along the reduction.
pub(super) fn accesses(
    operands: &Operands,
    traffic: &Traffic,
    dataflow: Dataflow,
    array: [f64; 2],
    groups: f64,
    accumulator_bits: f64,
) -> Accesses {
    let Operands { m, n, k, bits, .. } = *operands;
    let [rows, columns] = array;
    let (moving, stationary, outputs) = (m * k * bits[0], n * k * bits[1], m * n);
    let reduction_folds = (groups / rows).ceil();
    let sums = outputs * accumulator_bits * (reduction_folds - 1.0);
    let (moving_reads, stationary_reads, partial) = match dataflow {
        Dataflow::OutputStationary => ((n / columns).ceil(), (m / rows).ceil(), 0.0),
        Dataflow::WeightStationary => ((n / columns).ceil(), 1.0, sums),
        Dataflow::InputStationary => (1.0, (m / columns).ceil(), sums),
    };
    let stored = outputs * bits[2];
    Accesses {
        activation_read: moving * moving_reads,
        activation_written: traffic.moving,
        weight_read: stationary * stationary_reads,
        weight_written: traffic.stationary,
        output_read: partial + traffic.output,
        output_written: partial + stored,
    }
}
