//! The header of a journal: which sweep and which program it belongs to. It stands there twice, so that no single damage of the
//! disk makes the records behind it useless.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use super::checksum::crc32;
use super::journal_record::RECORD;
use super::{Build, StoreError};

/// First bytes of a journal, with the version of its layout.
const MAGIC: &[u8; 8] = b"bsjrnl02";
/// The same of the layout without an identity of the program.
const MAGIC_OF_LAYOUT_1: &[u8; 8] = b"bsjrnl01";
/// Bytes for each text of the build.
const TEXT: usize = 64;
/// Magic, fingerprint, part, number of parts, designs, three texts, length of a record, checksum.
const COPY: usize = 8 + 4 * 8 + 3 * TEXT + 4 + 4;

/// What a journal is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalHeader {
    /// Fingerprint of the sweep without the part.
    pub fingerprint: u64,
    /// Part and number of parts; zeros for a whole sweep.
    pub shard: (u64, u64),
    /// Designs that the sweep or part tries at most.
    pub total: u64,
    /// The program.
    pub build: Build,
}

/// What stands in the place of a header.
#[derive(Debug)]
pub(super) enum ReadHeader {
    /// A header.
    Whole(JournalHeader),
    /// The beginning of one, or nothing.
    Torn,
    /// Something else, and what to say of it.
    Wrong(&'static str),
}

impl JournalHeader {
    /// Bytes before the first record.
    pub const LEN: usize = 2 * COPY;

    /// Both copies.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut copy = MAGIC.to_vec();
        let (shard, n_shards) = self.shard;
        for number in [self.fingerprint, shard, n_shards, self.total] {
            copy.extend(number.to_le_bytes());
        }
        for text in [&self.build.version, &self.build.commit, &self.build.presets] {
            copy.extend(field(text));
        }
        copy.extend(u32::try_from(RECORD).unwrap_or(0).to_le_bytes());
        copy.extend(crc32(&copy).to_le_bytes());
        [copy.clone(), copy].concat()
    }

    /// Reads what stands at the beginning of a file.
    pub(super) fn read(file: &mut File) -> io::Result<ReadHeader> {
        let mut found = Vec::with_capacity(Self::LEN);
        file.take(Self::LEN as u64).read_to_end(&mut found)?;
        let (first, second) = found.split_at(COPY.min(found.len()));
        if let Some(header) = Self::parse(first).or_else(|| Self::parse(second)) {
            // Records begin behind the second copy, which is not there yet.
            return Ok(match found.len() {
                Self::LEN => ReadHeader::Whole(header),
                _ => ReadHeader::Torn,
            });
        }
        let begins = |magic: &[u8; 8]| found.starts_with(magic) || magic.starts_with(&found);
        Ok(if begins(MAGIC) && found.len() < COPY {
            ReadHeader::Torn
        } else if begins(MAGIC) || second.starts_with(MAGIC) {
            ReadHeader::Wrong(
                "both copies of its header are damaged; the results behind them are left as they are, so that a copy of \
                 the file can be put in its place; another output starts anew",
            )
        } else if begins(MAGIC_OF_LAYOUT_1) {
            ReadHeader::Wrong(
                "the journal of an earlier version of the program, which has to finish it; another output starts anew",
            )
        } else {
            ReadHeader::Wrong("is no journal of a sweep; it is left as it is")
        })
    }

    /// Refuses what belongs to another sweep or program.
    pub(super) fn check_equal(&self, asked: &Self, path: &Path) -> Result<(), StoreError> {
        let refuse = |message: String| Err(StoreError::content(path, message));
        let cut = |build: &Build| Build {
            version: cut(&build.version).to_owned(),
            commit: cut(&build.commit).to_owned(),
            presets: cut(&build.presets).to_owned(),
        };
        if self.build != cut(&asked.build) {
            let (one, two) = (&self.build, &asked.build);
            return refuse(format!(
                "begun by blockscape {one}, this is {two}: that program has to finish it, or another output is needed"
            ));
        }
        if self.fingerprint != asked.fingerprint {
            return refuse("the journal of a different sweep; another output is needed".to_owned());
        }
        if self.shard != asked.shard {
            let (shard, n_shards) = self.shard;
            return refuse(format!(
                "the journal of part {shard} of {n_shards}; another output is needed"
            ));
        }
        Ok(())
    }

    fn parse(copy: &[u8]) -> Option<Self> {
        let (body, checksum) = copy.split_at_checked(COPY - 4)?;
        if checksum != crc32(body).to_le_bytes() {
            return None;
        }
        let mut rest = body.strip_prefix(MAGIC)?;
        let mut number = || -> Option<u64> {
            let (bytes, after) = rest.split_first_chunk()?;
            rest = after;
            Some(u64::from_le_bytes(*bytes))
        };
        let [fingerprint, shard, n_shards, total] = [number()?, number()?, number()?, number()?];
        let mut text = || -> Option<String> {
            let (bytes, after) = rest.split_at_checked(TEXT)?;
            rest = after;
            let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(TEXT);
            String::from_utf8(bytes[..end].to_vec()).ok()
        };
        let build = Build {
            version: text()?,
            commit: text()?,
            presets: text()?,
        };
        let record = u32::from_le_bytes(*rest.first_chunk()?);
        (record as usize == RECORD).then_some(Self {
            fingerprint,
            shard: (shard, n_shards),
            total,
            build,
        })
    }
}

/// A text as it fits.
fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT)]
}

/// A text padded with zeros.
fn field(text: &str) -> [u8; TEXT] {
    let mut field = [0; TEXT];
    let text = cut(text);
    field[..text.len()].copy_from_slice(text.as_bytes());
    field
}
