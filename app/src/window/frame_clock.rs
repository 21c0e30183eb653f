//! How long drawing a frame took: the budget is 4 ms, shown in the status bar of debug builds;
//! `examples/million_points.rs` and `examples/window_frames.rs` measure it.

use std::time::{Duration, Instant};

/// The last frames.
#[derive(Debug, Default)]
pub struct FrameClock {
    started: Option<Instant>,
    recent: [Duration; 32],
    n_frames: usize,
}

impl FrameClock {
    pub fn begin(&mut self) {
        self.started = Some(Instant::now());
    }

    pub fn end(&mut self) {
        if let Some(started) = self.started.take() {
            let place = self.n_frames % self.recent.len();
            self.recent[place] = started.elapsed();
            self.n_frames += 1;
        }
    }

    /// Time of the newest frame.
    pub fn latest(&self) -> Duration {
        let newest = self.n_frames.checked_sub(1);
        newest.map_or(Duration::ZERO, |newest| {
            self.recent[newest % self.recent.len()]
        })
    }

    /// Median of the recent frames.
    pub fn median(&self) -> Duration {
        let mut known = self.recent[..self.n_frames.min(self.recent.len())].to_vec();
        known.sort_unstable();
        known.get(known.len() / 2).copied().unwrap_or_default()
    }
}
