//! Sizes of a model: weights, weights a token passes, values kept a token.

use super::{
    Architecture, Dense, Experts, FeedForward, GroupedAttention, LatentAttention, Layer,
    LinearAttention, Mixer, NormWidth, Scoring, StateSpace,
};

/// Weights of a part of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Weights {
    /// All.
    all: u64,
    /// Those that one token passes.
    active: u64,
}

impl Weights {
    const fn both(count: u64) -> Self {
        Self {
            all: count,
            active: count,
        }
    }

    const fn plus(self, other: Self) -> Self {
        Self {
            all: self.all + other.all,
            active: self.active + other.active,
        }
    }
}

impl Architecture {
    /// All stored values, biases and gains of norms among them; those of a shared table count once, those of an indexer of
    /// sparse attention and of layers for the prediction of further tokens do not count, as in published totals.
    pub fn parameters(&self) -> u64 {
        self.weights().all
    }

    /// Those that one token passes: of the routed experts its own. Embedding and head count whole, as in published figures.
    pub fn active_parameters(&self) -> u64 {
        self.weights().active
    }

    /// Weights of the indexers of sparse attention, which [`Architecture::parameters`] leaves out.
    pub fn indexer_parameters(&self) -> u64 {
        let hidden = u64::from(self.hidden_size);
        self.layers()
            .filter_map(|layer| match &layer.mixer {
                Some(Mixer::Latent(latent)) => latent.indexer.map(|indexer| (latent, indexer)),
                _ => None,
            })
            .map(|(latent, indexer)| {
                let [heads, dim] = [indexer.heads, indexer.head_dim].map(u64::from);
                let queries = latent.query_rank.map_or(hidden, u64::from) * heads * dim;
                queries + hidden * dim + 2 * dim + hidden * heads
            })
            .sum()
    }

    /// Values that a token adds to the cache of one layer: of the first layer that keeps all tokens, else of the first with a
    /// cache; 0 where no layer has one. A latent layer keeps its latent vector and one rotated key.
    pub fn key_values_per_token_layer(&self) -> u64 {
        let whole = self.layers().find(|layer| layer.keeps_all());
        whole
            .or_else(|| self.layers().find(|layer| layer.key_values_per_token() > 0))
            .map_or(0, Layer::key_values_per_token)
    }

    /// Values in the caches of all layers after so many tokens: a window holds at most its length.
    pub fn cached_values(&self, tokens: u64) -> u64 {
        self.layers()
            .map(|layer| layer.key_values_per_token() * layer.cached_tokens(tokens))
            .sum()
    }

    /// Values of the states of all layers with linear attention or a state space, for one sequence.
    pub fn state_values(&self) -> u64 {
        self.layers().map(Layer::state_values).sum()
    }

    fn weights(&self) -> Weights {
        let hidden = u64::from(self.hidden_size);
        let vocabulary = u64::from(self.vocab_size);
        let width = self.embedding.width.map_or(hidden, u64::from);
        let projections = if width == hidden {
            0
        } else {
            2 * width * hidden
        };
        let positions = self.embedding.learned_positions.map_or(0, |offset| {
            (u64::from(self.max_context) + u64::from(offset)) * hidden
        });
        let head = if self.head.tied {
            0
        } else {
            vocabulary * width
        };
        let bias = if self.head.bias { vocabulary } else { 0 };
        let norms = [self.embedding.norm, self.final_norm].into_iter().flatten();
        let norms: u64 = norms.map(|norm| norm.parameters(hidden)).sum();
        let outside = vocabulary * width + projections + positions + head + bias + norms;
        self.layers()
            .map(|layer| layer.weights(hidden))
            .fold(Weights::both(outside), Weights::plus)
    }
}

impl Layer {
    fn weights(&self, hidden: u64) -> Weights {
        let norms = self
            .mixer_norms
            .iter()
            .chain(self.feed_forward_norms.iter());
        let norms: u64 = norms.map(|norm| norm.parameters(hidden)).sum();
        let mixer = match &self.mixer {
            Some(Mixer::Grouped(attention)) => attention.parameters(hidden),
            Some(Mixer::Latent(attention)) => attention.parameters(hidden),
            Some(Mixer::Linear(linear)) => linear.parameters(hidden),
            Some(Mixer::StateSpace(space)) => space.parameters(hidden),
            None => 0,
        };
        let feed_forward = match &self.feed_forward {
            Some(FeedForward::Dense(dense)) => Weights::both(dense.parameters(hidden)),
            Some(FeedForward::Experts(experts)) => experts.weights(hidden),
            None => Weights::default(),
        };
        Weights::both(norms + mixer).plus(feed_forward)
    }

    /// Values that a token adds to the cache.
    pub fn key_values_per_token(&self) -> u64 {
        match &self.mixer {
            Some(Mixer::Grouped(attention)) => {
                let dims = u64::from(attention.head_dim) + u64::from(attention.value_dim());
                u64::from(attention.key_heads) * dims
            }
            Some(Mixer::Latent(attention)) => {
                u64::from(attention.key_value_rank) + u64::from(attention.rotary_dim)
            }
            _ => 0,
        }
    }

    /// Tokens that the cache holds after so many.
    pub fn cached_tokens(&self, tokens: u64) -> u64 {
        match &self.mixer {
            Some(Mixer::Grouped(attention)) => attention.span.at_most(tokens),
            Some(Mixer::Latent(_)) => tokens,
            _ => 0,
        }
    }

    /// Values of the state.
    pub fn state_values(&self) -> u64 {
        match &self.mixer {
            Some(Mixer::Linear(linear)) => {
                linear.inner() * u64::from(linear.key_dim)
                    + linear.convolved() * u64::from(linear.convolution.saturating_sub(1))
            }
            Some(Mixer::StateSpace(space)) => {
                space.inner() * u64::from(space.state)
                    + space.convolved() * u64::from(space.convolution.saturating_sub(1))
            }
            _ => 0,
        }
    }

    fn keeps_all(&self) -> bool {
        self.key_values_per_token() > 0 && self.cached_tokens(u64::MAX) == u64::MAX
    }
}

impl GroupedAttention {
    fn parameters(&self, hidden: u64) -> u64 {
        let [heads, key_heads, dim] = [self.heads, self.key_heads, self.head_dim].map(u64::from);
        let value_dim = u64::from(self.value_dim());
        let queries = heads * dim * if self.output_gate { 2 } else { 1 };
        let keys = key_heads * dim;
        let values = if self.values_are_keys {
            0
        } else {
            key_heads * value_dim
        };
        let into = queries + keys + values;
        let out = heads * value_dim;
        let biases = (if self.biases.query_key_value { into } else { 0 })
            + (if self.biases.output { hidden } else { 0 });
        let norms = self.query_key_norm.map_or(0, |each| {
            let width = match each.width {
                NormWidth::Head => 2 * dim,
                NormWidth::EachHead | NormWidth::AllHeads => (heads + key_heads) * dim,
            };
            each.norm.parameters(width)
        });
        hidden * (into + out) + biases + norms + if self.sinks { heads } else { 0 }
    }
}

impl LatentAttention {
    fn parameters(&self, hidden: u64) -> u64 {
        let [heads, rank, plain, rotary, value] = [
            self.heads,
            self.key_value_rank,
            self.plain_dim,
            self.rotary_dim,
            self.value_dim,
        ]
        .map(u64::from);
        let queries = match self.query_rank.map(u64::from) {
            Some(query_rank) => {
                let bias = if self.biases.query_key_value {
                    query_rank
                } else {
                    0
                };
                let norm = self.norm.parameters(query_rank);
                query_rank * (hidden + heads * (plain + rotary)) + bias + norm
            }
            None => hidden * heads * (plain + rotary),
        };
        let bias = (if self.biases.query_key_value {
            rank + rotary
        } else {
            0
        }) + (if self.biases.output { hidden } else { 0 });
        queries
            + hidden * (rank + rotary)
            + self.norm.parameters(rank)
            + rank * heads * (plain + value)
            + heads * value * hidden
            + bias
    }
}

impl LinearAttention {
    fn parameters(&self, hidden: u64) -> u64 {
        // The convolution, a decay and a step bias a value head, and the gain of the output's normalization.
        hidden * (self.columns_in() + self.inner())
            + self.convolved() * u64::from(self.convolution)
            + 2 * u64::from(self.value_heads)
            + u64::from(self.value_dim)
    }
}

impl StateSpace {
    fn parameters(&self, hidden: u64) -> u64 {
        let biases = if self.biases {
            self.columns_in() + hidden
        } else {
            0
        };
        let convolution = u64::from(self.convolution) + u64::from(self.convolution_bias);
        // A decay, a step bias and a direct gain a head, and the gain of the output's normalization.
        hidden * (self.columns_in() + self.inner())
            + biases
            + self.convolved() * convolution
            + 3 * u64::from(self.heads)
            + self.inner()
    }
}

impl Dense {
    fn parameters(&self, hidden: u64) -> u64 {
        let width = u64::from(self.width);
        let biases = if self.biases {
            (self.matrices() - 1) * width + hidden
        } else {
            0
        };
        let learned = match self.activation {
            super::Activation::Xielu => 2,
            _ => 0,
        };
        hidden * width * self.matrices() + biases + learned
    }
}

impl Experts {
    fn weights(&self, hidden: u64) -> Weights {
        let [count, top_k] = [self.count, self.top_k].map(u64::from);
        let expert = self.expert.parameters(hidden);
        let bias = if self.router.bias { count } else { 0 };
        // transformers keeps the numbers of the choice as buffers: not counted.
        let router = hidden * count + bias;
        let gate = if self.shared_gate { hidden } else { 0 };
        let always = [self.shared, self.beside].into_iter().flatten();
        let always: u64 = always.map(|dense| dense.parameters(hidden)).sum();
        debug_assert!(self.router.scoring != Scoring::Softmax || count > 0);
        Weights {
            all: router + gate + always + count * expert,
            active: router + gate + always + top_k * expert,
        }
    }
}
