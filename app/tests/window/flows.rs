//! Edit, undo, save, open, compare, paint, recover.

use blockscape::session::Session;
use blockscape::session::first::first_session;
use blockscape_model::evaluation::Metric;
use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;

use crate::driver::{
    Folder, QKV_SLIDER, data, drag_qkv, enter, focused_field, give_path, metrics, open_model,
    opened, pass, press, respond, set_qkv_bits, settle, shortcut, shown_with, small_session, told,
    until, window,
};

#[test]
fn a_slider_moves_the_point_and_undo_brings_it_back() {
    let folder = Folder::new("slider");
    let mut window = window(&folder);
    let before = metrics(&window);
    set_qkv_bits(&mut window, 4.0);
    let after = metrics(&window);
    assert!(
        after.get(Metric::Sqnr) < before.get(Metric::Sqnr),
        "fewer bits, more noise"
    );
    assert!(after.get(Metric::EnergyPerToken) <= before.get(Metric::EnergyPerToken));
    pass(&mut window, 15.0);
    shortcut(&mut window, Modifiers::COMMAND, Key::Z);
    settle(&mut window);
    assert!(metrics(&window).same_bits(&before));
    shortcut(&mut window, Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    settle(&mut window);
    assert!(metrics(&window).same_bits(&after));
}

#[test]
fn a_whole_drag_is_one_step_of_undo() {
    let folder = Folder::new("drag");
    let mut window = window(&folder);
    let before = window.state().session().design.clone();
    drag_qkv(&mut window, &[0.6, 0.7, 0.8, 0.9]);
    assert_ne!(window.state().session().design, before);
    shortcut(&mut window, Modifiers::COMMAND, Key::Z);
    assert_eq!(window.state().session().design, before);
}

#[test]
fn arrow_keys_step_a_focused_slider() {
    let folder = Folder::new("arrows");
    let mut window = window(&folder);
    window
        .get_by_role_and_label(Role::Slider, QKV_SLIDER)
        .focus();
    respond(&mut window);
    window.key_press(Key::ArrowRight);
    respond(&mut window);
    let slot = "q.activation".parse().unwrap();
    assert_eq!(
        window
            .state()
            .session()
            .design
            .formats
            .at(0, slot)
            .to_string(),
        "anda:m=8"
    );
}

#[test]
fn a_saved_session_opens_to_the_same_numbers() {
    let folder = Folder::new("save");
    let mut window = window(&folder);
    set_qkv_bits(&mut window, 9.0);
    let before = metrics(&window);
    shortcut(&mut window, Modifiers::COMMAND, Key::S);
    told(&mut window, "Saved");
    let saved = folder.0.join("start.ron");
    drop(window);
    let window = opened(&folder, &saved);
    assert!(metrics(&window).same_bits(&before));
}

#[test]
fn what_cannot_be_opened_is_named_and_the_session_stays() {
    let folder = Folder::new("bad");
    let mut window = window(&folder);
    let before = window.state().session().clone();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let broken = small_session()
        .to_ron()
        .replacen("mantissa_bits", "mantissa_bitz", 1);
    for (path, told) in [
        (write("empty.ron", b""), "empty"),
        (write("other.ron", b"(colour: 3)"), "not a session"),
        (write("typo.ron", broken.as_bytes()), "mantissa_bitz"),
        (write("short.gguf", b"GGUF\x03\x00\x00\x00"), "short.gguf"),
        (folder.0.clone(), "directory"),
        (folder.0.join("missing.ron"), "missing.ron"),
    ] {
        shortcut(&mut window, Modifiers::COMMAND, Key::O);
        give_path(&mut window, &path);
        until(&mut window, told, |window| {
            window
                .state()
                .notice()
                .is_some_and(|notice| notice.contains(told))
        });
        assert!(!window.state().notice().unwrap_or_default().contains('\n'));
        assert_eq!(window.state().session(), &before);
    }
}

#[test]
fn a_value_that_is_not_allowed_is_explained_at_its_control() {
    let folder = Folder::new("refused");
    let mut window = window(&folder);
    enter(&mut window, "Columns value", 5000.0);
    shown_with(&mut window, "5000 is not allowed");
    assert_eq!(window.state().session().design.array.columns, 16);
}

#[test]
fn a_pinned_design_is_compared_with_and_can_be_let_go() {
    let folder = Folder::new("pin");
    let mut window = window(&folder);
    press(&mut window, "Pin");
    settle(&mut window);
    assert_eq!(window.state().session().reference, Some(0));
    shown_with(&mut window, "vs Anda");
    assert!(window.state().results().pinned[0].is_some());
    press(&mut window, "Unpin Anda");
    settle(&mut window);
    assert!(window.state().session().pinned.is_empty());
}

#[test]
fn the_palette_finds_parameters_and_actions() {
    let folder = Folder::new("palette");
    let mut window = window(&folder);
    shortcut(&mut window, Modifiers::COMMAND, Key::P);
    focused_field(&mut window).type_text("accum");
    respond(&mut window);
    window.key_press(Key::Enter);
    until(&mut window, "the parameter that was sought", |window| {
        window
            .query_by_role_and_label(Role::Slider, "Accumulator")
            .is_some()
    });
    assert!(
        window
            .query_by_role_and_label(Role::Slider, "Rows")
            .is_none(),
        "the search hides the rest"
    );
}

#[test]
fn selected_cells_of_the_grid_are_painted_unless_locked() {
    let folder = Folder::new("grid");
    let mut window = window(&folder);
    press(&mut window, "Grid");
    press(&mut window, "Keys");
    press(&mut window, "Paint");
    settle(&mut window);
    let key = "qk.key".parse().unwrap();
    let painted = window.state().session().design.formats.at(3, key);
    assert_eq!(painted.to_string(), "bfp:m=6,e=5,b=64");
    press(&mut window, "Lock");
    press(&mut window, "Reset cells");
    settle(&mut window);
    assert_eq!(
        window.state().session().design.formats.at(3, key),
        painted,
        "a locked column stays"
    );
}

#[test]
fn unsaved_work_is_asked_about() {
    let folder = Folder::new("unsaved");
    let mut window = window(&folder);
    set_qkv_bits(&mut window, 9.0);
    let edited = window.state().session().clone();
    shortcut(&mut window, Modifiers::COMMAND, Key::N);
    press(&mut window, "Cancel");
    assert_eq!(window.state().session(), &edited);
    shortcut(&mut window, Modifiers::COMMAND, Key::N);
    press(&mut window, "Discard");
    assert_eq!(window.state().session().design, first_session().design);
}

#[test]
fn work_of_a_window_that_did_not_close_can_be_brought_back() {
    let folder = Folder::new("recover");
    let mut left = small_session();
    left.design.array.rows = 24;
    let state = folder.folders().state.unwrap();
    std::fs::create_dir_all(&state).unwrap();
    let copy = state.join(format!("recovery-{}.ron", u32::MAX));
    std::fs::write(&copy, left.to_ron()).unwrap();
    let mut window = window(&folder);
    press(&mut window, "Bring back");
    settle(&mut window);
    assert_eq!(window.state().session().design.array.rows, 24);
    assert!(!copy.exists());
}

#[test]
fn an_edit_leaves_a_copy_for_recovery() {
    let folder = Folder::new("copy");
    let mut window = window(&folder);
    set_qkv_bits(&mut window, 10.0);
    let copy = folder.folders().recovery_path().unwrap();
    // The state before the edit may be copied first.
    until(&mut window, "a copy of the edit", |window| {
        let text = std::fs::read_to_string(&copy).unwrap_or_default();
        Session::from_ron(&text)
            .is_ok_and(|session| session.design == window.state().session().design)
    });
    assert_ne!(
        window.state().session().design,
        small_session().design,
        "the slider changed the design"
    );
}

#[test]
fn a_folder_without_write_permission_costs_a_message_and_nothing_else() {
    let folder = Folder::new("readonly");
    let mut window = window(&folder);
    let blocked = folder.0.join("file");
    std::fs::write(&blocked, b"in the way").unwrap();
    shortcut(&mut window, Modifiers::COMMAND | Modifiers::SHIFT, Key::S);
    let path = blocked.join("session.ron");
    focused_field(&mut window).set_text_value_accesskit(&path.to_string_lossy());
    respond(&mut window);
    press(&mut window, "Save");
    told(&mut window, "cannot");
    assert_eq!(std::fs::read(&blocked).unwrap(), b"in the way");
}

#[test]
fn a_file_of_unknown_architecture_opens_as_weights_only() {
    let Some(model) = data("models/all-MiniLM-L6-v2-f16/model.safetensors") else {
        return;
    };
    let folder = Folder::new("weights");
    let mut window = window(&folder);
    let shape = window.state().session().workload.model.clone();
    open_model(&mut window, &model);
    let report = window.state().results().checkpoint.as_ref().unwrap();
    assert_eq!(
        report.rows.len(),
        6 * 6 + 4,
        "six a layer, three embeddings and the pooler"
    );
    assert!(report.rows.iter().all(|tensor| tensor.sqnr_db > 5.0));
    assert!(report.architecture.as_ref().unwrap_err().contains("bert"));
    shown_with(&mut window, "perplexity cannot be measured");
    assert_eq!(window.state().session().workload.model, shape);
    assert_eq!(window.state().session().checkpoint, None);
}

#[test]
fn an_opened_model_shows_the_error_of_each_weight() {
    let Some(model) = data("gguf/stories260K-F32.gguf") else {
        return;
    };
    let folder = Folder::new("model");
    let mut window = window(&folder);
    open_model(&mut window, &model);
    let report = window.state().results().checkpoint.as_ref().unwrap();
    assert_eq!(
        report.rows.len(),
        7 * 5,
        "seven weights a layer; the head shares the embedding"
    );
    assert!(report.rows.iter().all(|tensor| tensor.sqnr_db > 5.0));
    assert_eq!(window.state().session().workload.model.n_layers, 5);
    until(&mut window, "a front over noise", |window| {
        !window.state().results().front.is_empty()
    });
    let objectives = &window.state().session().exploration.objectives;
    assert_eq!(
        objectives[0].metric,
        Metric::Sqnr,
        "no perplexity is known for it"
    );
}
