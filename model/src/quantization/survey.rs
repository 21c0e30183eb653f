//! What kernels want to know about a tile before they start, found once for all formats of one block length.

use super::arithmetic::LANES;
use super::maxima::{self, Maxima};

/// Values of a tile: 16 KiB, so that it stays in the first-level cache while formats pass over it.
pub(super) const TILE_VALUES: usize = 4 * 1024;

/// Largest magnitudes of the blocks of one tile after the other; remembers what was asked for, and keeps its memory.
#[derive(Debug, Default)]
pub(super) struct Survey {
    row_len: usize,
    /// Largest magnitude of each register of the tile; empty until asked for.
    registers: Vec<u32>,
    /// By block length, in values. Those from `n_known` on are of an earlier tile.
    blocks: Vec<(usize, Maxima)>,
    n_known: usize,
}

impl Survey {
    /// Turns to the next tile, whole rows of this length.
    pub(super) fn start(&mut self, row_len: usize) {
        self.row_len = row_len;
        self.registers.clear();
        self.n_known = 0;
    }

    pub(super) const fn row_len(&self) -> usize {
        self.row_len
    }

    /// Largest magnitudes of the blocks of the tile `x`; `None` where they are no whole registers.
    pub(super) fn maxima(&mut self, x: &[f32], block_len: usize) -> Option<&Maxima> {
        let lengths = [self.row_len, block_len, x.len()];
        if !lengths.iter().all(|length| length.is_multiple_of(LANES)) {
            return None;
        }
        let known = &self.blocks[..self.n_known];
        let index = known.iter().position(|(known, _)| *known == block_len);
        let index = index.unwrap_or_else(|| self.find(x, block_len));
        self.blocks.get(index).map(|(_, maxima)| maxima)
    }

    fn find(&mut self, x: &[f32], block_len: usize) -> usize {
        if self.registers.is_empty() {
            maxima::of_registers(x.as_chunks().0, &mut self.registers);
        }
        if self.n_known == self.blocks.len() {
            self.blocks.push((block_len, Maxima::default()));
        }
        let index = self.n_known;
        let (len, maxima) = &mut self.blocks[index];
        *len = block_len;
        maxima.of_blocks(&self.registers, self.row_len / LANES, block_len / LANES);
        self.n_known += 1;
        index
    }
}
