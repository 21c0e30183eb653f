//! Names the sources that the program is built from, so that its results can say so.
//!
//! The commit of the repository with a mark for changes that no commit has; in a package without a repository the commit that cargo
//! noted; else a fingerprint of the sources themselves. `BLOCKSCAPE_COMMIT` overrides all of it.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Digits of a commit that tell it from others.
const DIGITS: usize = 12;
/// Folders and files that results depend on, from the folder of this package.
const SOURCES: [&str; 5] = [
    "src",
    "../explorer/src",
    "../model/src",
    "../presets",
    "../Cargo.lock",
];

fn main() {
    println!("cargo::rerun-if-env-changed=BLOCKSCAPE_COMMIT");
    let given = std::env::var("BLOCKSCAPE_COMMIT")
        .ok()
        .filter(|text| !text.is_empty());
    let source = given
        .or_else(of_repository)
        .or_else(of_package)
        .unwrap_or_else(of_sources);
    println!("cargo::rustc-env=BLOCKSCAPE_SOURCE={source}");
}

/// The commit that is checked out, and a fingerprint of what differs from it.
fn of_repository() -> Option<String> {
    // A package unpacked inside somebody else's repository is not of that repository.
    git(&["ls-files", "--error-unmatch", "build.rs"])?;
    for name in ["HEAD", "logs/HEAD"] {
        let path = git(&["rev-parse", "--git-path", name])?;
        if Path::new(path.trim()).exists() {
            println!("cargo::rerun-if-changed={}", path.trim());
        }
    }
    for source in SOURCES.iter().filter(|source| Path::new(source).exists()) {
        println!("cargo::rerun-if-changed={source}");
    }
    let commit = git(&["rev-parse", "HEAD"])?;
    let commit = commit.trim().get(..DIGITS)?.to_owned();
    let mut changes = vec!["diff", "HEAD", "--"];
    changes.extend(SOURCES);
    let changes = git(&changes)?;
    if changes.is_empty() {
        return Some(commit);
    }
    Some(format!(
        "{commit}+{:08x}",
        short(fingerprint(0, changes.as_bytes()))
    ))
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    output.status.success().then_some(text)
}

/// The commit that `cargo package` noted.
fn of_package() -> Option<String> {
    let text = std::fs::read_to_string(".cargo_vcs_info.json").ok()?;
    let (_, rest) = text.split_once("\"sha1\"")?;
    let digits: String = rest
        .chars()
        .filter(char::is_ascii_hexdigit)
        .take(DIGITS)
        .collect();
    (digits.len() == DIGITS).then_some(digits)
}

/// A fingerprint of all sources that lie here.
fn of_sources() -> String {
    let mut files = Vec::new();
    for source in SOURCES {
        collect(Path::new(source), &mut files);
    }
    files.sort();
    let hash = files.iter().fold(0, |hash, path| {
        println!("cargo::rerun-if-changed={}", path.display());
        fingerprint(hash, &std::fs::read(path).unwrap_or_default())
    });
    format!("sources-{:08x}", short(hash))
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    if path.is_file() {
        files.push(path.to_owned());
    }
    for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
        collect(&entry.path(), files);
    }
}

/// FNV-1a with 64 bits, going on from a hash.
fn fingerprint(hash: u64, bytes: &[u8]) -> u64 {
    let start = hash ^ 0xCBF2_9CE4_8422_2325;
    bytes.iter().fold(start, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

/// Both halves of a hash in one.
fn short(hash: u64) -> u64 {
    (hash ^ (hash >> 32)) & 0xFFFF_FFFF
}
