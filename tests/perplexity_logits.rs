//! Logits and likelihoods of the two small real models against float64 values from outside.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use blockscape_model::language_model::{Checkpoint, LanguageModel, Pass, QuantizedModel};
use blockscape_tests::shared_data;
use serde_json::Value;

/// The float64 values of one model, or `None` where the data folder is absent.
fn reference(model: &str) -> Option<Value> {
    let text = std::fs::read_to_string(shared_data("reference_logits.json")?).unwrap();
    let all: Value = serde_json::from_str(&text).unwrap();
    Some(all[model].clone())
}

fn ids(list: &Value) -> Vec<u32> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|id| u32::try_from(id.as_u64().unwrap()).unwrap())
        .collect()
}

fn top(row: &[f32]) -> u32 {
    let top = (0..row.len())
        .max_by(|a, b| row[*a].total_cmp(&row[*b]))
        .unwrap();
    u32::try_from(top).unwrap()
}

fn check(model: &LanguageModel, expected: &Value) {
    let quantized = QuantizedModel::unquantized(model);
    let mut pass = Pass::new(&quantized);
    let tokens = ids(&expected["token_ids"]);
    pass.run(&tokens).unwrap();
    let logits = pass.logits(0, tokens.len()).to_vec();
    let rows: Vec<&[f32]> = logits.chunks_exact(logits.len() / tokens.len()).collect();
    let tops: Vec<u32> = rows.iter().map(|row| top(row)).collect();
    assert_eq!(tops, ids(&expected["argmax_per_position"]));
    let last = rows[rows.len() - 1];
    for (logit, expected) in last
        .iter()
        .zip(expected["last_position_first_8_logits"].as_array().unwrap())
    {
        assert!(
            (f64::from(*logit) - expected.as_f64().unwrap()).abs() < 1e-4,
            "{logit} {expected}"
        );
    }
    let largest = f64::from(last[top(last) as usize]);
    assert!((largest - expected["last_position_max_logit"].as_f64().unwrap()).abs() < 1e-4);
    let nll = pass.negative_log_likelihood(&tokens, 1).unwrap();
    assert!((nll.sum - expected["sum_nll_of_ids_1_to_end"].as_f64().unwrap()).abs() < 1e-3);

    let greedy = ids(&expected["greedy_ids"]);
    pass.run(&greedy).unwrap();
    let n_prompt = usize::try_from(expected["greedy_prompt_tokens"].as_u64().unwrap()).unwrap();
    for (position, token) in greedy.iter().enumerate().skip(n_prompt) {
        assert_eq!(
            top(pass.logits(position - 1, 1)),
            *token,
            "position {position}"
        );
    }
}

#[test]
fn stories260k_has_the_logits_of_the_float64_reference_from_all_its_containers() {
    let Some(expected) = reference("stories260K") else {
        return;
    };
    let bytes = std::fs::read(shared_data("models/stories260K/stories260K.bin").unwrap()).unwrap();
    check(
        &LanguageModel::from_checkpoint(&Checkpoint::from_llama2c(&bytes).unwrap()).unwrap(),
        &expected,
    );
    let bytes = std::fs::read(shared_data("gguf/stories260K-F32.gguf").unwrap()).unwrap();
    check(
        &LanguageModel::from_checkpoint(&Checkpoint::from_gguf(&bytes).unwrap()).unwrap(),
        &expected,
    );
}

#[test]
fn tinystories_656k_has_the_logits_of_the_float64_reference_from_all_its_containers() {
    let Some(expected) = reference("TinyStories-656K") else {
        return;
    };
    let folder = shared_data("models/TinyStories-656K").unwrap();
    let config = std::fs::read_to_string(folder.join("config.json")).unwrap();
    let bytes = std::fs::read(folder.join("model.safetensors")).unwrap();
    let shards = [("model.safetensors".to_owned(), bytes.as_slice())];
    let checkpoint = Checkpoint::from_safetensors(&config, &shards, None).unwrap();
    check(
        &LanguageModel::from_checkpoint(&checkpoint).unwrap(),
        &expected,
    );
    let bytes = std::fs::read(shared_data("gguf/TinyStories-656K-F16.gguf").unwrap()).unwrap();
    check(
        &LanguageModel::from_checkpoint(&Checkpoint::from_gguf(&bytes).unwrap()).unwrap(),
        &expected,
    );
}
