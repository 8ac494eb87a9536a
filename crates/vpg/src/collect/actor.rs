//! Acting: a copy of the policy's weights in plain memory, and a forward pass that costs microseconds.
//!
//! libtorch takes tens of microseconds to begin with a batch; an environment's step can cost less than one.

use std::ops::Range;

use envs::{Element, NumpyRng, Seed};
use tch::{Device, Tensor};

use crate::{
    collect::rollout::ActionRows,
    nn::network::{Activation, Linear, Net, to_f32},
    nn::normalizer::{RunningMoments, ShiftScale},
    nn::policy::ActorCritic,
    nn::sparse::{add_scaled, for_each_nonzero},
    nn::tensors::to_vec,
};

/// The policy as it is now, for choosing actions.
#[derive(Debug)]
pub struct Actor {
    network: Forward,
    log_std: Option<Vec<f32>>,
}

/// Where the policy's outputs come from.
#[derive(Debug)]
enum Forward {
    Plain(PlainMlp),
    /// For networks that are not linear layers alone.
    Torch(TorchPolicy),
}

/// Linear layers in plain memory.
#[derive(Debug)]
struct PlainMlp {
    layers: Vec<Layer>,
    activation: Activation,
    normalization: Option<ShiftScale>,
    /// The present row's values before and behind a layer.
    scratch: [Vec<f32>; 2],
}

#[derive(Debug)]
struct Layer {
    /// `(inputs, outputs)`.
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl Layer {
    fn new(linear: &Linear) -> Self {
        Self { weight: to_vec(&linear.weight), bias: to_vec(&linear.bias) }
    }

    fn forward<T: Element>(&self, input: &[T], output: &mut Vec<f32>) {
        output.clone_from(&self.bias);
        for_each_nonzero(input, |index, value| {
            add_scaled(output, &self.weight[index * self.bias.len()..], value);
        });
    }
}

impl PlainMlp {
    /// Of the networks one after the other, if they are linear layers with one activation.
    fn new(networks: &[&Net], normalization: Option<ShiftScale>) -> Option<Self> {
        let mlps = networks.iter().map(|net| match net {
            Net::Mlp(mlp) => Some(mlp),
            Net::Other(_) => None,
        });
        let mlps: Vec<_> = mlps.collect::<Option<_>>()?;
        let activation = mlps[0].activation;
        let layers = mlps.iter().flat_map(|mlp| &mlp.layers).map(Layer::new).collect();
        Some(Self { layers, activation, normalization, scratch: Default::default() })
    }

    fn forward<T: Element>(&mut self, observation: &[T]) -> &[f32] {
        let [before, behind] = &mut self.scratch;
        for (i, layer) in self.layers.iter().enumerate() {
            match &self.normalization {
                Some(normalization) if i == 0 => {
                    before.clear();
                    before.extend(observation.iter().map(|&value| to_f32(value)));
                    normalization.apply(before);
                    layer.forward(before, behind);
                }
                None if i == 0 => layer.forward(observation, behind),
                _ => layer.forward(before, behind),
            }
            if i + 1 < self.layers.len() {
                match self.activation {
                    Activation::Tanh => behind.iter_mut().for_each(|x| *x = tanh(*x)),
                    Activation::Relu => behind.iter_mut().for_each(|x| *x = x.max(0.0)),
                }
            }
            std::mem::swap(before, behind);
        }
        before
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
        to_vec(&self.networks.iter().fold(rows, |rows, network| network.forward_dense(&rows)))
    }
}

impl Actor {
    /// The policy as it is now: a copy of its weights, where they are linear layers.
    pub fn new(policy: &ActorCritic) -> Self {
        let networks: Vec<&Net> = policy.trunk.iter().chain([&policy.pi]).collect();
        let normalization = policy.observation_moments.as_ref().map(RunningMoments::shift_and_scale);
        let network = match PlainMlp::new(&networks, normalization.clone()) {
            Some(mlp) => Forward::Plain(mlp),
            None => {
                let networks = networks.into_iter().cloned().collect();
                Forward::Torch(TorchPolicy { networks, normalization, device: policy.device })
            }
        };
        Self { network, log_std: policy.log_std.as_ref().map(to_vec) }
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
        let mut all = Vec::new();
        self.for_each_output(observation, 1, |_, output| all.extend_from_slice(output));
        all
    }

    /// Calls `visit` with the index and the logits or mean of each observation.
    fn for_each_output<T: Element>(&mut self, observations: &[T], rows: usize, mut visit: impl FnMut(usize, &[f32])) {
        let len = observations.len() / rows;
        match &mut self.network {
            Forward::Plain(mlp) => {
                for (i, row) in observations.chunks_exact(len).enumerate() {
                    visit(i, mlp.forward(row));
                }
            }
            Forward::Torch(policy) => {
                let outputs = policy.forward(observations, len);
                for (i, output) in outputs.chunks_exact(outputs.len() / rows).enumerate() {
                    visit(i, output);
                }
            }
        }
    }

    /// Draws the action of row `i` of `observations` from the generator `rngs[i]`, for every row.
    pub fn sample<T: Element>(&mut self, observations: &[T], rngs: &mut [NumpyRng], actions: &mut ActionRows) {
        let log_std = self.log_std.clone();
        self.for_each_output(observations, rngs.len(), |i, output| match actions {
            ActionRows::Discrete(rows) => rows[i] = sample_categorical(output, &mut rngs[i]),
            ActionRows::Continuous { size, values } => {
                let std = log_std.iter().flatten().map(|log_std| f64::from(log_std.exp()));
                let action = values[i * *size..].iter_mut();
                for ((value, &mean), std) in action.zip(output).zip(std) {
                    *value = f64::from(mean) + std * rngs[i].standard_normal();
                }
            }
        });
    }

    /// The most likely action of each row.
    pub fn greedy<T: Element>(&mut self, observations: &[T], rows: usize, actions: &mut ActionRows) {
        self.for_each_output(observations, rows, |i, output| match actions {
            ActionRows::Discrete(rows) => rows[i] = argmax(output),
            ActionRows::Continuous { size, values } => {
                for (value, &mean) in values[i * *size..].iter_mut().zip(output) {
                    *value = f64::from(mean);
                }
            }
        });
    }
}

/// (1 - e) / (1 + e) with e = exp(-2|x|), within 2e-7 of the exact value, and free of branches: the compiler works on
/// several numbers at once, which the C library's function does not.
fn tanh(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0; // 1.5 * 2^23: added to a small number, it leaves its integer in the lowest bits
    const LN_2: f32 = std::f32::consts::LN_2;
    let exponent = (x.abs() * (-2.0 * std::f32::consts::LOG2_E)).clamp(-126.0, 0.0);
    let rounded = exponent + ROUND;
    let power_of_two = f32::from_bits((rounded.to_bits() << 23).wrapping_add(1.0f32.to_bits()));
    let rest = (exponent - (rounded - ROUND)) * LN_2; // at most ln 2 / 2, where seven terms of exp's series suffice
    let series = [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0];
    let e = power_of_two * series.into_iter().fold(0.0, |sum, factor| sum * rest + factor);
    ((1.0 - e) / (1.0 + e)).copysign(x)
}

fn argmax(logits: &[f32]) -> i64 {
    let best = (0..logits.len()).max_by(|&a, &b| logits[a].total_cmp(&logits[b]));
    best.unwrap_or(0) as i64
}

/// One draw from softmax(logits), by inverting the cumulative distribution.
fn sample_categorical(logits: &[f32], rng: &mut NumpyRng) -> i64 {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weight = |logit: f32| f64::from(logit - highest).exp();
    let mut left = rng.random() * logits.iter().map(|&logit| weight(logit)).sum::<f64>();
    for (i, &logit) in logits.iter().enumerate() {
        left -= weight(logit);
        if left < 0.0 {
            return i as i64;
        }
    }
    logits.len() as i64 - 1
}

/// The generators from which the actions of these environments are drawn: each depends on seed and index alone.
pub fn action_rngs(seed: u64, envs: Range<usize>) -> Vec<NumpyRng> {
    envs.map(|i| stream_rng(seed, 1, i as u64)).collect()
}

/// A generator of its own for each (seed, purpose, index), none of which is an environment's.
pub fn stream_rng(seed: u64, purpose: u64, index: u64) -> NumpyRng {
    let bits = (u128::from(purpose) << 96) | (u128::from(index) << 64) | u128::from(seed);
    NumpyRng::new(&bits.to_string().parse::<Seed>().expect("a number is a seed"))
}

#[cfg(test)]
mod tests {
    use envs::{DType, Space};
    use tch::Tensor;

    use super::*;
    use crate::nn::policy::{Architecture, NetworkKind};

    fn actor_critic(continuous: bool, architecture: Architecture<'_>) -> ActorCritic {
        let space = if continuous { Space::boxed(&[3], DType::F32, -1.0, 1.0) } else { Space::discrete(3) };
        ActorCritic::new(&[100], &space, None, &architecture, &mut stream_rng(0, 0, 0))
    }

    /// The outputs of libtorch for the same rows.
    fn outputs<T: Element>(policy: &ActorCritic, rows: &[T]) -> Vec<f32> {
        to_vec(&policy.pi_pass(&policy.input(rows, 100)).output)
    }

    #[test]
    fn acting_computes_what_libtorch_computes() {
        let mut rng = stream_rng(1, 0, 0);
        let dense: Vec<f32> = (0..1000).map(|_| rng.uniform(-1.0, 1.0) as f32).collect();
        let sparse: Vec<i8> =
            (0..1000).map(|_| if rng.random() < 0.9 { 0 } else { rng.integers(-1, 2) as i8 }).collect();
        for (activation, shared_trunk, normalize_observations) in
            [(Activation::Tanh, false, false), (Activation::Relu, true, false), (Activation::Relu, false, true)]
        {
            let architecture =
                Architecture { activation, shared_trunk, normalize_observations, ..Architecture::mlp(&[64, 32]) };
            let policy = actor_critic(false, architecture);
            policy.observation_moments.iter().for_each(|m| m.update(dense.iter().map(|&x| f64::from(x) + 0.2)));
            assert_close(&acted(&policy, &dense), &outputs(&policy, &dense));
            assert_close(&acted(&policy, &sparse), &outputs(&policy, &sparse));
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
            let expected = to_vec(&policy.pi_pass(&policy.input(&pictures, 4 * 84 * 84)).output);
            assert_close(&acted(&policy, &pictures), &expected);
            assert_eq!(expected.len(), 2 * 3);
        }
    }

    /// The outputs of an actor for the same rows.
    fn acted<T: Element>(policy: &ActorCritic, rows: &[T]) -> Vec<f32> {
        let (mut all, len) = (Vec::new(), if rows.len() == 1000 { 10 } else { 2 });
        Actor::new(policy).for_each_output(rows, len, |_, output| all.extend_from_slice(output));
        all
    }

    fn assert_close(ours: &[f32], theirs: &[f32]) {
        assert_eq!(ours.len(), theirs.len());
        for (a, b) in ours.iter().zip(theirs) {
            assert!((a - b).abs() < 1e-6, "{a} {b}");
        }
    }

    #[test]
    fn tanh_is_within_a_few_roundings_of_the_exact_one() {
        let all =
            (-40_000..=40_000).map(|i| i as f32 * 5e-4).chain([1e-30, 1e30, -1e30, f32::INFINITY, -f32::INFINITY]);
        for x in all {
            let error = f64::from(tanh(x)) - f64::from(x).tanh();
            assert!(error.abs() < 2e-7, "{x}: {error}");
        }
        assert!(tanh(f32::NAN).is_nan(), "a policy that is not finite shows");
    }

    #[test]
    fn actions_are_drawn_as_often_as_the_policy_says() {
        let logits = [0.5f32, -1.0, 2.0];
        let probabilities = to_vec(&Tensor::from_slice(&logits).softmax(0, tch::Kind::Float));
        let mut rng = stream_rng(2, 0, 0);
        let mut counts = [0.0; 3];
        for _ in 0..100_000 {
            counts[sample_categorical(&logits, &mut rng) as usize] += 1.0;
        }
        for (count, probability) in counts.iter().zip(probabilities) {
            // Five standard deviations of a count are below 0.8 % of all draws.
            assert!((count / 1e5 - f64::from(probability)).abs() < 8e-3, "{counts:?}");
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
