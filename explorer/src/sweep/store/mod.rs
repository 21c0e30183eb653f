//! Results on disk: a journal while a sweep runs, a table when it is done, parts of tables joined.
//!
//! The journal makes a sweep resumable. Strategies are deterministic, so a resumed sweep proposes the same designs in
//! the same order; the journal answers for the first of them and the judge for the rest.

mod aside;
mod build;
mod checksum;
mod csv;
mod file_kind;
mod journal;
mod journal_header;
mod journal_record;
mod merge;
mod output;
mod part_file;
mod seal;
mod table;
mod table_file;
mod whole_file;

pub use aside::set_aside;
pub use build::Build;
pub use checksum::fingerprint;
pub(crate) use checksum::fnv1a;
pub use csv::csv_field;
pub use file_kind::{is_part, is_table};
pub use journal::{Journal, JournalState, Recovered};
pub use journal_header::JournalHeader;
pub use merge::{Merged, merge};
pub use output::{Output, is_same_file};
pub use part_file::{about_part, check_part, read_part};
pub use table::{Part, Status, statuses, write_part, write_table};
pub use table_file::{TableFacts, check_table};
pub use whole_file::{WholeFile, write_whole};

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why results could not be kept or read.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The system refused.
    #[error("{path}: {reason}", path = path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
    /// A file could not be written.
    #[error("cannot write {path}: {reason}{kept}", path = path.display())]
    Unwritten {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        reason: io::Error,
        /// What became of the file that was there.
        kept: &'static str,
    },
    /// A folder could not be made.
    #[error("cannot create folder {path}: {reason}", path = path.display())]
    Folder {
        /// Which folder.
        path: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
    /// The place of an output holds what this program did not write there.
    #[error("{path}: exists and is not {kind}; it is left as it is", path = path.display())]
    Foreign {
        /// Which file.
        path: PathBuf,
        /// What was to be written.
        kind: &'static str,
    },
    /// A file that is not what it should be.
    #[error("{path}: {message}", path = path.display())]
    Content {
        /// Which file.
        path: PathBuf,
        /// What is wrong, and where.
        message: String,
    },
}

/// Refuses what is no file before it is opened: reading a pipe would wait for somebody to write.
fn check_regular(path: &Path) -> Result<(), StoreError> {
    let found = std::fs::metadata(path).map_err(StoreError::file(path))?;
    if found.is_file() {
        return Ok(());
    }
    Err(StoreError::content(path, "is not a regular file"))
}

impl StoreError {
    fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |reason| Self::File { path, reason }
    }

    fn unwritten(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |reason| {
            let kept = if path.is_file() {
                "; the file written before is unchanged"
            } else {
                ""
            };
            Self::Unwritten { path, reason, kept }
        }
    }

    fn content(path: impl Into<PathBuf>, message: impl Into<String>) -> Self {
        Self::Content {
            path: path.into(),
            message: message.into(),
        }
    }
}
