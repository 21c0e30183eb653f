//! The figures of merit of a design: one table for plot axes, objectives, table columns and CSV headers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::violation::Violation;

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Less is better.
    Minimize,
    /// More is better.
    Maximize,
}

/// One figure of merit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Metric {
    /// Perplexity on the reference text; NaN where only statistics are known and nothing calibrates them.
    Perplexity,
    /// Rise of perplexity over the unquantized model, in percent.
    DeltaPerplexity,
    /// Signal to quantization noise of all sites together, in dB.
    Sqnr,
    /// Area of array, buffers and control, in mm2; NaN on an FPGA, which is counted in LUTs.
    Area,
    /// Look-up tables of an FPGA design, in thousands; NaN where it is built of standard cells.
    Luts,
    /// Energy of one decode step divided by the batch, in mJ a token.
    EnergyPerToken,
    /// Decoded tokens per second, all sequences together.
    DecodeRate,
    /// Time of the prefill phase in seconds.
    PrefillTime,
    /// Energy of the prefill phase in joules.
    PrefillEnergy,
    /// Tera-operations per second in prefill; a MAC is two operations.
    PrefillTops,
    /// Tera-operations per second and watt in prefill.
    TopsPerWatt,
    /// Tera-operations per second and mm2 in prefill.
    TopsPerMm2,
    /// Bits per weight, scales included, averaged over all linear layers.
    WeightBits,
    /// Bits per value of the key and value cache, scales included.
    KvBits,
    /// Fastest clock that paths, loops and buffers allow, in MHz.
    FastestClock,
    /// Pipeline stages of a processing element from operands to result.
    PipelineStages,
    /// Average power of the prefill phase in W, external memory included.
    Power,
    /// Energy times time of the prefill phase in J s.
    EnergyDelay,
}

/// What tables and axes show of a metric.
#[derive(Debug, Clone, Copy)]
pub struct MetricDescription {
    /// Name in CSV headers, RON and on the command line.
    pub key: &'static str,
    /// Name on screen, sentence case.
    pub label: &'static str,
    /// Unit, empty for none.
    pub unit: &'static str,
    /// Which way is better.
    pub direction: Direction,
    /// One sentence for the hover text.
    pub help: &'static str,
}

impl Metric {
    /// How many there are.
    pub const COUNT: usize = 18;

    /// All, in the order of [`Metrics`].
    pub const ALL: [Self; Self::COUNT] = [
        Self::Perplexity,
        Self::DeltaPerplexity,
        Self::Sqnr,
        Self::Area,
        Self::Luts,
        Self::EnergyPerToken,
        Self::DecodeRate,
        Self::PrefillTime,
        Self::PrefillEnergy,
        Self::PrefillTops,
        Self::TopsPerWatt,
        Self::TopsPerMm2,
        Self::WeightBits,
        Self::KvBits,
        Self::FastestClock,
        Self::PipelineStages,
        Self::Power,
        Self::EnergyDelay,
    ];

    /// Label, unit, direction and help.
    #[expect(clippy::too_many_lines, reason = "a table, one row a metric")]
    pub const fn description(self) -> MetricDescription {
        use Direction::{Maximize, Minimize};
        let (key, label, unit, direction, help) = match self {
            Self::Perplexity => (
                "perplexity",
                "Perplexity",
                "",
                Minimize,
                "Exponential of the mean negative log-likelihood of the next token",
            ),
            Self::DeltaPerplexity => (
                "delta_perplexity_percent",
                "Perplexity rise",
                "%",
                Minimize,
                "Rise of perplexity over the unquantized model",
            ),
            Self::Sqnr => (
                "sqnr_db",
                "SQNR",
                "dB",
                Maximize,
                "Signal to quantization noise ratio over all quantized operands",
            ),
            Self::Area => (
                "area_mm2",
                "Area",
                "mm2",
                Minimize,
                "Processing array, buffers and control",
            ),
            Self::Luts => (
                "kilo_luts",
                "LUTs",
                "thousand",
                Minimize,
                "Look-up tables that an FPGA design takes; an FPGA has no area in mm2",
            ),
            Self::EnergyPerToken => (
                "decode_energy_per_token_mj",
                "Energy per token",
                "mJ",
                Minimize,
                "Energy of one decode step, external memory included",
            ),
            Self::DecodeRate => (
                "decode_tokens_per_second",
                "Decode rate",
                "tokens/s",
                Maximize,
                "Tokens generated per second, all sequences together",
            ),
            Self::PrefillTime => (
                "prefill_seconds",
                "Prefill time",
                "s",
                Minimize,
                "Time to process the prompt",
            ),
            Self::PrefillEnergy => (
                "prefill_energy_j",
                "Prefill energy",
                "J",
                Minimize,
                "Energy to process the prompt, external memory included",
            ),
            Self::PrefillTops => (
                "prefill_tops",
                "Throughput",
                "TOPS",
                Maximize,
                "Tera-operations per second in prefill; one MAC is two operations",
            ),
            Self::TopsPerWatt => (
                "prefill_tops_per_watt",
                "Energy efficiency",
                "TOPS/W",
                Maximize,
                "Tera-operations per joule in prefill",
            ),
            Self::TopsPerMm2 => (
                "prefill_tops_per_mm2",
                "Area efficiency",
                "TOPS/mm2",
                Maximize,
                "Tera-operations per second and square millimeter in prefill",
            ),
            Self::WeightBits => (
                "weight_bits",
                "Bits per weight",
                "bit",
                Minimize,
                "Stored bits per weight of the linear layers, scales included",
            ),
            Self::KvBits => (
                "kv_bits",
                "Bits per KV value",
                "bit",
                Minimize,
                "Stored bits per value of the key and value cache, scales included",
            ),
            Self::FastestClock => (
                "fastest_mhz",
                "Fastest clock",
                "MHz",
                Maximize,
                "Fastest clock that paths, accumulating loops and buffers allow",
            ),
            Self::PipelineStages => (
                "pipeline_stages",
                "Pipeline stages",
                "",
                Minimize,
                "Stages of a processing element from operands to result",
            ),
            Self::Power => (
                "prefill_power_w",
                "Power",
                "W",
                Minimize,
                "Average power of the prefill phase, external memory included",
            ),
            Self::EnergyDelay => (
                "prefill_energy_delay_js",
                "Energy-delay product",
                "J s",
                Minimize,
                "Energy times time of the prefill phase",
            ),
        };
        MetricDescription {
            key,
            label,
            unit,
            direction,
            help,
        }
    }

    /// Position in [`Metric::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// A value to minimize: the metric or, where more is better, its negative.
    pub fn cost(self, value: f64) -> f64 {
        match self.description().direction {
            Direction::Minimize => value,
            Direction::Maximize => -value,
        }
    }

    /// Label with its unit in brackets.
    pub fn label_with_unit(self) -> String {
        let MetricDescription { label, unit, .. } = self.description();
        if unit.is_empty() {
            label.to_owned()
        } else {
            format!("{label} ({unit})")
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.description().key)
    }
}

impl FromStr for Metric {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        Self::ALL
            .into_iter()
            .find(|metric| metric.description().key == text)
            .ok_or_else(|| {
                let keys = Self::ALL.map(|metric| metric.description().key);
                Violation::new("metric", format!("\"{text}\""), keys.join(" "))
            })
    }
}

impl TryFrom<String> for Metric {
    type Error = Violation;

    fn try_from(text: String) -> Result<Self, Violation> {
        text.parse()
    }
}

impl From<Metric> for String {
    fn from(metric: Metric) -> Self {
        metric.to_string()
    }
}

/// All figures of merit of one design: what sweeps store, plots show and files hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metrics([f64; Metric::COUNT]);

impl Metrics {
    /// From values in the order of [`Metric::ALL`].
    pub const fn new(values: [f64; Metric::COUNT]) -> Self {
        Self(values)
    }

    /// The value of a metric; NaN where it is not known.
    pub const fn get(&self, metric: Metric) -> f64 {
        self.0[metric.index()]
    }

    /// Sets the value of a metric.
    pub const fn set(&mut self, metric: Metric, value: f64) {
        self.0[metric.index()] = value;
    }

    /// Values in the order of [`Metric::ALL`].
    pub const fn values(&self) -> &[f64; Metric::COUNT] {
        &self.0
    }

    /// Whether all bits agree, NaN included: what "the same digits" means.
    pub fn same_bits(&self, other: &Self) -> bool {
        self.0
            .iter()
            .zip(&other.0)
            .all(|(left, right)| left.to_bits() == right.to_bits())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_metric_stands_at_its_index_and_parses_from_its_key() {
        for (index, metric) in Metric::ALL.into_iter().enumerate() {
            assert_eq!(metric.index(), index);
            assert_eq!(metric.to_string().parse(), Ok(metric));
        }
    }
}
