//! Progress of a measurement for the status bar.

/// How far a measurement is.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct MeasuringProgress {
    /// What is done, as the status bar says it.
    pub task: &'static str,
    /// 0 to 1.
    pub share: f32,
    /// Tokens run each second; 0 before any was.
    pub tokens_per_second: f64,
}
