//! The weight formats of a design as arguments of llama.cpp's `llama-quantize`.
//!
//! Checked against `tools/quantize/quantize.cpp` and `src/llama-quant.cpp` of ggml-org/llama.cpp (2026): a pattern is a regular
//! expression searched in the tensor's name, the first that matches counts, type names are those of `ggml_type_name` in any case,
//! and all of it holds only where the type that ends the command line is a quantized one.

use std::fmt::Write as _;

use blockscape_model::design::Design;
use blockscape_model::format::{FloatFormat, Format, GgmlFormat};
use blockscape_model::workload::{Phase, Product, Side, Slot, Workload};

/// What stands above the arguments.
const HEAD: &str = "# Arguments of llama-quantize, before the names of its files. Its last argument must name a quantized type (Q8_0),\n\
                    # which everything without an argument here keeps; after F16 or BF16 they are ignored.\n";

/// Lines of arguments for `llama-quantize`, and comments for weights whose format llama.cpp does not have.
///
/// Each pattern names its layers, so that none overlaps another and their order does not matter; weights in formats without a
/// llama.cpp type keep the type of the command line's last argument.
pub fn llama_cpp_arguments(design: &Design, workload: &Workload) -> String {
    let n_layers = workload.model.n_layers;
    let mut out = HEAD.to_owned();
    let mut missing = String::new();
    let known: Vec<Product> = workload
        .layer_products(Phase::Prefill)
        .map(|product| product.product)
        .collect();
    for (tensor, products) in tensors(&workload.model.name) {
        let products: Vec<Product> = products
            .iter()
            .copied()
            .filter(|product| known.contains(product))
            .collect();
        for (formats, layers) in formats_of(design, &products, n_layers) {
            let all = layers.len() == n_layers as usize;
            let [format] = formats.as_slice() else {
                let formats: Vec<String> = formats.iter().map(ToString::to_string).collect();
                let note = format!("one tensor in llama.cpp, here {}", formats.join(" and "));
                _ = writeln!(missing, "# {tensor}{}: {note}", of_layers(&layers, all));
                continue;
            };
            match type_name(*format) {
                Some(name) if all => _ = writeln!(out, "--tensor-type {tensor}={name}"),
                Some(name) => {
                    let layers = joined(&layers, "|");
                    _ = writeln!(out, "--tensor-type \"blk\\.({layers})\\.{tensor}={name}\"");
                }
                None => {
                    let layers = of_layers(&layers, all);
                    _ = writeln!(
                        missing,
                        "# {tensor}{layers}: no llama.cpp type for {format}"
                    );
                }
            }
        }
    }
    let head = design.formats.at(n_layers, weight(Product::Head));
    match type_name(head) {
        Some(name) => _ = writeln!(out, "--output-tensor-type {name}"),
        None => _ = writeln!(missing, "# output.weight: no llama.cpp type for {head}"),
    }
    out + &missing
}

fn weight(product: Product) -> Slot {
    Slot::of(product, Side::Stationary)
}

/// Distinct formats of products that share a tensor with the layers that have them, in order of first use.
fn formats_of(
    design: &Design,
    products: &[Product],
    n_layers: u32,
) -> Vec<(Vec<Format>, Vec<u32>)> {
    let mut found: Vec<(Vec<Format>, Vec<u32>)> = Vec::new();
    for layer in 0..n_layers {
        let mut formats: Vec<Format> = Vec::new();
        for product in products {
            let format = design.formats.at(layer, weight(*product));
            if !formats.contains(&format) {
                formats.push(format);
            }
        }
        match found.iter_mut().find(|(known, _)| *known == formats) {
            Some((_, layers)) => layers.push(layer),
            None if formats.is_empty() => {}
            None => found.push((formats, vec![layer])),
        }
    }
    found
}

fn of_layers(layers: &[u32], all: bool) -> String {
    if all {
        String::new()
    } else {
        format!(", layers {}", joined(layers, " "))
    }
}

fn joined(layers: &[u32], separator: &str) -> String {
    let numbers: Vec<String> = layers.iter().map(u32::to_string).collect();
    numbers.join(separator)
}

/// Names of a layer's weights in a GGUF file with the products that each holds (`gguf-py/gguf/constants.py`).
fn tensors(model: &str) -> Vec<(&'static str, &'static [Product])> {
    let is = |names: &[&str]| names.iter().any(|name| model.starts_with(name));
    let mut tensors: Vec<(&str, &[Product])> = if is(&["GPT-2", "Falcon", "Phi-3"]) {
        vec![("attn_qkv", &[Product::Q, Product::K, Product::V])]
    } else {
        vec![
            ("attn_q", &[Product::Q]),
            ("attn_k", &[Product::K]),
            ("attn_v", &[Product::V]),
        ]
    };
    tensors.push(("attn_output", &[Product::O]));
    if is(&["Phi-3"]) {
        tensors.push(("ffn_up", &[Product::Gate, Product::Up]));
    } else {
        tensors.push(("ffn_gate", &[Product::Gate]));
        tensors.push(("ffn_up", &[Product::Up]));
    }
    tensors.push(("ffn_down", &[Product::Down]));
    tensors
}

/// Name of the ggml type that stores a format, where there is one that weights can be quantized to.
fn type_name(format: Format) -> Option<&'static str> {
    match format {
        Format::Float(FloatFormat::Fp32) => Some("f32"),
        Format::Float(FloatFormat::Fp16) => Some("f16"),
        Format::Float(FloatFormat::Bf16) => Some("bf16"),
        // Both hold activations on their way into a product, never weights.
        Format::Ggml(GgmlFormat::Q8_1 | GgmlFormat::Q8_K) => None,
        Format::Ggml(GgmlFormat::Mxfp4) => Some("mxfp4"),
        Format::Ggml(format) => Some(format.word()),
        format if Ok(format) == "mxfp4".parse() => Some("mxfp4"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use blockscape_model::preset;

    fn arguments(model: &str, rules: &[(&str, &str)]) -> String {
        let mut design = preset::design("Anda").unwrap();
        for (sites, format) in rules {
            design
                .formats
                .set(sites.parse().unwrap(), format.parse().unwrap());
        }
        let workload = Workload::single_sequence(preset::model(model).unwrap());
        llama_cpp_arguments(&design, &workload)
    }

    #[test]
    fn layers_with_their_own_type_get_a_pattern_that_overlaps_no_other() {
        let mut design = preset::design("Anda").unwrap();
        design
            .formats
            .set("weights".parse().unwrap(), "q4_k".parse().unwrap());
        design.formats.set_layers(
            3..=4,
            "down.weight".parse().unwrap(),
            "q6_k".parse().unwrap(),
        );
        design.formats.set(
            "q.weight".parse().unwrap(),
            "bfp:m=4,e=8,b=32".parse().unwrap(),
        );
        let workload = Workload::single_sequence(preset::model("LLaMA-2-7B").unwrap());
        let text = llama_cpp_arguments(&design, &workload);
        assert!(text.contains("--tensor-type attn_k=q4_k\n"), "{text}");
        assert!(
            text.contains("--tensor-type \"blk\\.(3|4)\\.ffn_down=q6_k\"\n"),
            "{text}"
        );
        assert!(text.contains("--tensor-type \"blk\\.(0|1|2|5|"), "{text}");
        assert!(
            text.contains("# attn_q: no llama.cpp type for bfp:m=4,e=8,b=32"),
            "{text}"
        );
    }

    #[test]
    fn only_types_that_llama_cpp_quantizes_to_are_named() {
        for format in GgmlFormat::ALL {
            let text = arguments("LLaMA-2-7B", &[("weights", format.word())]);
            let named = match format {
                GgmlFormat::Q8_1 | GgmlFormat::Q8_K => None,
                GgmlFormat::Mxfp4 => Some("mxfp4"),
                format => Some(format.word()),
            };
            let argument = named.map(|name| format!("--tensor-type ffn_down={name}\n"));
            match argument {
                Some(argument) => assert!(text.contains(&argument), "{text}"),
                None => assert!(text.contains("# ffn_down: no llama.cpp type"), "{text}"),
            }
        }
    }

    #[test]
    fn products_that_share_a_tensor_need_one_format() {
        let text = arguments("GPT-2", &[("weights", "q3_k")]);
        assert!(text.contains("--tensor-type attn_qkv=q3_k\n"), "{text}");
        assert!(!text.contains("attn_q="), "{text}");
        assert!(!text.contains("ffn_gate"), "{text}");
        let text = arguments("GPT-2", &[("weights", "q3_k"), ("v.weight", "q6_k")]);
        assert!(
            text.contains("# attn_qkv: one tensor in llama.cpp, here q3_k and q6_k"),
            "{text}"
        );
    }
}
