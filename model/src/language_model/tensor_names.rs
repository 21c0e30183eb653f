//! What the tensors of a model are called in each kind of checkpoint.

use super::hyperparameters::Naming;

/// A tensor outside the layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ModelTensor {
    Embedding,
    /// From embedding to hidden size; OPT's smaller models have it.
    InputProjection,
    OutputProjection,
    Positions,
    FinalNorm,
    Head,
}

/// A tensor of one layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LayerTensor {
    AttentionNorm,
    Q,
    K,
    V,
    /// Q, K and V in one.
    FusedQkv,
    O,
    MlpNorm,
    Gate,
    Up,
    Down,
}

impl ModelTensor {
    const ALL: [Self; 6] = [
        Self::Embedding,
        Self::InputProjection,
        Self::OutputProjection,
        Self::Positions,
        Self::FinalNorm,
        Self::Head,
    ];

    /// The name without `.weight` or `.bias`.
    pub(super) fn name(self, naming: Naming) -> &'static str {
        let [gguf, llama, opt, gpt2] = match self {
            Self::Embedding => [
                "token_embd",
                "model.embed_tokens",
                "model.decoder.embed_tokens",
                "transformer.wte",
            ],
            // Only OPT has them.
            Self::InputProjection => ["project_in", "", "model.decoder.project_in", ""],
            Self::OutputProjection => ["project_out", "", "model.decoder.project_out", ""],
            Self::Positions => [
                "position_embd",
                "model.embed_positions",
                "model.decoder.embed_positions",
                "transformer.wpe",
            ],
            Self::FinalNorm => [
                "output_norm",
                "model.norm",
                "model.decoder.final_layer_norm",
                "transformer.ln_f",
            ],
            Self::Head => ["output", "lm_head", "lm_head", "lm_head"],
        };
        pick(naming, gguf, llama, opt, gpt2)
    }
}

impl LayerTensor {
    const ALL: [Self; 10] = [
        Self::AttentionNorm,
        Self::Q,
        Self::K,
        Self::V,
        Self::FusedQkv,
        Self::O,
        Self::MlpNorm,
        Self::Gate,
        Self::Up,
        Self::Down,
    ];

    /// The name without `.weight` or `.bias`.
    pub(super) fn name(self, naming: Naming, layer: u32) -> String {
        let prefix = pick(
            naming,
            "blk",
            "model.layers",
            "model.decoder.layers",
            "transformer.h",
        );
        let [gguf, llama, opt, gpt2] = match self {
            Self::AttentionNorm => [
                "attn_norm",
                "input_layernorm",
                "self_attn_layer_norm",
                "ln_1",
            ],
            Self::Q => ["attn_q", "self_attn.q_proj", "self_attn.q_proj", "attn.q"],
            Self::K => ["attn_k", "self_attn.k_proj", "self_attn.k_proj", "attn.k"],
            Self::V => ["attn_v", "self_attn.v_proj", "self_attn.v_proj", "attn.v"],
            Self::FusedQkv => [
                "attn_qkv",
                "self_attn.qkv_proj",
                "self_attn.qkv_proj",
                "attn.c_attn",
            ],
            Self::O => [
                "attn_output",
                "self_attn.o_proj",
                "self_attn.out_proj",
                "attn.c_proj",
            ],
            Self::MlpNorm => [
                "ffn_norm",
                "post_attention_layernorm",
                "final_layer_norm",
                "ln_2",
            ],
            Self::Gate => ["ffn_gate", "mlp.gate_proj", "gate", "mlp.gate"],
            Self::Up => ["ffn_up", "mlp.up_proj", "fc1", "mlp.c_fc"],
            Self::Down => ["ffn_down", "mlp.down_proj", "fc2", "mlp.c_proj"],
        };
        format!("{prefix}.{layer}.{}", pick(naming, gguf, llama, opt, gpt2))
    }
}

/// Ends of names of tensors that hold nothing to compute with: tables that follow from the description.
const HARMLESS: [&str; 6] = [
    "rotary_emb.inv_freq",
    "attn.bias",
    "attn.masked_bias",
    "attention.bias",
    "attention.masked_bias",
    "position_ids",
];

/// Whether a tensor by its name belongs to what a model of this naming computes with.
///
/// `n_layers` bounds the layers, `gated` says whether the feed-forward part has a gate.
pub(super) fn is_used(name: &str, naming: Naming, n_layers: u32, gated: bool) -> bool {
    if HARMLESS.iter().any(|end| name.ends_with(end)) {
        return true;
    }
    if naming == Naming::Gguf && name == "rope_freqs.weight" {
        return true;
    }
    let Some((stem, "weight" | "bias")) = name.rsplit_once('.') else {
        return false;
    };
    let bare = |full: &str| {
        let stripped = ["model.", "transformer."]
            .into_iter()
            .find_map(|first| full.strip_prefix(first));
        naming != Naming::Gguf && stripped.is_some_and(|bare| bare == stem)
    };
    let is = |full: &str| full == stem || bare(full);
    if ModelTensor::ALL.into_iter().any(|each| {
        let full = each.name(naming);
        !full.is_empty() && is(full)
    }) {
        return true;
    }
    let layer = stem.split('.').find_map(|part| part.parse::<u32>().ok());
    layer.is_some_and(|layer| {
        layer < n_layers
            && LayerTensor::ALL
                .into_iter()
                .filter(|each| gated || *each != LayerTensor::Gate)
                .any(|each| is(&each.name(naming, layer)))
    })
}

fn pick(
    naming: Naming,
    gguf: &'static str,
    llama: &'static str,
    opt: &'static str,
    gpt2: &'static str,
) -> &'static str {
    match naming {
        Naming::Gguf => gguf,
        Naming::HuggingFaceLlama => llama,
        Naming::HuggingFaceOpt => opt,
        Naming::HuggingFaceGpt2 => gpt2,
    }
}
