//! Results of a sweep that the report prints.

use blockscape_explorer::Summary;

use super::sensitivity::Sensitivity;

/// Summary of the sweep and, where asked for, shares of variance.
pub(super) struct Findings {
    pub(super) summary: Summary,
    pub(super) sensitivity: Option<Sensitivity>,
}
