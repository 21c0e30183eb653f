//! Quality of any design for one model, by table look-up.

use std::sync::{Arc, PoisonError, RwLock};

use super::noise_table::FastMap;
use super::{
    Interval, LayerError, ModelStatistics, NoiseTable, Quality, QualityBasis, QualitySummary,
    SampleKind, Sensitivities, SiteLosses, SiteSample, decibels,
};
use crate::design::{Design, SlotFormats};
use crate::format::Format;
use crate::workload::{ModelShape, Operand, Product, Side, Site, Slot, Workload};

/// Slots, and the key slot once more for smoothed keys.
const N_TRACKS: usize = Slot::COUNT + 1;

/// Track of smoothed keys.
const SMOOTHED_KEY: usize = Slot::COUNT;

/// Noise of every site in every format for one model, and what that noise costs where it was calibrated.
///
/// Shared between threads; a format is measured when it is first asked for and remembered. Equal designs give bit-equal
/// answers whatever was asked before.
#[derive(Debug)]
pub struct QualityModel {
    model: String,
    n_layers: u32,
    gated_mlp: bool,
    noise: NoiseTable,
    /// Sample of each track in each layer; the head's row stands after the last layer's.
    samples: Vec<[u16; N_TRACKS]>,
    sensitivities: Option<Sensitivities>,
    basis: QualityBasis,
    columns: RwLock<FastMap<(u8, Format), Arc<Column>>>,
}

/// Sums over layers `0 .. l` for l from 0 to the number of rows: a run of layers costs two look-ups.
#[derive(Debug)]
struct Column {
    sums: Vec<Sums>,
}

/// Sums over sites: noise-to-signal ratios and losses.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    noise: f64,
    losses: SiteLosses,
}

impl QualityModel {
    /// From channel statistics alone: built-in ones of this model or of its nearest relative.
    ///
    /// Perplexity is `None` until [`QualityModel::with_sensitivities`] says what noise costs.
    pub fn from_statistics(shape: &ModelShape, statistics: &ModelStatistics) -> Self {
        let mut samples = Vec::new();
        let mut index_of = FastMap::default();
        let rows = (0..=shape.n_layers)
            .map(|layer| {
                let mut sample_of = |kind: SampleKind, smoothed: bool| {
                    let varying = if kind.varies_with_layer() { layer } else { 0 };
                    *index_of
                        .entry((kind, varying, smoothed))
                        .or_insert_with(|| {
                            let drawn = SiteSample::drawn(kind, shape, statistics, varying);
                            samples.push(if smoothed { drawn.smoothed() } else { drawn });
                            u16::try_from(samples.len() - 1).unwrap_or(u16::MAX)
                        })
                };
                let mut row = [0; N_TRACKS];
                for slot in Slot::ALL {
                    // The layer after the last exists for the head only.
                    let present = (layer == shape.n_layers) == (slot.product() == Product::Head);
                    if present {
                        row[slot.index()] = sample_of(SampleKind::of(slot), false);
                    }
                }
                if layer < shape.n_layers {
                    row[SMOOTHED_KEY] = sample_of(SampleKind::Key, true);
                }
                row
            })
            .collect();
        Self::new(shape, NoiseTable::new(samples), rows, QualityBasis::Profile)
    }

    /// From values captured in a real model: one sample a site, `captured[layer][slot index]`, the head's row last.
    ///
    /// Rows of sites that a model lacks may hold empty samples.
    pub fn from_samples(shape: &ModelShape, captured: Vec<[SiteSample; Slot::COUNT]>) -> Self {
        let mut samples = Vec::new();
        let mut keep = |sample: SiteSample| {
            samples.push(sample);
            u16::try_from(samples.len() - 1).unwrap_or(u16::MAX)
        };
        let rows = captured
            .into_iter()
            .map(|row| {
                let smoothed = row
                    .iter()
                    .zip(Slot::ALL)
                    .find(|(_, slot)| slot.operand() == Operand::Key)
                    .map(|(sample, _)| sample.smoothed());
                let mut indices = [0; N_TRACKS];
                for (index, sample) in indices.iter_mut().zip(row.into_iter().chain(smoothed)) {
                    *index = keep(sample);
                }
                indices
            })
            .collect();
        Self::new(shape, NoiseTable::new(samples), rows, QualityBasis::Profile)
    }

    fn new(
        shape: &ModelShape,
        noise: NoiseTable,
        samples: Vec<[u16; N_TRACKS]>,
        basis: QualityBasis,
    ) -> Self {
        Self {
            model: shape.name.clone(),
            n_layers: shape.n_layers,
            gated_mlp: shape.gated_mlp,
            noise,
            samples,
            sensitivities: None,
            basis,
            columns: RwLock::default(),
        }
    }

    /// The same model with what noise costs, fitted to measurements or published values of it.
    #[must_use]
    pub fn with_sensitivities(self, sensitivities: Sensitivities) -> Self {
        Self {
            sensitivities: Some(sensitivities),
            basis: QualityBasis::Calibrated,
            columns: RwLock::default(),
            ..self
        }
    }

    /// Name of the model.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// What the estimates rest on.
    pub const fn basis(&self) -> QualityBasis {
        self.basis
    }

    /// What noise costs, where it was calibrated.
    pub const fn sensitivities(&self) -> Option<&Sensitivities> {
        self.sensitivities.as_ref()
    }

    /// Noise-to-signal ratio of one site in a format; `None` for a site that the model does not have.
    pub fn site_noise(&self, layer: u32, slot: Slot, format: Format) -> Option<f64> {
        self.has(layer, slot).then(|| {
            self.noise
                .ratio(self.samples[layer as usize][slot.index()], format)
        })
    }

    /// Every site that the model has, layer by layer, the head's last.
    pub fn sites(&self) -> impl Iterator<Item = Site> {
        (0..=self.n_layers)
            .flat_map(|layer| Slot::ALL.map(|slot| Site { layer, slot }))
            .filter(|site| self.has(site.layer, site.slot))
    }

    /// Rows of [`Sensitivities::rows`]: the layers, and one for the head.
    pub fn n_rows(&self) -> usize {
        self.n_layers as usize + 1
    }

    /// Layers of the model.
    pub const fn n_layers(&self) -> u32 {
        self.n_layers
    }

    /// Whether the model has this site.
    pub fn has(&self, layer: u32, slot: Slot) -> bool {
        let is_head = slot.product() == Product::Head;
        (layer < self.n_layers && !is_head && (self.gated_mlp || slot.product() != Product::Gate))
            || (layer == self.n_layers && is_head)
    }

    /// Measures every format of a design that was not asked for before, so that later questions are look-ups only.
    pub fn prepare(&self, design: &Design) {
        for row in design.formats.rows() {
            for slot in Slot::ALL {
                self.column(track(design, slot), row[slot.index()]);
                if let Some(protected) = protected_format(design, slot) {
                    self.column(track(design, slot), protected);
                }
            }
        }
    }

    /// Signal-to-noise ratio and perplexity of a design; the workload's context length sets the share of protected keys.
    pub fn summary(&self, design: &Design, workload: &Workload) -> QualitySummary {
        loop {
            if let Some(sums) = self.look_up(design, workload) {
                return self.conclude(sums);
            }
            self.prepare(design);
        }
    }

    /// The same with the error of every site.
    pub fn estimate(&self, design: &Design, workload: &Workload) -> Quality {
        let share = design.key_value.protected_share(workload.context_tokens);
        let mut layers = Vec::new();
        for layer in 0..=self.n_layers {
            let row = design.formats.row(layer);
            for slot in Slot::ALL.into_iter().filter(|slot| self.has(layer, *slot)) {
                let sample = self.samples[layer as usize][track(design, slot)];
                let plain = self.noise.ratio(sample, row[slot.index()]);
                let noise = protected_format(design, slot).map_or(plain, |format| {
                    share * self.noise.ratio(sample, format) + (1.0 - share) * plain
                });
                layers.push(LayerError {
                    layer,
                    slot,
                    noise,
                    sqnr_db: decibels(noise),
                });
            }
        }
        let summary = self.summary(design, workload);
        Quality {
            basis: summary.basis,
            perplexity: summary.perplexity,
            reference_perplexity: summary.reference_perplexity,
            sqnr_db: summary.sqnr_db,
            layers,
        }
    }

    /// Sums of a design, or `None` when one of its formats was never measured.
    fn look_up(&self, design: &Design, workload: &Workload) -> Option<Sums> {
        let columns = self.columns.read().unwrap_or_else(PoisonError::into_inner);
        let share = design.key_value.protected_share(workload.context_tokens);
        let mut sums = Sums::default();
        let mut add = |slot: Slot, formats: &SlotFormats, first: usize, end: usize| {
            let key = track_key(track(design, slot));
            let plain = columns.get(&(key, formats[slot.index()]))?;
            match protected_format(design, slot) {
                None => sums.add(plain, first, end, 1.0),
                Some(format) => {
                    sums.add(plain, first, end, 1.0 - share);
                    sums.add(columns.get(&(key, format))?, first, end, share);
                }
            }
            Some(())
        };
        let n_layers = self.n_layers as usize;
        for group in design.formats.layer_groups(self.n_layers) {
            let first = group.first as usize;
            for slot in LAYER_SLOTS {
                if self.gated_mlp || slot.product() != Product::Gate {
                    add(slot, group.formats, first, first + group.count as usize)?;
                }
            }
        }
        let head = design.formats.row(self.n_layers);
        for slot in HEAD_SLOTS {
            add(slot, head, n_layers, n_layers + 1)?;
        }
        Some(sums)
    }

    fn conclude(&self, sums: Sums) -> QualitySummary {
        let products = if self.gated_mlp { 9 } else { 8 };
        let n_products = f64::from(self.n_layers * products + 1);
        let reference = self.sensitivities.as_ref();
        QualitySummary {
            basis: self.basis,
            sqnr_db: decibels(sums.noise / n_products),
            reference_perplexity: reference.map(|each| each.reference_perplexity),
            perplexity: reference.map(|each| {
                let (loss, width) = each.total(sums.losses);
                let perplexity = |loss: f64| each.reference_perplexity * loss.exp();
                Interval {
                    value: perplexity(loss),
                    low: perplexity(loss - width),
                    high: perplexity(loss + width),
                }
            }),
        }
    }

    fn column(&self, track: usize, format: Format) {
        let key = (track_key(track), format);
        let known = {
            let columns = self.columns.read().unwrap_or_else(PoisonError::into_inner);
            columns.contains_key(&key)
        };
        if !known {
            let column = Arc::new(self.measured_column(track, format));
            let mut columns = self.columns.write().unwrap_or_else(PoisonError::into_inner);
            columns.insert(key, column);
        }
    }

    fn measured_column(&self, track: usize, format: Format) -> Column {
        let slot = Slot::ALL.get(track).copied().unwrap_or(KEY_SLOT);
        let mut sums = vec![Sums::default()];
        let mut sum = Sums::default();
        for (layer, row) in (0_u32..).zip(&self.samples) {
            if self.has(layer, slot) {
                let noise = self.noise.ratio(row[track], format);
                sum.noise += noise;
                if let Some(sensitivities) = &self.sensitivities {
                    let loss = sensitivities.site_loss(layer as usize, slot, format, noise);
                    sum.losses.add(slot, loss);
                    sum.losses.first_order +=
                        sensitivities.first_order_loss(layer as usize, slot, format, noise);
                }
            }
            sums.push(sum);
        }
        Column { sums }
    }
}

impl Sums {
    /// Adds layers `first .. end` of a column, weighted by the share of tokens that have its format.
    fn add(&mut self, column: &Column, first: usize, end: usize, share: f64) {
        let (before, after) = (column.sums[first], column.sums[end]);
        let losses = &mut self.losses;
        self.noise += share * (after.noise - before.noise);
        losses.body += share * (after.losses.body - before.losses.body);
        losses.squares += share * (after.losses.squares - before.losses.squares);
        losses.head += share * (after.losses.head - before.losses.head);
        losses.first_order += share * (after.losses.first_order - before.losses.first_order);
    }
}

/// Slots of a layer: all but the head's.
const LAYER_SLOTS: [Slot; Slot::COUNT - 2] = {
    let mut slots = [Slot::ALL[0]; Slot::COUNT - 2];
    let mut index = 0;
    while index < slots.len() {
        slots[index] = Slot::ALL[index];
        index += 1;
    }
    slots
};

/// The head's slots, the last two.
const HEAD_SLOTS: [Slot; 2] = [Slot::ALL[Slot::COUNT - 2], Slot::ALL[Slot::COUNT - 1]];

/// Where keys stand.
const KEY_SLOT: Slot = Slot::of(Product::Qk, Side::Stationary);

/// Which samples and sensitivities a slot of a design uses.
fn track(design: &Design, slot: Slot) -> usize {
    if design.key_value.smoothing && slot.operand() == Operand::Key {
        SMOOTHED_KEY
    } else {
        slot.index()
    }
}

/// Format of protected tokens where a slot holds the cache and the design protects some.
fn protected_format(design: &Design, slot: Slot) -> Option<Format> {
    matches!(slot.operand(), Operand::Key | Operand::Value)
        .then_some(design.key_value.protected)
        .flatten()
}

#[expect(clippy::cast_possible_truncation, reason = "21 tracks")]
const fn track_key(track: usize) -> u8 {
    track as u8
}
