//! Models that can be run: opened, measured, calibrated, and what of it the session follows.

use std::sync::Arc;

use blockscape_explorer::Objective;
use blockscape_model::evaluation::Metric;
use blockscape_model::quality::QualityModel;
use blockscape_model::story_model;

use super::App;
use crate::checkpoint::report::CheckpointReport;
use crate::files::pane::Pane;
use crate::files::purpose::Purpose;
use crate::results::details::Details;
use crate::session::command::{self, Command, shortened};
use crate::session::measured_design::Measured;
use crate::session::measured_design::measured_designs;
use crate::window::panels::layout;

impl App {
    /// A model was read: the session turns to it, unless it already had.
    pub(super) fn model_read(&mut self, read: anyhow::Result<CheckpointReport>) {
        match read {
            Ok(report) => {
                let shown = self.results.checkpoint.as_ref();
                let Ok(shape) = &report.architecture else {
                    if shown.map(|shown| &shown.path) != Some(&report.path) {
                        self.window
                            .notices
                            .info(format!("Opened the weights of {}", report.path.display()));
                        layout::reveal(&mut self.window.tree, Pane::Checkpoint);
                    }
                    self.results.checkpoint = Some(report);
                    return;
                };
                if self.session.checkpoint.as_ref() != Some(&report.path) {
                    self.window
                        .notices
                        .info(format!("Opened model {}", report.path.display()));
                    let session = &mut self.session;
                    let asked = session.workload.clone();
                    command::apply(session, Command::ChangeModel(Box::new(shape.clone())));
                    if let Some(note) = shortened(&asked, &session.workload) {
                        self.window.notices.warning(note);
                    }
                    command::apply(session, Command::SetCheckpoint(Some(report.path.clone())));
                    layout::reveal(&mut self.window.tree, Pane::Checkpoint);
                    self.results.checkpoint = None; // else weights without an architecture would be read on
                    self.explore();
                }
                self.results.checkpoint = Some(report);
            }
            Err(error) => self.window.notices.error(format!("{error:#}")),
        }
    }

    /// Where nothing says what noise costs a model in perplexity, noise itself is what is explored.
    ///
    /// A calibration that is still being taken up will say.
    pub(super) fn follow_accuracy(&mut self) {
        if self.session.calibration_here().is_none() {
            self.turn_to_noise();
        }
    }

    fn turn_to_noise(&mut self) {
        let unknown = |details: &Details| details.evaluation.quality.perplexity.is_none();
        if !self.results.details.as_deref().is_some_and(unknown) {
            return;
        }
        let Some((settings, view)) = self.session.without_perplexity() else {
            return;
        };
        let model = &self.session.workload.model.name;
        self.window.notices.info(format!(
            "No perplexity is known for {model} until it is measured; SQNR stands for it"
        ));
        self.edit(Command::SetParetoView(Box::new(view)));
        self.edit(Command::SetExploration(Box::new(settings)));
    }

    /// Measures at once where the model brings its text, else asks for one.
    pub(super) fn measure(&mut self, front: bool) {
        if self.session.is_on_built_in_model() {
            self.exploration
                .measure(&self.session, &self.results, None, front);
        } else if self.session.checkpoint.is_some() {
            self.ask(Purpose::MeasureText { front });
        } else {
            self.window
                .notices
                .info("Open a model first: File, Open model, or use the built-in story model");
        }
    }

    pub(super) fn use_story_model(&mut self) {
        let models = &self.library.models;
        let Some(shape) = models.iter().find(|model| model.name == story_model::NAME) else {
            return;
        };
        self.edit(Command::ChangeModel(Box::new(shape.clone())));
        self.window.notices.info(
            "The story model comes with the program: Measure and Verify front run it on its own stories",
        );
    }

    /// The estimator was fitted to the opened model: perplexity is what is explored from now on.
    fn take_quality(&mut self, quality: Arc<QualityModel>) {
        self.exploration.use_quality(&self.session, quality);
        let mut settings = self.session.exploration.clone();
        let known = settings
            .objectives
            .iter()
            .any(|objective| objective.metric == Metric::Perplexity);
        for objective in &mut settings.objectives {
            if objective.metric == Metric::Sqnr && !known {
                *objective = Objective::new(Metric::Perplexity);
            }
        }
        let mut view = self.session.pareto.clone();
        for axis in [&mut view.x, &mut view.y] {
            if *axis == Metric::Sqnr {
                *axis = Metric::Perplexity;
            }
        }
        view.bounds = None;
        self.edit(Command::SetParetoView(Box::new(view)));
        self.edit(Command::SetExploration(Box::new(settings)));
    }

    /// A measurement came to its end.
    pub(super) fn measurement_done(&mut self, measured: anyhow::Result<Measured>) {
        let found = match measured {
            Ok(found) => found,
            Err(error) => {
                self.window.notices.error(format!("{error:#}"));
                // Without the calibration that was to be taken up, no perplexity is known.
                self.turn_to_noise();
                return;
            }
        };
        self.window.notices.info(self.measured_text(&found));
        if let Some(note) = &found.note {
            self.window.notices.warning(note);
        }
        self.edit(Command::KeepMeasured(measured_designs(&found)));
        if let Some(calibration) = found.calibration {
            self.edit(Command::KeepCalibration(Box::new(calibration)));
        }
        self.results.follow_measured(&self.session);
        match found.quality {
            Some(quality) => self.take_quality(quality),
            None => self.look_into(),
        }
    }

    fn measured_text(&self, found: &Measured) -> String {
        let (model, text) = (&self.session.workload.model.name, found.subject.text_name());
        match found.designs.as_slice() {
            [] => format!("Took up the calibration of {model} on {text}"),
            _ if found.quality.is_some() => format!(
                "Calibrated the estimator of {model} on {text}; perplexities are estimated from now on"
            ),
            [(design, perplexity)] => format!(
                "Measured {}: perplexity {perplexity:.4}, {:.4} unquantized, {} tokens",
                design.name, found.reference, found.n_tokens
            ),
            designs => format!(
                "Measured {} designs of the front; they are solid now",
                designs.len()
            ),
        }
    }
}
