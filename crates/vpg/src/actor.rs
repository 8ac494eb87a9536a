//! Acting: a copy of the policy's weights in plain memory, and a forward pass that costs microseconds.
//!
//! libtorch takes tens of microseconds to begin with a batch; an environment's step can cost less than one.

use std::ops::Range;

use envs::{Element, NumpyRng, Seed};

use crate::{
    policy::{Activation, ActorCritic, Linear},
    rollout::ActionRows,
    sparse::{add_scaled, for_each_nonzero},
    tensors::to_vec,
};

/// The policy as it is now, for choosing actions.
#[derive(Debug)]
pub struct Actor {
    layers: Vec<Layer>,
    activation: Activation,
    log_std: Option<Vec<f32>>,
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

impl Actor {
    /// A copy of the policy's weights.
    pub fn new(policy: &ActorCritic) -> Self {
        Self {
            layers: policy.pi.layers.iter().map(Layer::new).collect(),
            activation: policy.pi.activation,
            log_std: policy.log_std.as_ref().map(to_vec),
            scratch: Default::default(),
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
    pub fn forward<T: Element>(&mut self, observation: &[T]) -> &[f32] {
        let [before, behind] = &mut self.scratch;
        for (i, layer) in self.layers.iter().enumerate() {
            if i == 0 {
                layer.forward(observation, behind);
            } else {
                layer.forward(before, behind);
            }
            if i + 1 < self.layers.len() {
                match self.activation {
                    Activation::Tanh => behind.iter_mut().for_each(|x| *x = x.tanh()),
                    Activation::Relu => behind.iter_mut().for_each(|x| *x = x.max(0.0)),
                }
            }
            std::mem::swap(before, behind);
        }
        before
    }

    /// Draws the action of row `i` of `observations` from the generator `rngs[i]`, for every row.
    pub fn sample<T: Element>(&mut self, observations: &[T], rngs: &mut [NumpyRng], actions: &mut ActionRows) {
        let len = observations.len() / rngs.len();
        let log_std = self.log_std.clone();
        for (i, (row, rng)) in observations.chunks_exact(len).zip(rngs).enumerate() {
            let output = self.forward(row);
            match actions {
                ActionRows::Discrete(rows) => rows[i] = sample_categorical(output, rng),
                ActionRows::Continuous { size, values } => {
                    let std = log_std.iter().flatten().map(|log_std| f64::from(log_std.exp()));
                    let action = values[i * *size..].iter_mut();
                    for ((value, &mean), std) in action.zip(output).zip(std) {
                        *value = f64::from(mean) + std * rng.standard_normal();
                    }
                }
            }
        }
    }

    /// The most likely action of each row.
    pub fn greedy<T: Element>(&mut self, observations: &[T], rows: usize, actions: &mut ActionRows) {
        let len = observations.len() / rows;
        for (i, row) in observations.chunks_exact(len).enumerate() {
            let output = self.forward(row);
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
    use tch::Tensor;

    use super::*;
    use crate::policy::Input;

    fn actor_critic(continuous: bool, activation: Activation) -> ActorCritic {
        ActorCritic::new(100, &[64, 32], 3, continuous, activation, &mut stream_rng(0, 0, 0))
    }

    /// The outputs of libtorch for the same rows.
    fn outputs<T: Element>(policy: &ActorCritic, rows: &[T]) -> Vec<f32> {
        to_vec(&policy.pi.forward(&Input::new(rows, 100)).output)
    }

    #[test]
    fn acting_computes_what_libtorch_computes() {
        let mut rng = stream_rng(1, 0, 0);
        let dense: Vec<f32> = (0..1000).map(|_| rng.uniform(-1.0, 1.0) as f32).collect();
        let sparse: Vec<i8> =
            (0..1000).map(|_| if rng.random() < 0.9 { 0 } else { rng.integers(-1, 2) as i8 }).collect();
        for activation in [Activation::Tanh, Activation::Relu] {
            let policy = actor_critic(false, activation);
            let mut actor = Actor::new(&policy);
            let ours: Vec<f32> = dense.chunks(100).flat_map(|row| actor.forward(row).to_vec()).collect();
            assert_close(&ours, &outputs(&policy, &dense));
            let ours: Vec<f32> = sparse.chunks(100).flat_map(|row| actor.forward(row).to_vec()).collect();
            assert_close(&ours, &outputs(&policy, &sparse));
        }
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
            counts[sample_categorical(&logits, &mut rng) as usize] += 1.0;
        }
        for (count, probability) in counts.iter().zip(probabilities) {
            // Five standard deviations of a count are below 0.8 % of all draws.
            assert!((count / 1e5 - f64::from(probability)).abs() < 8e-3, "{counts:?}");
        }
    }

    #[test]
    fn continuous_actions_have_the_policys_mean_and_deviation() {
        let policy = actor_critic(true, Activation::Tanh);
        let mut actor = Actor::new(&policy);
        let row = [0.5f32; 100];
        let mean: Vec<f64> = actor.forward(&row).iter().map(|&x| f64::from(x)).collect();
        let mut rngs = action_rngs(0, 0..1);
        let mut actions = actor.action_kind().zeros_like(1);
        let (mut sum, mut squares) = (0.0, 0.0);
        for _ in 0..100_000 {
            actor.sample(&row, &mut rngs, &mut actions);
            let ActionRows::Continuous { values, .. } = &actions else { unreachable!() };
            sum += values[0] - mean[0];
            squares += (values[0] - mean[0]).powi(2);
        }
        assert!((sum / 1e5).abs() < 0.016 && (squares / 1e5 - 1.0).abs() < 0.023, "{sum} {squares}");
    }
}
