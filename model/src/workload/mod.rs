//! What a language model asks of the hardware: its matrix products in prefill and in decode.
//!
//! A [`Workload`] is a [`ModelShape`] with batch and token counts. It knows nothing of formats or hardware.

mod model_shape;
mod product;
mod site;
mod slot_group;

pub use model_shape::{Family, ModelShape};
pub use product::{MatrixProduct, Operand, Phase, Product};
pub use site::{Side, Site, Slot};
pub use slot_group::SlotGroup;

use serde::{Deserialize, Serialize};

use crate::violation::Violation;

/// A model at work: `batch` sequences of `prefill_tokens`, then decode steps that see `context_tokens` keys and values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    /// Shape of the model.
    pub model: ModelShape,
    /// Sequences processed together, at least 1.
    pub batch: u32,
    /// Prompt length of the prefill phase in tokens, at least 1.
    pub prefill_tokens: u32,
    /// Keys and values that one decode step attends to, its own included, at least 1.
    pub context_tokens: u32,
}

impl Workload {
    /// One sequence of a model: prefill of 2048 tokens (its whole context where that is shorter) and decode at the same length.
    pub fn single_sequence(model: ModelShape) -> Self {
        let tokens = model.max_context.min(2048);
        Self {
            model,
            batch: 1,
            prefill_tokens: tokens,
            context_tokens: tokens,
        }
    }

    /// Another model at the same batch and lengths; lengths beyond its longest context end there.
    #[must_use]
    pub fn on_model(&self, model: ModelShape) -> Self {
        let longest = model.max_context;
        Self {
            model,
            batch: self.batch,
            prefill_tokens: self.prefill_tokens.min(longest),
            context_tokens: self.context_tokens.min(longest),
        }
    }

    /// Whether every value is in its range.
    ///
    /// # Errors
    /// One violation for each value that is not.
    pub fn check(&self) -> Result<(), Vec<Violation>> {
        let mut violations = self.model.check().err().unwrap_or_default();
        for (field, value, most) in [
            ("batch", self.batch, 1024),
            ("prefill_tokens", self.prefill_tokens, 1 << 20),
            ("context_tokens", self.context_tokens, 1 << 20),
        ] {
            if !(1..=most).contains(&value) {
                violations.push(Violation::out_of_range(field, value, 1, most));
            }
        }
        if violations.is_empty() {
            Ok(())
        } else {
            Err(violations)
        }
    }

    /// Tokens that enter each linear layer of one sequence in a phase.
    pub fn tokens(&self, phase: Phase) -> u64 {
        match phase {
            Phase::Prefill => u64::from(self.prefill_tokens),
            Phase::Decode => 1,
        }
    }

    /// Matrix products of one transformer layer in execution order; a model without gate has no `Product::Gate`.
    ///
    /// Attention products count whole rectangles: the causal mask saves nothing unless hardware skips tiles.
    /// Query heads that share a key head (grouped-query attention) are rows of one product, so its keys are read once.
    pub fn layer_products(&self, phase: Phase) -> impl Iterator<Item = MatrixProduct> + use<> {
        let model = &self.model;
        let [hidden, head_dim, ffn] =
            [model.hidden_size, model.head_dim, model.ffn_size].map(u64::from);
        let [heads, kv_heads] = [model.n_heads, model.n_kv_heads].map(u64::from);
        let batch = u64::from(self.batch);
        let tokens = self.tokens(phase);
        let keys = match phase {
            Phase::Prefill => tokens,
            Phase::Decode => u64::from(self.context_tokens),
        };
        let rows = batch * tokens;
        let group_rows = tokens * (heads / kv_heads.max(1));
        let linear = |product, n, k| MatrixProduct {
            product,
            m: rows,
            n,
            k,
            count: 1,
        };
        let attention = |product, n, k| MatrixProduct {
            product,
            m: group_rows,
            n,
            k,
            count: batch * kv_heads,
        };
        let gated = model.gated_mlp;
        [
            linear(Product::Q, heads * head_dim, hidden),
            linear(Product::K, kv_heads * head_dim, hidden),
            linear(Product::V, kv_heads * head_dim, hidden),
            attention(Product::Qk, keys, head_dim),
            attention(Product::Pv, head_dim, keys),
            linear(Product::O, hidden, heads * head_dim),
            linear(Product::Gate, ffn, hidden),
            linear(Product::Up, ffn, hidden),
            linear(Product::Down, hidden, ffn),
        ]
        .into_iter()
        .filter(move |each| gated || each.product != Product::Gate)
    }

    /// The product with the vocabulary: one row a sequence in both phases, since only the last position's logits are needed to go on.
    pub fn head_product(&self) -> MatrixProduct {
        MatrixProduct {
            product: Product::Head,
            m: u64::from(self.batch),
            n: u64::from(self.model.vocab_size),
            k: u64::from(self.model.hidden_size),
            count: 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Macs;

    fn llama_2_7b() -> Workload {
        Workload::single_sequence(
            crate::preset::models()
                .into_iter()
                .find(|model| model.name == "LLaMA-2-7B")
                .expect("a built-in model"),
        )
    }

    #[test]
    fn decode_macs_of_the_linear_layers_equal_their_weights() {
        let workload = llama_2_7b();
        let macs: Macs = workload
            .layer_products(Phase::Decode)
            .filter(|product| product.product.is_linear())
            .map(MatrixProduct::macs)
            .sum();
        assert_eq!(macs.0 * 32, workload.model.linear_weights());
        assert_eq!(workload.model.linear_weights(), 6_476_005_376);
    }

    #[test]
    fn grouped_queries_keep_the_macs_of_attention() {
        let mut grouped = llama_2_7b();
        grouped.model.n_kv_heads = 8;
        let attention = |workload: &Workload| -> u64 {
            workload
                .layer_products(Phase::Prefill)
                .filter(|product| product.product == Product::Qk)
                .map(|product| product.macs().0)
                .sum()
        };
        assert_eq!(attention(&grouped), attention(&llama_2_7b()));
    }
}
