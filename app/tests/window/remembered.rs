//! What the window remembers and shows of its file: title, name of the design, last session, messages.

use blockscape::files::settings::Settings;
use egui::{Key, Modifiers};

use crate::driver::{
    Folder, activate, enter, pass, press, set_qkv_bits, settle, shortcut, small_session, started,
    told, until, window,
};

#[test]
fn title_and_name_follow_the_work() {
    let folder = Folder::new("title");
    let mut window = window(&folder);
    assert_eq!(window.state().title(), "start.ron – Blockscape");
    set_qkv_bits(&mut window, 9.0);
    assert_eq!(window.state().title(), "start.ron* – Blockscape");
    assert_eq!(window.state().session().design.name, "Anda, edited");
    shortcut(&mut window, Modifiers::COMMAND, Key::S);
    told(&mut window, "Saved");
    assert_eq!(window.state().title(), "start.ron – Blockscape");
    pass(&mut window, 5.0);
    shortcut(&mut window, Modifiers::COMMAND, Key::Z);
    settle(&mut window);
    assert_eq!(window.state().session().design.name, "Anda");
}

#[test]
fn the_session_of_the_last_run_is_open_again() {
    let folder = Folder::new("last");
    let mut left = small_session();
    left.design.array.rows = 24;
    let file = folder.0.join("mine.ron");
    std::fs::write(&file, left.to_ron()).unwrap();
    let settings = Settings {
        last: Some(file),
        ..Settings::default()
    };
    folder.folders().write_settings(&settings).unwrap();
    let mut window = started(&folder, None, [1280.0, 1000.0]);
    until(&mut window, "the last session", |window| {
        window.state().session().design.array.rows == 24
    });
    assert_eq!(window.state().title(), "mine.ron – Blockscape");
}

#[test]
fn a_message_goes_with_the_step_that_it_told_of() {
    let folder = Folder::new("taken-back");
    let mut window = window(&folder);
    enter(&mut window, "Context value", 4096.0);
    settle(&mut window);
    pass(&mut window, 5.0);
    activate(&mut window, "Model");
    activate(&mut window, "LLaMA-7B");
    settle(&mut window);
    told(&mut window, "takes at most 2048 tokens");
    pass(&mut window, 5.0);
    shortcut(&mut window, Modifiers::COMMAND, Key::Z);
    settle(&mut window);
    assert_eq!(window.state().session().workload.context_tokens, 4096);
    assert_eq!(window.state().notice(), None);
}

#[test]
fn a_session_with_a_kept_front_opens_again() {
    let folder = Folder::new("kept-front");
    let mut window = window(&folder);
    press(&mut window, "Keep front");
    shortcut(&mut window, Modifiers::COMMAND, Key::S);
    told(&mut window, "Saved");
    drop(window);
    let window = crate::driver::opened(&folder, &folder.0.join("start.ron"));
    assert_eq!(window.state().session().fronts.len(), 1);
    assert_eq!(window.state().results().pinned_fronts.len(), 1);
}
