//! The presets: four write-ups on vanilla policy gradient, their hyperparameters and habits. `docs/write-ups.md` tells
//! what each promises and where it is kept.

use std::fmt;

use clap::ValueEnum;
use envs::{Error, spec};
use preprocess::{DifferenceConfig, Phi};
use serde::{Deserialize, Serialize};

use crate::{
    config::recipes::SPINNING_UP,
    config::{Baseline, Budget, Config, LossPer, Normalize, PixelConfig, Returns, SolveRule},
    nn::mlp::Activation,
};

/// The four write-ups on vanilla policy gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum WriteUp {
    /// Pong from differences of frames, a blog post with PyTorch and Gym.
    PongBlog,
    /// InvertedPendulum with PyTorch Lightning.
    PendulumLightning,
    /// PyTorch's own REINFORCE example on CartPole.
    CartpoleReinforce,
    /// VPG of OpenAI's Spinning Up.
    SpinningUp,
}

impl fmt::Display for WriteUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value();
        f.write_str(value.as_ref().map_or("", |value| value.get_name()))
    }
}

impl WriteUp {
    /// The environment the write-up is about.
    fn env(self) -> &'static str {
        match self {
            Self::PongBlog => "Pong-v0",
            Self::PendulumLightning => "InvertedPendulum-v4",
            Self::CartpoleReinforce => "CartPole-v0",
            Self::SpinningUp => "CartPole-v1",
        }
    }

    /// The epochs between two kept policies, where the write-up keeps a fixed number of them in so many epochs.
    pub fn save_freq(self, epochs: u64) -> Option<u64> {
        (self == Self::PendulumLightning).then(|| (epochs / 9).max(1))
    }

    /// Whether the policy has to be a Gaussian.
    pub fn needs_continuous_actions(self) -> bool {
        self == Self::PendulumLightning
    }

    /// Whether run folders are numbered, `version_0` and on, in place of named by date and time.
    pub fn numbers_its_runs(self) -> bool {
        self == Self::PendulumLightning
    }

    /// Whether a run ends with a GIF of all checkpoints at play.
    pub fn ends_with_a_demo(self) -> bool {
        self == Self::PendulumLightning
    }
}

/// The config of a write-up, for the environment it is about or for another one.
///
/// # Errors
/// [`Error::UnknownEnv`] where no environment is registered under this name.
///
/// ```
/// use vpg::{WriteUp, preset};
///
/// let config = preset(WriteUp::CartpoleReinforce, None)?;
/// assert_eq!((config.environment.id.as_str(), config.seed), ("CartPole-v0", 543));
/// # Ok::<(), envs::Error>(())
/// ```
pub fn preset(write_up: WriteUp, env: Option<&str>) -> Result<Config, Error> {
    let env = env.unwrap_or(write_up.env());
    let spec = spec(env)?;
    let mut config = SPINNING_UP;
    config.environment.id = env.into();
    config.environment.pixels = PixelConfig::for_id(&spec.id);
    config.budget.solve_at = spec.reward_threshold;
    config.budget.stop_when_solved = false;
    config.log.write_up = Some(write_up);
    Ok(match write_up {
        WriteUp::PongBlog => pong_blog(config),
        WriteUp::PendulumLightning => pendulum_lightning(config),
        WriteUp::CartpoleReinforce => cartpole_reinforce(config),
        WriteUp::SpinningUp => {
            // The environment's own limit counts too where it is lower.
            let max_ep_len = spec.max_episode_steps.map_or(1000, |limit| limit.min(1000));
            config.network.hid = vec![64, 64];
            config.environment.max_ep_len = Some(max_ep_len);
            config
        }
    })
}

/// The policy gradient without a baseline, on whole episodes.
fn reinforce(mut config: Config) -> Config {
    config.budget.whole_episodes = true;
    config.credit.returns = Returns::RewardToGo;
    config.credit.baseline = Baseline::None;
    config.credit.normalize = Normalize::Episode;
    config.credit.loss_per = LossPer::Episode;
    config.network.hid = vec![128];
    config.network.activation = Activation::Relu;
    config
}

fn pong_blog(common: Config) -> Config {
    let mut config = reinforce(common);
    if let Some(pixels) = &mut config.environment.pixels {
        // The write-up's own formula takes the first frames' other background for objects.
        pixels.difference = DifferenceConfig { phi: Phi::Difference, ..DifferenceConfig::blog() };
        config.environment.actions = Some(vec![2, 3]);
    }
    config.environment.num_envs = 10;
    config.budget.episodes_per_epoch = Some(20);
    config.budget.limit = Budget::Epochs(600);
    config.optimizer.pi_lr = 2.5e-4;
    config.log.save_freq = 5;
    config.log.log_interval = 5;
    config
}

fn pendulum_lightning(mut config: Config) -> Config {
    config.environment.num_envs = 1;
    config.environment.threads = 1;
    config.budget.whole_episodes = true;
    config.budget.steps_per_epoch = 2500;
    config.budget.limit = Budget::Epochs(100);
    config.credit.returns = Returns::RewardToGo;
    config.credit.norm_values = true;
    config.credit.gamma = 0.9;
    config.optimizer.pi_lr = 0.003883;
    config.optimizer.vf_lr = 0.003883;
    config.optimizer.train_v_iters = 1;
    config.network.hid = vec![64, 64];
    config.log.save_freq = 100 / 9;
    config.log.log_interval = 1;
    config
}

fn cartpole_reinforce(common: Config) -> Config {
    let mut config = reinforce(common);
    config.seed = 543;
    config.environment.num_envs = 1;
    config.environment.threads = 1;
    config.budget.episodes_per_epoch = Some(1);
    config.budget.limit = Budget::Epochs(10_000);
    config.credit.unbiased_std = true;
    config.optimizer.pi_lr = 1e-2;
    config.budget.solve_rule = SolveRule::RunningReward;
    config.budget.stop_when_solved = true;
    config.log.save_freq = 100;
    // An epoch of one episode takes a tenth of the time in which the disk takes a state.
    config.log.state_freq = 10;
    config
}
