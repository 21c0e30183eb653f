//! How the plots of one design are looked at; the window keeps it beside the session, a figure draws the same.

use super::breakdown::BreakdownView;
use super::coordinates::CoordinatesView;
use super::layer_map::LayerMapView;
use super::roofline::RooflineView;
use super::sensitivity::SensitivityView;
use super::tensor_view::TensorView;

/// One view a plot.
#[derive(Debug, Clone, Default)]
pub struct PlotViews {
    pub breakdown: BreakdownView,
    pub roofline: RooflineView,
    pub layers: LayerMapView,
    /// Stored bits instead of error on the layer map.
    pub layers_show_bits: bool,
    pub sensitivity: SensitivityView,
    pub coordinates: CoordinatesView,
    pub tensor: TensorView,
}
