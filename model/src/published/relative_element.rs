//! A processing element of our gate model relative to a floating-point one, under a stated reading.

use crate::hardware::gates::{CellLibrary, FloatKind, FloatOperand, Pipelining, Switching, Unit};
use crate::units::{Area, Energy};

/// How the floating-point stages are read where a paper leaves it open.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    pub(super) stages: Pipelining,
    /// Elements that share one FP32 stage.
    pub(super) shared: f64,
    pub(super) switching: Switching,
}

/// Cells and energy of an element that does four MACs a cycle on average (64 products in 16 cycles).
pub(super) struct Bill {
    area: Area,
    energy: Energy,
}

impl Bill {
    pub(super) const fn new() -> Self {
        Self {
            area: Area::ZERO,
            energy: Energy::ZERO,
        }
    }

    /// Adds `count` of a unit, used `uses` times for 64 products.
    pub(super) fn with(
        mut self,
        cells: &CellLibrary,
        reading: &Reading,
        unit: Unit,
        count: f64,
        uses: f64,
    ) -> Self {
        let cost = cells.cost(&unit);
        self.area += cost.area * count;
        self.energy += cost.energy(reading.switching) * uses;
        self
    }

    /// Area and energy for 64 products against another's.
    pub(super) fn relative_to(&self, other: &Self) -> [f64; 2] {
        [self.area / other.area, self.energy / other.energy]
    }
}

/// Four FP16 multiply-accumulates.
pub(super) fn float_element(cells: &CellLibrary, reading: &Reading, operand: FloatOperand) -> Bill {
    let unit = Unit::FloatMac {
        kind: FloatKind::Fp16,
        operand,
        accumulator: FloatKind::Fp32,
        stages: reading.stages,
    };
    Bill::new().with(cells, reading, unit, 4.0, 64.0)
}

/// Four bit-parallel products of M bits by INT4, as a sixteenth of a 64-lane tree with one FP32 stage, used once.
pub(super) fn bit_parallel_element(cells: &CellLibrary, reading: &Reading, m: u32) -> Bill {
    let dot = Unit::BfpIntDot {
        lanes: 64,
        m,
        n: 4,
        acc: m + 14,
        weights_held: false,
    };
    let stage = Unit::Fp32Accumulate {
        w: 24,
        stages: reading.stages,
    };
    Bill::new().with(cells, reading, dot, 1.0 / 16.0, 1.0).with(
        cells,
        reading,
        stage,
        1.0 / 16.0,
        1.0,
    )
}

/// 64 one-bit lanes: M + 1 cycles for 64 products, then one use of the FP32 stage.
pub(super) fn bit_serial_element(cells: &CellLibrary, reading: &Reading, m: u32) -> Bill {
    let planes = Unit::BitPlaneDot {
        lanes: 64,
        n: 4,
        acc: 27,
    };
    let stage = Unit::Fp32Accumulate {
        w: 27,
        stages: reading.stages,
    };
    Bill::new()
        .with(cells, reading, planes, 1.0, f64::from(m + 1))
        .with(cells, reading, stage, 1.0 / reading.shared, 1.0)
}

/// 16 lanes of aligned 13-bit mantissas under one weight bit a cycle: four cycles for 16 products.
pub(super) fn serial_weight_element(cells: &CellLibrary, reading: &Reading) -> Bill {
    let planes = Unit::BitPlaneDot {
        lanes: 16,
        n: 14,
        acc: 27,
    };
    let stage = Unit::Fp32Accumulate {
        w: 27,
        stages: reading.stages,
    };
    Bill::new().with(cells, reading, planes, 1.0, 16.0).with(
        cells,
        reading,
        stage,
        1.0 / reading.shared,
        4.0,
    )
}
