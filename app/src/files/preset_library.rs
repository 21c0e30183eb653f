//! Built-in and user presets, and the one place that finds out what a file is.
//!
//! Reads text and nothing larger; a checkpoint is recognized here and read in the background.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use blockscape_explorer::preset::{SpacePreset, spaces};
use blockscape_model::design::Design;
use blockscape_model::hardware::technology::TECHNOLOGY_NAMES;
use blockscape_model::preset;
use blockscape_model::workload::{ModelShape, Workload};

use crate::files::embedded_preset::embedded_preset;
use crate::files::input;
use crate::files::model_config;
use crate::session::Session;

/// What can be chosen by name.
#[derive(Debug, Default)]
pub struct PresetLibrary {
    pub designs: Vec<Design>,
    pub models: Vec<ModelShape>,
    pub spaces: Vec<SpacePreset>,
    /// Names of the technologies.
    pub technologies: Vec<String>,
    /// Files in the user's folder that could not be read, one line each.
    pub refused: Vec<String>,
}

/// A file, recognized and checked.
#[derive(Debug, Clone, PartialEq)]
pub enum Opened {
    Session(Box<Session>),
    Design(Box<Design>),
    Workload(Box<Workload>),
    /// The shape of a model, without batch and lengths.
    Model(Box<ModelShape>),
    /// A design space with its base design and workload.
    Space(Box<SpacePreset>),
    /// A model's weights, to be read in the background.
    Checkpoint(PathBuf),
}

/// Most preset files read from the user's folder.
const MOST_USER_PRESETS: usize = 500;

/// Largest of them, in bytes: they are read before the window comes up.
const LARGEST_USER_PRESET: u64 = 1 << 20;

fn open_of_user(path: &Path) -> anyhow::Result<Opened> {
    let named = || path.display().to_string();
    if std::fs::metadata(path).with_context(named)?.len() > LARGEST_USER_PRESET {
        anyhow::bail!(
            "{}: larger than {} MiB, not a preset; open it as a file",
            path.display(),
            LARGEST_USER_PRESET >> 20
        );
    }
    open(path)
}

impl PresetLibrary {
    /// The built-in presets and those in `folder`, if it exists.
    pub fn load(folder: Option<&Path>) -> Self {
        let mut library = Self {
            designs: preset::designs(),
            models: preset::models(),
            spaces: spaces(),
            technologies: TECHNOLOGY_NAMES.iter().map(ToString::to_string).collect(),
            refused: Vec::new(),
        };
        let Some(entries) = folder.and_then(|folder| std::fs::read_dir(folder).ok()) else {
            return library;
        };
        let mut paths: Vec<PathBuf> = entries
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "ron"));
        paths.sort();
        for path in paths.into_iter().take(MOST_USER_PRESETS) {
            match open_of_user(&path) {
                Ok(Opened::Design(design)) => library.designs.push(*design),
                Ok(Opened::Workload(workload)) => library.models.push(workload.model),
                Ok(Opened::Model(model)) => library.models.push(*model),
                Ok(Opened::Space(space)) => library.spaces.push(*space),
                Ok(_) => {}
                Err(error) => library.refused.push(format!("{error:#}")),
            }
        }
        library
    }
}

/// Finds out what a file is and reads it.
///
/// # Errors
/// File, position and field of what is wrong, in one line.
pub fn open(path: &Path) -> anyhow::Result<Opened> {
    if std::fs::metadata(path)
        .with_context(|| path.display().to_string())?
        .is_dir()
    {
        anyhow::bail!("{}: is a directory; a file is needed", path.display());
    }
    let extension = path
        .extension()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    match extension.as_str() {
        "gguf" | "safetensors" | "bin" => Ok(Opened::Checkpoint(path.to_path_buf())),
        "json" => model_config::read(path).map(|shape| Opened::Model(Box::new(shape))),
        "svg" | "pdf" | "png" | "tex" => {
            let mut opened = text_of(path, &figure_text(path)?)?;
            // A figure names files without their folders.
            if let (Opened::Session(session), Some(folder)) = (&mut opened, path.parent()) {
                session.find_files_in(folder);
            }
            Ok(opened)
        }
        _ => text_of(path, &input::read_text(path)?),
    }
}

/// Whether a file holds a design in the very bytes that the program writes for it, so that nothing of anybody's own is in it.
pub fn is_own_design(path: &Path) -> bool {
    let text = input::read_text(path).unwrap_or_default();
    let design = preset::from_ron::<Design>(&text);
    design.is_ok_and(|design| preset::to_ron(&design).is_ok_and(|written| written == text))
}

/// The preset inside an exported figure.
fn figure_text(path: &Path) -> anyhow::Result<String> {
    let name = path.display();
    let size = input::check_regular(path)?.len();
    if size > LARGEST_FIGURE {
        anyhow::bail!(
            "{name}: larger than {} MiB, not a figure of Blockscape",
            LARGEST_FIGURE >> 20
        );
    }
    let bytes = std::fs::read(path).with_context(|| name.to_string())?;
    let text = embedded_preset(&bytes)
        .with_context(|| format!("{name}: no preset inside: not a figure of Blockscape"))?;
    if text.trim().is_empty() {
        anyhow::bail!("{name}: the session was left out of this figure");
    }
    Ok(text)
}

/// Largest figure that is searched for its preset, in bytes.
const LARGEST_FIGURE: u64 = 256 << 20;

fn text_of(path: &Path, text: &str) -> anyhow::Result<Opened> {
    let named = || path.display().to_string();
    let kind = kind_of(text);
    if kind != Kind::Unknown {
        check_end(text).with_context(named)?;
    }
    match kind {
        Kind::Session => {
            let session = Session::from_ron(text).with_context(named)?;
            Ok(Opened::Session(Box::new(session)))
        }
        Kind::Design => {
            let design: Design = preset::from_ron(text).with_context(named)?;
            design
                .check()
                .map_err(|violations| input::refused(&named(), &violations))?;
            Ok(Opened::Design(Box::new(design)))
        }
        Kind::Space => {
            let space: SpacePreset = preset::from_ron(text).with_context(named)?;
            space.prepare().with_context(named)?;
            Ok(Opened::Space(Box::new(space)))
        }
        Kind::Workload => {
            let workload = input::workload(&named())?;
            Ok(if has_field(text, "prefill_tokens") {
                Opened::Workload(Box::new(workload))
            } else {
                Opened::Model(Box::new(workload.model))
            })
        }
        Kind::Unknown => anyhow::bail!(
            "{}: not a session, design, space, model or figure of Blockscape, nor a checkpoint (.gguf, .safetensors, .bin)",
            path.display()
        ),
    }
}

/// Refuses a RON text that ends inside a bracket or a string: what a parser says of it names the wrong thing.
fn check_end(text: &str) -> anyhow::Result<()> {
    let mut n_open = 0_usize;
    let mut in_text = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' if in_text => _ = characters.next(),
            '"' => in_text = !in_text,
            '/' if !in_text && characters.peek() == Some(&'/') => {
                characters.by_ref().find(|character| *character == '\n');
            }
            '(' | '[' | '{' if !in_text => n_open += 1,
            ')' | ']' | '}' if !in_text => n_open = n_open.saturating_sub(1),
            _ => {}
        }
    }
    let line = text.lines().count();
    if in_text {
        anyhow::bail!("ends too early: line {line} is inside a text");
    }
    if n_open > 0 {
        anyhow::bail!("ends too early: {n_open} brackets are open at its end, line {line}");
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Session,
    Design,
    Workload,
    Space,
    Unknown,
}

fn has_field(text: &str, field: &str) -> bool {
    let mut starts = text.split(['\n', '(', ',']).map(str::trim_start);
    starts.any(|start| {
        start
            .strip_prefix(field)
            .is_some_and(|rest| rest.trim_start().starts_with(':'))
    })
}

/// Tells RON files apart by a field that only one of them has, so that errors speak of the right one.
fn kind_of(text: &str) -> Kind {
    let has = |field: &str| has_field(text, field);
    // A session may hold kept fronts, each with the axes and the base of a space.
    if has("version") || (has("design") && has("workload")) {
        Kind::Session
    } else if has("axes") && has("base") {
        Kind::Space
    } else if has("prefill_tokens") || has("n_layers") {
        Kind::Workload
    } else if has("formats") || has("array") {
        Kind::Design
    } else {
        Kind::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::first::first_session;

    #[test]
    fn the_first_session_is_found_and_comes_back_from_its_text() {
        let session = first_session();
        assert_eq!(session.exploration.axes.len(), 5);
        assert_eq!(kind_of(&session.to_ron()), Kind::Session);
        assert_eq!(Session::from_ron(&session.to_ron()), Ok(session));
    }

    #[test]
    fn a_session_that_was_cut_is_said_to_end_too_early() {
        let whole = first_session().to_ron();
        check_end(&whole).unwrap();
        for share in [10, 30, 50, 70, 90, 99] {
            let cut = &whole[..whole.len() * share / 100];
            let message = text_of(Path::new("cut.ron"), cut).unwrap_err();
            let message = format!("{message:#}");
            assert!(message.starts_with("cut.ron: ends too early"), "{message}");
        }
        check_end("(name: \"a ( \\\" [\", // and (\n b: [1])").unwrap();
    }

    #[test]
    fn a_session_with_a_kept_front_is_a_session() {
        let text = "(version: 1, design: (name: \"a\"), workload: (batch: 1), fronts: [(base: (), axes: [])])";
        assert_eq!(kind_of(text), Kind::Session);
    }

    #[test]
    fn a_design_in_one_line_is_recognized() {
        let text = "(name: \"x\", formats: [(\"all\", \"bfp:m=99\")])";
        assert_eq!(kind_of(text), Kind::Design);
    }

    #[test]
    fn every_built_in_preset_is_recognized() {
        for design in preset::designs() {
            assert_eq!(kind_of(&preset::to_ron(&design).unwrap()), Kind::Design);
        }
        for space in spaces() {
            assert_eq!(kind_of(&preset::to_ron(&space).unwrap()), Kind::Space);
        }
        for model in preset::models() {
            assert_eq!(kind_of(&preset::to_ron(&model).unwrap()), Kind::Workload);
        }
    }
}
