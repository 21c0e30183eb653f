//! What several tests share: where real data lies, golden files, builders.

pub mod gguf_file;
pub mod imports;
pub mod made_up;
pub mod microscaling;
pub mod properties;

use std::path::{Path, PathBuf};

/// The real data beside the checkout, or `None` with a message, so that a test can skip.
///
/// `BLOCKSCAPE_DATA` names another place.
pub fn shared_data(relative: &str) -> Option<PathBuf> {
    let root = std::env::var_os("BLOCKSCAPE_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        PathBuf::from,
    );
    let path = root.join(relative);
    if path.exists() {
        return Some(path);
    }
    #[expect(clippy::print_stderr, reason = "a skipped test must say so")]
    {
        eprintln!("skipped: no {relative} in the data folder (set BLOCKSCAPE_DATA)");
    }
    None
}

/// Root of the checkout.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
