//! Block formats as data: any element, scale levels, choice a block, metadata and outliers, described in RON and used by name.
//!
//! `definition` is the RON form with its checks, `level` and `element` its parts, `prepared` the tables that kernels use,
//! `catalog` the names. The arithmetic stands in `quantization::general`.

mod built_in;
mod catalog;
mod check;
mod definition;
mod element;
mod family;
mod level;
mod prepared;

pub(crate) use built_in::TEXTS;
pub(in crate::format) use catalog::intern;
pub use catalog::{DefinitionError, define, read_definition};
pub use definition::{Candidate, ChoiceStorage, Criterion, Definition, Metadata, Outliers};
pub use element::{Element, Ties};
pub use family::GeneralFormat;
pub use level::{Extent, ScaleKind, ScaleLevel, Statistic};

pub(crate) use definition::MOST_RATIO_BLOCKS;
pub(crate) use element::{Nearest, SHORT, ValueList, bits_for};
pub(crate) use level::scale_step;
pub(crate) use prepared::Prepared;
