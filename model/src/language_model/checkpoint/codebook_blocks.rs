//! Decoding of ggml's codebook blocks (`IQ*`) and ternary blocks (`TQ*`).
//!
//! Reading only: nothing quantizes to them here. Layouts and codebooks are those of the ggml library as the `gguf` Python package
//! 0.19 states them; `tests/checkpoint_containers.rs` holds every type to the bit.

use std::sync::LazyLock;

use half::f16;

/// Values of a super-block.
const SUPER_BLOCK: usize = 256;

/// Levels of the codebooks of two bits a value.
const LEVELS_2: [i8; 3] = [8, 25, 43];

/// Levels of the codebook of `IQ3_XXS`.
const LEVELS_3_XXS: [i8; 8] = [4, 12, 20, 28, 36, 44, 52, 62];

/// Levels of the codebook of `IQ3_S`.
const LEVELS_3_S: [i8; 8] = [1, 3, 5, 7, 9, 11, 13, 15];

/// Levels of the codebook of `IQ1_S` and `IQ1_M`.
const LEVELS_1: [i8; 3] = [-1, 0, 1];

/// What a codebook value of `IQ1_S` and `IQ1_M` is moved by, up or down.
const SHIFT: f32 = 0.125;

/// Levels of `IQ4_NL` and `IQ4_XS`.
const LEVELS_4: [i8; 16] = [
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
];

/// Powers of three in a byte of five ternary digits.
const POWERS: [u8; 5] = [1, 3, 9, 27, 81];

/// Which vectors each codebook holds: a name and a set of bits a line, hexadecimal. Bit `i` stands for the vector whose digits are
/// those of `i` in the base of the number of levels, least significant first; entries are numbered in that order.
const SETS: &str = include_str!("codebooks.txt");

/// Vectors of `N` values by their number.
#[derive(Debug)]
struct Codebook<const N: usize>(Vec<[i8; N]>);

impl<const N: usize> Codebook<N> {
    fn new(name: &str, levels: &[i8]) -> Self {
        let line = SETS.lines().find_map(|line| {
            let (each, set) = line.split_once(' ')?;
            (each == name).then_some(set)
        });
        let digit = |character: u8| u8::try_from(char::from(character).to_digit(16).unwrap_or(0));
        let (pairs, _) = line.unwrap_or_default().as_bytes().as_chunks::<2>();
        let vectors = (0..).zip(pairs).flat_map(|(byte, [high, low])| {
            let bits = digit(*high).unwrap_or(0) << 4 | digit(*low).unwrap_or(0);
            (0..8_usize)
                .filter(move |bit| bits >> bit & 1 == 1)
                .map(move |bit| {
                    let mut rest = 8 * byte + bit;
                    std::array::from_fn(|_| {
                        let level = levels[rest % levels.len()];
                        rest /= levels.len();
                        level
                    })
                })
        });
        Self(vectors.collect())
    }

    fn at(&self, number: usize) -> [f32; N] {
        self.0[number % self.0.len()].map(f32::from)
    }
}

static IQ2_XXS: LazyLock<Codebook<8>> = LazyLock::new(|| Codebook::new("IQ2_XXS", &LEVELS_2));
static IQ2_XS: LazyLock<Codebook<8>> = LazyLock::new(|| Codebook::new("IQ2_XS", &LEVELS_2));
static IQ2_S: LazyLock<Codebook<8>> = LazyLock::new(|| Codebook::new("IQ2_S", &LEVELS_2));
static IQ3_XXS: LazyLock<Codebook<4>> = LazyLock::new(|| Codebook::new("IQ3_XXS", &LEVELS_3_XXS));
static IQ3_S: LazyLock<Codebook<4>> = LazyLock::new(|| Codebook::new("IQ3_S", &LEVELS_3_S));
static IQ1: LazyLock<Codebook<8>> = LazyLock::new(|| Codebook::new("IQ1", &LEVELS_1));

/// Decodes whole blocks of the type of this name; `None` when it is none of these types.
pub(super) fn decode(name: &str, bytes: &[u8], out: &mut [f32]) -> Option<()> {
    match name {
        "IQ2_XXS" => each_block::<66, SUPER_BLOCK>(bytes, out, iq2_xxs),
        "IQ2_XS" => each_block::<74, SUPER_BLOCK>(bytes, out, iq2_xs),
        "IQ2_S" => each_block::<82, SUPER_BLOCK>(bytes, out, iq2_s),
        "IQ3_XXS" => each_block::<98, SUPER_BLOCK>(bytes, out, iq3_xxs),
        "IQ3_S" => each_block::<110, SUPER_BLOCK>(bytes, out, iq3_s),
        "IQ1_S" => each_block::<50, SUPER_BLOCK>(bytes, out, iq1_s),
        "IQ1_M" => each_block::<56, SUPER_BLOCK>(bytes, out, iq1_m),
        "IQ4_NL" => each_block::<18, 32>(bytes, out, iq4_nl),
        "IQ4_XS" => each_block::<136, SUPER_BLOCK>(bytes, out, iq4_xs),
        "TQ1_0" => each_block::<54, SUPER_BLOCK>(bytes, out, tq1_0),
        "TQ2_0" => each_block::<66, SUPER_BLOCK>(bytes, out, tq2_0),
        _ => return None,
    }
    Some(())
}

fn each_block<const BYTES: usize, const VALUES: usize>(
    bytes: &[u8],
    out: &mut [f32],
    decode: fn(&[u8; BYTES], &mut [f32; VALUES]),
) {
    let blocks = bytes.as_chunks::<BYTES>().0;
    for (block, values) in blocks.iter().zip(out.as_chunks_mut::<VALUES>().0) {
        decode(block, values);
    }
}

fn half_at(bytes: &[u8], at: usize) -> f32 {
    f16::from_bits(short_at(bytes, at)).to_f32()
}

fn short_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn word_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(short_at(bytes, at)) | u32::from(short_at(bytes, at + 2)) << 16
}

/// The nibble of this number, low ones first.
fn nibble(bytes: &[u8], number: usize) -> u8 {
    bytes[number / 2] >> (4 * (number % 2)) & 15
}

/// Eight signs from seven bits: the last makes the number of minus signs even.
#[expect(clippy::cast_possible_truncation, reason = "seven bits are kept")]
const fn even_signs(bits: u32) -> u8 {
    let seven = (bits & 127) as u8;
    seven | ((seven.count_ones() as u8 & 1) << 7)
}

/// Writes vectors times a scale, one bit of sign a value.
fn put<const N: usize>(out: &mut [f32], scale: f32, vector: [f32; N], signs: u8) {
    for (bit, (value, level)) in out.iter_mut().zip(vector).enumerate() {
        let sign = if signs >> bit & 1 == 1 { -1.0 } else { 1.0 };
        *value = scale * level * sign;
    }
}

fn iq2_xxs(block: &[u8; 66], out: &mut [f32; SUPER_BLOCK]) {
    let scale = half_at(block, 0);
    for (group, values) in out.as_chunks_mut::<32>().0.iter_mut().enumerate() {
        let at = 2 + 8 * group;
        let word = word_at(block, at + 4);
        let scale = scale * (0.5 + f32::from((word >> 28) as u8)) * 0.25;
        for (i, eight) in values.as_chunks_mut::<8>().0.iter_mut().enumerate() {
            let vector = IQ2_XXS.at(usize::from(block[at + i]));
            put(eight, scale, vector, even_signs(word >> (7 * i)));
        }
    }
}

fn iq2_xs(block: &[u8; 74], out: &mut [f32; SUPER_BLOCK]) {
    let scale = half_at(block, 0);
    for (i, eight) in out.as_chunks_mut::<8>().0.iter_mut().enumerate() {
        let code = short_at(block, 2 + 2 * i);
        let scale = scale * (0.5 + f32::from(nibble(&block[66..], i / 2))) * 0.25;
        let vector = IQ2_XS.at(usize::from(code & 511));
        put(eight, scale, vector, even_signs(u32::from(code >> 9)));
    }
}

fn iq2_s(block: &[u8; 82], out: &mut [f32; SUPER_BLOCK]) {
    let scale = half_at(block, 0);
    for (i, eight) in out.as_chunks_mut::<8>().0.iter_mut().enumerate() {
        let high = block[66 + i / 4] >> (2 * (i % 4)) & 3;
        let scale = scale * (0.5 + f32::from(nibble(&block[74..], i / 2))) * 0.25;
        let vector = IQ2_S.at(usize::from(block[2 + i]) | usize::from(high) << 8);
        put(eight, scale, vector, block[34 + i]);
    }
}

fn iq3_xxs(block: &[u8; 98], out: &mut [f32; SUPER_BLOCK]) {
    let scale = half_at(block, 0);
    for (i, four) in out.as_chunks_mut::<4>().0.iter_mut().enumerate() {
        let word = word_at(block, 66 + 4 * (i / 8));
        let scale = scale * (0.5 + f32::from((word >> 28) as u8)) * 0.5;
        let signs = even_signs(word >> (7 * (i / 2 % 4))) >> (4 * (i % 2));
        put(four, scale, IQ3_XXS.at(usize::from(block[2 + i])), signs);
    }
}

fn iq3_s(block: &[u8; 110], out: &mut [f32; SUPER_BLOCK]) {
    let scale = half_at(block, 0);
    for (i, four) in out.as_chunks_mut::<4>().0.iter_mut().enumerate() {
        let high = block[66 + i / 8] >> (i % 8) & 1;
        let scale = scale * f32::from(1 + 2 * nibble(&block[106..], i / 8));
        let vector = IQ3_S.at(usize::from(block[2 + i]) | usize::from(high) << 8);
        put(four, scale, vector, nibble(&block[74..], i));
    }
}

/// Codebook vector moved by the shift, times a scale.
fn put_shifted(out: &mut [f32; 8], scale: f32, number: usize, is_down: bool) {
    let shift = if is_down { -SHIFT } else { SHIFT };
    for (value, level) in out.iter_mut().zip(IQ1.at(number)) {
        *value = scale * (level + shift);
    }
}

fn iq1_s(block: &[u8; 50], out: &mut [f32; SUPER_BLOCK]) {
    let scale = half_at(block, 0);
    for (i, eight) in out.as_chunks_mut::<8>().0.iter_mut().enumerate() {
        let word = short_at(block, 34 + 2 * (i / 4));
        let scale = scale * f32::from(2 * (word >> 12 & 7) + 1);
        let number = usize::from(block[2 + i]) | usize::from(word >> (3 * (i % 4)) & 7) << 8;
        put_shifted(eight, scale, number, word >> 15 == 1);
    }
}

fn iq1_m(block: &[u8; 56], out: &mut [f32; SUPER_BLOCK]) {
    let scales: [u16; 4] = std::array::from_fn(|i| short_at(block, 48 + 2 * i));
    // The block's own scale is spread over the upper nibbles of the four words of scales.
    let bits = (0..4).fold(0, |bits, i| bits | (scales[i] >> 12) << (4 * i));
    let scale = f16::from_bits(bits).to_f32();
    for (i, eight) in out.as_chunks_mut::<8>().0.iter_mut().enumerate() {
        let of_pair = scales[i / 8] >> (3 * (i / 2 % 4)) & 7;
        let high = nibble(&block[32..], i);
        let number = usize::from(block[i]) | usize::from(high & 7) << 8;
        let scale = scale * f32::from(2 * of_pair + 1);
        put_shifted(eight, scale, number, high & 8 != 0);
    }
}

/// 32 values in 16 bytes: low nibbles, then high ones.
fn put_levels(out: &mut [f32], scale: f32, bytes: &[u8]) {
    for (i, value) in out.iter_mut().enumerate() {
        let code = bytes[i % 16] >> (4 * (i / 16)) & 15;
        *value = scale * f32::from(LEVELS_4[usize::from(code)]);
    }
}

fn iq4_nl(block: &[u8; 18], out: &mut [f32; 32]) {
    put_levels(out, half_at(block, 0), &block[2..]);
}

fn iq4_xs(block: &[u8; 136], out: &mut [f32; SUPER_BLOCK]) {
    let (scale, high) = (half_at(block, 0), short_at(block, 2));
    for (i, values) in out.as_chunks_mut::<32>().0.iter_mut().enumerate() {
        let of_group = u16::from(nibble(&block[4..], i)) | (high >> (2 * i) & 3) << 4;
        let scale = scale * (f32::from(of_group) - 32.0);
        put_levels(values, scale, &block[8 + 16 * i..]);
    }
}

/// Ternary digits of the bytes, the first digit of all bytes first.
fn put_digits(out: &mut [f32], scale: f32, bytes: &[u8]) {
    for (values, power) in out.chunks_mut(bytes.len()).zip(POWERS) {
        for (value, byte) in values.iter_mut().zip(bytes) {
            let digit = (u16::from(byte.wrapping_mul(power)) * 3) >> 8;
            *value = scale * (f32::from(digit) - 1.0);
        }
    }
}

fn tq1_0(block: &[u8; 54], out: &mut [f32; SUPER_BLOCK]) {
    let scale = half_at(block, 52);
    let (first, rest) = out.split_at_mut(160);
    let (second, third) = rest.split_at_mut(80);
    put_digits(first, scale, &block[..32]);
    put_digits(second, scale, &block[32..48]);
    put_digits(third, scale, &block[48..52]);
}

fn tq2_0(block: &[u8; 66], out: &mut [f32; SUPER_BLOCK]) {
    let scale = half_at(block, 64);
    for (i, value) in out.iter_mut().enumerate() {
        let byte = block[i / 128 * 32 + i % 32];
        let digit = byte >> (2 * (i / 32 % 4)) & 3;
        *value = scale * (f32::from(digit) - 1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codebooks_have_the_published_sizes() {
        let sizes = [&IQ2_XXS, &IQ2_XS, &IQ2_S, &IQ1].map(|each| each.0.len());
        assert_eq!(sizes, [256, 512, 1024, 2048]);
        assert_eq!([&IQ3_XXS, &IQ3_S].map(|each| each.0.len()), [256, 512]);
        assert_eq!(IQ2_XXS.0[0], [8; 8]);
        assert_eq!(IQ1.0[0], [-1; 8]);
    }

    #[test]
    fn the_number_of_minus_signs_is_even() {
        for bits in 0..128 {
            assert_eq!(even_signs(bits).count_ones() % 2, 0);
        }
    }
}
