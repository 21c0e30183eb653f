//! External memory: energy a bit, with its scope, and bandwidth a channel.

use serde::{Deserialize, Serialize};

use crate::hardware::Sourced;

/// One kind of external memory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemoryTechnology {
    /// Energy of moving one bit.
    pub pj_per_bit: Sourced<f64>,
    /// What the energy includes: device, interface, controller.
    pub scope: String,
    /// Peak bandwidth of one channel or stack in 10^9 bytes a second.
    pub gigabytes_per_second: Sourced<f64>,
}
