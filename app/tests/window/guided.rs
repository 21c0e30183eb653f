//! The guided start: what a first run says, and the model that comes with the program.

use std::path::{Path, PathBuf};

use blockscape_model::evaluation::Metric;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;

use crate::driver::{
    Folder, Window, data, give_path, gone, is_shown, metrics, open_model, opened, press, respond,
    set_qkv_bits, settle, shortcut, shown, shown_with, started, told, until, window,
};

fn first_run(folder: &Folder) -> Window {
    let mut window = started(folder, None, [1280.0, 1000.0]);
    respond(&mut window);
    window
}

#[test]
fn the_tour_names_what_is_open_and_leads_to_a_model_that_can_be_measured() {
    let folder = Folder::new("tour");
    let mut window = first_run(&folder);
    shown_with(&mut window, "You look at LLaMA-2-7B on the design Anda");
    for _ in 0..4 {
        press(&mut window, "Next");
    }
    press(&mut window, "Use the story model");
    gone(&mut window, "Skip tour");
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
    press(&mut window, "Model weights");
    press(&mut window, "Use the story model");
    settle(&mut window);
    assert!(metrics(&window).get(Metric::Perplexity).is_finite());
    press(&mut window, "Measure");
    press(&mut window, "Cancel measurement");
    until(&mut window, "the end of the measurement", |window| {
        window.state().results().measuring.is_none()
    });
    assert!(!window.state().results().current_is_measured);
}

#[test]
fn a_message_moves_nothing_above_it() {
    let folder = Folder::new("still");
    let mut window = window(&folder);
    press(&mut window, "Dismiss");
    let places = |window: &Window| {
        ["Compare", "Model weights", "Add axis"].map(|label| window.get_by_label(label).rect())
    };
    let before = places(&window);
    assert!(!is_shown(&window, "Dismiss"));
    shortcut(&mut window, Modifiers::COMMAND, Key::S);
    shown(&mut window, "Dismiss");
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

/// A small model of its own folder with a short context, and a text for it; `None` where the data folder is absent.
fn small_model(folder: &Folder) -> Option<[PathBuf; 2]> {
    let given = data("gguf/tiny-llama-2x64-f32.gguf")?;
    let models = folder.0.join("models");
    std::fs::create_dir_all(&models).unwrap();
    let model = models.join("tiny.gguf");
    std::fs::write(&model, with_short_context(std::fs::read(&given).unwrap())).unwrap();
    let text = folder.0.join("text.txt");
    std::fs::write(&text, "The dog saw a cat and ran to it. ".repeat(2)).unwrap();
    Some([model, text])
}

fn calibrate(window: &mut Window, text: &Path) {
    press(window, "Calibrate");
    give_path(window, text);
    until(window, "the end of the calibration", |window| {
        window.state().session().calibration.is_some()
    });
    settle(window);
}

#[test]
fn calibrate_turns_noise_of_an_opened_model_into_perplexity() {
    let folder = Folder::new("calibrate");
    let Some([model, text]) = small_model(&folder) else {
        return;
    };
    let mut window = window(&folder);
    open_model(&mut window, &model);
    assert!(metrics(&window).get(Metric::Perplexity).is_nan());
    calibrate(&mut window, &text);
    told(&mut window, "Calibrated the estimator of");
    assert!(metrics(&window).get(Metric::Perplexity) > 1.0);
    let objectives = &window.state().session().exploration.objectives;
    assert_eq!(objectives[0].metric, Metric::Perplexity);
    assert!(model.with_extension("gguf.calibration.ron").exists());
    gone(&mut window, "Cancel measurement");
    until(&mut window, "the measured design as a point", |window| {
        let measured = &window.state().results().measured;
        measured.iter().any(|point| point.text == "text.txt")
    });
    // Another design, the point of the measured one stays.
    set_qkv_bits(&mut window, 4.0);
    assert_eq!(window.state().results().measured.len(), 1);
    assert!(!window.state().results().current_is_measured);
}

#[test]
fn a_calibration_is_kept_with_the_session_where_its_file_cannot_be() {
    let folder = Folder::new("unwritable");
    let Some([model, text]) = small_model(&folder) else {
        return;
    };
    // A name that no file can have is in the way for every user, the superuser too.
    let long = model.with_file_name(format!("{}.gguf", "m".repeat(245)));
    std::fs::rename(&model, &long).unwrap();
    let model = long;
    let mut window = window(&folder);
    open_model(&mut window, &model);
    calibrate(&mut window, &text);
    told(&mut window, "the runs are kept in the session alone");
    let estimated = metrics(&window);
    let file = folder.0.join("calibrated.ron");
    shortcut(&mut window, Modifiers::COMMAND | Modifiers::SHIFT, Key::S);
    give_path(&mut window, &file);
    told(&mut window, "Saved");
    drop(window);
    let mut window = opened(&folder, &file);
    until(&mut window, "the same estimates", |window| {
        let current = window.state().results().current;
        current.is_some_and(|current| current.same_bits(&estimated))
    });
    assert_eq!(window.state().results().measured.len(), 1);
    let objectives = &window.state().session().exploration.objectives;
    assert_eq!(objectives[0].metric, Metric::Perplexity);
}
