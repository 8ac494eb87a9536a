//! The actor-critic: policy, value function, and the distribution over actions.

use std::rc::Rc;

use envs::{Element, NumpyRng, Space};
use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use super::{
    input::{Input, dense},
    mlp::{Activation, Mlp},
    network::{Net, Pass},
    normalizer::RunningMoments,
    tensors::{ParameterMut, set, to_f32, to_vec},
    torch::{NatureCnn, TorchMlp},
};

/// The kinds of networks that the trainer makes by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum NetworkKind {
    /// Linear layers.
    #[default]
    Mlp,
    /// The Nature convolutions, for pictures.
    Cnn,
}

/// What the networks are to be like.
#[derive(Clone, Debug)]
pub struct Architecture<'a> {
    /// Linear layers or convolutions.
    pub kind: NetworkKind,
    /// The hidden layers of an MLP.
    pub hidden: &'a [usize],
    /// Between its layers.
    pub activation: Activation,
    /// Whether policy and value function share all layers but their last.
    pub shared_trunk: bool,
    /// Whether there is a value function.
    pub value: bool,
    /// Whether observations are normalised by their running moments.
    pub normalize_observations: bool,
    /// Whether rewards are divided by the running deviation of the return.
    pub normalize_rewards: bool,
    /// Whether the value function gives normalised returns.
    pub normalize_values: bool,
    /// Where the networks compute.
    pub device: Device,
}

/// The policy `pi`, the value function `v`, and all that is saved with them.
///
/// Its [`step`](Self::step), [`act`](Self::act), [`pi`](Self::pi) and [`v`](Self::v) are the contract of Spinning Up's
/// actor-critics. `act` and `predict_values` of other programs are `act` and `v` here.
///
/// ```
/// use envs::Space;
/// use tch::Tensor;
/// use vpg::{ActorCritic, Architecture, stream_rng};
/// let space = Space::discrete(2);
/// let mut rng = stream_rng(0, 0, 0);
/// let policy = ActorCritic::new(&[4], &space, None, &Architecture::mlp(&[64, 64]), &mut rng);
/// let step = policy.step(&[0.0f32, 0.1, 0.0, -0.1], &mut rng);
/// let observations = Tensor::from_slice(&[0.0f32, 0.1, 0.0, -0.1]).view([1, 4]);
/// let (distribution, log_prob) = policy.pi(&observations, Some(&Tensor::from_slice(&[0i64])));
/// assert_eq!(distribution.entropy().size(), [1]);
/// assert!(log_prob.unwrap().double_value(&[0]) < 0.0);
/// assert!((policy.v(&observations).unwrap().double_value(&[0]) - f64::from(step.value.unwrap())).abs() < 1e-6);
/// ```
#[derive(Debug)]
pub struct ActorCritic {
    /// What both build on, where they share layers.
    pub trunk: Option<Net>,
    /// Observation (or the trunk's features) to logits, or to the Gaussian's mean.
    pub pi: Net,
    /// Observation (or the trunk's features) to value.
    pub v: Option<Net>,
    /// The logarithm of the standard deviation of each continuous action, the same for every observation.
    pub log_std: Option<Vec<f32>>,
    /// What observations are normalised with.
    pub observation_moments: Option<RunningMoments>,
    /// Those of the discounted return, by whose deviation rewards are divided.
    pub return_moments: Option<RunningMoments>,
    /// Mean and standard deviation of the returns that the value function gives normalised, `(2)`.
    pub value_scale: Option<Tensor>,
    /// Where the networks compute.
    pub device: Device,
}

/// The distributions over actions for some observations.
#[derive(Debug)]
pub enum Distribution {
    /// The logarithms of the probabilities, `(rows, actions)`.
    Categorical(Tensor),
    /// For continuous actions of `size` numbers.
    Gaussian {
        /// `(rows, size)`.
        mean: Tensor,
        /// The logarithms of the standard deviations, `(size)`.
        log_std: Tensor,
    },
}

impl Distribution {
    /// The one whose probabilities are the softmax of these logits, `(rows, actions)`.
    fn categorical(logits: &Tensor) -> Self {
        Self::Categorical(by_action(logits, |logits, actions| logits.log_softmax(actions, Kind::Float)))
    }

    /// The one with so much more on the logit of action `envs[row]`, modulo their number; a Gaussian stays as it is.
    pub fn leaning(&self, envs: &Tensor, logit: f32) -> Self {
        match self {
            Self::Categorical(log_probs) => {
                let actions = log_probs.size()[1];
                let own = envs.remainder(actions).one_hot(actions).to_kind(Kind::Float);
                Self::categorical(&(log_probs + own * f64::from(logit)))
            }
            Self::Gaussian { mean, log_std } => {
                Self::Gaussian { mean: mean.shallow_clone(), log_std: log_std.shallow_clone() }
            }
        }
    }

    /// The logarithms of the actions' probabilities or densities, `(rows)`.
    pub fn log_prob(&self, actions: &Tensor) -> Tensor {
        match self {
            Self::Categorical(log_probs) => log_probs.gather(1, &actions.unsqueeze(1), false).squeeze_dim(1),
            Self::Gaussian { mean, log_std } => {
                // Not `exp`: libtorch takes MKL's, which may round otherwise on another processor.
                let std = (log_std * std::f64::consts::LOG2_E).exp2();
                let z = (actions - mean) / std;
                let log_density = z.square() * -0.5 - log_std - half_log_tau();
                by_action(&log_density, |density, actions| density.sum_dim_intlist(actions, false, Kind::Float))
            }
        }
    }

    /// In nats, `(rows)`.
    pub fn entropy(&self) -> Tensor {
        match self {
            Self::Categorical(log_probs) => by_action(log_probs, |log_probs, actions| {
                -(log_probs.softmax(actions, Kind::Float) * log_probs).sum_dim_intlist(actions, false, Kind::Float)
            }),
            Self::Gaussian { mean, log_std } => {
                (log_std + (0.5 + half_log_tau())).sum(Kind::Float).expand([mean.size()[0]], false)
            }
        }
    }

    fn log_std(&self) -> Option<&Tensor> {
        match self {
            Self::Categorical(_) => None,
            Self::Gaussian { log_std, .. } => Some(log_std),
        }
    }
}

/// What `compute` makes of `(rows, actions)`, which it is given with the dimension of the actions.
///
/// Along the last dimension libtorch sums as many numbers at once as the processor's vectors hold: eight and more come to
/// other bits on another processor. Along the first one it sums them in turn, as it does fewer than eight; rows are made so
/// many that all vectors are full, since what is left over is computed otherwise.
fn by_action(rows: &Tensor, compute: impl Fn(&Tensor, i64) -> Tensor) -> Tensor {
    const FULL: i64 = 64;
    let (count, actions) = rows.size2().unwrap_or((0, 0));
    if actions < 8 {
        return compute(rows, 1);
    }
    let padded = rows.tr().constant_pad_nd([0, (FULL - count % FULL) % FULL]);
    let result = compute(&padded.contiguous(), 0).narrow(-1, 0, count);
    if result.dim() == 2 { result.tr() } else { result }
}

fn half_log_tau() -> f64 {
    0.5 * std::f64::consts::TAU.ln()
}

impl Architecture<'_> {
    /// Separate networks of linear layers with tanh between them.
    pub fn mlp(hidden: &[usize]) -> Architecture<'_> {
        Architecture {
            kind: NetworkKind::Mlp,
            hidden,
            activation: Activation::Tanh,
            shared_trunk: false,
            value: true,
            normalize_observations: false,
            normalize_rewards: false,
            normalize_values: false,
            device: Device::Cpu,
        }
    }

    /// A network from observations of this shape to so many outputs, or to features where it has none.
    fn network(&self, shape: &[usize], outputs: Option<usize>, rng: &mut NumpyRng) -> Net {
        match self.kind {
            NetworkKind::Cnn => Net::Other(Rc::new(NatureCnn::new(shape, outputs, rng, self.device))),
            NetworkKind::Mlp => {
                let inputs = shape.iter().product();
                let sizes: Vec<usize> =
                    [inputs].into_iter().chain(self.hidden.iter().copied()).chain(outputs).collect();
                self.mlp_of(&sizes, outputs.is_none(), rng)
            }
        }
    }

    /// A last layer on the trunk's features.
    fn head(&self, shape: &[usize], outputs: usize, rng: &mut NumpyRng) -> Net {
        let features = match self.kind {
            NetworkKind::Cnn => NatureCnn::FEATURES,
            NetworkKind::Mlp => self.hidden.last().copied().unwrap_or(shape.iter().product()),
        };
        self.mlp_of(&[features, outputs], false, rng)
    }

    /// Linear layers, on libtorch where the others are, or where the device is none of ours.
    fn mlp_of(&self, sizes: &[usize], activate_last: bool, rng: &mut NumpyRng) -> Net {
        if self.kind == NetworkKind::Cnn || self.device != Device::Cpu {
            return Net::Other(Rc::new(TorchMlp::new(sizes, self.activation, activate_last, rng, self.device)));
        }
        Net::Mlp(Mlp { activate_last, ..Mlp::new(sizes, self.activation, rng) })
    }
}

impl ActorCritic {
    /// Fresh networks for observations of this shape and these actions; with `actions`, how many of the space's actions
    /// the policy chooses from.
    pub fn new(
        shape: &[usize],
        space: &Space,
        actions: Option<usize>,
        architecture: &Architecture<'_>,
        rng: &mut NumpyRng,
    ) -> Self {
        let outputs = actions.unwrap_or(policy_outputs(space).0);
        let trunk = architecture.shared_trunk.then(|| architecture.network(shape, None, rng));
        let mut network = |outputs| match trunk {
            Some(_) => architecture.head(shape, outputs, rng),
            None => architecture.network(shape, Some(outputs), rng),
        };
        let pi = network(outputs);
        let v = architecture.value.then(|| network(1));
        let moments = |wanted: bool, len| wanted.then(|| RunningMoments::new(len));
        let has_scale = architecture.value && architecture.normalize_values;
        Self {
            trunk,
            observation_moments: moments(architecture.normalize_observations, shape.iter().product()),
            return_moments: moments(architecture.normalize_rewards, 1),
            value_scale: has_scale.then(|| Tensor::from_slice(&[0.0f32, 1.0])),
            device: architecture.device,
            ..Self::from_networks(pi, v, space)
        }
    }

    /// A policy and a value function of one's own, for actions of this space.
    pub fn from_networks(pi: Net, v: Option<Net>, space: &Space) -> Self {
        let (outputs, continuous) = policy_outputs(space);
        Self {
            trunk: None,
            pi,
            v,
            log_std: continuous.then(|| vec![0.0; outputs]),
            observation_moments: None,
            return_moments: None,
            value_scale: None,
            device: Device::Cpu,
        }
    }

    /// A batch of observations as the networks take them: normalised, on their device.
    pub fn input<T: Element>(&self, rows: &[T], observation_len: usize) -> Input {
        match (self.first(), &self.observation_moments) {
            (Net::Mlp(_), None) => Input::new(rows, observation_len),
            (Net::Mlp(_), Some(moments)) => {
                let mut values: Vec<f32> = rows.iter().map(|&value| to_f32(value)).collect();
                moments.shift_and_scale().apply(&mut values);
                Input::Rows { values, len: observation_len }
            }
            (Net::Other(_), _) => Input::Tensor(self.normalized(&dense(rows, observation_len))),
        }
    }

    fn normalized(&self, observations: &Tensor) -> Tensor {
        let Some(moments) = &self.observation_moments else { return observations.to_device(self.device) };
        let mut values = to_vec(observations);
        moments.shift_and_scale().apply(&mut values);
        Tensor::from_slice(&values).view(observations.size().as_slice()).to_device(self.device)
    }

    fn first(&self) -> &Net {
        self.trunk.as_ref().unwrap_or(&self.pi)
    }

    /// One pass through the trunk, if there is one, to the policy, and to the value function too where they share it.
    pub fn forward(&self, input: &Input) -> Passes {
        let trunk = self.trunk.as_ref().map(|trunk| trunk.forward(input));
        let features = trunk.as_ref().map(Pass::as_input);
        let head_input = features.as_ref().unwrap_or(input);
        let pi = self.pi.forward(head_input);
        let v = self.v.as_ref().filter(|_| trunk.is_some()).map(|v| v.forward(head_input));
        let log_std = self.log_std.as_ref().map(|log_std| {
            let leaf = Tensor::from_slice(log_std).to_device(self.device);
            leaf.set_requires_grad(true)
        });
        let distribution = match log_std {
            None => Distribution::categorical(&pi.output),
            Some(log_std) => Distribution::Gaussian { mean: pi.output.shallow_clone(), log_std },
        };
        Passes { trunk, features, pi, v, distribution }
    }

    /// The policy's output: logits or means, `(rows, outputs)`.
    pub fn output(&self, input: &Input) -> Tensor {
        self.forward(input).pi.output
    }

    /// The derivatives of a loss of these passes by the parameters of a policy step, in the order of
    /// [`pi_parameters_mut`](Self::pi_parameters_mut).
    pub fn gradients(&self, input: &Input, passes: &Passes, loss: &Tensor) -> Vec<Vec<f32>> {
        let Passes { trunk, features, pi, v, distribution } = passes;
        let trunk = self.trunk.as_ref().zip(trunk.as_ref());
        let v = self.v.as_ref().zip(v.as_ref());
        let mut leaves = match trunk {
            Some((net @ Net::Other(_), pass)) => net.leaves(pass),
            _ => Vec::new(),
        };
        leaves.extend(self.pi.leaves(pi));
        leaves.extend(distribution.log_std());
        leaves.extend(v.iter().flat_map(|(net, pass)| net.leaves(pass)));
        let mut by_leaves = Tensor::run_backward(&[loss], &leaves, false, false).into_iter();

        let mut gradients = match trunk {
            Some((net @ Net::Other(_), pass)) => net.backward(input, pass, &mut by_leaves, false).0,
            _ => Vec::new(),
        };
        let (head_input, by_input) = (features.as_ref().unwrap_or(input), features.is_some());
        let (of_pi, by_features) = self.pi.backward(head_input, pi, &mut by_leaves, by_input);
        let mut heads = of_pi;
        heads.extend(by_leaves.by_ref().take(usize::from(self.log_std.is_some())).map(|gradient| to_vec(&gradient)));
        let mut by_features = by_features.unwrap_or_default();
        if let Some((net, pass)) = v {
            let (of_v, by_them) = net.backward(head_input, pass, &mut by_leaves, by_input);
            heads.extend(of_v);
            by_features.iter_mut().zip(by_them.into_iter().flatten()).for_each(|(sum, gradient)| *sum += gradient);
        }
        if let Some((net @ Net::Mlp(_), pass)) = trunk {
            let by_features = Tensor::from_slice(&by_features);
            gradients.extend(net.backward(input, pass, &mut std::iter::once(by_features), false).0);
        }
        gradients.extend(heads);
        gradients
    }

    /// The output of the value function as it is trained, and what going backward takes, `(rows, 1)`; none where there is
    /// none. A trunk that is shared gets no gradient by it.
    pub fn v_pass(&self, input: &Input) -> Option<Pass> {
        let v = self.v.as_ref()?;
        Some(match self.features(input) {
            None => v.forward(input),
            Some(features) => v.forward(&features),
        })
    }

    /// What a shared trunk gives the heads, without its gradients.
    pub fn features(&self, input: &Input) -> Option<Input> {
        let trunk = self.trunk.as_ref()?;
        let features = tch::no_grad(|| trunk.forward(input)).as_input();
        Some(match features {
            Input::Tensor(features) => Input::Tensor(features.detach()),
            features => features,
        })
    }

    /// The distributions over actions for observations `(rows, observation_len)`, f32, and with `actions` (`(rows)`
    /// indices or `(rows, size)` numbers) the logarithms of their probabilities or densities, `(rows)`. Gradients flow to
    /// networks of libtorch, not to linear layers on the CPU, which have their own.
    pub fn pi(&self, observations: &Tensor, actions: Option<&Tensor>) -> (Distribution, Option<Tensor>) {
        let distribution = self.forward(&Input::Tensor(self.normalized(observations))).distribution;
        let log_prob = actions.map(|actions| distribution.log_prob(&actions.to_device(self.device)));
        (distribution, log_prob)
    }

    /// The values of observations `(rows, observation_len)`, f32: `(rows)`; none where there is no value function.
    pub fn v(&self, observations: &Tensor) -> Option<Tensor> {
        let input = Input::Tensor(self.normalized(observations));
        let values = self.v_pass(&input)?.output.squeeze_dim(-1);
        Some(match &self.value_scale {
            None => values,
            Some(scale) => values * scale.double_value(&[1]) + scale.double_value(&[0]),
        })
    }

    /// The parameters of a policy step: the trunk's, those of `pi`, then `log_std` if there is one. Where the trunk is
    /// shared, those of `v` too.
    pub fn pi_parameters_mut(&mut self) -> Vec<ParameterMut<'_>> {
        let v = self.v.as_mut().filter(|_| self.trunk.is_some());
        let networks = self.trunk.iter_mut().chain([&mut self.pi]).flat_map(Net::parameters_mut);
        let log_std = self.log_std.iter_mut().map(|log_std| ParameterMut::Plain(log_std));
        networks.chain(log_std).chain(v.into_iter().flat_map(Net::parameters_mut)).collect()
    }

    /// The parameters of `v`, without those of a shared trunk.
    pub fn v_parameters_mut(&mut self) -> Vec<ParameterMut<'_>> {
        self.v.iter_mut().flat_map(Net::parameters_mut).collect()
    }

    /// Every parameter and running moment, to be changed in place.
    pub fn all_mut(&mut self) -> Vec<ParameterMut<'_>> {
        let networks = self.trunk.iter_mut().chain([&mut self.pi]).chain(&mut self.v).flat_map(Net::parameters_mut);
        let log_std = self.log_std.iter_mut().map(|log_std| ParameterMut::Plain(log_std));
        let moments = self.observation_moments.iter().chain(&self.return_moments).flat_map(RunningMoments::tensors);
        let tensors = moments.chain(&self.value_scale).map(ParameterMut::Tensor);
        networks.chain(log_std).chain(tensors).collect()
    }

    /// Every parameter with its name in a torch.nn module, where a Sequential of Linear, activation, Linear, ... counts
    /// the activations too, and in that module's layout; then the running moments, which no gradient moves.
    pub fn named_parameters(&self) -> Vec<(String, Tensor)> {
        let networks = [("trunk", self.trunk.as_ref()), ("pi", Some(&self.pi)), ("v", self.v.as_ref())];
        let mut named: Vec<_> =
            networks.iter().flat_map(|(prefix, net)| net.iter().flat_map(|net| net.named_parameters(prefix))).collect();
        named.extend(self.log_std.iter().map(|log_std| ("log_std".to_owned(), Tensor::from_slice(log_std))));
        named.extend(self.observation_moments.iter().flat_map(|moments| moments.named("observation")));
        named.extend(self.return_moments.iter().flat_map(|moments| moments.named("return")));
        named.extend(self.value_scale.iter().map(|scale| ("value_scale".to_owned(), scale.shallow_clone())));
        named
    }

    /// Takes the values of all [`named_parameters`](Self::named_parameters), in their order and layout.
    pub fn load(&mut self, values: Vec<Vec<f32>>) {
        let mut values = values.into_iter();
        for net in self.trunk.iter_mut().chain([&mut self.pi]).chain(&mut self.v) {
            net.load(&mut values);
        }
        if let Some(log_std) = &mut self.log_std {
            *log_std = values.next().unwrap_or_default();
        }
        let moments = self.observation_moments.iter().chain(&self.return_moments).flat_map(RunningMoments::tensors);
        moments.chain(&self.value_scale).zip(values).for_each(|(tensor, values)| set(tensor, &values));
    }
}

/// The passes of a policy step.
#[derive(Debug)]
pub struct Passes {
    trunk: Option<Pass>,
    /// What the trunk gave the heads.
    features: Option<Input>,
    pi: Pass,
    /// Where the trunk is shared.
    pub v: Option<Pass>,
    /// What the policy's output stands for.
    pub distribution: Distribution,
}

/// How many outputs a policy has for this action space, and whether they are continuous.
pub fn policy_outputs(space: &Space) -> (usize, bool) {
    match space {
        Space::Discrete(space) => (space.n as usize, false),
        Space::Box(_) => (space.size(), true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_actions_have_the_probabilities_entropy_and_gradients_of_softmax() {
        let on_cpu = (Kind::Float, Device::Cpu);
        for (rows, actions) in [(1, 8), (37, 18), (64, 9), (5, 3)] {
            tch::manual_seed(1);
            let logits = Tensor::randn([rows, actions], on_cpu).set_requires_grad(true);
            let taken = Tensor::randint(actions, [rows], (Kind::Int64, Device::Cpu));
            let distribution = Distribution::categorical(&logits);
            let log_probs = logits.log_softmax(-1, Kind::Float);
            let expected = [
                log_probs.gather(1, &taken.unsqueeze(1), false).squeeze_dim(1),
                -(log_probs.exp() * &log_probs).sum_dim_intlist(1, false, Kind::Float),
            ];
            for (ours, theirs) in [distribution.log_prob(&taken), distribution.entropy()].iter().zip(&expected) {
                let gradient = |of: &Tensor| Tensor::run_backward(&[of.sum(Kind::Float)], &[&logits], true, false);
                let differences = [ours - theirs, &gradient(ours)[0] - &gradient(theirs)[0]];
                assert_eq!(ours.size(), [rows]);
                assert!(differences.iter().all(|difference| difference.abs().max().double_value(&[]) < 1e-5));
            }
        }
    }
}
