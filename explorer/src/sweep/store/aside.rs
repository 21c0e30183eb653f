//! Files that cannot be read are set aside under a free name: nothing is lost, and a new file can take their place.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Names that are tried.
const MOST_NAMES: u32 = 1000;

/// Renames a file to its name with `.unread` behind it, or `.unread-2` and so on; gives the new name.
///
/// # Errors
/// The system cannot rename it, or all names are taken.
pub fn set_aside(path: &Path) -> io::Result<PathBuf> {
    for number in 1..=MOST_NAMES {
        let mut name = path.as_os_str().to_owned();
        name.push(".unread");
        if number > 1 {
            name.push(format!("-{number}"));
        }
        let aside = PathBuf::from(name);
        // A link is made only where no file is, unlike a rename.
        match std::fs::hard_link(path, &aside) {
            Ok(()) => return std::fs::remove_file(path).map(|()| aside),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            // A file system without links.
            Err(_) if !aside.exists() => return std::fs::rename(path, &aside).map(|()| aside),
            Err(_) => {}
        }
    }
    Err(io::Error::other("no free name to set it aside"))
}
