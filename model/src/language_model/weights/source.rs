//! The tensors of a checkpoint by name, every shape checked, and which of them were used.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::names::{HARMLESS, LAYER_PREFIXES, Role};
use crate::architecture;
use crate::language_model::checkpoint::{CheckpointError, TensorView};
use crate::language_model::matrix::Matrix;
use crate::language_model::{Linear, Norm};

/// Tensors that are looked up by role.
pub(super) struct Source<'c, 'a> {
    pub(super) tensors: &'c BTreeMap<String, TensorView<'a>>,
    /// Whether names are those of GGUF files.
    pub(super) is_gguf: bool,
    /// Whether matrices are stored with the input axis first, as GPT-2's.
    pub(super) input_first: bool,
    used: RefCell<BTreeSet<String>>,
}

impl<'c, 'a> Source<'c, 'a> {
    pub(super) fn new(
        tensors: &'c BTreeMap<String, TensorView<'a>>,
        is_gguf: bool,
        input_first: bool,
    ) -> Self {
        Self {
            tensors,
            is_gguf,
            input_first,
            used: RefCell::default(),
        }
    }

    /// What stands in front of the names of a layer.
    pub(super) fn layer_prefix(&self, layer: u32) -> String {
        if self.is_gguf {
            return format!("blk.{layer}.");
        }
        let prefixes = LAYER_PREFIXES.map(|prefix| prefix.replace("{}", &layer.to_string()));
        let [usual, ..] = &prefixes;
        let found = prefixes.iter().find(|prefix| self.has_prefix(prefix));
        found.unwrap_or(usual).clone()
    }

    pub(super) fn has_prefix(&self, prefix: &str) -> bool {
        let mut from = self.tensors.range(prefix.to_owned()..);
        from.next()
            .is_some_and(|(name, _)| name.starts_with(prefix))
    }

    /// The name of a role in this file: the first that it holds as a weight, else the usual one.
    pub(super) fn name(&self, prefix: &str, role: Role) -> String {
        if self.is_gguf {
            return format!("{prefix}{}", role.gguf);
        }
        let of = |name: &&str| format!("{prefix}{name}");
        let found = role.names.iter().map(of).find(|name| self.holds(name));
        found.unwrap_or_else(|| role.names.first().map(of).unwrap_or_default())
    }

    /// Whether the file holds something under a name, with `.weight` behind it or without.
    pub(super) fn holds(&self, name: &str) -> bool {
        self.tensors.contains_key(&format!("{name}.weight")) || self.tensors.contains_key(name)
    }

    pub(super) fn has(&self, prefix: &str, role: Role) -> bool {
        (!self.is_gguf || !role.gguf.is_empty()) && self.holds(&self.name(prefix, role))
    }

    pub(super) fn tensor(&self, name: &str) -> Option<&'c TensorView<'a>> {
        let tensor = self.tensors.get(name)?;
        self.used.borrow_mut().insert(name.to_owned());
        Some(tensor)
    }

    pub(super) fn needed(&self, name: &str) -> Result<&'c TensorView<'a>, CheckpointError> {
        self.tensor(name)
            .ok_or_else(|| CheckpointError::new(format!("tensor {name}"), "is missing"))
    }

    pub(super) fn matrix(
        &self,
        name: &str,
        n_rows: usize,
        row_len: usize,
    ) -> Result<Matrix, CheckpointError> {
        let tensor = self.needed(&format!("{name}.weight"))?;
        expect_shape(tensor, &[n_rows, row_len])?;
        Ok(Matrix::new(tensor.decode()?, n_rows, row_len))
    }

    pub(super) fn vector(
        &self,
        name: &str,
        len: usize,
    ) -> Result<Option<Arc<[f32]>>, CheckpointError> {
        let Some(tensor) = self.tensor(name) else {
            return Ok(None);
        };
        if tensor.n_values() != len as u64 {
            expect_shape(tensor, &[len])?;
        }
        Ok(Some(tensor.decode()?.into()))
    }

    pub(super) fn linear(
        &self,
        name: &str,
        n_out: usize,
        n_in: usize,
    ) -> Result<Linear, CheckpointError> {
        let weight = if self.input_first {
            self.matrix(name, n_in, n_out)?.transposed()
        } else {
            self.matrix(name, n_out, n_in)?
        };
        Ok(Linear::new(
            weight,
            self.vector(&format!("{name}.bias"), n_out)?,
        ))
    }

    pub(super) fn norm(
        &self,
        name: &str,
        norm: architecture::Norm,
        len: usize,
    ) -> Result<Norm, CheckpointError> {
        let gain_name = format!("{name}.weight");
        let mut gain = match self.vector(&gain_name, len)? {
            Some(gain) => gain.to_vec(),
            None if norm.plain => vec![1.0; len],
            None => {
                return Err(CheckpointError::new(
                    format!("tensor {gain_name}"),
                    "is missing",
                ));
            }
        };
        // GGUF files hold the sum.
        if norm.one_plus && !self.is_gguf {
            for gain in &mut gain {
                *gain += 1.0;
            }
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "epsilons are tiny decimal constants; f32 is the working precision"
        )]
        Ok(Norm {
            kind: norm.kind,
            epsilon: norm.epsilon as f32,
            gain: gain.into(),
            bias: self.vector(&format!("{name}.bias"), len)?,
        })
    }

    /// Refuses a checkpoint with tensors that its model does not compute with: they would change the results.
    pub(super) fn all_used(&self, family: &str) -> Result<(), CheckpointError> {
        let used = self.used.borrow();
        let mut unused = self.tensors.keys().filter(|name| {
            !used.contains(*name) && !HARMLESS.iter().any(|end| name.ends_with(end))
        });
        let Some(first) = unused.next() else {
            return Ok(());
        };
        let others = match unused.count() {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        Err(CheckpointError::new(
            format!("tensor {first}{others}"),
            format!(
                "is no part of a model of the family {family}; what it changes is not computed"
            ),
        ))
    }
}

pub(super) fn expect_shape(tensor: &TensorView<'_>, dims: &[usize]) -> Result<(), CheckpointError> {
    let fits = tensor.dims.len() == dims.len()
        && tensor
            .dims
            .iter()
            .zip(dims)
            .all(|(own, asked)| *own == *asked as u64);
    if fits {
        return Ok(());
    }
    Err(CheckpointError::new(
        format!("tensor {}", tensor.name),
        format!(
            "has shape {:?}; the hyperparameters ask for {dims:?}",
            tensor.dims
        ),
    ))
}
