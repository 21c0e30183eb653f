//! Whether a file is one that a sweep wrote, by its first line.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

use blockscape_model::evaluation::Metric;

/// What the first line of a part begins with.
pub(super) const PART_MARK: &str = "# blockscape part ";

/// Longest first line that is looked at; a hundred axes take a few thousand bytes.
const LONGEST_HEADER: u64 = 1 << 16;

/// Whether a file begins as the table of a whole sweep does.
pub fn is_table(path: &Path) -> bool {
    let metrics: Vec<String> = Metric::ALL.iter().map(ToString::to_string).collect();
    first_line(path).is_some_and(|line| {
        line.starts_with("design,")
            && line.ends_with(",status")
            && line.contains(&metrics.join(","))
    })
}

/// Whether a file begins as a part of a sweep does.
pub fn is_part(path: &Path) -> bool {
    first_line(path).is_some_and(|line| line.starts_with(PART_MARK))
}

fn first_line(path: &Path) -> Option<String> {
    if !std::fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let file = File::open(path).ok()?;
    let mut line = String::new();
    let mut start = BufReader::new(file.take(LONGEST_HEADER));
    start.read_line(&mut line).ok()?;
    Some(line.trim_end().to_owned())
}
