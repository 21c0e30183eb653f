//! All tests that reach across files or crates, one module a subject.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod checkpoint_containers; // the same model and vocabulary from different files
mod checkpoint_hostile; // damaged, truncated and absurd files
mod checkpoint_packed; // packed weights of released checkpoints against numpy
mod checkpoint_tokenizers; // what of a tokenizer is applied, and the rules of GGUF vocabularies
mod cost_bits_law; // more bits never cost less, over random designs of every kind of element
mod cost_cross_checks; // other people's models where they coincide with ours
mod cost_elements; // complete elements against their synthesis
mod cost_gates; // gate model against the synthesis table
mod cost_knobs; // no knob is free
mod cost_laws; // laws of the cost model
mod cost_random_designs; // laws of the cost model over random designs
mod cost_sram; // SRAM macros against CACTI
mod cost_technology; // chain of nodes, 28 nm against its synthesis, files of the user
mod cost_timing; // clock, supply and pipeline registers
mod element_arithmetic; // netlists of elements against the arithmetic of integer products
mod exploration; // the background engine and the spaces it walks through
mod exploration_presets; // built-in spaces judged by the real models
mod format_corner_cases; // where implementations of number formats disagree, one test each
mod format_general; // block formats that are data: bits of their definitions, laws, named errors
mod format_golden; // number formats against ml_dtypes and gguf, bit for bit
mod format_integer_products; // integer datapaths against the product of the quantized values
mod format_laws; // idempotence, bounds, symmetry and monotony of number formats
mod format_measures; // measures of errors: definitions, and kernels that measure against kernels that store
mod format_packed; // packed tensors: their size, and every bit back
mod format_reference; // fast kernels against definitions in double precision
mod format_scaled_groups; // grouped integers and NVFP4 against their definitions
mod format_super_blocks; // super-block quantizers against the bytes of ggml
mod house_rules; // length, opening sentence and names of source files
mod layering; // manifests: app -> explorer -> model, and nothing else
mod model_descriptions; // configurations of real models, public bug reports, totals counted by others
mod pareto_golden; // fronts, layers, crowding, hypervolume against moocore and pymoo
mod pareto_laws; // what holds for fronts of any points
mod perplexity_architectures; // OPT, GPT-2 and Qwen2 against float64, plain and quantized
mod perplexity_families; // 36 families against transformers, quantized ones too
mod perplexity_key_values; // causality, smoothing, protection, super-blocks
mod perplexity_logits; // logits of the small real models against float64
mod perplexity_reference; // perplexities of the small real models against float64
mod published_reproduction; // published numbers beside ours
mod quality_estimator; // estimated against measured perplexity of random designs
mod quality_laws; // what holds for every estimate, and statistics against their records
mod quality_measured; // judges and searches that run the model
mod quality_published; // large models: predicted against published perplexities, searches against published widths
mod resume; // sweeps that are killed or cut into shards end with the same file
mod rooms; // rooms of app and explorer: arrows run down, no circle of files
mod rtl_export; // exported modules in simulators that are not ours
mod stored_results; // results of two programs never mix, damage is found out
mod strategy_budget; // formats of single layers within a budget, against all combinations
mod strategy_search; // strategies against an enumerated space, and the worked example of Anda
mod written_files; // files are written whole, and nothing foreign is replaced
