//! The actor-critic: policy, value function, and the distribution over actions.

use std::rc::Rc;

use envs::{DType, Element, NumpyRng, Space};
use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

pub use crate::nn::network::{Activation, Input, Mlp, NatureCnn, Net, Network, Pass};
use crate::{
    collect::actor::Actor,
    collect::rollout::ActionRows,
    nn::network::{dense, parameter},
    nn::normalizer::RunningMoments,
    nn::tensors::to_vec,
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
/// use vpg::{collect::actor::stream_rng, nn::policy::{ActorCritic, Architecture}};
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
    pub log_std: Option<Tensor>,
    /// What observations are normalised with.
    pub observation_moments: Option<RunningMoments>,
    /// Those of the discounted return, by whose deviation rewards are divided.
    pub return_moments: Option<RunningMoments>,
    /// Mean and standard deviation of the returns that the value function gives normalised, `(2)`.
    pub value_scale: Option<Tensor>,
    /// Where the networks compute.
    pub device: Device,
}

/// What [`ActorCritic::step`] chose for an observation.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// An index into the policy's outputs, or the numbers of a continuous action.
    pub action: ActionRows,
    /// The observation's value, where there is a value function.
    pub value: Option<f32>,
    /// The logarithm of the action's probability or density.
    pub log_prob: f32,
}

/// The distributions over actions for some observations.
#[derive(Debug)]
pub enum Distribution {
    /// The logarithms of the probabilities, `(rows, actions)`.
    Categorical(Tensor),
    /// Means, `(rows, size)`, and the logarithms of the standard deviations, `(size)`.
    #[allow(missing_docs, reason = "they name themselves")]
    Gaussian { mean: Tensor, log_std: Tensor },
}

impl Distribution {
    /// The logarithms of the actions' probabilities or densities, `(rows)`.
    pub fn log_prob(&self, actions: &Tensor) -> Tensor {
        match self {
            Self::Categorical(log_probs) => log_probs.gather(1, &actions.unsqueeze(1), false).squeeze_dim(1),
            Self::Gaussian { mean, log_std } => {
                let z = (actions - mean) / log_std.exp();
                let log_density = z.square() * -0.5 - log_std - half_log_tau();
                log_density.sum_dim_intlist(1, false, Kind::Float)
            }
        }
    }

    /// In nats, `(rows)`.
    pub fn entropy(&self) -> Tensor {
        match self {
            Self::Categorical(log_probs) => -(log_probs.exp() * log_probs).sum_dim_intlist(1, false, Kind::Float),
            Self::Gaussian { mean, log_std } => {
                (log_std + (0.5 + half_log_tau())).sum(Kind::Float).expand([mean.size()[0]], false)
            }
        }
    }

    /// The most likely actions: `(rows)` indices or `(rows, size)` numbers.
    pub fn mode(&self) -> Tensor {
        match self {
            Self::Categorical(log_probs) => log_probs.argmax(-1, false),
            Self::Gaussian { mean, .. } => mean.shallow_clone(),
        }
    }
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
                let mut mlp = Mlp::new(&sizes, self.activation, rng, self.device);
                mlp.activate_last = outputs.is_none();
                Net::Mlp(Rc::new(mlp))
            }
        }
    }

    /// A last layer on the trunk's features.
    fn head(&self, shape: &[usize], outputs: usize, rng: &mut NumpyRng) -> Net {
        let features = match self.kind {
            NetworkKind::Cnn => NatureCnn::FEATURES,
            NetworkKind::Mlp => self.hidden.last().copied().unwrap_or(shape.iter().product()),
        };
        Net::Mlp(Rc::new(Mlp::new(&[features, outputs], self.activation, rng, self.device)))
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
        let (outputs, continuous) = policy_outputs(space);
        let outputs = actions.unwrap_or(outputs);
        let trunk = architecture.shared_trunk.then(|| architecture.network(shape, None, rng));
        let mut network = |outputs| match trunk {
            Some(_) => architecture.head(shape, outputs, rng),
            None => architecture.network(shape, Some(outputs), rng),
        };
        let pi = network(outputs);
        let v = architecture.value.then(|| network(1));
        let log_std = continuous.then(|| parameter(&vec![0.0; outputs], &[outputs], architecture.device));
        let value_scale =
            (architecture.value && architecture.normalize_values).then(|| Tensor::from_slice(&[0.0f32, 1.0]));
        Self {
            trunk,
            pi,
            v,
            log_std,
            observation_moments: architecture
                .normalize_observations
                .then(|| RunningMoments::new(shape.iter().product())),
            return_moments: architecture.normalize_rewards.then(|| RunningMoments::new(1)),
            value_scale,
            device: architecture.device,
        }
    }

    /// A policy and a value function of one's own, for actions of this space.
    pub fn from_networks(pi: Net, v: Option<Net>, space: &Space) -> Self {
        let (outputs, continuous) = policy_outputs(space);
        let log_std = continuous.then(|| parameter(&vec![0.0; outputs], &[outputs], Device::Cpu));
        let (observation_moments, return_moments) = (None, None);
        Self {
            trunk: None,
            pi,
            v,
            log_std,
            observation_moments,
            return_moments,
            value_scale: None,
            device: Device::Cpu,
        }
    }

    /// A batch of observations as the networks take them: normalised, on their device.
    pub fn input<T: Element>(&self, rows: &[T], observation_len: usize) -> Input {
        let sparse = T::DTYPE == DType::I8 && self.device == Device::Cpu && matches!(self.first(), Net::Mlp(_));
        match &self.observation_moments {
            None if sparse => Input::new(rows, observation_len),
            None => Input::Dense(dense(rows, observation_len).to_device(self.device)),
            Some(_) => Input::Dense(self.normalized(&dense(rows, observation_len)).to_device(self.device)),
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

    /// The output of the policy: logits or means, `(rows, outputs)`.
    pub fn pi_pass(&self, input: &Input) -> Pass {
        match &self.trunk {
            None => self.pi.forward(input),
            Some(trunk) => trunk.forward(input).then(|features| self.pi.forward_dense(features)),
        }
    }

    /// The output of the value function as it is trained, `(rows, 1)`; none where there is none.
    pub fn v_pass(&self, input: &Input) -> Option<Pass> {
        let v = self.v.as_ref()?;
        Some(match &self.trunk {
            None => v.forward(input),
            Some(trunk) => trunk.forward(input).then(|features| v.forward_dense(features)),
        })
    }

    /// One pass through the trunk to both: the policy's pass, and the value function's output.
    pub fn both_pass(&self, input: &Input) -> Option<(Pass, Tensor)> {
        let (trunk, v) = (self.trunk.as_ref()?, self.v.as_ref()?);
        let features = trunk.forward(input);
        let values = v.forward_dense(&features.output);
        Some((features.then(|features| self.pi.forward_dense(features)), values))
    }

    /// The distribution that an output of the policy stands for.
    pub fn distribution(&self, output: &Tensor) -> Distribution {
        match &self.log_std {
            None => Distribution::Categorical(output.log_softmax(-1, Kind::Float)),
            Some(log_std) => Distribution::Gaussian { mean: output.shallow_clone(), log_std: log_std.shallow_clone() },
        }
    }

    /// The distributions over actions for observations `(rows, observation_len)`, f32, and with `actions` (`(rows)`
    /// indices or `(rows, size)` numbers) the logarithms of their probabilities or densities, `(rows)`. Gradients flow.
    pub fn pi(&self, observations: &Tensor, actions: Option<&Tensor>) -> (Distribution, Option<Tensor>) {
        let input = Input::Dense(self.normalized(observations));
        let distribution = self.distribution(&self.pi_pass(&input).output);
        let log_prob = actions.map(|actions| distribution.log_prob(&actions.to_device(self.device)));
        (distribution, log_prob)
    }

    /// The values of observations `(rows, observation_len)`, f32: `(rows)`; none where there is no value function.
    /// Gradients flow.
    pub fn v(&self, observations: &Tensor) -> Option<Tensor> {
        let input = Input::Dense(self.normalized(observations));
        let values = self.v_pass(&input)?.output.squeeze_dim(-1);
        Some(match &self.value_scale {
            None => values,
            Some(scale) => values * scale.double_value(&[1]) + scale.double_value(&[0]),
        })
    }

    /// Draws an action for one observation, with its value and log-probability.
    ///
    /// It is convenient rather than fast: the trainer itself acts through [`Actor`].
    pub fn step<T: Element>(&self, observation: &[T], rng: &mut NumpyRng) -> Choice {
        let mut actor = Actor::new(self);
        let mut action = actor.action_kind().zeros_like(1);
        actor.sample(observation, std::slice::from_mut(rng), &mut action);
        let _no_grad = tch::no_grad_guard();
        let observations = dense(observation, observation.len());
        let (_, log_prob) = self.pi(&observations, Some(&action_tensor(&action)));
        let log_prob = log_prob.map_or(f32::NAN, |log_prob| to_vec(&log_prob)[0]);
        Choice { action, value: self.v(&observations).map(|value| to_vec(&value)[0]), log_prob }
    }

    /// Draws an action for one observation.
    pub fn act<T: Element>(&self, observation: &[T], rng: &mut NumpyRng) -> ActionRows {
        let mut actor = Actor::new(self);
        let mut action = actor.action_kind().zeros_like(1);
        actor.sample(observation, std::slice::from_mut(rng), &mut action);
        action
    }

    /// The parameters of a policy step: the trunk's, those of `pi`, then `log_std` if there is one. Where the trunk is
    /// shared, those of `v` too.
    pub fn pi_parameters(&self) -> Vec<&Tensor> {
        let v = self.trunk.is_some().then(|| self.v_parameters());
        let networks = self.trunk.iter().chain([&self.pi]).flat_map(Net::parameters);
        networks.chain(&self.log_std).chain(v.into_iter().flatten()).collect()
    }

    /// The parameters of `v`, without those of a shared trunk.
    pub fn v_parameters(&self) -> Vec<&Tensor> {
        self.v.iter().flat_map(Net::parameters).collect()
    }

    /// Every parameter with its name in a torch.nn module, where a Sequential of Linear, activation, Linear, ... counts
    /// the activations too, and in that module's layout; then the running moments.
    pub fn named_parameters(&self) -> Vec<(String, Tensor)> {
        let networks = [("trunk", self.trunk.as_ref()), ("pi", Some(&self.pi)), ("v", self.v.as_ref())];
        let mut named: Vec<_> =
            networks.iter().flat_map(|(prefix, net)| net.iter().flat_map(|net| net.named_parameters(prefix))).collect();
        named.extend(self.log_std.iter().map(|log_std| ("log_std".to_owned(), log_std.shallow_clone())));
        named.extend(self.observation_moments.iter().flat_map(|moments| moments.named("observation")));
        named.extend(self.return_moments.iter().flat_map(|moments| moments.named("return")));
        named.extend(self.value_scale.iter().map(|scale| ("value_scale".to_owned(), scale.shallow_clone())));
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
