//! Background work: exploration, measurement, opening, saving and exporting, each on a thread of its own.

pub mod document;
pub mod exploration;
pub mod export_job;
pub mod exporting;
pub mod measuring;
pub mod one_by_one;
pub mod opening;
pub mod saving;
