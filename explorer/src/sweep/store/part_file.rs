//! A part of a table being read: what it says about itself, then row by row.

use std::path::Path;

use blockscape_model::evaluation::{Metric, Metrics};

use super::file_kind::PART_MARK;
use super::seal::SealedReader;
use super::{Part, StoreError, seal};
use crate::judge::evaluate::Tried;

/// An open part.
#[derive(Debug)]
pub(super) struct PartFile {
    pub(super) about: Part,
    pub(super) header: String,
    reader: SealedReader,
    n_read: u64,
}

impl PartFile {
    /// Opens a part.
    ///
    /// # Errors
    /// A file that cannot be read or is no part of this version.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let (mut reader, first) = SealedReader::open(path)?;
        let about = first.strip_prefix(PART_MARK);
        let about = about.ok_or_else(|| reader.wrong("not a part written by sweep --shard"))?;
        let sealed = about.strip_suffix(&seal::blank());
        let sealed = sealed.filter(|_| reader.is_sealed()).ok_or_else(|| {
            reader.wrong("no checksum: written by an earlier version, which has to merge it too")
        })?;
        let about: Part =
            ron::from_str(sealed.trim_end()).map_err(|error| reader.wrong(&error.to_string()))?;
        let header = reader.line()?;
        let header = header.ok_or_else(|| StoreError::content(path, "line 2: no column names"))?;
        Ok(Self {
            about,
            header,
            reader,
            n_read: 0,
        })
    }

    /// The next row with the design it holds.
    ///
    /// # Errors
    /// A line that is no row.
    pub(super) fn row(&mut self) -> Result<Option<(String, Tried)>, StoreError> {
        let Some(line) = self.reader.line()? else {
            return Ok(None);
        };
        self.n_read += 1;
        let tried = parse_row(&line).ok_or_else(|| self.reader.wrong("not a row of a sweep"))?;
        Ok(Some((line, tried)))
    }

    /// Checks number of rows and checksum; for use at the end of the file.
    ///
    /// # Errors
    /// The file was damaged or edited.
    pub(super) fn finish(self) -> Result<(), StoreError> {
        let promised = self.about.n_designs;
        if self.n_read != promised {
            let message = format!(
                "{} designs instead of {promised}: the file was cut or edited",
                self.n_read
            );
            return Err(self.reader.content(message));
        }
        self.reader.check()
    }
}

/// What a part holds, checked to its end.
///
/// # Errors
/// A file that cannot be read, is no part, or was damaged.
pub fn read_part(path: &Path) -> Result<(Part, Vec<Tried>), StoreError> {
    let mut part = PartFile::open(path)?;
    let mut tried = Vec::new();
    while let Some((_, row)) = part.row()? {
        tried.push(row);
    }
    let about = part.about.clone();
    part.finish()?;
    Ok((about, tried))
}

/// Checks a part to its end; memory does not grow with it.
///
/// # Errors
/// As [`read_part`].
pub fn check_part(path: &Path) -> Result<Part, StoreError> {
    let mut part = PartFile::open(path)?;
    while part.row()?.is_some() {}
    let about = part.about.clone();
    part.finish()?;
    Ok(about)
}

/// What a part says about itself, its rows unread.
///
/// # Errors
/// A file that cannot be read or is no part.
pub fn about_part(path: &Path) -> Result<Part, StoreError> {
    Ok(PartFile::open(path)?.about)
}

/// Number and metrics of a row; the metrics are its last cells and have no quotes.
fn parse_row(line: &str) -> Option<Tried> {
    let (index, _) = line.split_once(',')?;
    let mut values = [f64::NAN; Metric::COUNT];
    let mut cells = line.rsplit(',');
    for value in values.iter_mut().rev() {
        let cell = cells.next()?;
        if !cell.is_empty() {
            *value = cell.parse().ok()?;
        }
    }
    let is_built = values.iter().any(|value| !value.is_nan());
    let metrics = is_built.then(|| Metrics::new(values));
    Some((index.parse().ok()?, metrics))
}
