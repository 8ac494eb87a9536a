//! Acting: a copy of the policy's weights in plain memory, and a forward pass that costs microseconds.
//!
//! libtorch takes tens of microseconds to begin with a batch; an environment's step can cost less than one.

use std::{borrow::Cow, ops::Range, sync::Arc};

use envs::{DType, Element, NumpyRng, Seed};
use tch::{Device, Tensor};

use crate::{
    collect::rollout::{ActionRows, Lean},
    nn::{
        input::{Input, dense},
        mlp::Mlp,
        network::Net,
        normalizer::{RunningMoments, ShiftScale},
        policy::ActorCritic,
        tensors::{to_f32, to_vec},
    },
};

/// The policy as it is now, for choosing actions.
///
/// ```
/// use vpg::{ActionRows, Actor, Config, networks, stream_rng};
///
/// let policy = networks(&Config::for_env("CartPole")?)?;
/// let mut rngs = [0, 1].map(|i| stream_rng(7, 1, i));
/// let mut actions = ActionRows::Discrete(vec![0; 2]);
/// let observations: [f32; 8] = [0.0; 8]; // two rows of four numbers
/// Actor::new(&policy).sample(&observations, &mut rngs, &mut actions);
/// assert!(matches!(actions, ActionRows::Discrete(rows) if rows.iter().all(|action| [0, 1].contains(action))));
/// # Ok::<(), anyhow::Error>(())
/// ```
#[derive(Debug)]
pub struct Actor {
    network: Forward,
    log_std: Option<Vec<f32>>,
    /// What it draws is drawn so.
    pub lean: Lean,
}

/// An [`Actor`] whose networks are linear layers, for a thread of its own.
#[derive(Clone, Debug)]
pub struct PlainActor {
    policy: PlainPolicy,
    log_std: Option<Vec<f32>>,
    lean: Lean,
}

/// Where the policy's outputs come from.
#[derive(Debug)]
enum Forward {
    Plain(PlainPolicy),
    /// For networks that are not linear layers alone.
    Torch(TorchPolicy),
}

/// Linear layers with the learner's own kernels.
#[derive(Clone, Debug)]
struct PlainPolicy {
    networks: Arc<[Mlp]>,
    normalization: Option<ShiftScale>,
    /// The rows' values before and after a layer.
    scratch: [Vec<f32>; 2],
}

impl PlainPolicy {
    /// Of the networks one after the other, if they are linear layers.
    fn new(networks: &[&Net], normalization: Option<ShiftScale>) -> Option<Self> {
        let mlps = networks.iter().map(|net| match net {
            Net::Mlp(mlp) => Some(mlp.clone()),
            Net::Other(_) => None,
        });
        Some(Self { networks: mlps.collect::<Option<_>>()?, normalization, scratch: Default::default() })
    }

    /// The outputs of all rows.
    fn forward<T: Element>(&mut self, observations: &[T], len: usize) -> &[f32] {
        let [before, after] = &mut self.scratch;
        let mut layers = self.networks.iter().flat_map(Mlp::activated_layers);
        if T::DTYPE == DType::I8 && self.normalization.is_none() {
            let Some((first, activation)) = layers.next() else { return &[] };
            first.forward_nonzero(observations, len, after);
            activation.iter().for_each(|activation| activation.apply(after));
        } else {
            after.clear();
            after.extend(observations.iter().map(|&value| to_f32(value)));
            self.normalization.iter().for_each(|normalization| normalization.apply(after));
        }
        for (layer, activation) in layers {
            std::mem::swap(before, after);
            layer.forward(before, after);
            activation.iter().for_each(|activation| activation.apply(after));
        }
        after
    }
}

/// Networks on libtorch, shared with the learner, for whole batches.
#[derive(Debug)]
struct TorchPolicy {
    networks: Vec<Net>,
    normalization: Option<ShiftScale>,
    device: Device,
}

impl TorchPolicy {
    /// The outputs of all rows.
    fn forward<T: Element>(&self, observations: &[T], len: usize) -> Vec<f32> {
        let _no_grad = tch::no_grad_guard();
        let mut rows: Vec<f32> = observations.iter().map(|&value| to_f32(value)).collect();
        if let Some(normalization) = &self.normalization {
            normalization.apply(&mut rows);
        }
        let rows = Tensor::from_slice(&rows).view([-1, len as i64]).to_device(self.device);
        to_vec(&self.networks.iter().fold(Input::Tensor(rows), |rows, net| net.forward(&rows).as_input()).tensor())
    }
}

impl Actor {
    /// The policy as it is now: a copy of its weights, where they are linear layers.
    pub fn new(policy: &ActorCritic) -> Self {
        let networks: Vec<&Net> = policy.trunk.iter().chain([&policy.pi]).collect();
        let normalization = policy.observation_moments.as_ref().map(RunningMoments::shift_and_scale);
        let network = match PlainPolicy::new(&networks, normalization.clone()) {
            Some(policy) => Forward::Plain(policy),
            None => {
                let networks = networks.into_iter().cloned().collect();
                Forward::Torch(TorchPolicy { networks, normalization, device: policy.device })
            }
        };
        Self { network, log_std: policy.log_std.clone(), lean: Lean::default() }
    }

    /// A copy that another thread can act with, in the environments from this one on; none where the networks are not linear
    /// layers alone.
    pub fn to_plain(&self, env: usize) -> Option<PlainActor> {
        match &self.network {
            Forward::Plain(policy) => {
                let (policy, log_std) = (policy.clone(), self.log_std.clone());
                Some(PlainActor { policy, log_std, lean: self.lean.for_envs_from(env) })
            }
            Forward::Torch(_) => None,
        }
    }

    /// The kind of action it gives, with no rows.
    pub fn action_kind(&self) -> ActionRows {
        match &self.log_std {
            None => ActionRows::Discrete(Vec::new()),
            Some(log_std) => ActionRows::Continuous { size: log_std.len(), values: Vec::new() },
        }
    }

    /// The logits or the mean for one observation.
    pub fn forward<T: Element>(&mut self, observation: &[T]) -> Vec<f32> {
        self.network.outputs(observation, 1).into_owned()
    }

    /// Draws the action of row `i` of `observations` from the generator `rngs[i]`, for every row.
    pub fn sample<T: Element>(&mut self, observations: &[T], rngs: &mut [NumpyRng], actions: &mut ActionRows) {
        let outputs = self.network.outputs(observations, rngs.len());
        draw(&outputs, (self.log_std.as_deref(), self.lean), rngs, actions);
    }

    /// The most likely action of each row.
    pub fn greedy<T: Element>(&mut self, observations: &[T], rows: usize, actions: &mut ActionRows) {
        let outputs = self.network.outputs(observations, rows);
        for (i, output) in outputs.chunks_exact(outputs.len() / rows).enumerate() {
            match actions {
                ActionRows::Discrete(rows) => rows[i] = argmax(output),
                ActionRows::Continuous { size, values } => {
                    for (value, &mean) in values[i * *size..].iter_mut().zip(output) {
                        *value = f64::from(mean);
                    }
                }
            }
        }
    }
}

impl Forward {
    /// The logits or means of these rows of observations, `(rows, outputs)`.
    fn outputs<T: Element>(&mut self, observations: &[T], rows: usize) -> Cow<'_, [f32]> {
        let len = observations.len() / rows;
        match self {
            Self::Plain(policy) => policy.forward(observations, len).into(),
            Self::Torch(policy) => policy.forward(observations, len).into(),
        }
    }
}

impl PlainActor {
    /// As [`Actor::sample`].
    pub fn sample<T: Element>(&mut self, observations: &[T], rngs: &mut [NumpyRng], actions: &mut ActionRows) {
        let outputs = self.policy.forward(observations, observations.len() / rngs.len());
        draw(outputs, (self.log_std.as_deref(), self.lean), rngs, actions);
    }
}

/// Draws an action for each row of `outputs`, logits or means, each from a generator of its own.
fn draw(outputs: &[f32], (log_std, lean): (Option<&[f32]>, Lean), rngs: &mut [NumpyRng], actions: &mut ActionRows) {
    let rows = outputs.chunks_exact(outputs.len() / rngs.len());
    for (i, (output, rng)) in rows.zip(rngs).enumerate() {
        match actions {
            ActionRows::Discrete(rows) => {
                let logit = |action| output[action] + lean.of(i, action, output.len());
                rows[i] = sample_categorical(output.len(), logit, rng);
            }
            ActionRows::Continuous { size, values } => {
                let std = log_std.iter().copied().flatten().map(|log_std| f64::from(log_std.exp()));
                for ((value, &mean), std) in values[i * *size..].iter_mut().zip(output).zip(std) {
                    *value = f64::from(mean) + std * rng.standard_normal();
                }
            }
        }
    }
}

fn argmax(logits: &[f32]) -> i64 {
    let best = (0..logits.len()).max_by(|&a, &b| logits[a].total_cmp(&logits[b]));
    best.unwrap_or(0) as i64
}

/// One draw from the softmax of so many logits, by inverting the cumulative distribution.
fn sample_categorical(actions: usize, logit: impl Fn(usize) -> f32, rng: &mut NumpyRng) -> i64 {
    let highest = (0..actions).map(&logit).fold(f32::NEG_INFINITY, f32::max);
    let weight = |action| f64::from(logit(action) - highest).exp();
    let mut left = rng.random() * (0..actions).map(weight).sum::<f64>();
    for action in 0..actions {
        left -= weight(action);
        if left < 0.0 {
            return action as i64;
        }
    }
    actions as i64 - 1
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

impl ActorCritic {
    /// Draws an action for one observation, with its value and log-probability.
    ///
    /// It is convenient rather than fast: the trainer itself acts through [`Actor`].
    pub fn step<T: Element>(&self, observation: &[T], rng: &mut NumpyRng) -> Choice {
        let action = self.act(observation, rng);
        let _no_grad = tch::no_grad_guard();
        let observations = dense(observation, observation.len());
        let (_, log_prob) = self.pi(&observations, Some(&action.tensor()));
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
}

/// The generators from which the actions of these environments are drawn: each depends on seed and index alone.
pub fn action_rngs(seed: u64, envs: Range<usize>) -> Vec<NumpyRng> {
    envs.map(|i| stream_rng(seed, 1, i as u64)).collect()
}

/// A generator of its own for each (seed, purpose, index), none of which is an environment's.
///
/// ```
/// let [mut a, mut b, mut other] = [0, 0, 1].map(|index| vpg::stream_rng(543, 1, index));
/// let number = a.random();
/// assert_eq!(number, b.random());
/// assert_ne!(number, other.random());
/// ```
pub fn stream_rng(seed: u64, purpose: u64, index: u64) -> NumpyRng {
    let bits = (u128::from(purpose) << 96) | (u128::from(index) << 64) | u128::from(seed);
    NumpyRng::new(&bits.to_string().parse::<Seed>().expect("a number is a seed"))
}

#[cfg(test)]
mod tests {
    use envs::Space;
    use tch::Tensor;

    use super::*;
    use crate::nn::{
        mlp::Activation,
        policy::{Architecture, Distribution, NetworkKind},
    };

    fn actor_critic(continuous: bool, architecture: Architecture<'_>) -> ActorCritic {
        let space = if continuous { Space::boxed(&[3], DType::F32, -1.0, 1.0) } else { Space::discrete(3) };
        ActorCritic::new(&[100], &space, None, &architecture, &mut stream_rng(0, 0, 0))
    }

    /// The outputs of the learner for these rows.
    fn outputs<T: Element>(policy: &ActorCritic, rows: &[T]) -> Vec<f32> {
        to_vec(&policy.output(&policy.input(rows, 100)))
    }

    #[test]
    fn acting_computes_what_the_learner_computes() {
        let mut rng = stream_rng(1, 0, 0);
        let dense: Vec<f32> = (0..1000).map(|_| rng.uniform(-1.0, 1.0) as f32).collect();
        let sparse: Vec<i8> =
            (0..1000).map(|_| if rng.random() < 0.9 { 0 } else { rng.integers(-1, 2) as i8 }).collect();
        for (activation, shared_trunk, normalize_observations) in
            [(Activation::Tanh, false, false), (Activation::Relu, true, false), (Activation::Relu, false, true)]
        {
            let architecture =
                Architecture { activation, shared_trunk, normalize_observations, ..Architecture::mlp(&[64, 32]) };
            let mut policy = actor_critic(false, architecture);
            policy.observation_moments.iter_mut().for_each(|m| m.update(dense.iter().map(|&x| f64::from(x) + 0.2)));
            assert_eq!(acted(&policy, &dense), outputs(&policy, &dense));
            assert_eq!(acted(&policy, &sparse), outputs(&policy, &sparse));
        }
    }

    #[test]
    fn convolutions_act_as_they_learn() {
        let architecture = Architecture { kind: NetworkKind::Cnn, ..Architecture::mlp(&[]) };
        for shared_trunk in [false, true] {
            let architecture = Architecture { shared_trunk, ..architecture.clone() };
            let mut rng = stream_rng(0, 0, 0);
            let policy = ActorCritic::new(&[4, 84, 84], &Space::discrete(3), None, &architecture, &mut rng);
            let pictures: Vec<u8> = (0..2 * 4 * 84 * 84).map(|i| (i % 251) as u8).collect();
            let expected = to_vec(&policy.output(&policy.input(&pictures, 4 * 84 * 84)));
            assert_close(&acted(&policy, &pictures), &expected);
            assert_eq!(expected.len(), 2 * 3);
        }
    }

    /// The outputs of an actor for the same rows.
    fn acted<T: Element>(policy: &ActorCritic, rows: &[T]) -> Vec<f32> {
        let len = if rows.len() == 1000 { 10 } else { 2 };
        Actor::new(policy).network.outputs(rows, len).into_owned()
    }

    fn assert_close(ours: &[f32], theirs: &[f32]) {
        assert_eq!(ours.len(), theirs.len());
        for (a, b) in ours.iter().zip(theirs) {
            assert!((a - b).abs() < 1e-6, "{a} {b}");
        }
    }

    #[test]
    fn actions_are_drawn_as_often_as_the_policy_says() {
        let logits = [0.5f32, -1.0, 2.0];
        let probabilities = to_vec(&Tensor::from_slice(&logits).softmax(0, tch::Kind::Float));
        let mut rng = stream_rng(2, 0, 0);
        let mut counts = [0.0; 3];
        for _ in 0..100_000 {
            counts[sample_categorical(3, |action| logits[action], &mut rng) as usize] += 1.0;
        }
        for (count, probability) in counts.iter().zip(probabilities) {
            // Five standard deviations of a count are below 0.8 % of all draws.
            assert!((count / 1e5 - f64::from(probability)).abs() < 8e-3, "{counts:?}");
        }
    }

    #[test]
    fn each_environment_leans_to_an_action_of_its_own_and_the_learner_knows() {
        let policy = actor_critic(false, Architecture::mlp(&[64, 32]));
        let mut actor = Actor::new(&policy);
        actor.lean = Lean { logit: 2.0, first: 4 };
        let (rows, envs) = ([0.5f32; 200], 2);
        let (mut counts, mut rngs) = ([[0.0; 3]; 2], action_rngs(0, 0..envs));
        let mut actions = actor.action_kind().zeros_like(envs);
        for _ in 0..100_000 {
            actor.sample(&rows, &mut rngs, &mut actions);
            let ActionRows::Discrete(chosen) = &actions else { unreachable!() };
            chosen.iter().zip(&mut counts).for_each(|(action, counts)| counts[*action as usize] += 1.0);
        }
        let (distribution, _) = policy.pi(&Tensor::from_slice(&rows).view([2, 100]), None);
        for (env, own) in [(0, 1), (1, 2)] {
            let leaning = distribution.leaning(&Tensor::from_slice(&[4, 5i64]), 2.0);
            let probability = |of: &Distribution, action: i64| {
                of.log_prob(&Tensor::from_slice(&[action, action])).exp().double_value(&[env])
            };
            for action in 0..3 {
                let (drawn, known) = (counts[env as usize][action as usize] / 1e5, probability(&leaning, action));
                assert!((drawn - known).abs() < 8e-3, "{env} {action}: {drawn} {known}");
            }
            let odds = |of: &Distribution| probability(of, own) / probability(of, 0);
            assert!((odds(&leaning) / odds(&distribution) / 2f64.exp() - 1.0).abs() < 1e-5);
        }
    }

    #[test]
    fn continuous_actions_have_the_policys_mean_and_deviation() {
        let policy = actor_critic(true, Architecture::mlp(&[64, 32]));
        let mut actor = Actor::new(&policy);
        let row = [0.5f32; 100];
        let mean = f64::from(outputs(&policy, &row)[0]);
        let mut rngs = action_rngs(0, 0..1);
        let mut actions = actor.action_kind().zeros_like(1);
        let (mut sum, mut squares) = (0.0, 0.0);
        for _ in 0..100_000 {
            actor.sample(&row, &mut rngs, &mut actions);
            let ActionRows::Continuous { values, .. } = &actions else { unreachable!() };
            sum += values[0] - mean;
            squares += (values[0] - mean).powi(2);
        }
        assert!((sum / 1e5).abs() < 0.016 && (squares / 1e5 - 1.0).abs() < 0.023, "{sum} {squares}");
    }
}
