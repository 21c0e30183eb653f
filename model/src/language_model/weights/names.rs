//! Names of tensors by their role. The first that a file holds counts; families share most of them.

/// Names of a role: those of Hugging Face checkpoints, behind the layer's prefix, and the one of GGUF files.
#[derive(Debug, Clone, Copy)]
pub(super) struct Role {
    pub(super) names: &'static [&'static str],
    pub(super) gguf: &'static str,
}

const fn role(names: &'static [&'static str], gguf: &'static str) -> Role {
    Role { names, gguf }
}

/// Prefixes of layers; `{}` is the number.
pub(super) const LAYER_PREFIXES: [&str; 9] = [
    "model.layers.{}.",
    "model.decoder.layers.{}.",
    "transformer.h.{}.",
    "transformer.blocks.{}.",
    "gpt_neox.layers.{}.",
    "model.language_model.layers.{}.",
    "language_model.model.layers.{}.",
    "layers.{}.",
    "h.{}.",
];

pub(super) const EMBEDDING: Role = role(
    &[
        "model.embed_tokens",
        "model.decoder.embed_tokens",
        "transformer.wte",
        "transformer.word_embeddings",
        "gpt_neox.embed_in",
        "model.language_model.embed_tokens",
        "language_model.model.embed_tokens",
        "decoder.embed_tokens",
        "embed_tokens",
        "word_embeddings",
        "wte",
    ],
    "token_embd",
);
pub(super) const EMBEDDING_NORM: Role = role(
    &[
        "transformer.word_embeddings_layernorm",
        "word_embeddings_layernorm",
    ],
    "token_embd_norm",
);
pub(super) const POSITIONS: Role = role(
    &[
        "model.decoder.embed_positions",
        "transformer.wpe",
        "decoder.embed_positions",
        "wpe",
    ],
    "position_embd",
);
pub(super) const INPUT_PROJECTION: Role = role(
    &["model.decoder.project_in", "decoder.project_in"],
    "project_in",
);
pub(super) const OUTPUT_PROJECTION: Role = role(
    &["model.decoder.project_out", "decoder.project_out"],
    "project_out",
);
pub(super) const FINAL_NORM: Role = role(
    &[
        "model.norm",
        "model.final_layernorm",
        "model.decoder.final_layer_norm",
        "transformer.ln_f",
        "transformer.norm_f",
        "gpt_neox.final_layer_norm",
        "model.language_model.norm",
        "language_model.model.norm",
        "decoder.final_layer_norm",
        "norm",
        "ln_f",
    ],
    "output_norm",
);
pub(super) const HEAD: Role = role(
    &["lm_head", "embed_out", "language_model.lm_head"],
    "output",
);

pub(super) const MIXER_BEFORE: Role = role(
    &[
        "input_layernorm",
        "attention_layernorm",
        "self_attn_layer_norm",
        "ln_attn",
        "ln_1",
        "norm_1",
    ],
    "attn_norm",
);
/// Of a layer that has a norm of its own before the feed-forward part and one after the mixer.
pub(super) const MIXER_AFTER: Role = role(
    &["post_self_attn_layernorm", "post_attention_layernorm"],
    "post_attention_norm",
);
pub(super) const FEED_FORWARD_BEFORE: Role = role(
    &[
        "pre_feedforward_layernorm",
        "feedforward_layernorm",
        "ln_mlp",
        "ln_2",
        "norm_2",
        "final_layer_norm",
        "post_attention_layernorm",
    ],
    "ffn_norm",
);
pub(super) const FEED_FORWARD_AFTER: Role = role(
    &["post_feedforward_layernorm", "post_mlp_layernorm"],
    "post_ffw_norm",
);

pub(super) const Q: Role = role(&["self_attn.q_proj", "attn.q_proj", "attn.q"], "attn_q");
pub(super) const K: Role = role(&["self_attn.k_proj", "attn.k_proj", "attn.k"], "attn_k");
pub(super) const V: Role = role(&["self_attn.v_proj", "attn.v_proj", "attn.v"], "attn_v");
pub(super) const O: Role = role(
    &[
        "self_attn.o_proj",
        "self_attn.out_proj",
        "self_attn.dense",
        "self_attention.dense",
        "attention.dense",
        "attn.out_proj",
        "attn.c_proj",
    ],
    "attn_output",
);
/// Rows of queries, then keys, then values.
pub(super) const FUSED: Role = role(
    &["self_attn.qkv_proj", "attn.c_attn", "attn.Wqkv"],
    "attn_qkv",
);
/// Rows of a key head together: its queries, its key, its value.
pub(super) const GROUP_BY_GROUP: Role = role(
    &[
        "self_attention.query_key_value",
        "attention.query_key_value",
    ],
    "",
);
pub(super) const Q_NORM: Role = role(
    &["self_attn.q_norm", "self_attn.q_layernorm"],
    "attn_q_norm",
);
pub(super) const K_NORM: Role = role(
    &["self_attn.k_norm", "self_attn.k_layernorm"],
    "attn_k_norm",
);
pub(super) const SINKS: Role = role(&["self_attn.sinks"], "attn_sinks");

pub(super) const Q_A: Role = role(&["self_attn.q_a_proj"], "attn_q_a");
pub(super) const Q_A_NORM: Role = role(&["self_attn.q_a_layernorm"], "attn_q_a_norm");
pub(super) const Q_B: Role = role(&["self_attn.q_b_proj"], "attn_q_b");
pub(super) const KV_A: Role = role(&["self_attn.kv_a_proj_with_mqa"], "attn_kv_a_mqa");
pub(super) const KV_A_NORM: Role = role(&["self_attn.kv_a_layernorm"], "attn_kv_a_norm");
pub(super) const KV_B: Role = role(&["self_attn.kv_b_proj"], "attn_kv_b");

pub(super) const GATE: Role = role(
    &[
        "mlp.gate_proj",
        "feed_forward.gate_proj",
        "feed_forward.w1",
        "gate",
    ],
    "ffn_gate",
);
pub(super) const UP: Role = role(
    &[
        "mlp.up_proj",
        "feed_forward.up_proj",
        "feed_forward.w3",
        "mlp.c_fc",
        "mlp.fc1",
        "mlp.fc_in",
        "mlp.dense_h_to_4h",
        "ffn.up_proj",
        "fc1",
    ],
    "ffn_up",
);
pub(super) const DOWN: Role = role(
    &[
        "mlp.down_proj",
        "feed_forward.down_proj",
        "feed_forward.w2",
        "mlp.c_proj",
        "mlp.fc2",
        "mlp.fc_out",
        "mlp.dense_4h_to_h",
        "ffn.down_proj",
        "fc2",
    ],
    "ffn_down",
);
/// Rows of the gate, then of the up projection.
pub(super) const GATE_UP: Role = role(&["mlp.gate_up_proj"], "");

pub(super) const ROUTER: Role = role(
    &[
        "mlp.gate",
        "mlp.router",
        "feed_forward.router",
        "block_sparse_moe.gate",
    ],
    "ffn_gate_inp",
);
pub(super) const CHOICE_BIAS: Role = role(
    &[
        "mlp.gate.e_score_correction_bias",
        "mlp.router.e_score_correction_bias",
        "block_sparse_moe.e_score_correction_bias",
    ],
    "exp_probs_b.bias",
);
/// Where single experts stand, `{}` their number.
pub(super) const EXPERT_PREFIXES: [&str; 3] = [
    "mlp.experts.{}.",
    "block_sparse_moe.experts.{}.",
    "feed_forward.experts.{}.",
];
/// Gate, up and down projection of a single expert.
pub(super) const OF_EXPERT: [&[&str]; 3] = [
    &["gate_proj", "w1"],
    &["up_proj", "w3"],
    &["down_proj", "w2"],
];
/// All experts in one tensor.
pub(super) const STACKED: [&str; 2] = ["mlp.experts.", "feed_forward.experts."];
/// The experts that every token takes.
pub(super) const SHARED_PREFIXES: [&str; 3] = [
    "mlp.shared_experts.",
    "mlp.shared_expert.",
    "feed_forward.shared_expert.",
];
pub(super) const SHARED_GATE: Role = role(&["mlp.shared_expert_gate"], "ffn_gate_inp_shexp");

/// Ends of names of tensors that hold nothing to compute with: tables that follow from the description.
pub(super) const HARMLESS: [&str; 7] = [
    "rotary_emb.inv_freq",
    "attn.bias",
    "attn.masked_bias",
    "attention.bias",
    "attention.masked_bias",
    "position_ids",
    "rope_freqs.weight",
];
