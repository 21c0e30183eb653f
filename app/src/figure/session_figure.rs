//! A session's plots as figures: which plot, its title, its caption and its numbers beside it.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use blockscape_explorer::sweep::store::{Output, write_whole};
use blockscape_model::format::Format;
use blockscape_model::workload::Slot;
use clap::ValueEnum;
use egui::Ui;

use super::{Companion, FigureFormat, FigurePlaces, Page, PlotHeight, render};
use crate::files::fingerprint::fingerprint;
use crate::plots::bit_layout::{BitLayoutData, bit_layout_ui};
use crate::plots::breakdown::{BreakdownData, breakdown_ui};
use crate::plots::coordinates::{CoordinatesData, coordinates_ui};
use crate::plots::layer_map::{LayerMapData, LayerMapView, layer_map_ui};
use crate::plots::pareto::{ParetoData, pareto_chart_ui};
use crate::plots::roofline::{RooflineData, roofline_ui};
use crate::plots::sensitivity::{SensitivityData, sensitivity_ui};
use crate::plots::tensor_view::tensor_view_ui;
use crate::plots::{PlotTheme, PlotViews};
use crate::results::Results;
use crate::results::details::{Details, SERIES};
use crate::results::explored_axes::ExploredAxes;
use crate::results::selected_designs::SelectedDesigns;
use crate::session::Session;
use crate::session::words::used_formats;

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
    /// Designs of the front across what was explored
    Coordinates,
    /// Bits of the formats
    Formats,
    /// What one step of each parameter does to the energy per token
    Sensitivity,
    /// One tensor before and after quantization
    Tensor,
}

impl FigurePlot {
    /// All, in the order menus show them.
    pub const ALL: [Self; 8] = [
        Self::Pareto,
        Self::Breakdown,
        Self::Roofline,
        Self::Layers,
        Self::Sensitivity,
        Self::Coordinates,
        Self::Formats,
        Self::Tensor,
    ];

    /// Its name in menus.
    pub fn title(self) -> &'static str {
        match self {
            Self::Pareto => "Pareto",
            Self::Breakdown => "Breakdown",
            Self::Roofline => "Roofline",
            Self::Layers => "Layers",
            Self::Sensitivity => "Sensitivity",
            Self::Coordinates => "Coordinates",
            Self::Formats => "Bit layout",
            Self::Tensor => "Tensor",
        }
    }

    /// Height that suits the plot at a width in inches.
    fn height(self, width: f32) -> PlotHeight {
        PlotHeight::Inches(match self {
            Self::Pareto | Self::Roofline => (width * 0.68).min(3.6),
            Self::Breakdown | Self::Formats | Self::Sensitivity => return PlotHeight::Natural,
            Self::Layers => 2.9,
            Self::Coordinates => 2.2,
            Self::Tensor if width > 5.0 => 2.2,
            Self::Tensor => 3.4,
        })
    }
}

/// A session with what was computed for it.
#[derive(Debug, Clone, Copy)]
pub struct SessionFigure<'a> {
    /// What is drawn and embedded.
    pub session: &'a Session,
    /// Candidates, front, current design and its details.
    pub results: &'a Results,
    /// How the plots are looked at.
    pub views: &'a PlotViews,
    /// The plot.
    pub plot: FigurePlot,
    /// Whether the figure carries the session, so that it can be opened again.
    pub carries_session: bool,
}

impl SessionFigure<'_> {
    /// The page as high as suits the plot with its title and caption.
    ///
    /// # Errors
    /// There is nothing to draw yet.
    pub fn fitted(&self, page: Page) -> anyhow::Result<Page> {
        self.check()?;
        let height = self.plot.height(page.width);
        Ok(page.fitted(height, &mut |ui, theme| self.draw(ui, theme)))
    }

    /// The session as it goes into a figure: files by name, each with length and fingerprint, no folder of anybody's. Nothing where it
    /// is left out.
    fn preset(&self) -> String {
        if !self.carries_session {
            return String::new();
        }
        let (session, paths) = self.session.without_folders();
        let mut text = String::new();
        for path in paths {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let mark = match fingerprint(&path) {
                Ok((length, mark)) => format!("{length} bytes, fingerprint {mark:016x}"),
                Err(_gone) => "not there when the figure was made".to_owned(),
            };
            let _ = writeln!(text, "// {}: {mark}", name.replace(['\n', '\r'], " "));
        }
        text + &session.to_ron()
    }

    /// The figure's bytes, with the session inside. An empty title or caption stays empty.
    ///
    /// # Errors
    /// There is nothing to draw yet, or a page out of range.
    pub fn render(&self, page: &Page, format: FigureFormat) -> anyhow::Result<Vec<u8>> {
        self.check()?;
        let preset = self.preset();
        let draw = |ui: &mut Ui, theme: &PlotTheme| self.draw(ui, theme);
        Ok(render(page, format, Some(&preset), draw)?)
    }

    /// Writes the figure and what goes beside it; gives the files written.
    ///
    /// # Errors
    /// There is nothing to draw yet, a place that holds something else, or a file that cannot be written.
    pub fn write(&self, page: &Page, places: &FigurePlaces) -> anyhow::Result<Vec<PathBuf>> {
        let mut files = vec![(places.figure(), self.render(page, places.format())?)];
        for &companion in places.companions() {
            let bytes = match companion {
                Companion::Csv => self.numbers()?.into_bytes(),
                Companion::Tex => self.render(page, FigureFormat::Tikz)?,
            };
            files.push((places.beside(companion, &bytes), bytes));
        }
        // All places are looked at before the first file is written.
        for (place, _) in &files {
            place.check_content(&[])?;
        }
        for (place, bytes) in &files {
            write_whole(place.path(), bytes)?;
        }
        let path = |(place, _): &(Output, Vec<u8>)| place.path().to_owned();
        Ok(files.iter().map(path).collect())
    }

    pub(super) fn details(&self) -> anyhow::Result<&Details> {
        self.results
            .details
            .as_deref()
            .context("the design has not been evaluated yet")
    }

    /// Whether what the plot shows has been computed.
    fn check(&self) -> anyhow::Result<()> {
        match self.plot {
            FigurePlot::Coordinates if self.results.front.is_empty() => {
                bail!("there is no front to draw yet")
            }
            FigurePlot::Pareto | FigurePlot::Coordinates | FigurePlot::Formats => Ok(()),
            FigurePlot::Tensor if self.details()?.tensor.is_none() => {
                bail!("the design's tensor was not sampled")
            }
            _ => self.details().map(|_known| ()),
        }
    }

    /// Draws the plot, each time the same.
    fn draw(&self, ui: &mut Ui, theme: &PlotTheme) {
        match (self.plot, self.results.details.as_deref()) {
            (FigurePlot::Pareto, _) => self.pareto(ui, theme),
            (FigurePlot::Coordinates, _) => self.coordinates(ui, theme),
            (FigurePlot::Formats, _) => {
                let formats = self.formats();
                let named: Vec<(&str, Format)> = formats
                    .iter()
                    .map(|(name, format)| (name.as_str(), *format))
                    .collect();
                bit_layout_ui(ui, &BitLayoutData { formats: &named }, theme);
            }
            (_, Some(details)) => self.detail(ui, details, theme),
            (_, None) => {}
        }
    }

    /// Plots of the current design alone.
    fn detail(&self, ui: &mut Ui, details: &Details, theme: &PlotTheme) {
        let mut views = self.views.clone();
        match self.plot {
            FigurePlot::Breakdown => {
                let groups = &details.bars;
                breakdown_ui(ui, &BreakdownData { groups }, &mut views.breakdown, theme);
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
                roofline_ui(ui, &data, &mut views.roofline, theme);
            }
            FigurePlot::Sensitivity => {
                let metric = views.sensitivity.metric;
                let rows: Vec<_> = details.steps.iter().map(|step| step.row(metric)).collect();
                let data = SensitivityData {
                    metric,
                    base: details.evaluation.metrics().get(metric),
                    rows: &rows,
                };
                sensitivity_ui(ui, &data, &mut views.sensitivity, theme);
            }
            FigurePlot::Tensor => {
                tensor_view_ui(ui, details.tensor.as_ref(), &mut views.tensor, theme);
            }
            _ => self.layers(ui, details, theme),
        }
    }

    /// Distinct formats with the sites that use them.
    pub(super) fn formats(&self) -> Vec<(String, Format)> {
        used_formats(&self.session.design)
    }

    fn pareto(&self, ui: &mut Ui, theme: &PlotTheme) {
        let results = self.results;
        let exploration = &self.session.exploration;
        let (limits, objectives) = (exploration.limits(), exploration.metrics());
        let data = ParetoData {
            generation: results.generation,
            candidates: &results.shown.metrics,
            front: &results.front,
            objectives: &objectives,
            admits: &|metrics| exploration.admits(metrics),
            current: results.current.as_ref(),
            current_measured: results.current_is_measured,
            pinned_fronts: &results.pinned_fronts,
            pinned: &results.pinned_points,
            literature: &results.literature,
            measured: &results.measured,
            limits: &limits,
            ..ParetoData::default()
        };
        pareto_chart_ui(ui, &data, &mut self.session.pareto.clone(), theme);
    }

    fn coordinates(&self, ui: &mut Ui, theme: &PlotTheme) {
        let selection = self.session.pareto.selection.as_ref();
        let selected = SelectedDesigns::whole(self.results, selection);
        let Some(explored) = ExploredAxes::new(self.session, self.results, &selected) else {
            return;
        };
        let data = CoordinatesData {
            axes: &explored.axes,
            n_designs: explored.n_designs(),
            value: &|design, axis| explored.value(design, axis),
            on_front: &|design| explored.is_on_front(design),
            current: explored.current.as_deref(),
        };
        coordinates_ui(ui, &data, &mut self.views.coordinates.clone(), theme);
    }

    /// Sites that the model has, by layer: error, or stored bits where the window shows those.
    fn layers(&self, ui: &mut Ui, details: &Details, theme: &PlotTheme) {
        let rows = &details.site_sqnr;
        let slots: Vec<Slot> = Slot::ALL
            .into_iter()
            .filter(|slot| rows.iter().any(|row| !row[slot.index()].is_nan()))
            .collect();
        let names: Vec<String> = slots.iter().map(ToString::to_string).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let bits = self.views.layers_show_bits;
        let formats = &self.session.design.formats;
        let value = |layer: usize, site: usize| {
            let error = rows[layer][slots[site].index()];
            if error.is_nan() || !bits {
                return error;
            }
            formats.at(layer as u32, slots[site]).bits_per_value()
        };
        let data = LayerMapData {
            sites: &names,
            n_layers: rows.len(),
            has_head: true,
            quantity: if bits { "Bits per value" } else { "SQNR" },
            unit: if bits { "bit" } else { "dB" },
            more_is_better: !bits,
            value: &value,
            describe: &|_, _| String::new(),
        };
        layer_map_ui(ui, &data, &mut LayerMapView::default(), theme);
    }
}
