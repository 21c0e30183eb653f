//! The journal of a running sweep: every tried design is appended as a checksummed record.
//!
//! A sweep that is killed at any moment leaves whole records and at most one torn one at the end, which is cut off
//! when the journal is opened again. Nothing is ever rewritten. What a power loss can take is a few seconds of work.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::journal_header::{JournalHeader, ReadHeader};
use super::journal_record::{RECORD, decode, encode};
use super::whole_file::sync_folder;
use super::{StoreError, check_regular};
use crate::judge::evaluate::Tried;

/// Records read at a time.
const READ_RECORDS: usize = 4096;
/// Work that a power loss may take.
const SYNC_EVERY: Duration = Duration::from_secs(5);

/// An open journal, locked against other sweeps.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    buffer: Vec<u8>,
    synced: Instant,
}

/// What a journal held when it was opened.
#[derive(Debug, Default)]
pub struct Recovered {
    /// Intact records, in order.
    pub records: Vec<Tried>,
    /// Records behind them that were damaged or torn, or stand behind such a one; they are cut off and tried again.
    pub n_dropped: u64,
}

/// A journal that was looked at and left as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalState {
    /// What it is of.
    pub header: JournalHeader,
    /// Intact records.
    pub n_records: u64,
    /// Records behind them.
    pub n_dropped: u64,
    /// Whether a sweep is writing it at the moment.
    pub is_open: bool,
}

impl Journal {
    /// Opens or creates the journal of a sweep.
    ///
    /// # Errors
    /// A file that cannot be opened, is in use by another sweep, belongs to a different sweep or program, or is no journal.
    pub fn open(path: &Path, header: &JournalHeader) -> Result<(Self, Recovered), StoreError> {
        let fail = StoreError::file;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(fail(path))?;
        if !file.metadata().map_err(fail(path))?.is_file() {
            return Err(StoreError::content(path, "is not a regular file"));
        }
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::content(path, "another sweep is writing here"));
            }
            Err(TryLockError::Error(source)) if source.kind() == ErrorKind::Unsupported => {}
            Err(TryLockError::Error(source)) => return Err(fail(path)(source)),
        }
        let found = JournalHeader::read(&mut file).map_err(fail(path))?;
        let mut journal = Self {
            path: path.to_owned(),
            file,
            buffer: Vec::new(),
            synced: Instant::now(),
        };
        match found {
            ReadHeader::Whole(found) => {
                found.check_equal(header, path)?;
                let recovered = journal.recover()?;
                Ok((journal, recovered))
            }
            // A header that was torn while it was written holds nothing to lose.
            ReadHeader::Torn => {
                journal.cut(0)?;
                journal.write(&header.bytes())?;
                journal.sync()?;
                sync_folder(path).map_err(fail(path))?;
                Ok((journal, Recovered::default()))
            }
            ReadHeader::Wrong(message) => Err(StoreError::content(path, message)),
        }
    }

    /// Looks at a journal without changing it.
    ///
    /// # Errors
    /// A file that cannot be read or is no journal.
    pub fn look(path: &Path) -> Result<JournalState, StoreError> {
        let fail = StoreError::file;
        check_regular(path)?;
        let mut file = File::open(path).map_err(fail(path))?;
        let is_open = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
        let header = match JournalHeader::read(&mut file).map_err(fail(path))? {
            ReadHeader::Whole(header) => header,
            ReadHeader::Torn => return Err(StoreError::content(path, "its header is incomplete")),
            ReadHeader::Wrong(message) => return Err(StoreError::content(path, message)),
        };
        let mut n_records = 0;
        let n_dropped = read_records(&mut file, |_record| n_records += 1).map_err(fail(path))?;
        Ok(JournalState {
            header,
            n_records,
            n_dropped,
            is_open,
        })
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
        written?;
        if self.synced.elapsed() > SYNC_EVERY {
            self.sync()?;
        }
        Ok(())
    }

    /// Makes all records outlive a power loss.
    ///
    /// # Errors
    /// The disk fails.
    pub fn sync(&mut self) -> Result<(), StoreError> {
        self.synced = Instant::now();
        self.file.sync_data().map_err(StoreError::file(&self.path))
    }

    /// The answer to records that a resumed sweep does not propose again.
    pub fn mismatch(&self) -> StoreError {
        let message = "holds other designs than this sweep tries; another output is needed";
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
    fn recover(&mut self) -> Result<Recovered, StoreError> {
        let mut records = Vec::new();
        let read = read_records(&mut self.file, |record| records.push(record));
        let n_dropped = read.map_err(StoreError::file(&self.path))?;
        self.cut((JournalHeader::LEN + records.len() * RECORD) as u64)?;
        Ok(Recovered { records, n_dropped })
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

/// Reads the records behind the header up to the first that is not intact; gives how many follow from there.
fn read_records(file: &mut File, mut take: impl FnMut(Tried)) -> std::io::Result<u64> {
    file.seek(SeekFrom::Start(JournalHeader::LEN as u64))?;
    let mut bytes = Vec::new();
    let mut n_dropped = 0;
    loop {
        bytes.clear();
        file.take((RECORD * READ_RECORDS) as u64)
            .read_to_end(&mut bytes)?;
        if bytes.is_empty() {
            return Ok(n_dropped);
        }
        for record in bytes.chunks(RECORD) {
            match decode(record) {
                Some(tried) if n_dropped == 0 => take(tried),
                _ => n_dropped += 1,
            }
        }
    }
}
