//! Area, energy and time as stacked bars, the design above what it is compared with.

use blockscape_model::design::Design;
use blockscape_model::evaluation::Evaluation;
use blockscape_model::hardware::cost::{EnergyBreakdown, PhaseCost};
use blockscape_model::units::{Area, Energy, Time};
use blockscape_model::workload::Product;

use crate::plots::breakdown::{Bar, BarGroup, Part};

/// Parts of a bar and the range of their sum.
type PartsAndBand = (Vec<Part>, Option<(f64, f64)>);

/// The groups of the breakdown tile.
pub(super) fn groups(
    evaluation: &Evaluation,
    compared: Option<(&Design, &Evaluation)>,
) -> Vec<BarGroup> {
    let mut designs = vec![("current".to_owned(), evaluation)];
    designs.extend(
        compared.map(|(design, evaluation)| (format!("pinned: {}", design.name), evaluation)),
    );
    let group = |title: &str, unit: &str, bar: &dyn Fn(&Evaluation) -> PartsAndBand| BarGroup {
        title: title.to_owned(),
        unit: unit.to_owned(),
        bars: designs
            .iter()
            .map(|(name, evaluation)| {
                let (parts, band) = bar(evaluation);
                Bar {
                    name: name.clone(),
                    parts,
                    band,
                }
            })
            .collect(),
    };
    vec![
        group("Area", "mm²", &area),
        group("Decode energy per token", "mJ", &|evaluation| {
            let batch = f64::from(evaluation.cost.summary.batch);
            let [low, high] = evaluation
                .cost
                .band
                .decode_energy
                .map(|end| end.to_millijoules() / batch);
            let parts = energy(&evaluation.cost.decode.summary.energy, 1.0 / batch);
            (parts, Some((low, high)))
        }),
        group("Prefill energy", "mJ", &|evaluation| {
            let [low, high] = evaluation
                .cost
                .band
                .prefill_energy
                .map(Energy::to_millijoules);
            (
                energy(&evaluation.cost.prefill.summary.energy, 1.0),
                Some((low, high)),
            )
        }),
        group("Decode time per step", "ms", &|evaluation| {
            (time(&evaluation.cost.decode), None)
        }),
        group("Prefill time", "ms", &|evaluation| {
            (time(&evaluation.cost.prefill), None)
        }),
    ]
}

fn area(evaluation: &Evaluation) -> (Vec<Part>, Option<(f64, f64)>) {
    let parts = evaluation.cost.area.parts().map(|(component, area)| Part {
        name: component.label().to_owned(),
        value: area.to_square_millimeters(),
    });
    let [low, high] = evaluation.cost.band.area.map(Area::to_square_millimeters);
    (
        parts.filter(|part| part.value > 0.0).collect(),
        Some((low, high)),
    )
}

fn energy(breakdown: &EnergyBreakdown, factor: f64) -> Vec<Part> {
    let parts = breakdown.parts().map(|(component, energy)| Part {
        name: component.label().to_owned(),
        value: energy.to_millijoules() * factor,
    });
    parts.filter(|part| part.value > 0.0).collect()
}

/// Time by product, all layers together.
fn time(phase: &PhaseCost) -> Vec<Part> {
    let of = |product: Product| -> Time {
        let runs = phase.products.iter().filter(|cost| cost.product == product);
        runs.map(|cost| cost.time * f64::from(cost.n_layers)).sum()
    };
    let parts = Product::ALL.map(|product| Part {
        name: product.name().to_owned(),
        value: of(product).to_milliseconds(),
    });
    parts.into_iter().filter(|part| part.value > 0.0).collect()
}
