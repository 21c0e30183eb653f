//! Parameters in text, `key=value`, taken one by one so that unknown ones remain.

use crate::violation::Violation;

/// Parameters given for a unit or an element.
pub(in crate::hardware) struct Parameters<'a> {
    pub(in crate::hardware) kind: &'a str,
    pub(in crate::hardware) given: Vec<(&'a str, &'a str)>,
}

impl<'a> Parameters<'a> {
    pub(in crate::hardware) fn text(&mut self, key: &str) -> Option<&'a str> {
        let index = self.given.iter().position(|(name, _)| *name == key)?;
        Some(self.given.remove(index).1)
    }

    pub(in crate::hardware) fn optional(
        &mut self,
        key: &str,
        least: u32,
        most: u32,
    ) -> Result<Option<u32>, Violation> {
        let Some(text) = self.text(key) else {
            return Ok(None);
        };
        text.parse()
            .ok()
            .filter(|value| (least..=most).contains(value))
            .map(Some)
            .ok_or_else(|| {
                Violation::out_of_range(format!("{} {key}", self.kind), text, least, most)
            })
    }

    pub(in crate::hardware) fn required(
        &mut self,
        key: &str,
        least: u32,
        most: u32,
    ) -> Result<u32, Violation> {
        self.optional(key, least, most)?.ok_or_else(|| {
            Violation::new(
                format!("{} {key}", self.kind),
                "missing",
                format!("{key}={least} to {key}={most}"),
            )
        })
    }

    pub(in crate::hardware) fn choice<T: Copy>(
        &mut self,
        key: &str,
        default: Option<T>,
        choices: &[(&str, T)],
    ) -> Result<T, Violation> {
        let names = || {
            choices
                .iter()
                .map(|(name, _)| *name)
                .collect::<Vec<_>>()
                .join(", ")
        };
        let field = format!("{} {key}", self.kind);
        match self.text(key) {
            None => default.ok_or_else(|| Violation::new(field, "missing", names())),
            Some(text) => choices
                .iter()
                .find(|(name, _)| *name == text)
                .map(|(_, value)| *value)
                .ok_or_else(|| Violation::new(field, format!("\"{text}\""), names())),
        }
    }

    /// 0 or 1.
    pub(in crate::hardware) fn flag(
        &mut self,
        key: &str,
        default: bool,
    ) -> Result<bool, Violation> {
        self.choice(key, Some(default), &[("0", false), ("1", true)])
    }

    /// Refuses parameters that nothing took.
    pub(in crate::hardware) fn finish(self) -> Result<(), Violation> {
        match self.given.first() {
            None => Ok(()),
            Some((key, value)) => Err(Violation::new(
                format!("{} {key}", self.kind),
                value,
                "no such parameter of this unit, or given twice",
            )),
        }
    }
}
