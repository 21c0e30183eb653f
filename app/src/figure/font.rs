//! A TrueType font cut down to the characters of one figure, for embedding in a PDF.
//!
//! Glyph numbers stay as they are; outlines that no character needs become empty (OpenType specification, tables cmap, glyf,
//! loca, hmtx). Reads only the bundled typeface, so a table that is missing is a broken program, not bad input.

use std::collections::{BTreeMap, BTreeSet};

/// Tables an embedded font needs (PDF 32000-1, section 9.9).
const KEPT_TABLES: [&[u8; 4]; 9] = [
    b"cvt ", b"fpgm", b"glyf", b"head", b"hhea", b"hmtx", b"loca", b"maxp", b"prep",
];
/// A compound glyph's flags: arguments are words, more parts follow, and the kinds of scale.
const WORDS: u16 = 0x0001;
const MORE: u16 = 0x0020;
const SCALE: u16 = 0x0008;
const X_AND_Y_SCALE: u16 = 0x0040;
const TWO_BY_TWO: u16 = 0x0080;

/// A parsed TrueType font.
#[derive(Debug)]
pub(super) struct Font<'a> {
    tables: BTreeMap<[u8; 4], &'a [u8]>,
}

impl<'a> Font<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let n_tables = usize::from(u16_at(bytes, 4));
        let tables = (0..n_tables)
            .filter_map(|i| {
                let record = bytes.get(12 + 16 * i..28 + 16 * i)?;
                let tag: [u8; 4] = record.get(..4)?.try_into().ok()?;
                let (start, length) = (u32_at(record, 8) as usize, u32_at(record, 12) as usize);
                Some((tag, bytes.get(start..start + length)?))
            })
            .collect();
        Self { tables }
    }

    fn table(&self, tag: [u8; 4]) -> &'a [u8] {
        self.tables.get(&tag).copied().unwrap_or_default()
    }

    /// Units of the em square.
    pub(super) fn units_per_em(&self) -> u16 {
        u16_at(self.table(*b"head"), 18).max(1)
    }

    /// Left, bottom, right, top of all glyphs, in units of the em square.
    pub(super) fn bounding_box(&self) -> [i16; 4] {
        let head = self.table(*b"head");
        [36, 38, 40, 42].map(|at| u16_at(head, at).cast_signed())
    }

    /// Ascent and descent, in units of the em square.
    pub(super) fn ascent_and_descent(&self) -> (i16, i16) {
        let hhea = self.table(*b"hhea");
        (u16_at(hhea, 4).cast_signed(), u16_at(hhea, 6).cast_signed())
    }

    /// Glyph of a character; 0, the missing glyph, where the font has none. Reads the basic plane (cmap format 4).
    pub(super) fn glyph(&self, character: char) -> u16 {
        let Ok(code) = u16::try_from(u32::from(character)) else {
            return 0;
        };
        let cmap = self.table(*b"cmap");
        let n_encodings = usize::from(u16_at(cmap, 2));
        let subtable = (0..n_encodings)
            .map(|i| {
                cmap.get(u32_at(cmap, 8 + 8 * i) as usize..)
                    .unwrap_or_default()
            })
            .find(|subtable| u16_at(subtable, 0) == 4)
            .unwrap_or_default();
        let n = usize::from(u16_at(subtable, 6) / 2);
        let Some(segment) = (0..n).find(|i| u16_at(subtable, 14 + 2 * i) >= code) else {
            return 0;
        };
        let start = u16_at(subtable, 16 + 2 * n + 2 * segment);
        if code < start {
            return 0;
        }
        let delta = u16_at(subtable, 16 + 4 * n + 2 * segment);
        let offset_at = 16 + 6 * n + 2 * segment;
        match u16_at(subtable, offset_at) {
            0 => code.wrapping_add(delta),
            offset => match u16_at(
                subtable,
                offset_at + usize::from(offset) + 2 * usize::from(code - start),
            ) {
                0 => 0,
                glyph => glyph.wrapping_add(delta),
            },
        }
    }

    /// Advance width of a glyph, in units of the em square.
    pub(super) fn advance(&self, glyph: u16) -> u16 {
        let n_long = u16_at(self.table(*b"hhea"), 34).max(1);
        u16_at(self.table(*b"hmtx"), 4 * usize::from(glyph.min(n_long - 1)))
    }

    fn n_glyphs(&self) -> u16 {
        u16_at(self.table(*b"maxp"), 4)
    }

    fn outline(&self, glyph: u16) -> &'a [u8] {
        let (head, loca, glyf) = (
            self.table(*b"head"),
            self.table(*b"loca"),
            self.table(*b"glyf"),
        );
        let place = |index: usize| {
            if u16_at(head, 50) == 0 {
                usize::from(u16_at(loca, 2 * index)) * 2
            } else {
                u32_at(loca, 4 * index) as usize
            }
        };
        let index = usize::from(glyph);
        glyf.get(place(index)..place(index + 1)).unwrap_or_default()
    }

    /// Parts of a compound glyph.
    fn parts(&self, glyph: u16) -> Vec<u16> {
        let outline = self.outline(glyph);
        let mut parts = Vec::new();
        if outline.len() < 10 || u16_at(outline, 0).cast_signed() >= 0 {
            return parts;
        }
        let mut at = 10;
        while at + 4 <= outline.len() {
            let flags = u16_at(outline, at);
            parts.push(u16_at(outline, at + 2));
            at += if flags & WORDS != 0 { 8 } else { 6 };
            at += match flags & (SCALE | X_AND_Y_SCALE | TWO_BY_TWO) {
                0 => 0,
                SCALE => 2,
                X_AND_Y_SCALE => 4,
                _ => 8,
            };
            if flags & MORE == 0 {
                break;
            }
        }
        parts
    }

    /// The font with the outlines of these glyphs and of their parts only.
    pub(super) fn subset(&self, glyphs: &BTreeSet<u16>) -> Vec<u8> {
        let mut kept = BTreeSet::from([0]);
        let mut waiting: Vec<u16> = glyphs.iter().copied().collect();
        while let Some(glyph) = waiting.pop() {
            if kept.insert(glyph) {
                waiting.extend(self.parts(glyph));
            }
        }
        let (mut glyf, mut loca) = (Vec::new(), Vec::new());
        for glyph in 0..self.n_glyphs() {
            loca.extend_from_slice(&(glyf.len() as u32).to_be_bytes());
            if kept.contains(&glyph) {
                glyf.extend_from_slice(self.outline(glyph));
                glyf.resize(glyf.len().next_multiple_of(4), 0);
            }
        }
        loca.extend_from_slice(&(glyf.len() as u32).to_be_bytes());
        let mut head = self.table(*b"head").to_vec();
        if let Some(long_offsets) = head.get_mut(50..52) {
            long_offsets.copy_from_slice(&1_u16.to_be_bytes());
        }
        let tables = KEPT_TABLES.map(|tag| {
            let body = match tag {
                b"glyf" => glyf.clone(),
                b"loca" => loca.clone(),
                b"head" => head.clone(),
                other => self.table(*other).to_vec(),
            };
            (*tag, body)
        });
        assemble(&tables)
    }
}

/// A font file from its tables, which are in order of their tags.
fn assemble(tables: &[([u8; 4], Vec<u8>)]) -> Vec<u8> {
    let n = tables.len() as u16;
    let power = n.ilog2() as u16;
    let mut out = 0x0001_0000_u32.to_be_bytes().to_vec();
    for value in [n, 16 << power, power, 16 * n - (16 << power)] {
        out.extend_from_slice(&value.to_be_bytes());
    }
    let mut offset = (12 + 16 * tables.len()) as u32;
    for (tag, body) in tables {
        out.extend_from_slice(tag);
        for value in [checksum(body), offset, body.len() as u32] {
            out.extend_from_slice(&value.to_be_bytes());
        }
        offset += (body.len() as u32).next_multiple_of(4);
    }
    for (_, body) in tables {
        out.extend_from_slice(body);
        out.resize(out.len().next_multiple_of(4), 0);
    }
    out
}

/// Sum of the big-endian words, the last one padded with zeros.
fn checksum(body: &[u8]) -> u32 {
    body.chunks(4).fold(0, |sum: u32, word| {
        let mut padded = [0; 4];
        padded[..word.len()].copy_from_slice(word);
        sum.wrapping_add(u32::from_be_bytes(padded))
    })
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes
        .get(at..at + 2)
        .map_or(0, |pair| u16::from_be_bytes([pair[0], pair[1]]))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) << 16 | u32::from(u16_at(bytes, at + 2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::page::TYPEFACE;

    #[test]
    fn a_subset_keeps_the_glyphs_asked_for_and_drops_the_rest() {
        let font = Font::new(TYPEFACE);
        let glyphs: BTreeSet<u16> = "Area (mm\u{b2})".chars().map(|c| font.glyph(c)).collect();
        assert!(!glyphs.contains(&0), "every character has a glyph");
        let bytes = font.subset(&glyphs);
        let small = Font::new(&bytes);
        assert!(
            bytes.len() < TYPEFACE.len() / 4,
            "{} of {}",
            bytes.len(),
            TYPEFACE.len()
        );
        for &glyph in &glyphs {
            assert_eq!(small.advance(glyph), font.advance(glyph));
            let (kept, full) = (small.outline(glyph), font.outline(glyph));
            assert_eq!(kept.get(..full.len()), Some(full));
        }
        assert!(small.outline(font.glyph('Q')).is_empty());
    }

    #[test]
    fn widths_are_those_of_helvetica() {
        // Adobe Core 14 font metrics: Helvetica A 667, a 556, i 222, zero 556, space 278 thousandths of the em
        let font = Font::new(TYPEFACE);
        for (character, thousandths) in [('A', 667), ('a', 556), ('i', 222), ('0', 556), (' ', 278)]
        {
            let width = u32::from(font.advance(font.glyph(character))) * 1000;
            let em = u32::from(font.units_per_em());
            assert_eq!((width + em / 2) / em, thousandths, "{character}");
        }
    }
}
