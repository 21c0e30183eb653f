//! Every family of the data folder against transformers in double precision, and files of public bug reports.

use std::fs;
use std::path::Path;

use blockscape_model::design::{FormatTable, KeyValuePolicy};
use blockscape_model::format::Format;
use blockscape_model::language_model::{
    Checkpoint, CheckpointError, LanguageModel, Pass, QuantizedModel,
};
use blockscape_tests::shared_data;
use serde_json::Value;

fn open(folder: &Path) -> Result<LanguageModel, CheckpointError> {
    let config = fs::read_to_string(folder.join("config.json")).unwrap();
    let weights = fs::read(folder.join("model.safetensors")).unwrap();
    let shards = [("model.safetensors".to_owned(), weights.as_slice())];
    LanguageModel::from_checkpoint(&Checkpoint::from_safetensors(&config, &shards, None)?)
}

/// Bytes are tokens; 256 starts a text.
fn byte_tokens(text: &str) -> Vec<u32> {
    std::iter::once(256)
        .chain(text.bytes().map(u32::from))
        .collect()
}

fn nll(model: &QuantizedModel, tokens: &[u32]) -> f64 {
    let sum = Pass::new(model).negative_log_likelihood(tokens, 1);
    sum.unwrap().sum
}

#[test]
fn every_family_has_the_likelihood_of_transformers() {
    let Some(folder) = shared_data("architectures") else {
        return;
    };
    let expected = fs::read_to_string(folder.join("expected.json")).unwrap();
    let expected: Value = serde_json::from_str(&expected).unwrap();
    let tokens: Vec<u32> = serde_json::from_value(expected["ids"].clone()).unwrap();
    let mut faults = Vec::new();
    let models = expected["models"].as_object().unwrap();
    for (name, expected) in models {
        let nll_sum = expected["nll_sum"].as_f64().unwrap();
        match open(&folder.join(name)) {
            Err(error) => faults.push(format!("{name}: {error}")),
            Ok(model) => {
                let own = nll(&QuantizedModel::unquantized(&model), &tokens);
                if (own / nll_sum - 1.0).abs() > 2e-6 {
                    faults.push(format!("{name}: {own} instead of {nll_sum}"));
                }
            }
        }
    }
    assert_eq!(models.len(), 36);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn reported_configurations_have_the_likelihood_of_transformers() {
    for (name, expected) in [
        ("rope_theta_stale_on_top", 1_429.802_927),
        ("rope_type_and_type", 1_429.802_927),
        ("linear_type_and_rope_type", 1_336.120_896),
        ("qwen2_layer_types", 2_320.930_936),
        ("opt_remove_final_layer_norm", 6_036.212_169),
    ] {
        let Some(folder) = shared_data(&format!("reported/{name}")) else {
            return;
        };
        let text = fs::read_to_string(folder.join("../text.txt")).unwrap();
        let model = open(&folder).unwrap();
        let own = nll(&QuantizedModel::unquantized(&model), &byte_tokens(&text));
        assert!((own / expected - 1.0).abs() < 2e-6, "{name}: {own}");
    }
}

/// Narrow formats at every site change the likelihood of each family, and by little.
#[test]
fn every_family_runs_with_quantized_operands() {
    let Some(folder) = shared_data("architectures") else {
        return;
    };
    let text = fs::read_to_string(folder.join("text.txt")).unwrap();
    let tokens = &byte_tokens(&text)[..64];
    let format: Format = "bfp:m=8,e=8,b=16".parse().unwrap();
    let table = FormatTable::uniform(format);
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_dir() {
            continue;
        }
        let model = open(&path).unwrap();
        let exact = nll(&QuantizedModel::unquantized(&model), tokens);
        let quantized = QuantizedModel::new(&model, &table, &KeyValuePolicy::default());
        let change = nll(&quantized, tokens) / exact - 1.0;
        assert!(
            change.abs() > 1e-9 && change.abs() < 0.2,
            "{}: {change}",
            path.display()
        );
    }
}

#[test]
fn tensors_that_no_model_of_the_family_has_are_refused_by_name() {
    let Some(folder) = shared_data("reported/llama_gguf_with_qk_norm") else {
        return;
    };
    let bytes = fs::read(folder.join("mini.gguf")).unwrap();
    let checkpoint = Checkpoint::from_gguf(&bytes).unwrap();
    let error = LanguageModel::from_checkpoint(&checkpoint).unwrap_err();
    let told = error.to_string();
    assert!(
        told.starts_with("tensor blk.0.attn_k_norm.weight and 3 more: is no part"),
        "{told}"
    );
}
