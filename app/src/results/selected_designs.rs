//! The explored designs inside the box selected on the Pareto plot, however many: gathered a slice a frame.
//!
//! For the count beside the plot, and for the parallel coordinates of window and figure.

use crate::plots::pareto::Selection;
use crate::results::Results;

/// Designs looked at in one frame; less than a millisecond.
const SLICE: usize = 1 << 16;

/// Most designs that are kept by name; of more, an even sample is.
const MOST_KEPT: usize = 1000;

/// How many there are, and an even sample of them.
#[derive(Debug, Clone, Default)]
pub struct SelectedDesigns {
    key: Option<(u64, Selection)>,
    n_looked_at: usize,
    n_inside: usize,
    /// Every how many of them one is kept.
    step: usize,
    sample: Vec<usize>,
}

impl SelectedDesigns {
    /// All of them at once.
    pub fn whole(results: &Results, selection: Option<&Selection>) -> Self {
        let mut selected = Self::default();
        while !selected.gather(results, selection) {}
        selected
    }

    /// Looks at the next slice of designs; returns whether all were.
    pub fn gather(&mut self, results: &Results, selection: Option<&Selection>) -> bool {
        let Some(selection) = selection else {
            *self = Self::default();
            return true;
        };
        let candidates = &results.shown.metrics;
        let key = Some((results.generation, *selection));
        if self.key != key || self.n_looked_at > candidates.len() {
            *self = Self {
                key,
                step: 1,
                ..Self::default()
            };
        }
        let end = candidates.len().min(self.n_looked_at + SLICE);
        for (place, metrics) in candidates[self.n_looked_at..end].iter().enumerate() {
            if selection.contains(metrics) {
                self.keep(self.n_looked_at + place);
            }
        }
        self.n_looked_at = end;
        end == candidates.len()
    }

    fn keep(&mut self, candidate: usize) {
        if self.n_inside.is_multiple_of(self.step) {
            self.sample.push(candidate);
        }
        self.n_inside += 1;
        if self.sample.len() > MOST_KEPT {
            let mut place = 0;
            self.sample.retain(|_| {
                place += 1;
                place % 2 == 1
            });
            self.step *= 2;
        }
    }

    /// Designs inside the box, as far as they were looked at.
    pub fn count(&self) -> usize {
        self.n_inside
    }

    /// Positions of some of them among the candidates, evenly spread.
    pub fn sample(&self) -> &[usize] {
        &self.sample
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use blockscape_model::evaluation::{Metric, Metrics};

    use super::*;
    use crate::results::Candidates;

    #[test]
    fn every_design_inside_is_counted_and_an_even_sample_kept() {
        let metrics = |i: u32| Metrics::new([f64::from(i); Metric::COUNT]);
        let results = Results {
            shown: Arc::new(Candidates {
                metrics: (0..200_000).map(metrics).collect(),
                ..Candidates::default()
            }),
            ..Results::default()
        };
        let selection = Selection {
            x: Metric::Area,
            y: Metric::Perplexity,
            x_range: (10.0, 90_009.0),
            y_range: (0.0, 1e9),
        };
        let selected = SelectedDesigns::whole(&results, Some(&selection));
        assert_eq!(selected.count(), 90_000);
        let kept = selected.sample();
        assert!((MOST_KEPT / 2..=MOST_KEPT).contains(&kept.len()));
        assert!(
            kept.windows(2)
                .all(|pair| pair[1] - pair[0] == kept[1] - kept[0])
        );
        assert_eq!(kept[0], 10);
        assert_eq!(SelectedDesigns::whole(&results, None).count(), 0);
    }
}
