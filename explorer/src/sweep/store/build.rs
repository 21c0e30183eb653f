//! Which program made a result: results of two programs are never mixed.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Version, source and built-in data of a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Build {
    /// Version of the package.
    pub version: String,
    /// Commit of the sources, or what else tells them apart.
    pub commit: String,
    /// Fingerprint of all built-in presets and tables, 16 hexadecimal digits.
    pub presets: String,
}

impl Build {
    /// The running program, its sources named by a commit; `presets` is [`crate::preset::fingerprint`].
    pub fn new(commit: &str, presets: u64) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            commit: commit.to_owned(),
            presets: format!("{presets:016x}"),
        }
    }
}

impl fmt::Display for Build {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            version,
            commit,
            presets,
        } = self;
        write!(f, "{version} commit {commit} presets {presets}")
    }
}
