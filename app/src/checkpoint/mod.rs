//! Checkpoints on disk: opening a model file, a report on its tensors, calibration runs that are kept, texts cut into windows.

pub mod calibration;
pub mod file;
pub mod report;
pub mod text_cutting;
