//! A stream of bits in bytes, the least significant bit first.

/// Appends fields.
#[derive(Debug, Default)]
pub(in crate::quantization) struct BitWriter {
    bytes: Vec<u8>,
    /// Bits not yet in `bytes`, fewer than 8 between calls.
    pending: u64,
    n_pending: u32,
}

impl BitWriter {
    /// Appends the low `width` bits, at most 32; higher ones are left out.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the low byte is what is taken"
    )]
    pub(in crate::quantization) fn put(&mut self, field: u64, width: u32) {
        self.pending |= (field & ((1 << width) - 1)) << self.n_pending;
        self.n_pending += width;
        while self.n_pending >= 8 {
            self.bytes.push(self.pending as u8);
            self.pending >>= 8;
            self.n_pending -= 8;
        }
    }

    /// The bytes; the last is filled up with zeros.
    pub(in crate::quantization) fn into_bytes(mut self) -> Vec<u8> {
        let unused = (8 - self.n_pending) % 8;
        self.put(0, unused);
        self.bytes
    }
}

/// Takes fields off.
#[derive(Debug)]
pub(in crate::quantization) struct BitReader<'a> {
    bytes: &'a [u8],
    pending: u64,
    n_pending: u32,
}

impl<'a> BitReader<'a> {
    pub(in crate::quantization) const fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            pending: 0,
            n_pending: 0,
        }
    }

    /// The next `width` bits, at most 32; bits beyond the end are zero.
    #[expect(clippy::cast_possible_truncation, reason = "masked to 32 bits")]
    pub(in crate::quantization) fn take(&mut self, width: u32) -> u32 {
        while self.n_pending < width {
            let (byte, rest) = self.bytes.split_first().unwrap_or((&0, &[]));
            self.bytes = rest;
            self.pending |= u64::from(*byte) << self.n_pending;
            self.n_pending += 8;
        }
        let field = self.pending & ((1 << width) - 1);
        self.pending >>= width;
        self.n_pending -= width;
        field as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_every_width_come_back() {
        let fields: Vec<(u64, u32)> = (0..200_u64)
            .map(|i| {
                let width = u32::try_from(i * 7 % 33).unwrap();
                (
                    i.wrapping_mul(0x9e37_79b9_7f4a_7c15) & ((1 << width) - 1),
                    width,
                )
            })
            .collect();
        let mut writer = BitWriter::default();
        for (field, width) in &fields {
            writer.put(*field, *width);
        }
        let bytes = writer.into_bytes();
        let n_bits: u32 = fields.iter().map(|(_, width)| width).sum();
        assert_eq!(bytes.len(), usize::try_from(n_bits.div_ceil(8)).unwrap());
        let mut reader = BitReader::new(&bytes);
        for (field, width) in fields {
            assert_eq!(u64::from(reader.take(width)), field);
        }
    }
}
