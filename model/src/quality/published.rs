//! Sensitivities of large models that no desk can run, calibrated on part of the perplexities that papers published.
//!
//! Source of every cell: Anda (Fang et al., HPCA 2025), table II and figures 9 and 14, perplexity on `WikiText-2` with sequences
//! of 2048 tokens, and for LLaMA-2 a public log of a BFP width sweep with the same protocol. Which cells calibrate:
//! - FP16 and W4A16 of every model, and uniform M = 4 of the seven models that have it ("VS-Quant");
//! - the two Anda cells of OPT-1.3B, OPT-6.7B and LLaMA-7B;
//! - figure 9: which of ten widths of OPT-125M lose less than 1 %; and the statement that OPT-2.7B, 6.7B, 13B and 30B stand
//!   uniform M = 6, the other models M = 7, but not a bit less, at 1 %;
//! - BFP5 in groups of 32 of LLaMA-2-7B, and for LLaMA-2-13B, which has no uniform cell, its ratio to that of LLaMA-2-7B;
//!   OPT-30B, which has no cell at all, is taken to lose what OPT-6.7B loses.
//!
//! The fit is `assets/training/fit_published.py`.
//!
//! Everything else is predicted: the Anda cells of the other models, the tuples of figure 14 (a search's result, never an
//! input), the rest of the width sweep. No paper gives the cost of quantized queries, keys, probabilities and values in these
//! models: [`ATTENTION_LOSS`] is an assumption, and the interval says so.

use super::sensitivity::truncates;
use super::{Interaction, QualityModel, Sensitivities, SiteSensitivity};
use crate::format::{BfpFormat, Format, IntegerFormat};
use crate::preset;
use crate::workload::{Operand, Product, Slot};

/// What is published of one model, and the one figure fitted to it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct PublishedModel {
    name: &'static str,
    /// Perplexity with FP16 weights and activations.
    fp16: f64,
    /// Perplexity with 4-bit weights (`OmniQuant`, groups of 128) and FP16 activations.
    w4a16: f64,
    /// Loss in nats a token when all four modules have uniform M = 4.
    loss_at_4_bits: f64,
    /// Whose modules it resembles.
    family: &'static PublishedFamily,
}

/// What the models of a family share.
#[derive(Debug, PartialEq)]
struct PublishedFamily {
    /// Share of the loss at uniform M = 4 that falls to `A_qkv`, `A_o`, `A_u` and `A_d`.
    shares: [f64; 4],
    /// Power of the noise-to-signal ratio that the loss grows with.
    power: f64,
    /// How sites add up.
    interaction: Interaction,
}

/// OPT: nearly all of the loss comes through the inputs of q, k and v, whose channels have outliers.
const OPT: PublishedFamily = PublishedFamily {
    shares: [0.9497, 0.0008, 0.0379, 0.0116],
    power: 1.392,
    interaction: Interaction::NONE,
};

/// LLaMA and LLaMA-2.
const LLAMA: PublishedFamily = PublishedFamily {
    shares: [0.5167, 0.0969, 0.0969, 0.2895],
    power: 1.033,
    interaction: Interaction {
        strength: 0.4,
        half: 0.3,
    },
};

/// The nine models of Anda's table II.
const MODELS: [PublishedModel; 9] = [
    published("OPT-1.3B", 14.62, 14.88, 0.2662, &OPT),
    published("OPT-2.7B", 12.47, 12.65, 0.2602, &OPT),
    published("OPT-6.7B", 10.86, 10.96, 0.0999, &OPT),
    published("OPT-13B", 10.13, 10.20, 0.1312, &OPT),
    published("OPT-30B", 9.56, 9.62, 0.0999, &OPT),
    published("LLaMA-7B", 5.68, 5.77, 0.2553, &LLAMA),
    published("LLaMA-13B", 5.09, 5.17, 0.2072, &LLAMA),
    published("LLaMA-2-7B", 5.47, 5.59, 0.3904, &LLAMA),
    published("LLaMA-2-13B", 4.88, 4.95, 0.2893, &LLAMA),
];

const fn published(
    name: &'static str,
    fp16: f64,
    w4a16: f64,
    loss_at_4_bits: f64,
    family: &'static PublishedFamily,
) -> PublishedModel {
    PublishedModel {
        name,
        fp16,
        w4a16,
        loss_at_4_bits,
        family,
    }
}

/// Loss of a format that rounds to nearest over that of one that truncates, at equal noise: the errors of truncation all point
/// to zero and add up. Fitted to BFP5 in groups of 32 of LLaMA-2-7B.
const UNBIASED_SHARE: f64 = 0.6;

/// Loss in nats a token of queries, keys, probabilities and values when each alone is `bfp:m=4,e=8,b=32`. An assumption, in line with
/// what 4-bit caches with small groups are reported to lose (below 1 %).
const ATTENTION_LOSS: [(Operand, f64); 4] = [
    (Operand::Query, 0.002),
    (Operand::Key, 0.004),
    (Operand::Probability, 0.001),
    (Operand::Value, 0.001),
];

/// Half width of the 90 % interval as a share of the estimated loss: about what the predicted cells deviate at most.
const RELATIVE_ERROR: f64 = 0.4;

/// The same for vanishing loss, in nats: tables give two decimals, and searches used another text than tests.
const ABSOLUTE_ERROR: f64 = 0.002;

/// Sensitivities of a model that papers published perplexities of; `None` for any other.
pub fn published_sensitivities(model: &QualityModel) -> Option<Sensitivities> {
    let published = MODELS
        .iter()
        .find(|each| preset::same_name(each.name, model.model()))?;
    let mut rows = vec![[SiteSensitivity::default(); Slot::COUNT]; model.n_rows()];
    let PublishedFamily {
        shares,
        power,
        interaction,
    } = *published.family;
    let anda_at_4_bits = BfpFormat::anda(4).map(Format::Bfp).ok()?;
    let sum_at_4_bits = interaction.sum_for(published.loss_at_4_bits);
    for (module, share) in (0..).zip(shares) {
        let loss = share * sum_at_4_bits;
        spread(model, &mut rows, loss, anda_at_4_bits, power, |slot| {
            anda_module(slot) == Some(module)
        });
    }
    let weight_loss = (published.w4a16 / published.fp16).ln();
    spread(
        model,
        &mut rows,
        weight_loss,
        FOUR_BIT_WEIGHTS,
        1.0,
        |slot| slot.operand() == Operand::Weight,
    );
    for (operand, loss) in ATTENTION_LOSS {
        spread(model, &mut rows, loss, FOUR_BIT_CACHE, 1.0, |slot| {
            slot.operand() == operand
        });
    }
    Some(Sensitivities {
        reference_perplexity: published.fp16,
        rows,
        first_order: Vec::new(),
        interaction,
        unbiased_share: UNBIASED_SHARE,
        relative_error: RELATIVE_ERROR,
        absolute_error: ABSOLUTE_ERROR,
    })
}

/// Gives the chosen sites of all layers one slope, so that together they lose `loss` in `format`.
fn spread(
    model: &QualityModel,
    rows: &mut [[SiteSensitivity; Slot::COUNT]],
    loss: f64,
    format: Format,
    power: f64,
    chosen: impl Fn(Slot) -> bool,
) {
    let sites = || model.sites().filter(|site| chosen(site.slot));
    let share = if truncates(format) {
        1.0
    } else {
        UNBIASED_SHARE
    };
    let unit = SiteSensitivity {
        slope: 1.0,
        saturation: 0.0,
        power,
    };
    let total: f64 = sites()
        .filter_map(|site| model.site_noise(site.layer, site.slot, format))
        .map(|noise| share * unit.loss(noise))
        .sum();
    if total > 0.0 {
        for site in sites() {
            rows[site.layer as usize][site.slot.index()] = SiteSensitivity {
                slope: loss / total,
                ..unit
            };
        }
    }
}

/// The Anda module whose width an activation has: 0 for `A_qkv` to 3 for `A_d`; `None` for anything Anda leaves as it is.
fn anda_module(slot: Slot) -> Option<u8> {
    (slot.operand() == Operand::Activation).then_some(())?;
    match slot.product() {
        Product::Q | Product::K | Product::V => Some(0),
        Product::O => Some(1),
        Product::Gate | Product::Up => Some(2),
        Product::Down => Some(3),
        Product::Head | Product::Qk | Product::Pv => None,
    }
}

const FOUR_BIT_WEIGHTS: Format = Format::Integer(IntegerFormat::W4_G128);

const FOUR_BIT_CACHE: Format = Format::Bfp(BfpFormat::M4);
