//! The result of a design: its figures of merit.

mod metric;

pub use metric::{Direction, Metric, MetricDescription, Metrics};
