//! Small random checkpoints of each family against likelihoods of an independent float64 implementation.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::PathBuf;

use blockscape_model::design::{FormatTable, KeyValuePolicy};
use blockscape_model::format::Format;
use blockscape_model::language_model::{Checkpoint, LanguageModel, Pass, QuantizedModel};
use blockscape_model::workload::SlotGroup;
use blockscape_tests::repository;
use serde_json::Value;

fn folder(name: &str) -> PathBuf {
    repository().join("tests/golden/language_models").join(name)
}

fn json(name: &str, file: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(folder(name).join(file)).unwrap()).unwrap()
}

fn model(name: &str) -> LanguageModel {
    let config = fs::read_to_string(folder(name).join("config.json")).unwrap();
    let bytes = fs::read(folder(name).join("model.safetensors")).unwrap();
    let shards = [("model.safetensors".to_owned(), bytes.as_slice())];
    let checkpoint = Checkpoint::from_safetensors(&config, &shards, None).unwrap();
    LanguageModel::from_checkpoint(&checkpoint).unwrap()
}

/// The formats and the policy of one case: groups of sites by name, the rest is the policy.
fn settings(case: &Value) -> (FormatTable, KeyValuePolicy) {
    let mut table = FormatTable::uniform(Format::FP32);
    let mut policy = KeyValuePolicy::default();
    let count = |value: &Value| u32::try_from(value.as_u64().unwrap()).unwrap();
    for (key, value) in case.as_object().unwrap() {
        match key.as_str() {
            "initial" => policy.initial_tokens = count(value),
            "local" => policy.local_tokens = count(value),
            "protected" => policy.protected = Some(value.as_str().unwrap().parse().unwrap()),
            group => table.set(
                group.parse::<SlotGroup>().unwrap(),
                value.as_str().unwrap().parse().unwrap(),
            ),
        }
    }
    (table, policy)
}

fn check(name: &str) {
    let model = model(name);
    let expected = json(name, "expected.json");
    let tokens: Vec<u32> = expected["tokens"]
        .as_array()
        .unwrap()
        .iter()
        .map(|token| u32::try_from(token.as_u64().unwrap()).unwrap())
        .collect();

    let plain = QuantizedModel::unquantized(&model);
    let mut pass = Pass::new(&plain);
    pass.run(&tokens).unwrap();
    let logits = pass.logits(tokens.len() - 1, 1);
    for (logit, expected) in logits
        .iter()
        .zip(expected["last_logits"].as_array().unwrap())
    {
        let expected = expected.as_f64().unwrap();
        assert!(
            (f64::from(*logit) - expected).abs() < 1e-4,
            "{name}: {logit} {expected}"
        );
    }
    for case in expected["cases"].as_array().unwrap() {
        let (table, policy) = settings(&case["settings"]);
        let model = QuantizedModel::new(&model, &table, &policy);
        let nll = Pass::new(&model)
            .negative_log_likelihood(&tokens, 1)
            .unwrap();
        let n_scored = f64::from(u32::try_from(tokens.len() - 1).unwrap());
        let difference = (nll.sum - case["nll_sum"].as_f64().unwrap()).abs() / n_scored;
        // Rounding in f32 moves single values across a rounding boundary; perplexity stays within 0.1 %.
        let allowed = if table == FormatTable::uniform(Format::FP32) {
            1e-5
        } else {
            1e-3
        };
        assert!(
            difference < allowed,
            "{name} {}: {difference}",
            case["settings"]
        );
    }
}

#[test]
fn qwen2_with_biases_and_grouped_heads_agrees_with_float64() {
    check("qwen2");
}

#[test]
fn opt_agrees_with_float64() {
    check("opt");
}

#[test]
fn gpt2_with_transposed_fused_weights_agrees_with_float64() {
    check("gpt2");
}

#[test]
fn opt_with_projected_embeddings_and_norms_after_each_part_agrees_with_float64() {
    check("opt_projected");
}

#[test]
fn rotations_scaled_by_yarn_agree_with_float64() {
    check("yarn");
}

#[test]
fn rotations_scaled_as_in_llama_3_agree_with_float64() {
    check("llama3_rope");
}

#[test]
fn a_sliding_window_agrees_with_float64() {
    check("mistral_window");
}
