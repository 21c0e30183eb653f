//! Checksums: CRC-32 of records, a 64-bit fingerprint of what a sweep is about.
#![expect(
    clippy::cast_possible_truncation,
    reason = "table positions are the low byte of a word"
)]

/// Remainders of all bytes for the reflected polynomial 0xEDB88320 (IEEE 802.3).
const REMAINDERS: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut remainder = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            let carry = remainder & 1;
            remainder >>= 1;
            if carry == 1 {
                remainder ^= 0xEDB8_8320;
            }
            bit += 1;
        }
        table[byte] = remainder;
        byte += 1;
    }
    table
};

/// CRC-32 of IEEE 802.3.
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    let mut remainder = u32::MAX;
    for &byte in bytes {
        remainder = REMAINDERS[usize::from((remainder as u8) ^ byte)] ^ (remainder >> 8);
    }
    !remainder
}

/// A number that tells texts apart.
pub fn fingerprint(text: &str) -> u64 {
    fnv1a(text.bytes().map(u32::from))
}

/// A number that tells sequences apart: FNV-1a with 64 bits (Fowler, Noll and Vo), over words where these are no bytes.
pub(crate) fn fnv1a(words: impl Iterator<Item = u32>) -> u64 {
    words.fold(0xCBF2_9CE4_8422_2325, |hash, word| {
        (hash ^ u64::from(word)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

#[cfg(test)]
mod tests {
    use super::{crc32, fingerprint};

    #[test]
    fn checksums_equal_their_published_check_values() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(fingerprint("a"), 0xAF63_DC4C_8601_EC8C);
    }
}
