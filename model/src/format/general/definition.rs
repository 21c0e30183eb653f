//! A block format as data: elements, scale levels, choice, metadata, outliers; read from RON and checked.

use serde::{Deserialize, Serialize};

use super::element::{Element, Ties};
use super::level::{Extent, ScaleKind, ScaleLevel};
use crate::format::{BlockLen, Rounding};

/// Longest block of a choice, of a search or of ratios.
pub(crate) const LONGEST_CHOICE: usize = 256;
/// Most sub-blocks with a ratio of their own.
pub(crate) const MOST_RATIO_BLOCKS: usize = 64;
/// Most candidates of a choice.
pub(super) const MOST_CANDIDATES: usize = 64;

/// One way to represent the values of a block.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// One value.
    pub element: Element,
    /// Scaled value that the largest magnitude becomes; the largest element by default.
    #[serde(default)]
    pub target: Option<f32>,
    /// Ties between two values, where another rule than the format's rounding holds.
    #[serde(default)]
    pub ties: Option<Ties>,
}

/// Where the number of the chosen candidate is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ChoiceStorage {
    /// Nowhere: all candidates have the same elements.
    #[default]
    Free,
    /// In codes of the scale that no scale takes.
    InScale,
    /// In so many bits of its own a block.
    Bits(u8),
}

/// Figure by which candidates are compared; the first of equals wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Criterion {
    /// Sum of squared errors.
    #[default]
    SquaredError,
    /// Sum of magnitudes of errors.
    AbsoluteError,
    /// Largest magnitude of an error.
    LargestError,
}

/// Bits beside scale and elements.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub enum Metadata {
    /// None.
    #[default]
    None,
    /// Each sub-block multiplies the scale by one of these ratios, by the criterion of the choice.
    Ratios {
        /// Values of a sub-block.
        block: u16,
        /// Ratios, ascending, above 0.
        values: Vec<f32>,
    },
    /// The largest element of each sub-block, the first of equals after rounding, is refined to a list of `2^bits` times as many values.
    TopFine {
        /// Values of a sub-block.
        block: u16,
        /// The finer element.
        fine: Element,
        /// Bits a sub-block.
        bits: u8,
    },
    /// The first largest magnitude of a block has the exponent of the largest element; its code is all fraction.
    Maximum {
        /// Stored bits a block: the position and what is kept free.
        bits: u8,
    },
    /// A flag an element: its step is `2^shift` times as large where the fine one does not reach.
    Flags {
        /// Exponent of the larger step, 1 to 15.
        shift: u8,
    },
}

/// Largest values of a block that are kept apart; the dense part holds zeros in their place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outliers {
    /// Number a block, 1 to 32.
    pub count: u16,
    /// Bits of one, beside its position: 16 (FP16) or 32 (FP32).
    pub bits: u8,
}

/// A block format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// Word of the text form: small letters, digits, `-`, `_`, `.`.
    pub name: String,
    /// Name on screen.
    #[serde(default)]
    pub title: String,
    /// One sentence of help.
    #[serde(default)]
    pub help: String,
    /// Publication and reading.
    #[serde(default)]
    pub source: String,
    /// Scale levels, the coarsest first; at most three.
    pub levels: Vec<ScaleLevel>,
    /// Representations of a block of the finest scale that is no [`ScaleKind::Doubling`].
    pub candidates: Vec<Candidate>,
    /// Storage of the choice.
    #[serde(default)]
    pub choice: ChoiceStorage,
    /// Figure by which candidates, searched scales and ratios are compared.
    #[serde(default)]
    pub criterion: Criterion,
    /// Bits beside scale and elements.
    #[serde(default)]
    pub metadata: Metadata,
    /// Values kept apart.
    #[serde(default)]
    pub outliers: Option<Outliers>,
    /// Rounding of an element.
    #[serde(default)]
    pub rounding: Rounding,
}

impl Definition {
    /// Place of the level that the candidates belong to.
    pub(crate) fn main_level(&self) -> usize {
        let is_main = |level: &ScaleLevel| !matches!(level.kind, ScaleKind::Doubling { .. });
        self.levels.iter().rposition(is_main).unwrap_or(0)
    }

    /// Longest block along the row.
    pub(crate) fn span(&self) -> BlockLen {
        let along = self
            .levels
            .iter()
            .filter_map(|level| level.block.along_row());
        let has_book = self
            .candidates
            .iter()
            .any(|each| matches!(each.element, Element::RowCodebook { .. }));
        let longest = along.max_by_key(|length| length.values(usize::MAX));
        if has_book {
            BlockLen::Row
        } else {
            longest.unwrap_or(BlockLen::Row)
        }
    }

    /// Bits of a codebook that rows find, if that is the element.
    pub(crate) fn row_codebook_bits(&self) -> Option<u8> {
        self.candidates.iter().find_map(|each| match each.element {
            Element::RowCodebook { bits } => Some(bits),
            _ => None,
        })
    }

    /// The tensor's largest magnitude is asked for before the first block.
    pub(crate) fn asks_for_tensor(&self) -> bool {
        self.levels.iter().any(|level| {
            level.block == Extent::Tensor
                || matches!(level.kind, ScaleKind::PowerOfTwo { bits } if bits < 8)
        })
    }
}
