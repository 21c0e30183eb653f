//! Figures: equal bytes for equal input, text as text, the asked size, the preset inside.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use blockscape::figure::{FigureFormat, Page, render};
use blockscape::files::embedded_preset::embedded_preset;
use blockscape::plots::pareto::{
    FrontPoint, NamedPoint, ParetoData, ParetoView, pareto_chart_ui, visible_front,
};
use blockscape::plots::{PlotTheme, Scale};
use blockscape_model::evaluation::{Metric, Metrics};
use egui::Ui;

/// A preset with everything that markup would trip over.
const PRESET: &str = "(\n    name: \"a <b> & \\\"c\\\" ]]> -- µ²\",\n    formats: [(\"all\", \"bfp:m=4,e=8,b=32\")],\n)\n";

fn metrics(energy: f64, perplexity: f64) -> Metrics {
    let mut metrics = Metrics::new([f64::NAN; Metric::COUNT]);
    metrics.set(Metric::EnergyPerToken, energy);
    metrics.set(Metric::Perplexity, perplexity);
    metrics
}

/// Draws a Pareto plot of 3,000 designs.
fn plot() -> impl FnMut(&mut Ui, &PlotTheme) {
    let candidates: Vec<Metrics> = (0..3000_u16)
        .map(|i| {
            let spread = |step: f64| (f64::from(i) * step).fract();
            metrics(
                40.0 + 400.0 * spread(0.618),
                5.5 + 3.0 * spread(0.414) * (1.0 - spread(0.618)),
            )
        })
        .collect();
    let front_point = |(index, &metrics): (usize, &Metrics)| {
        let mut point = FrontPoint::new(index, metrics);
        point.measured = index % 3 == 0;
        point.bands.set(Metric::Perplexity, Some((5.4, 9.0)));
        point
    };
    let all: Vec<FrontPoint> = candidates.iter().enumerate().map(front_point).collect();
    let front: Vec<FrontPoint> = visible_front(&all, Metric::EnergyPerToken, Metric::Perplexity)
        .into_iter()
        .map(|i| all[i].clone())
        .collect();
    let literature = [NamedPoint {
        name: "Anda & co".to_owned(),
        source: "a paper".to_owned(),
        metrics: metrics(95.0, 5.62),
        measured: true,
    }];
    move |ui, theme| {
        let data = ParetoData {
            generation: 1,
            candidates: &candidates,
            front: &front,
            current: candidates.first(),
            literature: &literature,
            limits: &[(Metric::Perplexity, 7.0)],
            ..ParetoData::default()
        };
        let mut view = ParetoView {
            x_scale: Scale::Log,
            ..ParetoView::default()
        };
        pareto_chart_ui(ui, &data, &mut view, theme);
    }
}

fn page() -> Page {
    Page {
        dpi: 150.0,
        title: "Title µ".to_owned(),
        caption: "Caption, 50 %".to_owned(),
        ..Page::default()
    }
}

fn figure(format: FigureFormat) -> Vec<u8> {
    render(&page(), format, Some(PRESET), plot()).unwrap()
}

#[test]
fn two_exports_are_the_same_bytes() {
    for format in FigureFormat::ALL {
        assert!(figure(format) == figure(format), "{format:?}");
    }
}

#[test]
fn the_preset_comes_back_from_every_format() {
    for format in FigureFormat::ALL {
        assert_eq!(
            embedded_preset(&figure(format)).as_deref(),
            Some(PRESET),
            "{format:?}"
        );
        let bare = render(&page(), format, None, |_ui, _theme| {}).unwrap();
        assert_eq!(embedded_preset(&bare), None, "{format:?}");
    }
}

#[test]
fn broken_figures_hold_no_preset_and_do_no_harm() {
    for format in FigureFormat::ALL {
        let bytes = figure(format);
        for length in [0, 1, 7, 8, 20, 33, 60, bytes.len() / 2] {
            let _ = embedded_preset(&bytes[..length]);
        }
    }
    let endless = b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffiTXtblockscape-preset";
    assert_eq!(embedded_preset(endless), None);
    let lying = b"%PDF-1.7\n/Type /EmbeddedFile /Subtype /text#2Fx-blockscape-ron /Length 99999999999999999999 stream\n";
    assert_eq!(embedded_preset(lying), None);
}

#[test]
fn a_bitmap_has_the_size_and_resolution_asked_for() {
    let bytes = figure(FigureFormat::Png);
    let word = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    assert_eq!(
        (word(16), word(20)),
        (495, 390),
        "3.3 in by 2.6 in at 150 dpi"
    );
    let resolution = bytes
        .windows(4)
        .position(|window| window == b"pHYs")
        .unwrap()
        + 4;
    assert_eq!(word(resolution), 5906, "pixels a meter");
    let image = image::load_from_memory(&bytes).unwrap().to_rgb8();
    let n_colors = image
        .pixels()
        .map(|pixel| pixel.0)
        .collect::<std::collections::BTreeSet<_>>()
        .len();
    assert!(n_colors > 50, "something is drawn: {n_colors} colors");
}

#[test]
fn text_in_vector_figures_is_text() {
    let svg = String::from_utf8(figure(FigureFormat::Svg)).unwrap();
    for words in [
        ">Energy per token (mJ)<",
        ">Perplexity<",
        ">100<",
        ">Anda &amp; co<",
        ">Title µ<",
        ">Caption, 50 %<",
    ] {
        assert!(svg.contains(words), "{words}");
    }
    let tex = String::from_utf8(figure(FigureFormat::Tikz)).unwrap();
    for words in [
        "{Energy per token (mJ)}",
        "{Anda \\& co}",
        "{Title $\\mu$}",
        "{Caption, 50 \\%}",
    ] {
        assert!(tex.contains(words), "{words}");
    }
}

#[test]
fn svg_elements_are_closed_and_tikz_scopes_end() {
    let svg = String::from_utf8(figure(FigureFormat::Svg)).unwrap();
    assert_eq!(svg.matches("<g").count(), svg.matches("</g>").count());
    assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
    let ids = svg.matches("<clipPath id=").count();
    assert!((0..ids).all(|i| svg.contains(&format!("url(#clip{i})"))));
    let tex = String::from_utf8(figure(FigureFormat::Tikz)).unwrap();
    assert_eq!(
        tex.matches("\\begin{").count(),
        tex.matches("\\end{").count()
    );
}

#[test]
fn every_object_of_a_pdf_is_where_its_table_says() {
    let bytes = figure(FigureFormat::Pdf);
    let text = String::from_utf8_lossy(&bytes);
    let start: usize = text
        .rsplit("startxref\n")
        .next()
        .unwrap()
        .lines()
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let table = String::from_utf8_lossy(&bytes[start..]).into_owned();
    let places: Vec<usize> = table
        .lines()
        .filter(|line| line.trim_end().ends_with(" n"))
        .map(|line| line[..10].parse().unwrap())
        .collect();
    assert!(places.len() > 8);
    for (i, place) in places.into_iter().enumerate() {
        assert!(
            bytes[place..].starts_with(format!("{} 0 obj\n", i + 1).as_bytes()),
            "object {}",
            i + 1
        );
    }
    assert!(
        text.contains("/FontFile2") && text.contains("/ToUnicode"),
        "the font is embedded and can be searched"
    );
}

#[test]
fn a_page_out_of_range_is_refused_by_field() {
    let wide = Page {
        width: 99.0,
        ..page()
    };
    let message = render(&wide, FigureFormat::Svg, None, plot())
        .unwrap_err()
        .to_string();
    assert_eq!(message, "width of the figure is 99, allowed is 1 to 40");
    let unsharp = Page {
        dpi: f32::NAN,
        ..page()
    };
    assert!(render(&unsharp, FigureFormat::Png, None, plot()).is_err());
}
