//! Tables of numbers that presets write by name, so that the order of an enumeration changes no cost.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

/// Member of a kind that stands in a table under its name, at its position among all of the kind.
pub(super) trait Named: Copy + 'static {
    /// All of the kind, in the order of the table.
    const ALL: &'static [Self];

    /// Name in presets.
    fn name(self) -> &'static str;
}

/// Reads a table with one entry for each name.
///
/// # Errors
/// A name that is missing or unknown, with those that exist.
pub(super) fn read<'de, D, K, const N: usize>(deserializer: D) -> Result<[f64; N], D::Error>
where
    D: Deserializer<'de>,
    K: Named,
{
    let mut given = BTreeMap::<String, f64>::deserialize(deserializer)?;
    let mut table = [0.0; N];
    for (place, key) in table.iter_mut().zip(K::ALL) {
        let name = key.name();
        *place = given
            .remove(name)
            .ok_or_else(|| D::Error::custom(format!("entry {name} is missing")))?;
    }
    match given.first_key_value() {
        None => Ok(table),
        Some((unknown, _)) => {
            let names: Vec<_> = K::ALL.iter().map(|key| key.name()).collect();
            Err(D::Error::custom(format!(
                "entry {unknown} is unknown; allowed: {}",
                names.join(", ")
            )))
        }
    }
}

/// Writes a table as [`read`] reads it.
///
/// # Errors
/// Those of the writer.
pub(super) fn write<S, K, const N: usize>(
    table: &[f64; N],
    serializer: S,
) -> Result<S::Ok, S::Error>
where
    S: Serializer,
    K: Named,
{
    let entries = K::ALL.iter().map(|key| key.name()).zip(table);
    entries.collect::<BTreeMap<_, _>>().serialize(serializer)
}
