//! Checksums: CRC-32 of records and files, a 64-bit fingerprint of what a sweep is about.

pub(crate) use blockscape_model::preset::fnv1a;

/// CRC-32 of IEEE 802.3, of bytes that come piece by piece.
pub(super) type Crc = crc32fast::Hasher;

/// CRC-32 of IEEE 802.3.
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes)
}

/// A number that tells texts apart.
pub fn fingerprint(text: &str) -> u64 {
    fnv1a(text.bytes().map(u32::from))
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
