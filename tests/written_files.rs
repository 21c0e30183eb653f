//! Files are written whole: links, modes and the old file survive, and nothing foreign is replaced.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use blockscape_explorer::sweep::store::{Output, StoreError, WholeFile, set_aside, write_whole};

/// An empty folder of its own for each test, removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("blockscape-{}-written-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).expect("a temporary folder");
        Self(path)
    }

    fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, content).expect("a file");
        path
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).expect("a folder").flatten();
        let mut names: Vec<String> = entries
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("a file")
}

#[test]
fn a_file_is_the_old_one_until_it_is_committed() {
    let folder = Folder::new("whole");
    let path = folder.file("a.csv", "old");
    let mut file = WholeFile::create(&path).expect("a new file");
    file.write_all(b"new").expect("bytes");
    assert_eq!(read(&path), "old");
    drop(file);
    assert_eq!((read(&path).as_str(), folder.names().len()), ("old", 1));
    let mut file = WholeFile::create(&path).expect("a new file");
    file.write_all(b"new and long").expect("bytes");
    file.patch(4, b"AND").expect("a patch");
    file.write_all(b"er").expect("bytes");
    file.commit().expect("in its place");
    assert_eq!(read(&path), "new AND longer");
    assert_eq!(folder.names(), ["a.csv"]);
}

#[test]
fn two_writers_of_one_file_do_not_mix() {
    let folder = Folder::new("two");
    let path = folder.file("a.csv", "old");
    let first = WholeFile::create(&path).expect("a new file");
    let second = WholeFile::create(&path).expect_err("in use").to_string();
    assert!(second.contains("another run is writing it"), "{second}");
    drop(first);
    WholeFile::create(&path).expect("free again");
}

#[test]
fn what_a_killed_run_left_is_taken_over() {
    let folder = Folder::new("left");
    let left = folder.file("a.csv.blockscape-unfinished", "half of a much longer file");
    write_whole(&folder.0.join("a.csv"), b"new").expect("written");
    assert!(!left.exists());
    assert_eq!(read(&folder.0.join("a.csv")), "new");
}

#[cfg(unix)]
#[test]
fn modes_and_links_stay_and_hard_links_show_the_new_bytes() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let folder = Folder::new("links");
    let path = folder.file("private", "old");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a mode");
    let mode = || {
        let found = fs::metadata(&path).expect("a file");
        found.permissions().mode() & 0o777
    };
    write_whole(&path, b"new").expect("written");
    assert_eq!((mode(), read(&path).as_str()), (0o600, "new"));
    let link = folder.0.join("link");
    symlink("private", &link).expect("a link");
    write_whole(&link, b"newer").expect("written");
    assert!(link.is_symlink());
    assert_eq!(read(&path), "newer");
    let hanging = folder.0.join("hanging");
    symlink("not yet there", &hanging).expect("a link");
    write_whole(&hanging, b"there").expect("written");
    assert!(hanging.is_symlink());
    assert_eq!(read(&folder.0.join("not yet there")), "there");
    let name = folder.0.join("another name");
    fs::hard_link(&path, &name).expect("a second name");
    write_whole(&path, b"one").expect("written");
    assert_eq!((read(&name).as_str(), mode()), ("one", 0o600));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).expect("a mode");
    let refused = write_whole(&path, b"two").expect_err("refused").to_string();
    assert!(refused.contains("write-protected"), "{refused}");
    assert_eq!(read(&path), "one");
}

#[cfg(unix)]
#[test]
fn devices_and_folders_are_no_outputs() {
    let folder = Folder::new("devices");
    for (path, expected) in [
        (Path::new("/dev/null"), "regular file"),
        (folder.0.as_path(), "directory"),
    ] {
        let error = WholeFile::create(path).expect_err("refused").to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn outputs_replace_nothing_foreign_and_no_input() {
    let folder = Folder::new("foreign");
    let notes = folder.file("notes.csv", "hours of work");
    let empty = folder.file("empty.csv", "");
    let own = folder.file("own.csv", "ours");
    let place = |path: &Path| {
        Output::new(path, "a test", |path| {
            fs::read_to_string(path).is_ok_and(|text| text == "ours")
        })
    };
    let foreign = place(&notes).check(&[]).expect_err("refused");
    assert!(matches!(foreign, StoreError::Foreign { .. }), "{foreign}");
    assert!(foreign.to_string().contains("notes.csv"), "{foreign}");
    let created = place(&notes).create().expect_err("refused").to_string();
    assert!(created.contains("is left as it is"), "{created}");
    place(&notes)
        .replacing_all(true)
        .check(&[])
        .expect("agreed");
    place(&empty).check(&[]).expect("nothing to lose");
    place(&own).check(&[]).expect("the program's own");
    place(&folder.0.join("new.csv")).check(&[]).expect("new");
    let inputs = [folder.0.join(".").join("own.csv")];
    let error = place(&own).replacing_all(true).check(&inputs);
    let error = error.expect_err("an input").to_string();
    assert!(error.contains("is an input"), "{error}");
    let error = place(&folder.0.join("absent/x.csv")).check(&[]);
    let error = error.expect_err("no folder").to_string();
    assert!(error.contains("no such folder"), "{error}");
}

#[test]
fn files_set_aside_do_not_replace_each_other() {
    let folder = Folder::new("aside");
    for content in ["first", "second"] {
        let path = folder.file("window.ron", content);
        let aside = set_aside(&path).expect("set aside");
        assert_eq!(read(&aside), content);
    }
    assert_eq!(folder.names(), ["window.ron.unread", "window.ron.unread-2"]);
}
