//! The part of a layer that sees one token at a time.

use serde::{Deserialize, Serialize};

use super::is_default;

/// The nonlinearity of a feed-forward part.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub enum Activation {
    /// x / (1 + exp(-x)).
    #[default]
    Silu,
    /// max(x, 0).
    Relu,
    /// max(x, 0) squared.
    ReluSquared,
    /// x times the normal distribution function, by the error function.
    Gelu,
    /// The tanh approximation of [`Self::Gelu`].
    GeluTanh,
    /// Integral of an expanded ELU with two learned numbers a layer (Apertus).
    Xielu,
    /// `gate x sigmoid(alpha gate) x (up + 1)`, the gate clamped above and `up` on both sides (gpt-oss).
    ClampedSwiglu {
        /// Slope in the sigmoid.
        alpha: f64,
        /// Where both are clamped.
        limit: f64,
    },
}

/// One multilayer perceptron.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dense {
    /// Inner width.
    pub width: u32,
    /// Whether a gate projection multiplies the up projection.
    pub gated: bool,
    /// Nonlinearity.
    #[serde(skip_serializing_if = "is_default")]
    pub activation: Activation,
    /// Whether the projections have biases.
    #[serde(skip_serializing_if = "is_default")]
    pub biases: bool,
}

impl Dense {
    /// Projections.
    pub const fn matrices(&self) -> u64 {
        if self.gated { 3 } else { 2 }
    }
}

/// How logits of the router become weights of the experts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Scoring {
    /// Softmax over all experts.
    #[default]
    Softmax,
    /// Softmax over the chosen experts.
    SoftmaxOfChosen,
    /// Sigmoid of each.
    Sigmoid,
}

/// Which experts a token takes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent choices, each a fact of a published model"
)]
pub struct Router {
    /// From logits to weights.
    pub scoring: Scoring,
    /// Whether a learned number an expert is added for the choice alone.
    #[serde(skip_serializing_if = "is_default")]
    pub choice_bias: bool,
    /// Whether the router's projection has a bias.
    #[serde(skip_serializing_if = "is_default")]
    pub bias: bool,
    /// Groups of experts, and how many of them may be chosen from.
    #[serde(skip_serializing_if = "is_default")]
    pub groups: Option<[u32; 2]>,
    /// Whether the weights of the chosen experts are divided by their sum.
    #[serde(skip_serializing_if = "is_default")]
    pub normalized: bool,
    /// Factor of the weights.
    pub scale: f64,
    /// Whether the weights multiply the experts' inputs; else their outputs (Llama 4).
    #[serde(skip_serializing_if = "is_default")]
    pub on_input: bool,
}

impl Default for Router {
    fn default() -> Self {
        Self {
            scoring: Scoring::Softmax,
            choice_bias: false,
            bias: false,
            groups: None,
            normalized: false,
            scale: 1.0,
            on_input: false,
        }
    }
}

/// Several perceptrons, of which a router chooses a few for each token.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Experts {
    /// Routed experts.
    pub count: u32,
    /// Experts that each token takes.
    pub top_k: u32,
    /// One routed expert.
    pub expert: Dense,
    /// Choice of the experts.
    pub router: Router,
    /// The experts that every token takes, as one perceptron.
    #[serde(skip_serializing_if = "is_default")]
    pub shared: Option<Dense>,
    /// Whether a sigmoid of one logit a token multiplies the shared experts' output (Qwen).
    #[serde(skip_serializing_if = "is_default")]
    pub shared_gate: bool,
    /// A perceptron beside the experts with norms of its own (Gemma 4).
    #[serde(skip_serializing_if = "is_default")]
    pub beside: Option<Dense>,
}

impl Experts {
    /// Distinct experts that a number of tokens takes on average where all are equally likely: `n (1 - ((n - k) / n)^tokens)`.
    pub fn distinct(&self, tokens: u64) -> f64 {
        let [n, k] = [self.count, self.top_k].map(f64::from);
        #[expect(
            clippy::cast_precision_loss,
            reason = "an exponent; beyond 2^53 the power is 0"
        )]
        let tokens = tokens as f64;
        n * (1.0 - ((n - k) / n).powf(tokens))
    }
}

/// The part of a layer that sees one token at a time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum FeedForward {
    /// One perceptron.
    Dense(Dense),
    /// A mixture of experts.
    Experts(Experts),
}
