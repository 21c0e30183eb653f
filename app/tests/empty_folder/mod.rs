//! An empty folder of its own for each test of the command line, below cargo's.

use std::path::{Path, PathBuf};

/// The folder of this name, emptied of what an earlier run left.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
