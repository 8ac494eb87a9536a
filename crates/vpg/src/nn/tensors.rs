//! Tensors and observations to plain numbers and back.

use envs::{DType, Element};
use tch::Tensor;

/// A tensor's numbers in C order.
pub fn to_vec(tensor: &Tensor) -> Vec<f32> {
    let flat = tensor.detach().to_kind(tch::Kind::Float).contiguous().view(-1);
    let mut values = vec![0.0; flat.numel()];
    flat.copy_data(&mut values, flat.numel());
    values
}

/// Puts these numbers, in C order, into a tensor of as many elements.
pub fn set(tensor: &Tensor, values: &[f32]) {
    let values = Tensor::from_slice(values).view(tensor.size().as_slice());
    tch::no_grad(|| tensor.shallow_clone().copy_(&values));
}

/// An element of an observation as the networks take it.
pub(crate) fn to_f32<T: Element>(value: T) -> f32 {
    if T::DTYPE == DType::U8 { value.to_f64() as f32 / 255.0 } else { value.to_f64() as f32 }
}

/// The parameters of a network, to be changed in place.
#[derive(Debug)]
pub enum ParameterMut<'a> {
    /// In plain memory.
    Plain(&'a mut [f32]),
    /// Of libtorch.
    Tensor(&'a Tensor),
}

impl ParameterMut<'_> {
    /// How many numbers it has.
    pub fn len(&self) -> usize {
        match self {
            Self::Plain(values) => values.len(),
            Self::Tensor(tensor) => tensor.numel(),
        }
    }

    /// Puts as many other numbers in their place.
    pub fn set(self, new: &[f32]) {
        match self {
            Self::Plain(values) => values.copy_from_slice(new),
            Self::Tensor(tensor) => set(tensor, new),
        }
    }

    /// The numbers as they are now.
    pub fn values(&self) -> Vec<f32> {
        match self {
            Self::Plain(values) => values.to_vec(),
            Self::Tensor(tensor) => to_vec(tensor),
        }
    }
}
