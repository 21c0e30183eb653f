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
