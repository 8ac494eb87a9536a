//! The command line: what a person types, checked and turned into a [`Config`].

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};

use crate::{
    compare::PlotArgs,
    config::{Budget, Config},
    environment::{BackendName, PhiName},
    evaluate::EvalArgs,
    grid::GridArgs,
    record::RecordArgs,
    watch::WatchArgs,
};

/// Vanilla policy gradient: trains on an environment and leaves a run folder behind.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true, arg_required_else_help = true)]
pub struct Cli {
    /// What to do; trains where it is left out.
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    #[allow(missing_docs, reason = "clap would show it")]
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

/// The training flags; what is left out comes from the environment's recipe.
#[derive(Debug, Args)]
#[allow(missing_docs, reason = "each has its help")]
pub struct TrainArgs {
    /// The environment: an id or short name from `vpg envs`.
    #[arg(long, value_name = "ID", required_unless_present = "resume")]
    pub env: Option<String>,
    /// Go on with the run in this folder, exactly as if it had never ended.
    #[arg(long, value_name = "RUN", conflicts_with_all = ["env", "run_dir"])]
    pub resume: Option<PathBuf>,
    /// Seed of every generator of the run.
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub seed: u64,
    /// Where the run is kept [default: a folder below `runs` named by environment, date and time].
    #[arg(long, value_name = "DIR")]
    pub run_dir: Option<PathBuf>,
    /// Write a GIF of the newest policy at each checkpoint.
    #[arg(long)]
    pub render: bool,
    /// Print at the end where the time went.
    #[arg(long)]
    pub profile: bool,

    /// End after this many epochs.
    #[arg(long, value_name = "E", conflicts_with = "frames", help_heading = "Budget")]
    pub epochs: Option<u64>,
    /// End after this many raw frames (steps times frame skip).
    #[arg(long, value_name = "F", help_heading = "Budget")]
    pub frames: Option<u64>,
    /// The run is solved when the mean return of the last 100 training episodes is at least this.
    #[arg(long, value_name = "X", allow_negative_numbers = true, help_heading = "Budget")]
    pub solve_at: Option<f64>,
    /// Steps of all environments together between two updates.
    #[arg(long, value_name = "N", help_heading = "Budget")]
    pub steps_per_epoch: Option<usize>,
    /// The step limit of an episode.
    #[arg(long, value_name = "N", help_heading = "Budget")]
    pub max_ep_len: Option<u64>,
    /// Keep a policy every so many epochs.
    #[arg(long, value_name = "E", help_heading = "Budget")]
    pub save_freq: Option<u64>,

    /// Environments stepped side by side.
    #[arg(long, value_name = "N", help_heading = "Machine")]
    pub num_envs: Option<usize>,
    /// Threads that step environments; 0 chooses.
    #[arg(long, value_name = "T", help_heading = "Machine")]
    pub threads: Option<usize>,
    /// Train together with the other processes that `mpirun` started; the environments are shared out equally.
    #[arg(long, help_heading = "Machine")]
    pub mpi: bool,
    /// Threads of libtorch.
    #[arg(long, value_name = "T", help_heading = "Machine")]
    pub torch_threads: Option<usize>,

    /// Discount.
    #[arg(long, value_name = "X", help_heading = "Learning")]
    pub gamma: Option<f64>,
    /// Lambda of GAE.
    #[arg(long, value_name = "X", help_heading = "Learning")]
    pub lam: Option<f64>,
    /// Learning rate of the policy.
    #[arg(long, value_name = "X", help_heading = "Learning")]
    pub pi_lr: Option<f64>,
    /// Learning rate of the value function.
    #[arg(long, value_name = "X", help_heading = "Learning")]
    pub vf_lr: Option<f64>,
    /// Value steps an epoch.
    #[arg(long, value_name = "N", help_heading = "Learning")]
    pub train_v_iters: Option<usize>,
    /// Weight of the entropy bonus at the start.
    #[arg(long, value_name = "X", help_heading = "Learning")]
    pub entropy: Option<f64>,
    /// Hidden layer sizes, such as 64,64.
    #[arg(long, value_name = "N,..", value_delimiter = ',', help_heading = "Learning")]
    pub hid: Option<Vec<usize>>,

    /// The actions to choose from, as indices into the environment's action space.
    #[arg(long, value_name = "A,..", value_delimiter = ',', help_heading = "Atari")]
    pub actions: Option<Vec<i64>>,
    /// How frames become observations.
    #[arg(long, value_name = "PHI", help_heading = "Atari")]
    pub phi: Option<PhiName>,
    /// Every so many rows and columns of a frame: 2 gives 80x80, 4 gives 40x40.
    #[arg(long, value_name = "N", help_heading = "Atari")]
    pub stride: Option<usize>,
    /// A ROM file in place of the bundled one.
    #[arg(long, value_name = "FILE", help_heading = "Atari")]
    pub rom: Option<PathBuf>,
    /// The emulator.
    #[arg(long, value_name = "NAME", help_heading = "Atari")]
    pub backend: Option<BackendName>,
}

impl TrainArgs {
    /// The recipe of the environment with these flags on top.
    ///
    /// # Errors
    /// For an unknown environment or a value that makes no sense.
    pub fn config(&self) -> Result<Config> {
        let env = self.env.as_deref().context("--env is missing: `vpg envs` lists the environments")?;
        let mut config = Config::for_env(env)?;
        config.seed = self.seed;
        let budget = self.epochs.map(Budget::Epochs).or(self.frames.map(Budget::Frames));
        config.stop_when_solved = budget.is_none();
        set(&mut config.budget, budget);
        set(&mut config.steps_per_epoch, self.steps_per_epoch);
        set(&mut config.save_freq, self.save_freq);
        set(&mut config.num_envs, self.num_envs);
        set(&mut config.threads, self.threads);
        set(&mut config.torch_threads, self.torch_threads);
        set(&mut config.gamma, self.gamma);
        set(&mut config.lam, self.lam);
        set(&mut config.pi_lr, self.pi_lr);
        set(&mut config.vf_lr, self.vf_lr);
        set(&mut config.train_v_iters, self.train_v_iters);
        set(&mut config.entropy, self.entropy);
        set(&mut config.hid, self.hid.clone());
        config.max_ep_len = self.max_ep_len.or(config.max_ep_len);
        config.solve_at = self.solve_at.or(config.solve_at);
        config.actions = self.actions.clone().or(config.actions);
        config.set_pixels(self.phi, self.stride, self.rom.clone(), self.backend)?;
        config.check()?;
        Ok(config)
    }
}

fn set<T>(target: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *target = value;
    }
}
