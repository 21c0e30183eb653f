//! What holds for every estimate, and channel statistics against the records they were fitted from.

use std::fs;

use blockscape_model::design::{Design, FormatTable};
use blockscape_model::format::Format;
use blockscape_model::preset;
use blockscape_model::quality::{
    ChannelMeasure, ChannelProfile, ModelStatistics, QualityBasis, QualityModel, QualitySummary,
};
use blockscape_model::story_model::{self, StoryModel};
use blockscape_model::workload::{ModelShape, SlotGroup, Workload};
use blockscape_tests::shared_data;
use safetensors::SafeTensors;

use crate::quality_published::some_design;

fn shape(name: &str) -> ModelShape {
    preset::model(name).expect("a built-in model")
}

fn summary(quality: &QualityModel, workload: &Workload, design: &Design) -> QualitySummary {
    quality.summary(design, workload)
}

fn everywhere(format: &str) -> Design {
    Design {
        formats: FormatTable::uniform(format.parse().unwrap()),
        ..some_design()
    }
}

#[test]
fn more_mantissa_bits_never_hurt() {
    for name in ["OPT-1.3B", "LLaMA-2-7B", story_model::NAME, "GPT-2"] {
        let quality = QualityModel::built_in(&shape(name));
        let workload = Workload::single_sequence(shape(name));
        let mut before: Option<QualitySummary> = None;
        for width in 2..=11 {
            let design = everywhere(&format!("bfp:m={width},e=8,b=32"));
            let now = summary(&quality, &workload, &design);
            if let Some(before) = before {
                assert!(now.sqnr_db > before.sqnr_db, "{name} M {width}");
                let value = |each: QualitySummary| each.perplexity.map(|interval| interval.value);
                assert!(value(now) <= value(before), "{name} M {width}");
            }
            before = Some(now);
        }
    }
}

#[test]
fn a_design_without_quantization_keeps_the_reference_perplexity() {
    let quality = QualityModel::built_in(&shape("LLaMA-2-7B"));
    let workload = Workload::single_sequence(shape("LLaMA-2-7B"));
    let found = summary(&quality, &workload, &everywhere("fp32"));
    let perplexity = found.perplexity.unwrap();
    assert_eq!(found.basis, QualityBasis::Calibrated);
    assert_eq!(Some(perplexity.value), found.reference_perplexity);
    assert!(perplexity.low < perplexity.value && perplexity.value < perplexity.high);
}

#[test]
fn answers_do_not_depend_on_what_was_asked_before() {
    let workload = Workload::single_sequence(shape("OPT-2.7B"));
    let designs: Vec<Design> = (3..9)
        .map(|width| {
            let mut design = everywhere("fp16");
            let format: Format = format!("anda:m={width}").parse().unwrap();
            design.formats.set(SlotGroup::ACTIVATIONS, format);
            design
                .formats
                .set_layers(4..=width, SlotGroup::WEIGHTS, "q4_0".parse().unwrap());
            design
        })
        .collect();
    let forward = QualityModel::built_in(&shape("OPT-2.7B"));
    let backward = QualityModel::built_in(&shape("OPT-2.7B"));
    let ahead: Vec<_> = designs
        .iter()
        .map(|each| summary(&forward, &workload, each))
        .collect();
    let mut behind: Vec<_> = designs
        .iter()
        .rev()
        .map(|each| summary(&backward, &workload, each))
        .collect();
    behind.reverse();
    assert_eq!(ahead, behind);
}

#[test]
fn protected_tokens_and_smoothing_help_narrow_caches() {
    let quality = QualityModel::built_in(&shape("LLaMA-2-7B"));
    let workload = Workload::single_sequence(shape("LLaMA-2-7B"));
    let mut design = everywhere("fp16");
    for group in ["key", "value"] {
        design
            .formats
            .set(group.parse().unwrap(), "bfp:m=3,e=8,b=32".parse().unwrap());
    }
    let plain = summary(&quality, &workload, &design)
        .perplexity
        .unwrap()
        .value;
    design.key_value.smoothing = true;
    let smoothed = summary(&quality, &workload, &design)
        .perplexity
        .unwrap()
        .value;
    design.key_value.protected = Some("bfp:m=8,e=8,b=32".parse().unwrap());
    design.key_value.initial_tokens = 32;
    design.key_value.local_tokens = 224;
    let protected = summary(&quality, &workload, &design)
        .perplexity
        .unwrap()
        .value;
    assert!(
        protected < smoothed && smoothed < plain,
        "{protected} {smoothed} {plain}"
    );
}

#[test]
fn every_site_of_the_model_is_reported_once() {
    for (name, per_layer) in [("LLaMA-2-7B", 18), ("OPT-1.3B", 16)] {
        let shape = shape(name);
        let quality = QualityModel::built_in(&shape);
        let workload = Workload::single_sequence(shape.clone());
        let found = quality.estimate(&everywhere("mxfp4"), &workload);
        assert_eq!(
            found.layers.len(),
            (shape.n_layers * per_layer + 2) as usize
        );
        assert!(
            found
                .layers
                .iter()
                .all(|each| each.noise > 0.0 && each.sqnr_db.is_finite())
        );
    }
}

#[test]
fn models_without_calibration_give_noise_but_no_perplexity() {
    let quality = QualityModel::built_in(&shape("Qwen2.5-7B"));
    let workload = Workload::single_sequence(shape("Qwen2.5-7B"));
    let found = summary(&quality, &workload, &everywhere("mxfp4"));
    assert_eq!(
        (found.basis, found.perplexity),
        (QualityBasis::Profile, None)
    );
}

#[test]
fn the_embedded_model_has_the_shape_of_its_preset_and_meets_its_facts() {
    let story = StoryModel::open();
    let ours = &story.model.hyperparameters.shape().unwrap();
    let preset = ModelShape {
        source: ours.source.clone(),
        ..shape(story_model::NAME)
    };
    assert_eq!(*ours, preset);
    let windows = story.windows(None);
    let n_scored: usize = windows.iter().map(|window| window.tokens.len() - 1).sum();
    assert_eq!((windows.len(), n_scored), (87, 14_877));
    let unquantized = blockscape_model::language_model::QuantizedModel::unquantized(&story.model);
    let measured =
        blockscape_explorer::measurement::measure(&unquantized, None, &windows, &|_| {}, &|| false);
    let perplexity = measured.unwrap().perplexity;
    assert!((perplexity / 2.825_832 - 1.0).abs() < 1e-4, "{perplexity}");
    assert!(perplexity > story_model::GRAMMAR_PERPLEXITY);
}

#[test]
fn statistics_are_what_fitting_the_records_gives() {
    for (model, file, names) in [
        (
            "OPT-1.3B",
            "act_stats/opt-1.3b.act_absmax.safetensors",
            [
                "model.decoder.layers.{}.self_attn.q_proj",
                "model.decoder.layers.{}.fc2",
            ],
        ),
        (
            "Llama-3.2-1B",
            "act_stats/llama-3.2-1b.act_absmax.safetensors",
            [
                "model.layers.{}.self_attn.q_proj",
                "model.layers.{}.mlp.down_proj",
            ],
        ),
        (
            "Gemma-3-4B",
            "act_stats/gemma-3-4b.act_meansq.safetensors",
            ["blk.{}.attn_q.weight", "blk.{}.ffn_down.weight"],
        ),
    ] {
        let Some(path) = shared_data(file) else {
            return;
        };
        let bytes = fs::read(path).unwrap();
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        let statistics = ModelStatistics::built_in(model).unwrap();
        let squared = statistics.measure == ChannelMeasure::RootMeanSquare;
        for (layer, row) in statistics.layers.iter().enumerate() {
            for (name, profile) in names.iter().zip([&row.qkv, &row.down]) {
                let tensor = tensors
                    .tensor(&name.replace("{}", &layer.to_string()))
                    .unwrap();
                let magnitudes: Vec<f32> = tensor
                    .data()
                    .chunks_exact(4)
                    .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()))
                    .map(|value| if squared { value.sqrt() } else { value })
                    .collect();
                let fitted = ChannelProfile::fit(&magnitudes).unwrap();
                assert_close(&fitted, profile, &format!("{model} layer {layer}"));
            }
        }
    }
}

fn assert_close(fitted: &ChannelProfile, preset: &ChannelProfile, place: &str) {
    let close = |a: f32, b: f32| (a - b).abs() <= 2e-3 * b.abs();
    assert_eq!(
        (fitted.channels, fitted.silent),
        (preset.channels, preset.silent),
        "{place}"
    );
    assert!(
        close(fitted.median, preset.median) && close(fitted.spread, preset.spread),
        "{place}"
    );
    assert_eq!(fitted.outliers.len(), preset.outliers.len(), "{place}");
    for (ours, theirs) in fitted.outliers.iter().zip(&preset.outliers) {
        assert!(
            ours.count == theirs.count && close(ours.size, theirs.size),
            "{place}"
        );
    }
}
