//! What decides a run: the environment, the budget and the hyperparameters.

pub mod presets;
pub mod recipes;
pub mod sources;

use std::{fmt, str::FromStr};

use clap::ValueEnum;
use envs::{Action, DType, Error, Space, spec};
use serde::{Deserialize, Serialize};
use tch::{Cuda, Device};

use crate::{
    collect::environment::PixelConfig,
    nn::network::Activation,
    nn::optimizer::{OptimizerConfig, OptimizerKind},
    nn::policy::{Architecture, NetworkKind},
    nn::torch::NatureCnn,
    run::write_up::WriteUp,
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
    /// The same over the whole budget and down to 0 (linear), or not at all (constant); null leaves it to `decay_frames`.
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

/// Where libtorch computes: `auto`, `cpu` or `cuda:N`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DeviceName {
    /// The first CUDA device for convolutions where there is one; the CPU otherwise, which small linear layers are
    /// faster on.
    Auto,
    /// The CPU.
    Cpu,
    /// This CUDA device.
    Cuda(usize),
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(index) => write!(f, "cuda:{index}"),
        }
    }
}

impl From<DeviceName> for String {
    fn from(device: DeviceName) -> Self {
        device.to_string()
    }
}

impl TryFrom<String> for DeviceName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        name.parse()
    }
}

impl FromStr for DeviceName {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match (name, name.strip_prefix("cuda:").map(str::parse)) {
            ("auto", _) => Ok(Self::Auto),
            ("cpu", _) => Ok(Self::Cpu),
            ("cuda", _) => Ok(Self::Cuda(0)),
            (_, Some(Ok(index))) => Ok(Self::Cuda(index)),
            _ => Err(format!("no device {name:?}: expected auto, cpu or cuda:N")),
        }
    }
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

/// A value that makes no sense, and the ones that do.
#[derive(Debug, thiserror::Error)]
#[error("{name} = {value}: expected {expected}")]
pub struct InvalidValue {
    name: &'static str,
    value: String,
    expected: &'static str,
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
    /// [`Error::UnknownEnv`].
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
    /// None that is known.
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

    /// The device of libtorch.
    pub fn torch_device(&self) -> Device {
        match self.device {
            DeviceName::Auto if self.policy == NetworkKind::Cnn => Device::cuda_if_available(),
            DeviceName::Auto | DeviceName::Cpu => Device::Cpu,
            DeviceName::Cuda(index) => Device::Cuda(index),
        }
    }

    /// Steps of each environment in an epoch.
    pub fn rollout_steps(&self) -> usize {
        self.steps_per_epoch.div_ceil(self.num_envs)
    }

    /// Refuses actions that the environment does not have.
    ///
    /// # Errors
    /// [`InvalidValue`] for the first such action.
    pub fn check_actions(&self, space: &Space) -> Result<(), InvalidValue> {
        let refused = self.actions.iter().flatten().find(|&&action| !space.contains(Action::Discrete(action)));
        match refused {
            None => Ok(()),
            Some(action) => Err(InvalidValue {
                name: "actions",
                value: action.to_string(),
                expected: "indices into the environment's discrete action space",
            }),
        }
    }

    /// The device by its name, `auto` decided.
    pub fn device_name(&self) -> DeviceName {
        match self.torch_device() {
            Device::Cuda(index) => DeviceName::Cuda(index),
            _ => DeviceName::Cpu,
        }
    }

    /// Refuses spaces that the networks cannot serve.
    ///
    /// # Errors
    /// [`InvalidValue`] for the first reason.
    pub fn check_spaces(&self, observations: &Space, actions: &Space) -> Result<(), InvalidValue> {
        self.check_actions(actions)?;
        if self.write_up == Some(WriteUp::PendulumLightning) && matches!(actions, Space::Discrete(_)) {
            let expected = "an environment with continuous actions, such as InvertedPendulum-v4, for this write-up";
            return Err(InvalidValue { name: "env", value: self.env.clone(), expected });
        }
        let sides = match observations.shape() {
            [rows, columns] | [_, rows, columns] => *rows.min(columns),
            _ => 0,
        };
        if self.policy == NetworkKind::Cnn && sides < NatureCnn::LEAST_SIDE {
            let expected = "mlp, where observations are not pictures of at least 36x36";
            return Err(InvalidValue { name: "policy", value: "cnn".into(), expected });
        }
        match observations {
            Space::Box(space) if self.norm_obs && matches!(space.dtype, DType::I8 | DType::U8) => {
                let expected = "false where observations are pictures, whose range is known";
                Err(InvalidValue { name: "norm-obs", value: "true".into(), expected })
            }
            _ => Ok(()),
        }
    }

    /// Refuses options that several processes cannot share.
    ///
    /// # Errors
    /// [`InvalidValue`] for the first such option.
    pub fn check_processes(&self, processes: usize) -> Result<(), InvalidValue> {
        let of_one_process = [
            ("whole-episodes", self.has_whole_episodes()),
            ("norm-obs", self.norm_obs),
            ("norm-reward", self.norm_reward),
            ("norm-values", self.norm_values),
            ("minibatch", self.minibatch.is_some()),
        ];
        match of_one_process.into_iter().find(|(_, set)| *set && processes > 1) {
            None => Ok(()),
            Some((name, _)) => {
                Err(InvalidValue { name, value: "set".into(), expected: "it left out with several processes" })
            }
        }
    }

    /// Refuses options that are in each other's way.
    fn check_together(&self) -> Result<(), InvalidValue> {
        let wrong = |name, value: &str, expected| Err(InvalidValue { name, value: value.into(), expected });
        if self.baseline == Baseline::None {
            if self.returns == Returns::Gae {
                return wrong("returns", "gae", "total or reward-to-go where there is no baseline");
            }
            if self.norm_values {
                return wrong("norm-values", "true", "false where there is no value function");
            }
            if self.shared_trunk {
                return wrong("shared-trunk", "true", "false where there is no value function");
            }
        }
        if self.loss_per == LossPer::Episode && !self.has_whole_episodes() {
            return wrong("loss-per", "episode", "step where episodes are not whole (--whole-episodes)");
        }
        let devices = Cuda::device_count();
        match self.device {
            DeviceName::Cuda(index) if index as i64 >= devices => {
                let expected = match devices {
                    0 => "cpu: this libtorch sees no CUDA device (docs/install.md tells how to build with CUDA)",
                    _ => "a CUDA device that is there (`vpg doctor` counts them)",
                };
                wrong("device", &self.device.to_string(), expected)
            }
            _ => Ok(()),
        }
    }

    /// Refuses values that make no sense, before anything is made from them.
    ///
    /// # Errors
    /// [`InvalidValue`] for the first such value.
    pub fn check(&self) -> Result<(), InvalidValue> {
        let budget = match self.budget {
            Budget::Frames(n) | Budget::Epochs(n) => n,
        };
        let positive = "a whole number from 1 on";
        at_least_one("num-envs", self.num_envs as u64, positive)?;
        at_least_one("torch-threads", self.torch_threads as u64, positive)?;
        at_least_one("steps-per-epoch", self.steps_per_epoch as u64, positive)?;
        for (name, value) in
            [("num-envs", self.num_envs), ("steps-per-epoch", self.steps_per_epoch), ("hid", self.hid.iter().sum())]
        {
            within(name, value as f64, 1e7, "at most ten million")?;
        }
        for (name, value) in [("threads", self.threads), ("torch-threads", self.torch_threads)] {
            within(name, value as f64, 1024.0, "at most 1024")?;
        }
        at_least_one("frames or epochs", budget, positive)?;
        within("frames or epochs", budget as f64, 1e15, "at most 10^15")?;
        at_least_one("episodes-per-epoch", self.episodes_per_epoch.unwrap_or(1) as u64, positive)?;
        at_least_one("minibatch", self.minibatch.unwrap_or(1) as u64, positive)?;
        at_least_one("log-interval", self.log_interval, positive)?;
        at_least_one("save-freq", self.save_freq, positive)?;
        at_least_one("state-freq", self.state_freq, positive)?;
        at_least_one("decay_frames", self.decay_frames.unwrap_or(1), positive)?;
        at_least_one("max-ep-len", self.max_ep_len.unwrap_or(1), positive)?;
        for &size in &self.hid {
            at_least_one("hid", size as u64, "layer sizes from 1 on")?;
        }
        within("gamma", self.gamma, 1.0, "a number from 0 to 1")?;
        within("lam", self.lam, 1.0, "a number from 0 to 1")?;
        for (name, value) in [("beta1", self.beta1), ("beta2", self.beta2)] {
            within(name, value, 1.0 - f64::EPSILON, "a number from 0 to below 1")?;
        }
        let from_zero = [
            ("pi-lr", self.pi_lr),
            ("vf-lr", self.vf_lr),
            ("entropy", self.entropy),
            ("adam-eps", self.adam_eps),
            ("vf-coef", self.vf_coef),
            ("max-grad-norm", self.max_grad_norm.unwrap_or(0.0)),
        ];
        for (name, value) in from_zero {
            within(name, value, f64::MAX, "a finite number from 0 on")?;
        }
        match self.solve_at {
            Some(value) if !value.is_finite() => {
                Err(InvalidValue { name: "solve-at", value: value.to_string(), expected: "a finite number" })
            }
            _ => self.check_together(),
        }
    }
}

fn at_least_one(name: &'static str, value: u64, expected: &'static str) -> Result<(), InvalidValue> {
    if value >= 1 { Ok(()) } else { Err(InvalidValue { name, value: value.to_string(), expected }) }
}

fn within(name: &'static str, value: f64, high: f64, expected: &'static str) -> Result<(), InvalidValue> {
    if (0.0..=high).contains(&value) { Ok(()) } else { Err(InvalidValue { name, value: value.to_string(), expected }) }
}
