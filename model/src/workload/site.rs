//! Where a number format can be chosen: layer, product and side.

use std::fmt;
use std::str::FromStr;

use super::{Operand, Product};

/// Which operand of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// Activation, query or probability.
    Moving,
    /// Weight, key or value.
    Stationary,
}

/// One operand of one product, layers aside: 20 in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot(u8);

impl Slot {
    /// How many there are.
    pub const COUNT: usize = 20;

    /// All, product by product, moving before stationary.
    pub const ALL: [Self; Self::COUNT] = {
        let mut slots = [Self(0); Self::COUNT];
        let mut index = 0;
        while index < Self::COUNT {
            #[expect(clippy::cast_possible_truncation, reason = "below 20")]
            {
                slots[index] = Self(index as u8);
            }
            index += 1;
        }
        slots
    };

    /// The slot of a product's side.
    #[expect(clippy::cast_possible_truncation, reason = "below 20")]
    pub const fn of(product: Product, side: Side) -> Self {
        Self(product.index() as u8 * 2 + side as u8)
    }

    /// Position in [`Slot::ALL`].
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The product it belongs to.
    pub const fn product(self) -> Product {
        Product::ALL[self.index() / 2]
    }

    /// The side of the product it is on.
    pub const fn side(self) -> Side {
        if self.0.is_multiple_of(2) {
            Side::Moving
        } else {
            Side::Stationary
        }
    }

    /// The role of its tensor.
    pub const fn operand(self) -> Operand {
        self.product().operand(self.side())
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.product().name(), self.operand().name())
    }
}

impl FromStr for Slot {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL
            .into_iter()
            .find(|slot| slot.to_string() == text)
            .ok_or(())
    }
}

/// One operand of one product in one layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Site {
    /// Layer from 0; the head counts as layer `n_layers`.
    pub layer: u32,
    /// Product and side.
    pub slot: Slot,
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "layer {} {}", self.layer, self.slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_slot_prints_and_parses_back() {
        for slot in Slot::ALL {
            assert_eq!(slot.to_string().parse(), Ok(slot));
            assert_eq!(Slot::of(slot.product(), slot.side()), slot);
        }
        assert_eq!("qk.weight".parse::<Slot>(), Err(()));
    }
}
