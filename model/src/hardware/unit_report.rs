//! One unit by itself: what the command line prints and the window shows as a card.

use serde::Serialize;

use super::elements;
use super::gates::{Cell, Switching, SynthesisFlow, Unit};
use super::technology::{SramMacro, SramPorts, SramTable, Technology};
use super::{Confidence, SourceNote};
use crate::violation::Violation;

/// Cost of one unit in a technology: cells only, before placement, wires and clock tree.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UnitReport {
    /// Kind by the names of the synthesis table.
    pub unit: String,
    /// Technology.
    pub technology: String,
    /// Synthesis flow.
    pub flow: String,
    /// Sum of the cell areas in um2.
    pub area_um2: f64,
    /// Area in smallest NANDs.
    pub gate_equivalents: f64,
    /// Flip-flops.
    pub ff_bits: f64,
    /// Energy a cycle without glitches, in fJ.
    pub energy_settled_fj_per_op: f64,
    /// Energy a cycle with glitches, in fJ.
    pub energy_fj_per_op: f64,
    /// Longest path in ps.
    pub delay_ps: f64,
    /// Parts that the longest path runs through, from start to end; only elements that are netlists know theirs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub critical_path: Vec<String>,
    /// Multiply-accumulates a cycle, 0 for units that are none.
    pub macs_per_op: f64,
    /// Which of the two energies designs in this technology count.
    pub switching: Switching,
    /// Parts, in the order of the datapath.
    pub parts: Vec<PartReport>,
    /// Constants that the figures rest on.
    pub sources: Vec<SourceNote>,
}

/// One part of a unit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PartReport {
    /// What it is.
    pub name: String,
    /// Area in um2.
    pub area_um2: f64,
    /// Share of the unit's area, 0 to 1.
    pub area_share: f64,
    /// Energy a cycle without glitches, in fJ.
    pub energy_settled_fj_per_op: f64,
    /// Share of the unit's settled energy, 0 to 1.
    pub energy_share: f64,
}

/// Cost of one SRAM macro in a technology.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SramReport {
    /// `sram`.
    pub unit: String,
    /// Technology.
    pub technology: String,
    /// Capacity in KiB.
    pub kib: f64,
    /// Port width in bits.
    pub port_bits: f64,
    /// Area in um2.
    pub area_um2: f64,
    /// Energy of reading a word, in pJ.
    pub read_pj: f64,
    /// Energy of writing a word, in pJ.
    pub write_pj: f64,
    /// Leakage in mW.
    pub leakage_mw: f64,
    /// Access time in ns at nominal voltage.
    pub access_ns: f64,
    /// Constants that the figures rest on.
    pub sources: Vec<SourceNote>,
}

impl Technology {
    /// Cost of one unit at nominal voltage, by kind and parameters of the synthesis table, `flow` among them.
    ///
    /// # Errors
    /// An unknown kind, parameter or flow, a missing one, or a value outside its range, with what is allowed.
    pub fn unit_from_text(
        &self,
        kind: &str,
        given: &[(&str, &str)],
    ) -> Result<UnitReport, Violation> {
        let (flows, given): (Vec<_>, Vec<_>) = given.iter().partition(|(key, _)| *key == "flow");
        let flow = match flows.as_slice() {
            [] => SynthesisFlow::named("fa")?,
            [(_, name)] => SynthesisFlow::named(name)?,
            _ => {
                return Err(Violation::new(
                    format!("{kind} flow"),
                    "given twice",
                    "one flow",
                ));
            }
        };
        if let Some(element) = elements::from_text(kind, &given) {
            return self.element(kind, &element?, &flow);
        }
        let unit = Unit::from_text(kind, &given)?;
        Ok(self.unit(kind, &unit, &flow))
    }

    /// Cost of one unit at nominal voltage in a synthesis flow.
    pub fn unit(&self, kind: &str, unit: &Unit, flow: &SynthesisFlow) -> UnitReport {
        let node = &self.node;
        let cost = flow.cost(&self.cells, unit);
        let (area, energy) = (node.area.value, node.energy.value);
        let parts: Vec<PartReport> = unit
            .parts()
            .iter()
            .map(|part| {
                let [more_area, more_energy, ..] = *flow.factors(part.logic);
                let cells = self.cells.part_area(part).to_square_micrometers() * more_area;
                let switched = self.cells.energy(part, Switching::Settled).to_femtojoules();
                let switched = switched * more_energy;
                PartReport {
                    name: part.name.to_owned(),
                    area_um2: cells * area,
                    area_share: cells / cost.area.to_square_micrometers(),
                    energy_settled_fj_per_op: switched * energy,
                    energy_share: switched / cost.settled.to_femtojoules(),
                }
            })
            .collect();
        let ff_bits = unit
            .parts()
            .iter()
            .map(|part| part.gates.count(Cell::Flipflop))
            .sum();
        UnitReport {
            unit: kind.to_owned(),
            technology: node.name.clone(),
            flow: flow.name.clone(),
            area_um2: cost.area.to_square_micrometers() * area,
            gate_equivalents: cost.gate_equivalents,
            ff_bits,
            energy_settled_fj_per_op: cost.settled.to_femtojoules() * energy,
            energy_fj_per_op: cost.with_glitches.to_femtojoules() * energy,
            delay_ps: cost.delay.to_picoseconds() * node.delay.value,
            critical_path: Vec::new(),
            macs_per_op: unit.macs_per_cycle(),
            switching: node.switching,
            parts,
            sources: self.gate_sources(
                &format!("{}; {}", self.cells.source, self.cells.condition),
                flow,
            ),
        }
    }

    /// Constants that the cost of a unit rests on: the gate model with its own source, library, node and flow.
    pub(super) fn gate_sources(&self, model: &str, flow: &SynthesisFlow) -> Vec<SourceNote> {
        let node = &self.node;
        let mut sources = vec![SourceNote {
            name: "gate model".to_owned(),
            value: 1.0,
            low: 1.0,
            high: 1.0,
            source: model.to_owned(),
            confidence: Confidence::High,
        }];
        for (name, constant) in [
            ("gate area (um2)", &self.cells.gate_area_um2),
            ("area fit", &self.cells.area_fit),
            ("energy fit", &self.cells.energy_fit),
            ("node area", &node.area),
            ("node energy", &node.energy),
            ("node delay", &node.delay),
        ] {
            sources.push(SourceNote::new(name, constant));
        }
        sources.push(SourceNote {
            name: format!("synthesis flow {}", flow.name),
            value: 1.0,
            low: flow.low,
            high: flow.high,
            source: format!("{}: {}", flow.description, flow.source),
            confidence: flow.confidence,
        });
        sources
    }

    /// Cost of one SRAM macro: `kib` (1 to 65536), `port_bits` (8 to 4096) and optionally `ports`.
    ///
    /// # Errors
    /// A parameter missing, unknown or out of range.
    pub fn sram_macro(&self, given: &[(&str, &str)]) -> Result<SramReport, Violation> {
        let node = &self.node;
        let mut ports = node.sram.ports;
        let (mut kib, mut port_bits) = (None, None);
        for (key, text) in given {
            let number = |least: f64, most: f64| {
                text.parse::<f64>()
                    .ok()
                    .filter(|value| (least..=most).contains(value))
                    .ok_or_else(|| {
                        Violation::out_of_range(format!("sram {key}"), text, least, most)
                    })
            };
            match *key {
                "kib" => kib = Some(number(0.25, 65536.0)?),
                "port_bits" => port_bits = Some(number(8.0, 4096.0)?),
                "ports" => {
                    ports = match *text {
                        "single" | "1rw" => SramPorts::Single,
                        "read_and_write" | "1r1w" => SramPorts::ReadAndWrite,
                        _ => {
                            return Err(Violation::new(
                                "sram ports",
                                text,
                                "single, read_and_write",
                            ));
                        }
                    }
                }
                _ => return Err(Violation::new("sram", key, "kib, port_bits, ports")),
            }
        }
        let missing =
            |key: &str| Violation::new(format!("sram {key}"), "missing", "kib=64 port_bits=256");
        let kib = kib.ok_or_else(|| missing("kib"))?;
        let port_bits = port_bits.ok_or_else(|| missing("port_bits"))?;
        let table = SramTable::of(node.sram.table_nm, ports)?;
        let access = table.access(SramMacro {
            bytes: kib * 1024.0,
            port_bits,
        });
        Ok(SramReport {
            unit: "sram".to_owned(),
            technology: node.name.clone(),
            kib,
            port_bits,
            area_um2: access.area_mm2 * 1e6 * node.sram.area.value,
            read_pj: access.read_pj * node.sram.energy.value,
            write_pj: access.write_pj * node.sram.energy.value,
            leakage_mw: access.leakage_mw * node.sram.leakage.value,
            access_ns: access.access_ns * node.sram.delay.value,
            sources: vec![
                SourceNote::new("SRAM area", &node.sram.area),
                SourceNote::new("SRAM energy", &node.sram.energy),
                SourceNote::new("SRAM access time", &node.sram.delay),
                SourceNote::new("SRAM leakage", &node.sram.leakage),
            ],
        })
    }
}
