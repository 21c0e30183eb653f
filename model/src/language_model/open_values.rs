//! Values in the block that a query's own token belongs to, as far as it has filled.
//!
//! The block is quantized from the tokens up to the query. For formats whose scale follows the largest magnitude, the
//! codes of a channel change only when a token exceeds all before it, so one quantized row serves all queries until
//! then; for others each query has a row of its own.

use super::attention::Queries;
use super::elementwise::add_dots;
use super::operands::{depends_on_largest_alone, quantize_in_place};
use crate::format::Format;

/// Quantized rows of the open blocks of one key head, for one run of queries.
#[derive(Debug, Default)]
pub(super) struct OpenValues {
    rows: Vec<f32>,
    segments: Vec<Segment>,
    block_len: usize,
}

/// One row of quantized values of one channel and the queries that see it.
#[derive(Debug, Clone, Copy)]
struct Segment {
    channel: usize,
    /// Queries `first .. end`.
    first: usize,
    end: usize,
    /// Token of the row's first value.
    start: usize,
    /// Where the row lies.
    offset: usize,
    len: usize,
}

impl OpenValues {
    /// Quantizes the open blocks that the queries see; `channels` holds one row of all tokens a channel.
    pub(super) fn prepare(&mut self, format: Format, channels: &[f32], queries: Queries) {
        self.rows.clear();
        self.segments.clear();
        self.block_len = format.block_len().values(queries.n_tokens);
        let first_block = queries.first / self.block_len * self.block_len;
        for start in (first_block..queries.end).step_by(self.block_len) {
            let block = Queries {
                first: queries.first.max(start),
                end: queries.end.min(start + self.block_len),
                ..queries
            };
            if depends_on_largest_alone(format) {
                self.prepare_by_largest(format, channels, start, block);
            } else {
                self.prepare_each(format, channels, start, block);
            }
        }
    }

    fn prepare_by_largest(
        &mut self,
        format: Format,
        channels: &[f32],
        start: usize,
        block: Queries,
    ) {
        let len = block.end - start;
        let rows_start = self.rows.len();
        for (channel, row) in channels.chunks_exact(block.n_tokens).enumerate() {
            let values = &row[start..block.end];
            let mut record = 0;
            while record < len {
                let largest = values[record].abs();
                let next = (record + 1..len)
                    .find(|&index| values[index].abs() > largest)
                    .unwrap_or(len);
                // Queries before the run see rows that are not needed.
                if start + next > block.first {
                    self.segments.push(Segment {
                        channel,
                        first: block.first.max(start + record),
                        end: start + next,
                        start,
                        offset: self.rows.len(),
                        len,
                    });
                    self.rows.extend_from_slice(&values[..next]);
                    self.rows.resize(self.rows.len() + len - next, 0.0);
                }
                record = next;
            }
        }
        quantize_in_place(format, &mut self.rows[rows_start..], len);
    }

    fn prepare_each(&mut self, format: Format, channels: &[f32], start: usize, block: Queries) {
        for (channel, row) in channels.chunks_exact(block.n_tokens).enumerate() {
            for query in block.first..block.end {
                let offset = self.rows.len();
                let len = query + 1 - start;
                self.segments.push(Segment {
                    channel,
                    first: query,
                    end: query + 1,
                    start,
                    offset,
                    len,
                });
                self.rows.extend_from_slice(&row[start..=query]);
                quantize_in_place(format, &mut self.rows[offset..], len);
            }
        }
    }

    /// Adds probability times value of the open blocks to the output, whose rows start `out_stride` apart, and clears
    /// those probabilities, so that what is left belongs to full blocks.
    pub(super) fn apply(
        &self,
        probabilities: &mut [f32],
        queries: Queries,
        out: &mut [f32],
        out_stride: usize,
    ) {
        let n_columns = queries.end;
        for segment in &self.segments {
            let query = segment.first - queries.first;
            let last = segment.end - 1 - queries.first;
            add_dots(
                &mut out
                    [query * out_stride + segment.channel..=last * out_stride + segment.channel],
                out_stride,
                &probabilities[query * n_columns + segment.start..],
                n_columns,
                &self.rows[segment.offset..segment.offset + segment.len],
            );
        }
        for (t, row) in (queries.first..).zip(probabilities.chunks_exact_mut(n_columns)) {
            row[t / self.block_len * self.block_len..=t].fill(0.0);
        }
    }
}
