//! Single-threaded f32 matrix products by the `gemm` crate. The only `unsafe` of the language model.

use gemm::Parallelism;

use super::matrix::MatrixView;

/// `out = left x right`, or `out += left x right` if `accumulate`; rows of `out` start `out_stride` apart.
///
/// # Panics
/// When the shapes do not fit each other or a view reaches past its slice.
pub fn matrix_product(
    out: &mut [f32],
    out_stride: usize,
    left: MatrixView<'_>,
    right: MatrixView<'_>,
    accumulate: bool,
) {
    let (m, n, k) = (left.n_rows, right.n_columns, left.n_columns);
    assert_eq!(k, right.n_rows, "inner lengths of a matrix product agree");
    assert!(
        n <= out_stride || m <= 1,
        "rows of the output do not overlap"
    );
    assert!(
        left.extent() <= left.values.len(),
        "left operand lies in its slice"
    );
    assert!(
        right.extent() <= right.values.len(),
        "right operand lies in its slice"
    );
    if m == 0 || n == 0 {
        return;
    }
    assert!(
        (m - 1) * out_stride + n <= out.len(),
        "output lies in its slice"
    );
    let stride = |len: usize| isize::try_from(len).expect("strides inside a slice fit an isize");
    #[expect(unsafe_code, reason = "the gemm crate takes raw pointers")]
    // SAFETY: the asserts above bound every index that `gemm` forms for the three operands by the length of
    // their slices; `out` is borrowed mutably, so it shares no memory with the operands.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            stride(out_stride),
            accumulate,
            left.values.as_ptr(),
            stride(left.column_stride),
            stride(left.row_stride),
            right.values.as_ptr(),
            stride(right.column_stride),
            stride(right.row_stride),
            1.0,
            1.0,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_of_strided_and_transposed_views_equal_the_definition() {
        let left: Vec<f32> = (0..35_u8).map(|i| f32::from(i) - 11.0).collect();
        let right: Vec<f32> = (0..28_u8).map(|i| 0.5 * f32::from(i) - 3.0).collect();
        let left = MatrixView::strided(&left, 5, 4, 7);
        let right_rows = MatrixView::rows(&right, 7, 4);
        let mut out = vec![1.0; 5 * 8];
        matrix_product(&mut out, 8, left, right_rows.transposed(), true);
        for row in 0..5 {
            for column in 0..7 {
                let sum: f32 = (0..4)
                    .map(|i| left.values[row * 7 + i] * right[column * 4 + i])
                    .sum();
                assert!((out[row * 8 + column] - 1.0 - sum).abs() < 1e-4);
            }
            assert!((out[row * 8 + 7] - 1.0).abs() < f32::EPSILON);
        }
    }
}
