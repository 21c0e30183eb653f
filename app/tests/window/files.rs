//! What leaves the window and comes back: figures of every plot, spaces, presets, damaged and blocked files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use blockscape::files::embedded_preset::embedded_preset;
use blockscape::files::preset_library::{self, Opened};
use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;

use crate::driver::{
    Folder, Window, choose, focused_field, give_path, metrics, opened, press, respond,
    set_qkv_bits, settle, shortcut, shown, started, told, until, window,
};

/// A file as the desktop drops it.
#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|error| error.to_string())
    }
}

/// Drops a file on the window.
fn drop_file(window: &mut Window, path: &Path) {
    let file = Arc::new(Dropped(path.to_path_buf()));
    window.input_mut().dropped_files.push(file);
    respond(window);
}

#[test]
fn every_plot_is_exported_from_the_window_and_restores_the_session() {
    let folder = Folder::new("figures");
    let mut window = window(&folder);
    let before = metrics(&window);
    let session = window.state().session().clone();
    for (plot, ending) in [
        ("Pareto", "tex"),
        ("Breakdown", "tex"),
        ("Roofline", "png"),
        ("Layers", "tex"),
        ("Sensitivity", "tex"),
        ("Coordinates", "tex"),
        ("Bit layout", "tex"),
        ("Tensor", "tex"),
    ] {
        let path = folder.0.join(format!("{plot}.{ending}"));
        choose(&mut window, &format!("Export figure: {plot}"));
        give_path(&mut window, &path);
        told(&mut window, &format!("{plot}.{ending}"));
        let notice = window.state().notice().unwrap_or_default().to_owned();
        assert!(notice.starts_with("Exported"), "{notice}");
        let preset = embedded_preset(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(preset, session.to_ron(), "{plot}");
        assert!(!path.with_extension("csv").exists(), "{plot}");
    }
    drop_file(&mut window, &folder.0.join("Roofline.png"));
    told(&mut window, "Opened");
    settle(&mut window);
    assert_eq!(window.state().session(), &session);
    assert!(metrics(&window).same_bits(&before));
    let figure = std::fs::read(folder.0.join("Roofline.png")).unwrap();
    shortcut(&mut window, Modifiers::COMMAND, Key::S);
    // Saving asks for a name instead of writing over the figure.
    shown(&mut window, "Save session");
    assert_eq!(
        std::fs::read(folder.0.join("Roofline.png")).unwrap(),
        figure
    );
}

#[test]
fn what_goes_beside_a_figure_is_asked_for_and_replaces_nothing_unasked() {
    let folder = Folder::new("beside");
    let mut window = window(&folder);
    let figure = folder.0.join("front.svg");
    let numbers = folder.0.join("front.csv");
    std::fs::write(&numbers, "hours of work").unwrap();
    choose(&mut window, "Export figure: Bit layout");
    press(&mut window, "Numbers (.csv)");
    let field = window.get_by(|node| {
        node.role() == Role::TextInput && node.value().is_some_and(|text| text.contains(".svg"))
    });
    field.focus();
    respond(&mut window);
    give_path(&mut window, &figure);
    assert!(window.query_by_label_contains("front.csv exists").is_some());
    assert_eq!(std::fs::read(&numbers).unwrap(), b"hours of work");
    assert!(!figure.exists());
    window.get_by_role_and_label(Role::Button, "Save").click();
    told(&mut window, "Exported");
    assert!(figure.is_file());
    assert_ne!(std::fs::read(&numbers).unwrap(), b"hours of work");
}

#[test]
fn no_export_writes_over_the_file_of_the_session() {
    let folder = Folder::new("own-file");
    let mut window = window(&folder);
    let session = folder.0.join("start.ron");
    let before = std::fs::read(&session).unwrap();
    for action in ["Export front", "Save design", "Save space"] {
        choose(&mut window, action);
        give_path(&mut window, &session);
        window.get_by_role_and_label(Role::Button, "Save").click();
        told(&mut window, "the file of this session");
        assert_eq!(std::fs::read(&session).unwrap(), before, "{action}");
    }
}

#[test]
fn an_export_that_cannot_be_written_is_told_and_the_next_one_goes_on() {
    let folder = Folder::new("blocked-figure");
    let mut window = window(&folder);
    let blocked = folder.0.join("file");
    std::fs::write(&blocked, b"in the way").unwrap();
    choose(&mut window, "Export figure: Bit layout");
    give_path(&mut window, &blocked.join("a.svg"));
    told(&mut window, "cannot create folder");
    choose(&mut window, "Export figure: Bit layout");
    give_path(&mut window, &folder.0.join("a.svg"));
    told(&mut window, "Exported");
    assert_eq!(std::fs::read(&blocked).unwrap(), b"in the way");
}

#[test]
fn design_and_space_are_saved_and_come_back_by_drop_and_by_path() {
    let folder = Folder::new("kinds");
    let mut window = window(&folder);
    let session = window.state().session().clone();
    let save = |window: &mut Window, action: &str, name: &str| -> PathBuf {
        let path = folder.0.join(name);
        choose(window, action);
        give_path(window, &path);
        told(window, name);
        path
    };
    let design = save(&mut window, "Save design", "design.ron");
    let space = save(&mut window, "Save space", "space.ron");
    assert_eq!(
        preset_library::open(&design).unwrap(),
        Opened::Design(Box::new(session.design.clone()))
    );
    let Opened::Space(read) = preset_library::open(&space).unwrap() else {
        panic!("a space was saved");
    };
    assert_eq!(read.axes, session.exploration.axes);
    drop_file(&mut window, &space);
    told(&mut window, "Opened space");
    drop_file(&mut window, &design);
    told(&mut window, "Opened design");
    settle(&mut window);
    assert_eq!(window.state().session().exploration, session.exploration);
    assert_eq!(window.state().session().design, session.design);
}

#[test]
fn a_damaged_copy_for_recovery_is_named_and_kept() {
    let folder = Folder::new("damaged-copy");
    let state = folder.folders().state.unwrap();
    std::fs::create_dir_all(&state).unwrap();
    let copy = state.join(format!("recovery-{}.ron", u32::MAX));
    std::fs::write(&copy, "(version: 1, design: (").unwrap();
    let mut window = window(&folder);
    press(&mut window, "Bring back");
    told(&mut window, "set aside as");
    let kept = std::fs::read_to_string(copy.with_extension("ron.unread")).unwrap();
    assert_eq!(kept, "(version: 1, design: (");
}

#[test]
fn a_session_of_the_first_version_still_opens() {
    let folder = Folder::new("old");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/window/session_version_1.ron");
    let mut window = opened(&folder, &path);
    told(&mut window, "Opened");
    assert_eq!(window.state().session().design.name, "Anda");
    assert_eq!(window.state().session().exploration.axes.len(), 1);
}

#[test]
fn saving_first_goes_on_with_what_was_wanted_also_where_a_name_is_asked_for() {
    let folder = Folder::new("save-first");
    let mut window = started(&folder, None, [1280.0, 1600.0]);
    settle(&mut window);
    set_qkv_bits(&mut window, 9.0);
    let edited = window.state().session().design.clone();
    shortcut(&mut window, Modifiers::COMMAND, Key::N);
    press(&mut window, "Save");
    let file = folder.0.join("mine.ron");
    give_path(&mut window, &file);
    until(&mut window, "a new session", |window| {
        window.state().session().design != edited
    });
    let Opened::Session(saved) = preset_library::open(&file).unwrap() else {
        panic!("a session was saved");
    };
    assert_eq!(saved.design, edited);
}

#[test]
fn a_name_that_is_not_given_leaves_everything_as_it_is() {
    let folder = Folder::new("save-never");
    let mut window = started(&folder, None, [1280.0, 1600.0]);
    settle(&mut window);
    set_qkv_bits(&mut window, 9.0);
    let edited = window.state().session().clone();
    shortcut(&mut window, Modifiers::COMMAND, Key::N);
    press(&mut window, "Save");
    press(&mut window, "Cancel");
    let file = folder.0.join("later.ron");
    shortcut(&mut window, Modifiers::COMMAND | Modifiers::SHIFT, Key::S);
    give_path(&mut window, &file);
    told(&mut window, "Saved");
    assert_eq!(window.state().session(), &edited, "the wish is forgotten");
}

#[test]
fn what_changes_a_part_of_the_session_asks_nothing() {
    let folder = Folder::new("part");
    let mut window = window(&folder);
    let design = folder.0.join("design.ron");
    choose(&mut window, "Save design");
    give_path(&mut window, &design);
    told(&mut window, "design.ron");
    press(&mut window, "Pin");
    settle(&mut window);
    shortcut(&mut window, Modifiers::COMMAND, Key::O);
    give_path(&mut window, &design);
    told(&mut window, "Opened design");
    assert!(window.query_by_label("Save the changes?").is_none());
    assert_eq!(window.state().session().pinned.len(), 1);
    // A session takes the place of all that.
    shortcut(&mut window, Modifiers::COMMAND, Key::O);
    give_path(&mut window, &folder.0.join("start.ron"));
    press(&mut window, "Discard");
    until(&mut window, "the session", |window| {
        window.state().session().pinned.is_empty()
    });
}

#[test]
fn a_click_beside_the_path_dialog_reaches_no_design() {
    let folder = Folder::new("shield");
    let mut window = window(&folder);
    let before = window.state().session().clone();
    shortcut(&mut window, Modifiers::COMMAND, Key::O);
    focused_field(&mut window);
    let dialog = window.get_by_role_and_label(Role::Button, "Open").rect();
    let dialog = dialog.expand(150.0);
    for row in 0..12_u8 {
        let at = egui::pos2(640.0, 150.0 + 70.0 * f32::from(row));
        if dialog.contains(at) {
            continue;
        }
        window.drag_at(at);
        window.drop_at(at);
        respond(&mut window);
    }
    press(&mut window, "Pin");
    assert_eq!(window.state().session().design, before.design);
    assert!(window.state().session().pinned.is_empty());
    press(&mut window, "Cancel");
    press(&mut window, "Pin");
    assert_eq!(window.state().session().pinned.len(), 1);
}
