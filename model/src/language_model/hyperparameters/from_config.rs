//! Hyperparameters from the `config.json` of a Hugging Face checkpoint.
//!
//! Field names and default values are those of the `transformers` configuration classes of each family.

use serde::Deserialize;

use super::{
    Activation, Hyperparameters, Naming, NormPlacement, Normalization, Position, RotaryPairs,
    RotaryScaling, Yarn,
};
use crate::language_model::checkpoint::CheckpointError;
use crate::workload::{Family, ModelShape};

/// The fields of `config.json` that matter, of all families.
#[derive(Debug, Deserialize)]
struct Config {
    model_type: Option<String>,
    #[serde(alias = "n_layer")]
    num_hidden_layers: Option<u32>,
    #[serde(alias = "n_embd")]
    hidden_size: Option<u32>,
    #[serde(alias = "n_head")]
    num_attention_heads: Option<u32>,
    num_key_value_heads: Option<u32>,
    head_dim: Option<u32>,
    #[serde(alias = "ffn_dim", alias = "n_inner")]
    intermediate_size: Option<u32>,
    vocab_size: Option<u32>,
    #[serde(alias = "n_positions")]
    max_position_embeddings: Option<u32>,
    rms_norm_eps: Option<f64>,
    layer_norm_epsilon: Option<f64>,
    #[serde(alias = "activation_function")]
    hidden_act: Option<String>,
    rope_theta: Option<f64>,
    #[serde(alias = "rope_parameters")]
    rope_scaling: Option<RopeScaling>,
    partial_rotary_factor: Option<f64>,
    tie_word_embeddings: Option<bool>,
    sliding_window: Option<u32>,
    use_sliding_window: Option<bool>,
    max_window_layers: Option<u32>,
    bos_token_id: Option<serde_json::Value>,
    do_layer_norm_before: Option<bool>,
    word_embed_proj_dim: Option<u32>,
    scale_attn_weights: Option<bool>,
    scale_attn_by_inverse_layer_idx: Option<bool>,
    #[serde(rename = "_name_or_path")]
    name_or_path: Option<String>,
}

#[derive(Debug, Deserialize)]
struct RopeScaling {
    #[serde(alias = "type")]
    rope_type: Option<String>,
    factor: Option<f64>,
    low_freq_factor: Option<f64>,
    high_freq_factor: Option<f64>,
    original_max_position_embeddings: Option<f64>,
    beta_fast: Option<f64>,
    beta_slow: Option<f64>,
    truncate: Option<bool>,
    attention_factor: Option<f64>,
    mscale: Option<f64>,
    mscale_all_dim: Option<f64>,
    rope_theta: Option<f64>,
}

/// Reads the text of a `config.json`.
///
/// # Errors
/// When it is not JSON, the family is not one of `llama`, `mistral`, `qwen2`, `opt`, `gpt2`, a field is missing or
/// out of range, or it asks for a variant that the forward pass does not compute.
pub fn hyperparameters_from_config(text: &str) -> Result<Hyperparameters, CheckpointError> {
    let config: Config = serde_json::from_str(text)
        .map_err(|error| CheckpointError::new("config.json", error.to_string()))?;
    let family = config
        .model_type
        .clone()
        .ok_or_else(|| missing("model_type"))?;
    let hyperparameters = match family.as_str() {
        "llama" | "mistral" | "qwen2" => config.llama(&family)?,
        "opt" => config.opt()?,
        "gpt2" => config.gpt2()?,
        other => {
            return Err(fault(
                "model_type",
                format!("is \"{other}\"; llama, mistral, qwen2, opt and gpt2 can be run"),
            ));
        }
    };
    hyperparameters.checked()
}

impl Config {
    fn llama(&self, family: &str) -> Result<Hyperparameters, CheckpointError> {
        let hidden_size = required(self.hidden_size, "hidden_size")?;
        let n_heads = required(self.num_attention_heads, "num_attention_heads")?;
        let head_dim = self
            .head_dim
            .or(hidden_size.checked_div(n_heads))
            .unwrap_or(0);
        Ok(Hyperparameters {
            naming: Naming::HuggingFaceLlama,
            shape: ModelShape {
                n_kv_heads: self.num_key_value_heads.unwrap_or(n_heads),
                head_dim,
                gated_mlp: true,
                tied_embeddings: self.tie_word_embeddings.unwrap_or(false),
                ..self.shape(
                    family,
                    hidden_size,
                    n_heads,
                    required(self.intermediate_size, "intermediate_size")?,
                )?
            },
            normalization: Normalization::RootMeanSquare,
            norm_placement: NormPlacement::Before,
            embedding_size: hidden_size,
            normalization_epsilon: to_f32(self.rms_norm_eps.unwrap_or(1e-6)),
            activation: self.activation("silu")?,
            position: self.rotary(head_dim)?,
            sliding_window: self.window(family)?,
            start_token: self.start_token(),
        })
    }

    fn opt(&self) -> Result<Hyperparameters, CheckpointError> {
        let hidden_size = required(self.hidden_size, "hidden_size")?;
        let n_heads = required(self.num_attention_heads, "num_attention_heads")?;
        Ok(Hyperparameters {
            shape: self.shape(
                "opt",
                hidden_size,
                n_heads,
                required(self.intermediate_size, "ffn_dim")?,
            )?,
            naming: Naming::HuggingFaceOpt,
            normalization: Normalization::Layer,
            norm_placement: if self.do_layer_norm_before == Some(false) {
                NormPlacement::After
            } else {
                NormPlacement::Before
            },
            embedding_size: self.word_embed_proj_dim.unwrap_or(hidden_size),
            normalization_epsilon: 1e-5,
            activation: self.activation("relu")?,
            position: Position::Learned { offset: 2 },
            sliding_window: None,
            start_token: self.start_token(),
        })
    }

    fn gpt2(&self) -> Result<Hyperparameters, CheckpointError> {
        let hidden_size = required(self.hidden_size, "n_embd")?;
        let n_heads = required(self.num_attention_heads, "n_head")?;
        if self.scale_attn_weights == Some(false)
            || self.scale_attn_by_inverse_layer_idx == Some(true)
        {
            return Err(fault(
                "scale_attn_weights",
                "asks for unusual attention scaling; scores divided by the root of the head dimension are computed",
            ));
        }
        Ok(Hyperparameters {
            shape: self.shape(
                "gpt2",
                hidden_size,
                n_heads,
                self.intermediate_size
                    .unwrap_or(hidden_size.saturating_mul(4)),
            )?,
            naming: Naming::HuggingFaceGpt2,
            normalization: Normalization::Layer,
            norm_placement: NormPlacement::Before,
            embedding_size: hidden_size,
            normalization_epsilon: to_f32(self.layer_norm_epsilon.unwrap_or(1e-5)),
            activation: self.activation("gelu_new")?,
            position: Position::Learned { offset: 0 },
            sliding_window: None,
            start_token: self.start_token(),
        })
    }

    /// Dimensions as GPT-2 and OPT have them; the Llama families change what they do otherwise.
    fn shape(
        &self,
        family: &str,
        hidden_size: u32,
        n_heads: u32,
        ffn_size: u32,
    ) -> Result<ModelShape, CheckpointError> {
        let name = self.name_or_path.clone().filter(|name| !name.is_empty());
        Ok(ModelShape {
            name: name.unwrap_or_else(|| family.to_owned()),
            source: "config.json".to_owned(),
            family: match family {
                "mistral" => Family::Mistral,
                "qwen2" => Family::Qwen2,
                "opt" => Family::Opt,
                "gpt2" => Family::Gpt2,
                _ => Family::Llama,
            },
            n_layers: required(self.num_hidden_layers, "num_hidden_layers")?,
            hidden_size,
            n_heads,
            n_kv_heads: n_heads,
            head_dim: hidden_size.checked_div(n_heads).unwrap_or(0),
            ffn_size,
            gated_mlp: false,
            vocab_size: required(self.vocab_size, "vocab_size")?,
            tied_embeddings: self.tie_word_embeddings.unwrap_or(true),
            max_context: self.max_position_embeddings.unwrap_or(2048),
        })
    }

    /// Qwen2 has the field but does not use it unless told to, and then in its upper layers only; Mistral uses it when it is there.
    fn window(&self, family: &str) -> Result<Option<u32>, CheckpointError> {
        if !self.use_sliding_window.unwrap_or(family == "mistral") {
            return Ok(None);
        }
        match (self.max_window_layers, self.num_hidden_layers) {
            (Some(first), Some(n_layers)) if family == "qwen2" && first >= n_layers => Ok(None),
            (Some(first), _) if family == "qwen2" && first > 0 => Err(fault(
                "max_window_layers",
                format!("is {first}; a window in all layers (0) or in none is computed"),
            )),
            _ => Ok(self.sliding_window),
        }
    }

    fn start_token(&self) -> Option<u32> {
        let id = self.bos_token_id.as_ref()?;
        let id = id.as_array().map_or(Some(id), |ids| ids.first())?;
        u32::try_from(id.as_u64()?).ok()
    }

    fn activation(&self, default: &str) -> Result<Activation, CheckpointError> {
        Ok(match self.hidden_act.as_deref().unwrap_or(default) {
            "silu" | "swish" => Activation::Silu,
            "relu" => Activation::Relu,
            "gelu" => Activation::Gelu,
            "gelu_new" | "gelu_pytorch_tanh" | "gelu_fast" => Activation::GeluTanh,
            other => {
                return Err(fault(
                    "hidden_act",
                    format!("is \"{other}\"; silu, relu, gelu and gelu_new are computed"),
                ));
            }
        })
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float that is out of range saturates and is refused by the check of the rotary dimension"
    )]
    fn rotary(&self, head_dim: u32) -> Result<Position, CheckpointError> {
        let theta = self
            .rope_theta
            .or(self
                .rope_scaling
                .as_ref()
                .and_then(|scaling| scaling.rope_theta))
            .unwrap_or(10_000.0);
        Ok(Position::Rotary {
            theta,
            n_rotated: (f64::from(head_dim) * self.partial_rotary_factor.unwrap_or(1.0)) as u32,
            pairs: RotaryPairs::Halves,
            scaling: match &self.rope_scaling {
                None => RotaryScaling::None,
                Some(scaling) => scaling.read(self.max_position_embeddings)?,
            },
        })
    }
}

impl RopeScaling {
    fn read(&self, max_positions: Option<u32>) -> Result<RotaryScaling, CheckpointError> {
        let needed = |value: Option<f64>, name: &str| {
            value.ok_or_else(|| missing(&format!("rope_scaling.{name}")))
        };
        Ok(match self.rope_type.as_deref().unwrap_or("default") {
            "default" => RotaryScaling::None,
            "linear" => RotaryScaling::Linear {
                factor: needed(self.factor, "factor")?,
            },
            "llama3" => RotaryScaling::Llama3 {
                factor: needed(self.factor, "factor")?,
                low_frequency_factor: needed(self.low_freq_factor, "low_freq_factor")?,
                high_frequency_factor: needed(self.high_freq_factor, "high_freq_factor")?,
                original_context: needed(
                    self.original_max_position_embeddings,
                    "original_max_position_embeddings",
                )?,
            },
            "yarn" => {
                let factor = needed(self.factor, "factor")?;
                // As `transformers`: of two scales the ratio counts, which is 1 for equal ones.
                let scale = |scale: f64| 1.0 + scale * (Yarn::recommended_magnitude(factor) - 1.0);
                let magnitude = match (self.attention_factor, self.mscale, self.mscale_all_dim) {
                    (Some(given), _, _) => given,
                    (None, Some(one), Some(all)) if one != 0.0 && all != 0.0 => {
                        scale(one) / scale(all)
                    }
                    _ => scale(1.0),
                };
                RotaryScaling::Yarn(Yarn {
                    factor,
                    original_context: needed(
                        self.original_max_position_embeddings
                            .or(max_positions.map(f64::from)),
                        "original_max_position_embeddings",
                    )?,
                    fast_turns: self.beta_fast.unwrap_or(32.0),
                    slow_turns: self.beta_slow.unwrap_or(1.0),
                    whole_channels: self.truncate.unwrap_or(true),
                    magnitude,
                })
            }
            other => {
                return Err(fault(
                    "rope_scaling.rope_type",
                    format!("is \"{other}\"; default, linear, llama3 and yarn are computed"),
                ));
            }
        })
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "epsilons are tiny decimal constants; f32 is the working precision"
)]
fn to_f32(value: f64) -> f32 {
    value as f32
}

fn required(value: Option<u32>, field: &str) -> Result<u32, CheckpointError> {
    value.ok_or_else(|| missing(field))
}

fn missing(field: &str) -> CheckpointError {
    fault(field, "is missing")
}

fn fault(field: &str, reason: impl Into<String>) -> CheckpointError {
    CheckpointError::new(format!("config.json field {field}"), reason)
}
