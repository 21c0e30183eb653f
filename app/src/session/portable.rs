//! A session for other people's eyes: files by their names alone, since folders hold user names.

use std::path::{Path, PathBuf};

use crate::session::Session;
use crate::session::measured_design::Subject;

impl Session {
    /// The same session with every file by its name alone, and the paths that were shortened, each once.
    pub fn without_folders(&self) -> (Self, Vec<PathBuf>) {
        let mut session = self.clone();
        let mut paths: Vec<PathBuf> = Vec::new();
        session.change_paths(&mut |path| {
            let name = PathBuf::from(path.file_name().unwrap_or_default());
            if *path != name && !paths.contains(path) {
                paths.push(path.clone());
            }
            *path = name;
        });
        (session, paths)
    }

    /// Finds files that are named without a folder in this one; names of files that are not there stay as they are.
    pub fn find_files_in(&mut self, folder: &Path) {
        self.change_paths(&mut |path| {
            let is_name = path.file_name() == Some(path.as_os_str());
            let there = folder.join(&*path);
            if is_name && there.exists() {
                *path = there;
            }
        });
    }

    fn change_paths(&mut self, change: &mut dyn FnMut(&mut PathBuf)) {
        self.checkpoint.iter_mut().for_each(&mut *change);
        for measured in &mut self.measured {
            if let Subject::Files { model, text } = &mut measured.subject {
                change(model);
                change(text);
            }
        }
        if let Some(kept) = &mut self.calibration {
            change(&mut kept.model);
            change(&mut kept.text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::first::first_session;

    #[test]
    fn no_folder_is_left_and_files_beside_the_figure_are_found_again() {
        let mut session = first_session();
        session.checkpoint = Some("/home/somebody/models/m.gguf".into());
        let (portable, paths) = session.without_folders();
        assert!(!portable.to_ron().contains("somebody"));
        assert_eq!(portable.checkpoint, Some("m.gguf".into()));
        assert_eq!(paths, [PathBuf::from("/home/somebody/models/m.gguf")]);
        let folder = std::env::temp_dir();
        let name = format!("blockscape-portable-{}", std::process::id());
        std::fs::write(folder.join(&name), "x").unwrap();
        let mut found = portable.clone();
        found.checkpoint = Some(name.clone().into());
        found.find_files_in(&folder);
        assert_eq!(found.checkpoint, Some(folder.join(&name)));
        std::fs::remove_file(folder.join(&name)).unwrap();
        let mut absent = portable.clone();
        absent.find_files_in(&folder);
        assert_eq!(absent, portable);
    }
}
