//! Blockscape's model: number formats, workloads, hardware cost and quality, as pure functions.
//!
//! `Design x Workload x Technology -> Cost` and `Design x statistics -> Quality`. Nothing here reads a file,
//! starts a thread, asks a clock or draws.

pub mod architecture;
pub mod design;
pub mod evaluation;
pub mod format;
pub mod hardware;
pub mod integer_product;
pub mod language_model;
pub mod parameter;
pub mod preset;
pub mod published;
pub mod quality;
pub mod quantization;
pub mod story_model;
pub mod transform;
pub mod units;
pub mod violation;
pub mod workload;
