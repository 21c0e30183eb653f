//! The journal of a running sweep: every tried design is appended as a checksummed record.
//!
//! A sweep that is killed at any moment leaves whole records and at most one torn one at the end, which is cut off
//! when the journal is opened again. Nothing is ever rewritten.
#![expect(
    clippy::cast_possible_truncation,
    reason = "a record has about a hundred bytes"
)]

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use blockscape_model::evaluation::{Metric, Metrics};

use super::StoreError;
use super::checksum::crc32;
use crate::judge::evaluate::Tried;

/// First bytes of a journal, with the version of its layout.
const MAGIC: &[u8; 8] = b"bsjrnl01";
/// Magic, fingerprint, length of a record, checksum.
const HEADER: usize = 8 + 8 + 4 + 4;
/// Number of the design, whether it can be built, metrics, checksum.
const RECORD: usize = 8 + 1 + 8 * Metric::COUNT + 4;
/// Records read at a time.
const READ_RECORDS: usize = 4096;

/// An open journal, locked against other sweeps.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    buffer: Vec<u8>,
}

impl Journal {
    /// Opens or creates the journal of the sweep with this fingerprint; returns what it holds, in order.
    ///
    /// # Errors
    /// A file that cannot be opened, is in use by another sweep or belongs to a different one.
    pub fn open(path: &Path, fingerprint: u64) -> Result<(Self, Vec<Tried>), StoreError> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(StoreError::file(path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::content(path, "another sweep is writing here"));
            }
            Err(TryLockError::Error(source)) if source.kind() == ErrorKind::Unsupported => {}
            Err(TryLockError::Error(source)) => return Err(StoreError::file(path)(source)),
        }
        let header = header(fingerprint);
        let mut found = Vec::with_capacity(HEADER);
        (&mut file)
            .take(HEADER as u64)
            .read_to_end(&mut found)
            .map_err(StoreError::file(path))?;
        let mut journal = Self {
            path: path.to_owned(),
            file,
            buffer: Vec::new(),
        };
        if found == header {
            let records = journal.recover()?;
            return Ok((journal, records));
        }
        // A header that was torn while it was written holds nothing to lose.
        if !header.starts_with(&found) {
            let message = "the journal of a different sweep; remove it or choose another output";
            return Err(StoreError::content(path, message));
        }
        journal.cut(0)?;
        journal.write(&header)?;
        Ok((journal, Vec::new()))
    }

    /// Appends records in one write.
    ///
    /// # Errors
    /// The system cannot write.
    pub fn append(&mut self, batch: &[Tried]) -> Result<(), StoreError> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        for &(index, metrics) in batch {
            encode(index, metrics.as_ref(), &mut buffer);
        }
        let written = self.write(&buffer);
        self.buffer = buffer;
        written
    }

    /// The answer to records that a resumed sweep does not propose again.
    pub fn mismatch(&self) -> StoreError {
        let message =
            "holds other designs than this sweep tries; remove it or choose another output";
        StoreError::content(&self.path, message)
    }

    /// Removes the journal of a sweep whose table is complete.
    ///
    /// # Errors
    /// The system cannot remove it.
    pub fn remove(self) -> Result<(), StoreError> {
        std::fs::remove_file(&self.path).map_err(StoreError::file(&self.path))
    }

    /// Reads whole records and cuts off what follows them.
    fn recover(&mut self) -> Result<Vec<Tried>, StoreError> {
        let mut records = Vec::new();
        let mut bytes = Vec::new();
        'reading: loop {
            bytes.clear();
            (&mut self.file)
                .take((RECORD * READ_RECORDS) as u64)
                .read_to_end(&mut bytes)
                .map_err(StoreError::file(&self.path))?;
            for record in bytes.chunks(RECORD) {
                match decode(record) {
                    Some(tried) => records.push(tried),
                    None => break 'reading,
                }
            }
            if bytes.is_empty() {
                break;
            }
        }
        self.cut((HEADER + records.len() * RECORD) as u64)?;
        Ok(records)
    }

    /// Shortens the file and goes to its end.
    fn cut(&mut self, len: u64) -> Result<(), StoreError> {
        self.file
            .set_len(len)
            .and_then(|()| self.file.seek(SeekFrom::Start(len)))
            .map(|_| ())
            .map_err(StoreError::file(&self.path))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.file
            .write_all(bytes)
            .map_err(StoreError::file(&self.path))
    }
}

fn header(fingerprint: u64) -> Vec<u8> {
    let mut header = MAGIC.to_vec();
    header.extend(fingerprint.to_le_bytes());
    header.extend((RECORD as u32).to_le_bytes());
    header.extend(crc32(&header).to_le_bytes());
    header
}

fn encode(index: u64, metrics: Option<&Metrics>, buffer: &mut Vec<u8>) {
    let start = buffer.len();
    buffer.extend(index.to_le_bytes());
    buffer.push(u8::from(metrics.is_some()));
    let values = metrics.map_or([f64::NAN; Metric::COUNT], |metrics| *metrics.values());
    for value in values {
        buffer.extend(value.to_le_bytes());
    }
    let checksum = crc32(&buffer[start..]);
    buffer.extend(checksum.to_le_bytes());
}

/// A record, if it is whole and its checksum fits.
fn decode(record: &[u8]) -> Option<Tried> {
    let (body, checksum) = record.split_at_checked(RECORD - 4)?;
    if checksum != crc32(body).to_le_bytes() {
        return None;
    }
    let (index, rest) = body.split_first_chunk()?;
    let (&built, rest) = rest.split_first()?;
    let mut values = [0.0; Metric::COUNT];
    for (value, bytes) in values.iter_mut().zip(rest.chunks_exact(8)) {
        *value = f64::from_le_bytes(bytes.try_into().ok()?);
    }
    let metrics = (built == 1).then(|| Metrics::new(values));
    Some((u64::from_le_bytes(*index), metrics))
}
