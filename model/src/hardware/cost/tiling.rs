//! External traffic of one product: which operand stays, how often the other is fetched again.
//!
//! The space is small and searched exactly. Either operand may stay whole; or blocks of rows of the moving operand
//! stay over the full reduction while the stationary one streams by (row-first), or the other way around
//! (column-first), as Harmonia's controller chooses; or a block of outputs stays in the output buffer while both
//! stream along the reduction; or outputs stay in the array alone. Half of each buffer works while the other fills.

/// Sizes of a product in bits and values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Operands {
    /// Rows of the moving operand.
    pub(super) m: f64,
    /// Columns of the stationary operand.
    pub(super) n: f64,
    /// Length of the reduction.
    pub(super) k: f64,
    /// Bits per value: moving, stationary, output as stored.
    pub(super) bits: [f64; 3],
    /// Whether moving operand, outputs stay on the chip anyway.
    pub(super) on_chip: [bool; 2],
}

/// Capacities in bits and the array's edges.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Capacity {
    pub(super) activation: f64,
    pub(super) weight: f64,
    pub(super) output: f64,
    pub(super) accumulator_bits: f64,
    /// Rows of moving operand and columns of stationary operand that the array takes at once.
    pub(super) rows: f64,
    pub(super) columns: f64,
}

/// What stays while the other streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LoopOrder {
    /// One of the operands fits its buffer whole: everything moves once.
    Resident,
    /// Blocks of rows stay, the stationary operand streams for each.
    RowFirst,
    /// Blocks of columns stay, the moving operand streams for each.
    ColumnFirst,
    /// Blocks of outputs stay in the output buffer, both operands stream.
    OutputBlock,
    /// Outputs stay in the array only.
    ArrayBlock,
}

impl LoopOrder {
    /// Name on screen.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Resident => "resident",
            Self::RowFirst => "row-first",
            Self::ColumnFirst => "column-first",
            Self::OutputBlock => "output block",
            Self::ArrayBlock => "array block",
        }
    }
}

/// Bits to and from external memory, for one product.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Traffic {
    /// Moving operand, all fetches.
    pub moving: f64,
    /// Stationary operand, all fetches.
    pub stationary: f64,
    /// Outputs, once.
    pub output: f64,
    /// How it is tiled.
    pub order: LoopOrder,
}

impl Traffic {
    /// Everything.
    pub fn total(&self) -> f64 {
        self.moving + self.stationary + self.output
    }
}

/// The least traffic over the space.
pub(super) fn least_traffic(operands: &Operands, capacity: &Capacity) -> Traffic {
    let Operands {
        m,
        n,
        k,
        bits,
        on_chip,
    } = *operands;
    let moving = if on_chip[0] { 0.0 } else { m * k * bits[0] };
    let stationary = n * k * bits[1];
    let output = if on_chip[1] { 0.0 } else { m * n * bits[2] };
    let fetched = |moving_times: f64, stationary_times: f64, order| Traffic {
        moving: moving * moving_times,
        stationary: stationary * stationary_times,
        output,
        order,
    };
    if m * k * bits[0] <= capacity.activation || stationary <= capacity.weight {
        return fetched(1.0, 1.0, LoopOrder::Resident);
    }
    let array_rows = (m / capacity.rows).ceil();
    let array_columns = (n / capacity.columns).ceil();
    let mut best = fetched(array_columns, array_rows, LoopOrder::ArrayBlock);
    let mut consider = |traffic: Traffic| {
        if traffic.total() < best.total() {
            best = traffic;
        }
    };
    let rows = (capacity.activation / 2.0 / (k * bits[0])).floor();
    if rows >= 1.0 {
        consider(fetched(1.0, (m / rows).ceil(), LoopOrder::RowFirst));
    }
    let columns = (capacity.weight / 2.0 / (k * bits[1])).floor();
    if columns >= 1.0 {
        consider(fetched((n / columns).ceil(), 1.0, LoopOrder::ColumnFirst));
    }
    // Blocks of outputs whose rows are the array's times a power of two: all that fit.
    let sums = (capacity.output / 2.0 / capacity.accumulator_bits).floor();
    let mut block_rows = capacity.rows;
    while block_rows < 2.0 * m {
        let block_columns = (sums / block_rows).floor();
        if block_columns < capacity.columns {
            break;
        }
        consider(fetched(
            (n / block_columns).ceil(),
            (m / block_rows).ceil(),
            LoopOrder::OutputBlock,
        ));
        block_rows *= 2.0;
    }
    best
}
