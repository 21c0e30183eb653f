//! Whole numbers as they stand inside a block: width and coding, limits, encode and decode.

#![expect(
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "values are clamped to the code's range before they are cast; widths are at most 24 bits"
)]

/// How the bits of a code stand for a whole number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IntegerCoding {
    /// `-2^(bits-1) ..= 2^(bits-1)-1`.
    TwosComplement,
    /// Two's complement without its most negative code, so that negation stays in range (MXINT8 as emulators use it).
    SymmetricTwosComplement,
    /// A sign bit and a magnitude; two codes for zero.
    SignMagnitude,
    /// `0 ..= 2^bits-1`, less a zero point.
    Unsigned {
        /// The code that stands for zero.
        zero_point: u16,
    },
}

/// A whole number of `bits` bits, sign included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IntegerElement {
    bits: u8,
    coding: IntegerCoding,
}

impl IntegerElement {
    /// A code of 1 to 24 bits; `None` for other widths.
    pub const fn new(bits: u8, coding: IntegerCoding) -> Option<Self> {
        if bits == 0 || bits > 24 {
            return None;
        }
        Some(Self { bits, coding })
    }

    /// Smallest value.
    pub const fn smallest(self) -> i32 {
        match self.coding {
            IntegerCoding::TwosComplement => -(1 << (self.bits - 1)),
            IntegerCoding::SymmetricTwosComplement | IntegerCoding::SignMagnitude => {
                1 - (1 << (self.bits - 1))
            }
            IntegerCoding::Unsigned { zero_point } => -(zero_point as i32),
        }
    }

    /// Largest value.
    pub const fn largest(self) -> i32 {
        match self.coding {
            IntegerCoding::TwosComplement
            | IntegerCoding::SymmetricTwosComplement
            | IntegerCoding::SignMagnitude => (1 << (self.bits - 1)) - 1,
            IntegerCoding::Unsigned { zero_point } => ((1 << self.bits) - 1) - zero_point as i32,
        }
    }

    /// Code of a value, saturated to the range.
    pub fn encode(self, value: i32) -> u32 {
        let value = value.clamp(self.smallest(), self.largest());
        let mask = (1_u32 << self.bits) - 1;
        match self.coding {
            IntegerCoding::TwosComplement | IntegerCoding::SymmetricTwosComplement => {
                value as u32 & mask
            }
            IntegerCoding::SignMagnitude => {
                u32::from(value < 0) << (self.bits - 1) | value.unsigned_abs()
            }
            IntegerCoding::Unsigned { zero_point } => (value + i32::from(zero_point)) as u32,
        }
    }

    /// Value of a code; bits above the width are ignored.
    pub fn decode(self, code: u32) -> i32 {
        let unused = 32 - u32::from(self.bits);
        match self.coding {
            IntegerCoding::TwosComplement | IntegerCoding::SymmetricTwosComplement => {
                (code << unused) as i32 >> unused
            }
            IntegerCoding::SignMagnitude => {
                let magnitude = (code & ((1 << (self.bits - 1)) - 1)) as i32;
                if code >> (self.bits - 1) & 1 == 1 {
                    -magnitude
                } else {
                    magnitude
                }
            }
            IntegerCoding::Unsigned { zero_point } => {
                (code & ((1 << self.bits) - 1)) as i32 - i32::from(zero_point)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoding_a_decoded_code_gives_the_code_for_every_width() {
        for bits in 1..=12 {
            for coding in [
                IntegerCoding::TwosComplement,
                IntegerCoding::SymmetricTwosComplement,
                IntegerCoding::SignMagnitude,
                IntegerCoding::Unsigned { zero_point: 0 },
                IntegerCoding::Unsigned {
                    zero_point: (1 << bits) / 3,
                },
            ] {
                let element = IntegerElement { bits, coding };
                let negative_zero = 1_u32 << (bits - 1);
                for code in 0..1_u32 << bits {
                    let value = element.decode(code);
                    let spare = code == negative_zero
                        && matches!(
                            coding,
                            IntegerCoding::SignMagnitude | IntegerCoding::SymmetricTwosComplement
                        );
                    if !spare {
                        assert_eq!(element.encode(value), code, "{element:?} {value}");
                        assert!((element.smallest()..=element.largest()).contains(&value));
                    }
                }
            }
        }
    }

    #[test]
    fn widths_out_of_range_are_refused() {
        for bits in [0, 25, 40, 255] {
            assert_eq!(
                IntegerElement::new(bits, IntegerCoding::TwosComplement),
                None
            );
        }
        assert!(IntegerElement::new(24, IntegerCoding::SignMagnitude).is_some());
    }

    #[test]
    fn values_out_of_range_saturate() {
        let element = |coding| IntegerElement { bits: 4, coding };
        let ends = |coding| {
            let element = element(coding);
            (
                element.decode(element.encode(-100)),
                element.decode(element.encode(100)),
            )
        };
        assert_eq!(ends(IntegerCoding::TwosComplement), (-8, 7));
        assert_eq!(ends(IntegerCoding::SymmetricTwosComplement), (-7, 7));
        assert_eq!(ends(IntegerCoding::SignMagnitude), (-7, 7));
        assert_eq!(ends(IntegerCoding::Unsigned { zero_point: 3 }), (-3, 12));
    }
}
