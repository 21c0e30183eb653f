//! Results on disk: a journal while a sweep runs, a table when it is done, parts of tables joined.
//!
//! The journal makes a sweep resumable. Strategies are deterministic, so a resumed sweep proposes the same designs in
//! the same order; the journal answers for the first of them and the judge for the rest.

mod checksum;
mod csv;
mod journal;
mod merge;
mod table;

pub use checksum::fingerprint;
pub(crate) use checksum::fnv1a;
pub use csv::csv_field;
pub use journal::Journal;
pub use merge::{Merged, merge};
pub use table::{Part, Status, statuses, write_part, write_table};

use std::io;
use std::path::PathBuf;

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
    /// A file that is not what it should be.
    #[error("{path}: {message}", path = path.display())]
    Content {
        /// Which file.
        path: PathBuf,
        /// What is wrong, and where.
        message: String,
    },
}

impl StoreError {
    fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |reason| Self::File { path, reason }
    }

    fn content(path: impl Into<PathBuf>, message: impl Into<String>) -> Self {
        Self::Content {
            path: path.into(),
            message: message.into(),
        }
    }
}
