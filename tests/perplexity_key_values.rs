//! What holds for quantized keys and values: causality, exact smoothing, protection, formats of ggml.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;

use blockscape_explorer::measurement::measure;
use blockscape_model::design::{FormatTable, KeyValuePolicy};
use blockscape_model::format::Format;
use blockscape_model::language_model::{
    Arithmetic, Checkpoint, Cutting, LanguageModel, Pass, Protocol, QuantizedModel, Tokenizer,
    Window,
};
use blockscape_model::workload::SlotGroup;
use blockscape_tests::{repository, shared_data};

const PLAIN: KeyValuePolicy = KeyValuePolicy {
    initial_tokens: 0,
    local_tokens: 0,
    protected: None,
    smoothing: false,
};

fn golden(name: &str) -> LanguageModel {
    let folder = repository().join("tests/golden/language_models").join(name);
    let config = fs::read_to_string(folder.join("config.json")).unwrap();
    let bytes = fs::read(folder.join("model.safetensors")).unwrap();
    let shards = [("model.safetensors".to_owned(), bytes.as_slice())];
    let checkpoint = Checkpoint::from_safetensors(&config, &shards, None).unwrap();
    LanguageModel::from_checkpoint(&checkpoint).unwrap()
}

fn stories() -> Option<(LanguageModel, Vec<Window>)> {
    let bytes = fs::read(shared_data("models/stories260K/stories260K.bin")?).unwrap();
    let tokenizer = fs::read(shared_data("models/stories260K/tok512.bin")?).unwrap();
    let text = fs::read_to_string(shared_data("text/tinystories_eval.txt")?).unwrap();
    let checkpoint = Checkpoint::from_llama2c(&bytes).unwrap();
    let protocol = Protocol {
        cutting: Cutting::Documents,
        context: 256,
        max_windows: Some(40),
    };
    let tokenizer = Tokenizer::from_bytes(&tokenizer).unwrap();
    let windows = protocol.windows(&text, &tokenizer, Some(1)).unwrap();
    Some((
        LanguageModel::from_checkpoint(&checkpoint).unwrap(),
        windows,
    ))
}

fn table(rules: &[(&str, &str)]) -> FormatTable {
    let mut table = FormatTable::uniform(Format::FP32);
    for (group, format) in rules {
        table.set(group.parse::<SlotGroup>().unwrap(), format.parse().unwrap());
    }
    table
}

fn logits(model: &QuantizedModel, tokens: &[u32]) -> Vec<f32> {
    let mut pass = Pass::new(model);
    pass.run(tokens).unwrap();
    pass.logits(0, tokens.len()).to_vec()
}

/// A fixed sequence below 88, the smallest vocabulary of the golden models.
fn tokens(n: u32) -> Vec<u32> {
    (0..n)
        .map(|index| (index * index * 31 + index * 7) % 88)
        .collect()
}

fn perplexity(
    model: &LanguageModel,
    windows: &[Window],
    table: &FormatTable,
    policy: &KeyValuePolicy,
) -> f64 {
    let model = QuantizedModel::new(model, table, policy);
    measure(&model, None, windows, &|_| {}, &|| false)
        .unwrap()
        .perplexity
}

#[test]
fn smoothing_of_keys_changes_nothing_where_nothing_is_quantized() {
    let smooth = KeyValuePolicy {
        smoothing: true,
        initial_tokens: 6,
        ..PLAIN
    };
    for name in ["qwen2", "opt", "gpt2"] {
        let model = golden(name);
        let plain = logits(&QuantizedModel::unquantized(&model), &tokens(60));
        let unquantized = FormatTable::uniform(Format::FP32);
        let smoothed = logits(
            &QuantizedModel::new(&model, &unquantized, &smooth),
            &tokens(60),
        );
        for (a, b) in plain.iter().zip(&smoothed) {
            assert!((a - b).abs() < 1e-4, "{name}: {a} {b}");
        }
    }
}

#[test]
fn no_logit_depends_on_a_later_token_whatever_the_blocks_of_the_values() {
    let model = golden("qwen2");
    for value in [
        "bfp:m=4,b=16",
        "bfp:m=4,b=48",
        "mxfp4",
        "int:w=4,g=16,asym",
        "q4_0",
    ] {
        let table = table(&[
            ("value", value),
            ("probability", "bfp:m=6,b=16"),
            ("key", "bfp:m=5,b=8"),
        ]);
        let policy = KeyValuePolicy {
            initial_tokens: 4,
            local_tokens: 6,
            protected: Some("bfp:m=8,b=16".parse().unwrap()),
            smoothing: true,
        };
        let model = QuantizedModel::new(&model, &table, &policy);
        let whole = logits(&model, &tokens(70));
        for n in [1, 15, 16, 17, 40, 69] {
            let part = logits(&model, &tokens(n));
            for (a, b) in part.iter().zip(&whole) {
                assert!((a - b).abs() < 2e-3, "{value}, {n} tokens: {a} {b}");
            }
        }
    }
}

#[test]
fn four_bit_keys_and_values_with_protection_and_smoothing_lose_less_than_a_third_of_plain_ones() {
    let Some((model, windows)) = stories() else {
        return;
    };
    let unquantized = perplexity(
        &model,
        &windows,
        &FormatTable::uniform(Format::FP32),
        &PLAIN,
    );
    let formats = table(&[("kv", "bfp:m=4,e=5,b=32")]);
    let loss =
        |policy: &KeyValuePolicy| perplexity(&model, &windows, &formats, policy) - unquantized;
    let plain = loss(&PLAIN);
    let protected = Some("bfp:m=8,e=5,b=32".parse().unwrap());
    let protection = KeyValuePolicy {
        initial_tokens: 16,
        local_tokens: 64,
        protected,
        smoothing: false,
    };
    let both = KeyValuePolicy {
        smoothing: true,
        ..protection
    };
    assert!(plain > 0.0 && loss(&both) < plain / 3.0);
}

#[test]
fn layers_alternate_between_two_and_three_bit_super_blocks() {
    let Some((model, windows)) = stories() else {
        return;
    };
    let run = |q2: bool, q3: bool| {
        let mut table = table(&[("linear.activation", "q8_k")]);
        let group = "linear.weight".parse::<SlotGroup>().unwrap();
        for layer in 0..5 {
            let format = if (layer % 2 == 0 && q2) || !q3 {
                "q2_k"
            } else {
                "q3_k"
            };
            table.set_layers(layer..=layer, group, format.parse().unwrap());
        }
        perplexity(&model, &windows[..10], &table, &PLAIN)
    };
    let (two, mixed, three) = (run(true, false), run(true, true), run(false, true));
    assert!(three < mixed && mixed < two);
}

#[test]
fn integer_products_of_super_blocks_give_the_perplexity_of_the_dequantized_values() {
    let Some((model, windows)) = stories() else {
        return;
    };
    let mut table = table(&[("linear.activation", "q8_k"), ("linear.weight", "q3_k")]);
    let group = "linear.weight".parse::<SlotGroup>().unwrap();
    table.set_layers(1..=3, group, "q2_k".parse().unwrap());
    let run = |integer_super_blocks| {
        let arithmetic = Arithmetic {
            integer_super_blocks,
            accumulator_bits: None,
        };
        let model = QuantizedModel::with_arithmetic(&model, &table, &PLAIN, arithmetic);
        measure(&model, None, &windows[..10], &|_| {}, &|| false)
            .unwrap()
            .perplexity
    };
    let (integer, dequantized) = (run(true), run(false));
    assert!(
        // Sums that round apart move codes of the next layer's activations.
        (integer / dequantized - 1.0).abs() < 3e-3,
        "{integer} {dequantized}"
    );
}

#[test]
fn a_wide_accumulator_changes_little_and_a_narrow_one_costs_perplexity() {
    let Some((model, windows)) = stories() else {
        return;
    };
    let table = FormatTable::uniform(Format::FP32);
    let run = |accumulator_bits| {
        let arithmetic = Arithmetic {
            integer_super_blocks: false,
            accumulator_bits,
        };
        let model = QuantizedModel::with_arithmetic(&model, &table, &PLAIN, arithmetic);
        measure(&model, None, &windows[..10], &|_| {}, &|| false)
            .unwrap()
            .perplexity
    };
    let processor = run(None);
    assert!((run(Some(24)) / processor - 1.0).abs() < 1e-4);
    assert!(run(Some(4)) > 1.01 * processor);
}
