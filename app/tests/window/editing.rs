//! Controls of the design: numbers typed, ranges of layers, locks, resets, search.

use blockscape_model::workload::Slot;
use egui::Modifiers;
use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;

use crate::driver::{
    Folder, Window, activate, enter, fill, focused_field, press, respond, set_qkv_bits, settle,
    told, window,
};

fn format_at(window: &Window, layer: u32, slot: &str) -> String {
    let slot: Slot = slot.parse().unwrap();
    let formats = &window.state().session().design.formats;
    formats.at(layer, slot).to_string()
}

#[test]
fn a_typed_number_is_taken() {
    let folder = Folder::new("typed");
    let mut window = window(&folder);
    enter(&mut window, "Rows value", 24.0);
    settle(&mut window);
    assert_eq!(window.state().session().design.array.rows, 24);
}

#[test]
fn a_range_of_layers_is_changed_alone() {
    let folder = Folder::new("layers");
    let mut window = window(&folder);
    press(&mut window, "Layer range");
    enter(&mut window, "Last layer", 3.0);
    set_qkv_bits(&mut window, 4.0);
    assert_eq!(format_at(&window, 3, "q.activation"), "anda:m=4");
    assert_eq!(format_at(&window, 4, "q.activation"), "anda:m=7");
}

#[test]
fn a_parameter_goes_back_to_its_preset() {
    let folder = Folder::new("reset");
    let mut window = window(&folder);
    let before = window.state().session().design.clone();
    enter(&mut window, "Columns value", 32.0);
    settle(&mut window);
    press(&mut window, "Reset");
    settle(&mut window);
    assert_eq!(window.state().session().design, before);
}

#[test]
fn a_locked_parameter_cannot_be_dragged() {
    let folder = Folder::new("lock");
    let mut window = window(&folder);
    window
        .get_by_role_and_label(Role::Label, "Rows")
        .click_secondary();
    press(&mut window, "Lock");
    let slider = window.get_by_role_and_label(Role::Slider, "Rows");
    slider.set_value_accesskit(64.0);
    respond(&mut window);
    assert_eq!(window.state().session().design.array.rows, 16);
    assert_eq!(window.state().session().locked.len(), 1);
}

#[test]
fn a_search_shows_what_it_names() {
    let folder = Folder::new("search");
    let mut window = window(&folder);
    fill(&mut window, "Search parameters", "buffer");
    assert!(
        window
            .query_by_role_and_label(Role::Slider, "Weight buffer")
            .is_some()
    );
    assert!(
        window
            .query_by_role_and_label(Role::Slider, "Rows")
            .is_none()
    );
    fill(&mut window, "Search parameters", "");
    assert!(
        window
            .query_by_role_and_label(Role::Slider, "Rows")
            .is_some()
    );
}

#[test]
fn a_search_keeps_the_keyboard_from_letter_to_letter() {
    let folder = Folder::new("letters");
    let mut window = window(&folder);
    press(&mut window, "Search parameters");
    for letter in ["b", "u", "f", "f"] {
        focused_field(&mut window).type_text(letter);
        respond(&mut window);
    }
    let field = window.get_by_label("Search parameters");
    assert!(field.is_focused());
    assert_eq!(field.value().as_deref(), Some("buff"));
    assert!(
        window
            .query_by_role_and_label(Role::Slider, "Weight buffer")
            .is_some()
    );
}

#[test]
fn another_model_keeps_batch_and_lengths_and_says_where_it_cannot() {
    let folder = Folder::new("lengths");
    let mut window = window(&folder);
    for (label, value) in [
        ("Batch value", 8.0),
        ("Prompt value", 1500.0),
        ("Context value", 4096.0),
    ] {
        enter(&mut window, label, value);
    }
    let lengths = |window: &Window| {
        let workload = &window.state().session().workload;
        let name = workload.model.name.clone();
        let lengths = [
            workload.batch,
            workload.prefill_tokens,
            workload.context_tokens,
        ];
        (name, lengths)
    };
    assert_eq!(lengths(&window).1, [8, 1500, 4096]);
    choose_model(&mut window, "LLaMA-7B");
    told(
        &mut window,
        "LLaMA-7B takes at most 2048 tokens: context 4096 becomes 2048",
    );
    assert_eq!(lengths(&window), ("LLaMA-7B".to_owned(), [8, 1500, 2048]));
}

fn choose_model(window: &mut Window, name: &str) {
    activate(window, "Model");
    activate(window, name);
    settle(window);
}

#[test]
fn shift_makes_a_drag_fine() {
    let folder = Folder::new("fine");
    let mut window = window(&folder);
    let slider = window.get_by_role_and_label(Role::Slider, "Weight buffer");
    let rail = slider.rect();
    let at = |share: f32| egui::pos2(rail.left() + share * rail.width(), rail.center().y);
    let weight_kib = |window: &Window| window.state().session().design.buffers.weight_kib;
    window.drag_at(at(0.5));
    respond(&mut window);
    let start = weight_kib(&window);
    window.hover_at(at(0.6));
    respond(&mut window);
    let coarse = weight_kib(&window);
    window.drop_at(at(0.6));
    respond(&mut window);
    window.drag_at(at(0.5));
    respond(&mut window);
    window.event(egui::Event::ModifiersChanged(Modifiers::SHIFT));
    respond(&mut window);
    window.hover_at(at(0.6));
    respond(&mut window);
    let fine = weight_kib(&window);
    assert!(coarse > start, "{coarse} {start}");
    assert!(
        fine.abs_diff(start) < coarse.abs_diff(start),
        "{fine} {coarse} {start}"
    );
}
