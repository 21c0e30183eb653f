//! One file a family: its names for `config.json`, its defaults, and what its layers are.
//!
//! Adding a family is a file here and its line in [`all`].

mod apertus;
mod bloom;
mod cohere;
mod deepseek;
mod exaone;
mod falcon;
mod gemma;
mod gemma4;
mod glm;
mod gpt2;
mod gpt_neox;
mod gpt_oss;
mod granite;
mod llama;
mod llama4;
mod mimo;
mod minimax;
mod mistral;
mod mpt;
mod nemotron;
mod nemotron_h;
mod olmo;
mod opt;
mod phi;
mod qwen;
mod qwen_next;
mod seed_oss;
mod smollm3;
mod stablelm;
mod starcoder2;

use super::config::Config;
use super::{Architecture, DescriptionError};

/// How the configurations of a family are read.
#[derive(Debug)]
pub(super) struct Family {
    /// Its names as `model_type`.
    pub(super) model_types: &'static [&'static str],
    /// The reader.
    pub(super) read: fn(&Config<'_>) -> Result<Architecture, DescriptionError>,
}

/// All families.
pub(super) fn all() -> impl Iterator<Item = &'static Family> {
    [
        &llama::FAMILY,
        &llama4::FAMILY,
        &smollm3::FAMILY,
        &mistral::FAMILY,
        &mistral::MIXTRAL,
        &qwen::DENSE,
        &qwen::EXPERTS,
        &qwen_next::FAMILY,
        &gemma::FAMILY,
        &gemma4::FAMILY,
        &gpt_oss::FAMILY,
        &deepseek::FAMILY,
        &glm::FAMILY,
        &glm::EXPERTS,
        &mimo::FAMILY,
        &minimax::FAMILY,
        &nemotron::FAMILY,
        &nemotron_h::FAMILY,
        &phi::PHI,
        &phi::PHI3,
        &granite::FAMILY,
        &olmo::FAMILY,
        &cohere::FAMILY,
        &exaone::FAMILY,
        &seed_oss::FAMILY,
        &apertus::FAMILY,
        &stablelm::FAMILY,
        &starcoder2::FAMILY,
        &falcon::FAMILY,
        &gpt_neox::NEOX,
        &gpt_neox::GPTJ,
        &bloom::FAMILY,
        &mpt::FAMILY,
        &gpt2::FAMILY,
        &opt::FAMILY,
    ]
    .into_iter()
}

/// The family of a `model_type`.
pub(super) fn of_config(model_type: &str) -> Option<&'static Family> {
    all().find(|family| family.model_types.contains(&model_type))
}

/// Known models whose form is not supported, and why.
pub(super) fn refusal(model_type: &str) -> Option<&'static str> {
    let (_, reason) = NOT_SUPPORTED.iter().find(|(name, _)| *name == model_type)?;
    Some(reason)
}

const NOT_SUPPORTED: &[(&str, &str)] = &[
    (
        "nemotron-nas",
        "its layers differ in size (block_configs), which is not supported",
    ),
    (
        "deci",
        "its layers differ in size (block_configs), which is not supported",
    ),
    (
        "openelm",
        "its layers differ in size (lists of heads and widths), which is not supported",
    ),
    (
        "deepseek_v4",
        "attention over compressed keys (compress_ratios) and hyper-connections are not supported",
    ),
    (
        "kimi_k3",
        "experts in a latent space beside delta attention are not supported",
    ),
    (
        "gemma3n_text",
        "embeddings a layer and alternating updates are not supported",
    ),
    ("mamba", "a model of the first Mamba kind is not supported"),
    ("rwkv", "a recurrent network of this kind is not supported"),
];
