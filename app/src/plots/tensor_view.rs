//! One tensor before and after quantization: the histogram of its values and the magnitude of its channels.
//!
//! The summary is made once, outside the window's thread; drawing it costs the same for any tensor.

use egui::{Align2, Color32, Pos2, Rect, Shape, Stroke, Ui, UiBuilder, pos2, vec2};
use serde::{Deserialize, Serialize};

use super::axis::{Axis, Scale, significant};
use super::chart::{Bounds, Chart, ShownChart};
use super::legend::{Key, free_corner, legend};
use super::theme::{Marker, PlotTheme};

/// Bins of the histogram.
const N_BINS: usize = 128;
/// Most channels drawn; more are joined, the largest of each group standing for it.
const MOST_CHANNELS: usize = 1024;

/// What is drawn of a tensor.
#[derive(Debug, Clone, PartialEq)]
pub struct TensorSummary {
    /// Name of the tensor.
    pub name: String,
    /// Text form of the format.
    pub format: String,
    /// Largest magnitude; the histogram spans from its negative to it.
    pub largest: f32,
    /// Values a bin, before.
    pub before: Vec<u32>,
    /// Values a bin, after.
    pub after: Vec<u32>,
    /// Largest magnitude of each channel (column), before.
    pub channels_before: Vec<f32>,
    /// Largest error of each channel.
    pub channel_errors: Vec<f32>,
    /// Signal to quantization noise in dB.
    pub sqnr_db: f64,
    /// Columns of the tensor.
    pub n_channels: usize,
}

impl TensorSummary {
    /// Summarizes values of rows of `row_len` and what became of them; values that are not finite are left out.
    pub fn new(name: &str, format: &str, before: &[f32], after: &[f32], row_len: usize) -> Self {
        let row_len = row_len.max(1);
        let largest = before
            .iter()
            .filter(|x| x.is_finite())
            .fold(0.0_f32, |most, x| most.max(x.abs()));
        let group = row_len.div_ceil(MOST_CHANNELS);
        let n_groups = row_len.div_ceil(group);
        let mut summary = Self {
            name: name.to_owned(),
            format: format.to_owned(),
            largest,
            before: histogram(before, largest),
            after: histogram(after, largest),
            channels_before: vec![0.0; n_groups],
            channel_errors: vec![0.0; n_groups],
            sqnr_db: f64::NAN,
            n_channels: row_len,
        };
        let (mut signal, mut noise) = (0.0, 0.0);
        for (i, (&x, &y)) in before.iter().zip(after).enumerate() {
            if !x.is_finite() || !y.is_finite() {
                continue;
            }
            let channel = i % row_len / group;
            summary.channels_before[channel] = summary.channels_before[channel].max(x.abs());
            summary.channel_errors[channel] = summary.channel_errors[channel].max((x - y).abs());
            signal += f64::from(x).powi(2);
            noise += (f64::from(x) - f64::from(y)).powi(2);
        }
        summary.sqnr_db = 10.0 * (signal / noise).log10();
        summary
    }
}

fn histogram(values: &[f32], largest: f32) -> Vec<u32> {
    let mut bins = vec![0; N_BINS];
    if largest <= 0.0 {
        return bins;
    }
    for value in values.iter().filter(|value| value.is_finite()) {
        let share = (value / largest).clamp(-1.0, 1.0) * 0.5 + 0.5;
        let bin = ((share * N_BINS as f32) as usize).min(N_BINS - 1);
        bins[bin] += 1;
    }
    bins
}

/// How it is looked at.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TensorView {
    /// Bounds of the histogram.
    pub histogram: Option<Bounds>,
    /// Bounds of the channels.
    pub channels: Option<Bounds>,
}

/// Draws histogram and channels, side by side where there is room.
pub fn tensor_view_ui(
    ui: &mut Ui,
    data: Option<&TensorSummary>,
    view: &mut TensorView,
    theme: &PlotTheme,
) {
    let Some(summary) = data else {
        ui.weak("No tensor yet: open a model and choose a tensor to see its values before and after quantization.");
        return;
    };
    let text = format!(
        "{}   {}   SQNR {} dB",
        summary.name,
        summary.format,
        significant(summary.sqnr_db, 3)
    );
    let galley = ui
        .painter()
        .layout_no_wrap(text, theme.small_font(), theme.text);
    let (line, _) = ui.allocate_exact_size(
        vec2(ui.available_width(), theme.text_size * 1.6),
        egui::Sense::hover(),
    );
    ui.painter().galley(
        pos2(line.left(), line.center().y - galley.size().y * 0.5),
        galley,
        theme.text,
    );
    let area = ui.available_rect_before_wrap();
    let gap = theme.text_size * 1.4;
    let wide = area.width() > area.height() * 1.2;
    let (first, second) = if wide {
        let half = (area.width() - gap) * 0.5;
        (
            area.with_max_x(area.left() + half),
            area.with_min_x(area.right() - half),
        )
    } else {
        let half = (area.height() - gap) * 0.5;
        (
            area.with_max_y(area.top() + half),
            area.with_min_y(area.bottom() - half),
        )
    };
    ui.scope_builder(UiBuilder::new().max_rect(first), |ui| {
        histogram_ui(ui, summary, &mut view.histogram, theme);
    });
    ui.scope_builder(UiBuilder::new().max_rect(second), |ui| {
        channels_ui(ui, summary, &mut view.channels, theme);
    });
}

fn histogram_ui(
    ui: &mut Ui,
    summary: &TensorSummary,
    bounds: &mut Option<Bounds>,
    theme: &PlotTheme,
) {
    let x = Axis::new("Value", "", Scale::Linear);
    let y = Axis::new("Values per bin", "", Scale::Log);
    let most = summary
        .before
        .iter()
        .chain(&summary.after)
        .copied()
        .max()
        .unwrap_or(1)
        .max(1);
    let largest = f64::from(summary.largest.max(f32::MIN_POSITIVE));
    let fit = Bounds {
        min: [-largest * 1.02, BASE.log10()],
        max: [largest * 1.02, f64::from(most).log10() + 0.25],
    };
    let shown = Chart {
        id: "histogram",
        x: &x,
        y: &y,
        fit,
        drag_pans: true,
    }
    .show(ui, bounds, theme);
    let (before, after) = (theme.categories[6], theme.categories[0]);
    let width = 2.0 * largest / N_BINS as f64;
    for (bin, &count) in summary
        .after
        .iter()
        .enumerate()
        .filter(|(_, count)| **count > 0)
    {
        let left = -largest + width * bin as f64;
        let corners = [
            shown.position([left, BASE]),
            shown.position([left + width, f64::from(count)]),
        ];
        if let [Some(from), Some(to)] = corners {
            let bar = Rect::from_two_pos(from, to).shrink2(vec2(0.15, 0.0));
            shown
                .painter
                .rect_filled(bar, 0.0, after.gamma_multiply(0.6));
        }
    }
    steps(
        &shown,
        &summary.before,
        largest,
        Stroke::new(theme.line_width, before),
    );
    let entries = [
        (Key::Swatch(before), "before".to_owned()),
        (Key::Swatch(after.gamma_multiply(0.6)), "after".to_owned()),
    ];
    legend(
        &shown.painter,
        shown.frame(),
        Align2::RIGHT_TOP,
        &entries,
        theme,
    );
}

/// Where bars begin on the logarithmic axis: a bin with one value is still seen.
const BASE: f64 = 0.7;

/// The outline of a histogram.
fn steps(shown: &ShownChart, bins: &[u32], largest: f64, stroke: Stroke) {
    let width = 2.0 * largest / bins.len() as f64;
    let corner = |x: f64, count: u32| shown.position([x, f64::from(count).max(BASE)]);
    let path: Vec<Pos2> = bins
        .iter()
        .enumerate()
        .flat_map(|(bin, &count)| {
            let left = -largest + width * bin as f64;
            [corner(left, count), corner(left + width, count)]
        })
        .flatten()
        .collect();
    shown.painter.add(Shape::line(path, stroke));
}

fn channels_ui(
    ui: &mut Ui,
    summary: &TensorSummary,
    bounds: &mut Option<Bounds>,
    theme: &PlotTheme,
) {
    let x = Axis::new("Channel", "", Scale::Linear);
    let y = Axis::new("Largest magnitude", "", Scale::Log);
    let mut fit = Bounds::EMPTY;
    let group = summary
        .n_channels
        .div_ceil(summary.channels_before.len().max(1));
    let series = [
        (&summary.channels_before, "value"),
        (&summary.channel_errors, "error"),
    ];
    for (values, _) in series {
        for (i, &value) in values.iter().enumerate().filter(|(_, value)| **value > 0.0) {
            fit.include([(i * group) as f64, f64::from(value).log10()]);
        }
    }
    let mut fit = fit.with_margin(0.05);
    fit.max[1] += 0.3 * (fit.max[1] - fit.min[1]); // room for the legend above the points
    let chart = Chart {
        id: "channels",
        x: &x,
        y: &y,
        fit,
        drag_pans: true,
    };
    let shown = chart.show(ui, bounds, theme);
    let colors: [Color32; 2] = [theme.categories[6], theme.categories[1]];
    let markers = [Marker::Circle, Marker::Diamond];
    let radius = theme.marker_radius
        * if summary.channels_before.len() > 256 {
            0.3
        } else {
            0.55
        };
    let mut entries = Vec::new();
    let mut places = Vec::new();
    for (((values, name), color), marker) in series.into_iter().zip(colors).zip(markers) {
        for (i, &value) in values.iter().enumerate().filter(|(_, value)| **value > 0.0) {
            if let Some(center) = shown.position([(i * group) as f64, f64::from(value)]) {
                shown
                    .painter
                    .add(marker.shape(center, radius, color, Stroke::NONE));
                places.push(center);
            }
        }
        entries.push((Key::Marker(marker, color, true), name.to_owned()));
    }
    let corners = [
        Align2::RIGHT_TOP,
        Align2::RIGHT_BOTTOM,
        Align2::LEFT_TOP,
        Align2::LEFT_BOTTOM,
    ];
    let corner = free_corner(
        &shown.painter,
        shown.frame(),
        &corners,
        &entries,
        &places,
        theme,
    );
    legend(&shown.painter, shown.frame(), corner, &entries, theme);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_counts_every_finite_value_once() {
        let before: Vec<f32> = (0..4096_u16).map(|i| (f32::from(i) * 0.37).sin()).collect();
        let after: Vec<f32> = before.iter().map(|x| (x * 8.0).round() / 8.0).collect();
        let summary = TensorSummary::new("w", "int:w=4", &before, &after, 64);
        assert_eq!(summary.before.iter().sum::<u32>(), 4096);
        assert_eq!(summary.after.iter().sum::<u32>(), 4096);
        assert_eq!(summary.channels_before.len(), 64);
        assert!(summary.channel_errors.iter().all(|error| *error <= 0.0626));
        assert!(
            (20.0..40.0).contains(&summary.sqnr_db),
            "{}",
            summary.sqnr_db
        );
    }

    #[test]
    fn hostile_tensors_are_summarized_without_a_panic() {
        for (values, row_len) in [
            (vec![], 0),
            (vec![f32::NAN; 3], 2),
            (vec![0.0; 5], 9),
            (vec![f32::INFINITY, 1.0], 1),
        ] {
            let summary = TensorSummary::new("x", "fp32", &values, &values, row_len);
            assert_eq!(summary.before.len(), N_BINS);
        }
    }
}
