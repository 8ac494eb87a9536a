//! What decides a run: the environment, the budget and the hyperparameters.

pub mod check;
pub mod device;
pub mod pixels;
pub mod presets;
pub mod recipes;
pub mod sources;

use clap::ValueEnum;
use envs::{Error, spec};
use serde::{Deserialize, Serialize};

pub use crate::config::{
    check::InvalidValue,
    device::DeviceName,
    pixels::{BackendName, PhiName, PixelConfig},
    presets::WriteUp,
};
use crate::{
    nn::network::Activation,
    nn::optimizer::{OptimizerConfig, OptimizerKind},
    nn::policy::{Architecture, NetworkKind},
};

/// Everything that decides what a run computes. `config.json` in a run folder is this, and so is a config file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The environment's id or short name.
    pub env: String,
    /// Every generator of the run derives from it.
    pub seed: u64,
    /// Environments stepped side by side.
    pub num_envs: usize,
    /// Threads that step environments; 0 chooses.
    pub threads: usize,
    /// Threads of libtorch: a fixed number, since sums depend on it.
    pub torch_threads: usize,
    /// The budget.
    pub budget: Budget,
    /// Steps of all environments together between two updates; at least so many, where episodes are whole.
    pub steps_per_epoch: usize,
    /// Episodes between two updates, in place of steps; null for steps. They are whole.
    pub episodes_per_epoch: Option<usize>,
    /// Whether every epoch consists of whole episodes of its own policy; otherwise the epoch's end cuts them off, and
    /// the next epoch goes on with them.
    pub whole_episodes: bool,
    /// What an action is credited with.
    pub returns: Returns,
    /// What is subtracted from it.
    pub baseline: Baseline,
    /// Over what the credit is brought to mean 0 and standard deviation 1.
    pub normalize: Normalize,
    /// Whether that standard deviation divides by n - 1.
    pub unbiased_std: bool,
    /// Whether the value function learns returns of mean 0 and standard deviation 1.
    pub norm_values: bool,
    /// What the policy loss, a sum over steps, is divided by.
    pub loss_per: LossPer,
    /// Discount.
    pub gamma: f64,
    /// Lambda of GAE.
    pub lam: f64,
    /// Learning rate of the policy.
    pub pi_lr: f64,
    /// Learning rate of the value function.
    pub vf_lr: f64,
    /// The raw frames over which the learning rates and the entropy bonus fall linearly to a tenth; they do not where
    /// null. It is no share of the budget, so that a short run is the beginning of a long one.
    pub decay_frames: Option<u64>,
    /// How they fall over the whole budget: linearly down to 0, or not at all; null leaves it to `decay_frames`.
    pub lr_schedule: Option<LrSchedule>,
    /// The rule of a step.
    pub optimizer: OptimizerKind,
    /// How much of the gradients' running mean stays at each step (Adam).
    pub beta1: f64,
    /// How much of their squares' running mean stays (Adam, RMSprop).
    pub beta2: f64,
    /// Added to the root of that mean (Adam, RMSprop).
    pub adam_eps: f64,
    /// A gradient longer than this is scaled down to it, that of the policy and that of the value function each.
    pub max_grad_norm: Option<f64>,
    /// Steps in a mini-batch; every update then goes over the epoch in mini-batches. Null for all at once.
    pub minibatch: Option<usize>,
    /// Value steps an epoch.
    pub train_v_iters: usize,
    /// Weight of the entropy bonus at the start.
    pub entropy: f64,
    /// Weight of the value loss in the policy step, where the trunk is shared.
    pub vf_coef: f64,
    /// Linear layers or convolutions.
    pub policy: NetworkKind,
    /// Whether policy and value function share all layers but their last.
    pub shared_trunk: bool,
    /// Hidden layer sizes of both networks.
    pub hid: Vec<usize>,
    /// The function between layers.
    pub activation: Activation,
    /// Whether observations are normalised by their running mean and standard deviation, and clipped at ±10.
    pub norm_obs: bool,
    /// Whether rewards are divided by the running standard deviation of the discounted return, and clipped at ±10.
    pub norm_reward: bool,
    /// A reward other than zero ends its return (a point in Pong), although the episode goes on.
    pub reward_ends_return: bool,
    /// The actions the policy chooses from, as indices into the environment's action space; all where it is null.
    pub actions: Option<Vec<i64>>,
    /// How Atari frames become observations; null for other environments.
    pub pixels: Option<PixelConfig>,
    /// The step limit of an episode, where it is not the environment's own.
    pub max_ep_len: Option<u64>,
    /// Where libtorch computes.
    pub device: DeviceName,
    /// A policy is kept every so many epochs.
    pub save_freq: u64,
    /// What the run can be resumed from is written every so many epochs, and at the run's end.
    pub state_freq: u64,
    /// The run is solved when what `solve_rule` looks at is at least this; never where null.
    pub solve_at: Option<f64>,
    /// When a run counts as solved.
    pub solve_rule: SolveRule,
    /// Whether the run ends when it is solved.
    pub stop_when_solved: bool,
    /// Whose log lines and files a run has beside its own; null for none.
    pub write_up: Option<WriteUp>,
    /// The epochs between two of those lines, where the write-up has them.
    pub log_interval: u64,
}

/// What an action is credited with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Returns {
    /// The discounted return of the whole episode, from its first step.
    Total,
    /// The discounted return from the action on.
    RewardToGo,
    /// Generalized advantage estimation.
    Gae,
}

/// What is subtracted from the credit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Baseline {
    /// Nothing: there is no value function.
    None,
    /// The observation's value.
    Value,
}

/// Over what the credit is brought to mean 0 and standard deviation 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Normalize {
    /// Not at all.
    None,
    /// Over each episode.
    Episode,
    /// Over the epoch.
    Batch,
}

/// What the policy loss is divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LossPer {
    /// The number of steps: a mean over steps.
    Step,
    /// The number of episodes: a mean over episodes of sums over their steps.
    Episode,
}

/// How learning rates and entropy bonus change over the budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LrSchedule {
    /// Not at all.
    Constant,
    /// Linearly down to 0 at its end.
    Linear,
}

/// When a run counts as solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum SolveRule {
    /// By the mean return of the last 100 training episodes.
    #[value(name = "mean-100")]
    #[serde(rename = "mean-100")]
    Mean100,
    /// By the write-up's running reward: it begins at 10, and each episode takes it a hundredth of the way to the
    /// episode's length less 1.
    RunningReward,
}

/// When a run ends at the latest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Budget {
    /// After this many raw frames: steps times frame skip.
    Frames(u64),
    /// After this many epochs.
    Epochs(u64),
}

impl Default for Config {
    /// Spinning Up's defaults, for no environment yet.
    fn default() -> Self {
        recipes::SPINNING_UP
    }
}

impl Config {
    /// The recipe of this environment, with its own threshold.
    ///
    /// # Errors
    /// [`Error::UnknownEnv`] where no environment is registered under this name.
    pub fn for_env(env: &str) -> Result<Self, Error> {
        let spec = spec(env)?;
        Ok(Self { solve_at: spec.reward_threshold, ..recipes::recipe(env, &spec.id) })
    }

    /// Raw frames per step of one environment; the mean where the environment draws it.
    pub fn frames_per_step(&self) -> f64 {
        self.pixels.as_ref().map_or(1.0, |pixels| pixels.frame_skip)
    }

    /// Raw frames of this many steps of all environments together.
    pub fn raw_frames(&self, env_steps: u64) -> u64 {
        (env_steps as f64 * self.frames_per_step()) as u64
    }

    /// What learning rates and entropy bonus are multiplied with after this many raw frames, which are this part of the
    /// budget.
    pub fn decay(&self, raw_frames: u64, progress: f64) -> f64 {
        match self.lr_schedule {
            Some(LrSchedule::Constant) => return 1.0,
            Some(LrSchedule::Linear) => return (1.0 - progress).max(0.0),
            None => {}
        }
        let fall = |frames| 1.0 - 0.9 * raw_frames as f64 / frames as f64;
        self.decay_frames.map_or(1.0, |frames| fall(frames).max(0.1))
    }

    /// The config as JSON without what does not decide the results: the threads that step environments, how often
    /// the state is written, and paths.
    ///
    /// # Errors
    /// Where the config cannot be written as JSON, which no value of it is known to cause.
    pub fn decisive(&self) -> serde_json::Result<String> {
        let mut config = Self { threads: 0, state_freq: 1, ..self.clone() };
        if let Some(pixels) = &mut config.pixels {
            pixels.rom = None;
        }
        serde_json::to_string(&config)
    }

    /// Whether epochs consist of whole episodes.
    pub fn has_whole_episodes(&self) -> bool {
        self.whole_episodes || self.episodes_per_epoch.is_some()
    }

    /// What the optimizers are like.
    pub fn optimizer_config(&self) -> OptimizerConfig {
        OptimizerConfig { kind: self.optimizer, beta1: self.beta1, beta2: self.beta2, epsilon: self.adam_eps }
    }

    /// What the networks are like.
    pub fn architecture(&self) -> Architecture<'_> {
        Architecture {
            kind: self.policy,
            hidden: &self.hid,
            activation: self.activation,
            shared_trunk: self.shared_trunk,
            value: self.baseline == Baseline::Value,
            normalize_observations: self.norm_obs,
            normalize_rewards: self.norm_reward,
            normalize_values: self.norm_values,
            device: self.torch_device(),
        }
    }

    /// Steps of each environment in an epoch.
    pub fn rollout_steps(&self) -> usize {
        self.steps_per_epoch.div_ceil(self.num_envs)
    }
}
