//! In which format and how many bits values are stored: outputs, weights, keys and values.

use crate::design::{Design, SlotFormats};
use crate::format::Format;
use crate::workload::{MatrixProduct, Product, Side, Slot, Workload};

/// Format in which a product's output is stored: that of its reader.
pub(super) fn output_format(formats: &SlotFormats, product: Product) -> Format {
    let at = |product, side| formats[Slot::of(product, side).index()];
    match product {
        Product::Q => at(Product::Qk, Side::Moving),
        Product::K => at(Product::Qk, Side::Stationary),
        Product::V => at(Product::Pv, Side::Stationary),
        Product::Qk => at(Product::Pv, Side::Moving),
        Product::Pv => at(Product::O, Side::Moving),
        Product::O => at(Product::Up, Side::Moving),
        Product::Gate | Product::Up => at(Product::Down, Side::Moving),
        Product::Down => at(Product::Q, Side::Moving),
        Product::Head => Format::FP16,
    }
}

/// Bits per value of a cached or weight operand of which a share is kept in the protected format.
pub(super) fn stationary_bits(design: &Design, format: Format, protected: f64) -> f64 {
    let bits = format.bits_per_value();
    match design.key_value.protected {
        Some(other) if protected > 0.0 => bits + (other.bits_per_value() - bits) * protected,
        _ => bits,
    }
}

/// Average stored bits of weights (head excluded) and of cached values.
pub(super) fn stored_bits<'a, I: Iterator<Item = &'a MatrixProduct>>(
    design: &Design,
    workload: &Workload,
    shapes: impl Fn() -> I,
) -> [f64; 2] {
    let protected = design.key_value.protected_share(workload.context_tokens);
    let (mut weights, mut weight_bits, mut kv_bits) = (0.0, 0.0, 0.0);
    for group in design.formats.layer_groups(workload.model.n_layers) {
        let at = |product| group.formats[Slot::of(product, Side::Stationary).index()];
        let layers = f64::from(group.count);
        for shape in shapes() {
            if shape.product.is_linear() {
                let values = to_f64(shape.n * shape.k) * layers;
                weights += values;
                weight_bits += values * at(shape.product).bits_per_value();
            }
        }
        for product in [Product::Qk, Product::Pv] {
            kv_bits += layers / 2.0 * stationary_bits(design, at(product), protected);
        }
    }
    [
        weight_bits / weights,
        kv_bits / f64::from(workload.model.n_layers),
    ]
}

#[expect(
    clippy::cast_precision_loss,
    reason = "dimensions of products stay below 2^53"
)]
pub(super) const fn to_f64(count: u64) -> f64 {
    count as f64
}

/// Formats of both sides of a product.
pub(super) fn sides(row: &SlotFormats, product: Product) -> [Format; 2] {
    [Side::Moving, Side::Stationary].map(|side| row[Slot::of(product, side).index()])
}
