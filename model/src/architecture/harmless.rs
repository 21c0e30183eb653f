//! Fields of a `config.json` that change neither the shape of a model nor its results.
//!
//! They concern training, files, tokens, or the library that wrote them. Names as in the configuration classes of the
//! transformers library (version 5) and in published files.

/// Whole names.
const NAMES: &[&str] = &[
    "_attn_implementation",
    "_attn_implementation_autoset",
    "_commit_hash",
    "_from_model_config",
    "_name_or_path",
    "architectures",
    "attn_implementation",
    "auto_map",
    "aux_loss_alpha",
    "classifier_dropout",
    "compression_config",
    "dropout",
    "dtype",
    "ep_size",
    "expert_dtype",
    "finetuning_task",
    "flex_attention_block_size",
    "gradient_checkpointing",
    "id2label",
    "init_device",
    "init_std",
    "is_decoder",
    "keys_to_ignore_at_inference",
    "label2id",
    "layerdrop",
    "mamba_ssm_cache_dtype",
    "mamba_ssm_dtype",
    "max_length",
    "model_max_length",
    "model_type",
    "mtp_num_hidden_layers",
    "mtp_transformer_layers",
    "num_labels",
    "num_logits_to_keep",
    "num_mtp_modules",
    "num_nextn_predict_layers",
    "prefix",
    "pretraining_tp",
    "problem_type",
    "quantization",
    "quantization_config",
    "rescale_prenorm_residual",
    "residual_in_fp32",
    "return_dict",
    "return_dict_in_generate",
    "rope_interleave_indexer",
    "router_jitter_noise",
    "seq_aux",
    "seq_length",
    "slow_but_exact",
    "task_specific_params",
    "tokenizer_class",
    "torch_dtype",
    "torchscript",
    "transformers_version",
    "transformers_weights",
    "use_cache",
    "use_flash_attention",
    "use_flash_attn",
    "use_mamba_kernels",
    "use_mtp",
    "vocab_size_per_layer_input",
];

/// Ends of names.
const ENDS: &[&str] = &[
    "_token_id",
    "_token_ids",
    "_token_index",
    "_dropout",
    "_dropout_prob",
    "_pdrop",
    "_aux_loss_coef",
    "_version",
    "_initializer_range",
    "initializer_factor",
];

/// Starts of names.
const STARTS: &[&str] = &[
    "initializer_",
    "output_",
    "summary_",
    "time_step_",
    "unsloth_",
];

/// Whether a field changes nothing, whatever it holds.
pub(super) fn is_harmless(name: &str) -> bool {
    NAMES.contains(&name)
        || ENDS.iter().any(|end| name.ends_with(end))
        || STARTS.iter().any(|start| name.starts_with(start))
}
