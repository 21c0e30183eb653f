//! A file mapped into memory: opening one of any size costs no memory of its size.

use std::fs::File;
use std::path::Path;

use anyhow::{Context as _, bail};

use crate::files::input::check_regular;

/// The bytes of a file, read by the system where they are touched.
#[derive(Debug)]
pub struct MappedFile(Option<memmap2::Mmap>);

impl MappedFile {
    /// Maps a file; errors name it.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let name = path.display();
        check_regular(path)?;
        let file = File::open(path).with_context(|| format!("{name}"))?;
        let information = file.metadata().with_context(|| format!("{name}"))?;
        if !information.is_file() {
            bail!("{name}: is not a regular file");
        }
        if information.len() == 0 {
            return Ok(Self(None)); // an empty file cannot be mapped
        }
        #[expect(unsafe_code, reason = "mapping a file is unsafe by nature")]
        // SAFETY: the map is read-only and private to this process. Another process that shortens the file meanwhile
        // would make reads fail with a signal, one that overwrites it would change what is read; values are checked
        // when they are decoded, and no code relies on bytes staying equal between two reads.
        let map = unsafe { memmap2::Mmap::map(&file) }.with_context(|| format!("{name}"))?;
        Ok(Self(Some(map)))
    }

    /// All bytes.
    pub fn bytes(&self) -> &[u8] {
        self.0.as_deref().unwrap_or_default()
    }
}
