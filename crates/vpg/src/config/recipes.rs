//! The defaults of each environment, in one place.

use crate::{
    config::{Baseline, Budget, Config, DeviceName, LossPer, Normalize, PixelConfig, Returns, SolveRule},
    nn::network::Activation,
    nn::optimizer::OptimizerKind,
    nn::policy::NetworkKind,
};

/// The recipe for the environment registered under `id`, called `env` by the user.
pub fn recipe(env: &str, id: &str) -> Config {
    let pixels = PixelConfig::for_id(id);
    let common = Config { env: env.to_owned(), ..SPINNING_UP };
    match (id.split('-').next().unwrap_or(id), pixels) {
        ("CartPole", _) => cartpole(common),
        ("InvertedPendulum", _) => inverted_pendulum(common),
        (name, Some(pixels)) if name.contains("Pong") => {
            let config = pong(Config { pixels: Some(pixels), ..common });
            if PixelConfig::is_sticky(id) { sticky_pong(config) } else { config }
        }
        (_, pixels) => Config { pixels, hid: vec![64, 64], ..common },
    }
}

/// Spinning Up's defaults (its `vpg` with PyTorch), for environments without a recipe of their own.
pub const SPINNING_UP: Config = Config {
    env: String::new(),
    seed: 0,
    num_envs: 4,
    threads: 0,
    torch_threads: 1,
    budget: Budget::Epochs(50),
    steps_per_epoch: 4000,
    episodes_per_epoch: None,
    whole_episodes: false,
    returns: Returns::Gae,
    baseline: Baseline::Value,
    normalize: Normalize::Batch,
    unbiased_std: false,
    norm_values: false,
    loss_per: LossPer::Step,
    gamma: 0.99,
    lam: 0.97,
    pi_lr: 3e-4,
    vf_lr: 1e-3,
    decay_frames: None,
    lr_schedule: None,
    optimizer: OptimizerKind::Adam,
    beta1: 0.9,
    beta2: 0.999,
    adam_eps: 1e-8,
    max_grad_norm: None,
    minibatch: None,
    train_v_iters: 80,
    entropy: 0.0,
    vf_coef: 0.5,
    policy: NetworkKind::Mlp,
    shared_trunk: false,
    hid: Vec::new(),
    activation: Activation::Tanh,
    norm_obs: false,
    norm_reward: false,
    reward_ends_return: false,
    actions: None,
    pixels: None,
    max_ep_len: None,
    device: DeviceName::Auto,
    save_freq: 10,
    state_freq: 1,
    solve_at: None,
    solve_rule: SolveRule::Mean100,
    stop_when_solved: true,
    write_up: None,
    log_interval: 10,
};

fn cartpole(common: Config) -> Config {
    Config {
        threads: 1,
        num_envs: 32,
        steps_per_epoch: 2048,
        budget: Budget::Frames(2_000_000),
        lam: 0.95,
        pi_lr: 7e-3,
        vf_lr: 1e-2,
        decay_frames: Some(500_000),
        train_v_iters: 5,
        hid: vec![32],
        save_freq: 50,
        ..common
    }
}

fn inverted_pendulum(common: Config) -> Config {
    Config {
        threads: 1,
        num_envs: 32,
        steps_per_epoch: 2048,
        budget: Budget::Frames(5_000_000),
        lam: 0.95,
        pi_lr: 1e-2,
        vf_lr: 1e-2,
        decay_frames: Some(1_000_000),
        train_v_iters: 10,
        hid: vec![32],
        save_freq: 50,
        ..common
    }
}

fn pong(common: Config) -> Config {
    Config {
        num_envs: 16,
        steps_per_epoch: 4096,
        budget: Budget::Frames(10_000_000),
        lam: 0.95,
        pi_lr: 4e-3,
        vf_lr: 2e-3,
        decay_frames: Some(8_000_000),
        train_v_iters: 5,
        entropy: 0.01,
        hid: vec![128],
        activation: Activation::Relu,
        reward_ends_return: true,
        actions: Some(vec![2, 3]),
        save_freq: 50,
        ..common
    }
}

/// Where a quarter of the frames repeat the action before, the paddle has to be able to rest: up and down alone make it
/// tremble, by more the later an action comes. A resting paddle is seen only in the frame itself.
fn sticky_pong(mut config: Config) -> Config {
    config.pixels.iter_mut().for_each(|pixels| pixels.difference.with_frame = true);
    Config {
        budget: Budget::Frames(80_000_000),
        lam: 0.9,
        pi_lr: 3e-3,
        decay_frames: Some(40_000_000),
        entropy: 0.02,
        actions: Some(vec![0, 2, 3]),
        ..config
    }
}
