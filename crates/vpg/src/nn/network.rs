//! The networks of an actor-critic: linear layers with kernels of our own, or anything that libtorch can differentiate.

use std::{fmt::Debug, rc::Rc};

use tch::Tensor;

use super::{
    input::Input,
    mlp::{Mlp, Tape},
    tensors::{ParameterMut, set, to_vec},
};

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
