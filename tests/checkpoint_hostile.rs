//! Damaged, truncated and absurd checkpoints and tokenizers: an error with place and reason, never a panic.

use std::fs;

use blockscape_model::language_model::checkpoint::{Gguf, parse_safetensors};
use blockscape_model::language_model::{
    Checkpoint, Cutting, LanguageModel, Pass, Protocol, QuantizedModel, Tokenizer, WindowError,
};
use blockscape_tests::gguf_file::{Value, gguf_file, tiny_llama};
use blockscape_tests::{repository, shared_data};

/// Everything that is done with a GGUF file of unknown content.
fn load(bytes: &[u8]) -> Result<(), String> {
    let checkpoint = Checkpoint::from_gguf(bytes).map_err(|error| error.to_string())?;
    let model = LanguageModel::from_checkpoint(&checkpoint).map_err(|error| error.to_string())?;
    let tokenizer =
        Tokenizer::from_gguf(&checkpoint.metadata).map_err(|error| error.to_string())?;
    tokenizer
        .check_vocabulary(model.hyperparameters.architecture.vocab_size)
        .map_err(|error| error.to_string())?;
    let tokens = tokenizer
        .encode("ab ba")
        .map_err(|error| error.to_string())?;
    let model = QuantizedModel::unquantized(&model);
    Pass::new(&model)
        .negative_log_likelihood(&tokens, 1)
        .map(|_| ())
        .map_err(|error| error.to_string())
}

fn tiny() -> Vec<u8> {
    let (pairs, tensors) = tiny_llama();
    gguf_file(3, &pairs, &tensors)
}

/// With one pair replaced.
fn tiny_with(key: &str, value: &Value) -> Vec<u8> {
    let (mut pairs, tensors) = tiny_llama();
    pairs.retain(|(each, _)| *each != key);
    pairs.push(("", Value::Count(0)));
    let last = pairs.len() - 1;
    let mut named: Vec<(&str, Value)> = pairs;
    named[last] = (key, value.clone());
    gguf_file(3, &named, &tensors)
}

#[test]
fn a_gguf_file_loads_whole_in_both_versions_and_truncated_nowhere() {
    let (pairs, tensors) = tiny_llama();
    assert_eq!(load(&gguf_file(2, &pairs, &tensors)), Ok(()));
    let bytes = tiny();
    assert_eq!(load(&bytes), Ok(()));
    for n in 0..bytes.len() {
        assert!(load(&bytes[..n]).is_err(), "{n} of {} bytes", bytes.len());
    }
}

#[test]
fn no_flipped_bit_of_a_gguf_file_makes_it_panic() {
    let bytes = tiny();
    for index in 0..bytes.len() {
        for bit in [0, 3, 7] {
            let mut damaged = bytes.clone();
            damaged[index] ^= 1 << bit;
            drop(load(&damaged));
        }
    }
}

#[test]
fn absurd_sizes_in_metadata_are_refused() {
    for (key, value) in [
        ("llama.block_count", u32::MAX),
        ("llama.block_count", 2),
        ("llama.embedding_length", 0),
        ("llama.embedding_length", 1 << 30),
        ("llama.attention.head_count", 0),
        ("llama.attention.head_count", 3),
        ("llama.attention.head_count_kv", 0),
        ("llama.feed_forward_length", u32::MAX),
        ("llama.context_length", 0),
        ("llama.rope.dimension_count", 3),
        ("tokenizer.ggml.bos_token_id", u32::MAX),
    ] {
        let result = load(&tiny_with(key, &Value::Count(value)));
        if key != "tokenizer.ggml.bos_token_id" {
            assert!(result.is_err(), "{key} = {value}");
        }
    }
    let error = load(&tiny_with("llama.rope.freq_base", &Value::Float(f32::NAN))).unwrap_err();
    assert!(error.contains("rotary base"), "{error}");
}

#[test]
fn weights_that_are_not_numbers_are_refused_by_name() {
    let (pairs, mut tensors) = tiny_llama();
    tensors[3].3[4..8].copy_from_slice(&f32::NAN.to_le_bytes());
    let error = load(&gguf_file(3, &pairs, &tensors)).unwrap_err();
    assert_eq!(
        error,
        "tensor blk.0.attn_q.weight: value 1 is not a finite number"
    );
}

#[test]
fn a_tensor_of_another_shape_or_none_is_refused_by_name() {
    let (pairs, mut tensors) = tiny_llama();
    tensors[3].1 = vec![4, 16];
    let error = load(&gguf_file(3, &pairs, &tensors)).unwrap_err();
    assert!(
        error.starts_with("tensor blk.0.attn_q.weight: has shape [16, 4]"),
        "{error}"
    );
    tensors.remove(3);
    let error = load(&gguf_file(3, &pairs, &tensors)).unwrap_err();
    assert_eq!(error, "tensor blk.0.attn_q.weight: is missing");
}

#[test]
fn the_collected_malformed_gguf_files_are_refused() {
    let Some(folder) = shared_data("gguf/malformed") else {
        return;
    };
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = fs::read(&path).unwrap();
        let is_sound = ["valid-small.gguf", "v3-empty.bin"].contains(&name.as_str());
        assert_eq!(Gguf::parse(&bytes).is_ok(), is_sound, "{name}");
        assert!(load(&bytes).is_err(), "{name} holds no model");
    }
}

#[test]
fn safetensors_files_truncated_or_with_flipped_header_bits_are_refused_or_read_without_panic() {
    let folder = repository().join("tests/golden/language_models/qwen2");
    let config = fs::read_to_string(folder.join("config.json")).unwrap();
    let bytes = fs::read(folder.join("model.safetensors")).unwrap();
    let n_header = usize::try_from(u64::from_le_bytes(bytes[..8].try_into().unwrap())).unwrap();
    let load = |bytes: &[u8]| {
        let shards = [("file".to_owned(), bytes)];
        Checkpoint::from_safetensors(&config, &shards, None)
            .and_then(|checkpoint| LanguageModel::from_checkpoint(&checkpoint))
    };
    assert!(load(&bytes).is_ok());
    for n in (0..n_header + 9)
        .step_by(7)
        .chain((n_header + 9..bytes.len()).step_by(997))
    {
        assert!(load(&bytes[..n]).is_err(), "{n} bytes");
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert!(load(&longer).is_err());
    for index in (0..n_header + 8).step_by(3) {
        let mut damaged = bytes.clone();
        damaged[index] ^= 1 << (index % 8);
        drop(load(&damaged));
    }
}

#[test]
fn the_collected_malformed_safetensors_file_is_refused() {
    let Some(path) = shared_data("safetensors/malformed/not-fully-covered.safetensors") else {
        return;
    };
    let error = parse_safetensors(&fs::read(path).unwrap()).unwrap_err();
    assert!(
        error.to_string().contains("different number of bytes"),
        "{error}"
    );
    let codes = fs::read(shared_data("safetensors/jfk-codes.safetensors").unwrap()).unwrap();
    let tensors = parse_safetensors(&codes).unwrap();
    assert!(
        tensors.values().all(|tensor| tensor.decode().is_err()),
        "integers are no weights"
    );
}

#[test]
fn llama2c_files_are_refused_unless_header_and_length_agree() {
    let mut bytes = Vec::new();
    for field in [8_i32, 12, 1, 2, 1, 5, 4] {
        bytes.extend(field.to_le_bytes());
    }
    let n_values = 5 * 8 + 8 + 64 + 32 + 32 + 64 + 8 + 96 + 96 + 96 + 8 + 4 * 4;
    bytes.extend(0.25_f32.to_le_bytes().repeat(n_values));
    let load = |bytes: &[u8]| {
        Checkpoint::from_llama2c(bytes)
            .and_then(|checkpoint| LanguageModel::from_checkpoint(&checkpoint))
    };
    assert!(load(&bytes).is_ok());
    for n in 0..bytes.len() {
        assert!(load(&bytes[..n]).is_err(), "{n} bytes");
    }
    for index in 0..28 {
        for bit in 0..8 {
            let mut damaged = bytes.clone();
            damaged[index] ^= 1 << bit;
            drop(load(&damaged));
        }
    }
}

#[test]
fn configurations_that_cannot_be_run_name_their_field() {
    let load = |text: &str| {
        Checkpoint::from_safetensors(text, &[], None)
            .unwrap_err()
            .to_string()
    };
    assert!(load("{").starts_with("config.json: "));
    assert!(load("{}").contains("model_type: is missing"));
    assert!(load(r#"{"model_type":"mamba"}"#).contains("not supported"));
    assert!(load(r#"{"model_type":"zzz"}"#).contains("llama"));
    let negative = load(
        r#"{"model_type":"llama","intermediate_size":8,"num_attention_heads":2,
        "num_hidden_layers":1,"vocab_size":8,"hidden_size":-1}"#,
    );
    assert!(
        negative.contains("line 2, field hidden_size: is -1"),
        "{negative}"
    );
    let proportional = r#"{"model_type":"llama","hidden_size":8,"intermediate_size":8,"num_attention_heads":2,
        "num_hidden_layers":1,"vocab_size":8,"rope_scaling":{"rope_type":"dynamo","factor":2}}"#;
    assert!(load(proportional).contains("dynamo"));
}

#[test]
fn damaged_tokenizers_are_refused_or_read_without_panic() {
    let mut bin = 3_u32.to_le_bytes().to_vec();
    for text in ["<unk>", "<s>", "</s>", "a", "b"] {
        bin.extend(1.5_f32.to_le_bytes());
        bin.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
        bin.extend(text.as_bytes());
    }
    assert_eq!(Tokenizer::from_bytes(&bin).unwrap().vocab_size(), 5);
    for n in 0..bin.len() {
        if let Ok(tokenizer) = Tokenizer::from_bytes(&bin[..n]) {
            assert!(tokenizer.vocab_size() < 5 && tokenizer.check_vocabulary(5).is_err());
        }
    }
    let Some(path) = shared_data("models/TinyStories-656K/tokenizer.json") else {
        return;
    };
    let json = fs::read(path).unwrap();
    for n in (0..json.len()).step_by(4001) {
        assert!(Tokenizer::from_bytes(&json[..n]).is_err());
    }
}

#[test]
fn vocabularies_of_other_models_unknown_tokens_and_empty_texts_are_refused() {
    let bytes = tiny();
    let checkpoint = Checkpoint::from_gguf(&bytes).unwrap();
    let tokenizer = Tokenizer::from_gguf(&checkpoint.metadata).unwrap();
    let error = tokenizer.check_vocabulary(4).unwrap_err().to_string();
    assert!(
        error.contains("the tokenizer has 5 tokens, the model 4"),
        "{error}"
    );
    assert!(tokenizer.check_vocabulary(100).is_err());
    let model = LanguageModel::from_checkpoint(&checkpoint).unwrap();
    let model = QuantizedModel::unquantized(&model);
    let mut pass = Pass::new(&model);
    assert_eq!(pass.run(&[]), Err(WindowError::Empty));
    let unknown = WindowError::UnknownToken {
        token: 5,
        position: 1,
        vocab_size: 5,
    };
    assert_eq!(pass.run(&[1, 5]), Err(unknown));
    let protocol = |cutting, context| Protocol {
        cutting,
        context,
        max_windows: None,
    };
    for (text, cutting, context) in [
        ("", Cutting::Documents, 8),
        (" \n<|endoftext|> ", Cutting::Documents, 8),
        ("ab", Cutting::StartedChunks, 64),
        ("ab", Cutting::Documents, 1),
        ("ab", Cutting::Strided { stride: 0 }, 8),
        ("ab", Cutting::Strided { stride: 9 }, 8),
    ] {
        let windows = protocol(cutting, context).windows(text, &tokenizer, Some(1));
        assert!(windows.is_err(), "{text:?} {cutting:?}");
    }
}
