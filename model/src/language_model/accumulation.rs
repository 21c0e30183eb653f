//! Matrix products whose block sums are added in a floating point register of few bits.
//!
//! Each block of the reduction is summed in f32; after it is added, the running sum is rounded to the register's
//! significant bits, nearest even. Exponents are those of f32.

use super::matrix::MatrixView;
use super::matrix_product::matrix_product;

/// Significant bits of f32, the hidden one included.
const F32_BITS: u8 = 24;

/// `out = left x right^T` for rows of `row_len` values, the sum rounded after every `block_len` of them.
pub(super) fn blockwise_product(
    out: &mut [f32],
    (left, right): (&[f32], &[f32]),
    row_len: usize,
    block_len: usize,
    bits: u8,
) {
    let (m, n) = (left.len() / row_len, right.len() / row_len);
    for start in (0..row_len).step_by(block_len.max(1)) {
        let len = block_len.max(1).min(row_len - start);
        let left = MatrixView::strided(&left[start..], m, len, row_len);
        let right = MatrixView::strided(&right[start..], n, len, row_len);
        matrix_product(out, n, left, right.transposed(), start > 0);
        for value in out.iter_mut() {
            *value = round(*value, bits);
        }
    }
}

/// To the nearest number of so many significant bits, of two equally near the even one.
fn round(value: f32, bits: u8) -> f32 {
    let n_dropped = u32::from(F32_BITS - bits.clamp(1, F32_BITS));
    if n_dropped == 0 || !value.is_finite() {
        return value;
    }
    let half_less_one = (1_u32 << (n_dropped - 1)) - 1;
    let code = value.to_bits();
    let is_odd = code >> n_dropped & 1;
    f32::from_bits((code + half_less_one + is_odd) >> n_dropped << n_dropped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_round_to_the_nearest_number_of_the_register_and_ties_to_even() {
        for (value, bits, expected) in [
            (5.0, 24, 5.0),
            (5.0, 2, 4.0),
            (7.0, 2, 8.0),
            (-5.5, 3, -6.0),
            (4.5, 3, 4.0),
            (0.0, 4, 0.0),
            (f32::INFINITY, 4, f32::INFINITY),
        ] {
            assert_eq!(
                round(value, bits).to_bits(),
                f32::to_bits(expected),
                "{value} {bits}"
            );
        }
    }

    #[test]
    fn a_narrow_register_loses_small_addends_block_by_block() {
        let left = [256.0, 1.0, 1.0, 1.0];
        let right = [1.0; 4];
        let mut out = [0.0];
        blockwise_product(&mut out, (&left, &right), 4, 1, 8);
        assert!((out[0] - 256.0).abs() < f32::EPSILON, "{}", out[0]);
        blockwise_product(&mut out, (&left, &right), 4, 4, 24);
        assert!((out[0] - 259.0).abs() < f32::EPSILON, "{}", out[0]);
    }
}
