//! One record of a journal: a design that was tried, with a checksum.

use blockscape_model::evaluation::{Metric, Metrics};

use super::checksum::crc32;
use crate::judge::evaluate::Tried;

/// Number of the design, whether it can be built, metrics, checksum.
pub(super) const RECORD: usize = 8 + 1 + 8 * Metric::COUNT + 4;

/// Appends a record.
pub(super) fn encode(index: u64, metrics: Option<&Metrics>, buffer: &mut Vec<u8>) {
    let start = buffer.len();
    buffer.extend(index.to_le_bytes());
    buffer.push(u8::from(metrics.is_some()));
    let values = metrics.map_or([f64::NAN; Metric::COUNT], |metrics| *metrics.values());
    for value in values {
        buffer.extend(value.to_le_bytes());
    }
    let checksum = crc32(&buffer[start..]);
    buffer.extend(checksum.to_le_bytes());
}

/// A record, if it is whole and its checksum fits.
pub(super) fn decode(record: &[u8]) -> Option<Tried> {
    let (body, checksum) = record.split_at_checked(RECORD - 4)?;
    if checksum != crc32(body).to_le_bytes() {
        return None;
    }
    let (index, rest) = body.split_first_chunk()?;
    let (&built, rest) = rest.split_first()?;
    let mut values = [0.0; Metric::COUNT];
    for (value, bytes) in values.iter_mut().zip(rest.chunks_exact(8)) {
        *value = f64::from_le_bytes(bytes.try_into().ok()?);
    }
    let metrics = (built == 1).then(|| Metrics::new(values));
    Some((u64::from_le_bytes(*index), metrics))
}
