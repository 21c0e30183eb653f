//! Anda's adaptive precision combination search (Fang et al., HPCA 2025, algorithm 1), step by step as printed.
//!
//! A pure function over an accuracy that the caller supplies, estimated or measured. It knows no model and no format:
//! only four widths, what each costs, and whether the accuracy still suffices.

use super::AndaQueue;
use crate::workload::ModelShape;

/// Mantissa widths of `A_qkv`, `A_o`, `A_u` and `A_d`.
pub type ModuleWidths = [u8; 4];

/// Bit operations of one multiply-accumulate per mantissa bit: the weights have four bits (Anda, section III).
const BITS_PER_WEIGHT: u64 = 4;

/// Bit operations of a multiply-accumulate of FP16 with a 4-bit weight, Anda's unit of comparison.
const FP16_BIT_OPERATIONS: f64 = 64.0;

/// Uniform widths the queue starts with.
const SEED_WIDTHS: std::ops::RangeInclusive<u8> = 4..=13;

/// What the search weighs and when it stops.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AndaSearch {
    /// Multiply-accumulates a token of the layers that each module feeds, in the order of [`ModuleWidths`].
    pub macs: [u64; 4],
    /// Share of accuracy that may be lost, for instance 0.01.
    pub tolerance: f64,
    /// Most widths that are evaluated; 32 in the paper.
    pub max_iterations: u32,
}

/// One evaluation of the search.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AndaStep {
    /// Widths taken from the queue.
    pub widths: ModuleWidths,
    /// Bit operations a token with these widths.
    pub bit_operations: u64,
    /// Their accuracy.
    pub accuracy: f64,
    /// Whether they became the best so far.
    pub accepted: bool,
}

/// What the search found and how.
#[derive(Debug, Clone, PartialEq)]
pub struct AndaOutcome {
    /// The cheapest widths that were accurate enough; `None` when none was within the iterations.
    pub best: Option<ModuleWidths>,
    /// Every evaluation, in order.
    pub steps: Vec<AndaStep>,
}

impl AndaSearch {
    /// The search as published, 32 iterations, for a model of this shape.
    pub fn published(shape: &ModelShape, tolerance: f64) -> Self {
        let [hidden, head_dim, ffn] =
            [shape.hidden_size, shape.head_dim, shape.ffn_size].map(u64::from);
        let [heads, kv_heads] = [shape.n_heads, shape.n_kv_heads].map(u64::from);
        let n_into_ffn = if shape.gated_mlp { 2 } else { 1 };
        Self {
            macs: [
                hidden * head_dim * (heads + 2 * kv_heads),
                hidden * head_dim * heads,
                hidden * ffn * n_into_ffn,
                hidden * ffn,
            ],
            tolerance,
            max_iterations: 32,
        }
    }

    /// Bit operations a token in one layer.
    pub fn bit_operations(&self, widths: ModuleWidths) -> u64 {
        widths
            .iter()
            .zip(self.macs)
            .map(|(width, macs)| BITS_PER_WEIGHT * u64::from(*width) * macs)
            .sum()
    }

    /// Mean mantissa width, weighted by multiply-accumulates.
    #[expect(clippy::cast_precision_loss, reason = "a ratio of counts")]
    pub fn mean_width(&self, widths: ModuleWidths) -> f64 {
        let macs: u64 = self.macs.iter().sum();
        self.bit_operations(widths) as f64 / (BITS_PER_WEIGHT * macs) as f64
    }

    /// Bit operations of FP16 activations over those of these widths: the "BOPs saving" of Anda's table II.
    #[expect(clippy::cast_precision_loss, reason = "a ratio of counts")]
    pub fn saving(&self, widths: ModuleWidths) -> f64 {
        FP16_BIT_OPERATIONS / (BITS_PER_WEIGHT as f64 * self.mean_width(widths))
    }

    /// Runs the search. `reference` is the accuracy with FP16 activations and the same weights; more is better.
    ///
    /// A candidate may be queued by two parents and is then evaluated twice, as the algorithm prints it ([`AndaQueue`]).
    pub fn run(
        &self,
        reference: f64,
        mut accuracy: impl FnMut(ModuleWidths) -> f64,
    ) -> AndaOutcome {
        let costed = |widths| (widths, self.cost(widths));
        let seeds = SEED_WIDTHS.map(|width| costed([width; 4]));
        let mut queue = AndaQueue::new(seeds, self.max_iterations as usize);
        let mut steps = Vec::new();
        while let Some(widths) = queue.take() {
            let found = accuracy(widths);
            let is_accurate = found >= (1.0 - self.tolerance) * reference;
            steps.push(AndaStep {
                widths,
                bit_operations: self.bit_operations(widths),
                accuracy: found,
                accepted: queue.judge(is_accurate, |widths| neighbors(*widths).map(costed)),
            });
        }
        AndaOutcome {
            best: queue.best().map(|(widths, _)| *widths),
            steps,
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "bit operations of a token are below 2^53"
    )]
    fn cost(&self, widths: ModuleWidths) -> f64 {
        self.bit_operations(widths) as f64
    }
}

/// One bit less in one module, the first module first; no width falls below one bit.
fn neighbors(widths: ModuleWidths) -> impl Iterator<Item = ModuleWidths> {
    (0..widths.len())
        .filter(move |module| widths[*module] > 1)
        .map(move |module| {
            let mut fewer = widths;
            fewer[module] -= 1;
            fewer
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset;

    fn search(model: &str, max_iterations: u32) -> AndaSearch {
        AndaSearch {
            max_iterations,
            ..AndaSearch::published(&preset::model(model).expect("a built-in model"), 0.01)
        }
    }

    /// Figure 9 of the paper: OPT-125M at 1 %, widths in the order they are evaluated and whether each became the best.
    const FIGURE_9: [(ModuleWidths, bool); 10] = [
        ([4, 4, 4, 4], false),
        ([5, 5, 5, 5], false),
        ([6, 6, 6, 6], false),
        ([7, 7, 7, 7], true),
        ([7, 7, 6, 7], true),
        ([7, 7, 5, 7], false),
        ([7, 7, 6, 6], true),
        ([7, 7, 5, 6], false),
        ([7, 7, 6, 5], true),
        ([7, 7, 5, 5], false),
    ];

    #[test]
    fn the_worked_example_is_visited_in_the_published_order() {
        let outcome = search("OPT-125M", 10).run(1.0, |widths| {
            let step = FIGURE_9.iter().find(|(each, _)| *each == widths);
            if step.expect("a published step").1 {
                0.995
            } else {
                0.9
            }
        });
        let visited: Vec<_> = outcome
            .steps
            .iter()
            .map(|step| (step.widths, step.accepted))
            .collect();
        assert_eq!(visited, FIGURE_9);
        assert_eq!(outcome.best, Some([7, 7, 6, 5]));
    }

    #[test]
    fn savings_are_those_of_table_ii() {
        for (model, widths, saving) in [
            ("OPT-1.3B", [8, 6, 5, 5], 2.74),
            ("OPT-30B", [6, 4, 5, 4], 3.31),
            ("LLaMA-7B", [9, 8, 8, 7], 1.99),
            ("LLaMA-2-13B", [7, 7, 6, 7], 2.44),
        ] {
            let ours = search(model, 32).saving(widths);
            assert!((ours - saving).abs() < 0.01, "{model}: {ours}");
        }
    }

    #[test]
    fn nothing_accurate_enough_leaves_no_best() {
        let outcome = search("OPT-125M", 32).run(1.0, |_| 0.5);
        assert_eq!(outcome.best, None);
        assert_eq!(outcome.steps.len(), 10, "only the seeds");
    }
}
