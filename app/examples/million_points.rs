//! Time of a frame of the Pareto plot with a million designs: `cargo run --release --example million_points`.
#![expect(clippy::print_stdout, reason = "an example that reports")]

use std::time::{Duration, Instant};

use blockscape::plots::PlotTheme;
use blockscape::plots::pareto::{ParetoData, ParetoView, pareto_ui};
use blockscape_model::evaluation::{Metric, Metrics};
use egui::{Context, Pos2, RawInput, Rect, vec2};

fn main() {
    let candidates: Vec<Metrics> = (0..1_000_000_u32)
        .map(|i| {
            let spread = |step: f64| (f64::from(i) * step).fract();
            let mut metrics = Metrics::new([f64::NAN; Metric::COUNT]);
            metrics.set(Metric::EnergyPerToken, 40.0 + 400.0 * spread(0.618_034));
            metrics.set(Metric::Perplexity, 5.5 + 3.0 * spread(0.414_214));
            metrics
        })
        .collect();
    let data = ParetoData {
        generation: 1,
        candidates: &candidates,
        current: candidates.first(),
        ..ParetoData::default()
    };
    let ctx = Context::default();
    let theme = PlotTheme::light();
    let mut view = ParetoView::default();
    let frame = |view: &mut ParetoView| {
        let size = vec2(1200.0, 800.0);
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, size)),
            ..RawInput::default()
        };
        let started = Instant::now();
        let mut output = ctx.run_ui(input, |ui| {
            pareto_ui(ui, &data, view, &theme);
        });
        let drawn = started.elapsed();
        output.textures_delta.clear();
        let shapes = ctx.tessellate(output.shapes, output.pixels_per_point).len();
        (drawn, started.elapsed(), shapes)
    };
    let report = |name: &str, times: &[(Duration, Duration, usize)]| {
        let worst = |part: fn(&(Duration, Duration, usize)) -> Duration| {
            times
                .iter()
                .map(part)
                .max()
                .unwrap_or_default()
                .as_secs_f64()
                * 1e3
        };
        println!(
            "{name}: {} frames, longest ui {:.2} ms, with tessellation {:.2} ms",
            times.len(),
            worst(|t| t.0),
            worst(|t| t.1)
        );
    };
    let filling: Vec<_> = (0..20).map(|_| frame(&mut view)).collect();
    report("bringing points in", &filling);
    let still: Vec<_> = (0..50).map(|_| frame(&mut view)).collect();
    report("nothing changes", &still);
    view.x_scale = blockscape::plots::Scale::Linear;
    let changed: Vec<_> = (0..20).map(|_| frame(&mut view)).collect();
    report("another axis", &changed);
}
