//! Nothing that is accepted is ignored: every pair of options either changes what comes out, both of them, or is refused
//! with the name of one of them.

use std::collections::BTreeMap;

use clap::CommandFactory;
use serde_json::{Map, Value, json};

use crate::{
    app::cli::Cli,
    collect::environment::{make, with_vec_env},
    config::{
        Baseline, Budget, Config, Normalize, Returns,
        sources::{Layer, layered},
    },
    nn::{optimizer::OptimizerKind, policy::ActorCritic, tensors::to_vec},
    train::Trainer,
};

/// Every option with values that the configs below do not have.
fn samples() -> Vec<(&'static str, Value)> {
    vec![
        ("seed", json!(5)),
        ("epochs", json!(3)),
        ("frames", json!(700)),
        ("steps", json!(12)),
        ("steps_per_epoch", json!(20)),
        ("episodes_per_epoch", json!(3)),
        ("whole_episodes", json!(true)),
        ("whole_episodes", json!(false)),
        ("max_ep_len", json!(9)),
        ("max_episode_steps", json!(10)),
        ("solve_at", json!(33.0)),
        ("solve_rule", json!("running-reward")),
        ("stop_when_solved", json!(true)),
        ("end_at_eval", json!(31.0)),
        ("save_freq", json!(7)),
        ("state_freq", json!(7)),
        ("checkpoint_mb", json!(3)),
        ("eval_every", json!(2)),
        ("eval_episodes", json!(3)),
        ("eval_deterministic", json!(true)),
        ("from", json!("no.safetensors")),
        ("log_interval", json!(7)),
        ("mod", json!(6)),
        ("num_envs", json!(4)),
        ("threads", json!(2)),
        ("cpu", json!(4)),
        ("torch_threads", json!(2)),
        ("device", json!("cpu")),
        ("returns", json!("total")),
        ("returns", json!("reward-to-go")),
        ("returns", json!("gae")),
        ("baseline", json!("none")),
        ("baseline", json!("value")),
        ("normalize", json!("none")),
        ("normalize", json!("episode")),
        ("normalize", json!("batch")),
        ("unbiased_std", json!(true)),
        ("norm_values", json!(true)),
        ("loss_per", json!("episode")),
        ("gamma", json!(0.5)),
        ("gamma_start", json!(0.3)),
        ("gamma_frames", json!(400)),
        ("lam", json!(0.4)),
        ("lamda", json!(0.3)),
        ("reward_ends_return", json!(true)),
        ("life_ends_return", json!(true)),
        ("norm_reward", json!(true)),
        ("pi_lr", json!(0.02)),
        ("vf_lr", json!(0.03)),
        ("lr", json!(0.04)),
        ("lr_schedule", json!("constant")),
        ("lr_schedule", json!("linear")),
        ("decay_frames", json!(300)),
        ("train_v_iters", json!(3)),
        ("minibatch", json!(8)),
        ("max_grad_norm", json!(0.01)),
        ("entropy", json!(0.2)),
        ("entropy_frames", json!(500)),
        ("lean", json!(1.5)),
        ("lean_frames", json!(600)),
        ("vf_coef", json!(0.9)),
        ("optimizer", json!("adam")),
        ("optimizer", json!("rmsprop")),
        ("optimizer", json!("sgd")),
        ("beta1", json!(0.5)),
        ("beta2", json!(0.6)),
        ("adam_eps", json!(0.1)),
        ("policy", json!("mlp")),
        ("policy", json!("cnn")),
        ("hid", json!([5])),
        ("hid", json!([5, 6])),
        ("l", json!(3)),
        ("activation", json!("relu")),
        ("shared_trunk", json!(true)),
        ("norm_obs", json!(true)),
        ("actions", json!([1, 0])),
        ("phi", json!("difference")),
        ("phi", json!("blog")),
        ("phi", json!("stack")),
        ("stride", json!(4)),
        ("distance", json!(2)),
        ("with_frame", json!(true)),
        ("stack", json!(3)),
        ("frame_skip", json!(3)),
        ("sticky", json!(0.5)),
        ("noops", json!(9)),
        ("rom", json!("no.bin")),
        ("backend", json!("ale")),
    ]
}

/// What decides nothing of what is learned in two epochs, or needs what may not be there: compared by the config alone.
const QUIET: [&str; 18] = [
    "solve_at",
    "solve_rule",
    "stop_when_solved",
    "end_at_eval",
    "save_freq",
    "state_freq",
    "checkpoint_mb",
    "eval_every",
    "eval_episodes",
    "eval_deterministic",
    "from",
    "log_interval",
    "mod",
    "threads",
    "torch_threads",
    "device",
    "rom",
    "backend",
];

/// The first asks for what comes with the second anyway. Where every reward of CartPole ends its return, this is 1; where
/// all episodes are cut to one length, the means of each are those of all.
const IMPLIED: [(&str, &str); 11] = [
    ("whole_episodes", "episodes_per_epoch"),
    ("phi", "stack"),
    ("stride", "phi"),
    ("distance", "phi"),
    ("returns", "reward_ends_return"),
    ("gamma", "reward_ends_return"),
    ("gamma_start", "reward_ends_return"),
    ("lam", "reward_ends_return"),
    ("lamda", "reward_ends_return"),
    ("normalize", "max_ep_len"),
    ("normalize", "max_episode_steps"),
];

fn short(env: &str, change: impl FnOnce(&mut Config)) -> Config {
    let mut config = Config::for_env(env).unwrap();
    (config.environment.num_envs, config.environment.threads) = (2, 1);
    (config.budget.steps_per_epoch, config.budget.limit) = (32, Budget::Epochs(2));
    (config.network.hid, config.optimizer.train_v_iters) = (vec![4], 2);
    (config.budget.stop_when_solved, config.environment.actions) = (false, None);
    change(&mut config);
    config
}

/// The run of a config with these options, or why there is none.
struct Trial {
    config: Config,
    /// Weights and counts; none where it was not trained.
    outcome: Option<Vec<f64>>,
}

/// Configs and outcomes of one base with options on top.
struct Base {
    layer: Layer,
    /// Whether outcomes are compared, or configs alone.
    trains: bool,
    known: BTreeMap<String, Result<Trial, String>>,
}

impl Base {
    fn new(config: &Config) -> Self {
        let Value::Object(values) = json!(config) else { panic!("a config is a table") };
        Self { layer: Layer { origin: "base".into(), values }, trains: true, known: BTreeMap::new() }
    }

    fn with(&mut self, options: &[&(&str, Value)], trains: bool) -> &Result<Trial, String> {
        let values: Map<String, Value> = options.iter().map(|(key, value)| ((*key).into(), value.clone())).collect();
        let key = format!("{trains} {values:?}");
        let layers = [self.layer.clone(), Layer { origin: "options".into(), values }];
        self.known.entry(key).or_insert_with(|| {
            let config = layered(&layers).map_err(|error| error.to_string())?;
            config.check().map_err(|error| error.to_string())?;
            let outcome = if trains { Some(outcome(&config).map_err(|error| format!("{error:#}"))?) } else { None };
            Ok(Trial { config, outcome })
        })
    }

    /// What is wrong with a pair, if anything is.
    fn judge(&mut self, a: &(&str, Value), b: &(&str, Value)) -> Option<String> {
        let trains = self.trains && ![a.0, b.0].iter().any(|key| QUIET.contains(key));
        let both = match self.with(&[a, b], trains) {
            Err(reason) => {
                let reason = reason.replace('-', "_");
                let named = [a.0, b.0].iter().any(|key| reason.contains(key));
                return (!named).then(|| format!("{a:?} and {b:?} are refused without their names: {reason}"));
            }
            Ok(trial) => (json!(trial.config), trial.outcome.clone()),
        };
        for (other, one) in [(a, b), (b, a)] {
            let implied = IMPLIED.contains(&(one.0, other.0));
            let so_anyway = is_so_anyway(&self.layer, one);
            match self.with(&[other], trains) {
                Ok(alone) if !implied && json!(alone.config) == both.0 && !so_anyway => {
                    return Some(format!("{one:?} changes nothing of the config beside {other:?}"));
                }
                Ok(alone) if !implied && trains && json!(alone.config) != both.0 && alone.outcome == both.1 => {
                    return Some(format!("{one:?} changes nothing that is learned beside {other:?}"));
                }
                _ => {}
            }
        }
        None
    }

    fn judge_all(&mut self, is_tried: impl Fn(&str, &str) -> bool) {
        let samples = samples();
        let mut wrong = Vec::new();
        for (i, a) in samples.iter().enumerate() {
            for b in samples[i + 1..].iter().filter(|b| a.0 != b.0 && is_tried(a.0, b.0)) {
                wrong.extend(self.judge(a, b));
            }
        }
        assert!(wrong.is_empty(), "{} pairs:\n{}", wrong.len(), wrong.join("\n"));
    }
}

/// Whether the base has this very value.
fn is_so_anyway(base: &Layer, (key, value): &(&str, Value)) -> bool {
    let pixels = &base.values["pixels"];
    if (*key, value) == ("phi", &json!("stack")) {
        return pixels["stack"].is_u64();
    }
    let places = [base.values.get(*key), pixels.get(key), pixels["difference"].get(key)];
    places.into_iter().flatten().any(|has| has == value)
}

fn outcome(config: &Config) -> anyhow::Result<Vec<f64>> {
    let env = make(config, config.environment.num_envs, None)?;
    with_vec_env!(env, env => trained(Trainer::new(config, env)?))
}

fn trained<T: envs::Element>(mut trainer: Trainer<T>) -> anyhow::Result<Vec<f64>> {
    let mut outcome = Vec::new();
    while !trainer.is_over() {
        let stats = trainer.epoch()?;
        outcome.extend([stats.loss_pi, stats.loss_v, stats.kl, stats.entropy]);
    }
    outcome.extend([trainer.summary().env_steps as f64, trainer.summary().raw_frames as f64]);
    outcome.extend(weights(trainer.policy()));
    Ok(outcome)
}

fn weights(policy: &ActorCritic) -> impl Iterator<Item = f64> {
    let named = policy.named_parameters().into_iter();
    named.flat_map(|(_, parameter)| to_vec(&parameter)).map(f64::from)
}

#[test]
fn every_pair_of_options_counts_or_is_refused_by_name() {
    Base::new(&short("CartPole", |_| {})).judge_all(|_, _| true);
}

#[test]
fn every_pair_counts_or_is_refused_without_a_value_function() {
    let reinforce = |config: &mut Config| {
        (config.credit.returns, config.credit.baseline) = (Returns::RewardToGo, Baseline::None);
        (config.budget.whole_episodes, config.budget.steps_per_epoch) = (true, 200);
    };
    // Where every reward ends its return, all of them are 1, and nothing is learned.
    let is_tried = |a: &str, b: &str| ![a, b].contains(&"reward_ends_return");
    Base::new(&short("CartPole", reinforce)).judge_all(is_tried);
}

#[test]
fn every_pair_counts_or_is_refused_with_plain_descent_on_a_shared_trunk() {
    let plain = |config: &mut Config| {
        config.optimizer.kind = OptimizerKind::Sgd;
        config.credit.normalize = Normalize::None;
        config.network.shared_trunk = true;
    };
    Base::new(&short("CartPole", plain)).judge_all(|_, _| true);
}

#[cfg(feature = "atari")]
mod frames {
    use super::*;
    use crate::nn::policy::NetworkKind;

    const FRAMES: [&str; 9] =
        ["phi", "stride", "distance", "with_frame", "stack", "frame_skip", "sticky", "noops", "policy"];

    fn small(config: &mut Config) {
        (config.budget.steps_per_epoch, config.environment.num_envs) = (16, 2);
        config.optimizer.train_v_iters = 1;
    }

    #[test]
    fn every_pair_with_frames_counts_or_is_refused_by_name() {
        let base = Base::new(&short("Pong", small));
        Base { trains: false, ..base }.judge_all(|a, b| FRAMES.contains(&a) != FRAMES.contains(&b));
        Base::new(&short("Pong", small)).judge_all(|a, b| FRAMES.contains(&a) && FRAMES.contains(&b));
    }

    #[test]
    fn every_pair_counts_or_is_refused_with_convolutions_over_stacks() {
        let convolutions = |config: &mut Config| {
            small(config);
            config.network.kind = NetworkKind::Cnn;
            config.environment.pixels.as_mut().unwrap().stack = Some(4);
        };
        Base::new(&short("Pong", convolutions)).judge_all(|a, b| FRAMES.contains(&a) && FRAMES.contains(&b));
    }
}

/// The tests above know every option.
#[test]
fn every_flag_and_every_key_is_tried() {
    let command = Cli::command();
    let flags = command.get_arguments().filter_map(|arg| arg.get_long()).map(|flag| flag.replace('-', "_"));
    let config = json!(Config::default());
    let keys = config.as_object().unwrap().keys().cloned();
    // They choose the base or the folder, or are known by other names here: `budget` is epochs or frames, `pixels` the
    // frame options, and `write_up` comes with a preset.
    let others = "env preset config resume run_dir exp_name render ends_with_stdin profile mpi help version budget pixels write_up";
    for name in flags.chain(keys) {
        let known = samples().iter().any(|(key, _)| *key == name) || others.split(' ').any(|other| other == name);
        assert!(known, "{name} is tried with no other option");
    }
}
