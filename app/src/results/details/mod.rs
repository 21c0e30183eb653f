//! Everything the tiles and the inspector show of the edited design beyond its figures of merit, made on a thread
//! of its own: breakdowns, roofline, errors, sensitivities, one tensor, and the pinned designs.
//!
//! Made from one question, never changed; a newer question replaces it whole.

mod bars;
pub mod refusal;
mod roofs;
mod steps;
mod tensor;

use std::sync::Arc;

use blockscape_explorer::{Evaluate as _, Judge};
use blockscape_model::design::Design;
use blockscape_model::evaluation::{Evaluation, Metrics};
use blockscape_model::workload::{Slot, Workload};

use crate::plots::breakdown::BarGroup;
use crate::plots::pareto::{MeasuredPoint, NamedPoint};
use crate::plots::roofline::{Roof, RooflinePoint};
use crate::plots::tensor_view::TensorSummary;
use crate::session::measured_design::MeasuredDesign;
use blockscape_explorer::Ticket;

pub use refusal::{Refusal, Remedy};
pub use roofs::SERIES;
pub use steps::Step;

/// What is to be shown.
#[derive(Debug, Clone)]
pub struct Question {
    pub judge: Arc<Judge>,
    pub design: Arc<Design>,
    pub workload: Arc<Workload>,
    /// The design's evaluation, where somebody made it before.
    pub evaluation: Option<Arc<Evaluation>>,
    pub pinned: Vec<Design>,
    /// Designs whose accuracy was measured on the session's model.
    pub measured: Vec<MeasuredDesign>,
    /// Which pinned design to compare with.
    pub reference: Option<usize>,
    /// The tensor to look into.
    pub tensor: (u32, Slot),
    /// Designs of papers, as presets describe them.
    pub published: Arc<[Design]>,
    /// The design that the edited one started from.
    pub preset: Option<Design>,
}

/// What is shown.
#[derive(Debug, Clone)]
pub struct Details {
    pub evaluation: Evaluation,
    /// Figures of the pinned designs; `None` where one cannot be built.
    pub pinned: Vec<Option<Metrics>>,
    /// The measured designs as points; their accuracy is the measured one.
    pub measured: Vec<MeasuredPoint>,
    /// What the model makes of the published designs on this workload.
    pub published: Vec<NamedPoint>,
    /// Area, energy and time of the design and of the reference.
    pub bars: Vec<BarGroup>,
    pub roofs: Vec<Roof>,
    /// External memory bandwidth in 10^9 bytes per second.
    pub bandwidth: f64,
    pub roof_points: Vec<RooflinePoint>,
    /// Signal to noise in dB by layer and slot; NaN for sites the model does not have.
    pub site_sqnr: Vec<[f64; Slot::COUNT]>,
    /// One step down and up of every parameter.
    pub steps: Vec<Step>,
    pub tensor: Option<TensorSummary>,
    /// Which kinds of element the design can be built with, in their order.
    pub fitting: Vec<bool>,
}

/// Makes the details; `None` once a newer question waits.
///
/// # Errors
/// Why the design cannot be built.
pub fn answer(question: &Question, ticket: &Ticket) -> Option<Result<Details, Refusal>> {
    let Question {
        judge,
        design,
        workload,
        pinned,
        measured,
        reference,
        tensor,
        published,
        preset,
        evaluation: _,
    } = question;
    let evaluation = match &question.evaluation {
        Some(evaluation) => (**evaluation).clone(),
        None => match judge.evaluation(design, workload) {
            Ok(evaluation) => evaluation,
            Err(violations) => {
                let subject = (&**design, &**workload);
                let refusal = Refusal::new(judge, subject, preset.as_ref(), violations);
                return Some(Err(refusal));
            }
        },
    };
    let mut others = Vec::with_capacity(pinned.len());
    for design in pinned {
        if ticket.is_stale() {
            return None;
        }
        others.push(judge.evaluation(design, workload).ok());
    }
    let compared =
        reference.and_then(|index| Some((pinned.get(index)?, others.get(index)?.as_ref()?)));
    let published = published_points(judge, published, workload);
    let measured = measured_points(judge, measured, workload);
    let bars = bars::groups(&evaluation, compared);
    let steps = steps::steps(judge, design, workload, ticket)?;
    let tensor = tensor::summary(judge, design, *tensor);
    let fitting = refusal::fitting(judge, design, workload);
    let (roofs, bandwidth, roof_points) = roofs::roofline(design, &evaluation.cost);
    Some(Ok(Details {
        pinned: others
            .into_iter()
            .map(|other| other.map(|other| other.metrics()))
            .collect(),
        measured,
        published,
        bars,
        roofs,
        bandwidth,
        roof_points,
        site_sqnr: site_sqnr(&evaluation, workload.model.n_layers),
        steps,
        tensor,
        fitting,
        evaluation,
    }))
}

/// Published designs as points: their formats and hardware, our figures. One that cannot be built has none.
fn published_points(judge: &Judge, designs: &[Design], workload: &Workload) -> Vec<NamedPoint> {
    let mut session = judge.session();
    let point = |design: &Design| {
        let metrics = session.metrics(design, workload).ok()?;
        Some(NamedPoint {
            name: design.name.clone(),
            source: format!(
                "{}; estimated here from its formats and hardware",
                design.source
            ),
            metrics,
            measured: false,
        })
    };
    designs.iter().filter_map(point).collect()
}

/// Measured designs as points: their measured accuracy, our figures.
fn measured_points(
    judge: &Judge,
    designs: &[MeasuredDesign],
    workload: &Workload,
) -> Vec<MeasuredPoint> {
    let mut session = judge.session();
    let point = |measured: &MeasuredDesign| {
        let mut metrics = session.metrics(&measured.design, workload).ok()?;
        measured.accuracy().put_into(&mut metrics);
        Some(MeasuredPoint {
            point: NamedPoint {
                name: measured.design.name.clone(),
                source: measured.basis(),
                metrics,
                measured: true,
            },
            text: measured.subject.text_name(),
            design: measured.design.clone(),
        })
    };
    designs.iter().filter_map(point).collect()
}

fn site_sqnr(evaluation: &Evaluation, n_layers: u32) -> Vec<[f64; Slot::COUNT]> {
    let mut rows = vec![[f64::NAN; Slot::COUNT]; n_layers as usize + 1];
    for error in &evaluation.quality.layers {
        if let Some(row) = rows.get_mut(error.layer as usize) {
            row[error.slot.index()] = error.sqnr_db;
        }
    }
    rows
}
