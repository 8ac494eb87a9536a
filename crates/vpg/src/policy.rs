//! The networks on libtorch: policy, value function, and the distribution over actions.

use envs::{DType, Element, NumpyRng, Space};
use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use crate::{rollout::ActionRows, sparse::SparseRows};

/// The function between linear layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "they name themselves")]
pub enum Activation {
    Tanh,
    Relu,
}

/// A batch of observations as the first layer takes them.
#[derive(Debug)]
pub enum Input {
    /// `(rows, observation_len)`, f32.
    Dense(Tensor),
    /// Rows that are zero nearly everywhere.
    Sparse(SparseRows),
}

impl Input {
    /// The batch of these rows, each `observation_len` long. `i8` rows, which are frame differences, become sparse.
    pub fn new<T: Element>(rows: &[T], observation_len: usize) -> Self {
        if T::DTYPE == DType::I8 {
            return Self::Sparse(SparseRows::new(rows, observation_len));
        }
        let values: Vec<f32> = rows.iter().map(|value| value.to_f64() as f32).collect();
        Self::Dense(Tensor::from_slice(&values).view([-1, observation_len as i64]))
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
    fn new(inputs: usize, outputs: usize, rng: &mut NumpyRng) -> Self {
        let bound = 1.0 / (inputs as f64).sqrt();
        let mut uniform = |shape: &[usize]| {
            let values: Vec<f32> = (0..shape.iter().product()).map(|_| rng.uniform(-bound, bound) as f32).collect();
            parameter(&values, shape)
        };
        Self { weight: uniform(&[inputs, outputs]), bias: uniform(&[outputs]) }
    }

    fn forward(&self, input: &Tensor) -> Tensor {
        self.bias.addmm(input, &self.weight)
    }
}

fn parameter(values: &[f32], shape: &[usize]) -> Tensor {
    let shape: Vec<i64> = shape.iter().map(|&n| n as i64).collect();
    Tensor::from_slice(values).view(shape.as_slice()).detach().set_requires_grad(true)
}

/// Linear layers with an activation between them.
#[derive(Debug)]
pub struct Mlp {
    /// The layers in order.
    pub layers: Vec<Linear>,
    /// What stands between them.
    pub activation: Activation,
}

impl Mlp {
    /// A network of these layer sizes, inputs first.
    pub fn new(sizes: &[usize], activation: Activation, rng: &mut NumpyRng) -> Self {
        let layers = sizes.windows(2).map(|pair| Linear::new(pair[0], pair[1], rng)).collect();
        Self { layers, activation }
    }

    /// `(rows, inputs)` to `(rows, outputs)`.
    pub fn forward<'a>(&self, input: &'a Input) -> Pass<'a> {
        let (first, rest) = self.layers.split_first().expect("a network has a layer");
        let (hidden, sparse) = match input {
            Input::Dense(rows) => (first.forward(rows), None),
            Input::Sparse(rows) => {
                let hidden = rows.affine(&first.weight, &first.bias).set_requires_grad(true);
                (hidden.shallow_clone(), Some((rows, hidden)))
            }
        };
        let output = rest.iter().fold(hidden, |hidden, layer| {
            layer.forward(&match self.activation {
                Activation::Tanh => hidden.tanh(),
                Activation::Relu => hidden.relu(),
            })
        });
        Pass { output, sparse }
    }

    /// Weight and bias of each layer in order.
    pub fn parameters(&self) -> Vec<&Tensor> {
        self.layers.iter().flat_map(|layer| [&layer.weight, &layer.bias]).collect()
    }
}

/// A forward pass, and what going backward through it needs.
#[derive(Debug)]
pub struct Pass<'a> {
    /// `(rows, outputs)`.
    pub output: Tensor,
    /// Where the first layer was a sparse product, which libtorch knows nothing of: its rows and its result.
    sparse: Option<(&'a SparseRows, Tensor)>,
}

impl Pass<'_> {
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

/// The policy `pi`, the value function `v`, and the Gaussian's `log_std` where actions are continuous.
#[derive(Debug)]
pub struct ActorCritic {
    /// Observation to logits, or to the Gaussian's mean.
    pub pi: Mlp,
    /// Observation to value.
    pub v: Mlp,
    /// The logarithm of the standard deviation of each continuous action, the same for every observation.
    pub log_std: Option<Tensor>,
}

impl ActorCritic {
    /// Fresh networks with these hidden layers. `outputs` is the number of discrete actions or of numbers in a
    /// continuous one.
    pub fn new(
        observation_len: usize,
        hidden: &[usize],
        outputs: usize,
        continuous: bool,
        activation: Activation,
        rng: &mut NumpyRng,
    ) -> Self {
        let sizes = |outputs| [&[observation_len], hidden, &[outputs]].concat();
        Self {
            pi: Mlp::new(&sizes(outputs), activation, rng),
            v: Mlp::new(&sizes(1), activation, rng),
            log_std: continuous.then(|| parameter(&vec![0.0; outputs], &[outputs])),
        }
    }

    /// The logarithms of the actions' probabilities (or densities) and the distributions' entropies, `(rows)` each,
    /// from the output of `pi`.
    pub fn log_prob_and_entropy(&self, output: &Tensor, actions: &Tensor) -> (Tensor, Tensor) {
        match &self.log_std {
            None => {
                let log_probs = output.log_softmax(-1, Kind::Float);
                let log_prob = log_probs.gather(1, &actions.unsqueeze(1), false).squeeze_dim(1);
                let entropy = -(log_probs.exp() * log_probs).sum_dim_intlist(1, false, Kind::Float);
                (log_prob, entropy)
            }
            Some(log_std) => {
                let half_log_tau = 0.5 * std::f64::consts::TAU.ln();
                let z = (actions - output) / log_std.exp();
                let log_density = z.square() * -0.5 - log_std - half_log_tau;
                let entropy = (log_std + (0.5 + half_log_tau)).sum(Kind::Float).expand([actions.size()[0]], false);
                (log_density.sum_dim_intlist(1, false, Kind::Float), entropy)
            }
        }
    }

    /// The policy's parameters: those of `pi`, then `log_std` if there is one.
    pub fn pi_parameters(&self) -> Vec<&Tensor> {
        self.pi.parameters().into_iter().chain(&self.log_std).collect()
    }

    /// Every parameter with its name in a torch.nn module, where a Sequential of Linear, activation, Linear, ... counts
    /// the activations too, and in that module's layout.
    pub fn named_parameters(&self) -> Vec<(String, Tensor)> {
        let mut named = Vec::new();
        for (prefix, network) in [("pi", &self.pi), ("v", &self.v)] {
            for (i, layer) in network.layers.iter().enumerate() {
                named.push((format!("{prefix}.{}.weight", 2 * i), layer.weight.tr()));
                named.push((format!("{prefix}.{}.bias", 2 * i), layer.bias.shallow_clone()));
            }
        }
        named.extend(self.log_std.iter().map(|log_std| ("log_std".to_owned(), log_std.shallow_clone())));
        named
    }
}

/// The actions of a rollout as the loss takes them: `(rows)` i64 or `(rows, size)` f32.
pub fn action_tensor(actions: &ActionRows) -> Tensor {
    match actions {
        ActionRows::Discrete(indices) => Tensor::from_slice(indices),
        ActionRows::Continuous { size, values } => {
            Tensor::from_slice(values).to_kind(Kind::Float).view([-1, *size as i64])
        }
    }
}

/// How many outputs a policy has for this action space, and whether they are continuous.
pub fn policy_outputs(space: &Space) -> (usize, bool) {
    match space {
        Space::Discrete(space) => (space.n as usize, false),
        Space::Box(_) => (space.size(), true),
    }
}
