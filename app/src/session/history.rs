//! Undo and redo of the session: a thin hold on egui's `Undoer`, one step a drag.
//!
//! Nothing is recorded while a pointer button is down, so a whole drag is one step however long it pauses.

use egui::util::undoer::{Settings, Undoer};

use crate::plots::pareto::ParetoView;
use crate::session::Session;

/// Key presses closer together than this are one step.
const STABLE_SECONDS: f32 = 0.5;

/// The sessions that can be gone back to.
#[derive(Debug)]
pub struct History {
    undoer: Undoer<Session>,
    was_down: bool,
}

impl Default for History {
    fn default() -> Self {
        let settings = Settings {
            max_undos: 200,
            stable_time: STABLE_SECONDS,
            auto_save_interval: f32::INFINITY,
        };
        Self {
            undoer: Undoer::with_settings(settings),
            was_down: false,
        }
    }
}

impl History {
    /// Looks at the session once a frame; returns the seconds after which to look again, if it has to.
    pub fn observe(&mut self, session: &Session, now: f64, pointer_down: bool) -> Option<f32> {
        let released = self.was_down && !pointer_down;
        self.was_down = pointer_down;
        if pointer_down {
            return None;
        }
        let session = plain(session);
        self.undoer.feed_state(now, &session);
        if released && self.undoer.is_in_flux() {
            self.undoer.add_undo(&session);
        }
        self.undoer.is_in_flux().then_some(STABLE_SECONDS)
    }

    pub fn can_undo(&self, session: &Session) -> bool {
        self.undoer.has_undo(&plain(session))
    }

    pub fn can_redo(&self, session: &Session) -> bool {
        self.undoer.has_redo(&plain(session))
    }

    /// The session before the last step.
    pub fn undo(&mut self, session: &Session) -> Option<Session> {
        let before = self.undoer.undo(&plain(session))?.clone();
        Some(beside(before, session))
    }

    /// The session before the last undo.
    pub fn redo(&mut self, session: &Session) -> Option<Session> {
        let after = self.undoer.redo(&plain(session))?.clone();
        Some(beside(after, session))
    }
}

/// What a step holds. How the plot is looked at is not part of it, nor is what was measured: that stays true.
fn plain(session: &Session) -> Session {
    Session {
        version: session.version,
        design: session.design.clone(),
        preset: session.preset.clone(),
        workload: session.workload.clone(),
        exploration: session.exploration.clone(),
        pareto: ParetoView::default(),
        pinned: session.pinned.clone(),
        fronts: session.fronts.clone(),
        reference: session.reference,
        locked: session.locked.clone(),
        checkpoint: session.checkpoint.clone(),
        measured: Vec::new(),
        calibration: None,
    }
}

/// A step with the rest of the session as it is now.
fn beside(step: Session, now: &Session) -> Session {
    Session {
        pareto: now.pareto.clone(),
        measured: now.measured.clone(),
        calibration: now.calibration.clone(),
        ..step
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::first::first_session;

    #[test]
    fn a_drag_with_pauses_is_one_step() {
        let mut history = History::default();
        let start = first_session();
        let mut session = start.clone();
        history.observe(&session, 0.0, false);
        for step in 1..20_u32 {
            session.design.array.rows = 16 + step;
            history.observe(&session, f64::from(step), true);
        }
        history.observe(&session, 20.0, false);
        let end = session.clone();
        assert_eq!(history.undo(&session), Some(start.clone()));
        assert!(!history.can_undo(&start));
        assert_eq!(history.redo(&start), Some(end));
    }

    #[test]
    fn panning_the_plot_is_no_step() {
        let mut history = History::default();
        let mut session = first_session();
        history.observe(&session, 0.0, false);
        session.pareto.front_only = true;
        history.observe(&session, 1.0, false);
        history.observe(&session, 3.0, false);
        assert!(!history.can_undo(&session));
    }
}
