//! Published results and what the model makes of them: the reproduction table.
//!
//! Each row says on what basis our value rests. Nothing is fitted here except where a row is marked calibrated;
//! what cannot be computed is not listed as ours.

mod anchors;
mod anda;
mod anda_attention;
mod anda_tables;
mod fbfq;
mod harmonia;
mod mase;
mod relative_element;

pub use anda_tables::ANDA_TUPLES;

use serde::Serialize;

use crate::violation::Violation;

/// On what our value rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Computed by the model from formats, gates and workload alone.
    Derived,
    /// Computed with a constant that was set with the help of this source's own numbers.
    Calibrated,
    /// Published components put together by the model's formulas.
    PublishedInput,
}

impl Basis {
    /// In words.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Derived => "derived",
            Self::Calibrated => "calibrated",
            Self::PublishedInput => "published input",
        }
    }
}

/// One published number beside ours.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// System: anda, harmonia, fbfq, mase or anchors.
    pub system: &'static str,
    /// What is compared, and under which reading.
    pub quantity: String,
    /// Published value.
    pub published: f64,
    /// Ours.
    pub ours: f64,
    /// ours / published - 1.
    pub relative_error: f64,
    /// On what ours rests.
    pub basis: Basis,
    /// Reading, assumption or reason of a deviation; empty where there is nothing to say.
    pub note: &'static str,
}

impl Row {
    fn new(
        system: &'static str,
        quantity: impl Into<String>,
        published: f64,
        ours: f64,
        basis: Basis,
        note: &'static str,
    ) -> Self {
        Self {
            system,
            quantity: quantity.into(),
            published,
            ours,
            relative_error: ours / published - 1.0,
            basis,
            note,
        }
    }
}

/// Systems of the table, in order.
pub const SYSTEMS: [&str; 5] = ["anda", "harmonia", "fbfq", "mase", "anchors"];

/// The rows of one system, or of all.
///
/// # Errors
/// An unknown system, with those that exist.
pub fn reproduce(system: &str) -> Result<Vec<Row>, Violation> {
    let one = |system: &str| match system {
        "anda" => Some(anda::rows()),
        "harmonia" => Some(harmonia::rows()),
        "fbfq" => Some(fbfq::rows()),
        "mase" => Some(mase::rows()),
        "anchors" => Some(anchors::rows()),
        _ => None,
    };
    if system == "all" {
        return Ok(SYSTEMS.into_iter().filter_map(one).flatten().collect());
    }
    one(system).ok_or_else(|| {
        Violation::new(
            "system",
            format!("\"{system}\""),
            format!("all {}", SYSTEMS.join(" ")),
        )
    })
}

/// Geometric mean.
fn geometric_mean(values: &[f64]) -> f64 {
    let count = u32::try_from(values.len().max(1)).map_or(1.0, f64::from);
    (values.iter().map(|value| value.ln()).sum::<f64>() / count).exp()
}
