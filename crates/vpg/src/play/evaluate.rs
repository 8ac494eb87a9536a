//! Playing with a trained policy: returns of whole episodes.

use std::{convert::Infallible, mem, path::PathBuf, str::FromStr};

use anyhow::{Result, ensure};
use crc32fast::Hasher;
use envs::{Element, EpisodeStats, Seed, VecEnv};

use crate::{
    collect::actions::EnvActions,
    collect::actor::{Actor, action_rngs},
    collect::environment::{self, networks, with_vec_env},
    config::{ANY, Config, DeviceName, InvalidValue, number_in},
    nn::policy::ActorCritic,
    run::folder::{BEST, RunFolder},
};

/// Environments that play side by side.
const MAX_ENVS: usize = 32;

/// The flags of `vpg eval`.
#[derive(Clone, Debug, clap::Args)]
pub struct EvalArgs {
    /// A run folder.
    pub run: PathBuf,
    /// How many episodes to play.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = number_in(1..=1_000_000))]
    pub episodes: u64,
    #[command(flatten)]
    pub play: Play,
    /// Which policy: an epoch, `latest`, `best`, or a safetensors file.
    #[arg(long, alias = "itr", value_name = "WHICH", default_value = "latest")]
    pub checkpoint: Checkpoint,
    /// The step limit of an episode [default: the run's].
    #[arg(long, alias = "len", value_name = "N", value_parser = number_in(ANY))]
    pub max_ep_len: Option<u64>,
    /// Print one JSON object in place of lines.
    #[arg(long)]
    pub json: bool,
    /// Spinning Up's flag for what is so anyway.
    #[arg(long, hide = true)]
    pub norender: bool,
    /// Write the first episode as a GIF.
    #[arg(long, value_name = "FILE")]
    pub gif: Option<PathBuf>,
}

/// How a policy plays: flags of `vpg eval`, `vpg record` and `vpg watch`.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Play {
    /// Seed of the environments and of the actions.
    #[arg(long, value_name = "S", default_value_t = Self::SEED)]
    pub seed: u64,
    /// Take the most likely action instead of drawing one.
    #[arg(long)]
    pub deterministic: bool,
}

impl Play {
    /// Far from the seeds that people train with.
    pub const SEED: u64 = 1_000_000;
    /// That of a training's own evaluations: `vpg eval` plays other episodes than those that the best policy was chosen by.
    pub const WHILE_TRAINING: u64 = 2_000_000;

    /// What the environments are reset with: environment i of seed S with S * 2^32 + i, so that two seeds have none in
    /// common.
    fn env_seed(&self) -> Seed {
        (u128::from(self.seed) << 32).to_string().parse().expect("a number is a seed")
    }
}

/// One of a run's policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checkpoint {
    /// The newest.
    Latest,
    /// The best so far.
    Best,
    /// The one kept at this epoch.
    Epoch(u64),
    /// Any safetensors file with the tensors of such a policy.
    File(PathBuf),
}

impl FromStr for Checkpoint {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text.parse() {
            Ok(epoch) => Self::Epoch(epoch),
            Err(_) if text == "latest" => Self::Latest,
            Err(_) if text == "best" => Self::Best,
            Err(_) => Self::File(text.into()),
        })
    }
}

/// A run's policy.
///
/// # Errors
/// Where the run has no such checkpoint, or it is of networks of another shape.
///
/// ```no_run
/// use vpg::{Actor, Checkpoint, RunFolder, load_policy};
///
/// let (folder, config) = RunFolder::open("runs/CartPole/first".as_ref())?;
/// let actor = Actor::new(&load_policy(&folder, &config, &Checkpoint::Latest)?);
/// # Ok::<(), anyhow::Error>(())
/// ```
pub fn load(folder: &RunFolder, config: &Config, checkpoint: &Checkpoint) -> Result<ActorCritic> {
    let kept = |name: &str| folder.file(&format!("checkpoints/{name}.safetensors"));
    let path = match checkpoint {
        Checkpoint::Latest => kept("latest"),
        Checkpoint::Best => {
            let path = folder.file(BEST);
            let expected =
                "another: there is none before 100 episodes have ended, with --eval-every before an evaluation";
            ensure!(path.exists(), InvalidValue::new("--checkpoint", "best", expected));
            path
        }
        Checkpoint::File(path) => {
            let expected = "an epoch, latest, best, or a safetensors file that is there";
            ensure!(path.exists(), InvalidValue::new("--checkpoint", path.display(), expected));
            path.clone()
        }
        Checkpoint::Epoch(epoch) => {
            let epochs = folder.checkpoints();
            let expected = || format!("an epoch whose policy was kept: one of {epochs:?}");
            ensure!(epochs.contains(epoch), InvalidValue::new("--checkpoint", epoch, expected()));
            kept(&format!("policy-{epoch}"))
        }
    };
    // Weights have no device: a policy that was trained on CUDA plays without it.
    let mut config = config.clone();
    if config.check_device().is_err() {
        config.network.device = DeviceName::Cpu;
    }
    let mut policy = networks(&config)?;
    folder.load_policy(&path, &mut policy)?;
    Ok(policy)
}

/// An episode that was played to its end.
#[derive(Clone, Copy, Debug)]
pub struct Played {
    /// What it came to.
    pub stats: EpisodeStats,
    /// A checksum of all that the policy saw: that of the same episode is the same.
    pub seen: u32,
}

/// Plays this many whole episodes. Each environment plays a fixed share of them, so that short episodes do not count more
/// often than long ones. `goes_on` is told how many are finished; none where it ended it.
///
/// # Errors
/// An environment's own, where it fails to reset or step.
pub fn episodes(
    config: &Config,
    policy: &ActorCritic,
    play: Play,
    episodes: usize,
    goes_on: impl FnMut(usize) -> bool,
) -> Result<Option<Vec<Played>>> {
    let any = environment::make(config, episodes.min(MAX_ENVS), None)?;
    with_vec_env!(any, env => play_all(Game::start(config, policy, play, env)?, episodes, goes_on))
}

fn play_all<T: Element>(
    mut game: Game<T>,
    episodes: usize,
    mut goes_on: impl FnMut(usize) -> bool,
) -> Result<Option<Vec<Played>>> {
    let num_envs = game.env.num_envs();
    let share = |i: usize| episodes / num_envs + usize::from(i < episodes % num_envs);
    let (mut finished, mut seen) = (vec![Vec::new(); num_envs], vec![Hasher::new(); num_envs]);
    let mut done = 0;
    while done < episodes {
        let rows = game.observations.chunks_exact(game.observations.len() / num_envs);
        seen.iter_mut().zip(rows).for_each(|(seen, row)| seen.update(bytemuck::cast_slice(row)));
        game.step()?;
        for (i, stats) in game.env.episodes().iter().enumerate() {
            let Some(stats) = *stats else { continue };
            let seen = mem::take(&mut seen[i]).finalize();
            if finished[i].len() < share(i) {
                finished[i].push(Played { stats, seen });
                done += 1;
            }
        }
        if !goes_on(done) {
            return Ok(None);
        }
    }
    Ok(Some(finished.concat()))
}

/// Environments and the policy that plays in them.
pub struct Game<T: Element> {
    /// The environments.
    pub env: VecEnv<T>,
    actor: Actor,
    actions: EnvActions,
    observations: Vec<T>,
    deterministic: bool,
}

impl<T: Element> Game<T> {
    /// Resets the environments.
    ///
    /// # Errors
    /// An environment's own, where it fails to reset or step.
    pub fn start(config: &Config, policy: &ActorCritic, play: Play, mut env: VecEnv<T>) -> Result<Self> {
        let actor = Actor::new(policy);
        let actions =
            EnvActions::new(&actor, action_rngs(play.seed, 0..env.num_envs()), config.environment.actions.clone());
        let mut observations = vec![T::default(); env.num_envs() * env.observation_space().size()];
        env.reset_into(&play.env_seed(), &mut observations)?;
        Ok(Self { env, actor, actions, observations, deterministic: play.deterministic })
    }

    /// Plays on with another policy for the same environments.
    #[cfg(feature = "watch")]
    pub fn set_policy(&mut self, policy: &ActorCritic) {
        self.actor = Actor::new(policy);
    }

    /// Takes a step in every environment.
    ///
    /// # Errors
    /// An environment's own, where it fails to reset or step.
    pub fn step(&mut self) -> Result<()> {
        if self.deterministic {
            self.actions.choose_greedily(&mut self.actor, &self.observations);
        } else {
            self.actions.choose(|rngs, chosen| self.actor.sample(&self.observations, rngs, chosen));
        }
        self.env.step_into(self.actions.for_env(), &mut self.observations)?;
        Ok(())
    }
}
