//! Slowest path between registers or ports, cell by cell.

use super::{Cell, CellClass, CellList, CellTable, Function, Literal};
use crate::units::Time;

/// Counts of steps, in the order of [`PathSteps::COUNT`] coefficients.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PathSteps(pub [f64; PathSteps::COUNT]);

impl PathSteps {
    /// Classes of cells, the carry of a full adder, load, start at a register, end at a register, a constant.
    pub const COUNT: usize = CellClass::COUNT + 5;
    pub(super) const CARRY: usize = CellClass::COUNT;
    pub(super) const LOAD: usize = CellClass::COUNT + 1;
    pub(super) const START: usize = CellClass::COUNT + 2;
    pub(super) const END: usize = CellClass::COUNT + 3;
    pub(super) const PATH: usize = CellClass::COUNT + 4;

    /// Its delay in picoseconds.
    pub fn delay(&self, table: &[f64; Self::COUNT]) -> f64 {
        self.0
            .iter()
            .zip(table)
            .map(|(count, step)| count * step)
            .sum()
    }
}

/// Load of a net by the number of inputs it drives; buffers keep it from growing beyond a few.
pub(super) fn load(fanout: u32) -> f64 {
    const DIRECT: f64 = 4.0;
    let fanout = f64::from(fanout.max(1));
    if fanout <= DIRECT {
        fanout
    } else {
        DIRECT + 2.0 * (fanout / DIRECT).log2()
    }
}

/// The slowest path.
#[derive(Debug, Clone, PartialEq)]
pub struct CriticalPath {
    /// Counts of steps.
    pub steps: PathSteps,
    /// Its delay.
    pub delay: Time,
    /// Parts of the netlist that it runs through, from start to end.
    pub parts: Vec<u16>,
}

/// Arrival of each net in picoseconds.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Arrivals {
    /// Latest change.
    pub(super) last: Vec<f64>,
    /// Earliest change; infinite for constants.
    pub(super) first: Vec<f64>,
    /// Input that decides the latest change, and the net's driver.
    from: Vec<(u32, u32)>,
}

const NO_CELL: u32 = u32::MAX;

impl Cell {
    /// Step of its delay to its output, or to its second one.
    const fn step(&self, second: bool) -> usize {
        match (self.function, second) {
            (Function::FullAdder, true) => PathSteps::CARRY,
            _ => self.class().index(),
        }
    }
}

impl CellList {
    pub(super) fn arrivals(&self, steps: &[f64; PathSteps::COUNT]) -> Arrivals {
        let count = self.nets as usize;
        let fanouts = self.fanouts();
        let mut arrivals = Arrivals {
            last: vec![0.0; count],
            first: vec![0.0; count],
            from: vec![(0, NO_CELL); count],
        };
        arrivals.first[0] = f64::INFINITY;
        for flipflop in &self.flipflops {
            let net = flipflop.output as usize;
            let start = steps[PathSteps::START] + steps[PathSteps::LOAD] * load(fanouts[net]);
            arrivals.last[net] = start;
            arrivals.first[net] = start;
        }
        for (index, cell) in self.cells.iter().enumerate() {
            let mut latest = (0, f64::NEG_INFINITY);
            let mut first = f64::INFINITY;
            for bit in cell.used() {
                let net = bit.net() as usize;
                if arrivals.last[net] > latest.1 {
                    latest = (bit.net(), arrivals.last[net]);
                }
                first = first.min(arrivals.first[net]);
            }
            for second in 0..cell.outputs() {
                let net = (cell.output + second) as usize;
                let delay =
                    steps[cell.step(second == 1)] + steps[PathSteps::LOAD] * load(fanouts[net]);
                arrivals.last[net] = latest.1 + delay;
                arrivals.first[net] = first + delay;
                arrivals.from[net] = (latest.0, u32::try_from(index).unwrap_or(NO_CELL));
            }
        }
        arrivals
    }

    /// The slowest path with these delays of steps.
    pub fn slowest_path(&self, steps: &[f64; PathSteps::COUNT]) -> CriticalPath {
        let arrivals = self.arrivals(steps);
        let at = |bit: &Literal| arrivals.last[bit.net() as usize];
        let mut end = (0, steps[PathSteps::PATH], false);
        for bit in &self.outputs {
            if at(bit) > end.1 {
                end = (bit.net(), at(bit), false);
            }
        }
        for flipflop in &self.flipflops {
            let arrival = at(&flipflop.next) + steps[PathSteps::END];
            if arrival > end.1 {
                end = (flipflop.next.net(), arrival, true);
            }
        }
        let fanouts = self.fanouts();
        let mut path = PathSteps([0.0; PathSteps::COUNT]);
        path.0[PathSteps::PATH] = 1.0;
        if end.2 {
            path.0[PathSteps::END] = 1.0;
        }
        let mut parts = Vec::new();
        let mut net = end.0;
        loop {
            let (from, driver) = arrivals.from[net as usize];
            let Some(cell) = self.cells.get(driver as usize) else {
                break;
            };
            path.0[cell.step(net > cell.output)] += 1.0;
            path.0[PathSteps::LOAD] += load(fanouts[net as usize]);
            if parts.last() != Some(&cell.part) {
                parts.push(cell.part);
            }
            net = from;
        }
        if let Some(start) = self
            .flipflops
            .iter()
            .find(|flipflop| flipflop.output == net)
        {
            path.0[PathSteps::START] = 1.0;
            path.0[PathSteps::LOAD] += load(fanouts[net as usize]);
            parts.push(start.part);
        }
        parts.reverse();
        parts.dedup();
        CriticalPath {
            steps: path,
            delay: Time::picoseconds(path.delay(steps)),
            parts,
        }
    }

    /// The slowest path in a library.
    pub fn critical_path(&self, table: &CellTable) -> CriticalPath {
        self.slowest_path(&table.step_ps)
    }
}
