//! The driver of a window in a test: a folder of its own, waits for what the window shows, keys and paths.
//!
//! A test waits for a state and counts no frames: what a thread answers comes after any number of them.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use blockscape::files::settings::Folders;
use blockscape::session::Session;
use blockscape::session::first::first_session;
use blockscape::window::app::{App, Options};
use blockscape_explorer::{Axis, Spread};
use blockscape_model::evaluation::Metrics;
use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use egui_kittest::{Harness, Node};

/// A window that is driven by a test.
pub(crate) type Window = Harness<'static, App>;

/// Longest wait for a background thread on a machine that is busy with much else; a hang ends with it.
pub(crate) const PATIENCE: Duration = Duration::from_mins(10);

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

/// A window of this size just after it came up; without a file as of a first run.
pub(crate) fn started(folder: &Folder, file: Option<&Path>, size: [f32; 2]) -> Window {
    let options = Options {
        file: file.map(Path::to_path_buf),
        folders: folder.folders(),
        n_threads: 1,
    };
    Harness::builder()
        .with_size(egui::Vec2::from(size))
        .with_os(egui::os::OperatingSystem::Nix)
        .build_eframe(|context| App::new(&context.egui_ctx, options))
}

pub(crate) fn opened(folder: &Folder, file: &Path) -> Window {
    let mut window = started(folder, Some(file), [1280.0, 1600.0]);
    settle(&mut window);
    if is_shown(&window, "Skip tour") {
        // A question above the tour keeps it where it is.
        press(&mut window, "Skip tour");
    }
    window
}

/// Draws what waits in the queue, and the frames in which it has its effect; nothing of another thread is waited for.
pub(crate) fn respond(window: &mut Window) {
    window.run_steps(3);
}

/// Draws what waits in the queue.
pub(crate) fn follow(window: &mut Window) {
    window.step();
}

/// Lets this time pass on the window's own clock.
pub(crate) fn pass(window: &mut Window, seconds: f32) {
    let start = window.ctx.input(|input| input.time);
    while window.ctx.input(|input| input.time) < start + f64::from(seconds) {
        window.step();
    }
}

/// Whether a widget with this label is drawn.
pub(crate) fn is_shown(window: &Window, label: &str) -> bool {
    window.query_all_by_label(label).next().is_some()
}

/// Draws until a widget has this label.
pub(crate) fn shown(window: &mut Window, label: &str) {
    until(window, label, |window| is_shown(window, label));
}

/// Draws until a widget has this text in its label.
pub(crate) fn shown_with(window: &mut Window, part: &str) {
    until(window, part, |window| {
        window.query_all_by_label_contains(part).next().is_some()
    });
}

/// Draws until no widget has this label any more.
pub(crate) fn gone(window: &mut Window, label: &str) {
    until(window, &format!("the end of {label}"), |window| {
        !is_shown(window, label)
    });
}

/// Draws until a widget has this label, which it still has then.
fn found(window: &mut Window, label: &str) {
    wait(window, label, |window| is_shown(window, label));
}

/// Presses the widget of this label once it is there.
pub(crate) fn press(window: &mut Window, label: &str) {
    found(window, label);
    window.get_by_label(label).click();
    respond(window);
}

/// Does what a press on the widget of this label does, also where no pointer reaches it; a menu's entry as soon as it is there.
pub(crate) fn activate(window: &mut Window, label: &str) {
    found(window, label);
    window.get_by_label(label).click_accesskit();
    respond(window);
}

/// Gives the field or slider of this label a number.
pub(crate) fn enter(window: &mut Window, label: &str, number: f64) {
    found(window, label);
    window.get_by_label(label).set_value_accesskit(number);
    respond(window);
}

/// Gives the field of this label a text.
pub(crate) fn fill(window: &mut Window, label: &str, text: &str) {
    found(window, label);
    window.get_by_label(label).set_text_value_accesskit(text);
    respond(window);
}

/// The text field that has the keyboard, once there is one.
pub(crate) fn focused_field(window: &mut Window) -> Node<'_> {
    wait(window, "a field with the keyboard", |window| {
        let mut fields =
            window.query_all_by(|node| node.role() == Role::TextInput && node.is_focused());
        fields.next().is_some()
    });
    window.get_by(|node| node.role() == Role::TextInput && node.is_focused())
}

/// Draws until a condition holds, and the frames in which the window follows it.
pub(crate) fn until(window: &mut Window, what: &str, holds: impl Fn(&Window) -> bool) {
    wait(window, what, holds);
    respond(window);
}

/// Draws until a condition holds and not a frame more.
fn wait(window: &mut Window, what: &str, holds: impl Fn(&Window) -> bool) {
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
}

/// Draws until the exploration is whole and the details are those of the edited design.
pub(crate) fn settle(window: &mut Window) {
    respond(window);
    until(window, "a whole exploration", |window| {
        let app = window.state();
        !app.is_opening() && !app.results().is_running() && !app.is_inspecting()
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
    respond(window);
}

/// Types a path into the open dialog and confirms it.
pub(crate) fn give_path(window: &mut Window, path: &Path) {
    focused_field(window).set_text_value_accesskit(&path.to_string_lossy());
    respond(window);
    window.key_press(Key::Enter);
    respond(window);
}

/// The slider that most tests move.
pub(crate) const QKV_SLIDER: &str = "q k v in mantissa bits";

/// Moves that slider to a number of bits and waits for what follows.
pub(crate) fn set_qkv_bits(window: &mut Window, bits: f64) {
    let slider = window.get_by_role_and_label(Role::Slider, QKV_SLIDER);
    slider.set_value_accesskit(bits);
    settle(window);
}

/// Drags that slider from its middle over these shares of its length and lets go.
pub(crate) fn drag_qkv(window: &mut Window, shares: &[f32]) {
    let rail = window
        .get_by_role_and_label(Role::Slider, QKV_SLIDER)
        .rect();
    let at = |share: f32| egui::pos2(rail.left() + share * rail.width(), rail.center().y);
    window.drag_at(at(0.5));
    respond(window);
    for share in shares {
        window.hover_at(at(*share));
        pass(window, 10.0);
    }
    window.drop_at(at(shares.last().copied().unwrap_or(0.5)));
    respond(window);
}

/// A file of the data folder; where it is absent the test is skipped with a message.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
pub(crate) fn data(file: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let path = folder.join(file);
    if !path.exists() {
        eprintln!("skipped: {} is not there", path.display());
        return None;
    }
    Some(path)
}

/// Opens a model by its path and waits until it is looked into.
pub(crate) fn open_model(window: &mut Window, model: &Path) {
    shortcut(window, Modifiers::COMMAND, Key::M);
    give_path(window, model);
    until(window, "the model", |window| {
        window.state().results().checkpoint.is_some()
    });
    settle(window);
}

/// Opens the palette and does the first action that its text finds.
pub(crate) fn choose(window: &mut Window, action: &str) {
    shortcut(window, Modifiers::COMMAND, Key::P);
    focused_field(window).type_text(action);
    respond(window);
    window.key_press(Key::Enter);
    respond(window);
}

/// Draws until the newest message has this text in it.
pub(crate) fn told(window: &mut Window, text: &str) {
    until(window, text, |window| {
        let notice = window.state().notice();
        notice.is_some_and(|notice| notice.contains(text))
    });
}
