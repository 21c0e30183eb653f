//! What the window would have computed for a session, computed without one.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use anyhow::Context as _;
use anyhow::bail;
use blockscape_explorer::Progress;
use blockscape_model::workload::{Slot, Workload};

use crate::checkpoint::file::CheckpointFile;
use crate::files::input;
use crate::files::output;
use crate::files::preset_library::Opened;
use crate::results::{Results, State};
use crate::session::Session;
use crate::session::command::{Command, apply};
use crate::session::first::first_session;
use crate::work::exploration::Exploration;

/// The session of a file: saved, or the first one around a design, a workload or a checkpoint's shape.
///
/// # Errors
/// A file that is none of these.
pub fn session_of(opened: Opened) -> anyhow::Result<Session> {
    let first = first_session();
    Ok(match opened {
        Opened::Session(session) => *session,
        Opened::Design(design) => Session {
            design: *design,
            ..first
        },
        Opened::Workload(workload) => Session {
            workload: *workload,
            ..first
        },
        Opened::Model(model) => Session {
            workload: Workload::single_sequence(*model),
            ..first
        },
        Opened::Space(space) => {
            let mut session = first;
            apply(&mut session, Command::LoadSpace(space));
            session
        }
        Opened::Checkpoint(path) => {
            let file = CheckpointFile::open(&path)?;
            let shape = file
                .checkpoint()?
                .hyperparameters
                .shape()
                .with_context(|| file.name())?;
            Session {
                workload: Workload::single_sequence(shape),
                checkpoint: Some(path),
                ..first
            }
        }
    })
}

/// As the window does: where nothing says what noise costs a model in perplexity, noise itself is drawn.
///
/// # Errors
/// A design that cannot be built.
pub fn look_at_noise(session: &mut Session, threads: usize) -> anyhow::Result<()> {
    let Some((exploration, view)) = session.without_perplexity() else {
        return Ok(());
    };
    let known = compute(session, false, threads, |_| ())?.details;
    if known.is_none_or(|details| details.evaluation.quality.perplexity.is_some()) {
        return Ok(());
    }
    session.exploration = exploration;
    session.pareto = view;
    output::note(&format!(
        "no perplexity is known for {} until it is measured; SQNR stands for it",
        session.workload.model.name
    ));
    Ok(())
}

/// Computes as the window does: the design's details and, if asked for, the whole exploration.
///
/// # Errors
/// A design that cannot be built, or an exploration that breaks down.
pub fn compute(
    session: &Session,
    explored: bool,
    threads: usize,
    mut on_progress: impl FnMut(Progress),
) -> anyhow::Result<Results> {
    let (sender, woken) = mpsc::channel();
    let wake = Arc::new(move || {
        // the receiver goes first when all is done
        let _closed = sender.send(());
    });
    let tensor = (0, Slot::ALL[0]);
    let mut results = Results::default();
    let mut exploration = Exploration::new(wake, threads);
    if explored {
        exploration.explore(session, &mut results);
    } else {
        exploration.inspect(session, tensor);
    }
    loop {
        exploration.drain(session, tensor, &mut results, false);
        if !results.violations.is_empty() {
            return Err(input::refused(&session.design.name, &results.violations));
        }
        match &results.state {
            State::Failed(message) => bail!("{message}"),
            State::Running(Some(progress)) => on_progress(*progress),
            _ => {}
        }
        let done = !explored || matches!(results.state, State::Finished(_));
        // what is told of the front afterwards is drawn too: without it a figure would depend on timing
        let settled = !exploration.is_judging_front() && results.knows_membership();
        if done && settled && results.details.is_some() {
            return Ok(results);
        }
        if let Err(mpsc::RecvTimeoutError::Disconnected) =
            woken.recv_timeout(Duration::from_secs(1))
        {
            bail!("the exploration stopped");
        }
    }
}
