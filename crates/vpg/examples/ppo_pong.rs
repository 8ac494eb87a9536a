//! `make ppo-pong`: proximal policy optimization on `VecEnv` and `FrameDifference`, with a small network of tch.
//!
//! J. Schulman et al., *Proximal Policy Optimization Algorithms* (2017), and *Generalized Advantage Estimation* (2016).

use std::io::{Write, stdout};

use anyhow::{Result, bail};
use envs::atari::{Atari, AtariConfig, ObsType};
use envs::{Actions, BoxEnv, Error, Seed, TimeLimit, VecEnv};
use preprocess::{DifferenceConfig, FrameDifference, FrameFormat};
use tch::nn::{self, Module, OptimizerConfig};
use tch::{Device, Kind, Reduction, Tensor};

/// The run succeeds when the mean return of the last 50 episodes reaches the target, and fails after so many raw frames.
const TARGET: f64 = 0.0;
const MAX_FRAMES: usize = 4_000_000;
const SEED: u32 = 1;

const NUM_ENVS: usize = 16;
const STEPS: usize = 128; // of each environment between two updates
const FRAMES_PER_UPDATE: usize = STEPS * NUM_ENVS * 4;
/// The cells of one environment's observation, and of one observation of all of them.
const CELLS: usize = 80 * 80;
const ROW: usize = NUM_ENVS * CELLS;
const UP: i64 = 2; // the policy chooses between this action of Pong and the next one, down
const LEARNING_RATE: f64 = 1e-3;
const EPOCHS: usize = 3;
const MINIBATCH: i64 = 512;
const CLIP: f64 = 0.2;
const GAMMA: f64 = 0.99;
const LAMBDA: f64 = 0.95;

fn main() -> Result<()> {
    tch::manual_seed(SEED.into());
    tch::set_num_threads(1); // libtorch's sums depend on the number
    let store = nn::VarStore::new(Device::Cpu);
    let policy = ActorCritic::new(&store.root());
    let mut optimizer = nn::Adam::default().build(&store, LEARNING_RATE)?;
    let mut envs = VecEnv::new((0..NUM_ENVS).map(|_| pong()).collect::<Result<_, _>>()?, 0)?;
    let mut observations = vec![0; (STEPS + 1) * ROW];
    envs.reset_into(&Seed::from(u64::from(SEED)), &mut observations[STEPS * ROW..])?;
    let mut returns = Vec::new();
    for update in 1..=MAX_FRAMES / FRAMES_PER_UPDATE {
        let steps = collect(&mut envs, &policy, &mut observations, &mut returns)?;
        learn(&policy, &mut optimizer, &observations, &steps);
        let last = &returns[returns.len().saturating_sub(50)..];
        let mean = last.iter().sum::<f64>() / last.len() as f64;
        if update % 10 == 0 {
            let _ = writeln!(stdout(), "{:7} frames: mean return {mean:6.2}", update * FRAMES_PER_UPDATE); // nobody may be reading
        }
        if last.len() == 50 && mean >= TARGET {
            let _ = writeln!(stdout(), "reached {TARGET} after {} frames", update * FRAMES_PER_UPDATE); // nobody may be reading
            return Ok(());
        }
    }
    bail!("no mean return of {TARGET} within {MAX_FRAMES} frames")
}

/// An environment whose observations are differences of frames.
fn pong() -> Result<BoxEnv<i8>, Error> {
    let config = AtariConfig { obs_type: ObsType::Palette, ..AtariConfig::from_id("Pong")? };
    let env = FrameDifference::new(Atari::new(&config)?, FrameFormat::Palette, &DifferenceConfig::default())?;
    Ok(Box::new(TimeLimit::new(env, None))) // no limit, but statistics of the episodes
}

/// Policy and value function on one hidden layer.
struct ActorCritic {
    hidden: nn::Linear,
    pi: nn::Linear,
    v: nn::Linear,
}

impl ActorCritic {
    fn new(root: &nn::Path<'_>) -> Self {
        let linear = |name, inputs, outputs| nn::linear(root / name, inputs, outputs, nn::LinearConfig::default());
        Self { hidden: linear("hidden", CELLS as i64, 128), pi: linear("pi", 128, 2), v: linear("v", 128, 1) }
    }

    /// The log-probabilities of up and down (B, 2) and the values (B, 1) of B observations.
    fn forward(&self, observations: &Tensor) -> (Tensor, Tensor) {
        let hidden = self.hidden.forward(&observations.to_kind(Kind::Float).view([-1, CELLS as i64])).relu();
        (self.pi.forward(&hidden).log_softmax(-1, Kind::Float), self.v.forward(&hidden))
    }
}

/// A step of all N environments; everything is (N, 1).
struct Step {
    choice: Tensor, // 0 is up, 1 is down
    log_prob: Tensor,
    value: Tensor,
    reward: Tensor,
    discount: Tensor, // 0 where the return ends
}

/// Plays on from the last of the rows, (STEPS + 1, N, 6400), and appends the returns of the episodes that end.
fn collect(envs: &mut VecEnv<i8>, policy: &ActorCritic, rows: &mut [i8], returns: &mut Vec<f64>) -> Result<Vec<Step>> {
    let _no_grad = tch::no_grad_guard();
    rows.copy_within(STEPS * ROW.., 0);
    let mut steps = Vec::with_capacity(STEPS);
    for t in 0..STEPS {
        let (now, next) = rows[t * ROW..][..2 * ROW].split_at_mut(ROW);
        let (log_probs, value) = policy.forward(&Tensor::from_slice(now));
        let choice = log_probs.exp().multinomial(1, true);
        let actions: Vec<i64> = (&choice + UP).view(-1).try_into()?;
        envs.step_into(Actions::Discrete(&actions), next)?;
        returns.extend(envs.episodes().iter().flatten().map(|episode| episode.episode_return));
        // A point ends its return, though the episode goes on.
        let ends = envs.rewards().iter().zip(envs.episodes());
        let goes_on: Vec<bool> = ends.map(|(&reward, episode)| reward == 0.0 && episode.is_none()).collect();
        let log_prob = log_probs.gather(1, &choice, false);
        let reward = Tensor::from_slice(envs.rewards()).to_kind(Kind::Float).view([-1, 1]);
        let discount = Tensor::from_slice(&goes_on).to_kind(Kind::Float).view([-1, 1]) * GAMMA;
        steps.push(Step { choice, log_prob, value, reward, discount });
    }
    Ok(steps)
}

/// Generalized advantage estimates of the steps: (STEPS * N, 1).
fn advantages(steps: &[Step], last_value: &Tensor) -> Tensor {
    let (mut next_value, mut advantage) = (last_value, last_value.zeros_like());
    let mut advantages = Vec::new();
    for step in steps.iter().rev() {
        advantage = &step.reward + &step.discount * (next_value + advantage * LAMBDA) - &step.value;
        next_value = &step.value;
        advantages.insert(0, advantage.shallow_clone());
    }
    Tensor::cat(&advantages, 0)
}

/// Some epochs of Adam over the steps, in random minibatches.
fn learn(policy: &ActorCritic, optimizer: &mut nn::Optimizer, observations: &[i8], steps: &[Step]) {
    let all = |column: fn(&Step) -> &Tensor| Tensor::cat(&steps.iter().map(column).collect::<Vec<_>>(), 0);
    let (choices, old_log_probs) = (all(|step| &step.choice), all(|step| &step.log_prob));
    let last_value = tch::no_grad(|| policy.forward(&Tensor::from_slice(&observations[STEPS * ROW..])).1);
    let advantages = advantages(steps, &last_value);
    let targets = &advantages + all(|step| &step.value);
    let advantages = (&advantages - advantages.mean(Kind::Float)) / (advantages.std(false) + 1e-8);
    let observations = Tensor::from_slice(&observations[..STEPS * ROW]).view([-1, CELLS as i64]);
    let epoch = |_| Tensor::randperm(observations.size()[0], (Kind::Int64, Device::Cpu)).split(MINIBATCH, 0);
    for batch in (0..EPOCHS).flat_map(epoch) {
        let pick = |all: &Tensor| all.index_select(0, &batch);
        let (log_probs, values) = policy.forward(&pick(&observations));
        let ratio = (log_probs.gather(1, &pick(&choices), false) - pick(&old_log_probs)).exp();
        let clipped = ratio.clamp(1.0 - CLIP, 1.0 + CLIP);
        let advantages = pick(&advantages);
        let gain = (ratio * &advantages).minimum(&(clipped * advantages)).mean(Kind::Float);
        let entropy = -(log_probs.exp() * log_probs).sum_dim_intlist(-1, false, Kind::Float).mean(Kind::Float);
        let loss = values.mse_loss(&pick(&targets), Reduction::Mean) * 0.5 - gain - entropy * 0.01;
        optimizer.backward_step_clip_norm(&loss, 0.5);
    }
}
