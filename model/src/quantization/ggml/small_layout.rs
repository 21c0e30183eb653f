//! Bytes of the ggml blocks with 32 values: scale first, then high bits, then codes in halves.
//!
//! Byte `i` of the 4-bit codes holds value `i` in its low and value `i + 16` in its high half; the fifth bits of all values
//! form one little-endian word.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "codes have at most 8 bits and change between their signed value and stored pattern"
)]

use half::f16;

use super::{SMALL_BLOCK, SmallBlock};
use crate::format::{F32_BIAS, GgmlFormat, power_of_two};

/// ggml's order of doubled E2M1 values: the 3 magnitude bits, then the sign.
const DOUBLED_E2M1: [i8; 16] = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];

impl SmallBlock {
    /// Appends the bytes of the block.
    pub fn pack(&self, format: GgmlFormat, bytes: &mut Vec<u8>) {
        match format {
            GgmlFormat::Mxfp4 => {
                bytes.push(stored_exponent(self.scale));
                bytes.extend(nibbles(&self.codes.map(doubled_e2m1_code)));
                return;
            }
            GgmlFormat::Q4_1 | GgmlFormat::Q5_1 | GgmlFormat::Q8_1 => {
                bytes.extend(f16::from_f32(self.scale).to_le_bytes());
                bytes.extend(f16::from_f32(self.minimum).to_le_bytes());
            }
            _ => bytes.extend(f16::from_f32(self.scale).to_le_bytes()),
        }
        let codes = self.codes.map(|code| (code as i16 + offset(format)) as u8);
        match format {
            GgmlFormat::Q8_0 | GgmlFormat::Q8_1 => bytes.extend(codes),
            GgmlFormat::Q5_0 | GgmlFormat::Q5_1 => {
                let high = codes.iter().enumerate().fold(0_u32, |word, (index, code)| {
                    word | u32::from(code >> 4 & 1) << index
                });
                bytes.extend(high.to_le_bytes());
                bytes.extend(nibbles(&codes));
            }
            _ => bytes.extend(nibbles(&codes)),
        }
    }

    /// Reads the bytes of one block, as many as the type has; missing ones count as zero.
    pub fn unpack(format: GgmlFormat, bytes: &[u8]) -> Self {
        let byte = |index: usize| bytes.get(index).copied().unwrap_or(0);
        let half = |index: usize| f16::from_le_bytes([byte(index), byte(index + 1)]).to_f32();
        let mut codes = [0.0; SMALL_BLOCK];
        let (scale, minimum, start) = match format {
            GgmlFormat::Mxfp4 => {
                // the two smallest codes are subnormal
                let scale = power_of_two((i32::from(byte(0)) - F32_BIAS - 1).max(-149));
                (scale, 0.0, 1)
            }
            GgmlFormat::Q4_1 | GgmlFormat::Q5_1 | GgmlFormat::Q8_1 => (half(0), half(2), 4),
            _ => (half(0), 0.0, 2),
        };
        let is_five_bit = matches!(format, GgmlFormat::Q5_0 | GgmlFormat::Q5_1);
        let high = if is_five_bit {
            u32::from_le_bytes([
                byte(start),
                byte(start + 1),
                byte(start + 2),
                byte(start + 3),
            ])
        } else {
            0
        };
        let start = if is_five_bit { start + 4 } else { start };
        for (index, code) in codes.iter_mut().enumerate() {
            let nibble = byte(start + index % 16) >> (4 * (index / 16)) & 0xf;
            *code = match format {
                GgmlFormat::Q8_0 | GgmlFormat::Q8_1 => f32::from(byte(start + index) as i8),
                GgmlFormat::Mxfp4 => f32::from(DOUBLED_E2M1[usize::from(nibble)]),
                _ => {
                    let whole = i16::from(nibble) | ((high >> index & 1) as i16) << 4;
                    f32::from(whole - offset(format))
                }
            };
        }
        Self::stored(format, scale, minimum, codes)
    }
}

/// What is added to a code before it is stored without a sign.
const fn offset(format: GgmlFormat) -> i16 {
    match format {
        GgmlFormat::Q4_0 => 8,
        GgmlFormat::Q5_0 => 16,
        _ => 0,
    }
}

fn nibbles(codes: &[u8; SMALL_BLOCK]) -> [u8; SMALL_BLOCK / 2] {
    std::array::from_fn(|index| (codes[index] & 0xf) | (codes[index + SMALL_BLOCK / 2] & 0xf) << 4)
}

fn doubled_e2m1_code(value: f32) -> u8 {
    let value = value as i8;
    let code = DOUBLED_E2M1.iter().position(|other| *other == value);
    code.map_or(0, |code| code as u8)
}

/// Stored exponent of half of a power of two.
fn stored_exponent(scale: f32) -> u8 {
    let bits = scale.to_bits();
    let exponent = if bits < 0x0080_0000 {
        // 2^-128 and 2^-127 are subnormal
        u32::from(bits > 0x0020_0000)
    } else {
        (bits >> 23) + 1
    };
    exponent.min(255) as u8
}
