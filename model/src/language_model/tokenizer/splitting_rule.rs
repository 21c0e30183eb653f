//! How byte-level vocabularies of GGUF files split a text before merging, by the name in `tokenizer.ggml.pre`.
//!
//! The patterns are part of the published tokenizers (the `pre_tokenizer` of each model's `tokenizer.json`); names are
//! those that llama.cpp gives them (`llama-vocab.cpp`, November 2026). Patterns apply one after the other, each to the
//! pieces that the one before left; what a pattern does not match stays a piece.

/// Contractions, words, numbers, other characters, blanks, as GPT-2 has them.
const GPT_2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
/// Llama 3: up to three digits together, line breaks apart.
const LLAMA_3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// Qwen2: digits one by one.
const QWEN_2: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// Qwen3.5: marks belong to letters.
const QWEN_35: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// Tekken: a word breaks where lower case turns to upper case.
const TEKKEN: &str = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// GPT-4o: as Tekken, contractions with their word, up to three digits.
const GPT_4O: &str = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// Kimi-K2: as GPT-4o, runs of Han characters apart.
const KIMI_K2: &str = r"\p{Han}+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// Ling: a line break ends the blanks before it.
const BAILING: &str = r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+";
/// Seed-Coder: line breaks never belong to what is before them.
const SEED_CODER: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+";
/// EXAONE's mixtures: words that stand in one row with single blanks stay together.
const EXAONE_MOE: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+";
/// `deepseek-v3`, after digits and Han, Hiragana and Katakana are taken out.
const DEEPSEEK_3: &str = r##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"##;
/// Latin, Greek, Cyrillic and other letters with case, as the rule of `deepseek-llm` lists them.
const DEEPSEEK_LETTERS: &str = r"\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-\x{1f7d}ᾀ-ᾴᾶ-ᾼ\x{1fbe}ῂ-ῄῆ-ῌῐ-\x{1fd3}ῖ-\x{1fdb}ῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤ\x{2126}ℨ\x{212a}-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃]+";
const DEEPSEEK_SIGNS: &str = r"\s?[!-/:-~！-／：-～‘-‟　-。]+";
const EAST_ASIAN: &str = "[一-龥ࠀ-一가-\u{d7ff}]+";
const HAN_AND_KANA: &str = "[一-龥\u{3040}-ゟ゠-ヿ]+";
/// BLOOM: anything between blanks and the punctuation of many scripts.
const BLOOM: &str = r" ?[^(\s|.,!?…。，、।۔،)]+";
const FALCON_SIGNS: &str = r"[\p{P}\$\+<=>\^~\|`]+";
const DEFAULT_SIGNS: &str = r"[\p{P}\$\+<=>\^~\|]+";
const THREE_DIGITS: &str = "[0-9][0-9][0-9]";

/// Names, patterns, and whether a piece that is a token stays whole whatever its merges say.
type Row = (&'static [&'static str], &'static [&'static str], bool);

const RULES: &[Row] = &[
    (
        &[
            "gpt-2",
            "gpt2",
            "mpt",
            "olmo",
            "jais",
            "trillion",
            "granite-docling",
            "phi-2",
            "exaone4",
            "gigachat",
            "jina-es",
            "jina-de",
            "jina-v1-en",
            "jina-v2-es",
            "jina-v2-de",
            "jina-v2-code",
            "roberta-bpe",
            "a.x-4.0",
            "mellum",
            "modern-bert",
        ],
        &[GPT_2],
        false,
    ),
    (
        &[
            "llama-bpe",
            "llama3",
            "llama-v3",
            "falcon3",
            "falcon-h1",
            "pixtral",
            "midm-2.0",
            "lfm2",
            "jina-v5-nano",
        ],
        &[LLAMA_3],
        true,
    ),
    (
        &["dbrx", "smaug-bpe", "glm4", "chatglm-bpe"],
        &[LLAMA_3],
        false,
    ),
    (
        &[
            "qwen2",
            "deepseek-r1-qwen",
            "kormo",
            "f2llmv2",
            "stablelm2",
            "hunyuan",
            "solar-open",
            "megrez",
            "grok-2",
        ],
        &[QWEN_2],
        false,
    ),
    (&["qwen35"], &[QWEN_35], false),
    (&["tekken"], &[TEKKEN], true),
    (
        &["gpt-4o", "llama4", "kanana2", "minimax-m2"],
        &[GPT_4O],
        false,
    ),
    (&["kimi-k2"], &[KIMI_K2], false),
    (
        &["bailingmoe", "bailingmoe2", "llada-moe"],
        &[BAILING],
        false,
    ),
    (&["seed-coder"], &[SEED_CODER], true),
    (&["exaone-moe"], &[EXAONE_MOE], false),
    (
        &[
            "smollm",
            "starcoder",
            "refact",
            "command-r",
            "codeshell",
            "exaone",
            "minerva-7b",
            "mellum2",
        ],
        &[r"\p{N}", GPT_2],
        false,
    ),
    (&["falcon"], &[FALCON_SIGNS, GPT_2, THREE_DIGITS], false),
    (
        &["deepseek-llm"],
        &[
            r"[\r\n]",
            DEEPSEEK_LETTERS,
            DEEPSEEK_SIGNS,
            r"\s+$",
            EAST_ASIAN,
            r"\p{N}+",
        ],
        false,
    ),
    (
        &["deepseek-coder"],
        &[r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", EAST_ASIAN, r"\p{N}"],
        false,
    ),
    (
        &["deepseek-v3", "hunyuan-dense", "joyai-llm"],
        &[r"\p{N}{1,3}", HAN_AND_KANA, DEEPSEEK_3],
        false,
    ),
    (&["bloom", "poro-chat", "gpt3-finnish"], &[BLOOM], false),
    (&["viking"], &[BLOOM, r"\p{N}"], false),
    (
        &["chameleon"],
        &[
            "<sentinel:[0-9]+>",
            "(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z",
            r"([\t\n]|    |  )",
            r"\p{N}",
            r"[\p{P}!-/:-@\[-`{-~]",
            GPT_2,
        ],
        false,
    ),
    (
        &["default"],
        &[DEFAULT_SIGNS, GPT_2, r"\p{N}+", THREE_DIGITS],
        false,
    ),
];

/// How a text is split before merging.
#[derive(Debug, Clone, Copy)]
pub(super) struct SplittingRule {
    /// Patterns, one after the other.
    pub(super) patterns: &'static [&'static str],
    /// Whether a piece that is a token stays whole whatever its merges say.
    pub(super) ignores_merges: bool,
}

impl SplittingRule {
    /// The rule of a name, if it is known.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        let (_, patterns, ignores_merges) =
            RULES.iter().find(|(names, ..)| names.contains(&name))?;
        Some(Self {
            patterns,
            ignores_merges: *ignores_merges,
        })
    }

    /// All names, for messages.
    pub(super) fn names() -> String {
        let names: Vec<&str> = RULES
            .iter()
            .flat_map(|(names, ..)| *names)
            .copied()
            .collect();
        names.join(", ")
    }
}
