//! What stands inside the tiles: each plot with the data that the results cache for it.

use blockscape_model::design::Design;
use blockscape_model::format::Format;
use blockscape_model::workload::Slot;
use egui::Ui;

use super::Scene;
use super::compare::{CompareView, compare_ui};
use super::format_grid::{FormatGridView, format_grid_ui};
use super::pareto_tile::{Picked, pareto_tile_ui};
use super::unit_card::{UnitCardView, unit_card_ui};
use crate::files::pane::Pane;
use crate::plots::bit_layout::{BitLayoutData, bit_layout_ui};
use crate::plots::breakdown::{BreakdownData, breakdown_ui};
use crate::plots::coordinates::{CoordinatesAction, CoordinatesData, coordinates_ui};
use crate::plots::layer_map::{LayerMapData, layer_map_ui};
use crate::plots::pareto::Target;
use crate::plots::roofline::{RooflineData, roofline_ui};
use crate::plots::sensitivity::{SensitivityAction, SensitivityData, sensitivity_ui};
use crate::plots::table::{TableAction, TableData, TableView, table_ui};
use crate::plots::tensor_view::tensor_view_ui;
use crate::plots::{PlotTheme, PlotViews};
use crate::results::details::{Details, SERIES};
use crate::results::explored_axes::ExploredAxes;
use crate::results::selected_designs::SelectedDesigns;
use crate::session::axis_choice::short_label;
use crate::session::command::Command;
use crate::session::words::used_formats;
use crate::window::request::Request;
use crate::window::theme;
use crate::window::widgets::{empty_ui, name_ui};

/// What the tiles remember beside the session.
#[derive(Debug, Clone)]
pub struct TileViews {
    pub formats: FormatGridView,
    compare: CompareView,
    table: TableView,
    unit: UnitCardView,
    /// Those that a figure draws too.
    pub plots: PlotViews,
    /// The tensor to look into.
    pub tensor_site: (u32, Slot),
    /// What the box on the Pareto plot holds.
    pub selected: SelectedDesigns,
    /// The selected point of the Pareto plot.
    pub picked: Picked,
}

impl Default for TileViews {
    fn default() -> Self {
        Self {
            formats: FormatGridView::default(),
            compare: CompareView::default(),
            table: TableView::default(),
            unit: UnitCardView::default(),
            plots: PlotViews::default(),
            tensor_site: (0, Slot::ALL[0]),
            selected: SelectedDesigns::default(),
            picked: Picked::default(),
        }
    }
}

/// Draws one tile.
pub fn tile_ui(ui: &mut Ui, pane: Pane, scene: &Scene<'_>, views: &mut TileViews) -> Vec<Request> {
    let theme = theme::plot_theme(ui.ctx());
    match pane {
        Pane::Pareto => pareto_tile_ui(ui, scene, &views.selected, &mut views.picked, &theme),
        Pane::Formats => format_grid_ui(ui, scene, &mut views.formats, &theme),
        Pane::Table => table_tile_ui(ui, scene, views, &theme),
        Pane::Coordinates => coordinates_tile_ui(ui, scene, views, &theme),
        Pane::BitLayout => {
            bit_layout_tile_ui(ui, &scene.session.design, &theme);
            Vec::new()
        }
        Pane::Compare => compare_ui(ui, scene, &mut views.compare),
        Pane::Element => {
            unit_card_ui(ui, scene, &mut views.unit);
            Vec::new()
        }
        Pane::Checkpoint => super::checkpoint::checkpoint_ui(ui, scene),
        Pane::Breakdown | Pane::Roofline | Pane::Layers | Pane::Sensitivity | Pane::Tensors => {
            let Some(details) = &scene.results.details else {
                empty_ui(ui, "The design is being evaluated");
                return Vec::new();
            };
            detail_tile_ui(ui, pane, scene, views, details, &theme)
        }
    }
}

/// A hint beside controls, cut where the tile ends: a wider row would widen what is below it.
fn hint_ui(ui: &mut Ui, text: &str) {
    let text = egui::RichText::new(text).weak();
    ui.add(egui::Label::new(text).truncate());
}

fn detail_tile_ui(
    ui: &mut Ui,
    pane: Pane,
    scene: &Scene<'_>,
    views: &mut TileViews,
    details: &Details,
    theme: &PlotTheme,
) -> Vec<Request> {
    match pane {
        Pane::Breakdown => {
            let data = BreakdownData {
                groups: &details.bars,
            };
            let view = &mut views.plots.breakdown;
            egui::ScrollArea::vertical()
                .auto_shrink(false)
                .show(ui, |ui| _ = breakdown_ui(ui, &data, view, theme));
        }
        Pane::Roofline => {
            let data = RooflineData {
                roofs: &details.roofs,
                bandwidth: details.bandwidth,
                series: &SERIES,
                points: &details.roof_points,
            };
            let _ = roofline_ui(ui, &data, &mut views.plots.roofline, theme);
        }
        Pane::Layers => layers_tile_ui(ui, &scene.session.design, details, views, theme),
        Pane::Sensitivity => return sensitivity_tile_ui(ui, details, views, theme),
        Pane::Tensors => return tensor_tile_ui(ui, scene, details, views, theme),
        _ => {}
    }
    Vec::new()
}

fn layers_tile_ui(
    ui: &mut Ui,
    design: &Design,
    details: &Details,
    views: &mut TileViews,
    theme: &PlotTheme,
) {
    ui.horizontal(|ui| {
        ui.selectable_value(&mut views.plots.layers_show_bits, false, "Error");
        ui.selectable_value(&mut views.plots.layers_show_bits, true, "Bits");
        hint_ui(
            ui,
            "Cells selected here are selected in the tile Formats too",
        );
    });
    let bits = views.plots.layers_show_bits;
    let names: Vec<String> = Slot::ALL.iter().map(ToString::to_string).collect();
    let sites: Vec<&str> = names.iter().map(String::as_str).collect();
    let format = |layer: usize, site: usize| design.formats.at(layer as u32, Slot::ALL[site]);
    let known = |layer: usize, site: usize| {
        details
            .site_sqnr
            .get(layer)
            .map_or(f64::NAN, |row| row[site])
    };
    let value = |layer: usize, site: usize| match known(layer, site) {
        error if error.is_nan() || !bits => error,
        _ => format(layer, site).bits_per_value(),
    };
    let data = LayerMapData {
        sites: &sites,
        n_layers: details.site_sqnr.len(),
        has_head: true,
        quantity: if bits { "Bits per value" } else { "SQNR" },
        unit: if bits { "bit" } else { "dB" },
        more_is_better: !bits,
        value: &value,
        describe: &|layer, site| format(layer, site).to_string(),
    };
    if layer_map_ui(ui, &data, &mut views.plots.layers, theme).is_some()
        && let Some(range) = views.plots.layers.selection.clone()
    {
        let cells = range.layers.flat_map(|layer| {
            let sites = range.sites.clone();
            sites.filter_map(move |site| Some((layer as u32, *Slot::ALL.get(site)?)))
        });
        views.formats.select(cells);
    }
}

fn sensitivity_tile_ui(
    ui: &mut Ui,
    details: &Details,
    views: &mut TileViews,
    theme: &PlotTheme,
) -> Vec<Request> {
    let metric = views.plots.sensitivity.metric;
    let rows: Vec<_> = details.steps.iter().map(|step| step.row(metric)).collect();
    let data = SensitivityData {
        metric,
        base: details.evaluation.metrics().get(metric),
        rows: &rows,
    };
    match sensitivity_ui(ui, &data, &mut views.plots.sensitivity, theme) {
        Some(SensitivityAction::Parameter(row)) => {
            let parameter = details.steps.get(row).map(|step| step.parameter);
            parameter
                .map(|parameter| Command::ToggleAxis(parameter).into())
                .into_iter()
                .collect()
        }
        _ => Vec::new(),
    }
}

fn tensor_tile_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    details: &Details,
    views: &mut TileViews,
    theme: &PlotTheme,
) -> Vec<Request> {
    let (mut layer, mut slot) = views.tensor_site;
    ui.horizontal(|ui| {
        let last = scene.session.workload.model.n_layers.saturating_sub(1);
        let field = ui.add(
            egui::DragValue::new(&mut layer)
                .range(0..=last)
                .prefix("layer "),
        );
        ui.ctx()
            .accesskit_node_builder(field.id, |node| node.set_label("Layer of the tensor"));
        let combo = egui::ComboBox::from_id_salt("slot")
            .selected_text(slot.to_string())
            .show_ui(ui, |ui| {
                for each in Slot::ALL {
                    ui.selectable_value(&mut slot, each, each.to_string());
                }
            });
        name_ui(ui, &combo.response, "Site of the tensor");
        hint_ui(ui, "drawn from the model's channel statistics");
    });
    tensor_view_ui(ui, details.tensor.as_ref(), &mut views.plots.tensor, theme);
    if (layer, slot) == views.tensor_site {
        return Vec::new();
    }
    views.tensor_site = (layer, slot);
    vec![Request::LookInto]
}

fn bit_layout_tile_ui(ui: &mut Ui, design: &Design, theme: &PlotTheme) {
    let formats = used_formats(design);
    let formats: Vec<(&str, Format)> = formats
        .iter()
        .map(|(sites, format)| (sites.as_str(), *format))
        .collect();
    egui::ScrollArea::vertical()
        .auto_shrink(false)
        .show(ui, |ui| {
            bit_layout_ui(ui, &BitLayoutData { formats: &formats }, theme);
        });
}

fn table_tile_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    views: &mut TileViews,
    theme: &PlotTheme,
) -> Vec<Request> {
    let results = scene.results;
    // Rows stay while the new front grows; what lists every design shows the new ones as they come.
    let lists_front = !views.table.all && scene.session.pareto.selection.is_none();
    let former = lists_front && !results.former.points.is_empty();
    let (points, designs) = if former {
        (&results.former.points, &results.former.designs)
    } else {
        (&results.front, &*results.shown)
    };
    let front: Vec<usize> = points.iter().map(|point| point.index).collect();
    let space = designs.space.as_ref();
    let axes = space.map_or(&[][..], |space| space.axes());
    let settings: Vec<String> = axes
        .iter()
        .map(|axis| short_label(axis.parameter))
        .collect();
    let view = &scene.session.pareto;
    let values = |candidate| {
        let values = designs.settings(candidate).into_iter();
        values.map(|(_, value)| value).collect()
    };
    let data = TableData {
        generation: results.generation,
        candidates: &designs.metrics,
        front: &front,
        selection: scene.session.pareto.selection.as_ref(),
        settings: &settings,
        describe: &values,
        first: &[view.y, view.x],
        picked: views.picked.candidate(results).filter(|_| !former),
        former: former.then_some(if results.is_running() {
            "the new front does not stand yet"
        } else {
            "of the new one no design can be built and keeps all limits"
        }),
    };
    let command = match table_ui(ui, &data, &mut views.table, theme) {
        Some(TableAction::Load(candidate)) => designs
            .design(candidate)
            .map(|design| Command::ReplaceDesign(Box::new(design))),
        Some(TableAction::Pin(candidate)) => designs
            .design(candidate)
            .map(|design| Command::Pin(Box::new(design))),
        Some(TableAction::Pick(candidate)) => {
            // Rows of the exploration before are no points of the plot any more.
            if !former {
                views.picked = Picked::new(results, Target::Candidate(candidate));
            }
            None
        }
        None => None,
    };
    command.map(Request::from).into_iter().collect()
}

fn coordinates_tile_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    views: &mut TileViews,
    theme: &PlotTheme,
) -> Vec<Request> {
    let results = scene.results;
    let Some(explored) = ExploredAxes::new(scene.session, results, &views.selected) else {
        empty_ui(
            ui,
            "The explored designs appear here as lines, one axis a parameter or metric",
        );
        return Vec::new();
    };
    if explored.n_designs() == 0 && scene.session.pareto.selection.is_some() {
        empty_ui(ui, "No design lies in the box selected in the Pareto plot");
        return Vec::new();
    }
    let data = CoordinatesData {
        axes: &explored.axes,
        n_designs: explored.n_designs(),
        value: &|design, axis| explored.value(design, axis),
        on_front: &|design| explored.is_on_front(design),
        current: explored.current.as_deref(),
    };
    match coordinates_ui(ui, &data, &mut views.plots.coordinates, theme) {
        Some(CoordinatesAction::Load(design)) => {
            let candidate = explored.candidate(design);
            let design = candidate.and_then(|candidate| results.design(candidate));
            design
                .map(|design| Command::ReplaceDesign(Box::new(design)).into())
                .into_iter()
                .collect()
        }
        _ => Vec::new(),
    }
}
