//! A definition with the tables that kernels use.

use super::definition::{Definition, Metadata, Outliers};
use super::element::{Ties, ValueList};
use super::level::{Extent, ScaleLevel};
use crate::format::{BlockLen, Rounding};

/// One candidate ready for use.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PreparedCandidate {
    pub(crate) list: ValueList,
    /// Scaled value that the largest magnitude becomes.
    pub(crate) target: f32,
}

/// A checked definition with its tables.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Prepared {
    pub(crate) definition: Definition,
    /// The definition that this one varies, by its name.
    pub(crate) original: Option<&'static Prepared>,
    /// Hash of the definition.
    pub(crate) fingerprint: u64,
    /// Place of the level that the candidates belong to.
    pub(crate) main: usize,
    pub(crate) candidates: Vec<PreparedCandidate>,
    /// The finer list of the largest element of a sub-block.
    pub(crate) fine: Option<ValueList>,
    /// Targets of the levels before the main one.
    pub(crate) outer_targets: Vec<f32>,
    /// Steps of the main scale in the order of trial.
    pub(crate) search: Vec<i8>,
}

impl Prepared {
    /// For a definition that was checked.
    pub(super) fn new(definition: Definition, original: Option<&'static Self>) -> Self {
        let default_ties = if definition.rounding == Rounding::NearestAway {
            Ties::Away
        } else {
            Ties::Even
        };
        let prepared = |candidate: &super::Candidate| {
            let ties = candidate.ties.unwrap_or(default_ties);
            let list = candidate.element.list(ties, definition.rounding);
            let largest = if list.values.is_empty() {
                1.0
            } else {
                list.largest()
            };
            PreparedCandidate {
                target: candidate.target.unwrap_or(largest),
                list,
            }
        };
        let candidates: Vec<PreparedCandidate> =
            definition.candidates.iter().map(prepared).collect();
        let main = definition.main_level();
        let target = candidates.first().map_or(1.0, |candidate| candidate.target);
        let mut below = target * definition.levels[main].most.unwrap_or(1.0);
        let mut outer_targets: Vec<f32> = Vec::new();
        for level in definition.levels[..main].iter().rev() {
            outer_targets.push(level.target.unwrap_or(below));
            below = level.target.unwrap_or(below) * level.most.unwrap_or(1.0);
        }
        outer_targets.reverse();
        let search = match definition.levels[main].search.as_slice() {
            [] => vec![0],
            steps => steps.to_vec(),
        };
        let fine = match &definition.metadata {
            Metadata::TopFine { fine, .. } => Some(fine.list(default_ties, definition.rounding)),
            _ => None,
        };
        Self {
            fingerprint: fingerprint(&definition),
            main,
            candidates,
            fine,
            outer_targets,
            search,
            original,
            definition,
        }
    }

    pub(crate) fn main_level(&self) -> &ScaleLevel {
        &self.definition.levels[self.main]
    }

    /// Target of the main scale for a candidate.
    pub(crate) fn target(&self, candidate: usize) -> f32 {
        let own = self.definition.candidates[candidate].target;
        let of_level = self.main_level().target;
        own.or(of_level)
            .unwrap_or(self.candidates[candidate].target)
    }

    /// Rows that share a scale; 1 where no scale reaches beyond a row.
    pub(crate) fn rows_together(&self) -> usize {
        match self.main_level().block {
            Extent::Tile { rows, .. } => rows.into(),
            _ => 1,
        }
    }

    /// Values along the row of a level's block.
    pub(crate) fn block_values(&self, level: usize, row_len: usize) -> usize {
        let along = self.definition.levels[level].block.along_row();
        along.unwrap_or(BlockLen::Row).values(row_len).max(1)
    }

    pub(crate) const fn outliers(&self) -> Option<Outliers> {
        self.definition.outliers
    }

    /// More than one way to represent a block.
    pub(crate) fn has_choice(&self) -> bool {
        self.candidates.len() * self.search.len() > 1
    }
}

/// FNV-1a over the RON text.
fn fingerprint(definition: &Definition) -> u64 {
    let text = ron::to_string(definition).unwrap_or_default();
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
