//! What decides a run: the environment, the budget and the hyperparameters.

pub mod check;
pub mod device;
mod effects;
pub mod others;
pub mod pixels;
pub mod presets;
pub mod recipes;
pub mod schedule;
pub mod sources;
mod unique;

use std::path::PathBuf;

use clap::ValueEnum;
use envs::{Error, spec};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use crate::config::{
    check::{ANY, InvalidValue, number_in},
    device::DeviceName,
    pixels::{BackendName, PhiName, PixelConfig},
    presets::WriteUp,
};
use crate::{
    config::recipes::SPINNING_UP,
    config::unique::Unique,
    nn::mlp::Activation,
    nn::optimizer::{OptimizerConfig, OptimizerKind},
    nn::policy::{Architecture, NetworkKind},
};

/// Everything that decides what a run computes. `config.json` in a run folder is this, and so is a config file: the
/// options of all tables side by side, each under its own name.
///
/// ```
/// use vpg::Config;
/// let mut config = Config::for_env("CartPole-v1")?;
/// config.credit.gamma = 0.98;
/// let json = serde_json::to_value(&config)?;
/// assert_eq!((&json["env"], &json["gamma"]), (&"CartPole-v1".into(), &0.98.into()));
/// assert_eq!(Config::from_json(json.to_string().as_bytes())?, config);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// Every generator of the run derives from it.
    pub seed: u64,
    /// The environments.
    #[serde(flatten)]
    pub environment: EnvironmentOptions,
    /// How long an epoch and the run are.
    #[serde(flatten)]
    pub budget: BudgetOptions,
    /// What actions are credited with.
    #[serde(flatten)]
    pub credit: CreditOptions,
    /// How the networks are stepped.
    #[serde(flatten)]
    pub optimizer: OptimizerOptions,
    /// The networks, and where they compute.
    #[serde(flatten)]
    pub network: NetworkOptions,
    /// What a run writes and when.
    #[serde(flatten)]
    pub log: LogOptions,
}

/// The environments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EnvironmentOptions {
    /// The environment's id or short name.
    #[serde(rename = "env")]
    pub id: String,
    /// Environments stepped side by side.
    pub num_envs: usize,
    /// Threads that step environments; 0 chooses.
    pub threads: usize,
    /// The actions the policy chooses from, as indices into the environment's action space; all where it is null.
    pub actions: Option<Vec<i64>>,
    /// How Atari frames become observations; null for other environments.
    pub pixels: Option<PixelConfig>,
    /// The step limit of an episode, where it is not the environment's own.
    pub max_ep_len: Option<u64>,
}

/// How long an epoch and the run are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BudgetOptions {
    /// The budget.
    #[serde(rename = "budget")]
    pub limit: Budget,
    /// Steps of all environments together between two updates; at least so many, where episodes are whole.
    pub steps_per_epoch: usize,
    /// Episodes between two updates, in place of steps; null for steps. They are whole.
    pub episodes_per_epoch: Option<usize>,
    /// Whether every epoch consists of whole episodes of its own policy; otherwise the epoch's end cuts them off, and
    /// the next epoch goes on with them.
    pub whole_episodes: bool,
    /// The run is solved when what `solve_rule` looks at is at least this; never where null.
    pub solve_at: Option<f64>,
    /// When a run counts as solved.
    pub solve_rule: SolveRule,
    /// Whether the run ends when it is solved.
    pub stop_when_solved: bool,
    /// Where given, it then goes on until an evaluation's mean return is at least this. Nothing is evaluated before it is
    /// solved, nor while the mean of the last hundred episodes is below `solve_at`.
    pub end_at_eval: Option<f64>,
}

/// What actions are credited with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CreditOptions {
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
    /// Whether rewards are divided by the running standard deviation of the discounted return, and clipped at ±10.
    pub norm_reward: bool,
    /// A reward other than zero ends its return (a point in Pong), although the episode goes on.
    pub reward_ends_return: bool,
    /// The loss of a life ends its return, although the episode goes on.
    pub life_ends_return: bool,
    /// What the policy loss, a sum over steps, is divided by.
    pub loss_per: LossPer,
    /// Discount.
    pub gamma: f64,
    /// The discount at the start, from which it rises linearly to `gamma`; null, or a greater one, for `gamma` throughout.
    pub gamma_start: Option<f64>,
    /// The raw frames over which it rises.
    pub gamma_frames: u64,
    /// Lambda of GAE.
    pub lam: f64,
}

/// How the networks are stepped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OptimizerOptions {
    /// The rule of a step.
    #[serde(rename = "optimizer")]
    pub kind: OptimizerKind,
    /// Learning rate of the policy.
    pub pi_lr: f64,
    /// Learning rate of the value function.
    pub vf_lr: f64,
    /// The raw frames over which the learning rates and the entropy bonus fall linearly to a tenth; they do not where
    /// null. It is no share of the budget, so that a short run is the beginning of a long one.
    pub decay_frames: Option<u64>,
    /// How they fall over the whole budget: linearly down to 0, or not at all; null leaves it to `decay_frames`.
    pub lr_schedule: Option<LrSchedule>,
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
    /// The raw frames over which that weight falls linearly to a tenth; null where it falls as the learning rates do.
    pub entropy_frames: Option<u64>,
    /// What each environment's policy adds at the start to the logit of an action of its own, so that all are tried for long.
    pub lean: f64,
    /// The raw frames over which that falls linearly to 0.
    pub lean_frames: u64,
    /// Weight of the value loss in the policy step, where the trunk is shared.
    pub vf_coef: f64,
}

/// The networks, and where they compute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NetworkOptions {
    /// Linear layers or convolutions.
    #[serde(rename = "policy")]
    pub kind: NetworkKind,
    /// Whether policy and value function share all layers but their last.
    pub shared_trunk: bool,
    /// Hidden layer sizes of both networks.
    pub hid: Vec<usize>,
    /// The function between layers.
    pub activation: Activation,
    /// Whether observations are normalised by their running mean and standard deviation, and clipped at ±10.
    pub norm_obs: bool,
    /// Where libtorch computes.
    pub device: DeviceName,
    /// Threads of libtorch: a fixed number, since sums depend on it.
    pub torch_threads: usize,
    /// The run folder or checkpoint whose weights the run began with; null for fresh ones.
    pub from: Option<PathBuf>,
}

/// What a run writes and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LogOptions {
    /// A policy is kept every so many epochs.
    pub save_freq: u64,
    /// Older ones are thinned out, so that all take at most so many megabytes.
    pub checkpoint_mb: u64,
    /// What the run can be resumed from is written every so many epochs, and at the run's end.
    pub state_freq: u64,
    /// Whose log lines and files a run has beside its own; null for none.
    pub write_up: Option<WriteUp>,
    /// The epochs between two of those lines, where the write-up has them.
    pub log_interval: u64,
    /// Episodes are played to see how good the policy is every so many epochs; null for never.
    pub eval_every: Option<u64>,
    /// How many.
    pub eval_episodes: usize,
    /// Whether they take the likeliest action in place of drawing one.
    pub eval_deterministic: bool,
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
        SPINNING_UP
    }
}

/// The tables' defaults are Spinning Up's too.
macro_rules! defaults {
    ($($table:ident: $options:ty),*) => {
        $(impl Default for $options {
            fn default() -> Self {
                SPINNING_UP.$table
            }
        })*
    };
}
defaults!(environment: EnvironmentOptions, budget: BudgetOptions, credit: CreditOptions, optimizer: OptimizerOptions, network: NetworkOptions, log: LogOptions);

impl Config {
    /// The recipe of this environment, solved at its own threshold, or at the recipe's where it has none.
    ///
    /// # Errors
    /// [`Error::UnknownEnv`] where no environment is registered under this name.
    pub fn for_env(env: &str) -> Result<Self, Error> {
        let spec = spec(env)?;
        let mut config = recipes::recipe(env, &spec.id);
        config.budget.solve_at = spec.reward_threshold.or(config.budget.solve_at);
        Ok(config)
    }

    /// Reads a `config.json`. Nothing stands in for an option that it lacks: another version wrote it.
    ///
    /// # Errors
    /// Where it is no JSON, or an option is missing, not known, there twice, or has a value of another kind.
    pub fn from_json(text: &[u8]) -> serde_json::Result<Self> {
        // Some editors put a byte-order mark first.
        let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
        let Unique(given) = serde_json::from_slice(text)?;
        let given: Map<String, Value> = serde_json::from_value(given)?;
        let known = serde_json::to_value(Self::default())?;
        let unknown = given.keys().find(|key| known.get(key).is_none());
        let missing = known.as_object().into_iter().flatten().find(|(key, _)| !given.contains_key(*key));
        match (unknown, missing) {
            (Some(key), _) => Err(serde::de::Error::custom(format!("unknown option {key:?}"))),
            (None, Some((key, _))) => Err(serde::de::Error::custom(format!("option {key:?} is missing"))),
            (None, None) => serde_json::from_value(Value::Object(given)),
        }
    }

    /// Raw frames per step of one environment; the mean where the environment draws it.
    pub fn frames_per_step(&self) -> f64 {
        self.environment.pixels.as_ref().map_or(1.0, |pixels| pixels.frame_skip)
    }

    /// Raw frames of this many steps of all environments together.
    pub fn raw_frames(&self, env_steps: u64) -> u64 {
        (env_steps as f64 * self.frames_per_step()) as u64
    }

    /// The config as JSON without what does not decide the results: the threads that step environments, how often
    /// the state is written, and paths.
    ///
    /// # Errors
    /// Where the config cannot be written as JSON, which no value of it is known to cause.
    pub fn decisive(&self) -> serde_json::Result<String> {
        let mut config = self.clone();
        (config.environment.threads, config.log.state_freq) = (0, 1);
        config.network.from = None;
        if let Some(pixels) = &mut config.environment.pixels {
            pixels.rom = None;
        }
        serde_json::to_string(&config)
    }

    /// Whether epochs consist of whole episodes.
    pub fn has_whole_episodes(&self) -> bool {
        self.budget.whole_episodes || self.budget.episodes_per_epoch.is_some()
    }

    /// What the optimizers are like.
    pub fn optimizer_config(&self) -> OptimizerConfig {
        OptimizerConfig {
            kind: self.optimizer.kind,
            beta1: self.optimizer.beta1,
            beta2: self.optimizer.beta2,
            epsilon: self.optimizer.adam_eps,
        }
    }

    /// What the networks are like.
    pub fn architecture(&self) -> Architecture<'_> {
        Architecture {
            kind: self.network.kind,
            hidden: &self.network.hid,
            activation: self.network.activation,
            shared_trunk: self.network.shared_trunk,
            value: self.credit.baseline == Baseline::Value,
            normalize_observations: self.network.norm_obs,
            normalize_rewards: self.credit.norm_reward,
            normalize_values: self.credit.norm_values,
            device: self.torch_device(),
        }
    }

    /// Steps of each environment in an epoch.
    pub fn rollout_steps(&self) -> usize {
        self.budget.steps_per_epoch.div_ceil(self.environment.num_envs)
    }
}
