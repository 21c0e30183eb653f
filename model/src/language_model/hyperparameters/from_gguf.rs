//! Hyperparameters from the metadata of a GGUF file.

use super::{Hyperparameters, Naming, plain_layer};
use crate::architecture::{
    Activation, Architecture, Dense, Embedding, GroupedAttention, Head, MOST_LAYERS, Norm, Rotary,
    RotaryPairs, RotaryScaling, Span, Yarn,
};
use crate::language_model::checkpoint::{CheckpointError, Gguf, Metadata, MetadataValue};

/// Reads the metadata and the few shapes that only tensors tell.
///
/// # Errors
/// When the architecture is not `llama`, `mistral`, `qwen2` or `gpt2`, or a field is missing or out of range.
pub fn hyperparameters_from_gguf(file: &Gguf<'_>) -> Result<Hyperparameters, CheckpointError> {
    let metadata = &file.metadata;
    let family = metadata
        .text("general.architecture")
        .ok_or_else(|| CheckpointError::new("metadata general.architecture", "is missing"))?;
    let rotary_pairs = match family {
        "llama" | "mistral" => Some(RotaryPairs::Neighbors),
        "qwen2" => Some(RotaryPairs::Halves),
        "gpt2" => None,
        other => {
            return Err(CheckpointError::new(
                "metadata general.architecture",
                format!("is \"{other}\"; llama, mistral, qwen2 and gpt2 can be run"),
            ));
        }
    };
    let key = |name: &str| format!("{family}.{name}");
    let count = |name: &str| metadata.required_count(&key(name));
    let hidden_size = count("embedding_length")?;
    let rms = rotary_pairs.is_some();
    let epsilon_key = key(if rms {
        "attention.layer_norm_rms_epsilon"
    } else {
        "attention.layer_norm_epsilon"
    });
    let n_layers = count("block_count")?;
    if n_layers > MOST_LAYERS {
        return Err(CheckpointError::new(
            format!("metadata {}", key("block_count")),
            format!("is {n_layers}; at most {MOST_LAYERS} layers are read"),
        ));
    }
    refuse_unknown(metadata, family)?;
    let context = count("context_length")?;
    let epsilon = metadata
        .float(&epsilon_key)
        .ok_or_else(|| CheckpointError::new(format!("metadata {epsilon_key}"), "is missing"))?;
    let norm = if rms {
        Norm::root_mean_square(epsilon)
    } else {
        Norm::layer(epsilon)
    };
    let attention = attention_of(file, family, rotary_pairs, hidden_size)?;
    let dense = Dense {
        width: count("feed_forward_length")?,
        gated: rms,
        activation: if rms {
            Activation::Silu
        } else {
            Activation::GeluTanh
        },
        biases: !rms,
    };
    let start_token = metadata.count("tokenizer.ggml.bos_token_id")?;
    let model = Architecture {
        name: metadata.text("general.name").unwrap_or(family).to_owned(),
        source: "GGUF metadata".to_owned(),
        family: family.to_owned(),
        hidden_size,
        vocab_size: vocab_size(file)?,
        max_context: context,
        embedding: Embedding {
            learned_positions: (!rms).then_some(0),
            ..Embedding::default()
        },
        kinds: Vec::new(),
        order: Vec::new(),
        final_norm: Some(norm),
        head: Head {
            tied: !file.tensors.contains_key("output.weight"),
            ..Head::default()
        },
        start_token,
    };
    Hyperparameters {
        architecture: model
            .with_layers(vec![plain_layer(attention, dense, norm); n_layers as usize]),
        naming: Naming::Gguf,
        start_token,
    }
    .checked()
}

/// Heads, rotation and window.
fn attention_of(
    file: &Gguf<'_>,
    family: &str,
    pairs: Option<RotaryPairs>,
    hidden_size: u32,
) -> Result<GroupedAttention, CheckpointError> {
    let metadata = &file.metadata;
    let key = |name: &str| format!("{family}.{name}");
    let n_heads = metadata.required_count(&key("attention.head_count"))?;
    let head_dim = metadata
        .count(&key("attention.key_length"))?
        .or(hidden_size.checked_div(n_heads))
        .unwrap_or(0);
    let window = metadata
        .count(&key("attention.sliding_window"))?
        .filter(|&window| window > 0);
    let rotary = match pairs {
        None => None,
        Some(pairs) => Some(Rotary {
            channels: metadata
                .count(&key("rope.dimension_count"))?
                .unwrap_or(head_dim),
            base: metadata.float(&key("rope.freq_base")).unwrap_or(10_000.0),
            pairs,
            scaling: scaling(
                file,
                &key("rope.scaling"),
                metadata.required_count(&key("context_length"))?,
            )?,
        }),
    };
    let n_kv_heads = metadata
        .count(&key("attention.head_count_kv"))?
        .unwrap_or(n_heads);
    Ok(GroupedAttention {
        rotary,
        span: window.map_or(Span::Full, Span::Window),
        ..GroupedAttention::new(n_heads, n_kv_heads, head_dim)
    })
}

/// Keys of an architecture that are read, or that say nothing about shape and results.
const KNOWN: [&str; 25] = [
    "attention.head_count",
    "attention.head_count_kv",
    "attention.key_length",
    "attention.value_length",
    "attention.layer_norm_epsilon",
    "attention.layer_norm_rms_epsilon",
    "attention.sliding_window",
    "block_count",
    "context_length",
    "embedding_length",
    "feed_forward_length",
    "model_max_length",
    "rope.dimension_count",
    "rope.freq_base",
    "rope.scale_linear",
    "rope.scaling.attn_factor",
    "rope.scaling.factor",
    "rope.scaling.finetuned",
    "rope.scaling.original_context_length",
    "rope.scaling.type",
    "rope.scaling.yarn_beta_fast",
    "rope.scaling.yarn_beta_slow",
    "tensor_data_layout",
    "tensor_parallel",
    "vocab_size",
];

/// Refuses every key of the architecture that is not known, unless its value switches it off.
fn refuse_unknown(metadata: &Metadata, family: &str) -> Result<(), CheckpointError> {
    let prefix = format!("{family}.");
    for (key, value) in metadata.iter() {
        let Some(name) = key.strip_prefix(&prefix) else {
            continue;
        };
        let is_off = match value {
            MetadataValue::Unsigned(value) => *value == 0,
            MetadataValue::Signed(value) => *value == 0,
            MetadataValue::Float(value) => *value == 0.0,
            MetadataValue::Bool(value) => !value,
            MetadataValue::Text(text) => text.is_empty() || text == "none",
            MetadataValue::Integers(list) => list.iter().all(|each| *each == 0),
            MetadataValue::Floats(list) => list.is_empty(),
            MetadataValue::Texts(list) => list.is_empty(),
        };
        if is_off || KNOWN.contains(&name) {
            continue;
        }
        let reason = if name.starts_with("expert") {
            "asks for a mixture of experts, which is not computed yet"
        } else {
            "is not understood, and it may change the model's shape or its results"
        };
        return Err(CheckpointError::new(format!("metadata {key}"), reason));
    }
    Ok(())
}

/// Rows of the embedding; files without tensors (vocabularies alone) have no model to run.
fn vocab_size(file: &Gguf<'_>) -> Result<u32, CheckpointError> {
    let name = "token_embd.weight";
    let embedding = file.tensors.get(name).ok_or_else(|| {
        CheckpointError::new(
            format!("tensor {name}"),
            "is missing: the file holds no model, perhaps a vocabulary alone",
        )
    })?;
    u32::try_from(embedding.n_rows()).map_err(|error| {
        CheckpointError::new(
            format!("tensor {name}"),
            format!("has too many rows: {error}"),
        )
    })
}

fn scaling(file: &Gguf<'_>, prefix: &str, context: u32) -> Result<RotaryScaling, CheckpointError> {
    let float = |name: &str| file.metadata.float(&format!("{prefix}.{name}"));
    let factor = float("factor");
    match file.metadata.text(&format!("{prefix}.type")) {
        None | Some("none") => Ok(RotaryScaling::None),
        Some("linear") => Ok(
            factor.map_or(RotaryScaling::None, |factor| RotaryScaling::Linear {
                factor,
            }),
        ),
        Some("yarn") => Ok(factor.map_or(RotaryScaling::None, |factor| {
            RotaryScaling::Yarn(Yarn {
                factor,
                original_context: float("original_context_length")
                    .or_else(|| {
                        let key = format!("{prefix}.original_context_length");
                        file.metadata.count(&key).ok().flatten().map(f64::from)
                    })
                    .unwrap_or(f64::from(context)),
                fast_turns: float("yarn_beta_fast").unwrap_or(32.0),
                slow_turns: float("yarn_beta_slow").unwrap_or(1.0),
                whole_channels: true,
                magnitude: float("attn_factor").unwrap_or(1.0)
                    * Yarn::recommended_magnitude(factor, 1.0),
            })
        })),
        Some(other) => Err(CheckpointError::new(
            format!("metadata {prefix}.type"),
            format!("is \"{other}\"; none, linear and yarn are computed"),
        )),
    }
}
