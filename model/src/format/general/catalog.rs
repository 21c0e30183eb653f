//! Names of block formats that are data: those built in and those of the user.
//!
//! A definition, once in use, stays for the life of the program, so that formats are small and copied freely. A name means its
//! newest definition; formats made before keep theirs.

use std::sync::{LazyLock, PoisonError, RwLock};

use super::built_in::TEXTS;
use super::definition::Definition;
use super::family::GeneralFormat;
use super::prepared::Prepared;
use crate::format::{FAMILIES, Format};
use crate::violation::Violation;

/// Most definitions of one run, variations of block length and rounding included.
const MOST_DEFINITIONS: usize = 4096;

/// Error of a definition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DefinitionError {
    /// Not valid RON, or a field unknown, missing or of the wrong kind.
    #[error("line {line}, column {column}: {message}")]
    Syntax {
        /// Line from 1.
        line: usize,
        /// Column from 1.
        column: usize,
        /// What is wrong there and what is allowed.
        message: String,
    },
    /// A value outside its range.
    #[error("{0}")]
    Value(Violation),
}

#[derive(Debug, Default)]
struct Catalog {
    /// Everything that is in use, variations included.
    all: Vec<&'static Prepared>,
    /// One for each name, in the order of menus.
    named: Vec<&'static Prepared>,
}

static CATALOG: LazyLock<RwLock<Catalog>> = LazyLock::new(|| {
    let mut catalog = Catalog::default();
    for (stem, text) in TEXTS {
        let definition = read_definition(text)
            .and_then(|definition| {
                definition.check().map_err(DefinitionError::Value)?;
                Ok(definition)
            })
            .unwrap_or_else(|error| unreachable!("built-in format {stem}: {error}"));
        let prepared: &'static Prepared = Box::leak(Box::new(Prepared::new(definition, None)));
        catalog.all.push(prepared);
        catalog.named.push(prepared);
    }
    RwLock::new(catalog)
});

/// Reads a definition from RON text; unknown fields are errors.
///
/// # Errors
/// Line, column and what was expected there.
pub fn read_definition(text: &str) -> Result<Definition, DefinitionError> {
    let options =
        ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME);
    options
        .from_str(text)
        .map_err(|error| DefinitionError::Syntax {
            line: error.span.start.line,
            column: error.span.start.col,
            message: error.code.to_string(),
        })
}

/// Checks a definition and makes its name stand for it.
///
/// # Errors
/// A field out of range, the name of a kind or of a built-in format, more definitions than one run may have.
pub fn define(definition: Definition) -> Result<Format, Violation> {
    definition.check()?;
    let name = definition.name.clone();
    let of_kind = FAMILIES
        .iter()
        .any(|(kind, own)| kind.word == name || own.iter().any(|spelling| spelling.word == name));
    let is_built_in = TEXTS.iter().any(|(stem, _)| *stem == name);
    let same = || find(&name).filter(|known| known.definition == definition);
    if let Some(known) = same() {
        return Ok(Format::General(GeneralFormat::of(known)));
    }
    if of_kind || is_built_in {
        return Err(Violation::new(
            "name",
            name,
            "a name that no built-in format has",
        ));
    }
    let prepared = instance(definition, None)?;
    let mut catalog = CATALOG.write().unwrap_or_else(PoisonError::into_inner);
    catalog.named.retain(|known| known.definition.name != name);
    catalog.named.push(prepared);
    Ok(Format::General(GeneralFormat::of(prepared)))
}

/// The definition of a name.
pub(super) fn find(name: &str) -> Option<&'static Prepared> {
    let catalog = CATALOG.read().unwrap_or_else(PoisonError::into_inner);
    let found = catalog
        .named
        .iter()
        .find(|known| known.definition.name == name);
    found.copied()
}

/// Every named definition, in the order of menus.
pub(super) fn named() -> Vec<&'static Prepared> {
    let catalog = CATALOG.read().unwrap_or_else(PoisonError::into_inner);
    catalog.named.clone()
}

/// A format without a name of its own, from a definition that a kind makes.
///
/// # Errors
/// A field out of range, more definitions than one run may have.
pub(in crate::format) fn intern(definition: Definition) -> Result<GeneralFormat, Violation> {
    definition.check()?;
    instance(definition, None).map(GeneralFormat::of)
}

/// The one instance of a checked definition.
pub(super) fn instance(
    definition: Definition,
    original: Option<&'static Prepared>,
) -> Result<&'static Prepared, Violation> {
    let mut catalog = CATALOG.write().unwrap_or_else(PoisonError::into_inner);
    let known = catalog.all.iter().find(|known| {
        known.definition == definition && known.original.is_some() == original.is_some()
    });
    if let Some(known) = known {
        return Ok(known);
    }
    if catalog.all.len() >= MOST_DEFINITIONS {
        return Err(Violation::new(
            "formats",
            MOST_DEFINITIONS + 1,
            format!("at most {MOST_DEFINITIONS} definitions and variations in one run"),
        ));
    }
    let prepared: &'static Prepared = Box::leak(Box::new(Prepared::new(definition, original)));
    catalog.all.push(prepared);
    Ok(prepared)
}
