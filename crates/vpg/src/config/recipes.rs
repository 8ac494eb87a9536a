//! The defaults of each environment, in one place.

use std::num::NonZero;

use crate::{
    config::{
        Baseline, Budget, BudgetOptions, Config, CreditOptions, DeviceName, EnvironmentOptions, LogOptions, LossPer,
        NetworkOptions, Normalize, OptimizerOptions, PixelConfig, Returns, SolveRule,
    },
    nn::mlp::Activation,
    nn::optimizer::OptimizerKind,
    nn::policy::NetworkKind,
};

/// The recipe for the environment registered under `id`, called `env` by the user.
pub fn recipe(env: &str, id: &str) -> Config {
    let mut config = SPINNING_UP;
    config.environment.id = env.to_owned();
    config.environment.pixels = PixelConfig::for_id(id);
    let game = PixelConfig::game(id);
    match (id.split('-').next(), game.as_ref().map(|(game, sticky)| (game.as_str(), *sticky))) {
        (Some("CartPole"), _) => cartpole(config),
        (Some("InvertedPendulum"), _) => inverted_pendulum(config),
        (Some("Acrobot" | "MountainCar"), _) => swing_up(config),
        (Some("MountainCarContinuous"), _) => mountain_car_continuous(swing_up(config)),
        (Some("Pendulum"), _) => pendulum(swing_up(config)),
        (_, Some(("pong", false))) => steady_pong(pong(config)),
        (_, Some(("pong", true))) => sticky_pong(pong(config)),
        (_, Some(("boxing", _))) => boxing(any_game(config)),
        (_, Some(("breakout", _))) => breakout(any_game(config)),
        _ if config.environment.pixels.is_some() => any_game(config),
        _ => {
            config.network.hid = vec![64, 64];
            config
        }
    }
}

/// Whether this is a game that runs with the recipe for all games.
pub fn is_general(config: &Config) -> bool {
    let environment = &config.environment;
    PixelConfig::game(&environment.id).is_some_and(|(game, _)| !matches!(&*game, "pong" | "boxing" | "breakout"))
        && config.log.write_up.is_none()
}

/// The recipe as it suits what flags and files, which made `wanted` of it, have the networks look at.
pub fn suited(recipe: Config, wanted: &Config) -> Config {
    let stacked = wanted.environment.pixels.as_ref().is_some_and(|pixels| pixels.stack.is_some());
    match wanted.network.kind {
        NetworkKind::Cnn => convolutions(recipe),
        NetworkKind::Mlp if stacked => whole_frames(recipe),
        NetworkKind::Mlp => recipe,
    }
}

/// Spinning Up's defaults (its `vpg` with PyTorch), for environments without a recipe of their own.
pub const SPINNING_UP: Config = Config {
    environment: EnvironmentOptions {
        id: String::new(),
        num_envs: 4,
        threads: 0,
        actions: None,
        pixels: None,
        max_ep_len: None,
    },
    seed: 0,
    network: NetworkOptions {
        torch_threads: 1,
        kind: NetworkKind::Mlp,
        shared_trunk: false,
        hid: Vec::new(),
        activation: Activation::Tanh,
        norm_obs: false,
        device: DeviceName::Auto,
        from: None,
    },
    budget: BudgetOptions {
        limit: Budget::Epochs(50),
        steps_per_epoch: 4000,
        episodes_per_epoch: None,
        whole_episodes: false,
        solve_at: None,
        solve_rule: SolveRule::Mean100,
        stop_when_solved: true,
        end_at_eval: None,
    },
    credit: CreditOptions {
        returns: Returns::Gae,
        baseline: Baseline::Value,
        normalize: Normalize::Batch,
        unbiased_std: false,
        norm_values: false,
        loss_per: LossPer::Step,
        gamma: 0.99,
        gamma_start: None,
        gamma_frames: 2_000_000,
        lam: 0.97,
        norm_reward: false,
        reward_ends_return: false,
        life_ends_return: false,
    },
    optimizer: OptimizerOptions {
        pi_lr: 3e-4,
        vf_lr: 1e-3,
        decay_frames: None,
        lr_schedule: None,
        kind: OptimizerKind::Adam,
        beta1: 0.9,
        beta2: 0.999,
        adam_eps: 1e-8,
        max_grad_norm: None,
        minibatch: None,
        train_v_iters: 80,
        entropy: 0.0,
        entropy_frames: None,
        lean: 0.0,
        lean_frames: 1_000_000,
        vf_coef: 0.5,
    },
    log: LogOptions {
        save_freq: 10,
        checkpoint_mb: 14,
        state_freq: 1,
        write_up: None,
        log_interval: 10,
        eval_every: None,
        eval_episodes: 10,
        eval_deterministic: false,
    },
};

/// What the recipes of classic control share.
fn control(mut config: Config, frames: u64) -> Config {
    config.environment.threads = 1;
    config.environment.num_envs = 32;
    config.budget.limit = Budget::Frames(frames);
    config.optimizer.vf_lr = 1e-2;
    config.log.save_freq = 50;
    config
}

fn cartpole(config: Config) -> Config {
    let mut config = control(config, 2_000_000);
    config.budget.steps_per_epoch = 2048;
    config.credit.lam = 0.95;
    config.optimizer.pi_lr = 7e-3;
    config.optimizer.decay_frames = Some(500_000);
    config.optimizer.train_v_iters = 5;
    config.network.hid = vec![32];
    config
}

fn inverted_pendulum(config: Config) -> Config {
    let mut config = cartpole(config);
    config.budget.limit = Budget::Frames(5_000_000);
    config.optimizer.pi_lr = 1e-2;
    config.optimizer.decay_frames = Some(1_000_000);
    config.optimizer.train_v_iters = 10;
    config
}

/// Where the goal is reached by swinging, observations and rewards have scales of their own.
fn swing_up(config: Config) -> Config {
    let mut config = control(config, 4_000_000);
    config.budget.steps_per_epoch = 4096;
    config.credit.norm_reward = true;
    config.optimizer.pi_lr = 1e-2;
    config.optimizer.train_v_iters = 10;
    config.network.hid = vec![64];
    config.network.norm_obs = true;
    config
}

/// What the force costs is paid long before the goal pays.
fn mountain_car_continuous(mut config: Config) -> Config {
    config.credit.gamma = 0.999;
    config
}

/// Every step is paid by the state it was taken in; Gymnasium names no return that solves it.
fn pendulum(mut config: Config) -> Config {
    config.credit.gamma = 0.95;
    config.credit.lam = 0.9;
    config.budget.solve_at = Some(-200.0);
    config
}

/// What the recipes of games share.
fn game(mut config: Config) -> Config {
    config.environment.num_envs = 16;
    config.budget.steps_per_epoch = 4096;
    config.budget.limit = Budget::Frames(10_000_000);
    config.credit.lam = 0.95;
    config.optimizer.train_v_iters = 5;
    config.optimizer.entropy = 0.01;
    config.network.hid = vec![128];
    config.network.activation = Activation::Relu;
    config.log.save_freq = 50;
    config
}

fn pong(config: Config) -> Config {
    let mut config = game(config);
    config.optimizer.vf_lr = 2e-3;
    config.credit.reward_ends_return = true;
    config.environment.actions = Some(vec![2, 3]);
    config
}

/// At first every point is lost, and a low discount makes it worth while to lose it later, that is, to meet the ball. Later
/// it would make endless rallies worth while, so it rises. Advantages are left as they are: while all points are lost they
/// are noise, which a deviation of 1 would make steps of. The entropy bonus that is enough against such noise is too much for
/// play that wins, so it falls sooner than the rates. An episode is cut off after 54,000 frames, a quarter of an hour: after
/// some 55,800 frames without a point the cartridge gives the game up, changes its colours and heeds nobody. One such picture,
/// in which every cell differs, undoes what a value function has learned.
fn steady_pong(mut config: Config) -> Config {
    config.environment.max_ep_len = Some(13_500);
    config.budget.steps_per_epoch = 2048;
    config.credit.normalize = Normalize::None;
    (config.credit.gamma, config.credit.gamma_start, config.credit.gamma_frames) = (0.995, Some(0.97), 1_600_000);
    config.optimizer.pi_lr = 3e-3;
    config.optimizer.decay_frames = Some(8_000_000);
    config.optimizer.train_v_iters = 6;
    (config.optimizer.entropy, config.optimizer.entropy_frames) = (0.003, Some(4_000_000));
    (config.log.save_freq, config.log.state_freq) = (100, 16);
    until_nothing_is_lost(config)
}

/// Drawn actions get out of a rally that repeats, the likeliest do not: a mean of +18 says little of greedy play. Of its 30
/// games a hundred episodes meet all but one, and no mean above 20.27 has a game lost among them.
fn until_nothing_is_lost(mut config: Config) -> Config {
    config.budget.end_at_eval = Some(20.3);
    (config.log.eval_every, config.log.eval_episodes, config.log.eval_deterministic) = (Some(25), 100, true);
    config
}

/// Where a quarter of the frames repeat the action before, the paddle has to be able to rest: up and down alone make it
/// tremble, by more the later an action comes. A resting paddle is seen only in the frame itself.
fn sticky_pong(mut config: Config) -> Config {
    if let Some(pixels) = &mut config.environment.pixels {
        pixels.difference.with_frame = true;
    }
    config.budget.limit = Budget::Frames(80_000_000);
    config.credit.lam = 0.9;
    config.optimizer.pi_lr = 3e-3;
    config.optimizer.decay_frames = Some(40_000_000);
    config.optimizer.entropy = 0.02;
    config.environment.actions = Some(vec![0, 2, 3]);
    config
}

/// For games without a recipe of their own, tuned to none of them but Freeway: Pong's rollout and network with smaller steps, rewards
/// brought to one scale, and the frame beside the difference, since what rests matters in most games. In Boxing, value
/// steps of 1e-3 leave a value function that gives every frame one value, within six epochs. Where actions come to something
/// only if they are kept up, as in Freeway, a policy that leans to none of them may never be paid.
fn any_game(config: Config) -> Config {
    let mut config = game(config);
    if let Some(pixels) = &mut config.environment.pixels {
        pixels.difference.with_frame = true;
    }
    config.credit.norm_reward = true;
    config.credit.life_ends_return = true;
    config.optimizer.pi_lr = 1e-3;
    config.optimizer.vf_lr = 2e-4;
    config.optimizer.lean = 2.0;
    config
}

/// With the general entropy bonus each of the 18 actions stays as likely as any other (docs/results.md).
fn boxing(mut config: Config) -> Config {
    config.optimizer.entropy = 0.001;
    config.optimizer.lean = 0.0;
    config
}

/// With advantages brought to one size the policy waits where the first ball comes down, and nowhere else (docs/results.md). So
/// they are left as they are, as in Pong, and so are rewards.
fn breakout(mut config: Config) -> Config {
    config.budget.steps_per_epoch = 2048;
    config.credit.normalize = Normalize::None;
    config.credit.norm_reward = false;
    config.credit.gamma = 0.98;
    config.optimizer.pi_lr = 3e-3;
    config.optimizer.vf_lr = 2e-3;
    config.optimizer.train_v_iters = 6;
    config.optimizer.lean = 0.0;
    config
}

/// Convolutions cost a thousand times what a layer on a difference does: all of the machine's threads.
fn convolutions(config: Config) -> Config {
    let mut config = whole_frames(config);
    config.budget.steps_per_epoch = 1024;
    config.optimizer.pi_lr = 2.5e-4;
    config.optimizer.vf_lr = 2.5e-4;
    config.network.torch_threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    config
}

/// Whole frames make every step cost more: shorter epochs, taken in mini-batches. For linear layers the steps are short:
/// where nearly all of some ten thousand inputs are lit at once, steps as long as on differences drive every unit to its
/// end, and the values no longer depend on what is seen.
fn whole_frames(mut config: Config) -> Config {
    // What Pong's recipe has otherwise suits differences.
    config.credit.normalize = Normalize::Batch;
    (config.credit.gamma, config.credit.gamma_start) = (0.99, None);
    (config.optimizer.entropy, config.optimizer.entropy_frames) = (config.optimizer.entropy.max(0.01), None);
    (config.budget.end_at_eval, config.log.eval_every) = (None, None);
    (config.log.eval_episodes, config.log.eval_deterministic) = (10, false);
    config.budget.steps_per_epoch = 2048;
    config.optimizer.pi_lr = 3e-5;
    config.optimizer.vf_lr = 3e-5;
    config.optimizer.minibatch = Some(256);
    config.optimizer.train_v_iters = 1;
    config.optimizer.max_grad_norm = Some(0.5);
    config
}
