//! Weights of the parts that see one token at a time.

use super::attention::{picked, rows};
use super::names;
use super::source::{Source, expect_shape};
use super::to_len;
use crate::architecture::{Activation, Dense, Experts};
use crate::language_model::checkpoint::CheckpointError;
use crate::language_model::layer::{ExpertWeights, Perceptron, Xielu};
use crate::language_model::{Linear, Matrix};

pub(super) fn dense(
    source: &Source<'_, '_>,
    prefix: &str,
    dense: &Dense,
    hidden: usize,
) -> Result<Perceptron, CheckpointError> {
    let width = to_len(dense.width);
    let linear = |role, n_out, n_in| source.linear(&source.name(prefix, role), n_out, n_in);
    let (gate, up) = if dense.gated && source.has(prefix, names::GATE_UP) {
        let both = linear(names::GATE_UP, 2 * width, hidden)?;
        (Some(rows(&both, 0..width)), rows(&both, width..2 * width))
    } else {
        let gate = dense.gated.then(|| linear(names::GATE, width, hidden));
        (gate.transpose()?, linear(names::UP, width, hidden)?)
    };
    let xielu = (dense.activation == Activation::Xielu).then(|| xielu(source, prefix));
    Ok(Perceptron {
        gate,
        up,
        down: linear(names::DOWN, hidden, width)?,
        xielu: xielu.transpose()?,
    })
}

/// The learned numbers of Apertus' nonlinearity, as its class transforms them.
fn xielu(source: &Source<'_, '_>, prefix: &str) -> Result<Xielu, CheckpointError> {
    let number = |name: &str| {
        let tensor = source.needed(&format!("{prefix}mlp.act_fn.{name}"))?;
        let values = tensor.decode()?;
        values
            .first()
            .copied()
            .ok_or_else(|| CheckpointError::new(format!("tensor {}", tensor.name), "is empty"))
    };
    let soft_plus = |x: f32| x.max(0.0) + (-x.abs()).exp().ln_1p();
    let beta = number("beta")?;
    Ok(Xielu {
        positive: soft_plus(number("alpha_p")?),
        negative: beta + soft_plus(number("alpha_n")?),
        beta,
        epsilon: number("eps")?,
    })
}

pub(super) fn experts(
    source: &Source<'_, '_>,
    prefix: &str,
    described: &Experts,
    hidden: usize,
) -> Result<ExpertWeights, CheckpointError> {
    if described.beside.is_some() {
        return Err(CheckpointError::new(
            format!("experts of {}", prefix.trim_end_matches('.')),
            "stand beside a perceptron, which is not computed yet",
        ));
    }
    let count = to_len(described.count);
    let router = source.linear(&source.name(prefix, names::ROUTER), count, hidden)?;
    let choice_bias = if described.router.choice_bias {
        let name = if source.is_gguf {
            format!("{prefix}{}", names::CHOICE_BIAS.gguf)
        } else {
            source.name(prefix, names::CHOICE_BIAS)
        };
        source.needed(&name)?;
        source.vector(&name, count)?
    } else {
        None
    };
    let shared = match described.shared {
        None => None,
        Some(dense) => Some(shared_expert(source, prefix, &dense, hidden)?),
    };
    let shared_gate = described
        .shared_gate
        .then(|| source.linear(&source.name(prefix, names::SHARED_GATE), 1, hidden))
        .transpose()?;
    let experts = if source.is_gguf {
        stacked_of_gguf(source, prefix, described, hidden)?
    } else if let Some(place) = stacked_prefix(source, prefix) {
        stacked(source, &place, described, hidden)?
    } else {
        (0..count)
            .map(|expert| single(source, prefix, expert, &described.expert, hidden))
            .collect::<Result<_, _>>()?
    };
    Ok(ExpertWeights {
        router,
        choice_bias,
        experts,
        shared,
        shared_gate,
    })
}

fn shared_expert(
    source: &Source<'_, '_>,
    prefix: &str,
    dense: &Dense,
    hidden: usize,
) -> Result<Perceptron, CheckpointError> {
    if source.is_gguf {
        return named(
            source,
            ["ffn_gate_shexp", "ffn_up_shexp", "ffn_down_shexp"]
                .map(|name| format!("{prefix}{name}")),
            dense,
            hidden,
        );
    }
    let places = names::SHARED_PREFIXES.map(|place| format!("{prefix}{place}"));
    let found = places.iter().find(|place| source.has_prefix(place));
    of_place(source, found.unwrap_or(&places[0]), dense, hidden)
}

fn single(
    source: &Source<'_, '_>,
    prefix: &str,
    expert: usize,
    dense: &Dense,
    hidden: usize,
) -> Result<Perceptron, CheckpointError> {
    let places = names::EXPERT_PREFIXES
        .map(|place| format!("{prefix}{}", place.replace("{}", &expert.to_string())));
    let found = places.iter().find(|place| source.has_prefix(place));
    of_place(source, found.unwrap_or(&places[0]), dense, hidden)
}

/// A perceptron whose projections have one of the usual names behind a prefix.
fn of_place(
    source: &Source<'_, '_>,
    place: &str,
    dense: &Dense,
    hidden: usize,
) -> Result<Perceptron, CheckpointError> {
    let names = names::OF_EXPERT.map(|names| {
        let of = |name: &&str| format!("{place}{name}");
        let found = names.iter().map(of).find(|name| source.holds(name));
        found.unwrap_or_else(|| names.first().map(of).unwrap_or_default())
    });
    named(source, names, dense, hidden)
}

fn named(
    source: &Source<'_, '_>,
    [gate, up, down]: [String; 3],
    dense: &Dense,
    hidden: usize,
) -> Result<Perceptron, CheckpointError> {
    let width = to_len(dense.width);
    let gate = dense.gated.then(|| source.linear(&gate, width, hidden));
    Ok(Perceptron {
        gate: gate.transpose()?,
        up: source.linear(&up, width, hidden)?,
        down: source.linear(&down, hidden, width)?,
        xielu: None,
    })
}

fn stacked_prefix(source: &Source<'_, '_>, prefix: &str) -> Option<String> {
    names::STACKED
        .map(|place| format!("{prefix}{place}"))
        .into_iter()
        .find(|place| source.holds(&format!("{place}gate_up_proj")))
}

/// All experts in `gate_up_proj` and `down_proj`, the input axis first: gate and up in halves (Llama 4) or in turn (gpt-oss).
fn stacked(
    source: &Source<'_, '_>,
    place: &str,
    described: &Experts,
    hidden: usize,
) -> Result<Vec<Perceptron>, CheckpointError> {
    let (count, width) = (to_len(described.count), to_len(described.expert.width));
    let both = stack(
        source,
        &format!("{place}gate_up_proj"),
        count,
        hidden,
        2 * width,
    )?;
    let down = stack(source, &format!("{place}down_proj"), count, width, hidden)?;
    let in_turn = matches!(
        described.expert.activation,
        Activation::ClampedSwiglu { .. }
    );
    let part = |first: usize| -> Vec<usize> {
        if in_turn {
            (0..width).map(|row| 2 * row + first).collect()
        } else {
            (first * width..(first + 1) * width).collect()
        }
    };
    let (gate_rows, up_rows) = (part(0), part(1));
    Ok(both
        .into_iter()
        .zip(down)
        .map(|(both, down)| Perceptron {
            gate: Some(picked(&both, gate_rows.clone())),
            up: picked(&both, up_rows.clone()),
            down,
            xielu: None,
        })
        .collect())
}

/// One projection an expert from a tensor of all, stored with the input axis first unless it was packed.
fn stack(
    source: &Source<'_, '_>,
    name: &str,
    count: usize,
    n_in: usize,
    n_out: usize,
) -> Result<Vec<Linear>, CheckpointError> {
    let packed = format!("{name}.weight");
    let (tensor, input_first) = match source.tensor(&packed) {
        Some(tensor) => (tensor, false),
        None => (source.needed(name)?, true),
    };
    let dims = if input_first {
        [count, n_in, n_out]
    } else {
        [count, n_out, n_in]
    };
    expect_shape(tensor, &dims)?;
    let bias = source.vector(&format!("{name}_bias"), count * n_out)?;
    let [_, n_rows, row_len] = dims;
    (0..count)
        .map(|expert| {
            let values = tensor.decode_rows((expert * n_rows) as u64, n_rows as u64)?;
            let matrix = Matrix::new(values, n_rows, row_len);
            let weight = if input_first {
                matrix.transposed()
            } else {
                matrix
            };
            let own = bias
                .as_ref()
                .map(|bias| bias[expert * n_out..(expert + 1) * n_out].into());
            Ok(Linear::new(weight, own))
        })
        .collect()
}

/// `ffn_gate_exps`, `ffn_up_exps` and `ffn_down_exps` of GGUF files.
fn stacked_of_gguf(
    source: &Source<'_, '_>,
    prefix: &str,
    described: &Experts,
    hidden: usize,
) -> Result<Vec<Perceptron>, CheckpointError> {
    let (count, width) = (to_len(described.count), to_len(described.expert.width));
    let all = |name: &str, n_out: usize, n_in: usize| {
        let place = format!("{prefix}{name}");
        let tensor = source.needed(&format!("{place}.weight"))?;
        expect_shape(tensor, &[count, n_out, n_in])?;
        let bias = source.vector(&format!("{place}.bias"), count * n_out)?;
        (0..count)
            .map(|expert| {
                let values = tensor.decode_rows((expert * n_out) as u64, n_out as u64)?;
                let own = bias
                    .as_ref()
                    .map(|bias| bias[expert * n_out..(expert + 1) * n_out].into());
                Ok(Linear::new(Matrix::new(values, n_out, n_in), own))
            })
            .collect::<Result<Vec<_>, CheckpointError>>()
    };
    let gates = all("ffn_gate_exps", width, hidden)?;
    let ups = all("ffn_up_exps", width, hidden)?;
    let downs = all("ffn_down_exps", hidden, width)?;
    Ok(gates
        .into_iter()
        .zip(ups)
        .zip(downs)
        .map(|((gate, up), down)| Perceptron {
            gate: Some(gate),
            up,
            down,
            xielu: None,
        })
        .collect())
}
