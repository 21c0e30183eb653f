//! Matrices of f32 in row order, and views of them with any strides.

use std::sync::Arc;

/// A matrix whose values are shared between models that do not change it.
#[derive(Clone, PartialEq)]
pub struct Matrix {
    values: Arc<Vec<f32>>,
    n_rows: usize,
    row_len: usize,
}

impl std::fmt::Debug for Matrix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Matrix {} x {}", self.n_rows, self.row_len)
    }
}

impl Matrix {
    /// A matrix of these values in row order.
    ///
    /// # Panics
    /// When the values are not `n_rows * row_len`.
    pub fn new(values: Vec<f32>, n_rows: usize, row_len: usize) -> Self {
        assert_eq!(values.len(), n_rows * row_len, "values fill the rows");
        Self {
            values: Arc::new(values),
            n_rows,
            row_len,
        }
    }

    /// All values in row order.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// One row.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.row_len..(row + 1) * self.row_len]
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Length of a row.
    pub fn row_len(&self) -> usize {
        self.row_len
    }

    /// Rows and columns exchanged.
    #[must_use]
    pub(crate) fn transposed(&self) -> Self {
        let mut values = vec![0.0; self.values.len()];
        for (row, of_row) in self.values.chunks_exact(self.row_len).enumerate() {
            for (column, value) in of_row.iter().enumerate() {
                values[column * self.n_rows + row] = *value;
            }
        }
        Self::new(values, self.row_len, self.n_rows)
    }

    /// Rows `first .. first + n` as a matrix of their own.
    pub(crate) fn rows(&self, first: usize, n: usize) -> Self {
        Self::new(
            self.values[first * self.row_len..(first + n) * self.row_len].to_vec(),
            n,
            self.row_len,
        )
    }

    /// A view of the whole.
    pub(crate) fn view(&self) -> MatrixView<'_> {
        MatrixView::rows(&self.values, self.n_rows, self.row_len)
    }
}

/// A matrix inside a slice.
#[derive(Debug, Clone, Copy)]
pub struct MatrixView<'a> {
    pub(super) values: &'a [f32],
    pub(super) n_rows: usize,
    pub(super) n_columns: usize,
    pub(super) row_stride: usize,
    pub(super) column_stride: usize,
}

impl<'a> MatrixView<'a> {
    /// Contiguous rows.
    pub fn rows(values: &'a [f32], n_rows: usize, n_columns: usize) -> Self {
        Self::strided(values, n_rows, n_columns, n_columns)
    }

    /// Rows that start `row_stride` apart.
    pub fn strided(values: &'a [f32], n_rows: usize, n_columns: usize, row_stride: usize) -> Self {
        Self {
            values,
            n_rows,
            n_columns,
            row_stride,
            column_stride: 1,
        }
    }

    /// Its first rows.
    pub(crate) fn first_rows(self, n_rows: usize) -> Self {
        Self {
            n_rows: n_rows.min(self.n_rows),
            ..self
        }
    }

    /// Rows and columns exchanged, without moving a value.
    #[must_use]
    pub fn transposed(self) -> Self {
        Self {
            n_rows: self.n_columns,
            n_columns: self.n_rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }

    /// One more than the largest index that belongs to the matrix.
    pub(super) fn extent(&self) -> usize {
        if self.n_rows == 0 || self.n_columns == 0 {
            return 0;
        }
        (self.n_rows - 1) * self.row_stride + (self.n_columns - 1) * self.column_stride + 1
    }
}
