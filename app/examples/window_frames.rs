//! Time of frames of the whole window while a slider is dragged: `cargo run --release --example window_frames`.
//!
//! Nothing is painted on a screen: what is measured is `ui()` and the time from an edit to its first new figures.
#![expect(clippy::print_stdout, reason = "an example that reports")]

use std::time::{Duration, Instant};

use blockscape::window::app::{App, Options};
use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

/// Edits of one drag.
const N_EDITS: u16 = 120;

fn main() {
    let mut window: Harness<'static, App> = Harness::builder()
        .with_size(egui::vec2(1920.0, 1080.0))
        .with_os(egui::os::OperatingSystem::Nix)
        .build_eframe(|context| App::new(&context.egui_ctx, Options::default()));
    let whole = |window: &Harness<'static, App>| {
        !window.state().results().is_running() && !window.state().is_inspecting()
    };
    while !whole(&window) || window.state().results().front.is_empty() {
        window.step();
    }
    let n_designs = window.state().results().shown.metrics.len();
    report_still(&mut window);
    let slider = window.get_by_role_and_label(Role::Slider, "q k v in mantissa bits");
    let rail = slider.rect();
    let at = |share: f32| egui::pos2(rail.left() + share * rail.width(), rail.center().y);
    window.drag_at(at(0.1));
    window.step();
    let (mut frames, mut answers) = (Vec::new(), Vec::new());
    for edit in 0..N_EDITS {
        let before = window.state().results().current;
        let design = window.state().session().design.clone();
        let share = 0.1 + 0.8 * (f32::from(edit) / 7.0).fract();
        window.hover_at(at(share));
        let started = Instant::now();
        window.step();
        frames.push(window.state().clock().latest());
        let changed = window.state().session().design != design;
        while changed && started.elapsed() < Duration::from_secs(1) {
            window.step();
            frames.push(window.state().clock().latest());
            if window.state().results().current != before {
                answers.push(started.elapsed());
                break;
            }
        }
    }
    window.drop_at(at(0.5));
    println!("dragging over {n_designs} designs");
    report("ui() of a frame", &mut frames);
    report("edit to its first figures, frames included", &mut answers);
}

fn report_still(window: &mut Harness<'static, App>) {
    let mut frames: Vec<Duration> = (0..60)
        .map(|_| {
            window.step();
            window.state().clock().latest()
        })
        .collect();
    report("ui() while nothing changes", &mut frames);
}

fn report(what: &str, times: &mut [Duration]) {
    times.sort_unstable();
    let place =
        |share: usize| times.get((times.len() * share / 100).min(times.len().saturating_sub(1)));
    let ms = |share| place(share).map_or(f64::NAN, |time| 1e3 * time.as_secs_f64());
    println!(
        "{what}: {} times, median {:.2} ms, 95 % below {:.2} ms, longest {:.2} ms",
        times.len(),
        ms(50),
        ms(95),
        ms(100)
    );
}
