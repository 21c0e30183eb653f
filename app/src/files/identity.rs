//! Which program this is: version, commit and built-in data, as results and `--version` say it.

use std::sync::OnceLock;

use blockscape_explorer::preset::fingerprint;
use blockscape_explorer::sweep::store::Build;

/// The commit or sources that this program was built from.
const SOURCE: &str = env!("BLOCKSCAPE_SOURCE");

/// The running program.
pub fn build() -> Build {
    static PRESETS: OnceLock<u64> = OnceLock::new();
    Build::new(SOURCE, *PRESETS.get_or_init(fingerprint))
}

/// The same in one line, as `--version` says it.
pub fn text() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| build().to_string())
}
