//! What stands below a figure unless the user says otherwise.

use std::fmt::Write as _;

use super::{FigurePlot, SessionFigure};
use crate::session::words::{opening_words, rounding_and_scale, sites_and_formats};

/// Rules of the format table that are written out; a table by layers would fill a page.
const MOST_FORMATS: usize = 10;

impl SessionFigure<'_> {
    /// What the caption says unless the user says otherwise: workload, technology, formats with their rules, accuracy basis.
    pub fn caption(&self) -> String {
        let design = &self.session.design;
        let mut out = opening_words(design, &self.session.workload) + ". ";
        let mut formats: Vec<String> = sites_and_formats(design)
            .map(|(sites, format)| format!("{sites} {format}{}", rounding_and_scale(format)))
            .collect();
        let n_more = formats.len().saturating_sub(MOST_FORMATS);
        if n_more > 1 {
            formats.truncate(MOST_FORMATS);
            let place = if self.carries_session {
                " in the preset inside this file"
            } else {
                ""
            };
            formats.push(format!("and {n_more} more{place}"));
        }
        let _ = write!(out, "Formats: {}. ", formats.join("; "));
        let _ = write!(out, "Accuracy: {}.", self.results.basis_text());
        if self.plot == FigurePlot::Pareto {
            let objectives: Vec<&str> = self
                .session
                .exploration
                .objectives
                .iter()
                .map(|objective| objective.metric.description().label)
                .collect();
            let _ = write!(out, " Objectives: {}.", objectives.join(", "));
        }
        if self.plot == FigurePlot::Breakdown {
            out.push_str(" Whiskers: range of the total.");
        }
        out
    }
}
