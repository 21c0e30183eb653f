//! Pinned designs, kept fronts, measured accuracies, and what the Pareto plot is told to show.

use blockscape::plots::pareto::Selection;
use blockscape_explorer::{Axis, Spread};
use blockscape_model::evaluation::Metric;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;

use crate::driver::{
    Folder, data, enter, fill, give_path, gone, metrics, open_model, opened, press, set_qkv_bits,
    settle, shortcut, shown, shown_with, small_session, until, window,
};

#[test]
fn two_designs_stand_side_by_side_with_what_differs() {
    let folder = Folder::new("compare");
    let mut window = window(&folder);
    press(&mut window, "Compare");
    press(&mut window, "Pin the current design");
    settle(&mut window);
    set_qkv_bits(&mut window, 4.0);
    shown(&mut window, "Formats that differ");
    shown(&mut window, "q.activation, k.activation, v.activation");
    shown(&mut window, "anda:m=4");
    press(&mut window, "Swap");
    shown(&mut window, "anda:m=7");
}

#[test]
fn a_kept_front_stays_beside_the_next_and_can_be_renamed() {
    let folder = Folder::new("fronts");
    let mut window = window(&folder);
    press(&mut window, "Keep front");
    shown(&mut window, "Name of front 1");
    let kept = window.state().session().fronts[0].clone();
    assert!(!kept.members.is_empty());
    enter(&mut window, "Columns value", 32.0);
    settle(&mut window);
    assert_eq!(window.state().results().pinned_fronts.len(), 1);
    assert_eq!(window.state().session().fronts[0], kept);
    fill(&mut window, "Name of front 1", "narrow");
    assert_eq!(window.state().results().pinned_fronts[0].name, "narrow");
    press(&mut window, "Drop front narrow");
    assert!(window.state().results().pinned_fronts.is_empty());
}

#[test]
fn a_selected_box_filters_the_table_and_the_coordinates() {
    let folder = Folder::new("box");
    let mut session = small_session();
    session.pareto.selection = Some(Selection {
        x: Metric::PrefillEnergy,
        y: Metric::Perplexity,
        x_range: (0.0, 1e9),
        y_range: (0.0, 1.0),
    });
    let file = folder.0.join("start.ron");
    std::fs::write(&file, session.to_ron()).unwrap();
    let mut window = opened(&folder, &file);
    shown_with(&mut window, "No design lies in the selected box");
    press(&mut window, "Coordinates");
    shown_with(&mut window, "No design lies in the box selected");
    press(&mut window, "Pareto");
    press(&mut window, "Clear selection");
    assert!(window.state().session().pareto.selection.is_none());
}

#[test]
fn a_box_over_everything_lists_dominated_designs_too() {
    let folder = Folder::new("whole-box");
    let mut session = small_session();
    session.exploration.axes.push(Axis {
        parameter: "rows".parse().unwrap(),
        values: Spread::Range {
            from: 8.0,
            to: 16.0,
            step: 8.0,
        },
    });
    session.pareto.selection = Some(Selection {
        x: Metric::Area,
        y: Metric::Sqnr,
        x_range: (0.0, 1e9),
        y_range: (0.0, 1e9),
    });
    let file = folder.0.join("start.ron");
    std::fs::write(&file, session.to_ron()).unwrap();
    let mut window = opened(&folder, &file);
    let n_front = window.state().results().front.len();
    let n_designs = window.state().results().shown.metrics.len();
    assert!(n_front < n_designs, "{n_front} of {n_designs}");
    shown(
        &mut window,
        &format!("{n_designs} designs in the selected box"),
    );
    // The box is over other objectives than the axes show: its chip says what still filters.
    let chip = window.get_by_label("Clear selection");
    chip.hover();
    shown_with(&mut window, "SQNR: 0");
}

#[test]
fn the_plot_shows_what_its_boxes_say() {
    let folder = Folder::new("toggles");
    let mut window = window(&folder);
    for label in ["Front only", "Literature", "Uncertainty", "log x", "log y"] {
        press(&mut window, label);
    }
    let view = &window.state().session().pareto;
    assert!(view.front_only && !view.literature && !view.uncertainty);
    assert_eq!(view.x_scale, view.y_scale);
}

#[test]
fn every_front_point_tells_its_ranges() {
    let folder = Folder::new("ranges");
    let mut window = window(&folder);
    until(&mut window, "ranges", |window| {
        let front = &window.state().results().front;
        !front.is_empty()
            && front
                .iter()
                .all(|point| point.bands.get(Metric::Perplexity).is_some())
    });
}

#[test]
fn the_details_are_those_of_the_edited_design_to_the_bit() {
    let folder = Folder::new("details");
    let mut window = window(&folder);
    set_qkv_bits(&mut window, 5.0);
    let details = window.state().results().details.as_ref().unwrap();
    assert!(details.evaluation.metrics().same_bits(&metrics(&window)));
}

#[test]
fn side_panels_close_and_open_by_key() {
    let folder = Folder::new("panels");
    let mut window = window(&folder);
    shown(&mut window, "Search parameters");
    shortcut(&mut window, Modifiers::NONE, Key::F9);
    gone(&mut window, "Search parameters");
    shortcut(&mut window, Modifiers::NONE, Key::F10);
    gone(&mut window, "Pin");
    shortcut(&mut window, Modifiers::NONE, Key::F9);
    shown(&mut window, "Search parameters");
}

#[test]
fn a_measured_accuracy_outlives_explorations() {
    let Some(model) = data("gguf/stories260K-F32.gguf") else {
        return;
    };
    let folder = Folder::new("measured");
    let text = folder.0.join("story.txt");
    std::fs::write(
        &text,
        "Once upon a time there was a little dog. ".repeat(60),
    )
    .unwrap();
    let mut window = window(&folder);
    open_model(&mut window, &model);
    press(&mut window, "Measure");
    give_path(&mut window, &text);
    until(&mut window, "a measurement", |window| {
        window.state().results().current_is_measured
    });
    let measured = metrics(&window).get(Metric::Perplexity);
    assert!(measured.is_finite());
    // Another width of the array calculates the same numbers.
    enter(&mut window, "Columns value", 32.0);
    settle(&mut window);
    assert!(window.state().results().current_is_measured);
    assert_eq!(
        metrics(&window).get(Metric::Perplexity).to_bits(),
        measured.to_bits()
    );
    set_qkv_bits(&mut window, 3.0);
    let results = window.state().results();
    assert!(!results.current_is_measured);
    assert_eq!(results.measured.len(), 1, "its point stays");
}
