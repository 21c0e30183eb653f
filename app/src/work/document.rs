//! The session as a file: where it was saved, whether it changed since, the copy for recovery.
//!
//! Writing happens on threads of their own, whole or not at all; the window never waits for a disk.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use blockscape_explorer::sweep::store::write_whole;

use crate::files::settings::Folders;
use crate::session::Session;
use blockscape_explorer::worker::{Wake, Worker};

/// Time between two copies for recovery.
const COPY_EVERY: Duration = Duration::from_secs(2);

/// The file of the session.
#[derive(Debug)]
pub struct Document {
    /// Where it was opened or saved.
    pub path: Option<PathBuf>,
    saved: Session,
    copied: Session,
    copied_at: Option<Instant>,
    recovery: Option<PathBuf>,
    copier: Worker<(PathBuf, String), anyhow::Result<()>>,
    told_of_failure: bool,
}

impl Document {
    pub fn new(session: &Session, folders: &Folders, wake: Wake) -> Self {
        let copier = Worker::new(
            "recovery copy",
            wake,
            |(path, text): (PathBuf, String), _| Ok(write_whole(&path, text.as_bytes())?),
        );
        Self {
            path: None,
            saved: session.clone(),
            copied: session.clone(),
            copied_at: None,
            recovery: folders.recovery_path(),
            copier,
            told_of_failure: false,
        }
    }

    /// Whether there is work that no file has.
    pub fn is_unsaved(&self, session: &Session) -> bool {
        !self.saved.is_same_work(session)
    }

    /// A session was opened from a file, or begun.
    pub fn opened(&mut self, session: &Session, path: Option<PathBuf>) {
        self.saved = session.clone();
        self.path = path;
    }

    /// The session was written to a file.
    pub fn saved_as(&mut self, written: &Session, path: PathBuf, now: &Session) {
        self.opened(written, Some(path));
        // What was edited meanwhile is in no file but the copy.
        if now.is_same_work(written) {
            self.forget_copy();
        }
    }

    /// Copies the session for recovery once it changed; returns when to look again, and what failed.
    pub fn keep_copy(&mut self, session: &Session) -> (Option<Duration>, Option<String>) {
        let failure = match self.copier.try_answer() {
            Some(Ok(Err(error))) if !self.told_of_failure => {
                self.told_of_failure = true;
                Some(format!("no copy for recovery: {error:#}"))
            }
            _ => None,
        };
        let Some(path) = &self.recovery else {
            return (None, failure);
        };
        if self.copied.is_same_work(session) {
            return (None, failure);
        }
        let since = self.copied_at.map_or(COPY_EVERY, |at| at.elapsed());
        if since < COPY_EVERY {
            return (Some(COPY_EVERY.saturating_sub(since)), failure);
        }
        self.copier.submit((path.clone(), session.to_ron()));
        self.copied = session.clone();
        self.copied_at = Some(Instant::now());
        (None, failure)
    }

    /// Takes over the copy of a window that did not close: it stays a file until this window's own copy replaces it.
    pub fn adopt_copy(&self, copy: &Path) {
        if let Some(path) = &self.recovery {
            // Where it cannot be moved it stays where it is and is offered again.
            let _ = std::fs::rename(copy, path);
        }
    }

    /// Removes the copy: the work is saved, or given up on purpose.
    pub fn forget_copy(&mut self) {
        if let Some(path) = &self.recovery {
            // There may be none.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Copies left by windows that did not close, oldest first.
pub fn left_copies(folders: &Folders) -> Vec<PathBuf> {
    let Some(folder) = &folders.state else {
        return Vec::new();
    };
    let entries = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(Result::ok);
    let mut copies: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| process_of(path).is_some_and(|id| !is_running(id)))
        .collect();
    let age = |path: &PathBuf| {
        std::fs::metadata(path)
            .and_then(|file| file.modified())
            .ok()
    };
    copies.sort_by_cached_key(age);
    copies
}

fn process_of(path: &Path) -> Option<u32> {
    let name = path.file_name()?.to_str()?;
    name.strip_prefix("recovery-")?
        .strip_suffix(".ron")?
        .parse()
        .ok()
}

/// Whether a process of this program has this number; one that is dead but not yet waited for does not run.
fn is_running(process: u32) -> bool {
    if process == std::process::id() {
        return true;
    }
    let name_and_state = |process: &str| {
        let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        let (name, rest) = text.rsplit_once(')')?;
        let (_, name) = name.split_once('(')?;
        Some((name.to_owned(), rest.trim_start().chars().next()?))
    };
    let (Some((name, state)), Some((own_name, _))) =
        (name_and_state(&process.to_string()), name_and_state("self"))
    else {
        return false;
    };
    name == own_name && !matches!(state, 'Z' | 'X')
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::is_running;

    #[test]
    fn a_killed_process_does_not_run_even_before_it_is_waited_for() {
        assert!(is_running(std::process::id()));
        let mut other = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .unwrap();
        assert!(!is_running(other.id()), "another program's number");
        other.kill().unwrap();
        assert!(!is_running(other.id()));
        other.wait().unwrap();
        assert!(!is_running(other.id()));
    }
}
