//! Hyperparameters from the `config.json` of a Hugging Face checkpoint, and from a description of a model.

use super::{
    Activation, Hyperparameters, Naming, NormPlacement, Normalization, Position, RotaryPairs,
    RotaryScaling, Yarn,
};
use crate::architecture::{
    self, Architecture, DescriptionError, FeedForward, Fields, GroupedAttention, Norm, NormKind,
    Span,
};
use crate::language_model::checkpoint::CheckpointError;
use crate::workload::ModelShape;

/// Reads the text of a `config.json`.
///
/// # Errors
/// When it is not JSON, the family is not one of `llama`, `mistral`, `qwen2`, `opt`, `gpt2`, a field is missing,
/// not understood or out of range, or it asks for a variant that the forward pass does not compute.
pub fn hyperparameters_from_config(text: &str) -> Result<Hyperparameters, CheckpointError> {
    let fields = Fields::of_config(text)?;
    let family = fields.word(&["model_type"])?;
    let family = family.ok_or_else(|| fields.missing("model_type"))?;
    let naming = match family.as_str() {
        "llama" | "mistral" | "qwen2" => Naming::HuggingFaceLlama,
        "opt" => Naming::HuggingFaceOpt,
        "gpt2" => Naming::HuggingFaceGpt2,
        other => {
            // What is wrong with the description itself comes first.
            Architecture::from_config(text, None)?;
            return Err(fields
                .fault(
                    "model_type",
                    format!("is \"{other}\"; llama, mistral, qwen2, opt and gpt2 can be run"),
                )
                .into());
        }
    };
    of_architecture(&Architecture::from_config(text, None)?, naming)
}

impl From<DescriptionError> for CheckpointError {
    fn from(error: DescriptionError) -> Self {
        Self::new(error.place, error.reason)
    }
}

/// What the forward pass asks of a model.
///
/// # Errors
/// When the model has a part that the forward pass does not compute.
pub(super) fn of_architecture(
    model: &Architecture,
    naming: Naming,
) -> Result<Hyperparameters, CheckpointError> {
    let shape = ModelShape::of(model).map_err(|violation| fault("model", violation.to_string()))?;
    let layer = model
        .layer(0)
        .ok_or_else(|| fault("layers", "are missing"))?;
    let (Some(attention), Some(FeedForward::Dense(dense))) = (layer.grouped(), layer.feed_forward)
    else {
        return Err(fault("layers", "have no attention or no feed-forward part"));
    };
    let placement = if layer.mixer_norms.on_sum.is_some() {
        NormPlacement::After
    } else {
        NormPlacement::Before
    };
    let norm = layer.mixer_norms.iter().next();
    let norm = norm.ok_or_else(|| fault("normalization", "is missing"))?;
    let position = match (&attention.rotary, model.embedding.learned_positions) {
        (Some(rotary), None) => rotated(rotary)?,
        (None, Some(offset)) => Position::Learned { offset },
        _ => {
            return Err(fault(
                "positions",
                "enter neither by rotation nor by a learned table",
            ));
        }
    };
    for each in model.layers() {
        only_known(each.grouped(), attention)?;
    }
    let windows = model
        .layers()
        .map(|each| match each.grouped().map(|each| each.span) {
            Some(Span::Window(window)) => Some(window),
            _ => None,
        });
    Hyperparameters {
        naming,
        normalization: match norm.kind {
            NormKind::RootMeanSquare => Normalization::RootMeanSquare,
            NormKind::Layer => Normalization::Layer,
        },
        norm_placement: placement,
        has_final_norm: model.final_norm.is_some(),
        embedding_size: model.embedding.width.unwrap_or(model.hidden_size),
        normalization_epsilon: epsilon(norm),
        activation: activation(dense.activation)?,
        position,
        windows: windows.collect(),
        start_token: model.start_token,
        shape,
    }
    .checked()
}

/// Refuses attention that is more than heads, a rotation, a window and biases, or not that of the first layer.
fn only_known(
    each: Option<&GroupedAttention>,
    first: &GroupedAttention,
) -> Result<(), CheckpointError> {
    let plain = GroupedAttention {
        rotary: first.rotary.clone(),
        biases: first.biases,
        ..GroupedAttention::new(first.heads, first.key_heads, first.head_dim)
    };
    let is_plain = each.is_some_and(|each| {
        let span = if let Span::Window(_) = each.span {
            Span::Full
        } else {
            each.span
        };
        GroupedAttention {
            span,
            ..each.clone()
        } == plain
    });
    if is_plain {
        Ok(())
    } else {
        Err(fault("attention", "is of a kind that is not computed yet"))
    }
}

fn rotated(rotary: &architecture::Rotary) -> Result<Position, CheckpointError> {
    Ok(Position::Rotary {
        theta: rotary.base,
        n_rotated: rotary.channels,
        pairs: match rotary.pairs {
            architecture::RotaryPairs::Halves => RotaryPairs::Halves,
            architecture::RotaryPairs::Neighbors => RotaryPairs::Neighbors,
        },
        scaling: scaling(&rotary.scaling)?,
    })
}

fn scaling(scaling: &architecture::RotaryScaling) -> Result<RotaryScaling, CheckpointError> {
    use architecture::RotaryScaling as Described;
    let refused = |name: &str| {
        fault(
            "rope_scaling.rope_type",
            format!("is \"{name}\"; default, linear, llama3 and yarn are computed"),
        )
    };
    Ok(match scaling {
        Described::None => RotaryScaling::None,
        Described::Linear { factor } => RotaryScaling::Linear { factor: *factor },
        Described::Llama3 {
            factor,
            low_frequency_factor,
            high_frequency_factor,
            original_context,
        } => RotaryScaling::Llama3 {
            factor: *factor,
            low_frequency_factor: *low_frequency_factor,
            high_frequency_factor: *high_frequency_factor,
            original_context: *original_context,
        },
        Described::Yarn(yarn) => RotaryScaling::Yarn(Yarn {
            factor: yarn.factor,
            original_context: yarn.original_context,
            fast_turns: yarn.fast_turns,
            slow_turns: yarn.slow_turns,
            whole_channels: yarn.whole_channels,
            magnitude: yarn.magnitude,
        }),
        Described::Dynamic { .. } => return Err(refused("dynamic")),
        Described::Long { .. } => return Err(refused("longrope")),
        Described::Proportional { .. } => return Err(refused("proportional")),
    })
}

fn activation(activation: architecture::Activation) -> Result<Activation, CheckpointError> {
    use architecture::Activation as Described;
    Ok(match activation {
        Described::Silu => Activation::Silu,
        Described::Relu => Activation::Relu,
        Described::Gelu => Activation::Gelu,
        Described::GeluTanh => Activation::GeluTanh,
        Described::ReluSquared | Described::Xielu | Described::ClampedSwiglu { .. } => {
            return Err(fault(
                "hidden_act",
                format!("is {activation:?}; silu, relu, gelu and gelu_new are computed"),
            ));
        }
    })
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "epsilons are tiny decimal constants; f32 is the working precision"
)]
fn epsilon(norm: Norm) -> f32 {
    norm.epsilon as f32
}

fn fault(field: &str, reason: impl Into<String>) -> CheckpointError {
    CheckpointError::new(format!("config.json field {field}"), reason)
}
