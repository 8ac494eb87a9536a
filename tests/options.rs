//! Every option of the trainer does what it says: short runs as a library, and the presets as processes.

#[cfg(feature = "atari")]
use std::sync::Arc;
use std::{fs, path::Path, process::Command, rc::Rc};

use envs::{Space, VecEnv};
use tch::{Kind, Tensor};
use vpg::{
    Activation, ActorCritic, Baseline, Budget, Config, Interrupt, LossPer, LrSchedule, Mlp, Net, Network, Normalize,
    OptimizerKind, Returns, SolveRule, Trainer, UpdateStats, stream_rng, train,
};

#[path = "../crates/vpg/examples/custom_env.rs"]
mod custom_env;

#[test]
fn an_environment_of_ones_own_is_learned_in_sixty_lines() {
    assert!(include_str!("../crates/vpg/examples/custom_env.rs").lines().count() < 60);
    custom_env::main().unwrap();
}

fn short() -> Config {
    with(Config::default(), |config| {
        config.environment.num_envs = 4;
        config.environment.threads = 1;
        config.budget.steps_per_epoch = 128;
        config.budget.limit = Budget::Epochs(3);
        config.network.hid = vec![16];
        config.optimizer.pi_lr = 1e-2;
        config.optimizer.vf_lr = 1e-2;
        config.optimizer.train_v_iters = 3;
    })
}

fn with(mut config: Config, change: impl FnOnce(&mut Config)) -> Config {
    change(&mut config);
    config
}

fn trainer(config: &Config) -> Trainer<f32> {
    let env = VecEnv::make("CartPole-v1", config.environment.num_envs, 1).unwrap();
    Trainer::new(config, env).unwrap()
}

/// Trains to the end; what each epoch measured, and the last weights.
fn run(config: &Config) -> (Vec<UpdateStats>, Vec<f32>) {
    let mut trainer = trainer(config);
    let mut stats = Vec::new();
    while !trainer.is_over() {
        stats.push(trainer.epoch().unwrap());
    }
    (stats, weights(trainer.policy()))
}

fn numbers(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten(0, -1).to_kind(Kind::Float).try_into().unwrap()
}

fn weights(policy: &ActorCritic) -> Vec<f32> {
    let learned = |name: &str| ["trunk.", "pi.", "v.", "log_std"].iter().any(|prefix| name.starts_with(prefix));
    let parameters = policy.named_parameters().into_iter().filter(|(name, _)| learned(name));
    parameters.flat_map(|(_, parameter)| numbers(&parameter)).collect()
}

fn distance(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt()
}

#[test]
fn every_option_changes_what_is_learned() {
    let (_, base) = run(&short());
    assert_eq!(run(&short()).1, base, "the same config gives the same weights");
    let no_baseline = with(short(), |config| {
        config.credit.baseline = Baseline::None;
        config.credit.returns = Returns::RewardToGo;
    });
    let whole = with(short(), |config| config.budget.whole_episodes = true);
    let others = [
        with(short(), |config| config.credit.returns = Returns::RewardToGo),
        with(short(), |config| config.credit.returns = Returns::Total),
        no_baseline.clone(),
        with(no_baseline.clone(), |config| config.credit.returns = Returns::Total),
        with(short(), |config| config.credit.normalize = Normalize::None),
        with(short(), |config| config.credit.normalize = Normalize::Episode),
        with(short(), |config| {
            config.credit.normalize = Normalize::Episode;
            config.credit.unbiased_std = true;
        }),
        with(short(), |config| config.credit.norm_values = true),
        with(short(), |config| config.network.norm_obs = true),
        with(short(), |config| config.credit.norm_reward = true),
        with(short(), |config| config.network.shared_trunk = true),
        with(short(), |config| {
            config.network.shared_trunk = true;
            config.optimizer.vf_coef = 0.0;
        }),
        with(short(), |config| config.network.activation = Activation::Relu),
        with(short(), |config| config.optimizer.kind = OptimizerKind::Sgd),
        with(short(), |config| config.optimizer.kind = OptimizerKind::Rmsprop),
        with(short(), |config| config.optimizer.beta1 = 0.5),
        with(short(), |config| config.optimizer.beta2 = 0.9),
        with(short(), |config| config.optimizer.adam_eps = 1e-2),
        with(short(), |config| config.optimizer.lr_schedule = Some(LrSchedule::Linear)),
        with(short(), |config| config.optimizer.decay_frames = Some(1000)),
        with(short(), |config| config.credit.gamma_start = Some(0.5)),
        with(short(), |config| {
            (config.optimizer.entropy, config.optimizer.entropy_frames) = (0.1, Some(500));
        }),
        with(short(), |config| config.optimizer.entropy = 0.1),
        with(short(), |config| (config.optimizer.lean, config.optimizer.lean_frames) = (2.0, 500)),
        with(short(), |config| config.optimizer.lean = 2.0),
        with(short(), |config| {
            config.optimizer.max_grad_norm = Some(1e-3);
            config.optimizer.adam_eps = 1e-2;
        }),
        with(short(), |config| config.optimizer.minibatch = Some(32)),
        with(short(), |config| {
            config.environment.max_ep_len = None;
            config.credit.reward_ends_return = true;
        }),
        with(short(), |config| config.budget.episodes_per_epoch = Some(4)),
        whole,
    ];
    let mut seen = vec![base];
    for config in others {
        let (stats, weights) = run(&config);
        assert!(weights.iter().all(|x| x.is_finite()) && stats.iter().all(|s| s.loss_pi.is_finite()), "{config:?}");
        assert!(!seen.contains(&weights), "this config learns what another one does: {config:?}");
        seen.push(weights);
    }
}

#[test]
fn a_linear_schedule_ends_at_zero() {
    let linear = with(short(), |config| config.optimizer.lr_schedule = Some(LrSchedule::Linear));
    assert_eq!([0.25, 1.0].map(|progress| linear.schedule(0, progress).rate), [0.75, 0.0]);
    let recipe = with(short(), |config| config.optimizer.decay_frames = Some(100));
    assert_eq!(recipe.schedule(50, 0.9).rate, 0.55);
    assert_eq!(
        with(recipe, |config| config.optimizer.lr_schedule = Some(LrSchedule::Constant)).schedule(50, 0.9).rate,
        1.0
    );
}

#[test]
fn a_clipped_gradient_moves_plain_descent_no_further_than_its_length() {
    let plain = with(short(), |config| {
        config.optimizer.kind = OptimizerKind::Sgd;
        config.budget.limit = Budget::Epochs(1);
        config.credit.baseline = Baseline::None;
        config.credit.returns = Returns::RewardToGo;
    });
    let start = weights(trainer(&plain).policy());
    let moved = |config: &Config| distance(&run(config).1, &start);
    assert!(moved(&plain) > 1e-4);
    let clipped = moved(&with(plain, |config| config.optimizer.max_grad_norm = Some(1e-3)));
    assert!((clipped - 1e-3 * 1e-2).abs() < 1e-6, "{clipped}: the clipped length times the learning rate");
}

#[test]
fn epochs_of_whole_episodes_hold_as_many_as_asked_for() {
    let mut by_episodes = trainer(&with(short(), |config| config.budget.episodes_per_epoch = Some(6)));
    for _ in 0..2 {
        by_episodes.epoch().unwrap();
        assert_eq!(by_episodes.episodes().epoch.len(), 6);
    }
    let mut by_steps = trainer(&with(short(), |config| {
        config.budget.whole_episodes = true;
        config.environment.num_envs = 1;
        config.budget.steps_per_epoch = 200;
    }));
    by_steps.epoch().unwrap();
    let lengths: Vec<u64> = by_steps.episodes().epoch.iter().map(|episode| episode.length).collect();
    let steps: u64 = lengths.iter().sum();
    assert!(steps >= 200 && steps - lengths.last().unwrap() < 200, "{lengths:?}");
    assert_eq!(by_steps.summary().env_steps, steps);
}

/// The loss of one step is the mean; per episode it is as many times that as an episode has steps.
#[test]
fn a_loss_per_episode_sums_over_its_steps() {
    let per_step = with(short(), |config| {
        config.budget.episodes_per_epoch = Some(4);
        config.credit.baseline = Baseline::None;
        config.credit.returns = Returns::RewardToGo;
        config.credit.normalize = Normalize::None;
    });
    let first_loss = |config: &Config| trainer(config).epoch().unwrap().loss_pi;
    let mut lengths = trainer(&per_step);
    lengths.epoch().unwrap();
    let mean_length = lengths.episodes().epoch.iter().map(|episode| episode.length as f64).sum::<f64>() / 4.0;
    let ratio =
        first_loss(&with(per_step.clone(), |config| config.credit.loss_per = LossPer::Episode)) / first_loss(&per_step);
    assert!((ratio - mean_length).abs() < 1e-3 * mean_length, "{ratio} {mean_length}");
}

#[test]
fn the_running_moments_follow_what_was_seen() {
    let mut trainer = trainer(&with(short(), |config| {
        config.network.norm_obs = true;
        config.credit.norm_reward = true;
    }));
    trainer.epoch().unwrap();
    let policy = trainer.policy();
    let moments = policy.observation_moments.as_ref().unwrap();
    assert_eq!(numbers(&moments.count), [128.0]);
    assert!(numbers(&moments.variance).iter().all(|&variance| variance > 0.0 && variance < 1.0));
    assert!(numbers(&policy.return_moments.as_ref().unwrap().mean)[0] > 1.0, "the return of several steps of reward 1");
    let names: Vec<String> = policy.named_parameters().into_iter().map(|(name, _)| name).collect();
    assert!(names.contains(&"observation_mean".into()) && names.contains(&"return_var".into()), "{names:?}");
}

/// A run with every kind of state, killed between two epochs and gone on with, ends as if it had not been.
#[test]
fn states_of_all_options_restore_exactly() {
    let all = with(short(), |config| {
        config.network.norm_obs = true;
        config.credit.norm_reward = true;
        config.credit.norm_values = true;
        config.optimizer.minibatch = Some(32);
        config.optimizer.lr_schedule = Some(LrSchedule::Linear);
        config.credit.returns = Returns::RewardToGo;
    });
    for config in [all.clone(), with(all, |config| config.budget.episodes_per_epoch = Some(5))] {
        let (_, expected) = run(&config);
        let mut first = trainer(&config);
        first.epoch().unwrap();
        let mut second = trainer(&config);
        second.restore(first.state().unwrap()).unwrap();
        while !second.is_over() {
            second.epoch().unwrap();
        }
        assert_eq!(weights(second.policy()), expected);
    }
}

#[test]
fn two_trainers_in_one_process_do_not_know_of_each_other() {
    let configs = [0, 1].map(|seed| with(short(), |config| config.seed = seed));
    let alone = configs.each_ref().map(|config| run(config).1);
    let mut trainers = configs.each_ref().map(trainer);
    while !trainers[0].is_over() {
        for trainer in &mut trainers {
            trainer.epoch().unwrap();
        }
    }
    assert_eq!(trainers.map(|trainer| weights(trainer.policy())), alone);

    let [stopped, free] = [Interrupt::default(), Interrupt::default()];
    stopped.raise();
    let steps = |stop: &Interrupt| train(trainer(&configs[0]), None, stop).unwrap().0.env_steps;
    assert_eq!((steps(&stopped), steps(&free)), (0, 3 * 128));
}

#[cfg(feature = "atari")]
#[test]
fn the_clocks_of_two_trainers_count_their_own_steps() {
    let config = with(Config::for_env("Pong").unwrap(), |config| {
        config.environment.num_envs = 1;
        config.environment.threads = 1;
        config.budget.steps_per_epoch = 8;
        config.optimizer.train_v_iters = 1;
    });
    let clocks = [Arc::<preprocess::StepClock>::default(), Arc::default()];
    let mut trainers = clocks.each_ref().map(|clock| {
        let vpg::AnyVecEnv::I8(env) = vpg::make_envs(&config, 1, Some(clock)).unwrap() else {
            panic!("frame differences are of -1, 0 and 1");
        };
        Trainer::new(&config, env).unwrap()
    });
    trainers[0].epoch().unwrap();
    let shares = clocks.map(|clock| clock.preprocess_share());
    assert!(shares[0] > 0.0 && shares[1] == 0.0, "{shares:?}");
}

/// Epochs of one step: every life is lost in the first step after a state.
#[cfg(feature = "atari")]
#[test]
fn the_loss_of_a_life_ends_its_return_also_right_after_a_resume() {
    let breakout = |life_ends_return| {
        let config = with(Config::for_env("ALE/Breakout-v5").unwrap(), |config| {
            (config.environment.num_envs, config.environment.threads) = (8, 1);
            (config.budget.steps_per_epoch, config.budget.limit) = (8, Budget::Epochs(60));
            (config.network.hid, config.optimizer.train_v_iters) = (vec![4], 1);
            config.credit.life_ends_return = life_ends_return;
        });
        let vpg::AnyVecEnv::I8(env) = vpg::make_envs(&config, 8, None).unwrap() else {
            panic!("frame differences are of -1, 0 and 1");
        };
        Trainer::new(&config, env).unwrap()
    };
    let (mut straight, mut immortal) = (breakout(true), breakout(false));
    while !straight.is_over() {
        let mut resumed = breakout(true);
        resumed.restore(straight.state().unwrap()).unwrap();
        for trainer in [&mut straight, &mut resumed, &mut immortal] {
            trainer.epoch().unwrap();
        }
        assert_eq!(weights(resumed.policy()), weights(straight.policy()));
    }
    assert_ne!(weights(immortal.policy()), weights(straight.policy()));
}

#[test]
fn the_running_reward_rule_stops_a_run() {
    let config = with(short(), |config| {
        config.budget.limit = Budget::Epochs(1000);
        config.budget.solve_rule = SolveRule::RunningReward;
        config.budget.solve_at = Some(10.5);
    });
    let mut trainer = trainer(&config);
    while !trainer.is_over() {
        trainer.epoch().unwrap();
    }
    assert!(trainer.summary().solved && trainer.summary().env_steps < 100_000);
    assert!(trainer.episodes().running_reward > 10.0);
}

/// Logits from a product of cosines, as no layer of this crate computes them.
#[derive(Debug)]
struct Waves(Tensor);

impl Network for Waves {
    fn forward(&self, observations: &Tensor) -> Tensor {
        observations.matmul(&self.0).cos()
    }

    fn parameters(&self) -> Vec<(String, &Tensor)> {
        vec![("waves".into(), &self.0)]
    }
}

#[test]
fn a_network_of_ones_own_is_trained() {
    let waves = Tensor::full([4, 2], 0.1, (Kind::Float, tch::Device::Cpu)).set_requires_grad(true);
    let v = Mlp::new(&[4, 8, 1], Activation::Tanh, &mut stream_rng(0, 0, 0));
    let pi = Net::Other(Rc::new(Waves(waves)));
    let policy = ActorCritic::from_networks(pi, Some(Net::Mlp(v)), &Space::discrete(2));
    let config = short();
    let env = VecEnv::<f32>::make("CartPole-v1", config.environment.num_envs, 1).unwrap();
    let mut trainer = Trainer::with_policy(&config, env, policy).unwrap();
    let stats = trainer.epoch().unwrap();
    assert!(stats.kl != 0.0, "the step changed the policy");
    let (name, waves) = &trainer.policy().named_parameters()[0];
    assert_eq!(name, "pi.waves");
    assert!(numbers(waves).iter().any(|&x| x != 0.1));
}

#[cfg(feature = "atari")]
#[test]
fn convolutions_learn_from_pictures() {
    let mut config = Config::for_env("Pong").unwrap();
    config.environment.pixels.as_mut().unwrap().stack = vpg::PhiName::Stack.stack();
    let config = with(config, |config| {
        config.network.kind = vpg::NetworkKind::Cnn;
        config.environment.num_envs = 2;
        config.environment.threads = 1;
        config.budget.steps_per_epoch = 8;
        config.optimizer.train_v_iters = 1;
        config.network.shared_trunk = true;
        config.budget.limit = Budget::Epochs(1);
    });
    let vpg::AnyVecEnv::U8(env) = vpg::make_envs(&config, 2, None).unwrap() else {
        panic!("grey frames are bytes");
    };
    assert_eq!(env.observation_space().shape(), [4, 84, 84]);
    let mut trainer = Trainer::new(&config, env).unwrap();
    let before = weights(trainer.policy());
    let stats = trainer.epoch().unwrap();
    assert!(stats.entropy > 0.6 && stats.loss_v.is_finite());
    assert!(distance(&weights(trainer.policy()), &before) > 1e-3);
}

fn vpg(args: &str, folder: &Path) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_vpg")).args(args.split_whitespace()).current_dir(folder).output().unwrap()
}

fn stdout(output: &std::process::Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn lines(path: &Path) -> usize {
    fs::read_to_string(path).unwrap().lines().count()
}

#[test]
fn cartpole_reinforce_is_solved_with_the_write_ups_words() {
    let folder = tempfile::tempdir().unwrap();
    let text = stdout(&vpg("--preset cartpole-reinforce --run_dir run --log_interval 20", folder.path()));
    assert!(text.starts_with("Episode 20  Last length: "), "{text}");
    let last = text.lines().last().unwrap();
    assert!(last.starts_with("Solved! Running reward is now 195."), "{last}");
    assert!(last.ends_with(" time steps!"), "{last}");
}

#[test]
fn pendulum_lightning_leaves_its_files_and_resumes_them() {
    let folder = tempfile::tempdir().unwrap();
    let args = "--preset pendulum-lightning --epochs 3 --steps_per_epoch 200";
    let text = stdout(&vpg(args, folder.path()));
    assert!(text.contains("pi.0.weight") && text.contains("device: cpu"), "{text}");
    stdout(&vpg(args, folder.path()));
    let run = folder.path().join("runs/InvertedPendulum-v4/version_1");
    assert_eq!(&fs::read(run.join("grid.gif")).unwrap()[..6], b"GIF89a", "the demo of all checkpoints");
    let metrics = fs::read_to_string(run.join("metrics.csv")).unwrap();
    assert_eq!(metrics.lines().next(), Some("epoch,step,reward,length,policy_loss,baseline_loss"));
    assert!(fs::read_to_string(run.join("hparams.yaml")).unwrap().contains("gamma: 0.9\n"));
    let episodes = lines(&run.join("episodes.csv")) - 1;
    assert_eq!(metrics.lines().count(), 1 + episodes + 3, "a row an episode, and one an epoch");
    stdout(&vpg("--resume runs/InvertedPendulum-v4/version_1", folder.path()));
    assert_eq!(fs::read_to_string(run.join("metrics.csv")).unwrap(), metrics);
}

#[test]
fn spinning_up_prints_its_table_and_keeps_its_names() {
    let folder = tempfile::tempdir().unwrap();
    let args = "--preset spinning-up --env CartPole-v1 --exp_name test --hid 32 --l 2 --steps 100 --epochs 2 --cpu 2";
    let text = stdout(&vpg(args, folder.path()));
    for name in ["AverageEpRet", "TotalEnvInteracts", "DeltaLossPi", "KL"] {
        assert!(text.contains(&format!("{name} | ")), "{text}");
    }
    let run = folder.path().join("runs/test/test_s0");
    assert_eq!(lines(&run.join("progress.txt")), 3);
    let config: Config = serde_json::from_str(&fs::read_to_string(run.join("config.json")).unwrap()).unwrap();
    assert_eq!(
        (config.network.hid, config.environment.num_envs, config.environment.max_ep_len),
        (vec![32, 32], 2, Some(500))
    );
}

#[cfg(feature = "atari")]
#[test]
fn pong_blog_leaves_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let args = "--preset pong-blog --epochs 2 --episodes_per_epoch 2 --num_envs 2 --mod 1 --run-dir run";
    let text = stdout(&vpg(args, folder.path()));
    let parts: Vec<&str> = text.lines().next().unwrap().split_whitespace().collect();
    assert_eq!([parts[0], parts[1], parts[2], parts[4]], ["epoch:", "1", "reward:", "loss:"]);
    assert!(text.lines().last().unwrap().starts_with("train time: "), "{text}");
    let run = folder.path().join("run");
    for name in ["losses.txt", "rewards.txt"] {
        assert_eq!(lines(&run.join(name)), 2);
    }
    assert!(run.join("losses.png").exists() && run.join("checkpoints/policy-2.safetensors").exists());
}

#[test]
fn a_config_file_is_the_base_of_the_flags() {
    let folder = tempfile::tempdir().unwrap();
    let file =
        "env = \"CartPole-v1\"\nepochs = 1\nsteps-per-epoch = 64\nnum_envs = 4\ngamma = 0.5\nhid = [8]\nlam = 0.5\n";
    fs::write(folder.path().join("base.toml"), file).unwrap();
    stdout(&vpg("--config base.toml --gamma 0.75 --run-dir run", folder.path()));
    let saved = folder.path().join("run/config.json");
    let config: Config = serde_json::from_str(&fs::read_to_string(&saved).unwrap()).unwrap();
    assert_eq!((config.credit.gamma, config.credit.lam, config.network.hid), (0.75, 0.5, vec![8]));

    stdout(&vpg("--config run/config.json --run-dir again", folder.path()));
    assert_eq!(fs::read(folder.path().join("again/config.json")).unwrap(), fs::read(saved).unwrap());

    fs::write(folder.path().join("wrong.toml"), "env = \"CartPole\"\ngama = 0.5\n").unwrap();
    let output = vpg("--config wrong.toml", folder.path());
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("\"gama\": did you mean \"gamma\"?"));
}
