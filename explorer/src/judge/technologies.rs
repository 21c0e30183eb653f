//! Technologies by name: the built-in ones, and those that a user's files describe, known by the path they were read from.

use std::sync::{PoisonError, RwLock};

use blockscape_model::hardware::Technology;
use blockscape_model::hardware::technology::technology;
use blockscape_model::violation::Violation;

/// Technologies of the user's, by the text with which designs ask for them.
static OWN: RwLock<Vec<(String, Technology)>> = RwLock::new(Vec::new());

/// Makes a technology known to every judge under a name that designs give, such as the path of its file; one of the same
/// name is replaced for judges that have not asked for it yet.
pub fn know_technology(name: &str, own: Technology) {
    let mut known = OWN.write().unwrap_or_else(PoisonError::into_inner);
    known.retain(|(each, _)| each != name);
    known.push((name.to_owned(), own));
}

/// The technology of this name: one made known, or a built-in one.
///
/// # Errors
/// A name that neither has, with the built-in ones.
pub fn technology_of(name: &str) -> Result<Technology, Violation> {
    let known = OWN.read().unwrap_or_else(PoisonError::into_inner);
    match known.iter().find(|(each, _)| each == name) {
        Some((_, own)) => Ok(own.clone()),
        None => technology(name),
    }
}
