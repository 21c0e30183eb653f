//! One element by itself, from the walks over its netlist.

use super::Technology;
use super::elements::Described;
use super::gates::SynthesisFlow;
use super::netlist::{AdderStyle, CellClass};
use super::unit_report::{PartReport, UnitReport};
use crate::violation::Violation;

/// Seed of the operands whose activity is counted; the fit used the same ones.
const SEED: u64 = 1;

/// Cost of sizing toward a delay beyond prefix adders: area, settled energy, energy with glitches, delay.
///
/// Flows without a target have none. The factors of floating-point logic stand for all gates, since what abc maps outside the
/// full adders is logic of that kind; on 31 elements in `fap@1000` medians of 0.95 to 1.01, 0.97 to 1.06 and 0.89 to 1.01 were
/// found where this gives 1.01, 0.92 to 0.98 and 0.88.
fn sizing(flow: &SynthesisFlow) -> Result<[f64; 4], Violation> {
    if matches!(flow.name.as_str(), "fa" | "fap") {
        return Ok([1.0; 4]);
    }
    let unsized_flow = SynthesisFlow::named("fap")?;
    Ok(std::array::from_fn(|index| {
        flow.float[index] / unsized_flow.float[index]
    }))
}

impl Technology {
    /// Cost of one element at nominal voltage in a synthesis flow.
    ///
    /// # Errors
    /// A table of flows that cannot be read.
    pub fn element(
        &self,
        kind: &str,
        described: &Described,
        flow: &SynthesisFlow,
    ) -> Result<UnitReport, Violation> {
        let table = &self.netlist_cells;
        let node = &self.node;
        let netlist = described.element.netlist();
        let adders = match flow.name.as_str() {
            "fa" => AdderStyle::Ripple,
            _ => AdderStyle::Prefix,
        };
        let cells = netlist.cells(adders);
        let activity = cells.activity(&described.operation(&netlist, SEED));
        let [area_factor, settled_factor, glitch_factor, delay_factor] = sizing(flow)?;
        let census = cells.census();
        let area = table.area(&census) * area_factor;
        let settled = cells.settled(&activity).energy(&table.switching_fj) * settled_factor;
        let with_glitches = cells
            .with_glitches(&activity, &table.step_ps, &table.glitches)
            .energy(&table.switching_fj)
            * glitch_factor;
        let path = cells.critical_path(table);
        let count = netlist.parts().len();
        let areas = cells.area_by_part(table, count);
        let energies = cells.settled_by_part(&activity, table, count);
        let parts = netlist
            .parts()
            .iter()
            .zip(areas.iter().zip(&energies))
            .filter(|(_, (area, energy))| **area > 0.0 || **energy > 0.0)
            .map(|(name, (part_area, part_energy))| PartReport {
                name: (*name).to_owned(),
                area_um2: part_area * area_factor * node.area.value,
                area_share: part_area * area_factor / area.max(f64::MIN_POSITIVE),
                energy_settled_fj_per_op: part_energy * settled_factor * node.energy.value,
                energy_share: part_energy * settled_factor / settled.max(f64::MIN_POSITIVE),
            })
            .collect();
        let named = |part: &u16| {
            let name = netlist.parts().get(usize::from(*part));
            name.map(|name| (*name).to_owned())
        };
        Ok(UnitReport {
            unit: kind.to_owned(),
            technology: node.name.clone(),
            flow: flow.name.clone(),
            area_um2: area * node.area.value,
            gate_equivalents: area / self.cells.gate_area_um2.value,
            ff_bits: census[CellClass::Flipflop.index()],
            energy_settled_fj_per_op: settled * node.energy.value,
            energy_fj_per_op: with_glitches * node.energy.value,
            delay_ps: path.delay.to_picoseconds() * delay_factor * node.delay.value,
            critical_path: path.parts.iter().filter_map(named).collect(),
            macs_per_op: described.element.macs_per_cycle(),
            switching: node.switching,
            parts,
            sources: self.gate_sources(&table.source, flow),
        })
    }
}
