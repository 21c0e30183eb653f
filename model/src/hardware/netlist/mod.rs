//! One representation of hardware: a graph of operators with widths and registers, and walks over it.
//!
//! [`Builder`] makes a [`Netlist`], [`Simulation`] says what it computes, [`Netlist::cells`] what it consists of. Area
//! ([`CellList::census`]), energy ([`CellList::settled`], [`CellList::with_glitches`]) and timing
//! ([`CellList::slowest_path`]) are walks over the cells with the coefficients of a [`CellTable`].

mod activity;
mod adder_tree;
mod builder;
mod cell_class;
mod cell_list;
mod cell_table;
mod energy;
mod graph;
mod lower;
mod node;
mod simulate;
mod system_verilog;
mod timing;

pub use activity::{Activity, BitPlanes};
pub use adder_tree::AdderStyle;
pub(crate) use builder::count_bits;
pub use builder::{Builder, MOST_BITS, Summand};
pub use cell_class::CellClass;
pub use cell_list::{Cell, CellList, Flipflop, Function, Literal, Site};
pub use cell_table::CellTable;
pub use energy::{GlitchRule, SwitchingCounts};
pub use graph::{Netlist, Port};
pub use node::{Node, NodeId, Operator, Term};
pub use simulate::Simulation;
pub use timing::{CriticalPath, PathSteps};
