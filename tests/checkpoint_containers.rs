//! The same model and the same vocabulary from different files give the same weights and tokens.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;

use blockscape_model::language_model::checkpoint::{
    Gguf, TensorView as StoredTensor, join_gguf, parse_safetensors, parse_shards, shard_names,
};
use blockscape_model::language_model::{Checkpoint, Tokenizer};
use blockscape_tests::shared_data;
use safetensors::tensor::{Dtype, TensorView, serialize};

fn file(tensors: &[(&str, &[f32])]) -> Vec<u8> {
    let bytes: Vec<Vec<u8>> = tensors
        .iter()
        .map(|(_, values)| {
            values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect()
        })
        .collect();
    let views = tensors.iter().zip(&bytes).map(|((name, values), bytes)| {
        (
            name.to_owned(),
            TensorView::new(Dtype::F32, vec![values.len()], bytes).unwrap(),
        )
    });
    serialize(views, None).unwrap()
}

#[test]
fn shards_join_to_the_tensors_of_one_file() {
    let whole = file(&[("a", &[1.0, 2.0]), ("b", &[3.0])]);
    let (first, second) = (file(&[("a", &[1.0, 2.0])]), file(&[("b", &[3.0])]));
    let shards = [
        ("1.st".to_owned(), first.as_slice()),
        ("2.st".to_owned(), second.as_slice()),
    ];
    let index = r#"{"metadata":{},"weight_map":{"a":"1.st","b":"2.st"}}"#;
    let joined = parse_shards(&shards, Some(index)).unwrap();
    let single = parse_safetensors(&whole).unwrap();
    assert_eq!(
        joined.keys().collect::<Vec<_>>(),
        single.keys().collect::<Vec<_>>()
    );
    for (name, tensor) in &single {
        assert_eq!(joined[name].decode().unwrap(), tensor.decode().unwrap());
    }
    let lacking = parse_shards(&shards[..1], Some(index))
        .unwrap_err()
        .to_string();
    assert_eq!(lacking, "2.st: tensor b of the index is not in the shard");
    let twice = [shards[0].clone(), ("3.st".to_owned(), first.as_slice())];
    assert!(parse_shards(&twice, None).is_err());
    let outside = r#"{"weight_map":{"a":"../1.st"}}"#;
    assert!(parse_shards(&shards, Some(outside)).is_err());
}

#[test]
fn every_block_type_of_a_gguf_file_decodes_to_the_values_of_the_reference_library() {
    let Some(path) = shared_data("gguf/dequant_vectors.gguf") else {
        return;
    };
    let bytes = fs::read(path).unwrap();
    let expected = fs::read(shared_data("gguf/dequant_expected.safetensors").unwrap()).unwrap();
    let expected = parse_safetensors(&expected).unwrap();
    let file = Gguf::parse(&bytes).unwrap();
    assert_eq!(file.tensors.len(), 24);
    for (name, tensor) in &file.tensors {
        let values = tensor.decode().unwrap();
        let expected = expected[name].decode().unwrap();
        assert_eq!(values.len(), expected.len(), "{tensor:?}");
        let mut pairs = values.iter().zip(&expected);
        assert!(pairs.all(|(a, b)| a.to_bits() == b.to_bits()), "{tensor:?}");
    }
}

#[test]
fn one_vocabulary_in_three_containers_gives_the_same_tokens() {
    let Some(bin) = shared_data("tokenizers/llama2_32000_tokenizer.bin") else {
        return;
    };
    let bin = Tokenizer::from_bytes(&fs::read(bin).unwrap()).unwrap();
    let model = fs::read(shared_data("tokenizers/llama2_32000_tokenizer.model").unwrap()).unwrap();
    let model = Tokenizer::from_bytes(&model).unwrap();
    let gguf = fs::read(shared_data("gguf/ggml-vocab-llama-spm.gguf").unwrap()).unwrap();
    let gguf = Tokenizer::from_gguf(&Gguf::parse(&gguf).unwrap().metadata).unwrap();
    let text = fs::read_to_string(shared_data("text/wiki.test.raw").unwrap()).unwrap();
    let text = &text[..text.floor_char_boundary(20_000)];
    for text in [text, "Hello world", " \t\n  two  blanks", "naïve 日本語 🦀"] {
        let tokens = gguf.encode(text).unwrap();
        assert_eq!(model.encode(text).unwrap(), tokens);
        assert_eq!(bin.encode(text).unwrap(), tokens);
    }
    assert_eq!(gguf.encode("Hello world").unwrap(), [15043, 3186]);
    assert_eq!(model.start_token(), Some(1));
}

#[test]
fn byte_level_vocabularies_of_gguf_files_split_as_gpt_2_does() {
    let Some(path) = shared_data("gguf/ggml-vocab-gpt-2.gguf") else {
        return;
    };
    let bytes = fs::read(path).unwrap();
    let tokenizer = Tokenizer::from_gguf(&Gguf::parse(&bytes).unwrap().metadata).unwrap();
    assert_eq!(tokenizer.encode("Hello world").unwrap(), [15496, 995]);
    assert_eq!(tokenizer.vocab_size(), 50257);
    assert_eq!(tokenizer.start_token(), Some(50256));
}

#[test]
fn a_stored_row_is_decoded_alone() {
    let Some(path) = shared_data("gguf/TinyStories-656K-Q8_0.gguf") else {
        return;
    };
    let bytes = fs::read(path).unwrap();
    let checkpoint = Checkpoint::from_gguf(&bytes).unwrap();
    let tensor = &checkpoint.tensors["token_embd.weight"];
    let all = tensor.decode().unwrap();
    assert_eq!(tensor.decode_rows(7, 2).unwrap(), all[7 * 128..9 * 128]);
    assert!(tensor.decode_rows(2047, 2).is_err());
    assert!(tensor.decode_rows(u64::MAX, 2).is_err());
}

#[test]
fn a_split_gguf_model_is_its_shards_together() {
    let Some(folder) = shared_data("reported/split_gguf") else {
        return;
    };
    let names = ["mini-00001-of-00002.gguf", "mini-00002-of-00002.gguf"];
    let bytes = names.map(|name| fs::read(folder.join(name)).unwrap());
    let shards = || -> Vec<(String, Gguf<'_>)> {
        let parsed = bytes.iter().map(|bytes| Gguf::parse(bytes).unwrap());
        names.map(str::to_owned).into_iter().zip(parsed).collect()
    };
    for (name, shard) in shards() {
        assert_eq!(shard_names(&shard, &name).unwrap(), names);
    }
    let whole = join_gguf(shards()).unwrap();
    assert_eq!(whole.tensors.len(), 21);
    let n_values: u64 = whole.tensors.values().map(StoredTensor::n_values).sum();
    assert_eq!(n_values, 98_624);
    let first = join_gguf(shards()[..1].to_vec()).unwrap_err().to_string();
    assert!(
        first.contains("is split into 2 files, 1 of them are at hand"),
        "{first}"
    );
    let mut turned = shards();
    turned.reverse();
    let turned = join_gguf(turned).unwrap_err().to_string();
    assert!(
        turned.contains("split.no: is 1; shard 0 is expected"),
        "{turned}"
    );
    let renamed = shard_names(&shards()[0].1, "other.gguf").unwrap_err();
    assert!(
        renamed
            .to_string()
            .contains("must end with -00001-of-00002.gguf")
    );
}
