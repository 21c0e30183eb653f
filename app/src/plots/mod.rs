//! The plots: pure drawing from cached, borrowed data, the same on the screen and on paper.
//!
//! Each plot is one function `<name>_ui(ui, data, view, theme) -> Option<Action>`; the view is small saved state (axes, flags,
//! selection), the action is what the user asked for. Nothing here computes a cost, measures an error or reads a file.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "screen coordinates and cell indices"
)]

pub mod axis;
pub mod bit_layout;
pub mod breakdown;
pub mod chart;
pub mod coordinates;
pub mod density;
pub mod labels;
pub mod layer_map;
pub mod legend;
mod metric_picker;
pub mod pareto;
pub mod roofline;
pub mod sensitivity;
pub mod table;
pub mod tensor_view;
pub mod theme;
pub mod views;
pub mod written;

pub use axis::{Axis, Scale};
pub use chart::{Bounds, Chart, ShownChart};
pub use metric_picker::metric_picker;
pub use theme::{Marker, PlotTheme};
pub use views::PlotViews;
