//! The number formats of a design, layer by layer, as JSON for emulators.

use blockscape_model::design::Design;
use blockscape_model::format::{BlockLen, Format, OperandKind};
use blockscape_model::workload::{Phase, Product, Slot, Workload};
use serde_json::{Value, json};

use crate::session::words::rules;

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

#[cfg(test)]
mod tests {
    use super::*;
    use blockscape_model::preset;

    fn workload() -> Workload {
        Workload::single_sequence(preset::model("LLaMA-2-7B").unwrap())
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
