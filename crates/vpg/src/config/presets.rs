//! The presets: the hyperparameters of four write-ups on vanilla policy gradient. `docs/write-ups.md` tells what each
//! promises and where it is kept.

use envs::{Error, spec};
use preprocess::{DifferenceConfig, Phi};

use crate::{
    collect::environment::PixelConfig,
    config::recipes::SPINNING_UP,
    config::{Baseline, Budget, Config, LossPer, Normalize, Returns, SolveRule},
    nn::network::Activation,
    run::write_up::WriteUp,
};

/// The config of a write-up, for the environment it is about or for another one.
///
/// # Errors
/// [`Error::UnknownEnv`].
pub fn preset(write_up: WriteUp, env: Option<&str>) -> Result<Config, Error> {
    let env = env.unwrap_or(match write_up {
        WriteUp::PongBlog => "Pong-v0",
        WriteUp::PendulumLightning => "InvertedPendulum-v4",
        WriteUp::CartpoleReinforce => "CartPole-v0",
        WriteUp::SpinningUp => "CartPole-v1",
    });
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
