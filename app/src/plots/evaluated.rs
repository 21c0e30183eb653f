//! From an evaluation to what breakdown, roofline and layer map show. Conversions only; nothing is estimated here.

use blockscape_model::design::Design;
use blockscape_model::evaluation::Evaluation;
use blockscape_model::hardware::cost::{Component, PhaseCost, ProductCost};
use blockscape_model::hardware::technology::technology;
use blockscape_model::workload::{Product, Slot};

use super::breakdown::{Bar, BarGroup, Part};
use super::roofline::{Roof, RooflinePoint};

/// Area, energy of both phases and time of both phases, the current design first, then the one it is compared with.
pub fn breakdown_groups(
    current: (&str, &Evaluation),
    reference: Option<(&str, &Evaluation)>,
) -> Vec<BarGroup> {
    let group =
        |title: &str, unit: &str, bar: &dyn Fn(&Evaluation) -> (Vec<Part>, Option<(f64, f64)>)| {
            let bars = std::iter::once(current)
                .chain(reference)
                .map(|(name, evaluation)| {
                    let (parts, band) = bar(evaluation);
                    Bar {
                        name: name.to_owned(),
                        parts,
                        band,
                    }
                });
            BarGroup {
                title: title.to_owned(),
                unit: unit.to_owned(),
                bars: bars.collect(),
            }
        };
    let mut groups = vec![
        group("Area", "mm2", &|evaluation| {
            let [low, high] = evaluation
                .cost
                .band
                .area
                .map(|area| area.to_square_millimeters());
            let parts = evaluation
                .cost
                .area
                .parts()
                .map(|(part, area)| component(part, area.to_square_millimeters()));
            (known(parts), Some((low, high)))
        }),
        group("Energy per token", "mJ", &|evaluation| {
            let cost = &evaluation.cost;
            let per_token = 1.0 / f64::from(cost.summary.batch);
            let [low, high] = cost
                .band
                .decode_energy
                .map(|energy| energy.to_millijoules() * per_token);
            let energy = &cost.decode.summary.energy;
            let parts = energy
                .parts()
                .map(|(part, energy)| component(part, energy.to_millijoules() * per_token));
            (known(parts), Some((low, high)))
        }),
        group("Prefill energy", "J", &|evaluation| {
            let [low, high] = evaluation
                .cost
                .band
                .prefill_energy
                .map(|energy| energy.to_joules());
            let energy = &evaluation.cost.prefill.summary.energy;
            (
                known(
                    energy
                        .parts()
                        .map(|(part, energy)| component(part, energy.to_joules())),
                ),
                Some((low, high)),
            )
        }),
    ];
    groups.push(group("Prefill time", "ms", &|evaluation| {
        (times(&evaluation.cost.prefill), None)
    }));
    groups.push(group("Time per decode step", "ms", &|evaluation| {
        (times(&evaluation.cost.decode), None)
    }));
    groups.retain(|group| group.bars.iter().any(|bar| bar.total() > 0.0));
    groups
}

fn component(component: Component, value: f64) -> Part {
    Part {
        name: component.label().to_owned(),
        value,
    }
}

fn known(parts: impl Iterator<Item = Part>) -> Vec<Part> {
    parts.filter(|part| part.value > 0.0).collect()
}

/// Milliseconds by what limits them: a product's time is that of its slowest part.
fn times(phase: &PhaseCost) -> Vec<Part> {
    let mut parts = ["Computing", "Buffer ports", "External memory"].map(|name| Part {
        name: name.to_owned(),
        value: 0.0,
    });
    for product in &phase.products {
        let limits = [product.compute, product.ports, product.external];
        let slowest = (1..3).fold(0, |slowest, i| {
            if limits[i].to_seconds() > limits[slowest].to_seconds() {
                i
            } else {
                slowest
            }
        });
        parts[slowest].value += product.time.to_milliseconds() * f64::from(product.n_layers);
    }
    known(parts.into_iter())
}

/// What the roofline shows of one design.
#[derive(Debug, Clone, PartialEq)]
pub struct RooflineParts {
    /// Levels of compute: weights' products, attention's where they differ.
    pub roofs: Vec<Roof>,
    /// External bandwidth in 10^9 bytes per second.
    pub bandwidth: f64,
    /// One point a product and phase, layers joined.
    pub points: Vec<RooflinePoint>,
}

/// Names of the series of [`RooflineParts::points`].
pub const PHASES: [&str; 2] = ["prefill", "decode"];

/// Roofs, bandwidth and products; `None` where the technology has no such memory.
pub fn roofline_parts(design: &Design, evaluation: &Evaluation) -> Option<RooflineParts> {
    let technology = technology(&design.technology).ok()?;
    let memory = technology.memory(design.memory.kind).ok()?;
    let bandwidth = memory.gigabytes_per_second.value * f64::from(design.memory.channels);
    let mut points = Vec::new();
    for (series, phase) in [&evaluation.cost.prefill, &evaluation.cost.decode]
        .into_iter()
        .enumerate()
    {
        let time = phase.summary.time.to_seconds();
        points.extend(
            Product::ALL
                .into_iter()
                .filter_map(|product| point(phase, product, series, time)),
        );
    }
    let peak = |attention: bool| {
        let products = evaluation
            .cost
            .prefill
            .products
            .iter()
            .chain(&evaluation.cost.decode.products);
        let fits =
            products.filter(|cost| matches!(cost.product, Product::Qk | Product::Pv) == attention);
        fits.map(|cost| 2e-12 * cost.macs.to_f64() / cost.compute.to_seconds())
            .filter(|tops| tops.is_finite())
            .fold(0.0, f64::max)
    };
    let (linear, attention) = (peak(false), peak(true));
    let mut roofs = vec![Roof {
        name: "Linear layers".to_owned(),
        tops: linear,
    }];
    if attention > 0.0 && (attention / linear - 1.0).abs() > 0.03 {
        roofs.push(Roof {
            name: "Attention".to_owned(),
            tops: attention,
        });
    } else {
        roofs[0].name = "Peak".to_owned();
    }
    Some(RooflineParts {
        roofs,
        bandwidth,
        points,
    })
}

/// One product of a phase, all its layers together.
fn point(
    phase: &PhaseCost,
    product: Product,
    series: usize,
    phase_time: f64,
) -> Option<RooflinePoint> {
    let runs: Vec<&ProductCost> = phase
        .products
        .iter()
        .filter(|cost| cost.product == product)
        .collect();
    let sum = |value: &dyn Fn(&ProductCost) -> f64| -> f64 {
        runs.iter()
            .map(|cost| value(cost) * f64::from(cost.n_layers))
            .sum()
    };
    let operations = 2.0 * sum(&|cost| cost.macs.to_f64());
    let bytes = sum(&|cost| cost.external_bits) / 8.0;
    let time = sum(&|cost| cost.time.to_seconds());
    (operations > 0.0 && bytes > 0.0 && time > 0.0).then(|| RooflinePoint {
        name: product.name().to_owned(),
        series,
        intensity: operations / bytes,
        tops: operations / time * 1e-12,
        time_share: time / phase_time,
    })
}

/// Sites of the layers as rows of the layer map, with the signal-to-noise ratio of each cell in dB.
#[derive(Debug, Clone, PartialEq)]
pub struct SiteErrors {
    /// Sites that the model has, in their usual order.
    pub slots: Vec<Slot>,
    /// Layers, the head left out.
    pub n_layers: usize,
    /// Row by row; NaN where a layer lacks the site or nothing is lost there.
    pub sqnr_db: Vec<f64>,
}

impl SiteErrors {
    /// From the errors of an evaluation.
    pub fn new(evaluation: &Evaluation, n_layers: u32) -> Self {
        let layers = &evaluation.quality.layers;
        let has = |slot: &Slot| {
            layers
                .iter()
                .any(|error| error.slot == *slot && error.layer < n_layers)
        };
        let slots: Vec<Slot> = Slot::ALL.into_iter().filter(has).collect();
        let n_layers = n_layers as usize;
        let mut sqnr_db = vec![f64::NAN; slots.len() * n_layers];
        for error in layers {
            if let Some(row) = slots.iter().position(|slot| *slot == error.slot) {
                if let Some(cell) = sqnr_db.get_mut(row * n_layers + error.layer as usize) {
                    if (error.layer as usize) < n_layers {
                        *cell = -10.0 * error.noise.log10();
                    }
                }
            }
        }
        Self {
            slots,
            n_layers,
            sqnr_db,
        }
    }

    /// The ratio at a layer and row.
    pub fn at(&self, layer: usize, row: usize) -> f64 {
        self.sqnr_db
            .get(row * self.n_layers + layer)
            .copied()
            .filter(|db| db.is_finite())
            .unwrap_or(f64::NAN)
    }
}
