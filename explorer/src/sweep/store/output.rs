//! The place of an output: nothing that the program did not write itself is replaced unasked, and no input ever.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::StoreError;
use super::file_kind::{is_part, is_table};
use super::whole_file::{WholeFile, folder};

/// Tells whether a file is of the kind that is about to be written.
type IsOwn = Arc<dyn Fn(&Path) -> bool + Send + Sync>;

/// Where to write, and what may be replaced there.
#[derive(Clone)]
pub struct Output {
    path: PathBuf,
    kind: &'static str,
    is_own: IsOwn,
    replaces_all: bool,
}

impl Output {
    /// A file of a kind ("a sweep's table"); `is_own` tells whether a file that is there is of this kind and of this program.
    pub fn new(
        path: impl Into<PathBuf>,
        kind: &'static str,
        is_own: impl Fn(&Path) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self {
            path: path.into(),
            kind,
            is_own: Arc::new(is_own),
            replaces_all: false,
        }
    }

    /// The table of a whole sweep.
    pub fn table(path: impl Into<PathBuf>) -> Self {
        Self::new(path, "a sweep's table", is_table)
    }

    /// The part of a table that a shard writes.
    pub fn part(path: impl Into<PathBuf>) -> Self {
        Self::new(path, "a part of a sweep", is_part)
    }

    /// The same where somebody agreed to lose whatever file is there.
    #[must_use]
    pub fn replacing_all(mut self, agreed: bool) -> Self {
        self.replaces_all = agreed;
        self
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Finds out before any work whether the output may be written.
    ///
    /// # Errors
    /// It is one of the inputs, holds something else, or is in no folder.
    pub fn check(&self, inputs: &[PathBuf]) -> Result<(), StoreError> {
        let folder = folder(&self.path);
        if !folder.is_dir() {
            return Err(StoreError::content(folder, "no such folder"));
        }
        self.check_content(inputs)
    }

    /// The same where the folder may still be made.
    ///
    /// # Errors
    /// It is one of the inputs, or holds something else.
    pub fn check_content(&self, inputs: &[PathBuf]) -> Result<(), StoreError> {
        let refuse = |message: &str| Err(StoreError::content(&self.path, message));
        if self.path.is_dir() {
            return refuse("is a directory; the name of a file is needed");
        }
        if inputs.iter().any(|input| is_same_file(input, &self.path)) {
            return refuse("is an input; another output is needed");
        }
        if std::fs::metadata(&self.path).is_ok_and(|found| !found.is_file()) {
            return refuse("is a device or pipe; a regular file is needed");
        }
        let is_empty = || std::fs::metadata(&self.path).is_ok_and(|found| found.len() == 0);
        if self.replaces_all || !self.path.exists() || is_empty() || (self.is_own)(&self.path) {
            return Ok(());
        }
        Err(StoreError::Foreign {
            path: self.path.clone(),
            kind: self.kind,
        })
    }

    /// Begins to write.
    ///
    /// # Errors
    /// As [`Self::check`] and [`WholeFile::create`].
    pub fn create(&self) -> Result<WholeFile, StoreError> {
        self.check(&[])?;
        WholeFile::create(&self.path)
    }
}

/// The results of a sweep, a table or a part of one.
impl From<&Path> for Output {
    fn from(path: &Path) -> Self {
        let is_own = |path: &Path| is_table(path) || is_part(path);
        Self::new(path, "a sweep's table", is_own)
    }
}

impl From<&PathBuf> for Output {
    fn from(path: &PathBuf) -> Self {
        Self::from(path.as_path())
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output")
            .field("path", &self.path)
            .field("kind", &self.kind)
            .field("replaces_all", &self.replaces_all)
            .finish_non_exhaustive()
    }
}

/// Whether two paths lead to one file, by whatever names.
pub fn is_same_file(left: &Path, right: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let place = |path: &Path| {
            let found = std::fs::metadata(path).ok()?;
            Some((found.dev(), found.ino()))
        };
        if let (Some(left), Some(right)) = (place(left), place(right)) {
            return left == right;
        }
    }
    let canonical = |path: &Path| std::fs::canonicalize(path).ok();
    canonical(left).is_some_and(|left| Some(left) == canonical(right))
}
