//! The option that lets a command replace what the program did not write itself.

use std::path::{Path, PathBuf};

use blockscape_explorer::sweep::store::{Output, StoreError};

/// What an output may replace.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Replacing {
    /// Replace the output even where it holds what this program did not write there
    #[arg(long)]
    force: bool,
}

impl Replacing {
    /// Whether it was given.
    pub fn is_forced(self) -> bool {
        self.force
    }

    /// The output, if it may be written: found out before any work.
    ///
    /// # Errors
    /// The output is an input, holds something else, or lies in no folder.
    pub fn check(self, output: Output, inputs: &[&Path]) -> anyhow::Result<Output> {
        let output = output.replacing_all(self.force);
        let inputs: Vec<PathBuf> = inputs.iter().map(|path| path.to_path_buf()).collect();
        match output.check(&inputs) {
            Ok(()) => Ok(output),
            Err(error @ StoreError::Foreign { .. }) => {
                Err(anyhow::anyhow!("{error}; --force replaces it"))
            }
            Err(error) => Err(error.into()),
        }
    }
}
