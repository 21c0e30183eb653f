//! Checks of a definition: the first field that is out of range, the value found, the values allowed.

use super::definition::{
    ChoiceStorage, Definition, LONGEST_CHOICE, MOST_CANDIDATES, MOST_RATIO_BLOCKS, Metadata,
};
use super::element::{Element, Ties};
use super::level::{Extent, ScaleKind, ScaleLevel};
use crate::format::{BlockLen, Rounding};
use crate::violation::Violation;

impl Definition {
    /// The definition itself, refused by the first field that is out of range.
    ///
    /// # Errors
    /// Field, value found, values allowed.
    pub fn check(&self) -> Result<(), Violation> {
        self.check_name()?;
        self.check_levels()?;
        self.check_candidates()?;
        self.check_metadata()?;
        self.check_outliers()?;
        let span = self.span();
        let is_long = span == BlockLen::Row;
        let has_row_book = self.row_codebook_bits().is_some();
        if has_row_book
            && (!is_long || self.candidates.len() != 1 || self.metadata != Metadata::None)
        {
            return Err(Violation::new(
                "candidates",
                "RowCodebook",
                "RowCodebook as the only candidate, with a scale a row and no metadata",
            ));
        }
        Ok(())
    }

    fn check_name(&self) -> Result<(), Violation> {
        let is_allowed = |letter: char| {
            letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-_.".contains(letter)
        };
        let is_name = self
            .name
            .starts_with(|letter: char| letter.is_ascii_lowercase())
            && self.name.len() <= 40
            && self.name.chars().all(is_allowed);
        if is_name {
            return Ok(());
        }
        Err(Violation::new(
            "name",
            &self.name,
            "1 to 40 small letters, digits, - _ . with a letter first",
        ))
    }

    fn check_levels(&self) -> Result<(), Violation> {
        let n = self.levels.len();
        if !(1..=3).contains(&n) {
            return Err(Violation::out_of_range("levels", n, 1, 3));
        }
        let main = self.main_level();
        for (index, level) in self.levels.iter().enumerate() {
            let field = |name: &str| format!("levels[{index}].{name}");
            if let Some(allowed) = level_fault(level) {
                return Err(Violation::new(field(allowed.0), allowed.1, allowed.2));
            }
            let is_doubling = matches!(level.kind, ScaleKind::Doubling { .. });
            if is_doubling && (index == 0 || !matches!(level.block, Extent::Values(_))) {
                return Err(Violation::new(
                    field("kind"),
                    "Doubling",
                    "Doubling of Values below another level",
                ));
            }
            if matches!(level.block, Extent::Tile { .. }) && n > 1 {
                return Err(Violation::new(
                    field("block"),
                    "Tile",
                    "Tile as the only level",
                ));
            }
            if level.block == Extent::Tensor && (index > 0 || n == 1 && self.candidates.len() > 1) {
                return Err(Violation::new(
                    field("block"),
                    "Tensor",
                    "Tensor as the first level, alone only without a choice",
                ));
            }
            if level.search.len() > 1 && index != main {
                return Err(Violation::new(
                    field("search"),
                    format!("{:?}", level.search),
                    "a search at the finest level that is no Doubling",
                ));
            }
            if let Some(coarser) = index.checked_sub(1).map(|index| &self.levels[index]) {
                let fits = match (coarser.block, level.block) {
                    (Extent::Tensor, _) => level.block != Extent::Tensor,
                    (Extent::Row, block) => matches!(block, Extent::Values(_)),
                    (Extent::Values(coarse), Extent::Values(fine)) => {
                        coarse % fine == 0 && fine < coarse
                    }
                    _ => false,
                };
                if !fits {
                    return Err(Violation::new(
                        field("block"),
                        format!("{:?}", level.block),
                        "a part of the block of the level before",
                    ));
                }
            }
        }
        let searches = self.levels[main].search.len() > 1;
        let ratios = matches!(self.metadata, Metadata::Ratios { .. });
        let is_short = matches!(self.levels[main].block, Extent::Values(values) if usize::from(values) <= LONGEST_CHOICE);
        if (searches || ratios || self.candidates.len() > 1) && !is_short {
            return Err(Violation::new(
                format!("levels[{main}].block"),
                format!("{:?}", self.levels[main].block),
                format!("Values of 1 to {LONGEST_CHOICE} where there is a choice"),
            ));
        }
        Ok(())
    }

    fn check_candidates(&self) -> Result<(), Violation> {
        let n = self.candidates.len();
        if !(1..=MOST_CANDIDATES).contains(&n) {
            return Err(Violation::out_of_range("candidates", n, 1, MOST_CANDIDATES));
        }
        for (index, candidate) in self.candidates.iter().enumerate() {
            if let Some(fault) = candidate.element.fault() {
                return Err(fault_of(&format!("candidates[{index}].element"), &fault));
            }
            if candidate
                .target
                .is_some_and(|target| !(target.is_normal() && target > 0.0))
            {
                return Err(Violation::new(
                    format!("candidates[{index}].target"),
                    format!("{:?}", candidate.target),
                    "a positive number",
                ));
            }
        }
        let first = &self.candidates[0].element;
        let bits = first.bits();
        if let Some(index) = self
            .candidates
            .iter()
            .position(|each| each.element.bits() != bits)
        {
            return Err(Violation::new(
                format!("candidates[{index}].element"),
                format!("{} bits", self.candidates[index].element.bits()),
                format!("{bits} bits, as the first candidate has"),
            ));
        }
        let is_same = self.candidates.iter().all(|each| each.element == *first);
        match self.choice {
            ChoiceStorage::Free if !is_same => Err(Violation::new(
                "choice",
                "Free",
                "InScale or Bits(n) where candidates have different elements",
            )),
            ChoiceStorage::Bits(bits) if bits > 8 || 1_usize << bits < n => Err(Violation::new(
                "choice",
                format!("Bits({bits})"),
                format!("Bits of {} to 8", super::element::bits_for(n)),
            )),
            ChoiceStorage::InScale => {
                let level = &self.levels[self.main_level()];
                let room = 1_u64 << level.kind.bits().min(32);
                let needed = level
                    .n_scales()
                    .map_or(u64::MAX, |scales| u64::from(scales) * n as u64);
                if needed > room {
                    return Err(Violation::new(
                        "choice",
                        "InScale",
                        format!(
                            "Bits(n), or a Float scale with least and most whose numbers times {n} are at most {room}"
                        ),
                    ));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn check_metadata(&self) -> Result<(), Violation> {
        let main = self.levels[self.main_level()].block;
        let sub_block = |block: u16| {
            let fits = matches!(main, Extent::Values(values) if block > 0 && values % block == 0 && usize::from(values / block) <= MOST_RATIO_BLOCKS);
            if fits {
                Ok(())
            } else {
                Err(Violation::new(
                    "metadata.block",
                    block,
                    "a part of the block of the scale, at most 64 a block",
                ))
            }
        };
        match &self.metadata {
            Metadata::None => Ok(()),
            Metadata::Ratios { block, values } => {
                sub_block(*block)?;
                let is_list = (2..=16).contains(&values.len())
                    && values.iter().all(|ratio| ratio.is_normal() && *ratio > 0.0);
                if is_list {
                    Ok(())
                } else {
                    Err(Violation::new(
                        "metadata.values",
                        format!("{values:?}"),
                        "2 to 16 positive ratios",
                    ))
                }
            }
            Metadata::TopFine { block, fine, bits } => {
                sub_block(*block)?;
                self.check_top(fine, *bits)
            }
            Metadata::Maximum { bits } => {
                let fits = matches!(main, Extent::Values(values) if (1..=16).contains(bits) && super::element::bits_for(usize::from(values) + 1) <= u32::from(*bits));
                let has_sign = self.candidates.iter().all(|each| {
                    each.element
                        .list(Ties::Even, Rounding::NearestEven)
                        .has_sign
                });
                if fits && has_sign {
                    Ok(())
                } else {
                    Err(Violation::new(
                        "metadata.bits",
                        bits,
                        "bits that number the values of a block, with elements that have a sign",
                    ))
                }
            }
            Metadata::Flags { shift } => {
                let has_sign = self.candidates.iter().all(|each| {
                    each.element
                        .list(Ties::Even, Rounding::NearestEven)
                        .has_sign
                });
                if (1..=15).contains(shift) && has_sign {
                    Ok(())
                } else {
                    Err(Violation::new(
                        "metadata.shift",
                        shift,
                        "1 to 15, with elements that have a sign",
                    ))
                }
            }
        }
    }

    /// The finer list of the largest element holds every magnitude of the element.
    fn check_top(&self, fine: &Element, bits: u8) -> Result<(), Violation> {
        if let Some(fault) = fine.fault() {
            return Err(fault_of("metadata.fine", &fault));
        }
        if self.rounding == Rounding::Stochastic {
            return Err(Violation::new(
                "rounding",
                self.rounding,
                "another rounding beside TopFine",
            ));
        }
        let [candidate] = self.candidates.as_slice() else {
            return Err(Violation::new(
                "metadata",
                "TopFine",
                "TopFine with one candidate",
            ));
        };
        let (coarse, fine) = (
            candidate.element.list(Ties::Even, Rounding::NearestEven),
            fine.list(Ties::Even, Rounding::NearestEven),
        );
        let ratio = 1_usize << bits.min(8);
        let refines = (1..=8).contains(&bits)
            && coarse.has_sign
            && fine.has_sign
            && coarse.values.len() * ratio == fine.values.len()
            && coarse
                .values
                .iter()
                .enumerate()
                .all(|(index, value)| (fine.values[index * ratio] - value).abs() <= 0.0);
        if refines {
            Ok(())
        } else {
            Err(Violation::new(
                "metadata.fine",
                "its values",
                format!(
                    "the magnitudes of the candidate and {} between any two",
                    ratio - 1
                ),
            ))
        }
    }

    fn check_outliers(&self) -> Result<(), Violation> {
        let Some(outliers) = self.outliers else {
            return Ok(());
        };
        let main = self.levels[self.main_level()].block;
        let fits = matches!(main, Extent::Values(values) if outliers.count < values && usize::from(values) <= LONGEST_CHOICE);
        if !(fits && (1..=32).contains(&outliers.count)) {
            return Err(Violation::new(
                "outliers.count",
                outliers.count,
                format!("1 to 32, fewer than a block of at most {LONGEST_CHOICE} values"),
            ));
        }
        if self.metadata != Metadata::None {
            return Err(Violation::new(
                "outliers",
                "beside metadata",
                "outliers or metadata",
            ));
        }
        if matches!(outliers.bits, 16 | 32) {
            Ok(())
        } else {
            Err(Violation::new("outliers.bits", outliers.bits, "16 or 32"))
        }
    }
}

fn fault_of(field: &str, fault: &str) -> Violation {
    let (value, allowed) = fault
        .split_once("; allowed: ")
        .unwrap_or((fault, "another value"));
    Violation::new(field, value, allowed)
}

/// Field, value and allowed values of the first fault of a level.
fn level_fault(level: &ScaleLevel) -> Option<(&'static str, String, &'static str)> {
    let kind = || format!("{:?}", level.kind);
    let extent = match level.block {
        Extent::Values(values) => (1..=BlockLen::LONGEST).contains(&values),
        Extent::Tile { rows, values } => {
            (2..=8192).contains(&rows) && (1..=BlockLen::LONGEST).contains(&values)
        }
        Extent::Tensor | Extent::Row => true,
    };
    if !extent {
        return Some((
            "block",
            format!("{:?}", level.block),
            "1 to 8192 values, 2 to 8192 rows",
        ));
    }
    let is_sound = match level.kind {
        ScaleKind::Fp32 | ScaleKind::Fp16 => true,
        ScaleKind::PowerOfTwo { bits } => (1..=8).contains(&bits),
        ScaleKind::Float {
            bits,
            fraction,
            smallest_exponent,
        } => {
            (2..=16).contains(&bits) && fraction <= 10 && (-100..=100).contains(&smallest_exponent)
        }
        ScaleKind::Integer { bits } => (2..=16).contains(&bits),
        ScaleKind::Significand { bits } => (1..=23).contains(&bits),
        ScaleKind::Doubling { at } => at.is_normal() && at > 0.0,
    };
    if !is_sound {
        return Some((
            "kind",
            kind(),
            "1 to 8 bits of a power of two, 2 to 16 of other scales, 1 to 23 of a significand",
        ));
    }
    if let ScaleKind::Float { bits, .. } = level.kind {
        let fits = level
            .n_scales()
            .is_some_and(|scales| u64::from(scales) <= 1_u64 << bits);
        if !fits {
            return Some((
                "kind",
                kind(),
                "a Float scale with least and most, and no more numbers than its bits",
            ));
        }
    }
    let positive =
        |number: Option<f32>| number.is_none_or(|number| number.is_normal() && number > 0.0);
    if !positive(level.target) {
        return Some(("target", format!("{:?}", level.target), "a positive number"));
    }
    let limits = positive(level.least)
        && positive(level.most)
        && positive(level.least_maximum)
        && positive(level.lower_below);
    if !limits
        || level
            .least
            .zip(level.most)
            .is_some_and(|(least, most)| least > most)
    {
        return Some((
            "least",
            format!("{:?} to {:?}", level.least, level.most),
            "positive numbers in order",
        ));
    }
    if level.search.len() > 9 || level.search.iter().any(|step| step.unsigned_abs() > 4) {
        return Some((
            "search",
            format!("{:?}", level.search),
            "at most 9 steps of -4 to 4",
        ));
    }
    if level.search.len() > 1 && matches!(level.kind, ScaleKind::Significand { .. }) {
        return Some((
            "search",
            format!("{:?}", level.search),
            "none for a significand",
        ));
    }
    None
}
