//! What subcommands take: a path or the name of a built-in preset.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use blockscape_explorer::judge::technologies::know_technology;
use blockscape_model::design::Design;
use blockscape_model::format::{Format, general};
use blockscape_model::hardware::Technology;
use blockscape_model::preset;
use blockscape_model::workload::Workload;
use serde::de::DeserializeOwned;

/// Preset files are text of a few kilobytes; anything near this is not one.
const LARGEST_PRESET: u64 = 64 << 20;

/// Far above any machine's cores; more would only exhaust the system.
const MOST_THREADS: usize = 1024;

/// Refuses what is no file before it is opened: reading a pipe would wait for somebody to write.
///
/// # Errors
/// A directory, pipe or device, or a path that leads nowhere.
pub fn check_regular(path: &Path) -> anyhow::Result<fs::Metadata> {
    let name = path.display();
    let found = fs::metadata(path).with_context(|| format!("{name}"))?;
    if found.is_dir() {
        bail!("{name}: is a directory; a file is needed");
    }
    if !found.is_file() {
        bail!("{name}: is a pipe or device; a regular file is needed");
    }
    Ok(found)
}

/// Reads a text file of bounded size.
pub fn read_text(path: &Path) -> anyhow::Result<String> {
    let name = path.display();
    check_regular(path)?;
    let mut bytes = Vec::new();
    let file = fs::File::open(path).with_context(|| format!("{name}"))?;
    file.take(LARGEST_PRESET + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("{name}"))?;
    if bytes.is_empty() {
        bail!("{name}: the file is empty");
    }
    if bytes.len() as u64 > LARGEST_PRESET {
        bail!(
            "{name}: larger than {} MiB, not a preset",
            LARGEST_PRESET >> 20
        );
    }
    String::from_utf8(bytes).map_err(|error| {
        anyhow::anyhow!(
            "{name}: byte {} is not UTF-8 text",
            error.utf8_error().valid_up_to()
        )
    })
}

/// Reads a RON file; errors name file, line, column and field.
pub fn read_ron<T: DeserializeOwned>(path: &Path) -> anyhow::Result<T> {
    let text = read_text(path)?;
    preset::from_ron(&text).with_context(|| format!("{}", path.display()))
}

/// Reads a block format from a RON file and makes its name stand for it; errors name file, line, column and field.
pub fn define_format(path: &Path) -> anyhow::Result<Format> {
    let name = || format!("{}", path.display());
    let definition = general::read_definition(&read_text(path)?).with_context(name)?;
    general::define(definition).with_context(name)
}

/// A design from a RON file or by the name of a built-in one; a technology that is a file stands beside the design's.
pub fn design(text: &str) -> anyhow::Result<Design> {
    let design: Design = if is_path(text) {
        let path = Path::new(text);
        let mut design: Design = read_ron(path)?;
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        design.technology = own_technology(&design.technology, folder)?;
        design
    } else {
        preset::design(text).with_context(|| {
            let names: Vec<String> = preset::designs()
                .into_iter()
                .map(|design| design.name)
                .collect();
            format!(
                "no file and no built-in design \"{text}\"; built in: {}",
                names.join(", ")
            )
        })?
    };
    design
        .check()
        .map_err(|violations| refused(text, &violations))?;
    Ok(design)
}

/// The name under which judges know a technology: itself where it is a built-in one's, else the path of its file, which is
/// read; a relative path starts at `folder`.
///
/// # Errors
/// A file that cannot be read or is no technology, with line, column and field.
pub fn own_technology(name: &str, folder: &Path) -> anyhow::Result<String> {
    if !is_path(name) {
        return Ok(name.to_owned());
    }
    let path = folder.join(name);
    let text = read_text(&path)?;
    let technology = Technology::from_ron(&text).with_context(|| format!("{}", path.display()))?;
    let known = path.display().to_string();
    know_technology(&known, technology);
    Ok(known)
}

/// Puts another technology, by name or file, under a design.
///
/// # Errors
/// As [`own_technology`].
pub fn retarget(design: &mut Design, technology: Option<&str>) -> anyhow::Result<()> {
    if let Some(name) = technology {
        design.technology = own_technology(name, Path::new(""))?;
        // A supply of the old node means nothing on another.
        design.voltage_v = None;
    }
    Ok(())
}

/// A workload from a RON file (a workload, or a model's shape for one sequence) or by the name of a built-in model.
pub fn workload(text: &str) -> anyhow::Result<Workload> {
    let workload = if is_path(text) {
        let path = Path::new(text);
        let content = read_text(path)?;
        preset::from_ron(&content)
            .or_else(|first| {
                preset::from_ron(&content)
                    .map(Workload::single_sequence)
                    .map_err(|_second| first)
            })
            .with_context(|| format!("{}", path.display()))?
    } else {
        let model = preset::model(text).with_context(|| {
            let names: Vec<String> = preset::models()
                .into_iter()
                .map(|model| model.name)
                .collect();
            format!(
                "no file and no built-in model \"{text}\"; built in: {}",
                names.join(", ")
            )
        })?;
        Workload::single_sequence(model)
    };
    workload
        .check()
        .map_err(|violations| refused(text, &violations))?;
    Ok(workload)
}

/// A number of worker threads; 0 leaves it to the program.
///
/// # Errors
/// What is allowed, if the text is not.
pub fn threads(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| *number <= MOST_THREADS);
    number.ok_or_else(|| format!("a whole number from 0 to {MOST_THREADS} is needed"))
}

/// Whether a text means a file: it exists, or looks like a path.
pub fn is_path(text: &str) -> bool {
    Path::new(text).exists()
        || text.contains(std::path::MAIN_SEPARATOR)
        || Path::new(text)
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("ron"))
}

/// One line for violations in a named input.
pub fn refused(name: &str, violations: &[blockscape_model::violation::Violation]) -> anyhow::Error {
    let told: Vec<String> = violations.iter().map(ToString::to_string).collect();
    anyhow::anyhow!("{name}: {}", told.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_names_list_the_built_in_ones() {
        let message = format!("{:#}", design("Andaman").unwrap_err());
        assert!(message.contains("Anda"), "{message}");
        let message = format!("{:#}", workload("LLaMA-9").unwrap_err());
        assert!(message.contains("LLaMA-2-7B"), "{message}");
    }
}
