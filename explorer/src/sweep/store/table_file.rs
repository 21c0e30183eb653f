//! A finished table being checked: its origin, its rows, its checksum.

use std::path::Path;

use super::StoreError;
use super::seal::SealedReader;
use super::table::origin_in;

/// What a table says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableFacts {
    /// The program, as the column of the origin names it.
    pub origin: String,
    /// Designs in it.
    pub n_designs: u64,
}

/// Reads a table to its end and checks number of rows and checksum; memory does not grow with it.
///
/// # Errors
/// A file that cannot be read, is no table of this version, or was damaged or edited.
pub fn check_table(path: &Path) -> Result<TableFacts, StoreError> {
    let (mut reader, header) = SealedReader::open(path)?;
    let (origin, promised) = origin_in(&header).ok_or_else(|| {
        reader.wrong("names no origin: not a table of a sweep, or of an earlier version")
    })?;
    let facts = TableFacts {
        origin: origin.to_owned(),
        n_designs: promised,
    };
    let mut n_read = 0;
    while reader.line()?.is_some() {
        n_read += 1;
    }
    if n_read != promised {
        let message = format!("{n_read} designs instead of {promised}: the file was cut or edited");
        return Err(reader.content(message));
    }
    reader.check()?;
    Ok(facts)
}
