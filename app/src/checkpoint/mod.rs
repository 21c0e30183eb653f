//! Checkpoints on disk: opening a model file, a report on its tensors, calibration runs that are kept, texts cut into windows.

pub mod calibration;
pub mod file;
mod memory;
pub mod report;
pub mod text_cutting;
