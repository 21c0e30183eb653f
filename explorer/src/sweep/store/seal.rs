//! Text files that carry a checksum of themselves in their first line.
//!
//! `crc32 ` and eight hexadecimal digits: CRC-32 of all bytes of the file with zeros in the place of the digits.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Write};
use std::path::{Path, PathBuf};

use super::checksum::Crc;
use super::whole_file::WholeFile;
use super::{StoreError, check_regular};

/// What stands before the digits.
const MARK: &str = "crc32 ";
/// The digits while the file is written.
const ZEROS: &str = "00000000";
/// Longest line; a row has a few hundred bytes, a header of hundreds of axes some ten thousand.
const LONGEST_LINE: u64 = 1 << 20;

/// The place of the checksum in a first line being made.
pub(super) fn blank() -> String {
    format!("{MARK}{ZEROS}")
}

/// A file that is given its checksum at the end.
#[derive(Debug)]
pub(super) struct SealedFile {
    file: WholeFile,
    crc: Crc,
    /// Where the digits are.
    digits: u64,
}

impl SealedFile {
    /// Begins with a first line that holds [`blank`].
    pub(super) fn begin(mut file: WholeFile, first_line: &str) -> io::Result<Self> {
        let digits = digits_in(first_line.as_bytes())
            .ok_or_else(|| io::Error::other("the first line has no place for a checksum"))?;
        let mut crc = Crc::new();
        for bytes in [first_line.as_bytes(), b"\n"] {
            crc.update(bytes);
            file.write_all(bytes)?;
        }
        Ok(Self {
            file,
            crc,
            digits: digits as u64,
        })
    }

    /// Writes the checksum and puts the file in its place.
    pub(super) fn commit(mut self) -> Result<(), StoreError> {
        let digits = format!("{:08x}", self.crc.clone().finalize());
        let patched = self.file.patch(self.digits, digits.as_bytes());
        patched.map_err(|reason| self.file.explain(reason))?;
        self.file.commit()
    }

    /// An error of this file, with its name.
    pub(super) fn explain(&self, reason: io::Error) -> StoreError {
        self.file.explain(reason)
    }
}

impl Write for SealedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.file.write(bytes)?;
        self.crc.update(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A sealed file being read line by line; memory does not grow with it.
#[derive(Debug)]
pub(super) struct SealedReader {
    path: PathBuf,
    reader: BufReader<File>,
    crc: Crc,
    /// The digits found in the first line.
    sealed: Option<u32>,
    n_lines: u64,
}

impl SealedReader {
    /// Opens a regular file and reads its first line.
    ///
    /// # Errors
    /// The system cannot read it, or it does not begin with a line of text.
    pub(super) fn open(path: &Path) -> Result<(Self, String), StoreError> {
        check_regular(path)?;
        let file = File::open(path).map_err(StoreError::file(path))?;
        let mut reader = Self {
            path: path.to_owned(),
            reader: BufReader::with_capacity(1 << 16, file),
            crc: Crc::new(),
            sealed: None,
            n_lines: 0,
        };
        let mut bytes = reader.bytes_of_line()?;
        if let Some(at) = digits_in(&bytes) {
            let digits = &mut bytes[at..at + ZEROS.len()];
            let text = std::str::from_utf8(digits).unwrap_or_default();
            reader.sealed = u32::from_str_radix(text, 16).ok();
            digits.copy_from_slice(ZEROS.as_bytes());
        }
        reader.crc.update(&bytes);
        let line = reader.text_of(bytes)?;
        Ok((reader, line.unwrap_or_default()))
    }

    /// The next line without its end, `None` at the end of the file.
    ///
    /// # Errors
    /// The system cannot read it, a line that is too long or no text.
    pub(super) fn line(&mut self) -> Result<Option<String>, StoreError> {
        let bytes = self.bytes_of_line()?;
        self.crc.update(&bytes);
        self.text_of(bytes)
    }

    /// Whether the file has a place for a checksum at all.
    pub(super) fn is_sealed(&self) -> bool {
        self.sealed.is_some()
    }

    /// Compares the checksum; for use at the end of the file.
    ///
    /// # Errors
    /// The file was changed since it was written, or carries no checksum.
    pub(super) fn check(self) -> Result<(), StoreError> {
        let found = self.crc.finalize();
        match self.sealed {
            Some(sealed) if sealed == found => Ok(()),
            Some(sealed) => {
                let message = format!(
                    "its checksum is {found:08x} instead of {sealed:08x}: the file was damaged or edited"
                );
                Err(StoreError::content(&self.path, message))
            }
            None => {
                let message = "line 1: no checksum; written by an earlier version, or edited";
                Err(StoreError::content(&self.path, message))
            }
        }
    }

    fn bytes_of_line(&mut self) -> Result<Vec<u8>, StoreError> {
        let mut bytes = Vec::new();
        let read = self
            .reader
            .by_ref()
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut bytes);
        let n = read.map_err(StoreError::file(&self.path))?;
        if n > 0 {
            self.n_lines += 1;
        }
        if n as u64 == LONGEST_LINE {
            return Err(self.wrong("is too long for a table"));
        }
        Ok(bytes)
    }

    fn text_of(&self, mut bytes: Vec<u8>) -> Result<Option<String>, StoreError> {
        if bytes.is_empty() {
            return Ok(None);
        }
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
        }
        let text = String::from_utf8(bytes).map_err(|_bytes| self.wrong("is not UTF-8 text"))?;
        Ok(Some(text))
    }

    /// An error of the whole file.
    pub(super) fn content(&self, message: String) -> StoreError {
        StoreError::content(&self.path, message)
    }

    /// An error at the line that was read last.
    pub(super) fn wrong(&self, what: &str) -> StoreError {
        StoreError::content(&self.path, format!("line {}: {what}", self.n_lines))
    }
}

/// Where the digits of the checksum are in a first line.
fn digits_in(line: &[u8]) -> Option<usize> {
    let windows = line.windows(MARK.len());
    let at = windows
        .enumerate()
        .filter(|(_, window)| *window == MARK.as_bytes());
    let start = at.map(|(at, _)| at + MARK.len()).next_back()?;
    (start + ZEROS.len() <= line.len()).then_some(start)
}
