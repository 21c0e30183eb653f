//! Clock of a design, and the registers that cut its logic for it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::violation::Violation;

/// Where the clock comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Clock {
    /// `clock_mhz`, refused where the slowest path does not allow it.
    #[default]
    Given,
    /// As fast as the slowest path, the loops and the buffers allow.
    Fastest,
}

impl Clock {
    /// True where `clock_mhz` counts.
    pub const fn is_given(&self) -> bool {
        matches!(self, Self::Given)
    }
}

/// Registers in the logic of elements, converters and vector lanes. Text form: `none`, `auto` or a number of stages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub enum PipelineStages {
    /// None beside those that a unit has: the slowest path bounds the clock.
    None,
    /// As many as the clock asks for.
    #[default]
    Auto,
    /// So many stages from operands to result, 1 to 32, whether the clock asks for them or not.
    Number(u8),
}

impl PipelineStages {
    /// Most stages that can be asked for.
    pub const MOST: u8 = 32;
}

impl fmt::Display for PipelineStages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Auto => f.write_str("auto"),
            Self::Number(stages) => stages.fmt(f),
        }
    }
}

impl FromStr for PipelineStages {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        match text {
            "none" => Ok(Self::None),
            "auto" => Ok(Self::Auto),
            _ => text
                .parse()
                .ok()
                .filter(|stages| (1..=Self::MOST).contains(stages))
                .map(Self::Number)
                .ok_or_else(|| {
                    Violation::new(
                        "datapath.pipelining",
                        text,
                        format!("none, auto, or 1 to {} stages", Self::MOST),
                    )
                }),
        }
    }
}

/// Preset form: a word or a number.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Number(u64),
    Word(String),
}

impl TryFrom<Written> for PipelineStages {
    type Error = Violation;

    fn try_from(written: Written) -> Result<Self, Violation> {
        match written {
            Written::Number(stages) => stages.to_string().parse(),
            Written::Word(word) => word.parse(),
        }
    }
}

impl From<PipelineStages> for Written {
    fn from(stages: PipelineStages) -> Self {
        match stages {
            PipelineStages::Number(stages) => Self::Number(stages.into()),
            word => Self::Word(word.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset::{from_ron, to_ron};

    #[test]
    fn stages_are_written_as_a_word_or_a_number() {
        for (text, stages) in [
            ("none", PipelineStages::None),
            ("\"auto\"", PipelineStages::Auto),
            ("4", PipelineStages::Number(4)),
        ] {
            assert_eq!(from_ron(text), Ok(stages));
            let written = to_ron(&stages).expect("RON");
            assert_eq!(from_ron(&written), Ok(stages), "{written}");
        }
        for text in ["0", "33", "deep"] {
            let told = from_ron::<PipelineStages>(text).expect_err("not allowed");
            assert!(told.to_string().contains("1 to 32"), "{told}");
        }
    }
}
