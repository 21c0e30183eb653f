//! What a typed path means.

use std::path::{Path, PathBuf};

/// The path that was typed: absolute or under `~` as it stands, else inside `folder`.
pub(super) fn typed_path(folder: &Path, typed: &str) -> PathBuf {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    match (typed.strip_prefix('~'), home) {
        (Some(""), Some(home)) => home,
        (Some(rest), Some(home)) if rest.starts_with('/') => {
            home.join(rest.trim_start_matches('/'))
        }
        _ => folder.join(typed),
    }
}

/// The same for a file to be written: a name without an ending gets one.
pub(super) fn typed_file(folder: &Path, typed: &str, ending: &str) -> PathBuf {
    let mut path = typed_path(folder, typed);
    if path.extension().is_none() && !path.is_dir() {
        path.set_extension(ending);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_paths_and_those_under_home_stand_for_themselves() {
        let folder = Path::new("/figures");
        assert_eq!(typed_path(folder, "a.ron"), Path::new("/figures/a.ron"));
        assert_eq!(typed_path(folder, "b/a.ron"), Path::new("/figures/b/a.ron"));
        assert_eq!(typed_path(folder, "/else/a.ron"), Path::new("/else/a.ron"));
        if let Some(home) = std::env::var_os("HOME").map(PathBuf::from) {
            assert_eq!(typed_path(folder, "~/a.ron"), home.join("a.ron"));
            assert_eq!(typed_path(folder, "~"), home);
        }
        assert_eq!(typed_path(folder, "~a.ron"), Path::new("/figures/~a.ron"));
    }

    #[test]
    fn a_name_without_an_ending_gets_one() {
        let folder = Path::new("/figures");
        assert_eq!(typed_file(folder, "a", "svg"), Path::new("/figures/a.svg"));
        assert_eq!(
            typed_file(folder, "a.pdf", "svg"),
            Path::new("/figures/a.pdf")
        );
    }
}
