//! Named groups of slots: what a user edits together.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Operand, Product, Slot};
use crate::violation::Violation;

/// A set of slots with a name such as `weights`, `qkv.activation` or `key`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SlotGroup {
    mask: u32,
}

/// Products that may stand before the dot, most comprehensive first.
const PRODUCT_SETS: [(&str, &[Product]); 12] = [
    (
        "linear",
        &[
            Product::Q,
            Product::K,
            Product::V,
            Product::O,
            Product::Gate,
            Product::Up,
            Product::Down,
        ],
    ),
    ("qkv", &[Product::Q, Product::K, Product::V]),
    ("gate_up", &[Product::Gate, Product::Up]),
    ("q", &[Product::Q]),
    ("k", &[Product::K]),
    ("v", &[Product::V]),
    ("o", &[Product::O]),
    ("gate", &[Product::Gate]),
    ("up", &[Product::Up]),
    ("down", &[Product::Down]),
    ("head", &[Product::Head]),
    ("every", &Product::ALL),
];

/// Groups named by what their tensors are.
const OPERAND_SETS: [(&str, &[Operand]); 9] = [
    (
        "all",
        &[
            Operand::Activation,
            Operand::Weight,
            Operand::Query,
            Operand::Key,
            Operand::Probability,
            Operand::Value,
        ],
    ),
    ("weights", &[Operand::Weight]),
    ("activations", &[Operand::Activation]),
    (
        "attention",
        &[
            Operand::Query,
            Operand::Key,
            Operand::Probability,
            Operand::Value,
        ],
    ),
    ("kv", &[Operand::Key, Operand::Value]),
    ("query", &[Operand::Query]),
    ("key", &[Operand::Key]),
    ("probability", &[Operand::Probability]),
    ("value", &[Operand::Value]),
];

impl SlotGroup {
    /// Every slot.
    pub const ALL: Self = Self {
        mask: (1 << Slot::COUNT) - 1,
    };
    /// Weights of all products, the head's included.
    pub const WEIGHTS: Self = Self::of_operands(&[Operand::Weight]);
    /// Inputs of all linear layers, the head's included.
    pub const ACTIVATIONS: Self = Self::of_operands(&[Operand::Activation]);

    /// Groups with a name, comprehensive ones first; single slots come last.
    pub fn named() -> impl Iterator<Item = (String, Self)> {
        let by_operand = OPERAND_SETS
            .iter()
            .map(|(name, operands)| ((*name).to_owned(), Self::of_operands(operands)));
        let by_product = ["activation", "weight"].into_iter().flat_map(|operand| {
            PRODUCT_SETS
                .iter()
                .filter(|(name, _)| *name != "every")
                .filter_map(move |(name, _)| {
                    let text = format!("{name}.{operand}");
                    Self::parse(&text).map(|group| (text, group))
                })
        });
        by_operand.chain(by_product)
    }

    /// The group of one slot.
    pub const fn single(slot: Slot) -> Self {
        Self {
            mask: 1 << slot.index(),
        }
    }

    const fn of_operands(operands: &[Operand]) -> Self {
        let mut mask = 0;
        let mut index = 0;
        while index < Slot::COUNT {
            let mut each = 0;
            while each < operands.len() {
                if Slot::ALL[index].operand() as u8 == operands[each] as u8 {
                    mask |= 1 << index;
                }
                each += 1;
            }
            index += 1;
        }
        Self { mask }
    }

    /// Whether a slot belongs to it.
    pub const fn contains(self, slot: Slot) -> bool {
        self.mask & (1 << slot.index()) != 0
    }

    /// Its slots in order.
    pub fn slots(self) -> impl Iterator<Item = Slot> {
        Slot::ALL
            .into_iter()
            .filter(move |slot| self.contains(*slot))
    }

    /// The first of its slots: what a control shows where the group is uniform.
    pub fn first(self) -> Slot {
        self.slots().next().unwrap_or(Slot::ALL[0])
    }

    fn parse(text: &str) -> Option<Self> {
        if let Some((_, operands)) = OPERAND_SETS.iter().find(|(name, _)| *name == text) {
            return Some(Self::of_operands(operands));
        }
        if let Ok(slot) = text.parse::<Slot>() {
            return Some(Self::single(slot));
        }
        let (product, operand) = text.split_once('.')?;
        let (_, products) = PRODUCT_SETS.iter().find(|(name, _)| *name == product)?;
        let mask = Slot::ALL
            .into_iter()
            .filter(|slot| products.contains(&slot.product()) && slot.operand().name() == operand)
            .fold(0, |mask, slot| mask | 1 << slot.index());
        (mask != 0).then_some(Self { mask })
    }
}

impl fmt::Display for SlotGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Self::named().find(|(_, group)| group == self) {
            Some((name, _)) => f.write_str(&name),
            None => {
                let names: Vec<String> = self.slots().map(|slot| slot.to_string()).collect();
                f.write_str(&names.join("+"))
            }
        }
    }
}

impl FromStr for SlotGroup {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        let union = text
            .split('+')
            .map(Self::parse)
            .try_fold(0, |mask, group| group.map(|group| mask | group.mask));
        union.map(|mask| Self { mask }).ok_or_else(|| {
            let names: Vec<String> = Self::named().map(|(name, _)| name).collect();
            Violation::new("site", format!("\"{text}\""), names.join(" "))
        })
    }
}

impl TryFrom<String> for SlotGroup {
    type Error = Violation;

    fn try_from(text: String) -> Result<Self, Violation> {
        text.parse()
    }
}

impl From<SlotGroup> for String {
    fn from(group: SlotGroup) -> Self {
        group.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_named_group_and_every_union_prints_and_parses_back() {
        for (name, group) in SlotGroup::named() {
            assert_eq!(name.parse(), Ok(group));
            let printed = group.to_string();
            assert_eq!(printed.parse(), Ok(group));
        }
        let union: SlotGroup = "o.weight+value".parse().unwrap();
        assert_eq!(union.slots().count(), 2);
        assert_eq!(union.to_string().parse(), Ok(union));
    }

    #[test]
    fn an_unknown_group_names_the_valid_ones() {
        let violation = "wieghts".parse::<SlotGroup>().unwrap_err();
        assert!(violation.allowed.contains("qkv.activation"));
    }
}
