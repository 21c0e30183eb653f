//! Switching energy: settled changes from simulated activity, glitches from arrival times and logic depth.

use super::cell_class::buffers;
use super::timing::{Arrivals, PathSteps};
use super::{Activity, CellClass, CellList, CellTable, Function};

/// Changes a cycle by what they cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SwitchingCounts(pub [f64; SwitchingCounts::COUNT]);

impl SwitchingCounts {
    /// Classes of cells, the carry of a full adder, loads, clock pins.
    pub const COUNT: usize = CellClass::COUNT + 3;
    pub(super) const CARRY: usize = CellClass::COUNT;
    pub(super) const LOAD: usize = CellClass::COUNT + 1;
    /// Position of the flip-flops' clock pins.
    pub const CLOCK: usize = CellClass::COUNT + 2;

    pub(super) const NONE: Self = Self([0.0; Self::COUNT]);

    /// Energy in femtojoules.
    pub fn energy(&self, table: &[f64; Self::COUNT]) -> f64 {
        self.0
            .iter()
            .zip(table)
            .map(|(count, each)| count * each)
            .sum()
    }
}

/// The way glitches arise and die.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GlitchRule {
    /// Share of separate input changes that reach the output of a full adder's sum, its carry, an exclusive or, an and,
    /// a multiplexer; 0 to 1.
    pub pass: [f64; 5],
    /// Difference of arrival times, in picoseconds, at which half of the changes are separate.
    pub apart_ps: f64,
    /// Shortest time between two changes of a net, in picoseconds: faster ones do not pass.
    pub least_ps: f64,
}

impl CellList {
    /// Changes of all nets a cycle, glitches included, in the order of nets.
    fn densities(&self, activity: &Activity, arrivals: &Arrivals, rule: &GlitchRule) -> Vec<f64> {
        let settled: Vec<f64> = activity
            .toggles
            .iter()
            .map(|each| f64::from(*each))
            .collect();
        let mut density = settled.clone();
        for cell in &self.cells {
            let (mut first, mut last) = (f64::INFINITY, 0.0_f64);
            let mut inputs = [0.0; 3];
            let mut ones = [0.0; 3];
            for (index, bit) in cell.used().iter().enumerate() {
                let net = bit.net() as usize;
                inputs[index] = density[net];
                let one = f64::from(activity.ones[net]);
                ones[index] = if bit.is_inverted() { 1.0 - one } else { one };
                if density[net] > 0.0 {
                    first = first.min(arrivals.first[net]);
                    last = last.max(arrivals.last[net]);
                }
            }
            let spread = (last - first).max(0.0);
            let apart = spread / (spread + rule.apart_ps);
            let most = spread / rule.least_ps;
            let [a, b, c] = inputs;
            let mut set = |net: u32, pass: f64, all: f64| {
                let own = settled[net as usize];
                let more = (pass * apart * (all - own)).clamp(0.0, most.max(0.0));
                density[net as usize] = own + more;
            };
            match cell.function {
                Function::FullAdder => {
                    set(cell.output, rule.pass[0], a + b + c);
                    set(cell.output + 1, rule.pass[1], (a + b + c) / 2.0);
                }
                Function::Xor => set(cell.output, rule.pass[2], a + b),
                Function::And => set(cell.output, rule.pass[3], a * ones[1] + b * ones[0]),
                Function::Mux => {
                    let differ = ones[1] * (1.0 - ones[2]) + ones[2] * (1.0 - ones[1]);
                    let all = a * differ + b * ones[0] + c * (1.0 - ones[0]);
                    set(cell.output, rule.pass[4], all);
                }
            }
        }
        density
    }

    fn counted(&self, changes: &dyn Fn(u32) -> f64, mut add: impl FnMut(u16, usize, f64)) {
        let fanouts = self.fanouts();
        let inverters = self.inverters();
        let driven = |net: u32| {
            let changes = changes(net);
            let index = net as usize;
            let mut costs = [
                (SwitchingCounts::LOAD, changes * f64::from(fanouts[index])),
                (CellClass::Buffer.index(), changes * buffers(fanouts[index])),
                (CellClass::Inverter.index(), 0.0),
            ];
            if inverters[index] {
                costs[2].1 = changes;
            }
            costs
        };
        for net in &self.inputs {
            for (index, count) in driven(*net) {
                add(0, index, count);
            }
        }
        for cell in &self.cells {
            for second in 0..cell.outputs() {
                let net = cell.output + second;
                let class = match second {
                    0 => cell.class().index(),
                    _ => SwitchingCounts::CARRY,
                };
                add(cell.part, class, changes(net));
                for (index, count) in driven(net) {
                    add(cell.part, index, count);
                }
            }
        }
        for flipflop in &self.flipflops {
            let net = flipflop.output;
            add(flipflop.part, SwitchingCounts::CLOCK, 1.0);
            add(flipflop.part, CellClass::Flipflop.index(), changes(net));
            for (index, count) in driven(net) {
                add(flipflop.part, index, count);
            }
        }
    }

    /// Settled changes by what they cost.
    pub fn settled(&self, activity: &Activity) -> SwitchingCounts {
        let mut counts = SwitchingCounts::NONE;
        let changes = |net: u32| f64::from(activity.toggles[net as usize]);
        self.counted(&changes, |_, index, count| counts.0[index] += count);
        counts
    }

    /// Settled energy of each part in femtojoules a cycle.
    pub fn settled_by_part(
        &self,
        activity: &Activity,
        table: &CellTable,
        parts: usize,
    ) -> Vec<f64> {
        let mut energies = vec![0.0; parts];
        let changes = |net: u32| f64::from(activity.toggles[net as usize]);
        self.counted(&changes, |part, index, count| {
            if let Some(energy) = energies.get_mut(usize::from(part)) {
                *energy += count * table.switching_fj[index];
            }
        });
        energies
    }

    /// All changes, glitches included, by what they cost.
    pub fn with_glitches(
        &self,
        activity: &Activity,
        steps: &[f64; PathSteps::COUNT],
        rule: &GlitchRule,
    ) -> SwitchingCounts {
        let density = self.densities(activity, &self.arrivals(steps), rule);
        let mut counts = SwitchingCounts::NONE;
        let changes = |net: u32| density[net as usize];
        self.counted(&changes, |_, index, count| counts.0[index] += count);
        counts
    }
}
