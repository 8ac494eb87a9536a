//! Networks on libtorch: linear layers, the Nature convolutions, and the contract of a network of one's own.

use std::{fmt::Debug, rc::Rc};

use envs::{DType, Element, NumpyRng};
use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use crate::nn::sparse::SparseRows;

/// The function between linear layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "they name themselves")]
pub enum Activation {
    Tanh,
    Relu,
}

impl Activation {
    fn apply(self, hidden: &Tensor) -> Tensor {
        match self {
            // tanh by the logistic function, within 2e-7: MKL's own tanh takes four times as long where it knows no vector
            // instructions of the processor.
            Self::Tanh => (hidden * 2.0).sigmoid() * 2.0 - 1.0,
            Self::Relu => hidden.relu(),
        }
    }
}

/// A batch of observations as the first layer takes them.
#[derive(Debug)]
pub enum Input {
    /// `(rows, observation_len)`, f32.
    Dense(Tensor),
    /// Rows that are zero nearly everywhere.
    Sparse(Rc<SparseRows>),
}

impl Input {
    /// The batch of these rows, each `observation_len` long. `i8` rows, which are frame differences, become sparse; of
    /// `u8` rows, which are pictures, 255 becomes 1.
    pub fn new<T: Element>(rows: &[T], observation_len: usize) -> Self {
        if T::DTYPE == DType::I8 {
            return Self::Sparse(Rc::new(SparseRows::new(rows, observation_len)));
        }
        Self::Dense(dense(rows, observation_len))
    }

    /// Only the rows with these indices.
    pub fn select(&self, indices: &[i64]) -> Self {
        match self {
            Self::Dense(rows) => {
                Self::Dense(rows.index_select(0, &Tensor::from_slice(indices).to_device(rows.device())))
            }
            Self::Sparse(rows) => Self::Sparse(Rc::new(rows.select(indices))),
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
    /// Linear layers, for which there are shortcuts: acting in plain memory, sparse products.
    Mlp(Rc<Mlp>),
    /// Any other.
    Other(Rc<dyn Network>),
}

impl Net {
    /// `(rows, inputs)` to `(rows, outputs)`.
    pub fn forward(&self, input: &Input) -> Pass {
        match (self, input) {
            (Self::Mlp(mlp), input) => mlp.forward(input),
            (Self::Other(network), Input::Dense(rows)) => Pass { output: network.forward(rows), sparse: None },
            (Self::Other(network), Input::Sparse(rows)) => {
                Pass { output: network.forward(&rows.to_dense()), sparse: None }
            }
        }
    }

    /// The same for rows that are dense for sure, such as what another network gave.
    pub fn forward_dense(&self, rows: &Tensor) -> Tensor {
        match self {
            Self::Mlp(mlp) => mlp.forward_dense(rows),
            Self::Other(network) => network.forward(rows),
        }
    }

    /// The parameters, the first layer's weight and bias first.
    pub fn parameters(&self) -> Vec<&Tensor> {
        match self {
            Self::Mlp(mlp) => mlp.parameters(),
            Self::Other(network) => network.parameters().into_iter().map(|(_, parameter)| parameter).collect(),
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
}

/// A linear layer: `x W + b`.
#[derive(Debug)]
pub struct Linear {
    /// `(inputs, outputs)`: the weights of one input stand together, so that inputs of 0 cost nothing. Files hold the
    /// transpose, as torch.nn has it.
    pub weight: Tensor,
    /// `(outputs)`.
    pub bias: Tensor,
}

impl Linear {
    /// Uniform in ±1/sqrt(inputs), PyTorch's default.
    fn new(inputs: usize, outputs: usize, rng: &mut NumpyRng, device: Device) -> Self {
        let [weight, bias] = [vec![inputs, outputs], vec![outputs]].map(|shape| uniform(&shape, inputs, rng, device));
        Self { weight, bias }
    }

    fn forward(&self, input: &Tensor) -> Tensor {
        self.bias.addmm(input, &self.weight)
    }
}

/// A parameter of this shape, uniform in ±1/sqrt(inputs).
fn uniform(shape: &[usize], inputs: usize, rng: &mut NumpyRng, device: Device) -> Tensor {
    let bound = 1.0 / (inputs as f64).sqrt();
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| rng.uniform(-bound, bound) as f32).collect();
    parameter(&values, shape, device)
}

/// A tensor that gradients are taken by.
pub(crate) fn parameter(values: &[f32], shape: &[usize], device: Device) -> Tensor {
    let shape: Vec<i64> = shape.iter().map(|&n| n as i64).collect();
    Tensor::from_slice(values).view(shape.as_slice()).to_device(device).detach().set_requires_grad(true)
}

/// Linear layers with an activation between them.
#[derive(Debug)]
pub struct Mlp {
    /// The layers in order.
    pub layers: Vec<Linear>,
    /// What stands between them.
    pub activation: Activation,
    /// Whether it stands behind the last layer too, as in a trunk that others build on.
    pub activate_last: bool,
}

impl Mlp {
    /// A network of these layer sizes, inputs first.
    pub fn new(sizes: &[usize], activation: Activation, rng: &mut NumpyRng, device: Device) -> Self {
        let layers = sizes.windows(2).map(|pair| Linear::new(pair[0], pair[1], rng, device)).collect();
        Self { layers, activation, activate_last: false }
    }

    /// `(rows, inputs)` to `(rows, outputs)`.
    pub fn forward(&self, input: &Input) -> Pass {
        match input {
            Input::Dense(rows) => Pass { output: self.forward_dense(rows), sparse: None },
            Input::Sparse(rows) => {
                let Some(first) = self.layers.first() else { return Pass { output: rows.to_dense(), sparse: None } };
                let hidden = rows.affine(&first.weight, &first.bias).set_requires_grad(true);
                let output = self.behind_first(hidden.shallow_clone());
                Pass { output, sparse: Some((Rc::clone(rows), hidden)) }
            }
        }
    }

    /// The same for a tensor.
    pub fn forward_dense(&self, rows: &Tensor) -> Tensor {
        match self.layers.first() {
            Some(first) => self.behind_first(first.forward(rows)),
            None => rows.shallow_clone(),
        }
    }

    fn behind_first(&self, hidden: Tensor) -> Tensor {
        let output =
            self.layers.iter().skip(1).fold(hidden, |hidden, layer| layer.forward(&self.activation.apply(&hidden)));
        if self.activate_last { self.activation.apply(&output) } else { output }
    }

    /// Weight and bias of each layer in order.
    pub fn parameters(&self) -> Vec<&Tensor> {
        self.layers.iter().flat_map(|layer| [&layer.weight, &layer.bias]).collect()
    }

    /// The names count the activations too, as in a torch.nn.Sequential.
    fn named_parameters(&self, prefix: &str) -> Vec<(String, Tensor)> {
        let layers = self.layers.iter().enumerate().flat_map(|(i, layer)| {
            let name = |what| format!("{prefix}.{}.{what}", 2 * i);
            [(name("weight"), layer.weight.tr()), (name("bias"), layer.bias.shallow_clone())]
        });
        layers.collect()
    }
}

/// A forward pass, and what going backward through it needs.
#[derive(Debug)]
pub struct Pass {
    /// `(rows, outputs)`.
    pub output: Tensor,
    /// Where the first layer was a sparse product, which libtorch knows nothing of: its rows and its result.
    sparse: Option<(Rc<SparseRows>, Tensor)>,
}

impl Pass {
    /// The same pass with more behind it.
    pub fn then(self, next: impl FnOnce(&Tensor) -> Tensor) -> Self {
        Self { output: next(&self.output), ..self }
    }

    /// The derivatives of `loss` by the parameters, of which the first two are the first layer's weight and bias.
    pub fn gradients(&self, loss: &Tensor, parameters: &[&Tensor]) -> Vec<Tensor> {
        let Some((rows, hidden)) = &self.sparse else {
            return Tensor::run_backward(&[loss], parameters, false, false);
        };
        let behind = [&[hidden], &parameters[2..]].concat();
        let mut gradients = Tensor::run_backward(&[loss], &behind, false, false);
        let by_hidden = gradients.remove(0);
        let weight = rows.weight_gradient(&by_hidden);
        let bias = by_hidden.sum_dim_intlist(0, false, Kind::Float);
        gradients.splice(0..0, [weight, bias]);
        gradients
    }
}

/// The convolutions of V. Mnih et al., *Human-level control through deep reinforcement learning* (Nature, 2015), with
/// ReLU behind each and behind the 512 units that follow; then linear outputs, where it has any.
#[derive(Debug)]
pub struct NatureCnn {
    /// (channels, rows, columns) of an observation.
    shape: [i64; 3],
    convolutions: Vec<Convolution>,
    /// Weight `(outputs, inputs)` and bias of the linear layers.
    dense: Vec<[Tensor; 2]>,
    /// Whether the last linear layer gives outputs instead of features.
    has_outputs: bool,
}

/// Weight `(outputs, inputs, size, size)`, bias, stride.
#[derive(Debug)]
struct Convolution {
    weight: Tensor,
    bias: Tensor,
    stride: i64,
}

impl NatureCnn {
    /// The units behind the convolutions.
    pub const FEATURES: usize = 512;
    /// Outputs, size and stride of each convolution.
    const CONVOLUTIONS: [(usize, usize, usize); 3] = [(32, 8, 4), (64, 4, 2), (64, 3, 1)];
    /// Rows and columns that every convolution still fits into.
    pub const LEAST_SIDE: usize = 36;

    /// For pictures of this shape, (rows, columns) or (channels, rows, columns), of at least
    /// [`LEAST_SIDE`](Self::LEAST_SIDE) rows and columns. Without `outputs` it ends with its features.
    pub fn new(shape: &[usize], outputs: Option<usize>, rng: &mut NumpyRng, device: Device) -> Self {
        let shape = match *shape {
            [channels, rows, columns] => [channels, rows, columns],
            _ => [1, shape[0], shape[1]],
        };
        let [mut channels, mut rows, mut columns] = shape;
        let convolutions = Self::CONVOLUTIONS.map(|(outputs, size, stride)| {
            let inputs = channels * size * size;
            let weight = uniform(&[outputs, channels, size, size], inputs, rng, device);
            let bias = uniform(&[outputs], inputs, rng, device);
            (channels, rows, columns) = (outputs, (rows - size) / stride + 1, (columns - size) / stride + 1);
            Convolution { weight, bias, stride: stride as i64 }
        });
        let mut sizes = vec![channels * rows * columns, Self::FEATURES];
        sizes.extend(outputs);
        let dense = sizes.windows(2).map(|pair| {
            let (inputs, outputs) = (pair[0], pair[1]);
            [vec![outputs, inputs], vec![outputs]].map(|shape| uniform(&shape, inputs, rng, device))
        });
        let dense = dense.collect();
        Self {
            shape: shape.map(|n| n as i64),
            convolutions: convolutions.into(),
            dense,
            has_outputs: outputs.is_some(),
        }
    }
}

impl Network for NatureCnn {
    fn forward(&self, observations: &Tensor) -> Tensor {
        let [channels, rows, columns] = self.shape;
        let pictures = observations.view([-1, channels, rows, columns]);
        let features = self.convolutions.iter().fold(pictures, |pictures, layer| {
            let stride = [layer.stride; 2];
            pictures.conv2d(&layer.weight, Some(&layer.bias), stride, [0, 0], [1, 1], 1).relu()
        });
        self.dense.iter().enumerate().fold(features.flatten(1, -1), |features, (i, [weight, bias])| {
            let output = features.linear(weight, Some(bias));
            if self.has_outputs && i + 1 == self.dense.len() { output } else { output.relu() }
        })
    }

    /// The names are those of a torch.nn.Sequential of Conv2d, ReLU, ..., Flatten, Linear, ReLU, Linear.
    fn parameters(&self) -> Vec<(String, &Tensor)> {
        let convolutions = self.convolutions.iter().enumerate().flat_map(|(i, layer)| {
            [(format!("{}.weight", 2 * i), &layer.weight), (format!("{}.bias", 2 * i), &layer.bias)]
        });
        let dense = self.dense.iter().enumerate().flat_map(|(i, [weight, bias])| {
            let name = 2 * Self::CONVOLUTIONS.len() + 1 + 2 * i;
            [(format!("{name}.weight"), weight), (format!("{name}.bias"), bias)]
        });
        convolutions.chain(dense).collect()
    }
}
