//! Every parameter of a design and its workload: one table for sliders, sweep axes, table columns and tooltips.

mod domain;
mod format_field;
mod table;

pub use domain::{Domain, Value};
pub use format_field::FormatField;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use self::table::{Row, TABLE};
use crate::design::{
    Clock, Dataflow, Design, MemoryKind, PipelineStages, SitePattern, Target, UnitKind,
};
use crate::violation::Violation;
use crate::workload::Workload;

/// One thing a user can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Parameter {
    /// Rows of the array.
    Rows,
    /// Columns of the array.
    Columns,
    /// Multipliers in one processing element.
    Lanes,
    /// Width of the integer accumulator.
    AccumulatorBits,
    /// Operand that stays in the array.
    Dataflow,
    /// Kind of processing element.
    Unit,
    /// Activation buffer.
    ActivationBuffer,
    /// Weight buffer.
    WeightBuffer,
    /// Output buffer.
    OutputBuffer,
    /// Banks of each buffer.
    Banks,
    /// Width of a bank's port.
    PortBits,
    /// Kind of external memory.
    MemoryKind,
    /// Channels or stacks of external memory.
    MemoryChannels,
    /// Clock frequency.
    Clock,
    /// Supply voltage.
    Voltage,
    /// Elements that share a floating-point stage.
    FloatStageElements,
    /// Converters from floating point to blocks.
    ConverterLanes,
    /// Floating-point lanes of the vector unit.
    VectorLanes,
    /// Registers that cut the logic.
    Pipelining,
    /// Sums that alternate in an accumulator.
    InterleavedSums,
    /// Look-up tables of an FPGA that the design may take.
    LutBudget,
    /// First tokens kept in the protected format.
    InitialTokens,
    /// Most recent tokens kept in the protected format.
    LocalTokens,
    /// Smoothing of keys.
    Smoothing,
    /// Sequences processed together.
    Batch,
    /// Prompt length.
    PrefillTokens,
    /// Keys and values seen by a decode step.
    ContextTokens,
    /// Whole format, or one field of it, at some sites.
    Format(FormatField, SitePattern),
}

/// What a control or a table header shows of a parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct ParameterDescription {
    /// Name on screen, sentence case.
    pub label: String,
    /// Unit, empty for none.
    pub unit: &'static str,
    /// Group in the side panel.
    pub section: &'static str,
    /// What it does, one or two sentences.
    pub help: &'static str,
    /// Values it may take.
    pub domain: Domain,
}

impl Parameter {
    /// Parameters that are not formats, in the order of the side panel.
    pub fn plain() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.0)
    }

    fn row(self) -> Option<&'static Row> {
        TABLE.iter().find(|row| row.0 == self)
    }

    /// Values it may take.
    pub fn domain(self) -> Domain {
        match (self, self.row()) {
            (Self::Format(field, _), _) => field.domain(),
            (_, Some(row)) => row.6.clone(),
            (_, None) => unreachable!("every plain parameter has a row, as a test holds"),
        }
    }

    /// Label, unit, section, help and domain.
    pub fn description(self) -> ParameterDescription {
        match (self, self.row()) {
            (Self::Format(field, pattern), _) => field.description(pattern),
            (_, Some((_, _, label, unit, section, help, domain))) => ParameterDescription {
                label: (*label).to_owned(),
                unit,
                section,
                help,
                domain: domain.clone(),
            },
            (_, None) => unreachable!("every plain parameter has a row, as a test holds"),
        }
    }

    /// The value in a design; `None` where the sites differ or their formats have no such field.
    pub fn get(self, design: &Design, workload: &Workload) -> Option<Value> {
        let integer = |value: u32| Some(Value::Number(f64::from(value)));
        let choice = |index: usize| Some(Value::Choice(index));
        match self {
            Self::Rows => integer(design.array.rows),
            Self::Columns => integer(design.array.columns),
            Self::Lanes => integer(design.array.lanes),
            Self::AccumulatorBits => integer(design.array.accumulator_bits.into()),
            Self::Dataflow => choice(design.array.dataflow as usize),
            Self::Unit => choice(design.unit as usize),
            Self::ActivationBuffer => integer(design.buffers.activation_kib),
            Self::WeightBuffer => integer(design.buffers.weight_kib),
            Self::OutputBuffer => integer(design.buffers.output_kib),
            Self::Banks => integer(design.buffers.banks.into()),
            Self::PortBits => integer(design.buffers.port_bits.into()),
            Self::MemoryKind => choice(design.memory.kind as usize),
            Self::MemoryChannels => integer(design.memory.channels.into()),
            Self::Clock => {
                let given = design.clock.is_given().then_some(design.clock_mhz);
                given.map(Value::Number)
            }
            Self::Voltage => design.voltage_v.map(Value::Number),
            Self::FloatStageElements => integer(design.datapath.float_stage_elements.into()),
            Self::ConverterLanes => integer(design.datapath.converter_lanes.into()),
            Self::VectorLanes => integer(design.datapath.vector_lanes.into()),
            Self::Pipelining => choice(match design.datapath.pipelining {
                PipelineStages::None => 0,
                PipelineStages::Auto => 1,
                PipelineStages::Number(stages) => 1 + usize::from(stages),
            }),
            Self::InterleavedSums => integer(design.datapath.interleaved_sums.into()),
            Self::LutBudget => match design.target {
                Target::Fpga { luts, .. } => luts.and_then(integer),
                Target::Asic => None,
            },
            Self::InitialTokens => integer(design.key_value.initial_tokens),
            Self::LocalTokens => integer(design.key_value.local_tokens),
            Self::Smoothing => choice(usize::from(design.key_value.smoothing)),
            Self::Batch => integer(workload.batch),
            Self::PrefillTokens => integer(workload.prefill_tokens),
            Self::ContextTokens => integer(workload.context_tokens),
            Self::Format(field, pattern) => field.get(&design.formats, pattern),
        }
    }

    /// Sets the value.
    ///
    /// # Errors
    /// A value of the wrong kind or outside the domain, or a format without such a field; the design stays as it was.
    pub fn set(
        self,
        design: &mut Design,
        workload: &mut Workload,
        value: Value,
    ) -> Result<(), Violation> {
        if let Self::Format(field, pattern) = self {
            return field.set(&mut design.formats, pattern, value);
        }
        let domain = self.domain();
        let refuse = || Violation::new(self.to_string(), value, domain.to_string());
        if !domain.contains(value) {
            return Err(refuse());
        }
        let index = value.choice().unwrap_or(0);
        let number = value.number().unwrap_or(0.0);
        let whole = value.whole().unwrap_or(0);
        let narrow = u16::try_from(whole).unwrap_or(u16::MAX);
        match self {
            Self::Rows => design.array.rows = whole,
            Self::Columns => design.array.columns = whole,
            Self::Lanes => design.array.lanes = whole,
            Self::AccumulatorBits => {
                design.array.accumulator_bits = u8::try_from(whole).ok().ok_or_else(refuse)?;
            }
            Self::Dataflow => {
                design.array.dataflow = *Dataflow::ALL.get(index).ok_or_else(refuse)?;
            }
            Self::Unit => design.unit = *UnitKind::ALL.get(index).ok_or_else(refuse)?,
            Self::ActivationBuffer => design.buffers.activation_kib = whole,
            Self::WeightBuffer => design.buffers.weight_kib = whole,
            Self::OutputBuffer => design.buffers.output_kib = whole,
            Self::Banks => design.buffers.banks = narrow,
            Self::PortBits => design.buffers.port_bits = narrow,
            Self::MemoryKind => {
                design.memory.kind = *MemoryKind::ALL.get(index).ok_or_else(refuse)?;
            }
            Self::MemoryChannels => design.memory.channels = narrow,
            Self::Clock => {
                design.clock_mhz = number;
                design.clock = Clock::Given;
            }
            Self::Voltage => design.voltage_v = Some(number),
            Self::FloatStageElements => design.datapath.float_stage_elements = narrow,
            Self::ConverterLanes => design.datapath.converter_lanes = narrow,
            Self::VectorLanes => design.datapath.vector_lanes = narrow,
            Self::Pipelining => {
                design.datapath.pipelining = match index {
                    0 => PipelineStages::None,
                    1 => PipelineStages::Auto,
                    _ => PipelineStages::Number(u8::try_from(index - 1).ok().ok_or_else(refuse)?),
                };
            }
            Self::InterleavedSums => {
                design.datapath.interleaved_sums = u8::try_from(whole).ok().ok_or_else(refuse)?;
            }
            Self::LutBudget => match &mut design.target {
                Target::Fpga { luts, .. } => *luts = Some(whole),
                Target::Asic => {
                    return Err(Violation::new(
                        self.to_string(),
                        value,
                        "a design on an FPGA (target: Fpga)",
                    ));
                }
            },
            Self::InitialTokens => design.key_value.initial_tokens = whole,
            Self::LocalTokens => design.key_value.local_tokens = whole,
            Self::Smoothing => design.key_value.smoothing = index == 1,
            Self::Batch => workload.batch = whole,
            Self::PrefillTokens => workload.prefill_tokens = whole,
            Self::ContextTokens => workload.context_tokens = whole,
            Self::Format(..) => {}
        }
        Ok(())
    }

    /// Whether a design has it at all: standard cells have no LUTs.
    pub const fn applies_to(self, design: &Design) -> bool {
        !matches!((self, &design.target), (Self::LutBudget, Target::Asic))
    }

    /// Whether it changes the workload, not the design.
    pub const fn is_workload(self) -> bool {
        matches!(
            self,
            Self::Batch | Self::PrefillTokens | Self::ContextTokens
        )
    }

    /// A value from its text: a number, a choice or a format, as the domain asks.
    ///
    /// # Errors
    /// What is allowed, if the text is not.
    pub fn value_from_text(self, text: &str) -> Result<Value, Violation> {
        self.domain().parse(text).map_err(|violation| Violation {
            field: self.to_string(),
            ..violation
        })
    }

    /// A value as text that [`Parameter::value_from_text`] reads back.
    pub fn value_to_text(self, value: Value) -> String {
        match (value, self.domain()) {
            (Value::Choice(index), Domain::Choice(names)) => names
                .get(index)
                .map_or_else(|| index.to_string(), |name| (*name).to_owned()),
            _ => value.to_string(),
        }
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.row()) {
            (Self::Format(field, pattern), _) => write!(f, "{} {pattern}", field.key()),
            (_, Some(row)) => f.write_str(row.1),
            (_, None) => unreachable!("every plain parameter has a row, as a test holds"),
        }
    }
}

impl FromStr for Parameter {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        if let Some(row) = TABLE.iter().find(|row| row.1 == text) {
            return Ok(row.0);
        }
        if let Some((key, pattern)) = text.split_once(' ')
            && let Some(field) = FormatField::ALL
                .into_iter()
                .find(|field| field.key() == key)
        {
            return Ok(Self::Format(field, pattern.parse()?));
        }
        let keys: Vec<&str> = TABLE.iter().map(|row| row.1).collect();
        let fields = FormatField::ALL.map(|field| format!("\"{} SITES\"", field.key()));
        Err(Violation::new(
            "parameter",
            format!("\"{text}\""),
            format!("{} {}", keys.join(" "), fields.join(" ")),
        ))
    }
}

impl TryFrom<String> for Parameter {
    type Error = Violation;

    fn try_from(text: String) -> Result<Self, Violation> {
        text.parse()
    }
}

impl From<Parameter> for String {
    fn from(parameter: Parameter) -> Self {
        parameter.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_prints_and_parses_back() {
        for parameter in Parameter::plain() {
            assert_eq!(parameter.to_string().parse(), Ok(parameter));
        }
        let text = "mantissa_bits layers 0..=3 qkv.activation";
        assert_eq!(text.parse::<Parameter>().unwrap().to_string(), text);
    }
}
