//! Containment of panics in the `tokenizers` crate, which indexes and unwraps on crafted files.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::language_model::checkpoint::CheckpointError;

thread_local! {
    static IS_CONTAINED: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is inside work whose panics become an error of one line.
///
/// For the panic hook of a program: a message would tell of what the caller is told anyway.
pub fn is_contained() -> bool {
    IS_CONTAINED.get()
}

/// Does the work; a panic in it becomes an error.
///
/// What the work leaves behind after a panic must not be used for anything but another error.
pub(super) fn contained<T>(
    place: &str,
    work: impl FnOnce() -> Result<T, CheckpointError>,
) -> Result<T, CheckpointError> {
    let outer = IS_CONTAINED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    IS_CONTAINED.set(outer);
    result.unwrap_or_else(|payload| {
        Err(CheckpointError::new(
            place,
            format!(
                "asks for what the tokenizers crate cannot do ({})",
                message(payload.as_ref())
            ),
        ))
    })
}

fn message(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("no reason given")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error_and_leaves_the_thread_as_it_was() {
        let error = contained::<()>("tokenizer.json", || panic!("index {}", 7)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "tokenizer.json: asks for what the tokenizers crate cannot do (index 7)"
        );
        assert!(!is_contained());
        assert_eq!(contained("x", || Ok(is_contained())), Ok(true));
    }
}
