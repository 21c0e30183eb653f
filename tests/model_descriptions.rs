//! Descriptions of models: real configurations, public bug reports, and tiny models counted by transformers.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::Path;

use blockscape_model::architecture::Architecture;
use blockscape_tests::shared_data;
use serde_json::Value;

fn read(path: &Path) -> Result<Architecture, String> {
    let text = fs::read_to_string(path).unwrap();
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    Architecture::from_config(&text, Some(&name)).map_err(|error| error.to_string())
}

fn reported(folder: &str) -> Option<Result<Architecture, String>> {
    let path = shared_data(&format!("reported/configs/{folder}/config.json"))?;
    Some(read(&path))
}

/// In billions.
fn billions(count: u64) -> f64 {
    f64::from(u32::try_from(count / 1_000_000).unwrap()) / 1000.0
}

fn close(value: f64, expected: f64, share: f64) -> bool {
    (value / expected - 1.0).abs() <= share
}

#[test]
fn parameters_of_36_families_are_those_that_transformers_counts() {
    let Some(path) = shared_data("architectures/expected.json") else {
        return;
    };
    let expected: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let mut wrong = Vec::new();
    for (name, figures) in expected["models"].as_object().unwrap() {
        let config = path.with_file_name(name).join("config.json");
        match read(&config) {
            Ok(model) if Some(model.parameters()) == figures["parameters"].as_u64() => {}
            Ok(model) => wrong.push(format!(
                "{name}: {} parameters, {} counted",
                model.parameters(),
                figures["parameters"]
            )),
            Err(error) => wrong.push(format!("{name}: {error}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn totals_of_reported_configurations_agree_with_published_ones() {
    // Total, active, values kept a token and layer; figures of data/reported/README.md.
    for (folder, total, active, kept) in [
        ("falcon-7b", 6.92, 6.92, 128),
        ("falcon-40b", 41.30, 41.30, 1024),
        ("Mixtral-8x7B-v0.1", 46.70, 12.88, 2048),
        ("Qwen3-30B-A3B", 30.53, 3.35, 1024),
        ("gpt-oss-20b", 20.91, 4.19, 1024),
        ("DeepSeek-V3", 671.03, 37.55, 576),
        ("pythia-6.9b", 6.86, 6.86, 8192),
        ("gpt-j-6b", 6.05, 6.05, 8192),
        ("starcoder2-3b", 3.03, 3.03, 512),
        ("gemma-3-4b-it", 3.88, 3.88, 2048),
        ("bloom-7b1", 7.07, 7.07, 8192),
        ("Qwen2.5-VL-7B-v5", 7.62, 7.62, 1024),
        ("internvl-llm_config", 7.61, 7.61, 1024),
        ("llava-onevision-vision-first", 6.74, 6.74, 8192),
        ("Llama-3.1-8B", 8.03, 8.03, 2048),
        ("Qwen3-0.6B", 0.596, 0.596, 2048),
        ("Phi-4-mini", 3.84, 3.84, 2048),
    ] {
        let Some(model) = reported(folder) else {
            return;
        };
        let model = model.unwrap_or_else(|error| panic!("{folder}: {error}"));
        let (found, found_active) = (
            billions(model.parameters()),
            billions(model.active_parameters()),
        );
        assert!(close(found, total, 0.005), "{folder}: {found} of {total}");
        assert!(
            close(found_active, active, 0.01),
            "{folder}: {found_active} of {active}"
        );
        assert_eq!(model.key_values_per_token_layer(), kept, "{folder}");
    }
}

#[test]
fn windows_of_gemma_3_keep_a_sixth_of_a_long_context() {
    let Some(model) = reported("gemma-3-27b-text") else {
        return;
    };
    let model = model.unwrap();
    assert!(model.head.tied);
    let tokens = 131_072;
    let full = u64::from(model.n_layers()) * tokens * model.key_values_per_token_layer();
    let share = f64::from(u32::try_from(model.cached_values(tokens) >> 12).unwrap())
        / f64::from(u32::try_from(full >> 12).unwrap());
    assert!((share - 0.168).abs() < 0.001, "{share}");
    let small = reported("gemma-3-1b-it").unwrap().unwrap();
    assert!(small.head.tied && close(billions(small.parameters()), 0.9999, 0.005));
}

#[test]
fn forms_that_are_not_supported_are_refused_with_the_reason() {
    for (folder, words) in [
        ("nemotron-nas", "block_configs"),
        ("bert-base", "not a decoder"),
        ("OpenELM-270M", "differ in size"),
    ] {
        let Some(refused) = reported(folder) else {
            return;
        };
        let error = refused.unwrap_err();
        assert!(error.contains(words), "{folder}: {error}");
        assert!(!error.contains('\n'), "{error}");
    }
}

#[test]
fn real_configurations_are_read_or_refused_by_name() {
    let Some(folder) = shared_data("configs") else {
        return;
    };
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        match read(&path) {
            Ok(model) => assert!(
                model.n_layers() > 20 && name != "DeepSeek-V4-Flash",
                "{name}"
            ),
            Err(error) => assert!(
                name == "DeepSeek-V4-Flash" && error.contains("compress_ratios"),
                "{name}: {error}"
            ),
        }
    }
}

#[test]
fn totals_of_current_models_agree_with_their_shapes() {
    let Some(path) = shared_data("model_shapes_2026.json") else {
        return;
    };
    let shapes: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    for (name, file) in CURRENT {
        let shape = shapes["models"]
            .as_array()
            .unwrap()
            .iter()
            .find(|shape| shape["name"] == *name)
            .unwrap_or_else(|| panic!("{name} is in the table"));
        let derived = &shape["derived"];
        let config = path.with_file_name("configs").join(format!("{file}.json"));
        let model = read(&config).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(
            u64::from(model.n_layers()),
            shape["layers"].as_u64().unwrap(),
            "{name}"
        );
        if let Some(total) = derived["parameters_billion"].as_f64() {
            let found = billions(model.parameters());
            assert!(close(found, total, 0.005), "{name}: {found} of {total}");
        }
        if let Some(active) = derived["active_billion_with_embeddings"].as_f64() {
            let found = billions(model.active_parameters());
            // The table counts four key heads in all layers; those with a window have eight: 39 x 4 x (192 + 128) x 4096 more.
            let active = active
                + if *name == "MiMo-V2-Flash" {
                    0.2045
                } else {
                    0.0
                };
            assert!(close(found, active, 0.01), "{name}: {found} of {active}");
        }
        if let Some(kept) = derived["kv_values_per_token_layer"].as_u64() {
            assert_eq!(model.key_values_per_token_layer(), kept, "{name}");
        }
    }
}

/// Names in the table, and the files of their configurations.
const CURRENT: &[(&str, &str)] = &[
    ("DeepSeek-V3", "DeepSeek-V3"),
    ("Kimi-K2", "Kimi-K2-Instruct"),
    ("GLM-5", "GLM-5"),
    ("DeepSeek-V3.2", "DeepSeek-V3.2"),
    ("gpt-oss-20b", "gpt-oss-20b"),
    ("Qwen3-30B-A3B", "Qwen3-30B-A3B"),
    ("Qwen3-8B", "Qwen3-8B"),
    ("Qwen3-0.6B", "Qwen3-0.6B"),
    ("Llama-3.1-8B", "Meta-Llama-3.1-8B"),
    ("Llama-3.1-70B", "Meta-Llama-3.1-70B"),
    ("Mixtral-8x7B", "Mixtral-8x7B-v0.1"),
    ("Llama-4-Scout", "Llama-4-Scout-17B-16E-Instruct"),
    ("Qwen3.5-35B-A3B (text part)", "Qwen3.5-35B-A3B"),
    ("Gemma-4-26B-A4B (text part)", "gemma-4-26B-A4B"),
    ("Nemotron-3-Nano-30B-A3B", "Nemotron-3-Nano-30B-A3B"),
    ("Nemotron-H-56B", "Nemotron-H-56B"),
    ("MiMo-V2-Flash", "MiMo-V2-Flash"),
    ("MiniMax-M2.5", "MiniMax-M2.5"),
];

#[test]
fn damaged_descriptions_are_refused_in_one_line() {
    let load =
        |text: &str| Architecture::from_config(text, None).map_err(|error| error.to_string());
    let plain = r#"{"model_type":"llama","hidden_size":64,"num_hidden_layers":2,"num_attention_heads":4,
"num_key_value_heads":2,"intermediate_size":96,"vocab_size":288"#;
    assert!(load(&format!("{plain}}}")).is_ok());
    for (more, words) in [
        (r#","num_local_experts":8"#, "field num_local_experts"),
        (r#","kv_lora_rank":512"#, "field kv_lora_rank"),
        (r#","block_configs":[1]"#, "field block_configs"),
        (r#","sliding_window":128"#, "field sliding_window"),
        (
            r#","layer_types":["mystery","full_attention"]"#,
            "layer_types",
        ),
        (
            r#","rope_scaling":{"rope_type":"mystery"}"#,
            "rope_scaling.rope_type",
        ),
        (
            r#","rope_scaling":{"rope_type":"linear","factor":4,"type":"yarn"}"#,
            "both mean the same",
        ),
        (r#","hidden_act":"mystery""#, "hidden_act"),
        (r#","head_dim":-3"#, "head_dim is -3"),
    ] {
        let error = load(&format!("{plain}{more}}}")).unwrap_err();
        assert!(
            error.contains(words) || error.contains(&words.replace(" is ", ": is ")),
            "{more}: {error}"
        );
        assert!(!error.contains('\n'), "{error}");
    }
    for layers in [
        "1000000",
        "4000000000",
        "1e300",
        "-1",
        "\"two\"",
        "[2]",
        "null",
    ] {
        let text = plain.replace(
            "\"num_hidden_layers\":2",
            &format!("\"num_hidden_layers\":{layers}"),
        );
        let error = load(&format!("{text}}}")).unwrap_err();
        assert!(error.contains("num_hidden_layers"), "{error}");
    }
    let whole = format!("\u{feff}{plain}}}");
    for end in (0..whole.len()).filter(|end| whole.is_char_boundary(*end)) {
        let _refused_or_read = load(&whole[..end]);
    }
    assert!(load(&whole).is_ok());
}
