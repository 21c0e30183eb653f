//! Perplexities of the two small real models against the float64 table beside the data; its longest rows left out.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;

use blockscape_explorer::measurement::{Perplexity, measure};
use blockscape_model::language_model::{
    Checkpoint, Cutting, LanguageModel, Protocol, QuantizedModel, Tokenizer,
};
use blockscape_tests::shared_data;

/// A model of the data folder with its tokenizer.
struct Subject {
    model: LanguageModel,
    tokenizer: Tokenizer,
}

impl Subject {
    fn new(checkpoint: &Checkpoint<'_>, tokenizer: Tokenizer) -> Self {
        Self {
            model: LanguageModel::from_checkpoint(checkpoint).unwrap(),
            tokenizer,
        }
    }

    fn stories260k() -> Option<Self> {
        let bytes = fs::read(shared_data("models/stories260K/stories260K.bin")?).unwrap();
        let tokenizer = fs::read(shared_data("models/stories260K/tok512.bin")?).unwrap();
        Some(Self::new(
            &Checkpoint::from_llama2c(&bytes).unwrap(),
            Tokenizer::from_bytes(&tokenizer).unwrap(),
        ))
    }

    fn tinystories_656k() -> Option<Self> {
        let folder = shared_data("models/TinyStories-656K")?;
        let config = fs::read_to_string(folder.join("config.json")).unwrap();
        let bytes = fs::read(folder.join("model.safetensors")).unwrap();
        let shards = [("model.safetensors".to_owned(), bytes.as_slice())];
        Some(Self::new(
            &Checkpoint::from_safetensors(&config, &shards, None).unwrap(),
            Self::tinystories_tokenizer()?,
        ))
    }

    fn tinystories_gguf(file: &str) -> Option<Self> {
        let bytes = fs::read(shared_data(file)?).unwrap();
        Some(Self::new(
            &Checkpoint::from_gguf(&bytes).unwrap(),
            Self::tinystories_tokenizer()?,
        ))
    }

    fn tinystories_tokenizer() -> Option<Tokenizer> {
        let bytes = fs::read(shared_data("models/TinyStories-656K/tokenizer.json")?).unwrap();
        Some(Tokenizer::from_bytes(&bytes).unwrap())
    }

    fn measure(&self, text: &str, protocol: Protocol) -> Perplexity {
        let windows = protocol.windows(text, &self.tokenizer, Some(1)).unwrap();
        let model = QuantizedModel::unquantized(&self.model);
        measure(&model, None, &windows, &|_| {}, &|| false).unwrap()
    }
}

fn text(file: &str, n_bytes: usize) -> String {
    let text = fs::read_to_string(shared_data(file).unwrap()).unwrap();
    text[..text.floor_char_boundary(n_bytes)].to_owned()
}

/// Tokens exactly, perplexity to five significant digits.
fn check(measured: &Perplexity, windows: usize, tokens: u64, nll_sum: f64, perplexity: f64) {
    assert_eq!((measured.windows, measured.tokens), (windows, tokens));
    assert!(
        (measured.nll_sum - nll_sum).abs() < 0.05,
        "{} {nll_sum}",
        measured.nll_sum
    );
    assert!(
        (measured.perplexity / perplexity - 1.0).abs() < 5e-6,
        "{} {perplexity}",
        measured.perplexity
    );
}

const STORIES: &str = "text/tinystories_eval.txt";
const WIKI: &str = "text/wiki.test.raw";

fn documents(context: usize, max_windows: Option<usize>) -> Protocol {
    Protocol {
        cutting: Cutting::Documents,
        context,
        max_windows,
    }
}

fn chunks(context: usize) -> Protocol {
    Protocol {
        cutting: Cutting::StartedChunks,
        context,
        max_windows: None,
    }
}

fn strided(context: usize, stride: usize) -> Protocol {
    Protocol {
        cutting: Cutting::Strided { stride },
        context,
        max_windows: None,
    }
}

#[test]
fn documents_of_stories_have_the_reference_perplexity() {
    let Some(stories) = Subject::stories260k() else {
        return;
    };
    let Some(tiny) = Subject::tinystories_656k() else {
        return;
    };
    let text = text(STORIES, usize::MAX);
    check(
        &stories.measure(&text, documents(256, None)),
        300,
        75511,
        96569.4594,
        3.592_611,
    );
    check(
        &tiny.measure(&text, documents(256, None)),
        300,
        51576,
        151_511.360_7,
        18.871_126,
    );
    check(
        &stories.measure(&text, documents(128, Some(50))),
        50,
        6350,
        7968.4020,
        3.507_370,
    );
    check(
        &tiny.measure(&text, documents(128, Some(50))),
        50,
        6116,
        17656.0750,
        17.937_014,
    );
}

#[test]
fn chunks_and_strides_of_stories_have_the_reference_perplexity() {
    let Some(stories) = Subject::stories260k() else {
        return;
    };
    let Some(tiny) = Subject::tinystories_656k() else {
        return;
    };
    let text = text(STORIES, 60_000);
    check(
        &stories.measure(&text, chunks(256)),
        117,
        29835,
        57701.4051,
        6.917_243,
    );
    check(
        &tiny.measure(&text, chunks(256)),
        54,
        13770,
        51837.5143,
        43.143_224,
    );
    check(
        &stories.measure(&text, strided(256, 128)),
        234,
        30051,
        55645.7675,
        6.370_711,
    );
    check(
        &tiny.measure(&text, strided(256, 128)),
        108,
        13944,
        52362.3933,
        42.742_413,
    );
}

#[test]
fn wikipedia_text_has_the_reference_perplexity() {
    let Some(stories) = Subject::stories260k() else {
        return;
    };
    let Some(tiny) = Subject::tinystories_656k() else {
        return;
    };
    let text = text(WIKI, 100_000);
    check(
        &stories.measure(&text, chunks(256)),
        247,
        62985,
        316_082.881_6,
        151.166_737,
    );
    check(
        &tiny.measure(&text, chunks(256)),
        172,
        43860,
        304_263.125_1,
        1_029.824_579,
    );
}

#[test]
fn gguf_files_have_the_reference_perplexity() {
    let Some(q8) = Subject::tinystories_gguf("gguf/TinyStories-656K-Q8_0.gguf") else {
        return;
    };
    let text = text(STORIES, usize::MAX);
    check(
        &q8.measure(&text, documents(256, None)),
        300,
        51576,
        151_545.167_7,
        18.883_500,
    );
    let q4 = Subject::tinystories_gguf("gguf/TinyStories-656K-Q4_0.gguf").unwrap();
    check(
        &q4.measure(&text, documents(256, None)),
        300,
        51576,
        155_328.887_7,
        20.320_913,
    );
}
