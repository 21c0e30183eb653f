//! A file that takes its place whole: the one way in which the program writes files.
//!
//! Bytes go to a neighbor first, which is synced and then takes the place of the file; the folder is synced after it. A
//! full disk, a kill or a power loss leaves the old file. Permissions, links and hard links stay as they are.

use std::ffi::OsString;
use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io::{self, BufWriter, ErrorKind, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::StoreError;

/// What the name of an unfinished neighbor ends with; the program claims such names for itself.
const SUFFIX: &str = ".blockscape-unfinished";
/// Links that are followed from a name to its file.
const MOST_LINKS: usize = 40;
/// Bytes gathered before they go to the system.
const BUFFER: usize = 1 << 18;

/// A file being written beside its place; dropped before [`Self::commit`], it leaves no trace.
#[derive(Debug)]
pub struct WholeFile {
    /// As it was asked for.
    path: PathBuf,
    /// The same with links followed.
    place: PathBuf,
    beside: PathBuf,
    writer: BufWriter<File>,
    is_committed: bool,
}

impl WholeFile {
    /// Begins a file; the one that is there stays until [`Self::commit`].
    ///
    /// # Errors
    /// A place that is no regular file or is write-protected, a folder that cannot be written, or another run that writes
    /// the same file.
    pub fn create(path: &Path) -> Result<Self, StoreError> {
        Self::begin(path, Waiting::Never)
    }

    fn begin(path: &Path, waiting: Waiting) -> Result<Self, StoreError> {
        let fail = StoreError::unwritten(path);
        let begun = follow(path).and_then(|place| {
            let old = metadata(&place)?;
            if let Some(old) = &old {
                check_replaceable(old)?;
            }
            let beside = neighbor(&place)?;
            let file = claim(&beside, waiting)?;
            if let Some(old) = &old {
                // Before the first byte: what was private stays private.
                file.set_permissions(old.permissions())?;
            }
            Ok((place, beside, file))
        });
        let (place, beside, file) = begun.map_err(fail)?;
        Ok(Self {
            path: path.to_owned(),
            place,
            beside,
            writer: BufWriter::with_capacity(BUFFER, file),
            is_committed: false,
        })
    }

    /// Puts bytes over those at an offset and goes back to the end.
    ///
    /// # Errors
    /// The system cannot write.
    pub fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.writer.seek(SeekFrom::Start(offset))?;
        self.writer.write_all(bytes)?;
        self.writer.seek(SeekFrom::End(0)).map(|_end| ())
    }

    /// Puts the file in its place; from here on it outlives a power loss.
    ///
    /// # Errors
    /// The system cannot write; the old file is still there.
    pub fn commit(mut self) -> Result<(), StoreError> {
        let committed = self.take_place();
        self.is_committed = committed.is_ok();
        committed.map_err(|reason| self.explain(reason))
    }

    /// An error of this file, with its name and what became of the old one.
    pub fn explain(&self, reason: io::Error) -> StoreError {
        StoreError::unwritten(&self.path)(reason)
    }

    fn take_place(&mut self) -> io::Result<()> {
        self.writer.flush()?;
        let file = self.writer.get_ref();
        let old = metadata(&self.place)?;
        let keeps_inode = old
            .as_ref()
            .is_some_and(|old| !can_be_renamed_over(file, old));
        if let Some(old) = &old {
            file.set_permissions(old.permissions())?;
        }
        file.sync_all()?;
        if keeps_inode {
            // All names of the file are to show the new bytes, so they go into the file itself. The neighbor is whole and
            // synced until that is done.
            copy_into(&self.beside, &self.place)?;
            std::fs::remove_file(&self.beside)?;
        } else {
            std::fs::rename(&self.beside, &self.place)?;
        }
        sync_folder(&self.place)
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        if !self.is_committed {
            // What cannot be removed is taken over by the next run that writes this file.
            let _ = std::fs::remove_file(&self.beside);
        }
    }
}

/// Writes a small file whole, its folder made first where it is missing.
///
/// # Errors
/// A folder that cannot be made, or as [`WholeFile`].
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let folder = folder(path);
    std::fs::create_dir_all(folder).map_err(|reason| StoreError::Folder {
        path: folder.to_owned(),
        reason,
    })?;
    let mut file = WholeFile::begin(path, Waiting::ForOthers)?;
    let written = file.write_all(bytes);
    written.map_err(|reason| file.explain(reason))?;
    file.commit()
}

/// Makes names in the folder of a file outlive a power loss.
///
/// # Errors
/// The disk fails; folders of systems that do not sync them count as synced.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    let synced = File::open(folder(path)).and_then(|folder| folder.sync_all());
    match synced {
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::InvalidInput | ErrorKind::Unsupported | ErrorKind::PermissionDenied
            ) =>
        {
            Ok(())
        }
        synced => synced,
    }
}

/// The folder a file lies in.
pub(super) fn folder(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// Whether to wait for another run that writes the same file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Waiting {
    Never,
    ForOthers,
}

/// The file behind links, also where it does not exist yet.
fn follow(path: &Path) -> io::Result<PathBuf> {
    let mut place = path.to_owned();
    for _ in 0..MOST_LINKS {
        match std::fs::read_link(&place) {
            Ok(target) => place = folder(&place).join(target),
            Err(_no_link) => return Ok(place),
        }
    }
    Err(io::Error::other("too many links"))
}

fn metadata(place: &Path) -> io::Result<Option<Metadata>> {
    match std::fs::metadata(place) {
        Ok(old) => Ok(Some(old)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn check_replaceable(old: &Metadata) -> io::Result<()> {
    if old.is_dir() {
        return Err(io::Error::other(
            "is a directory; the name of a file is needed",
        ));
    }
    if !old.is_file() {
        return Err(io::Error::other(
            "is a device or pipe; a regular file is needed",
        ));
    }
    if old.permissions().readonly() {
        return Err(io::Error::other("is write-protected"));
    }
    Ok(())
}

fn neighbor(place: &Path) -> io::Result<PathBuf> {
    let no_name = || io::Error::other("is not a file name");
    let mut name: OsString = place.file_name().ok_or_else(no_name)?.to_owned();
    name.push(SUFFIX);
    Ok(place.with_file_name(name))
}

/// Takes the neighbor for this run alone: one that a killed run left is emptied, one in use is not.
fn claim(beside: &Path, waiting: Waiting) -> io::Result<File> {
    loop {
        if std::fs::symlink_metadata(beside).is_ok_and(|found| !found.is_file()) {
            let name = beside.display();
            return Err(io::Error::other(format!("{name} is in the way")));
        }
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(beside)?;
        let locked = match waiting {
            Waiting::ForOthers => file.lock().map_err(TryLockError::Error),
            Waiting::Never => file.try_lock(),
        };
        match locked {
            Err(TryLockError::WouldBlock) => {
                return Err(io::Error::other("another run is writing it"));
            }
            // Some network file systems lock nothing.
            Err(TryLockError::Error(_)) | Ok(()) => {}
        }
        // Whoever held it may have put it in its place meanwhile.
        if is_at(&file, beside) {
            file.set_len(0)?;
            return Ok(file);
        }
    }
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let place = |found: Metadata| (found.dev(), found.ino());
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(open), Ok(found)) => place(open) == place(found),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_at(_file: &File, _path: &Path) -> bool {
    true
}

/// Whether the new file can take the place of the old one as a file of its own: the old one has one name, and the new one can
/// be given its owner.
#[cfg(unix)]
fn can_be_renamed_over(new: &File, old: &Metadata) -> bool {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let owner = |file: &Metadata| (file.uid(), file.gid());
    let is_same = new.metadata().is_ok_and(|new| owner(&new) == owner(old));
    old.nlink() == 1 && (is_same || fchown(new, Some(old.uid()), Some(old.gid())).is_ok())
}

#[cfg(not(unix))]
fn can_be_renamed_over(_new: &File, _old: &Metadata) -> bool {
    true
}

fn copy_into(from: &Path, to: &Path) -> io::Result<()> {
    let mut to = OpenOptions::new().write(true).open(to)?;
    let length = io::copy(&mut File::open(from)?, &mut to)?;
    to.set_len(length)?;
    to.sync_all()
}
