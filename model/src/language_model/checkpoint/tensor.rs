//! One tensor of a checkpoint: its shape and where its bytes lie, decoded when asked for.

use std::sync::Arc;

use super::packing::PackedWeight;
use super::{CheckpointError, ElementType};

/// A tensor inside the bytes of a file; nothing is copied or decoded until a row is asked for.
#[derive(Clone)]
pub struct TensorView<'a> {
    /// Its name in the file.
    pub name: String,
    /// Lengths of the axes, outermost first: `[rows, row length]` for a matrix.
    pub dims: Vec<u64>,
    /// How its values are encoded.
    pub element_type: ElementType,
    bytes: &'a [u8],
    /// Codes and scales of a weight that stands in several tensors.
    packed: Option<Arc<PackedWeight<'a>>>,
}

impl std::fmt::Debug for TensorView<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} {:?} {}",
            self.name,
            self.dims,
            self.element_type.name()
        )
    }
}

impl<'a> TensorView<'a> {
    /// A tensor over exactly the bytes that its shape needs.
    ///
    /// # Errors
    /// When the shape overflows, its rows do not hold whole blocks, or the bytes are fewer or more.
    pub fn new(
        name: String,
        dims: Vec<u64>,
        element_type: ElementType,
        bytes: &'a [u8],
    ) -> Result<Self, CheckpointError> {
        let needed = stored_bytes(&name, &dims, element_type)?;
        if needed != bytes.len() as u64 {
            return Err(CheckpointError::new(
                format!("tensor {name}"),
                format!(
                    "shape {dims:?} of {} needs {needed} bytes, the file gives it {}",
                    element_type.name(),
                    bytes.len()
                ),
            ));
        }
        Ok(Self {
            name,
            dims,
            element_type,
            bytes,
            packed: None,
        })
    }

    /// A weight that stands in several tensors of its file.
    pub(super) fn packed(name: String, dims: Vec<u64>, weight: Arc<PackedWeight<'a>>) -> Self {
        Self {
            name,
            dims,
            element_type: ElementType::Packed(weight.scheme),
            bytes: &[],
            packed: Some(weight),
        }
    }

    /// The same bytes read as another type of the same length.
    pub(super) fn of_type(&self, element_type: ElementType) -> Result<Self, CheckpointError> {
        let n_values = self.bytes.len() as u64 / element_type.block_bytes();
        let is_sound = self.packed.is_none()
            && (element_type.block_bytes() == self.element_type.block_bytes()
                || n_values * element_type.block_bytes() == self.bytes.len() as u64
                    && self.dims.len() == 2);
        if !is_sound {
            return Err(self.fault(format!(
                "has the type {}, {} is needed",
                self.element_type.name(),
                element_type.name()
            )));
        }
        Ok(Self {
            element_type,
            ..self.clone()
        })
    }

    /// Number of values.
    pub fn n_values(&self) -> u64 {
        self.dims.iter().product()
    }

    /// Length of the innermost axis; 1 for a scalar.
    pub fn row_len(&self) -> u64 {
        self.dims.last().copied().unwrap_or(1)
    }

    /// Number of rows.
    pub fn n_rows(&self) -> u64 {
        self.n_values().checked_div(self.row_len()).unwrap_or(0)
    }

    /// Bytes it takes in the file.
    pub fn stored_bytes(&self) -> u64 {
        self.packed
            .as_ref()
            .map_or(self.bytes.len() as u64, |packed| packed.stored_bytes())
    }

    /// Its bytes as they lie in the file; none of a weight that stands in several tensors.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Decodes `n` rows from `first` on; memory is that of the rows.
    ///
    /// # Errors
    /// When the rows lie outside the tensor, the type holds no floats, or a value is not finite.
    pub fn decode_rows(&self, first: u64, n: u64) -> Result<Vec<f32>, CheckpointError> {
        if first.checked_add(n).is_none_or(|end| end > self.n_rows()) {
            return Err(self.fault(format!(
                "rows {first}..{first}+{n} are asked for, it has {}",
                self.n_rows()
            )));
        }
        let mut out = vec![0.0; to_index(n * self.row_len())];
        if let Some(packed) = &self.packed {
            packed.decode(to_index(first), &mut out)?;
        } else {
            let row_bytes =
                self.row_len() / self.element_type.block_len() * self.element_type.block_bytes();
            let bytes = &self.bytes[to_index(first * row_bytes)..to_index((first + n) * row_bytes)];
            self.element_type
                .decode(bytes, &mut out)
                .map_err(|reason| self.fault(reason))?;
        }
        if let Some(index) = out.iter().position(|value| !value.is_finite()) {
            let index = first * self.row_len() + index as u64;
            return Err(self.fault(format!("value {index} is not a finite number")));
        }
        Ok(out)
    }

    /// Decodes all values.
    ///
    /// # Errors
    /// As [`Self::decode_rows`].
    pub fn decode(&self) -> Result<Vec<f32>, CheckpointError> {
        self.decode_rows(0, self.n_rows())
    }

    fn fault(&self, reason: String) -> CheckpointError {
        CheckpointError::new(format!("tensor {}", self.name), reason)
    }
}

/// Bytes that a shape takes in a file.
pub(super) fn stored_bytes(
    name: &str,
    dims: &[u64],
    element_type: ElementType,
) -> Result<u64, CheckpointError> {
    let place = || format!("tensor {name}");
    let overflow = || CheckpointError::new(place(), format!("shape {dims:?} has too many values"));
    let n_values = dims
        .iter()
        .try_fold(1_u64, |product, &len| product.checked_mul(len))
        .ok_or_else(overflow)?;
    let row_len = dims.last().copied().unwrap_or(1);
    if n_values == 0 {
        return Err(CheckpointError::new(
            place(),
            format!("shape {dims:?} has no values"),
        ));
    }
    if row_len % element_type.block_len() != 0 {
        return Err(CheckpointError::new(
            place(),
            format!(
                "rows of {row_len} values are not whole blocks of {} values of {}",
                element_type.block_len(),
                element_type.name()
            ),
        ));
    }
    (n_values / element_type.block_len())
        .checked_mul(element_type.block_bytes())
        .ok_or_else(overflow)
}

/// A position inside bytes that are in memory.
fn to_index(position: u64) -> usize {
    usize::try_from(position).expect("positions inside a slice fit a usize")
}
