//! Tokenizers as files have them: what is applied, what is refused, and the rules of GGUF vocabularies.

use std::fs;

use blockscape_model::language_model::checkpoint::Gguf;
use blockscape_model::language_model::tokenizer::is_contained;
use blockscape_model::language_model::{
    Checkpoint, LanguageModel, Pass, QuantizedModel, Tokenizer,
};
use blockscape_tests::shared_data;

fn tokenizer_file(name: &str) -> Option<Vec<u8>> {
    let path = shared_data(&format!("reported/tokenizer_files/tokenizer_{name}.json"))?;
    Some(fs::read(path).unwrap())
}

#[test]
fn stored_truncation_and_padding_change_no_token() {
    let Some(plain) = tokenizer_file("plain") else {
        return;
    };
    let plain = Tokenizer::from_json(&plain).unwrap();
    let text = fs::read_to_string(shared_data("text/tinystories_eval.txt").unwrap()).unwrap();
    let text = &text[..text.floor_char_boundary(20_000)];
    let expected = plain.encode(text).unwrap();
    assert!(expected.len() > 4000);
    for name in ["truncation512", "truncation_stride", "padding200"] {
        let tokenizer = Tokenizer::from_json(&tokenizer_file(name).unwrap()).unwrap();
        assert_eq!(tokenizer.encode(text).unwrap(), expected, "{name}");
        assert_eq!(tokenizer.encode("a").unwrap(), plain.encode("a").unwrap());
        assert_eq!(tokenizer.start_token(), Some(1), "{name}");
    }
    let huge = fs::read_to_string(
        shared_data("reported/tokenizer_files/tokenizer_padding200.json").unwrap(),
    )
    .unwrap()
    .replace("\"Fixed\": 200", "\"Fixed\": 1000000000");
    let tokenizer = Tokenizer::from_json(huge.as_bytes()).unwrap();
    assert_eq!(tokenizer.encode(text).unwrap(), expected);
}

#[test]
fn crafted_fields_are_refused_in_one_line() {
    for (name, told) in [
        (
            "fixedlength0",
            "field pre_tokenizer: cuts into pieces of no length",
        ),
        (
            "precompiled",
            "field normalizer: has a precompiled_charsmap of 3 bytes",
        ),
        (
            "template_missing",
            "field post_processor: names the token [X]",
        ),
        ("panic", "expected value at line 1 column 447"),
        ("truncated_1900", "EOF while parsing an object at line 108"),
    ] {
        let Some(bytes) = tokenizer_file(name) else {
            return;
        };
        let error = Tokenizer::from_bytes(&bytes).unwrap_err().to_string();
        assert!(error.contains(told), "{name}: {error}");
        assert!(!error.contains('\n'), "{name}: {error}");
    }
    assert!(!is_contained());
}

#[test]
fn a_tokenizer_cut_anywhere_is_refused() {
    for name in ["plain", "padding200", "panic"] {
        let Some(bytes) = tokenizer_file(name) else {
            return;
        };
        for cut in 0..400 {
            let n = cut * (bytes.len() - 1) / 399;
            assert!(Tokenizer::from_bytes(&bytes[..n]).is_err(), "{name}: {n}");
        }
    }
}

/// A file of the data folder and the text beside it.
fn reported(folder: &str, file: &str) -> Option<(Vec<u8>, String)> {
    let path = shared_data(&format!("reported/{folder}"))?;
    let text = path.join("text.txt");
    let text = if text.exists() {
        text
    } else {
        shared_data("reported/text.txt")?
    };
    Some((
        fs::read(path.join(file)).unwrap(),
        fs::read_to_string(text).unwrap(),
    ))
}

/// Sum of the negative log-likelihood of a text behind its start token, and the number of tokens scored.
fn nll(bytes: &[u8], text: &str) -> (f64, usize) {
    let checkpoint = Checkpoint::from_gguf(bytes).unwrap();
    let tokenizer = Tokenizer::from_gguf(&checkpoint.metadata).unwrap();
    let mut tokens: Vec<u32> = tokenizer.start_token().into_iter().collect();
    tokens.extend(tokenizer.encode(text).unwrap());
    let model = LanguageModel::from_checkpoint(&checkpoint).unwrap();
    let model = QuantizedModel::unquantized(&model);
    let sum = Pass::new(&model)
        .negative_log_likelihood(&tokens, 1)
        .unwrap();
    (sum.sum, tokens.len() - 1)
}

#[test]
fn reported_vocabularies_give_the_likelihood_of_transformers() {
    for (folder, n_tokens, expected) in [
        ("gguf_pre_smollm", None, 335.530_722),
        ("gguf_user_defined_tokens", Some(55), 412.649_210),
    ] {
        let Some((bytes, text)) = reported(folder, "mini.gguf") else {
            return;
        };
        let (sum, tokens) = nll(&bytes, &text);
        assert!((sum - expected).abs() < 2e-6 * expected, "{folder}: {sum}");
        assert!(
            n_tokens.is_none_or(|n_tokens| n_tokens == tokens),
            "{tokens}"
        );
    }
}

#[test]
fn digits_stand_alone_in_smollm_vocabularies() {
    let Some((bytes, text)) = reported("gguf_pre_smollm", "mini.gguf") else {
        return;
    };
    let own = Tokenizer::from_gguf(&Gguf::parse(&bytes).unwrap().metadata).unwrap();
    let (rule, _) = reported("gguf_pre_smollm", "tokenizer_smollm_rule.json").unwrap();
    let rule = Tokenizer::from_json(&rule).unwrap();
    for text in [
        text.as_str(),
        "he 12  345\n\n he's ½ ٣٤ the 7th\t\u{a0}x",
        "  \n \n",
    ] {
        assert_eq!(
            own.encode(text).unwrap(),
            rule.encode(text).unwrap(),
            "{text}"
        );
    }
}

#[test]
fn smollm2_gives_the_tokens_of_the_whole_wikitext() {
    let Some(path) = shared_data("models/SmolLM2-135M/SmolLM2-135M-Instruct.Q4_1.gguf") else {
        return;
    };
    let bytes = fs::read(path).unwrap();
    let tokenizer = Tokenizer::from_gguf(&Gguf::parse(&bytes).unwrap().metadata).unwrap();
    assert_eq!(tokenizer.start_token(), Some(1));
    assert_eq!(tokenizer.start().is_added, Some(false));
    assert_eq!(
        tokenizer.encode("Hello world! 123<|im_end|>").unwrap(),
        [19556, 905, 17, 216, 33, 34, 35, 2]
    );
    let text = fs::read_to_string(shared_data("text/wiki.test.raw").unwrap()).unwrap();
    assert_eq!(tokenizer.encode(&text).unwrap().len(), 303_415);
}

#[test]
fn a_vocabulary_a_few_tokens_larger_than_the_model_fits() {
    let Some((rule, _)) = reported("gguf_pre_smollm", "tokenizer_smollm_rule.json") else {
        return;
    };
    let tokenizer = Tokenizer::from_json(&rule).unwrap();
    let own = u32::try_from(tokenizer.vocab_size()).unwrap();
    assert!(tokenizer.check_vocabulary(own).is_ok());
    assert!(tokenizer.check_vocabulary(own - 2).is_ok());
    assert!(tokenizer.check_vocabulary(own - 20).is_err());
}
