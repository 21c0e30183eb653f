//! The roofline of the edited design: what the array can compute in each pair of formats, what the memory can bring.

use blockscape_model::design::Design;
use blockscape_model::hardware::cost::{Cost, PhaseCost, Placement, ProductCost};
use blockscape_model::workload::{Phase, Side, Slot};

use crate::plots::roofline::{Roof, RooflinePoint};

/// Names of the two series of points.
pub const SERIES: [&str; 2] = ["prefill", "decode"];

/// Roofs, bandwidth in 10^9 bytes per second, and one point a product.
pub(super) fn roofline(design: &Design, cost: &Cost) -> (Vec<Roof>, f64, Vec<RooflinePoint>) {
    let mut roofs: Vec<Roof> = Vec::new();
    for product in &cost.prefill.products {
        let compute = product.compute.to_seconds();
        if product.placement != Placement::Array || compute <= 0.0 {
            continue;
        }
        let format = |side| {
            design
                .formats
                .at(product.first_layer, Slot::of(product.product, side))
        };
        let name = format!("{} × {}", format(Side::Moving), format(Side::Stationary));
        let tops = 2e-12 * product.macs.to_f64() / compute;
        match roofs.iter_mut().find(|roof| roof.name == name) {
            Some(roof) => roof.tops = roof.tops.max(tops),
            None => roofs.push(Roof { name, tops }),
        }
    }
    let all = cost.prefill.products.iter().chain(&cost.decode.products);
    let rate = |product: &ProductCost| product.external_bits / 8e9 / product.external.to_seconds();
    let bandwidth = all
        .map(rate)
        .filter(|rate| rate.is_finite())
        .fold(0.0, f64::max);
    let mut points = points(&cost.prefill, Phase::Prefill);
    points.extend(self::points(&cost.decode, Phase::Decode));
    (roofs, bandwidth, points)
}

fn points(phase: &PhaseCost, kind: Phase) -> Vec<RooflinePoint> {
    let whole = phase.summary.time.to_seconds();
    let point = |product: &ProductCost| {
        let seconds = product.time.to_seconds();
        let last = product.first_layer + product.n_layers - 1;
        let runs = phase
            .products
            .iter()
            .filter(|other| other.product == product.product);
        let name = product.product.name();
        let name = match (runs.count(), product.n_layers) {
            (1, _) => name.to_owned(),
            (_, 1) => format!("{name} {last}"),
            _ => format!("{name} {}\u{2013}{last}", product.first_layer),
        };
        RooflinePoint {
            name,
            series: usize::from(kind == Phase::Decode),
            intensity: 2.0 * product.intensity(),
            tops: 2e-12 * product.macs.to_f64() / seconds,
            time_share: seconds * f64::from(product.n_layers) / whole,
        }
    };
    phase
        .products
        .iter()
        .filter(|product| product.time.to_seconds() > 0.0)
        .map(point)
        .collect()
}
