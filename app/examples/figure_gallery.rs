//! Every plot as a figure, drawn from made-up numbers: `cargo run --example figure_gallery -- OUT_DIR`.

use std::fs;
use std::path::{Path, PathBuf};

use blockscape::figure::{FigureFormat, Page, render};
use blockscape::plots::PlotTheme;
use blockscape::plots::pareto::{
    FrontPoint, NamedPoint, ParetoData, ParetoView, pareto_chart_ui, visible_front,
};
use blockscape_model::evaluation::{Metric, Metrics};

fn main() -> anyhow::Result<()> {
    let folder: PathBuf = std::env::args_os()
        .nth(1)
        .map_or_else(std::env::temp_dir, Into::into);
    fs::create_dir_all(&folder)?;
    pareto(&folder, 20_000)?;
    Ok(())
}

fn save(
    folder: &Path,
    name: &str,
    page: &Page,
    mut plot: impl FnMut(&mut egui::Ui, &PlotTheme),
) -> anyhow::Result<()> {
    for format in FigureFormat::ALL {
        let bytes = render(
            page,
            format,
            Some("(name: \"gallery\", note: \"<a & b>\")\n"),
            &mut plot,
        )?;
        fs::write(folder.join(format!("{name}.{}", format.extension())), bytes)?;
    }
    Ok(())
}

/// A cloud of designs whose accuracy and energy trade against each other.
fn pareto(folder: &Path, n: u32) -> anyhow::Result<()> {
    let candidates: Vec<Metrics> = (0..n)
        .map(|i| {
            let spread = |step: f64| (f64::from(i) * step).fract();
            let effort = spread(0.618_034);
            let waste = spread(0.414_214).powi(2) * 2.0;
            let mut metrics = Metrics::new([f64::NAN; Metric::COUNT]);
            metrics.set(
                Metric::EnergyPerToken,
                40.0 * 10_f64.powf(effort * 1.2) * (1.0 + waste),
            );
            let rise = 3.0 * (-4.0 * effort).exp() * (1.0 + spread(0.732_05));
            metrics.set(Metric::Perplexity, 5.47 + rise + 0.2 * waste);
            metrics
        })
        .collect();
    let all: Vec<FrontPoint> = candidates
        .iter()
        .enumerate()
        .map(|(index, &metrics)| {
            let perplexity = metrics.get(Metric::Perplexity);
            let band = Some((perplexity - 0.03, perplexity + 0.1 * (perplexity - 5.3)));
            FrontPoint {
                index,
                metrics,
                measured: index % 7 == 0,
                perplexity_band: band,
            }
        })
        .collect();
    let front: Vec<FrontPoint> = visible_front(&all, Metric::EnergyPerToken, Metric::Perplexity)
        .into_iter()
        .map(|i| all[i].clone())
        .collect();
    let named = |name: &str, energy: f64, perplexity: f64| {
        let mut metrics = Metrics::new([f64::NAN; Metric::COUNT]);
        metrics.set(Metric::EnergyPerToken, energy);
        metrics.set(Metric::Perplexity, perplexity);
        NamedPoint {
            name: name.to_owned(),
            source: "made up".to_owned(),
            metrics,
            measured: true,
        }
    };
    let literature = [
        named("Anda", 95.0, 5.62),
        named("Harmonia", 88.0, 5.68),
        named("FIGNA", 300.0, 5.5),
    ];
    let trail = [candidates[900], candidates[901]];
    let current = named("", 160.0, 6.0);
    let data = ParetoData {
        generation: 1,
        candidates: &candidates,
        front: &front,
        previous_front: &[],
        current: Some(&current.metrics),
        current_measured: false,
        trail: &trail[..0],
        pinned_fronts: &[],
        pinned: &[],
        literature: &literature,
        limits: &[(Metric::Perplexity, 7.5)],
        describe: &|_| Vec::new(),
    };
    let mut view = ParetoView::default();
    let caption = "Llama-2-7B, prefill 2048, decode 1 at 2048, 28 nm. bfp:m=4,e=8,b=32, nearest-even, floor. \
                   Accuracy: calibrated estimate (hollow), measured (solid).";
    let title = "Perplexity against energy per token";
    let page = Page {
        title: title.to_owned(),
        caption: caption.to_owned(),
        ..Page::default()
    };
    save(folder, "pareto", &page, |ui, theme| {
        pareto_chart_ui(ui, &data, &mut view, theme);
    })?;
    let wide = Page {
        width: 7.0,
        height: 4.0,
        title: String::new(),
        ..page
    };
    save(folder, "pareto_wide", &wide, |ui, theme| {
        pareto_chart_ui(ui, &data, &mut view, theme);
    })
}
