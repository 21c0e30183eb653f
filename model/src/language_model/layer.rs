//! The weights of one layer, as its description says which there are.

use std::sync::Arc;

use super::{Linear, Norm};
use crate::workload::Product;

/// The weights of one layer.
#[derive(Debug, Clone)]
pub(crate) struct Layer {
    pub(crate) mixer_norms: NormWeights,
    pub(crate) mixer: MixerWeights,
    pub(crate) feed_forward_norms: NormWeights,
    pub(crate) feed_forward: FeedForwardWeights,
}

/// The normalizations of a part.
#[derive(Debug, Clone, Default)]
pub(crate) struct NormWeights {
    pub(crate) before: Option<Norm>,
    pub(crate) after: Option<Norm>,
    pub(crate) on_sum: Option<Norm>,
}

/// The part in which tokens meet.
#[derive(Debug, Clone)]
pub(crate) enum MixerWeights {
    Grouped(GroupedWeights),
    Latent(LatentWeights),
}

/// Projections of attention whose heads share keys in groups.
#[derive(Debug, Clone)]
pub(crate) struct GroupedWeights {
    pub(crate) q: Linear,
    pub(crate) k: Linear,
    pub(crate) v: Linear,
    pub(crate) o: Linear,
    pub(crate) q_norm: Option<Norm>,
    pub(crate) k_norm: Option<Norm>,
    /// A logit a head that takes part in the softmax and has no value.
    pub(crate) sinks: Option<Arc<[f32]>>,
    /// Bias of a head's scores for each token of distance.
    pub(crate) slopes: Option<Arc<[f32]>>,
}

/// Projections of latent attention.
#[derive(Debug, Clone)]
pub(crate) struct LatentWeights {
    /// Compression of the query with its normalization; `None`: one projection.
    pub(crate) q_a: Option<(Linear, Norm)>,
    pub(crate) q_b: Linear,
    pub(crate) kv_a: Linear,
    pub(crate) kv_norm: Norm,
    pub(crate) kv_b: Linear,
    pub(crate) o: Linear,
}

/// The part that sees one token at a time.
#[derive(Debug, Clone)]
pub(crate) enum FeedForwardWeights {
    Dense(Box<Perceptron>),
    Experts(Box<ExpertWeights>),
}

/// One perceptron.
#[derive(Debug, Clone)]
pub(crate) struct Perceptron {
    pub(crate) gate: Option<Linear>,
    pub(crate) up: Linear,
    pub(crate) down: Linear,
    /// The learned numbers of its nonlinearity.
    pub(crate) xielu: Option<Xielu>,
}

/// Learned numbers of the integral of an expanded ELU, after their transformations.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Xielu {
    pub(crate) positive: f32,
    pub(crate) negative: f32,
    pub(crate) beta: f32,
    pub(crate) epsilon: f32,
}

/// A mixture of experts.
#[derive(Debug, Clone)]
pub(crate) struct ExpertWeights {
    pub(crate) router: Linear,
    /// Added to the scores for the choice alone.
    pub(crate) choice_bias: Option<Arc<[f32]>>,
    pub(crate) experts: Vec<Perceptron>,
    pub(crate) shared: Option<Perceptron>,
    pub(crate) shared_gate: Option<Linear>,
}

impl Layer {
    /// Attention whose heads share keys in groups, where it is that.
    pub(crate) const fn grouped(&self) -> Option<&GroupedWeights> {
        match &self.mixer {
            MixerWeights::Grouped(attention) => Some(attention),
            MixerWeights::Latent(_) => None,
        }
    }

    /// The same to be changed.
    pub(crate) const fn grouped_mut(&mut self) -> Option<&mut GroupedWeights> {
        match &mut self.mixer {
            MixerWeights::Grouped(attention) => Some(attention),
            MixerWeights::Latent(_) => None,
        }
    }

    /// Every projection with the product whose formats it takes; the first of a product is the one that observers see.
    pub(crate) fn linears(&self) -> Vec<(Product, &Linear)> {
        let mut all = match &self.mixer {
            MixerWeights::Grouped(GroupedWeights { q, k, v, o, .. }) => vec![
                (Product::Q, q),
                (Product::K, k),
                (Product::V, v),
                (Product::O, o),
            ],
            MixerWeights::Latent(latent) => {
                let q_a = latent.q_a.iter().map(|(q_a, _)| (Product::Q, q_a));
                q_a.chain([
                    (Product::Q, &latent.q_b),
                    (Product::K, &latent.kv_a),
                    (Product::K, &latent.kv_b),
                    (Product::O, &latent.o),
                ])
                .collect()
            }
        };
        match &self.feed_forward {
            FeedForwardWeights::Dense(dense) => all.extend(dense.linears()),
            FeedForwardWeights::Experts(experts) => {
                all.push((Product::Up, &experts.router));
                let perceptrons = experts.experts.iter().chain(&experts.shared);
                all.extend(perceptrons.flat_map(Perceptron::linears));
                all.extend(experts.shared_gate.iter().map(|gate| (Product::Up, gate)));
            }
        }
        all
    }

    /// The same to be changed.
    pub(crate) fn linears_mut(&mut self) -> Vec<(Product, &mut Linear)> {
        let mut all = match &mut self.mixer {
            MixerWeights::Grouped(GroupedWeights { q, k, v, o, .. }) => vec![
                (Product::Q, q),
                (Product::K, k),
                (Product::V, v),
                (Product::O, o),
            ],
            MixerWeights::Latent(latent) => {
                let q_a = latent.q_a.iter_mut().map(|(q_a, _)| (Product::Q, q_a));
                q_a.chain([
                    (Product::Q, &mut latent.q_b),
                    (Product::K, &mut latent.kv_a),
                    (Product::K, &mut latent.kv_b),
                    (Product::O, &mut latent.o),
                ])
                .collect()
            }
        };
        match &mut self.feed_forward {
            FeedForwardWeights::Dense(dense) => all.extend(dense.linears_mut()),
            FeedForwardWeights::Experts(experts) => {
                all.push((Product::Up, &mut experts.router));
                let perceptrons = experts.experts.iter_mut().chain(&mut experts.shared);
                all.extend(perceptrons.flat_map(Perceptron::linears_mut));
                all.extend(
                    experts
                        .shared_gate
                        .iter_mut()
                        .map(|gate| (Product::Up, gate)),
                );
            }
        }
        all
    }
}

impl Perceptron {
    fn linears(&self) -> Vec<(Product, &Linear)> {
        let gate = self.gate.iter().map(|gate| (Product::Gate, gate));
        gate.chain([(Product::Up, &self.up), (Product::Down, &self.down)])
            .collect()
    }

    fn linears_mut(&mut self) -> Vec<(Product, &mut Linear)> {
        let gate = self.gate.iter_mut().map(|gate| (Product::Gate, gate));
        gate.chain([(Product::Up, &mut self.up), (Product::Down, &mut self.down)])
            .collect()
    }
}
