//! Linear layers in plain memory, with kernels of our own: the same bits on every processor, and no copies.

use envs::{Element, NumpyRng};
use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::{
    input::Input,
    kernels::{Matrix, add_product, add_scaled, tanh, transposed},
    simd::Level,
    sparse::{SparseRows, for_each_nonzero},
    tensors::{ParameterMut, to_vec},
};

/// A linear layer: `x W + b`.
#[derive(Clone, Debug, PartialEq)]
pub struct Linear {
    /// `(inputs, outputs)`: the weights of one input stand together, so that inputs of 0 cost nothing. Files hold the
    /// transpose, as torch.nn has it.
    pub weight: Vec<f32>,
    /// `(outputs)`.
    pub bias: Vec<f32>,
}

impl Linear {
    /// Uniform in ±1/sqrt(inputs), PyTorch's default.
    pub fn new(inputs: usize, outputs: usize, rng: &mut NumpyRng) -> Self {
        let [weight, bias] = [inputs * outputs, outputs].map(|count| uniform(count, inputs, rng));
        Self { weight, bias }
    }

    /// How many numbers it takes.
    pub fn inputs(&self) -> usize {
        self.weight.len() / self.bias.len()
    }

    /// Weight and bias, to be changed in place.
    pub fn parameters_mut(&mut self) -> [ParameterMut<'_>; 2] {
        [ParameterMut::Plain(&mut self.weight), ParameterMut::Plain(&mut self.bias)]
    }

    /// `(rows, inputs)` to `(rows, outputs)`.
    pub fn forward(&self, rows: &[f32], output: &mut Vec<f32>) {
        self.start(rows.len() / self.inputs(), output);
        add_product(Level::detected(), Matrix::Rows(rows, self.inputs()), &self.weight, self.bias.len(), output);
    }

    fn forward_sparse(&self, rows: &SparseRows, output: &mut Vec<f32>) {
        self.start(rows.len(), output);
        rows.add_product(&self.weight, self.bias.len(), output);
    }

    /// [`forward`](Self::forward) for rows of this length that are zero nearly everywhere; what it gives for
    /// [`SparseRows`], bit for bit.
    pub fn forward_nonzero<T: Element>(&self, rows: &[T], len: usize, output: &mut Vec<f32>) {
        self.start(rows.len() / len, output);
        Level::detected().run(
            #[inline(always)]
            || {
                let outputs = self.bias.len();
                for (row, sums) in rows.chunks_exact(len).zip(output.chunks_exact_mut(outputs)) {
                    for_each_nonzero(
                        row,
                        #[inline(always)]
                        |index, value| add_scaled(sums, &self.weight[index * outputs..], value),
                    );
                }
            },
        );
    }

    /// The sums that the products are added to.
    fn start(&self, rows: usize, output: &mut Vec<f32>) {
        output.clear();
        (0..rows).for_each(|_| output.extend_from_slice(&self.bias));
    }
}

/// Numbers that are uniform in ±1/sqrt(inputs).
pub(super) fn uniform(count: usize, inputs: usize, rng: &mut NumpyRng) -> Vec<f32> {
    let bound = 1.0 / (inputs as f64).sqrt();
    (0..count).map(|_| rng.uniform(-bound, bound) as f32).collect()
}

/// Linear layers with an activation between them.
///
/// ```
/// use vpg::{Activation, Input, Mlp, stream_rng};
///
/// let network = Mlp::new(&[4, 32, 2], Activation::Tanh, &mut stream_rng(0, 0, 0));
/// let rows: [f32; 12] = [0.1; 12]; // three rows of four numbers
/// assert_eq!(network.forward(&Input::new(&rows, 4)).output().len(), 3 * 2);
/// ```
#[derive(Clone, Debug)]
pub struct Mlp {
    /// The layers in order; one at least.
    pub layers: Vec<Linear>,
    /// What stands between them.
    pub activation: Activation,
    /// Whether it stands after the last layer too, as in a trunk that others build on.
    pub activate_last: bool,
}

/// What each layer gave, activated, for some rows: what going backward needs.
#[derive(Debug)]
pub struct Tape {
    outputs: Vec<Vec<f32>>,
}

impl Tape {
    /// What the last layer gave, `(rows, outputs)`.
    pub fn output(&self) -> &[f32] {
        self.outputs.last().map_or(&[], Vec::as_slice)
    }
}

impl Mlp {
    /// A network of these layer sizes, inputs first.
    pub fn new(sizes: &[usize], activation: Activation, rng: &mut NumpyRng) -> Self {
        let layers = sizes.windows(2).map(|pair| Linear::new(pair[0], pair[1], rng)).collect();
        Self { layers, activation, activate_last: false }
    }

    /// How many numbers a row of the output has.
    pub fn outputs(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.bias.len())
    }

    /// `(rows, inputs)` to `(rows, outputs)`.
    pub fn forward(&self, input: &Input) -> Tape {
        let mut tape = Tape { outputs: Vec::with_capacity(self.layers.len()) };
        for (layer, activation) in self.activated_layers() {
            let mut output = Vec::new();
            match (tape.outputs.last(), input) {
                (Some(rows), _) => layer.forward(rows, &mut output),
                (None, Input::Rows { values, .. }) => layer.forward(values, &mut output),
                (None, Input::Sparse(rows)) => layer.forward_sparse(rows, &mut output),
                (None, Input::Tensor(rows)) => layer.forward(&to_vec(rows), &mut output),
            }
            activation.iter().for_each(|activation| activation.apply(&mut output));
            tape.outputs.push(output);
        }
        tape
    }

    /// The layers in order, with what stands after each.
    pub fn activated_layers(&self) -> impl Iterator<Item = (&Linear, Option<Activation>)> {
        let last = self.layers.len() - 1;
        let activation = move |i| (i < last || self.activate_last).then_some(self.activation);
        self.layers.iter().enumerate().map(move |(i, layer)| (layer, activation(i)))
    }

    /// The names count the activations too, as in a torch.nn.Sequential.
    pub fn named_parameters(&self, prefix: &str) -> Vec<(String, Tensor)> {
        let layers = self.layers.iter().enumerate().flat_map(|(i, layer)| {
            let name = |what| format!("{prefix}.{}.{what}", 2 * i);
            let weight = transposed(&layer.weight, layer.bias.len());
            let shape = [layer.bias.len() as i64, layer.inputs() as i64];
            let weight = Tensor::from_slice(&weight).view(shape);
            [(name("weight"), weight), (name("bias"), Tensor::from_slice(&layer.bias))]
        });
        layers.collect()
    }

    /// Takes weights and biases in the layout of files, in order.
    pub fn load(&mut self, parameters: &mut impl Iterator<Item = Vec<f32>>) {
        for layer in &mut self.layers {
            let inputs = layer.inputs();
            layer.weight = parameters.next().map_or_else(Vec::new, |weight| transposed(&weight, inputs));
            layer.bias = parameters.next().unwrap_or_default();
        }
    }

    /// From the derivatives of a loss by the output, `(rows, outputs)`, those by weight and bias of each layer in order,
    /// and those by the input if they are wanted.
    pub fn backward(
        &self,
        input: &Input,
        tape: &Tape,
        mut gradient: Vec<f32>,
        by_input: bool,
    ) -> (Vec<Vec<f32>>, Option<Vec<f32>>) {
        let level = Level::detected();
        let mut gradients = Vec::with_capacity(2 * self.layers.len());
        let layers: Vec<_> = self.activated_layers().collect();
        for (i, (layer, activation)) in layers.into_iter().enumerate().rev() {
            activation.iter().for_each(|activation| activation.go_backward(&tape.outputs[i], &mut gradient));
            let outputs = layer.bias.len();
            let mut bias = vec![0.0; outputs];
            let ones = vec![1.0; gradient.len() / outputs];
            add_product(level, Matrix::Rows(&ones, ones.len()), &gradient, outputs, &mut bias);
            let dense = |rows: &[f32]| {
                let (inputs, mut weight) = (layer.inputs(), vec![0.0; layer.weight.len()]);
                if outputs < inputs {
                    add_product(level, Matrix::Columns(&gradient, outputs), rows, inputs, &mut weight);
                    transposed(&weight, inputs)
                } else {
                    add_product(level, Matrix::Columns(rows, inputs), &gradient, outputs, &mut weight);
                    weight
                }
            };
            let weight = match (i.checked_sub(1), input) {
                (Some(before), _) => dense(&tape.outputs[before]),
                (None, Input::Rows { values, .. }) => dense(values),
                (None, Input::Sparse(rows)) => rows.weight_gradient(&gradient, outputs),
                (None, Input::Tensor(rows)) => dense(&to_vec(rows)),
            };
            gradients.extend([bias, weight]);
            if i > 0 || by_input {
                let mut by_rows = vec![0.0; gradient.len() / outputs * layer.inputs()];
                let weight = transposed(&layer.weight, outputs);
                add_product(level, Matrix::Rows(&gradient, outputs), &weight, layer.inputs(), &mut by_rows);
                gradient = by_rows;
            }
        }
        gradients.reverse();
        (gradients, by_input.then_some(gradient))
    }
}

/// The function between linear layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Activation {
    /// The hyperbolic tangent.
    Tanh,
    /// The greater of x and 0.
    Relu,
}

impl Activation {
    /// Of each number, in place.
    pub fn apply(self, values: &mut [f32]) {
        match self {
            Self::Tanh => tanh(Level::detected(), values),
            Self::Relu => values.iter_mut().for_each(|x| *x = x.max(0.0)),
        }
    }

    /// From the derivatives by the activated values to those by the values before it.
    fn go_backward(self, activated: &[f32], gradient: &mut [f32]) {
        let pairs = gradient.iter_mut().zip(activated);
        match self {
            Self::Tanh => pairs.for_each(|(gradient, y)| *gradient *= 1.0 - y * y),
            Self::Relu => pairs.for_each(|(gradient, y)| *gradient = if *y > 0.0 { *gradient } else { 0.0 }),
        }
    }
}
