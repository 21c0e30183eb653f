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
    /// Partial sums that the array reads back.
    pub(super) sums: f64,
    /// Results on their way to external memory.
    pub(super) drained: f64,
    /// Partial sums and results.
    pub(super) output_written: f64,
}

impl Accesses {
    /// Cycles of the buffers whose ports pass `bits` a cycle.
    ///
    /// The array reads and writes all buffers in lockstep, so the busiest sets its pace. External memory fills and
    /// drains one buffer at a time at the width of its ports, and a single-ported buffer serves one side a cycle: the
    /// array waits meanwhile.
    pub(super) fn port_cycles(&self, bits: f64) -> f64 {
        let array = self
            .activation_read
            .max(self.weight_read)
            .max(self.sums + self.output_written);
        let external = self.activation_written + self.weight_written + self.drained;
        (array + external) / bits
    }

    /// Bits read from the output buffer: partial sums by the array, results on their way out.
    pub(super) const fn output_read(&self) -> f64 {
        self.sums + self.drained
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
        sums: partial,
        drained: traffic.output,
        output_written: partial + stored,
    }
}
