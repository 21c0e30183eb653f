//! A session's plots as figures: which plot, its title, its caption and its numbers beside it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use blockscape_model::format::Format;
use blockscape_model::workload::Slot;
use clap::ValueEnum;
use egui::Ui;

use super::{FigureFormat, Page, render};
use crate::details::{Details, SERIES};
use crate::export::{points_csv, rounding_and_scale};
use crate::plots::PlotTheme;
use crate::plots::bit_layout::{BitLayoutData, bit_layout_ui};
use crate::plots::breakdown::{BreakdownData, BreakdownView, breakdown_ui};
use crate::plots::coordinates::{CoordinatesData, CoordinatesView, coordinates_ui, metric_axes};
use crate::plots::layer_map::{LayerMapData, LayerMapView, layer_map_ui};
use crate::plots::pareto::{ParetoData, pareto_chart_ui};
use crate::plots::roofline::{RooflineData, RooflineView, roofline_ui};
use crate::plots::sensitivity::{SensitivityData, SensitivityView, sensitivity_ui};
use crate::plots::tensor_view::{TensorView, tensor_view_ui};
use crate::results::Results;
use crate::session::Session;
use crate::settings::write_whole;

/// Plots that a session can be drawn as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FigurePlot {
    /// Designs against two metrics
    Pareto,
    /// Area, energy and time by component
    Breakdown,
    /// What limits each product
    Roofline,
    /// Error of each layer and site
    Layers,
    /// Designs across all metrics
    Coordinates,
    /// Bits of the formats
    Formats,
    /// What one step of each parameter does to the energy per token
    Sensitivity,
    /// One tensor before and after quantization
    Tensor,
}

impl FigurePlot {
    /// Height that suits the plot at a width, in inches.
    pub fn height(self, width: f32) -> f32 {
        match self {
            Self::Pareto | Self::Roofline => (width * 0.82).min(4.2),
            Self::Breakdown if width > 5.0 => 4.0,
            Self::Breakdown => 5.4,
            Self::Layers => (width * 0.9).clamp(2.6, 4.0),
            Self::Coordinates => (width * 0.5).clamp(2.4, 3.4),
            Self::Formats => 2.6,
            Self::Sensitivity => 3.6,
            Self::Tensor => (width * 0.42).clamp(2.6, 3.2),
        }
    }
}

/// A session with what was computed for it.
#[derive(Debug, Clone, Copy)]
pub struct SessionFigure<'a> {
    /// What is drawn and embedded.
    pub session: &'a Session,
    /// Candidates, front, current design and its details.
    pub results: &'a Results,
    /// The plot.
    pub plot: FigurePlot,
}

impl SessionFigure<'_> {
    /// The figure's bytes, with the session inside. An empty title or caption stays empty.
    pub fn render(&self, page: &Page, format: FigureFormat) -> anyhow::Result<Vec<u8>> {
        let preset = self.session.to_ron();
        let bytes = match self.plot {
            FigurePlot::Pareto => self.pareto(page, format, &preset),
            FigurePlot::Coordinates => render(page, format, Some(&preset), |ui, theme| {
                self.coordinates(ui, theme);
            }),
            FigurePlot::Formats => {
                let formats = self.formats();
                let named: Vec<(&str, Format)> = formats
                    .iter()
                    .map(|(name, format)| (name.as_str(), *format))
                    .collect();
                render(page, format, Some(&preset), |ui, theme| {
                    bit_layout_ui(ui, &BitLayoutData { formats: &named }, theme);
                })
            }
            _ => {
                let details = self.details()?;
                render(page, format, Some(&preset), |ui, theme| {
                    self.detail(ui, details, theme);
                })
            }
        };
        Ok(bytes?)
    }

    /// Writes the figure and, beside it, its numbers as CSV and its drawing as `TikZ`; gives the files written.
    pub fn write(&self, page: &Page, path: &Path) -> anyhow::Result<Vec<PathBuf>> {
        let known: Vec<&str> = FigureFormat::ALL
            .iter()
            .map(|format| format.extension())
            .collect();
        let format = FigureFormat::of_path(path).with_context(|| {
            format!(
                "{}: the name must end in {}",
                path.display(),
                known.join(", ")
            )
        })?;
        let mut files = vec![(path.to_path_buf(), self.render(page, format)?)];
        files.push((path.with_extension("csv"), self.numbers()?.into_bytes()));
        if format != FigureFormat::Tikz {
            files.push((
                path.with_extension("tex"),
                self.render(page, FigureFormat::Tikz)?,
            ));
        }
        for (path, bytes) in &files {
            write_whole(path, bytes)?;
        }
        Ok(files.into_iter().map(|(path, _)| path).collect())
    }

    /// What the caption says unless the user says otherwise: workload, technology, formats with their rules, accuracy basis.
    pub fn caption(&self) -> String {
        let workload = &self.session.workload;
        let design = &self.session.design;
        let mut out = format!(
            "{}: {}, prefill {}, decode 1 at {}, batch {}, {} at {} MHz. ",
            design.name,
            workload.model.name,
            workload.prefill_tokens,
            workload.context_tokens,
            workload.batch,
            design.technology,
            design.clock_mhz
        );
        let formats: Vec<String> = design
            .formats
            .rules()
            .iter()
            .map(|rule| {
                format!(
                    "{} {}{}",
                    rule.pattern,
                    rule.format,
                    rounding_and_scale(rule.format)
                )
            })
            .collect();
        let _ = write!(out, "Formats: {}. ", formats.join("; "));
        let details = self.results.details.as_deref();
        let basis = details.map_or(self.results.basis_text(), |details| {
            details.evaluation.quality.basis.name()
        });
        let _ = write!(out, "Accuracy: {basis}.");
        out
    }

    fn details(&self) -> anyhow::Result<&Details> {
        self.results
            .details
            .as_deref()
            .context("the design has not been evaluated yet")
    }

    /// Plots of the current design alone.
    fn detail(&self, ui: &mut Ui, details: &Details, theme: &PlotTheme) {
        match self.plot {
            FigurePlot::Breakdown => {
                breakdown_ui(
                    ui,
                    &BreakdownData {
                        groups: &details.bars,
                    },
                    &mut BreakdownView::default(),
                    theme,
                );
            }
            FigurePlot::Roofline => {
                let (roofs, bandwidth, points) =
                    (&details.roofs, details.bandwidth, &details.roof_points);
                let data = RooflineData {
                    roofs,
                    bandwidth,
                    series: &SERIES,
                    points,
                };
                roofline_ui(ui, &data, &mut RooflineView::default(), theme);
            }
            FigurePlot::Sensitivity => {
                let mut view = SensitivityView::default();
                let rows: Vec<_> = details
                    .steps
                    .iter()
                    .map(|step| step.row(view.metric))
                    .collect();
                let base = details.evaluation.metrics().get(view.metric);
                sensitivity_ui(
                    ui,
                    &SensitivityData {
                        metric: view.metric,
                        base,
                        rows: &rows,
                    },
                    &mut view,
                    theme,
                );
            }
            FigurePlot::Tensor => tensor_view_ui(
                ui,
                details.tensor.as_ref(),
                &mut TensorView::default(),
                theme,
            ),
            _ => layers(ui, details, theme),
        }
    }

    /// Distinct formats with the sites that use them.
    fn formats(&self) -> Vec<(String, Format)> {
        let mut found: Vec<(String, Format)> = Vec::new();
        for rule in self.session.design.formats.rules() {
            match found.iter_mut().find(|(_, format)| *format == rule.format) {
                Some((name, _)) => _ = write!(name, ", {}", rule.pattern),
                None => found.push((rule.pattern.to_string(), rule.format)),
            }
        }
        found
    }

    fn pareto(
        &self,
        page: &Page,
        format: FigureFormat,
        preset: &str,
    ) -> Result<Vec<u8>, super::PageError> {
        let results = self.results;
        let objectives = &self.session.exploration.objectives;
        let limits: Vec<_> = objectives
            .iter()
            .filter_map(|o| Some((o.metric, o.limit?)))
            .collect();
        let data = ParetoData {
            generation: results.generation,
            candidates: &results.shown.metrics,
            front: &results.front,
            previous_front: &[],
            current: results.current.as_ref(),
            current_measured: results.current_is_measured,
            trail: &[],
            pinned_fronts: &results.pinned_fronts,
            pinned: &results.pinned_points,
            literature: &results.literature,
            measured: results.measurements.points(),
            limits: &limits,
            describe: &|_| Vec::new(),
        };
        let view = &self.session.pareto;
        render(page, format, Some(preset), |ui, theme| {
            let mut view = view.clone();
            pareto_chart_ui(ui, &data, &mut view, theme);
        })
    }

    fn coordinates(&self, ui: &mut Ui, theme: &PlotTheme) {
        let candidates = &self.results.shown.metrics;
        let axes = metric_axes(|i| candidates[i], candidates.len());
        let (metrics, axes): (Vec<_>, Vec<_>) = axes.into_iter().unzip();
        let current: Option<Vec<f64>> = self
            .results
            .current
            .map(|current| metrics.iter().map(|&metric| current.get(metric)).collect());
        let front: Vec<usize> = self.results.front.iter().map(|point| point.index).collect();
        let data = CoordinatesData {
            axes: &axes,
            n_designs: candidates.len(),
            value: &|design, axis| candidates[design].get(metrics[axis]),
            on_front: &|design| front.contains(&design),
            current: current.as_deref(),
        };
        coordinates_ui(ui, &data, &mut CoordinatesView::default(), theme);
    }

    /// The numbers of the plot as CSV.
    fn numbers(&self) -> anyhow::Result<String> {
        let mut out = String::new();
        match self.plot {
            FigurePlot::Pareto | FigurePlot::Coordinates => {
                return Ok(points_csv(&self.results.shown, None));
            }
            FigurePlot::Breakdown => {
                out.push_str("quantity,unit,design,component,value\n");
                for group in &self.details()?.bars {
                    for bar in &group.bars {
                        for part in &bar.parts {
                            let _ = writeln!(
                                out,
                                "{},{},{},{},{}",
                                group.title, group.unit, bar.name, part.name, part.value
                            );
                        }
                    }
                }
            }
            FigurePlot::Roofline => {
                out.push_str("product,phase,operations_per_byte,tops,time_share\n");
                for point in &self.details()?.roof_points {
                    let (name, phase) = (&point.name, SERIES[point.series]);
                    let _ = writeln!(
                        out,
                        "{name},{phase},{},{},{}",
                        point.intensity, point.tops, point.time_share
                    );
                }
            }
            FigurePlot::Layers => {
                out.push_str("layer,site,noise_to_signal,sqnr_db\n");
                for error in &self.details()?.evaluation.quality.layers {
                    let db = -10.0 * error.noise.log10();
                    let _ = writeln!(out, "{},{},{},{db}", error.layer, error.slot, error.noise);
                }
            }
            FigurePlot::Sensitivity => {
                let metric = SensitivityView::default().metric;
                let _ = writeln!(out, "parameter,low,{metric}_low,high,{metric}_high");
                for step in &self.details()?.steps {
                    let row = step.row(metric);
                    let _ = writeln!(
                        out,
                        "\"{}\",{},{},{},{}",
                        row.name, row.low.0, row.low.1, row.high.0, row.high.1
                    );
                }
            }
            FigurePlot::Tensor => {
                out.push_str("bin,values_before,values_after\n");
                let tensor = self
                    .details()?
                    .tensor
                    .as_ref()
                    .context("the design's tensor was not sampled")?;
                for (bin, (before, after)) in tensor.before.iter().zip(&tensor.after).enumerate() {
                    let _ = writeln!(out, "{bin},{before},{after}");
                }
            }
            FigurePlot::Formats => {
                out.push_str("sites,format,bits_per_value\n");
                for (name, format) in self.formats() {
                    let _ = writeln!(out, "\"{name}\",\"{format}\",{}", format.bits_per_value());
                }
            }
        }
        Ok(out)
    }
}

fn layers(ui: &mut Ui, details: &Details, theme: &PlotTheme) {
    let rows = &details.site_sqnr;
    let slots: Vec<Slot> = Slot::ALL
        .into_iter()
        .filter(|slot| rows.iter().any(|row| !row[slot.index()].is_nan()))
        .collect();
    let names: Vec<String> = slots.iter().map(ToString::to_string).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let data = LayerMapData {
        sites: &names,
        n_layers: rows.len(),
        quantity: "SQNR",
        unit: "dB",
        more_is_better: true,
        value: &|layer, site| rows[layer][slots[site].index()],
        describe: &|_, _| String::new(),
    };
    layer_map_ui(ui, &data, &mut LayerMapView::default(), theme);
}
