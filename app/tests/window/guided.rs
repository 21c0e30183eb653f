//! The guided start: what a first run says, and the model that comes with the program.

use std::path::Path;

use blockscape::app::{App, Options};
use blockscape_model::evaluation::Metric;
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

use crate::driver::{Folder, Window, give_path, metrics, settle, shortcut, until, window};

fn first_run(folder: &Folder) -> Window {
    let options = Options {
        file: None,
        folders: folder.folders(),
        n_threads: 1,
    };
    let mut window = Harness::builder()
        .with_size(egui::vec2(1280.0, 1000.0))
        .with_os(egui::os::OperatingSystem::Nix)
        .build_eframe(|context| App::new(&context.egui_ctx, options));
    window.run_steps(3);
    window
}

#[test]
fn the_tour_names_what_is_open_and_leads_to_a_model_that_can_be_measured() {
    let folder = Folder::new("tour");
    let mut window = first_run(&folder);
    window.get_by_label_contains("You look at LLaMA-2-7B on the design Anda");
    for _ in 0..4 {
        window.get_by_label("Next").click();
        window.run_steps(3);
    }
    window.get_by_label("Use the story model").click();
    window.run_steps(3);
    assert!(window.query_by_label("Skip tour").is_none());
    assert!(window.state().session().is_on_built_in_model());
}

#[test]
fn a_first_run_shows_published_systems_as_points() {
    let folder = Folder::new("systems");
    let mut window = first_run(&folder);
    until(&mut window, "published systems", |window| {
        window.state().results().literature.len() >= 4
    });
    let names: Vec<&str> = window
        .state()
        .results()
        .literature
        .iter()
        .map(|point| point.name.as_str())
        .collect();
    for system in ["Anda", "Harmonia", "F-BFQ", "MASE"] {
        assert!(names.contains(&system), "{names:?}");
    }
}

#[test]
fn the_story_model_is_measured_without_a_file() {
    let folder = Folder::new("story");
    let mut window = window(&folder);
    window.get_by_label("Model weights").click();
    window.run_steps(3);
    window.get_by_label("Use the story model").click();
    settle(&mut window);
    assert!(metrics(&window).get(Metric::Perplexity).is_finite());
    window.get_by_label("Measure").click();
    until(&mut window, "a running measurement", |window| {
        window.state().results().measuring.is_some()
    });
    window.get_by_label("Cancel measurement").click();
    until(&mut window, "the end of the measurement", |window| {
        window.state().results().measuring.is_none()
    });
    assert!(!window.state().results().current_is_measured);
}

#[test]
fn a_message_moves_nothing_above_it() {
    let folder = Folder::new("still");
    let mut window = window(&folder);
    window.get_by_label("Dismiss").click();
    window.run_steps(3);
    let places = |window: &Window| {
        ["Compare", "Model weights", "Add axis"].map(|label| window.get_by_label(label).rect())
    };
    let before = places(&window);
    assert!(window.query_by_label("Dismiss").is_none());
    shortcut(&mut window, Modifiers::COMMAND, Key::S);
    window.get_by_label("Dismiss");
    assert_eq!(places(&window), before);
}

/// The GGUF file with windows of 16 tokens, so that few are run.
fn with_short_context(mut file: Vec<u8>) -> Vec<u8> {
    let key = b"llama.context_length";
    let found = file.windows(key.len()).position(|bytes| bytes == key);
    // Behind the key stands the type of the value, of four bytes as the value is.
    let value = found.unwrap() + key.len() + 4;
    file[value..value + 4].copy_from_slice(&16_u32.to_le_bytes());
    file
}

#[test]
fn calibrate_turns_noise_of_an_opened_model_into_perplexity() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let given = data.join("gguf/tiny-llama-2x64-f32.gguf");
    if !given.exists() {
        eprintln!("skipped: {} is not there", given.display());
        return;
    }
    let folder = Folder::new("calibrate");
    // The runs are kept beside the model.
    let model = folder.0.join("tiny.gguf");
    std::fs::write(&model, with_short_context(std::fs::read(&given).unwrap())).unwrap();
    let text = folder.0.join("text.txt");
    std::fs::write(&text, "The dog saw a cat and ran to it. ".repeat(2)).unwrap();
    let mut window = window(&folder);
    shortcut(&mut window, Modifiers::COMMAND, Key::M);
    give_path(&mut window, &model);
    until(&mut window, "the model", |window| {
        window.state().results().checkpoint.is_some()
    });
    settle(&mut window);
    assert!(metrics(&window).get(Metric::Perplexity).is_nan());
    window.get_by_label("Calibrate").click();
    window.run_steps(3);
    give_path(&mut window, &text);
    until(&mut window, "the end of the calibration", |window| {
        let notice = window.state().notice();
        notice.is_some_and(|notice| notice.starts_with("Calibrated the estimator of"))
    });
    settle(&mut window);
    assert!(metrics(&window).get(Metric::Perplexity) > 1.0);
    let objectives = &window.state().session().exploration.objectives;
    assert_eq!(objectives[0].metric, Metric::Perplexity);
    assert!(folder.0.join("tiny.gguf.calibration.ron").exists());
    assert!(window.query_by_label("Cancel measurement").is_none());
}
