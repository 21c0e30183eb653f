//! Every choice an architect makes for one accelerator.

mod clocking;
mod datapath;
mod format_table;
mod hardware_choice;
mod key_value;

pub use clocking::{Clock, PipelineStages};
pub use datapath::{Datapath, Delivery};
pub use format_table::{FormatRule, FormatTable, LayerGroup, SitePattern, SlotFormats};
pub use hardware_choice::{
    Buffers, Dataflow, Memory, MemoryKind, ProcessingArray, Target, UnitKind,
};
pub use key_value::KeyValuePolicy;

use serde::{Deserialize, Serialize};

use crate::violation::Violation;

/// One accelerator: number formats, processing array, buffers, memory, technology.
///
/// Plain data; [`Design::check`] says whether its values are in range, the cost model whether it can be built.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Design {
    /// Name shown in plots and tables.
    pub name: String,
    /// Where the design comes from: a paper, or whose own it is.
    #[serde(default)]
    pub source: String,
    /// Number format of every site.
    pub formats: FormatTable,
    /// Kind of processing element.
    pub unit: UnitKind,
    /// Processing array.
    pub array: ProcessingArray,
    /// On-chip buffers.
    pub buffers: Buffers,
    /// External memory.
    pub memory: Memory,
    /// Name of a technology preset.
    pub technology: String,
    /// Clock in MHz, 1 to 10,000; counts only where `clock` is given, which it is unless it says `fastest`.
    #[serde(default)]
    pub clock_mhz: f64,
    /// Whether the clock is the given one or the fastest that the design allows.
    #[serde(default, skip_serializing_if = "Clock::is_given")]
    pub clock: Clock,
    /// Supply in volts; the technology's nominal one where absent.
    #[serde(default)]
    pub voltage_v: Option<f64>,
    /// How keys and values are kept.
    #[serde(default)]
    pub key_value: KeyValuePolicy,
    /// Readings of the datapath that papers leave open.
    #[serde(default)]
    pub datapath: Datapath,
    /// What it is built on.
    #[serde(default)]
    pub target: Target,
}

impl Design {
    /// Whether every value is in its range.
    ///
    /// # Errors
    /// One violation for each value that is not.
    pub fn check(&self) -> Result<(), Vec<Violation>> {
        let mut violations = Vec::new();
        let mut number = |field: &str, value: f64, least: f64, most: f64| {
            if !(least..=most).contains(&value) {
                violations.push(Violation::out_of_range(field, value, least, most));
            }
        };
        if self.clock.is_given() {
            number("clock_mhz", self.clock_mhz, 1.0, 10_000.0);
        }
        if let Some(voltage) = self.voltage_v {
            number("voltage_v", voltage, 0.3, 1.5);
        }
        self.array.check(&mut number);
        self.buffers.check(&mut number);
        number(
            "memory.channels",
            f64::from(self.memory.channels),
            1.0,
            64.0,
        );
        self.key_value.check(&mut number);
        if let Target::Fpga {
            luts: Some(luts), ..
        } = self.target
        {
            number("target.luts", f64::from(luts), 1e3, 1e7);
        }
        self.datapath.check(&mut number);
        if self.name.trim().is_empty() {
            violations.push(Violation::new("name", "empty", "a name"));
        }
        if violations.is_empty() {
            Ok(())
        } else {
            Err(violations)
        }
    }
}
