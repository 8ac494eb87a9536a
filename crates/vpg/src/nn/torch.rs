//! Networks on libtorch: linear layers for devices other than the CPU, and the Nature convolutions.

use envs::NumpyRng;
use tch::{Device, Tensor};

use super::{
    mlp::{Activation, uniform},
    network::Network,
};

/// A parameter of this shape, uniform in ±1/sqrt(inputs).
fn parameter(shape: &[usize], inputs: usize, rng: &mut NumpyRng, device: Device) -> Tensor {
    let values = uniform(shape.iter().product(), inputs, rng);
    let shape: Vec<i64> = shape.iter().map(|&n| n as i64).collect();
    Tensor::from_slice(&values).view(shape.as_slice()).to_device(device).set_requires_grad(true)
}

/// Linear layers with an activation between them: [`Mlp`](super::mlp::Mlp) for any device.
#[derive(Debug)]
pub struct TorchMlp {
    /// Weight `(outputs, inputs)` and bias of each layer.
    layers: Vec<[Tensor; 2]>,
    activation: Activation,
    /// Whether it stands after the last layer too.
    activate_last: bool,
}

impl TorchMlp {
    /// A network of these layer sizes, inputs first.
    pub fn new(
        sizes: &[usize],
        activation: Activation,
        activate_last: bool,
        rng: &mut NumpyRng,
        device: Device,
    ) -> Self {
        let layers = sizes
            .windows(2)
            .map(|pair| [vec![pair[1], pair[0]], vec![pair[1]]].map(|shape| parameter(&shape, pair[0], rng, device)));
        Self { layers: layers.collect(), activation, activate_last }
    }
}

/// The parameters of layers that stand in a torch.nn.Sequential from this place on, each before an activation.
fn named(layers: &[[Tensor; 2]], first: usize) -> impl Iterator<Item = (String, &Tensor)> {
    layers
        .iter()
        .zip((first..).step_by(2))
        .flat_map(|([weight, bias], place)| [(format!("{place}.weight"), weight), (format!("{place}.bias"), bias)])
}

impl Network for TorchMlp {
    fn forward(&self, observations: &Tensor) -> Tensor {
        let activate = |hidden: Tensor| match self.activation {
            Activation::Tanh => hidden.tanh(),
            Activation::Relu => hidden.relu(),
        };
        let last = self.layers.len() - 1;
        self.layers.iter().enumerate().fold(observations.shallow_clone(), |hidden, (i, [weight, bias])| {
            let output = hidden.linear(weight, Some(bias));
            if i < last || self.activate_last { activate(output) } else { output }
        })
    }

    fn parameters(&self) -> Vec<(String, &Tensor)> {
        named(&self.layers, 0).collect()
    }
}

/// The convolutions of V. Mnih et al., *Human-level control through deep reinforcement learning* (Nature, 2015), with
/// ReLU after each and after the 512 units that follow; then linear outputs, where it has any.
#[derive(Debug)]
pub struct NatureCnn {
    /// (channels, rows, columns) of an observation.
    shape: [i64; 3],
    /// Weight `(outputs, inputs, size, size)` and bias of each.
    convolutions: [[Tensor; 2]; 3],
    dense: TorchMlp,
}

impl NatureCnn {
    /// The units after the convolutions.
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
            let layer = [vec![outputs, channels, size, size], vec![outputs]];
            (channels, rows, columns) = (outputs, (rows - size) / stride + 1, (columns - size) / stride + 1);
            layer.map(|shape| parameter(&shape, inputs, rng, device))
        });
        let sizes: Vec<usize> = [channels * rows * columns, Self::FEATURES].into_iter().chain(outputs).collect();
        let dense = TorchMlp::new(&sizes, Activation::Relu, outputs.is_none(), rng, device);
        Self { shape: shape.map(|n| n as i64), convolutions, dense }
    }
}

impl Network for NatureCnn {
    fn forward(&self, observations: &Tensor) -> Tensor {
        let [channels, rows, columns] = self.shape;
        let pictures = observations.view([-1, channels, rows, columns]);
        let layers = self.convolutions.iter().zip(Self::CONVOLUTIONS);
        let features = layers.fold(pictures, |pictures, ([weight, bias], (.., stride))| {
            pictures.conv2d(weight, Some(bias), [stride as i64; 2], [0, 0], [1, 1], 1).relu()
        });
        self.dense.forward(&features.flatten(1, -1))
    }

    /// The names are those of a torch.nn.Sequential of Conv2d, ReLU, ..., Flatten, Linear, ReLU, Linear.
    fn parameters(&self) -> Vec<(String, &Tensor)> {
        let first_dense = 2 * Self::CONVOLUTIONS.len() + 1;
        named(&self.convolutions, 0).chain(named(&self.dense.layers, first_dense)).collect()
    }
}
