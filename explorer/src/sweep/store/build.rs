//! Which program made a result: results of two programs are never mixed.

use std::fmt;
use std::sync::OnceLock;

use blockscape_model::preset as data;
use serde::{Deserialize, Serialize};

use crate::preset;

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
    /// The running program, its sources named by a commit.
    pub fn of_commit(commit: &str) -> Self {
        static PRESETS: OnceLock<u64> = OnceLock::new();
        let presets = || data::fingerprint().wrapping_add(preset::fingerprint());
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            commit: commit.to_owned(),
            presets: format!("{:016x}", PRESETS.get_or_init(presets)),
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
