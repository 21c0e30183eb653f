//! Points as CSV, from the numbers that are plotted.

use std::fmt::Write as _;

use blockscape_explorer::sweep::store::csv_field;
use blockscape_model::evaluation::{Metric, Metrics};

use crate::results::Candidates;

/// All candidates, or those on the front: index, settings by axis, then every metric with its unit in the header's key.
///
/// Numbers are the shortest that read back to the same bits; a metric that is not known is left empty.
pub fn points_csv(candidates: &Candidates, only: Option<&[usize]>) -> String {
    let mut out = String::from("design");
    let space = candidates.space.as_deref();
    for axis in space.iter().flat_map(|space| space.axes()) {
        let _ = write!(out, ",{}", csv_field(&axis.parameter.to_string()));
    }
    for metric in Metric::ALL {
        let _ = write!(out, ",{metric}");
    }
    out.push('\n');
    let places: Box<dyn Iterator<Item = usize>> = match only {
        Some(places) => Box::new(places.iter().copied()),
        None => Box::new(0..candidates.metrics.len()),
    };
    for place in places {
        let (Some(index), Some(metrics)) =
            (candidates.indices.get(place), candidates.metrics.get(place))
        else {
            continue;
        };
        let _ = write!(out, "{index}");
        for value in space
            .map(|space| space.value_texts(*index))
            .into_iter()
            .flatten()
        {
            let _ = write!(out, ",{}", csv_field(&value));
        }
        numbers(&mut out, metrics);
        out.push('\n');
    }
    out
}

fn numbers(out: &mut String, metrics: &Metrics) {
    for metric in Metric::ALL {
        let value = metrics.get(metric);
        let _ = if value.is_finite() {
            write!(out, ",{value}")
        } else {
            write!(out, ",")
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_back_to_the_same_bits() {
        let mut metrics = Metrics::new([f64::NAN; Metric::COUNT]);
        metrics.set(Metric::Area, 0.1 + 0.2);
        metrics.set(Metric::EnergyPerToken, 1e-300);
        let candidates = Candidates {
            space: None,
            indices: vec![7],
            metrics: vec![metrics],
        };
        let csv = points_csv(&candidates, None);
        let (header, row) = csv.trim_end().split_once('\n').unwrap();
        let columns: Vec<&str> = header.split(',').collect();
        let cells: Vec<&str> = row.split(',').collect();
        assert_eq!(columns.len(), cells.len());
        let cell = |metric: Metric| {
            cells[columns
                .iter()
                .position(|c| *c == metric.to_string())
                .unwrap()]
        };
        assert_eq!(
            cell(Metric::Area).parse::<f64>().unwrap().to_bits(),
            (0.1_f64 + 0.2).to_bits()
        );
        assert_eq!(
            cell(Metric::EnergyPerToken)
                .parse::<f64>()
                .unwrap()
                .to_bits(),
            1e-300_f64.to_bits()
        );
        assert_eq!(cell(Metric::Perplexity), "");
    }
}
