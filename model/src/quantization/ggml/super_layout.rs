//! Bytes of the ggml super-blocks (`ggml-common.h`), read and written.
//!
//! Codes lie in quarters or halves: one byte of the low bits holds the values that are 32 (`Q2_K`, `Q3_K`, `Q4_K`, `Q5_K`) or 64
//! (`Q6_K`) apart, so that a vector unit takes them out with one shift.

#![expect(
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "codes have at most 8 bits and change between their signed value and stored pattern"
)]

use half::f16;

use super::super_block::GROUPS;
use super::{SUPER_BLOCK, SuperBlock};
use crate::format::GgmlFormat;

/// A cursor over the bytes of one block; missing bytes count as zero.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const LEN: usize>(&mut self) -> [u8; LEN] {
        let mut bytes = [0; LEN];
        let present = LEN.min(self.0.len());
        bytes[..present].copy_from_slice(&self.0[..present]);
        self.0 = &self.0[present..];
        bytes
    }

    fn half(&mut self) -> f32 {
        f16::from_le_bytes(self.take()).to_f32()
    }
}

impl SuperBlock {
    /// Reads the bytes of one block, as many as the type has; missing ones count as zero.
    pub fn unpack(format: GgmlFormat, bytes: &[u8]) -> Self {
        let mut reader = Reader(bytes);
        let mut block = Self::EMPTY;
        match format {
            GgmlFormat::Q2_K => {
                for (group, byte) in reader.take::<GROUPS>().into_iter().enumerate() {
                    block.group_scales[group] = (byte & 0xf) as i8;
                    block.group_minima[group] = byte >> 4;
                }
                let low = reader.take::<64>();
                block.scale = reader.half();
                block.minimum_scale = reader.half();
                block.codes = std::array::from_fn(|i| two_bits(&low, i) as i8);
            }
            GgmlFormat::Q3_K => {
                let high = reader.take::<32>();
                let low = reader.take::<64>();
                block.group_scales = three_bit_scales(reader.take());
                block.scale = reader.half();
                block.codes =
                    std::array::from_fn(|i| (two_bits(&low, i) | bit(&high, i) << 2) as i8 - 4);
            }
            GgmlFormat::Q4_K | GgmlFormat::Q5_K => {
                block.scale = reader.half();
                block.minimum_scale = reader.half();
                six_bit_pairs(reader.take(), &mut block);
                let high = if format == GgmlFormat::Q5_K {
                    reader.take()
                } else {
                    [0; 32]
                };
                let low = reader.take::<128>();
                block.codes = std::array::from_fn(|i| (nibble(&low, i) | bit(&high, i) << 4) as i8);
            }
            GgmlFormat::Q6_K => {
                let low = reader.take::<128>();
                let high = reader.take::<64>();
                block.group_scales = reader.take::<GROUPS>().map(|byte| byte as i8);
                block.scale = reader.half();
                block.codes = std::array::from_fn(|i| {
                    let (byte, shift) = q6_low(i);
                    ((low[byte] >> shift & 0xf) | two_bits(&high, i) << 4) as i8 - 32
                });
            }
            GgmlFormat::Q8_K => {
                block.scale = f32::from_le_bytes(reader.take());
                block.codes = reader.take::<SUPER_BLOCK>().map(|byte| byte as i8);
            }
            _ => {}
        }
        block
    }

    /// Appends the bytes of the block.
    pub fn pack(&self, format: GgmlFormat, bytes: &mut Vec<u8>) {
        let half = |value: f32| f16::from_f32(value).to_le_bytes();
        let codes = |offset: i8| self.codes.map(|code| (code + offset) as u8);
        match format {
            GgmlFormat::Q2_K => {
                let pairs = self.group_scales.iter().zip(self.group_minima);
                bytes.extend(pairs.map(|(scale, minimum)| (*scale as u8 & 0xf) | minimum << 4));
                bytes.extend(pack_two_bits(&codes(0)));
                bytes.extend(half(self.scale));
                bytes.extend(half(self.minimum_scale));
            }
            GgmlFormat::Q3_K => {
                let codes = codes(4);
                bytes.extend(pack_bits(&codes, 2));
                bytes.extend(pack_two_bits(&codes));
                bytes.extend(pack_three_bit_scales(self.group_scales));
                bytes.extend(half(self.scale));
            }
            GgmlFormat::Q4_K | GgmlFormat::Q5_K => {
                bytes.extend(half(self.scale));
                bytes.extend(half(self.minimum_scale));
                bytes.extend(self.pack_six_bit_pairs());
                let codes = codes(0);
                if format == GgmlFormat::Q5_K {
                    bytes.extend(pack_bits(&codes, 4));
                }
                bytes.extend(pack_nibbles(&codes));
            }
            GgmlFormat::Q6_K => {
                let codes = codes(32);
                let mut low = [0; 128];
                for (index, code) in codes.iter().enumerate() {
                    let (byte, shift) = q6_low(index);
                    low[byte] |= (code & 0xf) << shift;
                }
                bytes.extend(low);
                bytes.extend(pack_two_bits(&codes.map(|code| code >> 4)));
                bytes.extend(self.group_scales.map(|scale| scale as u8));
                bytes.extend(half(self.scale));
            }
            GgmlFormat::Q8_K => {
                bytes.extend(self.scale.to_le_bytes());
                bytes.extend(codes(0));
                bytes.extend(self.group_sums().iter().flat_map(|sum| sum.to_le_bytes()));
            }
            _ => {}
        }
    }

    /// 8 scales and 8 minima of 6 bits: the first four of each whole, the top bits above them belong to the last four.
    fn pack_six_bit_pairs(&self) -> [u8; 12] {
        let scale = |group: usize| self.group_scales[group] as u8;
        let minimum = |group: usize| self.group_minima[group];
        std::array::from_fn(|index| match index {
            0..4 => (scale(index) & 0x3f) | (scale(index + 4) >> 4) << 6,
            4..8 => (minimum(index - 4) & 0x3f) | (minimum(index) >> 4) << 6,
            _ => (scale(index - 4) & 0xf) | (minimum(index - 4) & 0xf) << 4,
        })
    }
}

fn six_bit_pairs(bytes: [u8; 12], block: &mut SuperBlock) {
    for group in 0..4 {
        block.group_scales[group] = (bytes[group] & 0x3f) as i8;
        block.group_minima[group] = bytes[group + 4] & 0x3f;
        let low = bytes[group + 8];
        block.group_scales[group + 4] = ((low & 0xf) | bytes[group] >> 6 << 4) as i8;
        block.group_minima[group + 4] = low >> 4 | bytes[group + 4] >> 6 << 4;
    }
}

/// 16 scales of 6 bits, offset 32: low halves in 8 bytes, the two high bits of four scales in each of the last 4.
fn three_bit_scales(bytes: [u8; 12]) -> [i8; GROUPS] {
    std::array::from_fn(|group| {
        let low = bytes[group % 8] >> (4 * (group / 8)) & 0xf;
        let high = bytes[8 + group % 4] >> (2 * (group / 4)) & 3;
        (low | high << 4) as i8 - 32
    })
}

fn pack_three_bit_scales(scales: [i8; GROUPS]) -> [u8; 12] {
    let mut bytes = [0; 12];
    for (group, scale) in scales.into_iter().enumerate() {
        let scale = (scale + 32) as u8;
        bytes[group % 8] |= (scale & 0xf) << (4 * (group / 8));
        bytes[8 + group % 4] |= (scale >> 4) << (2 * (group / 4));
    }
    bytes
}

/// Byte and shift of two bits: 128 values to 32 bytes, 32 apart in one byte.
const fn quarter(index: usize) -> (usize, usize) {
    (index / 128 * 32 + index % 32, index % 128 / 32 * 2)
}

fn two_bits(bytes: &[u8; 64], index: usize) -> u8 {
    let (byte, shift) = quarter(index);
    bytes[byte] >> shift & 3
}

fn pack_two_bits(codes: &[u8; SUPER_BLOCK]) -> [u8; 64] {
    let mut bytes = [0; 64];
    for (index, code) in codes.iter().enumerate() {
        let (byte, shift) = quarter(index);
        bytes[byte] |= (code & 3) << shift;
    }
    bytes
}

/// One bit: all 256 values to 32 bytes, 32 apart in one byte.
fn bit(bytes: &[u8; 32], index: usize) -> u8 {
    bytes[index % 32] >> (index / 32) & 1
}

fn pack_bits(codes: &[u8; SUPER_BLOCK], position: u32) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (index, code) in codes.iter().enumerate() {
        bytes[index % 32] |= (code >> position & 1) << (index / 32);
    }
    bytes
}

/// Four bits: 64 values to 32 bytes, 32 apart in one byte.
fn nibble(bytes: &[u8; 128], index: usize) -> u8 {
    bytes[index / 64 * 32 + index % 32] >> (index % 64 / 32 * 4) & 0xf
}

fn pack_nibbles(codes: &[u8; SUPER_BLOCK]) -> [u8; 128] {
    let mut bytes = [0; 128];
    for (index, code) in codes.iter().enumerate() {
        bytes[index / 64 * 32 + index % 32] |= (code & 0xf) << (index % 64 / 32 * 4);
    }
    bytes
}

/// Byte and shift of `Q6_K`'s low bits: 128 values to 64 bytes, 64 apart in one byte.
const fn q6_low(index: usize) -> (usize, usize) {
    (index / 128 * 64 + index % 64, index % 128 / 64 * 4)
}
