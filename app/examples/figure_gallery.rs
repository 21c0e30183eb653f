//! Every plot as a figure, drawn from made-up numbers: `cargo run --example figure_gallery -- OUT_DIR`.

use std::fs;
use std::path::{Path, PathBuf};

use blockscape::figure::{FigureFormat, Page, render};
use blockscape::plots::bit_layout::{BitLayoutData, bit_layout_ui};
use blockscape::plots::breakdown::{
    Bar, BarGroup, BreakdownData, BreakdownView, Part, breakdown_ui,
};
use blockscape::plots::coordinates::{CoordinatesData, CoordinatesView, coordinates_ui};
use blockscape::plots::layer_map::{LayerMapData, LayerMapView, layer_map_ui};
use blockscape::plots::pareto::{
    FrontPoint, NamedPoint, ParetoData, ParetoView, pareto_chart_ui, visible_front,
};
use blockscape::plots::roofline::{Roof, RooflineData, RooflinePoint, RooflineView, roofline_ui};
use blockscape::plots::sensitivity::{
    SensitivityData, SensitivityView, TornadoRow, sensitivity_ui,
};
use blockscape::plots::tensor_view::{TensorSummary, TensorView, tensor_view_ui};
use blockscape::plots::{Axis, PlotTheme, Scale};
use blockscape_model::evaluation::{Metric, Metrics};

fn main() -> anyhow::Result<()> {
    let folder: PathBuf = std::env::args_os()
        .nth(1)
        .map_or_else(std::env::temp_dir, Into::into);
    fs::create_dir_all(&folder)?;
    draw(&folder, &FigureFormat::ALL, Page::default().dpi)
}

/// Draws every plot in some formats.
pub(crate) fn draw(folder: &Path, formats: &[FigureFormat], dpi: f32) -> anyhow::Result<()> {
    let gallery = Gallery {
        folder,
        formats,
        dpi,
    };
    pareto(&gallery, 20_000)?;
    breakdown(&gallery)?;
    roofline(&gallery)?;
    maps(&gallery)?;
    sensitivity(&gallery)?;
    tensor(&gallery)
}

/// Where figures go and in which formats.
struct Gallery<'a> {
    folder: &'a Path,
    formats: &'a [FigureFormat],
    dpi: f32,
}

fn save(
    gallery: &Gallery<'_>,
    name: &str,
    page: &Page,
    mut plot: impl FnMut(&mut egui::Ui, &PlotTheme),
) -> anyhow::Result<()> {
    let page = Page {
        dpi: gallery.dpi,
        ..page.clone()
    };
    for format in gallery.formats {
        let preset = Some("(name: \"gallery\", note: \"<a & b>\")\n");
        let bytes = render(&page, *format, preset, &mut plot)?;
        let file = format!("{name}.{}", format.extension());
        fs::write(gallery.folder.join(file), bytes)?;
    }
    Ok(())
}

/// A cloud of designs whose accuracy and energy trade against each other.
fn pareto(gallery: &Gallery<'_>, n: u32) -> anyhow::Result<()> {
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
            let mut point = FrontPoint::new(index, metrics);
            point.measured = index % 7 == 0;
            point.bands.set(Metric::Perplexity, band);
            point
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
        current: Some(&current.metrics),
        trail: &trail[..0],
        literature: &literature,
        limits: &[(Metric::Perplexity, 7.5)],
        ..ParetoData::default()
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
    save(gallery, "pareto", &page, |ui, theme| {
        pareto_chart_ui(ui, &data, &mut view, theme);
    })?;
    let wide = Page {
        width: 7.0,
        height: 4.0,
        title: String::new(),
        ..page
    };
    save(gallery, "pareto_wide", &wide, |ui, theme| {
        pareto_chart_ui(ui, &data, &mut view, theme);
    })
}

fn breakdown(gallery: &Gallery<'_>) -> anyhow::Result<()> {
    let bar = |name: &str, scale: f64| Bar {
        name: name.to_owned(),
        parts: [
            ("Multipliers", 0.62),
            ("Adders", 0.31),
            ("Converters", 0.08),
            ("Activation buffer", 0.74),
            ("Weight buffer", 0.42),
            ("Control", 0.05),
        ]
        .map(|(name, value)| Part {
            name: name.to_owned(),
            value: value * scale,
        })
        .to_vec(),
        band: Some((2.22 * scale * 0.8, 2.22 * scale * 1.2)),
    };
    let energy = |name: &str, scale: f64| Bar {
        name: name.to_owned(),
        parts: [
            ("External memory", 31.0),
            ("Activation buffer", 3.0),
            ("Weight buffer", 5.0),
            ("Multipliers", 9.0),
            ("Adders", 4.0),
        ]
        .map(|(name, value)| Part {
            name: name.to_owned(),
            value: value * scale,
        })
        .to_vec(),
        band: None,
    };
    let groups = [
        BarGroup {
            title: "Area".to_owned(),
            unit: "mm2".to_owned(),
            bars: vec![bar("Current", 1.0), bar("Anda", 1.35)],
        },
        BarGroup {
            title: "Energy per token".to_owned(),
            unit: "mJ".to_owned(),
            bars: vec![energy("Current", 1.0), energy("Anda", 0.8)],
        },
    ];
    let page = Page {
        height: 3.0,
        ..Page::default()
    };
    save(gallery, "breakdown", &page, |ui, theme| {
        breakdown_ui(
            ui,
            &BreakdownData { groups: &groups },
            &mut BreakdownView::default(),
            theme,
        );
    })
}

fn roofline(gallery: &Gallery<'_>) -> anyhow::Result<()> {
    let roofs = [("M8W4", 16.4), ("M8M8", 4.1)].map(|(name, tops)| Roof {
        name: name.to_owned(),
        tops,
    });
    let point = |name: &str, series, intensity: f64, share: f64, time_share| RooflinePoint {
        name: name.to_owned(),
        series,
        intensity,
        tops: (intensity * 0.256).min(16.4) * share,
        time_share,
    };
    let points = [
        point("q", 0, 900.0, 0.9, 0.1),
        point("qk", 0, 60.0, 0.25, 0.2),
        point("pv", 0, 64.0, 0.22, 0.2),
        point("gate", 0, 1300.0, 0.93, 0.3),
        point("q", 1, 3.9, 0.95, 0.2),
        point("qk", 1, 1.1, 0.8, 0.1),
        point("pv", 1, 1.0, 0.8, 0.1),
        point("down", 1, 4.1, 0.97, 0.4),
    ];
    let data = RooflineData {
        roofs: &roofs,
        bandwidth: 256.0,
        series: &["prefill", "decode"],
        points: &points,
    };
    save(gallery, "roofline", &Page::default(), |ui, theme| {
        roofline_ui(ui, &data, &mut RooflineView::default(), theme);
    })
}

fn maps(gallery: &Gallery<'_>) -> anyhow::Result<()> {
    let sites = [
        "q.activation",
        "q.weight",
        "qk.key",
        "pv.value",
        "o.activation",
        "gate.activation",
        "down.activation",
        "down.weight",
    ];
    let value = |layer: usize, site: usize| {
        let wave = f64::from(u32::try_from(layer * 7 + site * 13).unwrap_or(0)).sin();
        if site == 2 && layer == 3 {
            f64::NAN
        } else {
            28.0 + 6.0 * wave - if site == 6 { 9.0 } else { 0.0 }
        }
    };
    let data = LayerMapData {
        sites: &sites,
        n_layers: 32,
        has_head: false,
        quantity: "SQNR",
        unit: "dB",
        more_is_better: true,
        value: &value,
        describe: &|_, _| "bfp:m=4,e=8,b=32".to_owned(),
    };
    save(gallery, "layer_map", &Page::default(), |ui, theme| {
        layer_map_ui(ui, &data, &mut LayerMapView::default(), theme);
    })?;
    let axes = [
        Axis::new("Perplexity", "", Scale::Linear),
        Axis::new("Area", "mm\u{b2}", Scale::Linear),
        Axis::new("Energy per token", "mJ", Scale::Log),
        Axis::new("Decode rate", "tokens/s", Scale::Linear),
        Axis::new("Bits per weight", "bit", Scale::Linear),
    ];
    let design = |i: usize, axis: usize| {
        let share = (f64::from(u32::try_from(i * 31 + axis * 17).unwrap_or(0)) * 0.618).fract();
        [
            5.5 + 2.0 * share,
            1.0 + 3.0 * share,
            40.0 * 10_f64.powf(share),
            3.0 + 20.0 * share,
            3.0 + (share * 6.0).floor(),
        ][axis]
    };
    let data = CoordinatesData {
        axes: &axes,
        n_designs: 400,
        value: &design,
        on_front: &|i| i % 20 == 0,
        current: Some(&[5.9, 2.2, 90.0, 12.0, 5.0]),
    };
    let page = Page {
        width: 7.0,
        height: 3.0,
        ..Page::default()
    };
    save(gallery, "coordinates", &page, |ui, theme| {
        coordinates_ui(ui, &data, &mut CoordinatesView::default(), theme);
    })?;
    let formats = [
        "bfp:m=4,e=8,b=32",
        "anda:m=6",
        "mxfp4",
        "nvfp4",
        "q4_k",
        "int:w=4,g=128",
        "bf16",
    ];
    let parsed: Vec<_> = formats
        .iter()
        .map(|text| Ok(("weights", text.parse()?)))
        .collect::<anyhow::Result<_>>()?;
    let page = Page {
        height: 3.6,
        ..Page::default()
    };
    save(gallery, "bit_layout", &page, |ui, theme| {
        bit_layout_ui(ui, &BitLayoutData { formats: &parsed }, theme);
    })
}

fn sensitivity(gallery: &Gallery<'_>) -> anyhow::Result<()> {
    let row = |name: &str, low: (&str, f64), high: (&str, f64)| TornadoRow {
        name: name.to_owned(),
        low: (low.0.to_owned(), low.1),
        high: (high.0.to_owned(), high.1),
    };
    let rows = [
        row("Weight mantissa bits", ("3", 81.0), ("5", 118.0)),
        row("Block length of weights", ("16", 108.0), ("64", 95.0)),
        row("Array columns", ("8", 101.0), ("32", 99.0)),
        row("Memory channels", ("1", f64::NAN), ("2", 104.0)),
        row("Weight buffer", ("512 KiB", 112.0), ("2048 KiB", 97.0)),
    ];
    let data = SensitivityData {
        metric: Metric::EnergyPerToken,
        base: 100.0,
        rows: &rows,
    };
    let page = Page {
        height: 2.0,
        ..Page::default()
    };
    save(gallery, "sensitivity", &page, |ui, theme| {
        sensitivity_ui(ui, &data, &mut SensitivityView::default(), theme);
    })
}

fn tensor(gallery: &Gallery<'_>) -> anyhow::Result<()> {
    let before: Vec<f32> = (0..64 * 1024_u32)
        .map(|i| {
            let x = |k: u32| {
                let mixed = i
                    .wrapping_mul(2_654_435_769)
                    .wrapping_add(k.wrapping_mul(40_503_001));
                f32::from(u16::try_from(mixed.wrapping_mul(2_246_822_519) >> 16).unwrap_or(0))
                    / 65536.0
            };
            let outlier = if i % 1024 == 137 { 12.0 } else { 1.0 };
            (x(1) + x(2) + x(3) + x(4) - 2.0) * outlier
        })
        .collect();
    let after: Vec<f32> = before.iter().map(|x| (x * 8.0).round() / 8.0).collect();
    let summary = TensorSummary::new(
        "layers.0.down.activation",
        "int:w=6,g=128",
        &before,
        &after,
        1024,
    );
    let page = Page {
        width: 7.0,
        height: 2.4,
        ..Page::default()
    };
    save(gallery, "tensor", &page, |ui, theme| {
        tensor_view_ui(ui, Some(&summary), &mut TensorView::default(), theme);
    })
}
