//! How many values share a scale.

use std::fmt;
use std::num::NonZeroU16;

/// Number of neighboring values along the reduction axis that share one scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BlockLen {
    /// Every value stands for itself: no shared scale.
    One,
    /// This many values; the last block of a row may be shorter.
    Fixed(NonZeroU16),
    /// The whole row.
    Row,
}

impl BlockLen {
    /// The longest fixed block, in values.
    pub const LONGEST: u16 = 8192;

    /// A fixed length, if it lies in `1..=LONGEST`.
    pub const fn new(values: u16) -> Option<Self> {
        if values > Self::LONGEST {
            return None;
        }
        match NonZeroU16::new(values) {
            Some(values) => Some(Self::Fixed(values)),
            None => None,
        }
    }

    /// A fixed length known to be valid where it is written.
    ///
    /// # Panics
    /// If `values` is zero or above [`Self::LONGEST`].
    pub const fn fixed(values: u16) -> Self {
        Self::new(values).expect("a block length written in the program lies in 1..=LONGEST")
    }

    /// Number of values of a full block in a row of `row_len` values.
    pub const fn values(self, row_len: usize) -> usize {
        match self {
            Self::One => 1,
            Self::Fixed(values) => values.get() as usize,
            Self::Row => {
                if row_len == 0 {
                    1
                } else {
                    row_len
                }
            }
        }
    }

    /// Number of blocks in a row of `row_len` values, the short last one included.
    pub const fn n_blocks(self, row_len: u64) -> u64 {
        match self {
            Self::One => row_len,
            Self::Fixed(values) => row_len.div_ceil(values.get() as u64),
            Self::Row => {
                if row_len == 0 {
                    0
                } else {
                    1
                }
            }
        }
    }

    /// Scales a value carries on average in a long row: `1 / block_len`, 0 for whole rows.
    pub fn scales_per_value(self) -> f64 {
        match self {
            Self::One => 1.0,
            Self::Fixed(values) => 1.0 / f64::from(values.get()),
            Self::Row => 0.0,
        }
    }
}

impl fmt::Display for BlockLen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One => formatter.write_str("1"),
            Self::Fixed(values) => write!(formatter, "{values}"),
            Self::Row => formatter.write_str("row"),
        }
    }
}
