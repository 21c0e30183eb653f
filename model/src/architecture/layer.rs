//! One layer: a mixer, a feed-forward part, and how they stand to the residual stream.

use serde::{Deserialize, Serialize};

use super::{
    Experts, FeedForward, GroupedAttention, LatentAttention, LinearAttention, Norm, PartNorms,
    Rotary, RotaryScaling, Span, StateSpace, is_default,
};
use crate::violation::Violation;

/// The part of a layer in which tokens meet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Mixer {
    /// Attention whose heads share keys in groups; multi-head and multi-query attention among it.
    Grouped(GroupedAttention),
    /// Multi-head latent attention.
    Latent(LatentAttention),
    /// Linear attention.
    Linear(LinearAttention),
    /// A state space.
    StateSpace(StateSpace),
}

/// How the parts of a layer are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Arrangement {
    /// The feed-forward part sees the mixer's result.
    #[default]
    Sequential,
    /// Both see the layer's input; both results are added.
    Parallel,
}

/// One layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// Name among the kinds of layers of its model.
    pub name: String,
    /// The part in which tokens meet.
    #[serde(default, skip_serializing_if = "is_default")]
    pub mixer: Option<Mixer>,
    /// Its norms.
    #[serde(default, skip_serializing_if = "is_default")]
    pub mixer_norms: PartNorms,
    /// The part that sees one token at a time.
    #[serde(default, skip_serializing_if = "is_default")]
    pub feed_forward: Option<FeedForward>,
    /// Its norms.
    #[serde(default, skip_serializing_if = "is_default")]
    pub feed_forward_norms: PartNorms,
    /// How both are joined.
    #[serde(default, skip_serializing_if = "is_default")]
    pub arrangement: Arrangement,
    /// Factor of each part's output where it is added; `None`: 1.
    #[serde(default, skip_serializing_if = "is_default")]
    pub residual_scale: Option<f64>,
}

impl Layer {
    /// The attention, where it is of the grouped kind.
    pub const fn grouped(&self) -> Option<&GroupedAttention> {
        match &self.mixer {
            Some(Mixer::Grouped(attention)) => Some(attention),
            _ => None,
        }
    }
}

impl Layer {
    /// Adds what is wrong with the layer to a list.
    pub(super) fn check(&self, violations: &mut Vec<Violation>) {
        let mut check = Check {
            kind: &self.name,
            violations,
        };
        match &self.mixer {
            Some(Mixer::Grouped(attention)) => check.grouped(attention),
            Some(Mixer::Latent(attention)) => check.latent(attention),
            Some(Mixer::Linear(linear)) => {
                check.within("linear.key_heads", linear.key_heads, 4096);
                check.within("linear.value_heads", linear.value_heads, 4096);
                check.within("linear.key_dim", linear.key_dim, 1 << 14);
                check.within("linear.value_dim", linear.value_dim, 1 << 14);
                check.within("linear.convolution", linear.convolution, 64);
                check.divides("linear.key_heads", linear.key_heads, linear.value_heads);
            }
            Some(Mixer::StateSpace(space)) => {
                check.within("state_space.heads", space.heads, 4096);
                check.within("state_space.head_dim", space.head_dim, 1 << 14);
                check.within("state_space.state", space.state, 1 << 14);
                check.within("state_space.groups", space.groups, 4096);
                check.within("state_space.convolution", space.convolution, 64);
                check.divides("state_space.groups", space.groups, space.heads);
            }
            None => {}
        }
        match &self.feed_forward {
            Some(FeedForward::Dense(dense)) => check.within("ffn_size", dense.width, 1 << 22),
            Some(FeedForward::Experts(experts)) => check.experts(experts),
            None if self.mixer.is_none() => {
                check.wrong("mixer", "absent", "a mixer or a feed-forward part");
            }
            None => {}
        }
        for norm in self
            .mixer_norms
            .iter()
            .chain(self.feed_forward_norms.iter())
        {
            check.norm(norm);
        }
        if self.residual_scale.is_some_and(|scale| !scale.is_finite()) {
            check.wrong("residual_scale", "not finite", "a finite number");
        }
    }
}

/// What is wrong with one kind of layer.
struct Check<'a> {
    kind: &'a str,
    violations: &'a mut Vec<Violation>,
}

impl Check<'_> {
    fn wrong(&mut self, field: &str, value: impl std::fmt::Display, allowed: impl Into<String>) {
        let field = format!("layer {}: {field}", self.kind);
        self.violations.push(Violation::new(field, value, allowed));
    }

    fn within(&mut self, field: &str, value: u32, most: u32) {
        if value < 1 || value > most {
            self.wrong(field, value, format!("1 to {most}"));
        }
    }

    fn divides(&mut self, field: &str, divisor: u32, whole: u32) {
        if divisor > 0 && !whole.is_multiple_of(divisor) {
            self.wrong(field, divisor, format!("a divisor of {whole}"));
        }
    }

    fn norm(&mut self, norm: Norm) {
        if !(norm.epsilon.is_finite() && norm.epsilon >= 0.0) {
            self.wrong(
                "normalization epsilon",
                norm.epsilon,
                "a finite number from 0",
            );
        }
    }

    fn rotary(&mut self, rotary: &Rotary, head_dim: u32) {
        let channels = rotary.channels;
        if channels == 0 || channels > head_dim || !channels.is_multiple_of(2) {
            self.wrong(
                "rotary.channels",
                channels,
                format!("an even number up to the head width {head_dim}"),
            );
        }
        if !(rotary.base.is_finite() && rotary.base > 0.0) {
            self.wrong("rotary.base", rotary.base, "a positive number");
        }
        if !rotary.scaling.is_sound() {
            self.wrong(
                "rotary.scaling",
                format!("{:?}", rotary.scaling),
                "positive numbers, the high frequency factor above the low one, lists of one length",
            );
        }
        if let RotaryScaling::Long { short, .. } = &rotary.scaling
            && short.len() != channels as usize / 2
        {
            self.wrong(
                "rotary.scaling",
                format!("{} divisors", short.len()),
                format!("{} divisors, one a pair", channels / 2),
            );
        }
    }

    fn grouped(&mut self, attention: &GroupedAttention) {
        self.within("n_heads", attention.heads, 4096);
        self.within("n_kv_heads", attention.key_heads, 4096);
        self.within("head_dim", attention.head_dim, 1 << 14);
        if let Some(dim) = attention.value_dim {
            self.within("value_dim", dim, 1 << 14);
        }
        self.divides("n_kv_heads", attention.key_heads, attention.heads);
        match attention.span {
            Span::Window(length) | Span::Chunk(length) => self.within("span", length, 1 << 28),
            Span::Full => {}
        }
        if let Some(rotary) = &attention.rotary {
            self.rotary(rotary, attention.head_dim);
        }
        for (field, value) in [
            ("soft_cap", attention.soft_cap),
            ("clip", attention.clip),
            ("alibi", attention.alibi),
            ("score_scale", attention.score_scale),
        ] {
            if value.is_some_and(|value| !(value.is_finite() && value > 0.0)) {
                self.wrong(field, value.unwrap_or_default(), "a positive number");
            }
        }
    }

    fn latent(&mut self, attention: &LatentAttention) {
        self.within("n_heads", attention.heads, 4096);
        self.within("key_value_rank", attention.key_value_rank, 1 << 16);
        self.within("plain_dim", attention.plain_dim, 1 << 14);
        self.within("rotary_dim", attention.rotary_dim, 1 << 14);
        self.within("value_dim", attention.value_dim, 1 << 14);
        if let Some(rank) = attention.query_rank {
            self.within("query_rank", rank, 1 << 16);
        }
        if let Some(indexer) = attention.indexer {
            self.within("indexer.heads", indexer.heads, 4096);
            self.within("indexer.head_dim", indexer.head_dim, 1 << 14);
            self.within("indexer.top_k", indexer.top_k, 1 << 24);
        }
        self.rotary(&attention.rotary, attention.rotary_dim);
        self.norm(attention.norm);
    }

    fn experts(&mut self, experts: &Experts) {
        self.within("experts.count", experts.count, 1 << 14);
        if experts.top_k < 1 || experts.top_k > experts.count {
            self.wrong(
                "experts.top_k",
                experts.top_k,
                format!("1 to the number of experts ({})", experts.count),
            );
        }
        self.within("experts.expert.width", experts.expert.width, 1 << 22);
        for dense in [experts.shared, experts.beside].into_iter().flatten() {
            self.within("shared width", dense.width, 1 << 22);
        }
        if let Some([n, top]) = experts.router.groups {
            self.within("router.groups", n, experts.count.max(1));
            self.within("router.groups chosen", top, n.max(1));
        }
    }
}
