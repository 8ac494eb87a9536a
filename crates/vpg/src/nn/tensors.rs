//! Tensors to plain numbers and back.

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
