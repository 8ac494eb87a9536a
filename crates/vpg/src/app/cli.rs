//! The command line: what a person types, checked and turned into a [`Config`].

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    str::FromStr,
};

use anyhow::{Result, bail, ensure};
use clap::{ArgAction, Args, Parser, Subcommand};
use serde::Serialize;
use serde_json::Value;

use crate::{
    app::compare::PlotArgs,
    app::grid_args::GridArgs,
    config::sources::{COMMAND_LINE, Layer, layered},
    config::{
        BackendName, Baseline, Budget, Config, DeviceName, LossPer, LrSchedule, Normalize, PhiName, Returns, SolveRule,
        WriteUp,
    },
    nn::mlp::Activation,
    nn::optimizer::OptimizerKind,
    nn::policy::NetworkKind,
    play::evaluate::EvalArgs,
    play::record::RecordArgs,
    play::watch::WatchArgs,
};

/// Vanilla policy gradient: trains on an environment and leaves a run folder behind.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true, arg_required_else_help = true)]
pub struct Cli {
    /// What to do; trains where it is left out.
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub train: TrainArgs,
}

/// Everything but training.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Play episodes with a trained policy and print their returns.
    Eval(EvalArgs),
    /// Draw several runs into one plot: means over seeds, with a band of one standard deviation.
    Plot(PlotArgs),
    /// Train every combination of hyperparameters and seeds, several runs side by side.
    Grid(GridArgs),
    /// Write a policy's play as a GIF or as PNG frames, or all checkpoints side by side.
    Record(RecordArgs),
    /// Watch a policy play in a window.
    Watch(WatchArgs),
    /// Print what runs by default in an environment: a config file, which `--config` takes under a name that ends in
    /// .json.
    Recipe {
        /// The environment: an id or short name from `vpg envs`.
        #[arg(value_name = "ID", required_unless_present = "preset")]
        env: Option<String>,
        /// Those of a write-up, in place of the environment's own.
        #[arg(long, value_name = "NAME")]
        preset: Option<WriteUp>,
    },
    /// List the environments.
    Envs,
    /// Print versions, paths and devices, and the remedy for anything missing.
    Doctor,
    /// Print completions for a shell; `source <(vpg completions bash)` puts them to use.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// The training flags; what is left out comes from the config file, the preset, or the environment's recipe.
#[derive(Debug, Args)]
pub struct TrainArgs {
    /// A config file: TOML, or JSON where its name ends in .json. Flags go on top of it. A run's config.json is one.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Go on with the run in this folder, exactly as if it had never ended.
    #[arg(long, value_name = "RUN", conflicts_with_all = ["env", "run_dir", "exp_name", "config", "preset"])]
    pub resume: Option<PathBuf>,
    /// Where the run is kept [default: a folder below `runs` named by environment, date and time].
    #[arg(long, value_name = "DIR")]
    pub run_dir: Option<PathBuf>,
    /// Keep the run in `runs/NAME/NAME_s<seed>`.
    #[arg(long, value_name = "NAME", conflicts_with = "run_dir", value_parser = folder_name)]
    pub exp_name: Option<String>,
    /// While training, write a GIF of the newest policy at each checkpoint, and show it in a window where there is a
    /// display and the program was built with `--features watch`.
    #[arg(long)]
    pub render: bool,
    /// End as after Ctrl-C when the standard input does.
    #[arg(long, hide = true)]
    pub ends_with_stdin: bool,
    /// Print at the end where the time went.
    #[arg(long)]
    pub profile: bool,
    /// Train together with the other processes that `mpirun` started; the environments are shared out equally.
    #[arg(long, help_heading = "Machine")]
    pub mpi: bool,
    #[command(flatten)]
    pub values: Values,
}

/// A number of a flag: JSON has none that are not finite.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(transparent)]
pub struct Number(f64);

impl FromStr for Number {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        text.parse().ok().filter(|number: &f64| number.is_finite()).map(Self).ok_or("expected a finite number".into())
    }
}

/// Layer sizes: `64,64`, or as a list in brackets.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct Sizes(Vec<usize>);

impl FromStr for Sizes {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let numbers = text.trim().trim_start_matches(['[', '(']).trim_end_matches([']', ')', ',']);
        let sizes: std::result::Result<_, _> = numbers.split(',').map(|size| size.trim().parse()).collect();
        sizes.map(Self).map_err(|_| "expected layer sizes such as 64,64".into())
    }
}

/// The flags that set a value of the config, under their names there or a short key's.
#[derive(Debug, Default, Args, Serialize)]
pub struct Values {
    /// The environment: an id or short name from `vpg envs`.
    #[arg(long, value_name = "ID", required_unless_present_any = ["resume", "config", "preset"])]
    pub env: Option<String>,
    /// The hyperparameters, log lines and files of a write-up.
    #[arg(long, value_name = "NAME")]
    pub preset: Option<WriteUp>,
    /// Begin with the weights of this run's newest policy, or of a safetensors file, in place of fresh ones.
    #[arg(long, value_name = "RUN|FILE")]
    pub from: Option<PathBuf>,
    /// Seed of every generator of the run [default: 0].
    #[arg(long, value_name = "S")]
    pub seed: Option<u64>,

    /// End after this many epochs.
    #[arg(long, value_name = "E", conflicts_with = "frames", help_heading = "Budget")]
    pub epochs: Option<u64>,
    /// End after this many raw frames (steps times frame skip).
    #[arg(long, value_name = "F", help_heading = "Budget")]
    pub frames: Option<u64>,
    /// Steps of all environments together between two updates; at least so many, where episodes are whole.
    #[arg(long, value_name = "N", alias = "steps", help_heading = "Budget")]
    pub steps_per_epoch: Option<usize>,
    /// Episodes between two updates, in place of steps.
    #[arg(long, value_name = "N", help_heading = "Budget")]
    pub episodes_per_epoch: Option<usize>,
    /// Epochs of whole episodes, which the epoch's end does not cut off.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", help_heading = "Budget")]
    pub whole_episodes: Option<bool>,
    /// The step limit of an episode.
    #[arg(long, value_name = "N", alias = "max-episode-steps", help_heading = "Budget")]
    pub max_ep_len: Option<u64>,

    /// The run is solved when what the rule looks at is at least this [default: the environment's threshold].
    #[arg(long, value_name = "X", help_heading = "Stopping")]
    pub solve_at: Option<Number>,
    /// What counts as solving.
    #[arg(long, value_name = "RULE", help_heading = "Stopping")]
    pub solve_rule: Option<SolveRule>,
    /// End when it is solved [default: where neither --epochs nor --frames is given].
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", help_heading = "Stopping")]
    pub stop_when_solved: Option<bool>,
    /// Go on when it is solved until an evaluation's mean return is at least this; evaluates only from then on.
    #[arg(long, value_name = "X", help_heading = "Stopping")]
    pub end_at_eval: Option<Number>,

    /// Keep a policy every so many epochs.
    #[arg(long, value_name = "E", help_heading = "Log")]
    pub save_freq: Option<u64>,
    /// Thin older policies out, so that all take at most so many megabytes.
    #[arg(long, value_name = "MB", help_heading = "Log")]
    pub checkpoint_mb: Option<u64>,
    /// Write what the run can be resumed from every so many epochs; more than 1 helps where epochs take milliseconds.
    #[arg(long, value_name = "E", help_heading = "Log")]
    pub state_freq: Option<u64>,
    /// Play episodes every so many epochs to see how good the policy is: columns of the log, and what `best` goes by.
    #[arg(long, value_name = "E", help_heading = "Log")]
    pub eval_every: Option<u64>,
    /// How many; their seeds are their own.
    #[arg(long, value_name = "N", help_heading = "Log")]
    pub eval_episodes: Option<usize>,
    /// Take the likeliest action in them in place of drawing one.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", help_heading = "Log")]
    pub eval_deterministic: Option<bool>,
    /// The epochs between two of a write-up's log lines.
    #[arg(long, value_name = "E", help_heading = "Log")]
    pub log_interval: Option<u64>,
    /// Both of them.
    #[arg(long = "mod", value_name = "E", help_heading = "Log")]
    #[serde(rename = "mod")]
    pub modulus: Option<u64>,

    /// Environments stepped side by side.
    #[arg(long, value_name = "N", help_heading = "Machine")]
    pub num_envs: Option<usize>,
    /// Threads that step environments; 0 chooses.
    #[arg(long, value_name = "T", help_heading = "Machine")]
    pub threads: Option<usize>,
    /// So many environments on so many threads.
    #[arg(long, value_name = "N", conflicts_with_all = ["num_envs", "threads"], help_heading = "Machine")]
    pub cpu: Option<usize>,
    /// Threads of libtorch.
    #[arg(long, value_name = "T", help_heading = "Machine")]
    pub torch_threads: Option<usize>,
    /// Where libtorch computes: auto, cpu or cuda:N.
    #[arg(long, value_name = "DEVICE", help_heading = "Machine")]
    pub device: Option<DeviceName>,

    /// What an action is credited with.
    #[arg(long, value_name = "KIND", help_heading = "Credit")]
    pub returns: Option<Returns>,
    /// What is subtracted from it.
    #[arg(long, value_name = "KIND", help_heading = "Credit")]
    pub baseline: Option<Baseline>,
    /// Over what the credit is brought to mean 0 and standard deviation 1.
    #[arg(long, value_name = "OVER", help_heading = "Credit")]
    pub normalize: Option<Normalize>,
    /// That standard deviation divides by n - 1 instead of n.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", help_heading = "Credit")]
    pub unbiased_std: Option<bool>,
    /// The value function learns returns of mean 0 and standard deviation 1.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", help_heading = "Credit")]
    pub norm_values: Option<bool>,
    /// What the policy loss, a sum over steps, is divided by.
    #[arg(long, value_name = "WHAT", help_heading = "Credit")]
    pub loss_per: Option<LossPer>,
    /// Discount.
    #[arg(long, value_name = "X", help_heading = "Credit")]
    pub gamma: Option<Number>,
    /// The discount at the start, from which it rises to gamma.
    #[arg(long, value_name = "X", help_heading = "Credit")]
    pub gamma_start: Option<Number>,
    /// The raw frames over which it rises.
    #[arg(long, value_name = "F", help_heading = "Credit")]
    pub gamma_frames: Option<u64>,
    /// Lambda of GAE.
    #[arg(long, value_name = "X", help_heading = "Credit")]
    pub lam: Option<Number>,
    /// A reward other than zero ends its return (a point in Pong), although the episode goes on.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", help_heading = "Credit")]
    pub reward_ends_return: Option<bool>,
    /// The loss of a life ends its return, although the episode goes on.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", help_heading = "Credit")]
    pub life_ends_return: Option<bool>,
    /// Divide rewards by the running deviation of the return.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", help_heading = "Credit")]
    pub norm_reward: Option<bool>,

    /// Learning rate of the policy.
    #[arg(long, value_name = "X", help_heading = "Optimizer")]
    pub pi_lr: Option<Number>,
    /// Learning rate of the value function.
    #[arg(long, value_name = "X", help_heading = "Optimizer")]
    pub vf_lr: Option<Number>,
    /// Both learning rates.
    #[arg(long, value_name = "X", conflicts_with_all = ["pi_lr", "vf_lr"], help_heading = "Optimizer")]
    pub lr: Option<Number>,
    /// How learning rates and entropy bonus change over the budget [default: by --decay-frames].
    #[arg(long, value_name = "KIND", help_heading = "Optimizer")]
    pub lr_schedule: Option<LrSchedule>,
    /// The raw frames over which they fall to a tenth.
    #[arg(long, value_name = "F", help_heading = "Optimizer")]
    pub decay_frames: Option<u64>,
    /// Value steps an epoch, or for each mini-batch.
    #[arg(long, value_name = "N", help_heading = "Optimizer")]
    pub train_v_iters: Option<usize>,
    /// Steps in a mini-batch.
    #[arg(long, value_name = "N", help_heading = "Optimizer")]
    pub minibatch: Option<usize>,
    /// A longer gradient is scaled down to this length.
    #[arg(long, value_name = "X", help_heading = "Optimizer")]
    pub max_grad_norm: Option<Number>,
    /// Weight of the entropy bonus at the start.
    #[arg(long, value_name = "X", help_heading = "Optimizer")]
    pub entropy: Option<Number>,
    /// The raw frames over which it falls to a tenth [default: as the learning rates fall].
    #[arg(long, value_name = "F", help_heading = "Optimizer")]
    pub entropy_frames: Option<u64>,
    /// What each environment's policy adds at the start to the logit of an action of its own.
    #[arg(long, value_name = "X", help_heading = "Optimizer")]
    pub lean: Option<Number>,
    /// The raw frames over which that falls to 0.
    #[arg(long, value_name = "F", help_heading = "Optimizer")]
    pub lean_frames: Option<u64>,
    /// Weight of the value loss in the policy step, where the trunk is shared.
    #[arg(long, value_name = "X", help_heading = "Optimizer")]
    pub vf_coef: Option<Number>,
    /// The rule of a step.
    #[arg(long, value_name = "KIND", help_heading = "Optimizer")]
    pub optimizer: Option<OptimizerKind>,
    /// How much of the gradients' running mean stays (Adam).
    #[arg(long, value_name = "X", help_heading = "Optimizer")]
    pub beta1: Option<Number>,
    /// How much of their squares' running mean stays (Adam, RMSprop).
    #[arg(long, value_name = "X", help_heading = "Optimizer")]
    pub beta2: Option<Number>,
    /// Added to the root of that mean (Adam, RMSprop).
    #[arg(long, value_name = "X", help_heading = "Optimizer")]
    pub adam_eps: Option<Number>,

    /// Linear layers, or the Nature convolutions for pictures.
    #[arg(long, value_name = "KIND", help_heading = "Networks")]
    pub policy: Option<NetworkKind>,
    /// Hidden layer sizes, such as 64,64.
    #[arg(long, value_name = "N,..", help_heading = "Networks")]
    pub hid: Option<Sizes>,
    /// So many hidden layers of the first of these sizes.
    #[arg(long, value_name = "N", help_heading = "Networks")]
    pub l: Option<usize>,
    /// The function between layers.
    #[arg(long, value_name = "KIND", help_heading = "Networks")]
    pub activation: Option<Activation>,
    /// Policy and value function share all layers but their last.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", help_heading = "Networks")]
    pub shared_trunk: Option<bool>,
    /// Normalise observations by their running mean and deviation.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", help_heading = "Networks")]
    pub norm_obs: Option<bool>,

    /// The actions to choose from, as indices into the environment's action space.
    #[arg(long, value_name = "A,..", value_delimiter = ',', action = ArgAction::Set, help_heading = "Environment")]
    pub actions: Option<Vec<i64>>,
    /// How Atari frames become observations.
    #[arg(long, value_name = "PHI", help_heading = "Environment")]
    pub phi: Option<PhiName>,
    /// Every so many rows and columns of a frame: 2 gives 80x80, 4 gives 40x40.
    #[arg(long, value_name = "N", help_heading = "Environment")]
    pub stride: Option<usize>,
    /// The observations between the two frames of a difference, 1 or 2.
    #[arg(long, value_name = "N", help_heading = "Environment")]
    pub distance: Option<usize>,
    /// Show the present frame beside the difference.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", help_heading = "Environment")]
    pub with_frame: Option<bool>,
    /// How many grey frames of 84x84 are stacked, in place of a difference.
    #[arg(long, value_name = "N", help_heading = "Environment")]
    pub stack: Option<usize>,
    /// Raw frames an action is repeated for [default: the environment's own].
    #[arg(long, value_name = "N", help_heading = "Environment")]
    pub frame_skip: Option<u64>,
    /// The probability that a frame repeats the action before [default: the environment's own].
    #[arg(long, value_name = "P", help_heading = "Environment")]
    pub sticky: Option<Number>,
    /// At most this many frames without action after a reset [default: the environment's own].
    #[arg(long, value_name = "N", help_heading = "Environment")]
    pub noops: Option<u32>,
    /// A ROM file in place of the bundled one.
    #[arg(long, value_name = "FILE", help_heading = "Environment")]
    pub rom: Option<PathBuf>,
    /// The emulator.
    #[arg(long, value_name = "NAME", help_heading = "Atari")]
    pub backend: Option<BackendName>,
}

/// A name that stays in its folder.
fn folder_name(text: &str) -> Result<String, String> {
    let is_name = !text.is_empty() && text != "." && text != ".." && !text.contains(['/', '\\']);
    if is_name { Ok(text.to_owned()) } else { Err("expected a name without slashes; --run-dir takes paths".into()) }
}

impl TrainArgs {
    /// The recipe or preset with the config file and these flags on top.
    ///
    /// # Errors
    /// For an unknown environment, preset or key, or a value that makes no sense.
    pub fn config(&self) -> Result<Config> {
        let file = self.config.as_deref().map(Layer::read).transpose()?;
        let config = layered(&file.into_iter().chain([self.values.layer()?]).collect::<Vec<_>>())?;
        config.check()?;
        config.check_device()?;
        Ok(config)
    }
}

impl TrainArgs {
    /// The config of a run that goes on: `--epochs` or `--frames` in place of its budget, `--device`, and `--threads` and
    /// `--state-freq`, which decide nothing.
    ///
    /// # Errors
    /// For every other flag, and for a budget where the learning rates depend on it.
    pub fn resumed(&self, begun: &Config) -> Result<Config> {
        let mut config = begun.clone();
        for key in self.values.layer()?.values.keys() {
            match key.as_str() {
                "threads" => config.environment.threads = self.values.threads.unwrap_or(config.environment.threads),
                "device" => config.network.device = self.values.device.unwrap_or(config.network.device),
                "state_freq" => config.log.state_freq = self.values.state_freq.unwrap_or(config.log.state_freq),
                "epochs" | "frames" => {
                    ensure!(
                        begun.optimizer.lr_schedule != Some(LrSchedule::Linear),
                        "--{key} with --resume: the run's learning rates fall over its whole budget, which stays"
                    );
                    let epochs = self.values.epochs.map(Budget::Epochs);
                    config.budget.limit =
                        epochs.or(self.values.frames.map(Budget::Frames)).unwrap_or(config.budget.limit);
                    // Who gives a budget wants all of it, as at the start.
                    config.budget.stop_when_solved &= config.budget.solve_rule == SolveRule::RunningReward;
                }
                key => {
                    let flag = key.replace('_', "-");
                    bail!(
                        "--{flag} with --resume: the run's own stays; --epochs, --frames, --device, --threads, \
                         --state-freq, --profile and --render can be new"
                    );
                }
            }
        }
        config.check()?;
        config.check_device()?;
        Ok(config)
    }
}

impl Values {
    /// The flags that are given.
    fn layer(&self) -> Result<Layer> {
        let Value::Object(values) = serde_json::to_value(self)? else { return Ok(Layer::default()) };
        let values = values.into_iter().filter(|(_, value)| !value.is_null()).collect();
        Ok(Layer { origin: COMMAND_LINE.into(), values }.with_paths_from(Path::new("")))
    }
}

/// The arguments with flags spelled the other way, `--log_interval` for `--log-interval`, as clap knows them.
pub fn with_hyphens(args: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let spell = |arg: OsString| match arg.to_str() {
        Some(text) if text.starts_with("--") => match text.split_once('=') {
            Some((flag, value)) => format!("{}={value}", flag.replace('_', "-")).into(),
            None => text.replace('_', "-").into(),
        },
        _ => arg,
    };
    args.map(spell).collect()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use serde_json::json;

    use super::*;
    use crate::config::sources::SHORT_KEYS;

    #[test]
    fn every_flag_sets_a_value_of_the_config() {
        Cli::command().debug_assert();
        let config = serde_json::to_value(Config::default()).unwrap();
        for key in serde_json::to_value(Values::default()).unwrap().as_object().unwrap().keys() {
            assert!(config.get(key).is_some() || SHORT_KEYS.contains(&key.as_str()), "{key}");
        }
    }

    #[test]
    fn every_value_of_the_config_has_a_flag() {
        let flags = serde_json::to_value(Values::default()).unwrap();
        // `budget` is --epochs or --frames, `pixels` the frame options, `write_up` comes with --preset.
        for key in json!(Config::default()).as_object().unwrap().keys() {
            assert!(flags.get(key).is_some() || ["budget", "pixels", "write_up"].contains(&key.as_str()), "{key}");
        }
    }

    #[test]
    fn underscores_are_hyphens_in_flags_alone() {
        let args = ["vpg", "--log_interval", "3", "--run_dir=a_b", "c_d"].map(OsString::from);
        assert_eq!(
            with_hyphens(args.into_iter()),
            ["vpg", "--log-interval", "3", "--run-dir=a_b", "c_d"].map(OsString::from)
        );
    }
}
