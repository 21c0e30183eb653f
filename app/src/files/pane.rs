//! The tiles of the window by name, as the settings file keeps their arrangement.

use serde::{Deserialize, Serialize};

/// One kind of tile; there is at most one of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Pane {
    /// Front, cloud, published points, current design.
    Pareto,
    /// Area, energy and time as stacked bars.
    Breakdown,
    /// Attainable against demanded intensity.
    Roofline,
    /// Layers by sites, colored by error or bits.
    Layers,
    /// What a step of each parameter does.
    Sensitivity,
    /// Parallel coordinates.
    Coordinates,
    /// Bits of a format, drawn to scale.
    BitLayout,
    /// Values before and after quantization.
    Tensors,
    /// Designs as rows.
    Table,
    /// Formats of every layer and site, to be painted.
    Formats,
    /// Two designs side by side.
    Compare,
    /// Weight error of an opened model, tensor by tensor.
    Checkpoint,
    /// Parts of the processing element, and one hardware unit by itself.
    Element,
}
