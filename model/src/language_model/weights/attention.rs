//! Weights of attention: separate or fused projections, their norms, sinks and slopes.

use std::sync::Arc;

use super::names;
use super::source::Source;
use super::to_len;
use crate::architecture::{GroupedAttention, LatentAttention, NormWidth, QueryKeyNorm};
use crate::language_model::checkpoint::CheckpointError;
use crate::language_model::layer::{GroupedWeights, LatentWeights};
use crate::language_model::{Linear, Matrix, Norm};

pub(super) fn grouped(
    source: &Source<'_, '_>,
    prefix: &str,
    attention: &GroupedAttention,
    hidden: usize,
) -> Result<GroupedWeights, CheckpointError> {
    let (heads, key_heads) = (to_len(attention.heads), to_len(attention.key_heads));
    let (head_dim, value_dim) = (to_len(attention.head_dim), to_len(attention.value_dim()));
    let unknown = [
        (attention.output_gate, "a gate of its output"),
        (attention.values_are_keys, "keys that are its values"),
        (attention.value_norm.is_some(), "normalized values"),
        (
            attention.value_dim() > attention.head_dim,
            "values wider than keys",
        ),
    ];
    if let Some((_, part)) = unknown.into_iter().find(|(is_there, _)| *is_there) {
        return Err(CheckpointError::new(
            format!("attention of {}", prefix.trim_end_matches('.')),
            format!("has {part}, which is not computed yet"),
        ));
    }
    let lengths = [
        heads * head_dim,
        key_heads * head_dim,
        key_heads * value_dim,
    ];
    let [q, k, v] = if source.has(prefix, names::FUSED) {
        let all = source.linear(
            &source.name(prefix, names::FUSED),
            lengths.iter().sum(),
            hidden,
        )?;
        let mut first = 0;
        lengths.map(|n| {
            let part = rows(&all, first..first + n);
            first += n;
            part
        })
    } else if source.has(prefix, names::GROUP_BY_GROUP) {
        let all = source.linear(
            &source.name(prefix, names::GROUP_BY_GROUP),
            lengths.iter().sum(),
            hidden,
        )?;
        let group = heads / key_heads;
        let stride = group * head_dim + head_dim + value_dim;
        let of_group = |first: usize, n: usize| {
            picked(
                &all,
                (0..key_heads)
                    .flat_map(|head| head * stride + first..head * stride + first + n)
                    .collect(),
            )
        };
        [
            of_group(0, group * head_dim),
            of_group(group * head_dim, head_dim),
            of_group(group * head_dim + head_dim, value_dim),
        ]
    } else {
        let linear = |role, n| source.linear(&source.name(prefix, role), n, hidden);
        [
            linear(names::Q, lengths[0])?,
            linear(names::K, lengths[1])?,
            linear(names::V, lengths[2])?,
        ]
    };
    let norm = |role, n_heads: usize| {
        let described = attention.query_key_norm?;
        Some(query_key_norm(
            source, prefix, role, described, n_heads, head_dim,
        ))
    };
    let sinks = if attention.sinks {
        let name = source.name(prefix, names::SINKS);
        let name = if source.is_gguf {
            format!("{name}.weight")
        } else {
            name
        };
        source.needed(&name)?;
        source.vector(&name, heads)?
    } else {
        None
    };
    Ok(GroupedWeights {
        q,
        k,
        v,
        o: source.linear(&source.name(prefix, names::O), hidden, heads * value_dim)?,
        q_norm: norm(names::Q_NORM, heads).transpose()?,
        k_norm: norm(names::K_NORM, key_heads).transpose()?,
        sinks,
        slopes: attention
            .alibi
            .map(|largest| slopes(attention.heads, largest)),
    })
}

fn query_key_norm(
    source: &Source<'_, '_>,
    prefix: &str,
    role: names::Role,
    described: QueryKeyNorm,
    n_heads: usize,
    head_dim: usize,
) -> Result<Norm, CheckpointError> {
    let len = match described.width {
        NormWidth::Head => head_dim,
        NormWidth::EachHead | NormWidth::AllHeads => n_heads * head_dim,
    };
    let name = source.name(prefix, role);
    // StableLM-2 keeps a tensor a head.
    let of_head = |head: usize| format!("{name}.norms.{head}.weight");
    if described.width == NormWidth::EachHead && source.tensor(&of_head(0)).is_some() {
        let mut gain = Vec::with_capacity(len);
        for head in 0..n_heads {
            let of_head = source.vector(&of_head(head), head_dim)?;
            gain.extend(of_head.into_iter().flat_map(|part| part.to_vec()));
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "epsilons are tiny decimal constants"
        )]
        return Ok(Norm {
            kind: described.norm.kind,
            epsilon: described.norm.epsilon as f32,
            gain: gain.into(),
            bias: None,
        });
    }
    source.norm(&name, described.norm, len)
}

pub(super) fn latent(
    source: &Source<'_, '_>,
    prefix: &str,
    attention: &LatentAttention,
    hidden: usize,
) -> Result<LatentWeights, CheckpointError> {
    if attention.indexer.is_some() {
        return Err(CheckpointError::new(
            format!("attention of {}", prefix.trim_end_matches('.')),
            "has an indexer that chooses tokens, which is not computed yet",
        ));
    }
    let heads = to_len(attention.heads);
    let [plain, rotary, value, rank] = [
        attention.plain_dim,
        attention.rotary_dim,
        attention.value_dim,
        attention.key_value_rank,
    ]
    .map(to_len);
    let linear = |role, n_out, n_in| source.linear(&source.name(prefix, role), n_out, n_in);
    let norm = |role, len| source.norm(&source.name(prefix, role), attention.norm, len);
    let n_query = heads * (plain + rotary);
    let (q_a, q_b) = match attention.query_rank.map(to_len) {
        Some(query_rank) => (
            Some((
                linear(names::Q_A, query_rank, hidden)?,
                norm(names::Q_A_NORM, query_rank)?,
            )),
            linear(names::Q_B, n_query, query_rank)?,
        ),
        None => (None, linear(names::Q, n_query, hidden)?),
    };
    Ok(LatentWeights {
        q_a,
        q_b,
        kv_a: linear(names::KV_A, rank + rotary, hidden)?,
        kv_norm: norm(names::KV_A_NORM, rank)?,
        kv_b: linear(names::KV_B, heads * (plain + value), rank)?,
        o: linear(names::O, hidden, heads * value)?,
    })
}

/// Rows that follow each other, as a projection of their own.
pub(super) fn rows(all: &Linear, range: std::ops::Range<usize>) -> Linear {
    let bias = all.bias.as_ref().map(|bias| bias[range.clone()].into());
    Linear::new(all.weight.rows(range.start, range.len()), bias)
}

/// Rows in any order.
pub(super) fn picked(all: &Linear, rows: Vec<usize>) -> Linear {
    let weight = rows
        .iter()
        .flat_map(|row| all.weight.row(*row))
        .copied()
        .collect();
    let weight = Matrix::new(weight, rows.len(), all.weight.row_len());
    let bias = all.bias.as_ref();
    Linear::new(
        weight,
        bias.map(|bias| rows.into_iter().map(|row| bias[row]).collect()),
    )
}

/// Slopes of linear biases (Press et al., ICLR 2022): a geometric series over the heads, the numbers between its members for
/// heads beyond a power of two.
#[expect(
    clippy::cast_possible_truncation,
    reason = "f32 is the working precision"
)]
fn slopes(heads: u32, largest: f64) -> Arc<[f32]> {
    let power = 1 << heads.max(1).ilog2();
    let series = (1..=power).map(|step| largest * f64::from(step) / f64::from(power));
    let between = (0..power).map(|step| largest * f64::from(2 * step + 1) / f64::from(2 * power));
    series
        .chain(between)
        .take(heads as usize)
        .map(|exponent| (-exponent).exp2() as f32)
        .collect()
}
