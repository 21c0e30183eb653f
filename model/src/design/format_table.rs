//! Which number format stands at which site.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::format::Format;
use crate::violation::Violation;
use crate::workload::{Slot, SlotGroup};

/// One format for each slot.
pub type SlotFormats = [Format; Slot::COUNT];

/// A format for every site: one row for all layers and rows of their own for layers that differ.
///
/// Its preset form is an ordered list of rules `(pattern, format)`, later rules winning.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<FormatRule>", into = "Vec<FormatRule>")]
pub struct FormatTable {
    base: SlotFormats,
    /// Rows of layers that differ from `base`, by layer, each different from `base`.
    layers: Vec<(u32, SlotFormats)>,
}

/// Formats of a run of equal layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayerGroup<'a> {
    /// First layer from 0.
    pub first: u32,
    /// How many layers.
    pub count: u32,
    /// Their formats.
    pub formats: &'a SlotFormats,
}

impl FormatTable {
    /// One format everywhere.
    pub const fn uniform(format: Format) -> Self {
        Self {
            base: [format; Slot::COUNT],
            layers: Vec::new(),
        }
    }

    /// The format of a slot in a layer.
    pub fn at(&self, layer: u32, slot: Slot) -> Format {
        self.row(layer)[slot.index()]
    }

    /// The formats of a layer; the head is layer `n_layers`.
    pub fn row(&self, layer: u32) -> &SlotFormats {
        match self.layers.binary_search_by_key(&layer, |(each, _)| *each) {
            Ok(position) => &self.layers[position].1,
            Err(_) => &self.base,
        }
    }

    /// The formats of layers without a row of their own.
    pub const fn base(&self) -> &SlotFormats {
        &self.base
    }

    /// The base row and the rows of layers that differ from it.
    pub fn rows(&self) -> impl Iterator<Item = &SlotFormats> {
        std::iter::once(&self.base).chain(self.layers.iter().map(|(_, row)| row))
    }

    /// Whether some layer has formats of its own.
    pub const fn has_layer_rows(&self) -> bool {
        !self.layers.is_empty()
    }

    /// Sets a group in all layers.
    pub fn set(&mut self, group: SlotGroup, format: Format) {
        self.map(group, |_| format);
    }

    /// Sets a group in some layers.
    pub fn set_layers(&mut self, layers: RangeInclusive<u32>, group: SlotGroup, format: Format) {
        for layer in layers {
            let mut row = *self.row(layer);
            for slot in group.slots() {
                row[slot.index()] = format;
            }
            self.set_row(layer, row);
        }
    }

    /// Replaces each format of a group in all layers.
    pub fn map(&mut self, group: SlotGroup, change: impl Fn(Format) -> Format) {
        let rows =
            std::iter::once(&mut self.base).chain(self.layers.iter_mut().map(|(_, row)| row));
        for row in rows {
            for slot in group.slots() {
                row[slot.index()] = change(row[slot.index()]);
            }
        }
        let base = self.base;
        self.layers.retain(|(_, row)| *row != base);
    }

    /// Gives a layer formats of its own.
    pub fn set_row(&mut self, layer: u32, row: SlotFormats) {
        let position = self.layers.binary_search_by_key(&layer, |(each, _)| *each);
        match (position, row == self.base) {
            (Ok(found), true) => {
                self.layers.remove(found);
            }
            (Ok(found), false) => self.layers[found].1 = row,
            (Err(_), true) => {}
            (Err(place), false) => self.layers.insert(place, (layer, row)),
        }
    }

    /// The format of a group where all its sites agree (layers of `0 ..= n_layers`), else `None`.
    pub fn uniform_in(&self, group: SlotGroup) -> Option<Format> {
        let format = self.base[group.first().index()];
        self.rows()
            .flat_map(|row| group.slots().map(|slot| row[slot.index()]))
            .all(|each| each == format)
            .then_some(format)
    }

    /// Layers `0 .. n_layers` in runs of equal formats, in order.
    pub fn layer_groups(&self, n_layers: u32) -> impl Iterator<Item = LayerGroup<'_>> {
        let mut next = 0;
        std::iter::from_fn(move || {
            (next < n_layers).then(|| {
                let first = next;
                let formats = self.row(first);
                next = self.first_difference(first, n_layers);
                LayerGroup {
                    first,
                    count: next - first,
                    formats,
                }
            })
        })
    }

    /// The first layer after `layer` whose formats differ from its.
    fn first_difference(&self, layer: u32, n_layers: u32) -> u32 {
        let formats = self.row(layer);
        if formats == &self.base {
            let after = self.layers.partition_point(|(each, _)| *each <= layer);
            return self
                .layers
                .get(after)
                .map_or(n_layers, |(each, _)| (*each).min(n_layers));
        }
        (layer + 1..n_layers)
            .find(|each| self.row(*each) != formats)
            .unwrap_or(n_layers)
    }

    /// The shortest rules of the kind [`FormatTable::from_rules`] reads: groups first, then what differs.
    pub fn rules(&self) -> Vec<FormatRule> {
        let mut shown: [Option<Format>; Slot::COUNT] = [None; Slot::COUNT];
        let mut rules = Vec::new();
        row_rules(&self.base, &mut shown, None, &mut rules);
        let mut position = 0;
        while position < self.layers.len() {
            let (first, row) = self.layers[position];
            let run = self.layers[position..]
                .iter()
                .zip(first..)
                .take_while(|((layer, each), expected)| layer == expected && *each == row)
                .count();
            let last = self.layers[position + run - 1].0;
            let mut shown = self.base.map(Some);
            row_rules(&row, &mut shown, Some((first, last)), &mut rules);
            position += run;
        }
        rules
    }

    /// Applies rules in order; the first must cover every slot.
    ///
    /// # Errors
    /// A slot that no rule covers.
    pub fn from_rules(rules: &[FormatRule]) -> Result<Self, Violation> {
        let covering = |slot: Slot| {
            rules
                .iter()
                .rev()
                .find(|rule| rule.pattern.layers.is_none() && rule.pattern.group.contains(slot))
                .map(|rule| rule.format)
        };
        let mut base = [Format::FP32; Slot::COUNT];
        for slot in Slot::ALL {
            base[slot.index()] = covering(slot).ok_or_else(|| {
                Violation::new(
                    "formats",
                    format!("without a rule for {slot}"),
                    "rules that cover every site, such as (\"all\", \"fp16\") first",
                )
            })?;
        }
        let mut table = Self {
            base,
            layers: Vec::new(),
        };
        for rule in rules {
            if let Some((first, last)) = rule.pattern.layers {
                table.set_layers(first..=last, rule.pattern.group, rule.format);
            }
        }
        Ok(table)
    }
}

/// Adds rules that turn `shown` into `row`, comprehensive groups first.
fn row_rules(
    row: &SlotFormats,
    shown: &mut [Option<Format>; Slot::COUNT],
    layers: Option<(u32, u32)>,
    rules: &mut Vec<FormatRule>,
) {
    let groups = SlotGroup::named()
        .map(|(_, group)| group)
        .chain(Slot::ALL.into_iter().map(SlotGroup::single));
    for group in groups {
        let format = row[group.first().index()];
        let uniform = group.slots().all(|slot| row[slot.index()] == format);
        let complete = group
            .slots()
            .all(|slot| shown[slot.index()] == Some(format));
        if uniform && !complete {
            rules.push(FormatRule {
                pattern: SitePattern { layers, group },
                format,
            });
            for slot in group.slots() {
                shown[slot.index()] = Some(format);
            }
        }
    }
}

/// Sites by name: a group of slots in all layers or in some.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SitePattern {
    /// First and last layer, or all.
    pub layers: Option<(u32, u32)>,
    /// Slots.
    pub group: SlotGroup,
}

impl SitePattern {
    /// Whether some site belongs to both.
    pub fn overlaps(self, other: Self) -> bool {
        let share_layers = match (self.layers, other.layers) {
            (Some((first, last)), Some((other_first, other_last))) => {
                first <= other_last && other_first <= last
            }
            _ => true,
        };
        share_layers && self.group.slots().any(|slot| other.group.contains(slot))
    }
}

impl fmt::Display for SitePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.layers {
            Some((first, last)) => write!(f, "layers {first}..={last} {}", self.group),
            None => self.group.fmt(f),
        }
    }
}

impl FromStr for SitePattern {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        let Some(rest) = text.strip_prefix("layers ") else {
            return Ok(Self {
                layers: None,
                group: text.parse()?,
            });
        };
        let wrong = || {
            Violation::new(
                "site",
                format!("\"{text}\""),
                "\"layers FIRST..=LAST GROUP\" with FIRST <= LAST < 1024",
            )
        };
        let (range, group) = rest.split_once(' ').ok_or_else(wrong)?;
        let (first, last) = range.split_once("..=").ok_or_else(wrong)?;
        let [Ok(first), Ok(last)] = [first, last].map(str::parse::<u32>) else {
            return Err(wrong());
        };
        if first > last || last >= 1024 {
            return Err(wrong());
        }
        Ok(Self {
            layers: Some((first, last)),
            group: group.parse()?,
        })
    }
}

/// One line of a format table's preset form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "(String, Format)", into = "(String, Format)")]
pub struct FormatRule {
    /// Where.
    pub pattern: SitePattern,
    /// Which format.
    pub format: Format,
}

impl TryFrom<(String, Format)> for FormatRule {
    type Error = Violation;

    fn try_from((pattern, format): (String, Format)) -> Result<Self, Violation> {
        Ok(Self {
            pattern: pattern.parse()?,
            format,
        })
    }
}

impl From<FormatRule> for (String, Format) {
    fn from(rule: FormatRule) -> Self {
        (rule.pattern.to_string(), rule.format)
    }
}

impl TryFrom<Vec<FormatRule>> for FormatTable {
    type Error = Violation;

    fn try_from(rules: Vec<FormatRule>) -> Result<Self, Violation> {
        Self::from_rules(&rules)
    }
}

impl From<FormatTable> for Vec<FormatRule> {
    fn from(table: FormatTable) -> Self {
        table.rules()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(text: &str) -> Format {
        text.parse().unwrap()
    }

    fn mixed() -> FormatTable {
        let mut table = FormatTable::uniform(format("fp16"));
        table.set(SlotGroup::WEIGHTS, format("int:w=4,g=128"));
        table.set("qkv.activation".parse().unwrap(), format("anda:m=7"));
        table.set_layers(2..=4, "key".parse().unwrap(), format("bfp:m=4,e=8,b=32"));
        table.set_layers(6..=6, "down.weight".parse().unwrap(), format("q2_k"));
        table
    }

    #[test]
    fn rules_rebuild_the_table() {
        let table = mixed();
        assert_eq!(FormatTable::from_rules(&table.rules()), Ok(table.clone()));
        let text = crate::preset::to_ron(&table).unwrap();
        assert_eq!(crate::preset::from_ron(&text), Ok(table));
    }

    #[test]
    fn layer_groups_cover_each_layer_once_with_its_formats() {
        let table = mixed();
        let groups: Vec<_> = table.layer_groups(8).collect();
        assert_eq!(
            groups.iter().map(|group| group.first).collect::<Vec<_>>(),
            [0, 2, 5, 6, 7]
        );
        for group in groups {
            for layer in group.first..group.first + group.count {
                assert_eq!(table.row(layer), group.formats);
            }
        }
    }

    #[test]
    fn setting_a_layer_back_leaves_no_trace() {
        let mut table = mixed();
        table.set_layers(2..=4, "key".parse().unwrap(), format("fp16"));
        table.set_layers(
            6..=6,
            "down.weight".parse().unwrap(),
            format("int:w=4,g=128"),
        );
        assert!(!table.has_layer_rows());
    }

    #[test]
    fn a_table_that_misses_a_site_is_refused() {
        let rule = FormatRule {
            pattern: "weights".parse().unwrap(),
            format: format("fp16"),
        };
        let violation = FormatTable::from_rules(&[rule]).unwrap_err();
        assert!(
            violation.to_string().contains("q.activation"),
            "{violation}"
        );
    }
}
