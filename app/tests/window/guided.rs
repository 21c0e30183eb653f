//! The guided start: what a first run says, and the model that comes with the program.

use blockscape::app::{App, Options};
use blockscape_model::evaluation::Metric;
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

use crate::driver::{Folder, Window, metrics, settle, shortcut, until, window};

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
