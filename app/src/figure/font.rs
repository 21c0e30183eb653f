//! The typeface of figures: metrics, and a subset of its glyphs for embedding in a PDF.
//!
//! Reads only the bundled typeface, so a font that does not parse is a broken program, not bad input.

use std::collections::BTreeMap;

use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, GlyphId, MetadataProvider as _};
use subsetter::GlyphRemapper;

/// Glyphs of the typeface that a page needs, numbered anew from 1 in order of their old numbers.
#[derive(Debug)]
pub(super) struct FontSubset {
    /// A font file with these glyphs alone.
    pub(super) file: Vec<u8>,
    glyphs: BTreeMap<char, u16>,
    /// Advance widths by new glyph number, in thousandths of the em square.
    pub(super) widths: Vec<f32>,
    /// Left, bottom, right, top of all glyphs, in thousandths of the em square.
    pub(super) bounding_box: [f32; 4],
    /// Height above the baseline, in thousandths of the em square.
    pub(super) ascent: f32,
    /// Depth below the baseline, negative, in thousandths of the em square.
    pub(super) descent: f32,
}

impl FontSubset {
    /// The glyphs for these characters; one without a glyph gets the font's missing glyph, number 0.
    pub(super) fn new(typeface: &[u8], characters: impl Iterator<Item = char>) -> Self {
        let font = FontRef::new(typeface).expect("the bundled typeface parses");
        let charmap = font.charmap();
        let old: BTreeMap<char, u16> = characters
            .map(|character| {
                let glyph = charmap.map(character).unwrap_or_default();
                (character, glyph.to_u32() as u16)
            })
            .collect();
        let mut sorted: Vec<u16> = old.values().copied().collect();
        sorted.sort_unstable();
        sorted.dedup();
        let remapper = GlyphRemapper::new_from_glyphs_sorted(&sorted);
        let file = subsetter::subset(typeface, 0, &remapper)
            .expect("the bundled typeface can be cut down");
        let (size, location) = (Size::unscaled(), LocationRef::default());
        let metrics = font.metrics(size, location);
        let em = f32::from(metrics.units_per_em.max(1));
        let thousandths = |units: f32| (units * 1000.0 / em).round();
        let advances = font.glyph_metrics(size, location);
        let width = |glyph: u16| {
            let advance = advances.advance_width(GlyphId::from(glyph));
            thousandths(advance.unwrap_or_default())
        };
        let edges = metrics.bounds.unwrap_or_default();
        Self {
            file,
            glyphs: old
                .into_iter()
                .map(|(character, glyph)| (character, remapper.get(glyph).unwrap_or_default()))
                .collect(),
            widths: remapper.remapped_gids().map(width).collect(),
            bounding_box: [edges.x_min, edges.y_min, edges.x_max, edges.y_max].map(thousandths),
            ascent: thousandths(metrics.ascent),
            descent: thousandths(metrics.descent),
        }
    }

    /// New number of a character's glyph; 0, the missing glyph, where there is none.
    pub(super) fn glyph(&self, character: char) -> u16 {
        self.glyphs.get(&character).copied().unwrap_or_default()
    }

    /// Characters with their new glyph numbers, in order of character.
    pub(super) fn characters(&self) -> impl Iterator<Item = (char, u16)> + '_ {
        self.glyphs
            .iter()
            .map(|(&character, &glyph)| (character, glyph))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::page::TYPEFACE;

    #[test]
    fn a_subset_keeps_the_glyphs_asked_for_and_drops_the_rest() {
        let subset = FontSubset::new(TYPEFACE, "Area (mm\u{b2})".chars());
        assert!(
            subset.file.len() < TYPEFACE.len() / 4,
            "{} of {}",
            subset.file.len(),
            TYPEFACE.len()
        );
        assert!(
            subset.characters().all(|(_, glyph)| glyph > 0),
            "every character has a glyph"
        );
        assert_eq!(subset.glyph('Q'), 0, "not asked for");
        let distinct = "Area (m\u{b2})".chars().count();
        assert_eq!(subset.widths.len(), distinct + 1, "and the missing glyph");
    }

    #[test]
    fn widths_are_those_of_helvetica() {
        // Adobe Core 14 font metrics: Helvetica A 667, a 556, i 222, zero 556, space 278 thousandths of the em
        let known = [
            ('A', 667.0),
            ('a', 556.0),
            ('i', 222.0),
            ('0', 556.0),
            (' ', 278.0),
        ];
        let subset = FontSubset::new(TYPEFACE, known.iter().map(|(character, _)| *character));
        for (character, thousandths) in known {
            let width = subset.widths[usize::from(subset.glyph(character))];
            assert!((width - thousandths).abs() < 1.0, "{character}: {width}");
        }
    }
}
