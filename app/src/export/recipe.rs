//! The number formats of a design, layer by layer: JSON for emulators, arguments for llama.cpp's quantizer.

use std::fmt::Write as _;

use blockscape_model::design::Design;
use blockscape_model::format::{
    BlockLen, FloatFormat, Format, GgmlFormat, OperandKind, Rounding, ScaleRule,
};
use blockscape_model::workload::{Operand, Phase, Product, Slot, Workload};
use serde_json::{Value, json};

/// Every site's format: its text form and the fields that an emulator needs to reproduce it.
///
/// Layers with equal formats are listed once, with the layers they stand for; the head is apart.
pub fn recipe_json(design: &Design, workload: &Workload) -> Value {
    let n_layers = workload.model.n_layers;
    let layers: Vec<Value> = design
        .formats
        .layer_groups(n_layers)
        .map(|group| {
            let layers: Vec<u32> = (group.first..group.first + group.count).collect();
            json!({ "layers": layers, "sites": sites(workload, |slot| group.formats[slot.index()]) })
        })
        .collect();
    let head: serde_json::Map<String, Value> = Slot::ALL
        .into_iter()
        .filter(|slot| slot.product() == Product::Head)
        .map(|slot| {
            (
                slot.to_string(),
                format_json(design.formats.at(n_layers, slot)),
            )
        })
        .collect();
    json!({
        "generator": concat!("Blockscape ", env!("CARGO_PKG_VERSION")),
        "design": design.name,
        "model": workload.model.name,
        "n_layers": n_layers,
        "blocks_run_along": "the reduction axis: columns of weights and activations, head dimension of queries and keys, tokens of probabilities and values",
        "layers": layers,
        "head": head,
        "key_value": serde_json::to_value(design.key_value).unwrap_or(Value::Null),
    })
}

fn sites(workload: &Workload, format: impl Fn(Slot) -> Format) -> serde_json::Map<String, Value> {
    let products: Vec<Product> = workload
        .layer_products(Phase::Prefill)
        .map(|product| product.product)
        .collect();
    Slot::ALL
        .into_iter()
        .filter(|slot| products.contains(&slot.product()))
        .map(|slot| (slot.to_string(), format_json(format(slot))))
        .collect()
}

fn format_json(format: Format) -> Value {
    let widths = format.operand();
    let element = match widths.kind {
        OperandKind::Float { exponent, fraction }
        | OperandKind::MinifloatBlock { exponent, fraction } => {
            json!({ "kind": "float", "exponent_bits": exponent, "fraction_bits": fraction })
        }
        OperandKind::SignMagnitude { bits } => {
            json!({ "kind": "sign_magnitude", "magnitude_bits": bits })
        }
        OperandKind::TwosComplement { bits } => json!({ "kind": "twos_complement", "bits": bits }),
        OperandKind::Unsigned { bits } => json!({ "kind": "unsigned", "bits": bits }),
    };
    let block = match widths.block_len {
        BlockLen::One => json!(1),
        BlockLen::Fixed(values) => json!(values.get()),
        BlockLen::Row => json!("row"),
    };
    let (rounding, scale) = rules(format);
    json!({
        "format": format.to_string(),
        "element": element,
        "block_len": block,
        "shared_exponent_bits": widths.shared_exponent_bits,
        "shared_fraction_bits": widths.shared_fraction_bits,
        "rounding": rounding.map(|rule| rule.to_string()),
        "scale_rule": scale.map(|rule| rule.to_string()),
        "bits_per_value": format.bits_per_value(),
    })
}

/// How a format rounds and how its shared exponent is chosen, where that is a choice.
fn rules(format: Format) -> (Option<Rounding>, Option<ScaleRule>) {
    match format {
        Format::Float(_) | Format::Ggml(_) => (None, None),
        Format::Minifloat(format) => (Some(format.rounding), None),
        Format::Bfp(format) => (Some(format.rounding), Some(format.scale)),
        Format::Mx(format) => (Some(format.rounding), Some(format.scale)),
        Format::Nvfp4(format) => (Some(format.rounding), None),
        Format::MicroExponent(format) => (Some(format.rounding), None),
        Format::MxInt(format) => (Some(format.rounding), None),
        Format::BlockFp(format) => (Some(format.rounding), None),
        Format::Integer(format) => (Some(format.rounding), None),
    }
}

/// The rules of a design's format table as its preset writes them: sites, format.
pub fn sites_and_formats(design: &Design) -> impl Iterator<Item = (String, Format)> + '_ {
    let rules = design.formats.rules();
    rules
        .into_iter()
        .map(|rule| (rule.pattern.to_string(), rule.format))
}

/// " (nearest-even, floor)": how a format rounds and picks its scale, for captions; empty where neither is a choice.
pub fn rounding_and_scale(format: Format) -> String {
    match rules(format) {
        (None, None) => String::new(),
        (Some(rounding), None) => format!(" ({rounding})"),
        (None, Some(scale)) => format!(" ({scale})"),
        (Some(rounding), Some(scale)) => format!(" ({rounding}, {scale})"),
    }
}

/// Lines of arguments for `llama-quantize`, and comments for weights whose format llama.cpp does not have.
///
/// Each pattern names its layers, so that none overlaps another and their order does not matter; weights in formats without a
/// llama.cpp type keep the type of the command line's last argument.
pub fn llama_cpp_arguments(design: &Design, workload: &Workload) -> String {
    let n_layers = workload.model.n_layers;
    let mut out = String::new();
    let mut missing = String::new();
    let products: Vec<Product> = workload
        .layer_products(Phase::Prefill)
        .map(|product| product.product)
        .collect();
    for slot in Slot::ALL
        .into_iter()
        .filter(|slot| slot.operand() == Operand::Weight)
    {
        let Some(tensor) = tensor_name(slot.product()) else {
            continue;
        };
        if slot.product() == Product::Head {
            match type_name(design.formats.at(n_layers, slot)) {
                Some(name) => _ = writeln!(out, "--output-tensor-type {name}"),
                None => {
                    _ = writeln!(
                        missing,
                        "# output.weight: no llama.cpp type for {}",
                        design.formats.at(n_layers, slot)
                    );
                }
            }
            continue;
        }
        if !products.contains(&slot.product()) {
            continue;
        }
        for (format, layers) in formats_of(design, slot, n_layers) {
            let all = layers.len() == n_layers as usize;
            match type_name(format) {
                Some(name) if all => _ = writeln!(out, "--tensor-type {tensor}={name}"),
                Some(name) => {
                    _ = writeln!(
                        out,
                        "--tensor-type \"blk\\.({})\\.{tensor}={name}\"",
                        joined(&layers, "|")
                    );
                }
                None if all => _ = writeln!(missing, "# {tensor}: no llama.cpp type for {format}"),
                None => {
                    let layers = joined(&layers, " ");
                    _ = writeln!(
                        missing,
                        "# {tensor}, layers {layers}: no llama.cpp type for {format}"
                    );
                }
            }
        }
    }
    out + &missing
}

/// Formats of a slot with their layers, in order of first use.
fn formats_of(design: &Design, slot: Slot, n_layers: u32) -> Vec<(Format, Vec<u32>)> {
    let mut found: Vec<(Format, Vec<u32>)> = Vec::new();
    for layer in 0..n_layers {
        let format = design.formats.at(layer, slot);
        match found.iter_mut().find(|(known, _)| *known == format) {
            Some((_, layers)) => layers.push(layer),
            None => found.push((format, vec![layer])),
        }
    }
    found
}

fn joined(layers: &[u32], separator: &str) -> String {
    layers
        .iter()
        .map(u32::to_string)
        .collect::<Vec<_>>()
        .join(separator)
}

/// Name of a product's weight in a GGUF file.
const fn tensor_name(product: Product) -> Option<&'static str> {
    match product {
        Product::Q => Some("attn_q"),
        Product::K => Some("attn_k"),
        Product::V => Some("attn_v"),
        Product::O => Some("attn_output"),
        Product::Gate => Some("ffn_gate"),
        Product::Up => Some("ffn_up"),
        Product::Down => Some("ffn_down"),
        Product::Head => Some("output"),
        Product::Qk | Product::Pv => None,
    }
}

/// Name of the ggml type that stores a format, where there is one.
fn type_name(format: Format) -> Option<String> {
    match format {
        Format::Float(FloatFormat::Fp32) => Some("f32".to_owned()),
        Format::Float(FloatFormat::Fp16) => Some("f16".to_owned()),
        Format::Float(FloatFormat::Bf16) => Some("bf16".to_owned()),
        Format::Ggml(GgmlFormat::Q8_K) => None, // holds intermediate activations, never weights
        Format::Ggml(_) => Some(format.to_string()),
        format if Ok(format) == "mxfp4".parse() => Some("mxfp4".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use blockscape_model::preset;

    fn workload() -> Workload {
        Workload::single_sequence(preset::model("LLaMA-2-7B").unwrap())
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
        let text = llama_cpp_arguments(&design, &workload());
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
    fn the_recipe_names_the_format_of_every_site_of_every_layer() {
        let design = preset::design("Anda").unwrap();
        let recipe = recipe_json(&design, &workload());
        let groups = recipe["layers"].as_array().unwrap();
        let n: usize = groups
            .iter()
            .map(|group| group["layers"].as_array().unwrap().len())
            .sum();
        assert_eq!(n, 32);
        let site = &groups[0]["sites"]["down.activation"];
        assert_eq!(site["format"], "anda:m=6");
        assert_eq!(site["rounding"], "truncate");
        assert_eq!(site["block_len"], 64);
        assert_eq!(groups[0]["sites"].as_object().unwrap().len(), 18);
    }
}
