//! Batches of observations, as the first layer takes them.

use std::rc::Rc;

use envs::{DType, Element};
use tch::Tensor;

use super::{sparse::SparseRows, tensors::to_f32};

/// A batch of observations as the first layer takes them.
#[derive(Debug)]
pub enum Input {
    /// `(rows, len)` in plain memory, for linear layers.
    Rows {
        /// All rows, one after the other.
        values: Vec<f32>,
        /// The length of one.
        len: usize,
    },
    /// Rows that are zero nearly everywhere, for linear layers.
    Sparse(Rc<SparseRows>),
    /// `(rows, len)`, f32, for networks of libtorch.
    Tensor(Tensor),
}

impl Input {
    /// The batch of these rows, each `observation_len` long, for linear layers. `i8` rows, which are frame differences,
    /// become sparse; of `u8` rows, which are pictures, 255 becomes 1.
    pub fn new<T: Element>(rows: &[T], observation_len: usize) -> Self {
        if T::DTYPE == DType::I8 {
            return Self::Sparse(Rc::new(SparseRows::new(rows, observation_len)));
        }
        Self::Rows { values: rows.iter().map(|&value| to_f32(value)).collect(), len: observation_len }
    }

    /// Only the rows with these indices.
    pub fn select(&self, indices: &[i64]) -> Self {
        match self {
            Self::Rows { values, len } => {
                let rows = indices.iter().flat_map(|&i| &values[i as usize * len..][..*len]);
                Self::Rows { values: rows.copied().collect(), len: *len }
            }
            Self::Sparse(rows) => Self::Sparse(Rc::new(rows.select(indices))),
            Self::Tensor(rows) => {
                Self::Tensor(rows.index_select(0, &Tensor::from_slice(indices).to_device(rows.device())))
            }
        }
    }

    /// `(rows, len)`, f32.
    pub fn tensor(&self) -> Tensor {
        match self {
            Self::Rows { values, len } => Tensor::from_slice(values).view([-1, *len as i64]),
            Self::Sparse(rows) => rows.to_dense(),
            Self::Tensor(rows) => rows.shallow_clone(),
        }
    }
}

/// `(rows, observation_len)`, f32, on the CPU.
pub(crate) fn dense<T: Element>(rows: &[T], observation_len: usize) -> Tensor {
    let values: Vec<f32> = rows.iter().map(|&value| to_f32(value)).collect();
    Tensor::from_slice(&values).view([-1, observation_len as i64])
}
