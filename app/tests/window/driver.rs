//! What drives a window in a test: a folder of its own, waits on what the window shows, keys and paths.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use blockscape::app::{App, Options};
use blockscape::preset_library::first_session;
use blockscape::session::Session;
use blockscape::settings::Folders;
use blockscape_explorer::{Axis, Spread};
use blockscape_model::evaluation::Metrics;
use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

/// A window that is driven by a test.
pub(crate) type Window = Harness<'static, App>;

/// Longest wait for a background thread on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

/// A folder of one test, removed with it.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("blockscape-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn folders(&self) -> Folders {
        Folders {
            config: Some(self.0.join("config")),
            state: Some(self.0.join("state")),
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The first session with three designs to explore instead of thousands.
pub(crate) fn small_session() -> Session {
    let mut session = first_session();
    session.exploration.axes = vec![Axis {
        parameter: "mantissa_bits qkv.activation".parse().unwrap(),
        values: Spread::Range {
            from: 5.0,
            to: 7.0,
            step: 1.0,
        },
    }];
    session
}

pub(crate) fn window(folder: &Folder) -> Window {
    let file = folder.0.join("start.ron");
    std::fs::write(&file, small_session().to_ron()).unwrap();
    opened(folder, &file)
}

pub(crate) fn opened(folder: &Folder, file: &Path) -> Window {
    let options = Options {
        file: Some(file.to_path_buf()),
        folders: folder.folders(),
        n_threads: 1,
    };
    let mut window = Harness::builder()
        .with_size(egui::vec2(1280.0, 1600.0))
        .with_os(egui::os::OperatingSystem::Nix)
        .build_eframe(|context| App::new(&context.egui_ctx, options));
    settle(&mut window);
    if window.query_by_label("Skip tour").is_some() {
        window.get_by_label("Skip tour").click();
        window.run_steps(3);
    }
    window
}

/// Draws until a condition holds.
pub(crate) fn until(window: &mut Window, what: &str, holds: impl Fn(&Window) -> bool) {
    let start = Instant::now();
    while !holds(window) {
        assert!(
            start.elapsed() < PATIENCE,
            "never came: {what}; notice: {:?}",
            window.state().notice()
        );
        window.step();
        std::thread::yield_now();
    }
    window.run_steps(2);
}

/// Draws until the exploration is whole and the details are those of the edited design.
pub(crate) fn settle(window: &mut Window) {
    window.run_steps(2);
    until(window, "a whole exploration", |window| {
        !window.state().results().is_running() && !window.state().is_inspecting()
    });
}

pub(crate) fn metrics(window: &Window) -> Metrics {
    window
        .state()
        .results()
        .current
        .expect("the design was evaluated")
}

pub(crate) fn shortcut(window: &mut Window, modifiers: Modifiers, key: Key) {
    window.key_press_modifiers(modifiers, key);
    window.run_steps(3);
}

/// Types a path into the open dialog and confirms it.
pub(crate) fn give_path(window: &mut Window, path: &Path) {
    let field = window.get_by(|node| node.role() == Role::TextInput && node.is_focused());
    field.set_text_value_accesskit(&path.to_string_lossy());
    window.run_steps(2);
    window.key_press(Key::Enter);
    window.run_steps(3);
}

pub(crate) fn qkv_slider() -> (Role, &'static str) {
    (Role::Slider, "q k v in mantissa bits")
}
