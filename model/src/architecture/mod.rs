//! What a language model is made of: layers as data, from which its workload and its forward pass are derived.
//!
//! An [`Architecture`] is read from a `config.json` ([`Architecture::from_config`]), from the metadata of a GGUF file or from RON.
//! Each family is one file in `family/`. What a reader does not understand is an error that names the field.

mod attention;
mod config;
mod config_rotary;
mod family;
mod feed_forward;
mod fields;
mod harmless;
mod layer;
mod norm;
mod recurrent;
mod rotary;
mod size;

pub use attention::{
    AttentionBiases, GroupedAttention, Indexer, LatentAttention, NormWidth, QueryKeyNorm, Span,
    Temperature,
};
pub use feed_forward::{Activation, Dense, Experts, FeedForward, Router, Scoring};
pub use fields::{DescriptionError, Fields};
pub use layer::{Arrangement, Layer, Mixer};
pub use norm::{Norm, NormKind, PartNorms};
pub use recurrent::{LinearAttention, StateSpace};
pub use rotary::{Rotary, RotaryPairs, RotaryScaling, Yarn};

use serde::{Deserialize, Serialize};

use crate::violation::Violation;

/// A language model: what stands between token and logits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Architecture {
    /// Name as its authors write it.
    pub name: String,
    /// Where the figures come from.
    pub source: String,
    /// Name of its family, as `model_type` of transformers or `general.architecture` of GGUF.
    pub family: String,
    /// Width of the residual stream.
    pub hidden_size: u32,
    /// Entries of the vocabulary.
    pub vocab_size: u32,
    /// Longest context in tokens.
    pub max_context: u32,
    /// From token to residual stream.
    #[serde(default, skip_serializing_if = "is_default")]
    pub embedding: Embedding,
    /// Kinds of layers.
    pub kinds: Vec<Layer>,
    /// Which kind each layer is, in runs from the first layer on.
    pub order: Vec<LayerRun>,
    /// Normalization before the head.
    #[serde(default, skip_serializing_if = "is_default")]
    pub final_norm: Option<Norm>,
    /// From residual stream to logits.
    #[serde(default, skip_serializing_if = "is_default")]
    pub head: Head,
    /// Token that starts a text, where the file names one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub start_token: Option<u32>,
}

/// Consecutive layers of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerRun {
    /// Name of the kind.
    pub kind: String,
    /// How many layers.
    pub count: u32,
}

/// From token to residual stream.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Embedding {
    /// Width of the table where it is not that of the residual stream: two projections lead from one to the other (OPT-350m).
    #[serde(skip_serializing_if = "is_default")]
    pub width: Option<u32>,
    /// Factor of the embedding; `None`: 1.
    #[serde(skip_serializing_if = "is_default")]
    pub scale: Option<f64>,
    /// Normalization of the embedding (BLOOM).
    #[serde(skip_serializing_if = "is_default")]
    pub norm: Option<Norm>,
    /// Learned positions: row of the table that belongs to position 0.
    #[serde(skip_serializing_if = "is_default")]
    pub learned_positions: Option<u32>,
}

/// From residual stream to logits.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Head {
    /// Whether it shares the embedding's weights.
    pub tied: bool,
    /// Whether a bias is added.
    #[serde(skip_serializing_if = "is_default")]
    pub bias: bool,
    /// Factor of the logits; `None`: 1.
    #[serde(skip_serializing_if = "is_default")]
    pub scale: Option<f64>,
    /// Logits become `cap x tanh(logit / cap)`.
    #[serde(skip_serializing_if = "is_default")]
    pub soft_cap: Option<f64>,
}

/// Most layers of a model.
pub const MOST_LAYERS: u32 = 1024;

impl Architecture {
    /// How many layers there are, up to a bound far above what [`Architecture::check`] allows.
    pub fn n_layers(&self) -> u32 {
        self.order
            .iter()
            .fold(0, |sum, run| sum.saturating_add(run.count))
    }

    /// The kind of each layer from the first on.
    pub fn layers(&self) -> impl Iterator<Item = &Layer> {
        self.order.iter().flat_map(|run| {
            let kind = self.kinds.iter().find(|kind| kind.name == run.kind);
            kind.into_iter()
                .flat_map(move |kind| std::iter::repeat_n(kind, run.count as usize))
        })
    }

    /// The kind of a layer; `None` beyond the last.
    pub fn layer(&self, index: u32) -> Option<&Layer> {
        let mut first = 0_u32;
        let run = self.order.iter().find(|run| {
            first = first.saturating_add(run.count);
            index < first
        })?;
        self.kinds.iter().find(|kind| kind.name == run.kind)
    }

    /// Sets the layers from one kind for each layer: equal ones are kept once, and neighbors become runs.
    #[must_use]
    pub fn with_layers(mut self, layers: impl IntoIterator<Item = Layer>) -> Self {
        self.kinds.clear();
        self.order.clear();
        for layer in layers {
            match self.order.last_mut() {
                Some(run) if run.kind == layer.name => run.count += 1,
                _ => self.order.push(LayerRun {
                    kind: layer.name.clone(),
                    count: 1,
                }),
            }
            if !self.kinds.iter().any(|kind| kind.name == layer.name) {
                self.kinds.push(layer);
            }
        }
        self
    }

    /// What is wrong with the description, if anything.
    ///
    /// # Errors
    /// One violation for each dimension outside its range, and for names of kinds that do not fit.
    pub fn check(&self) -> Result<(), Vec<Violation>> {
        let mut violations = Vec::new();
        let mut within = |field: &str, value: u32, most: u32| {
            if value < 1 || value > most {
                violations.push(Violation::out_of_range(field, value, 1, most));
            }
        };
        within("n_layers", self.n_layers(), MOST_LAYERS);
        within("hidden_size", self.hidden_size, 1 << 20);
        within("vocab_size", self.vocab_size, 1 << 24);
        within("max_context", self.max_context, 1 << 28);
        if let Some(width) = self.embedding.width {
            within("embedding.width", width, 1 << 20);
        }
        for (index, kind) in self.kinds.iter().enumerate() {
            kind.check(&mut violations);
            if self.kinds[..index]
                .iter()
                .any(|other| other.name == kind.name)
            {
                violations.push(Violation::new(
                    "kinds",
                    format!("\"{}\" twice", kind.name),
                    "different names",
                ));
            }
        }
        for run in &self.order {
            if !self.kinds.iter().any(|kind| kind.name == run.kind) {
                let names: Vec<&str> = self.kinds.iter().map(|kind| kind.name.as_str()).collect();
                violations.push(Violation::new(
                    "order.kind",
                    format!("\"{}\"", run.kind),
                    names.join(" "),
                ));
            }
        }
        if violations.is_empty() {
            Ok(())
        } else {
            Err(violations)
        }
    }
}

/// Whether a value is what its type starts with, so that text forms leave it out.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
