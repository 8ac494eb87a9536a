//! The networks of an actor-critic: linear layers with kernels of our own, or anything that libtorch can differentiate.

use std::{fmt::Debug, rc::Rc};

use envs::{DType, Element};
use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::{
    mlp::{Mlp, Tape},
    sparse::SparseRows,
    tensors::{set, to_vec},
};

/// The function between linear layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Activation {
    /// The hyperbolic tangent.
    Tanh,
    /// The greater of x and 0.
    Relu,
}

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

/// An element of an observation as the networks take it.
pub(crate) fn to_f32<T: Element>(value: T) -> f32 {
    if T::DTYPE == DType::U8 { value.to_f64() as f32 / 255.0 } else { value.to_f64() as f32 }
}

/// A network that is none of this crate's: any function of the observations that libtorch can differentiate.
///
/// See `examples/custom_env.rs` for one.
pub trait Network: Debug {
    /// `(rows, observation_len)` f32 to `(rows, outputs)`.
    fn forward(&self, observations: &Tensor) -> Tensor;

    /// Every parameter with its name in files.
    fn parameters(&self) -> Vec<(String, &Tensor)>;
}

/// One of the networks of an actor-critic.
#[derive(Clone, Debug)]
pub enum Net {
    /// Linear layers on the CPU, the same bits on every processor.
    Mlp(Mlp),
    /// Any other, on libtorch.
    Other(Rc<dyn Network>),
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

impl Net {
    /// `(rows, inputs)` to `(rows, outputs)`.
    pub fn forward(&self, input: &Input) -> Pass {
        match self {
            Self::Mlp(mlp) => {
                let tape = mlp.forward(input);
                let output = Tensor::from_slice(tape.output()).view([-1, mlp.outputs() as i64]);
                Pass { output: output.set_requires_grad(true), tape: Some(tape) }
            }
            Self::Other(network) => Pass { output: network.forward(&input.tensor()), tape: None },
        }
    }

    /// The parameters, layer by layer.
    pub fn parameters_mut(&mut self) -> Vec<ParameterMut<'_>> {
        match self {
            Self::Mlp(mlp) => mlp.layers.iter_mut().flat_map(|layer| layer.parameters_mut()).collect(),
            Self::Other(network) => {
                network.parameters().into_iter().map(|(_, parameter)| ParameterMut::Tensor(parameter)).collect()
            }
        }
    }

    /// Every parameter with its name below `prefix`, in the layout of a torch.nn module.
    pub fn named_parameters(&self, prefix: &str) -> Vec<(String, Tensor)> {
        match self {
            Self::Mlp(mlp) => mlp.named_parameters(prefix),
            Self::Other(network) => network
                .parameters()
                .into_iter()
                .map(|(name, parameter)| (format!("{prefix}.{name}"), parameter.shallow_clone()))
                .collect(),
        }
    }

    /// Takes the parameters' values in the layout of files, in order.
    pub fn load(&mut self, values: &mut impl Iterator<Item = Vec<f32>>) {
        match self {
            Self::Mlp(mlp) => mlp.load(values),
            Self::Other(network) => {
                network
                    .parameters()
                    .into_iter()
                    .zip(values)
                    .for_each(|((_, parameter), values)| set(parameter, &values));
            }
        }
    }

    /// What libtorch differentiates by, to go backward through this pass.
    pub fn leaves<'a>(&'a self, pass: &'a Pass) -> Vec<&'a Tensor> {
        match self {
            Self::Mlp(_) => vec![&pass.output],
            Self::Other(network) => network.parameters().into_iter().map(|(_, parameter)| parameter).collect(),
        }
    }

    /// From libtorch's derivatives by the [`leaves`](Self::leaves), those by the parameters in order, and of linear layers
    /// those by the input if they are wanted.
    pub fn backward(
        &self,
        input: &Input,
        pass: &Pass,
        by_leaves: &mut impl Iterator<Item = Tensor>,
        by_input: bool,
    ) -> (Vec<Vec<f32>>, Option<Vec<f32>>) {
        match (self, &pass.tape) {
            (Self::Mlp(mlp), Some(tape)) => {
                let by_output = by_leaves.next().map_or_else(Vec::new, |gradient| to_vec(&gradient));
                mlp.backward(input, tape, by_output, by_input)
            }
            _ => (by_leaves.take(self.leaves(pass).len()).map(|gradient| to_vec(&gradient)).collect(), None),
        }
    }

    /// The derivatives of a loss of this pass by the parameters, in order.
    pub fn gradients(&self, input: &Input, pass: &Pass, loss: &Tensor) -> Vec<Vec<f32>> {
        let by_leaves = Tensor::run_backward(&[loss], &self.leaves(pass), false, false);
        self.backward(input, pass, &mut by_leaves.into_iter(), false).0
    }
}

/// A forward pass, and what going backward through it needs.
#[derive(Debug)]
pub struct Pass {
    /// `(rows, outputs)`.
    pub output: Tensor,
    /// Of linear layers, which libtorch knows nothing of.
    tape: Option<Tape>,
}

impl Pass {
    /// The output as the input of another network of the same kind.
    pub fn as_input(&self) -> Input {
        match &self.tape {
            Some(tape) => Input::Rows { values: tape.output().to_vec(), len: self.output.size()[1] as usize },
            None => Input::Tensor(self.output.shallow_clone()),
        }
    }
}
