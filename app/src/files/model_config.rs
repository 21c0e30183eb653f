//! The shape of a model from its `config.json`, as model hubs store it beside the weights.
//!
//! Field names are those of the transformers library; GPT-2 and OPT use names of their own.

use std::path::Path;

use anyhow::Context as _;
use blockscape_model::workload::{Family, ModelShape};
use serde_json::Value;

use crate::files::input;

/// Reads and checks a shape.
///
/// # Errors
/// File, field and what is allowed.
pub fn read(path: &Path) -> anyhow::Result<ModelShape> {
    let text = input::read_text(path)?;
    let value: Value = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
    let name = path
        .parent()
        .and_then(Path::file_name)
        .map(|name| name.to_string_lossy().into_owned());
    shape(&value, name).with_context(|| path.display().to_string())
}

fn shape(config: &Value, folder: Option<String>) -> anyhow::Result<ModelShape> {
    anyhow::ensure!(
        config.is_object(),
        "not an object; a model's config.json is needed"
    );
    let find = |names: &[&str]| {
        names
            .iter()
            .find_map(|name| config.get(*name))
            .filter(|value| !value.is_null())
    };
    let optional = |names: &[&str]| -> anyhow::Result<Option<u32>> {
        let Some(value) = find(names) else {
            return Ok(None);
        };
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        number
            .map(Some)
            .with_context(|| format!("{} is {value}; a whole number is needed", names[0]))
    };
    let number = |names: &[&str]| -> anyhow::Result<u32> {
        optional(names)?.with_context(|| format!("no field {}", names.join(" or ")))
    };
    let family = family(
        find(&["model_type"])
            .and_then(Value::as_str)
            .unwrap_or_default(),
    );
    let hidden_size = number(&["hidden_size", "n_embd", "dim", "d_model"])?;
    let n_heads = number(&["num_attention_heads", "n_head", "n_heads"])?;
    let tied_by_default = matches!(
        family,
        Family::Gpt2 | Family::Opt | Family::Gemma | Family::Gemma2
    );
    let shape = ModelShape {
        name: find(&["_name_or_path"])
            .and_then(Value::as_str)
            .filter(|name| !name.is_empty() && !name.starts_with('/'))
            .map(str::to_owned)
            .or(folder)
            .unwrap_or_else(|| "model".to_owned()),
        source: "config.json opened by the user".to_owned(),
        family,
        n_layers: number(&["num_hidden_layers", "n_layer", "n_layers"])?,
        hidden_size,
        n_heads,
        n_kv_heads: optional(&["num_key_value_heads", "n_kv_heads"])?.unwrap_or(n_heads),
        head_dim: optional(&["head_dim"])?.unwrap_or(hidden_size / n_heads.max(1)),
        ffn_size: optional(&["intermediate_size", "ffn_dim", "n_inner", "hidden_dim"])?
            .unwrap_or_else(|| hidden_size.saturating_mul(4)),
        gated_mlp: !matches!(
            family,
            Family::Gpt2 | Family::Opt | Family::Phi | Family::Falcon
        ),
        vocab_size: number(&["vocab_size"])?,
        tied_embeddings: find(&["tie_word_embeddings"])
            .and_then(Value::as_bool)
            .unwrap_or(tied_by_default),
        max_context: optional(&[
            "max_position_embeddings",
            "n_positions",
            "n_ctx",
            "max_seq_len",
        ])?
        .unwrap_or(2048),
    };
    shape
        .check()
        .map_err(|violations| input::refused("config", &violations))?;
    Ok(shape)
}

fn family(model_type: &str) -> Family {
    match model_type {
        "opt" => Family::Opt,
        "gpt2" => Family::Gpt2,
        "llama" => Family::Llama,
        "mistral" => Family::Mistral,
        "qwen2" => Family::Qwen2,
        "phi" => Family::Phi,
        "phi3" => Family::Phi3,
        "gemma" => Family::Gemma,
        "gemma2" => Family::Gemma2,
        "falcon" => Family::Falcon,
        _ => Family::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_llama_config_becomes_its_shape() {
        let config = serde_json::json!({
            "model_type": "llama", "hidden_size": 2048, "num_hidden_layers": 22, "num_attention_heads": 32,
            "num_key_value_heads": 4, "intermediate_size": 5632, "vocab_size": 32000, "max_position_embeddings": 2048,
        });
        let shape = shape(&config, Some("tinyllama".to_owned())).unwrap();
        let built_in = blockscape_model::preset::model("TinyLlama-1.1B").unwrap();
        assert_eq!(
            (
                shape.n_kv_heads,
                shape.head_dim,
                shape.linear_weights(),
                shape.gated_mlp
            ),
            (
                built_in.n_kv_heads,
                built_in.head_dim,
                built_in.linear_weights(),
                true
            )
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        let message = format!(
            "{:#}",
            shape(&serde_json::json!({"hidden_size": 8}), None).unwrap_err()
        );
        assert!(message.contains("num_attention_heads"), "{message}");
        let message = format!(
            "{:#}",
            shape(&serde_json::json!({"hidden_size": -8}), None).unwrap_err()
        );
        assert!(message.contains("hidden_size is -8"), "{message}");
    }
}
