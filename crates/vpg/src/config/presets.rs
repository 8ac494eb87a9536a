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
    nn::network::Activation,
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
pub fn preset(write_up: WriteUp, env: Option<&str>) -> Result<Config, Error> {
    let env = env.unwrap_or(write_up.env());
    let spec = spec(env)?;
    let common = Config {
        env: env.into(),
        pixels: PixelConfig::for_id(&spec.id),
        solve_at: spec.reward_threshold,
        stop_when_solved: false,
        write_up: Some(write_up),
        ..SPINNING_UP
    };
    Ok(match write_up {
        WriteUp::PongBlog => pong_blog(common),
        WriteUp::PendulumLightning => pendulum_lightning(common),
        WriteUp::CartpoleReinforce => cartpole_reinforce(common),
        WriteUp::SpinningUp => {
            // The environment's own limit counts too where it is lower.
            let max_ep_len = spec.max_episode_steps.map_or(1000, |limit| limit.min(1000));
            Config { hid: vec![64, 64], max_ep_len: Some(max_ep_len), ..common }
        }
    })
}

/// The policy gradient without a baseline, on whole episodes.
fn reinforce(common: Config) -> Config {
    Config {
        whole_episodes: true,
        returns: Returns::RewardToGo,
        baseline: Baseline::None,
        normalize: Normalize::Episode,
        loss_per: LossPer::Episode,
        hid: vec![128],
        activation: Activation::Relu,
        ..common
    }
}

fn pong_blog(mut common: Config) -> Config {
    if let Some(pixels) = &mut common.pixels {
        // The write-up's own formula takes the first frames' other background for objects.
        pixels.difference = DifferenceConfig { phi: Phi::Difference, ..DifferenceConfig::blog() };
        common.actions = Some(vec![2, 3]);
    }
    Config {
        num_envs: 10,
        episodes_per_epoch: Some(20),
        budget: Budget::Epochs(600),
        pi_lr: 2.5e-4,
        save_freq: 5,
        log_interval: 5,
        ..reinforce(common)
    }
}

fn pendulum_lightning(common: Config) -> Config {
    Config {
        num_envs: 1,
        threads: 1,
        whole_episodes: true,
        steps_per_epoch: 2500,
        budget: Budget::Epochs(100),
        returns: Returns::RewardToGo,
        norm_values: true,
        gamma: 0.9,
        pi_lr: 0.003883,
        vf_lr: 0.003883,
        train_v_iters: 1,
        hid: vec![64, 64],
        save_freq: 100 / 9,
        log_interval: 1,
        ..common
    }
}

fn cartpole_reinforce(common: Config) -> Config {
    Config {
        seed: 543,
        num_envs: 1,
        threads: 1,
        episodes_per_epoch: Some(1),
        budget: Budget::Epochs(10_000),
        unbiased_std: true,
        pi_lr: 1e-2,
        solve_rule: SolveRule::RunningReward,
        stop_when_solved: true,
        save_freq: 100,
        // An epoch of one episode takes a tenth of the time in which the disk takes a state.
        state_freq: 10,
        ..reinforce(common)
    }
}
