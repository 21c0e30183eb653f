//! A short mark of a large file, by which it is known again without its path.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use blockscape_model::preset::fnv1a;

/// Bytes at the beginning and at the end that are looked at.
const LOOKED_AT: u64 = 1 << 20;

/// Length in bytes and FNV-1a of the first and the last mebibyte.
///
/// # Errors
/// The system cannot read it.
pub fn fingerprint(path: &Path) -> io::Result<(u64, u64)> {
    let mut file = File::open(path)?;
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(io::Error::other("is not a regular file"));
    }
    let mut bytes = Vec::new();
    (&mut file).take(LOOKED_AT).read_to_end(&mut bytes)?;
    file.seek(SeekFrom::Start(found.len().saturating_sub(LOOKED_AT)))?;
    file.take(LOOKED_AT).read_to_end(&mut bytes)?;
    Ok((found.len(), fnv1a(bytes.into_iter().map(u32::from))))
}
