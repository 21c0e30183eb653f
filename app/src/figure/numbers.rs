//! The numbers that a plot shows, as CSV.

use std::fmt::Write as _;

use anyhow::Context as _;
use blockscape_model::evaluation::Metric;

use super::{FigurePlot, SessionFigure};
use crate::results::details::{Details, SERIES};
use crate::results::points::points_csv;
use blockscape_explorer::sweep::store::csv_field;

impl SessionFigure<'_> {
    /// The numbers of the plot as CSV.
    pub(super) fn numbers(&self) -> anyhow::Result<String> {
        match self.plot {
            FigurePlot::Pareto | FigurePlot::Coordinates => {
                Ok(points_csv(&self.results.shown, None))
            }
            FigurePlot::Breakdown => Ok(breakdown(self.details()?)),
            FigurePlot::Roofline => Ok(roofline(self.details()?)),
            FigurePlot::Layers => Ok(self.layer_errors(self.details()?)),
            FigurePlot::Sensitivity => {
                Ok(sensitivity(self.details()?, self.views.sensitivity.metric))
            }
            FigurePlot::Tensor => tensor(self.details()?),
            FigurePlot::Formats => {
                let mut out = String::from("sites,format,bits_per_value\n");
                for (name, format) in self.formats() {
                    let (sites, text) = (csv_field(&name), csv_field(&format.to_string()));
                    let _ = writeln!(out, "{sites},{text},{}", format.bits_per_value());
                }
                Ok(out)
            }
        }
    }

    fn layer_errors(&self, details: &Details) -> String {
        let mut out = String::from("layer,site,format,bits_per_value,noise_to_signal,sqnr_db\n");
        for error in &details.evaluation.quality.layers {
            let format = self.session.design.formats.at(error.layer, error.slot);
            let _ = writeln!(
                out,
                "{},{},{},{},{},{}",
                error.layer,
                error.slot,
                csv_field(&format.to_string()),
                format.bits_per_value(),
                error.noise,
                error.sqnr_db
            );
        }
        out
    }
}

fn breakdown(details: &Details) -> String {
    let mut out = String::from("quantity,unit,design,component,value\n");
    for group in &details.bars {
        for bar in &group.bars {
            for part in &bar.parts {
                let [title, unit, design, name] =
                    [&group.title, &group.unit, &bar.name, &part.name].map(|text| csv_field(text));
                let _ = writeln!(out, "{title},{unit},{design},{name},{}", part.value);
            }
        }
    }
    out
}

fn roofline(details: &Details) -> String {
    let mut out = String::from("product,phase,operations_per_byte,tops,time_share\n");
    for point in &details.roof_points {
        let (name, phase) = (csv_field(&point.name), SERIES[point.series]);
        let (intensity, tops, share) = (point.intensity, point.tops, point.time_share);
        let _ = writeln!(out, "{name},{phase},{intensity},{tops},{share}");
    }
    out
}

fn sensitivity(details: &Details, metric: Metric) -> String {
    let mut out = format!("parameter,low,{metric}_low,high,{metric}_high\n");
    for step in &details.steps {
        let row = step.row(metric);
        let [name, low, high] = [&row.name, &row.low.0, &row.high.0].map(|text| csv_field(text));
        let (low_value, high_value) = (known(row.low.1), known(row.high.1));
        let _ = writeln!(out, "{name},{low},{low_value},{high},{high_value}");
    }
    out
}

/// A number, or nothing where there is none.
fn known(value: f64) -> String {
    if value.is_finite() {
        value.to_string()
    } else {
        String::new()
    }
}

fn tensor(details: &Details) -> anyhow::Result<String> {
    let tensor = details
        .tensor
        .as_ref()
        .context("the design's tensor was not sampled")?;
    let mut out = String::from("bin,values_before,values_after\n");
    for (bin, (before, after)) in tensor.before.iter().zip(&tensor.after).enumerate() {
        let _ = writeln!(out, "{bin},{before},{after}");
    }
    Ok(out)
}
