//! A run's folder: config, log, checkpoints, summary.

use std::{
    collections::HashMap,
    fs::{self, File, TryLockError},
    io::Write,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, Result, bail, ensure};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

use crate::{
    config::Config, nn::machine::Machine, nn::policy::ActorCritic, nn::tensors::to_vec, run::statistics::EpisodeWindow,
};

/// Where a run keeps its files.
#[derive(Clone, Debug)]
pub struct RunFolder {
    path: PathBuf,
}

impl RunFolder {
    /// A folder that is there.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Makes the folder with its `config.json`.
    ///
    /// # Errors
    /// Where the folder holds another run, or cannot be written.
    pub fn create(path: &Path, config: &Config) -> Result<Self> {
        let folder = Self::new(path);
        if folder.path.join("config.json").exists() {
            bail!("{} already holds a run: choose another --run-dir, or go on with --resume", path.display());
        }
        fs::create_dir_all(path.join("checkpoints")).with_context(|| folder.cannot_write(""))?;
        folder.write("config.json", &serde_json::to_vec_pretty(config)?)?;
        Ok(folder)
    }

    /// An existing run and its config.
    ///
    /// # Errors
    /// Where there is no `config.json`, or it is damaged or holds a value that makes no sense.
    pub fn open(path: &Path) -> Result<(Self, Config)> {
        let file = path.join("config.json");
        let text = fs::read(&file).with_context(|| format!("{} is no run folder: no config.json", path.display()))?;
        let damaged = || format!("{} is damaged", file.display());
        let config = Config::from_json(&text).with_context(damaged)?;
        config.check().with_context(damaged)?;
        Ok((Self::new(path), config))
    }

    /// Keeps other processes from training in this folder for as long as the file is open.
    ///
    /// # Errors
    /// Where another process trains in the folder.
    pub fn lock(&self) -> Result<File> {
        let file = File::open(self.file("config.json"))?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => bail!("{} is in use: another vpg trains there", self.path.display()),
            _ => Ok(file), // some network file systems have no locks
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a file in the folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes a file whole or not at all: under another name first, then renamed.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let (path, temporary) = (self.file(name), self.file(&format!("{name}.tmp")));
        let write = || {
            let mut file = File::create(&temporary)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&temporary, &path)?;
            path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
        };
        write().with_context(|| self.cannot_write(name))
    }

    /// The reason to give where a file cannot be written.
    pub fn cannot_write(&self, name: &str) -> String {
        format!("cannot write {}: choose another --run-dir or make room", self.file(name).display())
    }

    /// The epochs whose policies are kept, in order.
    pub fn checkpoints(&self) -> Vec<u64> {
        let files = fs::read_dir(self.file("checkpoints")).into_iter().flatten().flatten();
        let epoch = |name: &str| name.strip_prefix("policy-")?.strip_suffix(".safetensors")?.parse().ok();
        let mut epochs: Vec<u64> = files.filter_map(|file| epoch(file.file_name().to_str()?)).collect();
        epochs.sort_unstable();
        epochs
    }

    /// Writes the summary, and what machine it was computed on.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub fn write_summary(&self, summary: &Summary) -> Result<()> {
        #[derive(Serialize)]
        struct Written<'a> {
            #[serde(flatten)]
            summary: &'a Summary,
            machine: Machine,
        }
        self.write("summary.json", &serde_json::to_vec_pretty(&Written { summary, machine: Machine::here() })?)
    }

    /// Writes the networks as `checkpoints/policy-<epoch>.safetensors` and `checkpoints/latest.safetensors`.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub fn save_policy(&self, policy: &ActorCritic, epoch: u64) -> Result<()> {
        let bytes = policy_bytes(policy)?;
        self.write(&format!("checkpoints/policy-{epoch}.safetensors"), &bytes)?;
        self.write("checkpoints/latest.safetensors", &bytes)
    }

    /// Fills the networks with those of a checkpoint.
    ///
    /// # Errors
    /// Where the file is missing, damaged, or of networks of another shape.
    pub fn load_policy(&self, checkpoint: &Path, policy: &mut ActorCritic) -> Result<()> {
        let bytes = fs::read(checkpoint).with_context(|| format!("cannot read {}", checkpoint.display()))?;
        read_policy(&bytes, policy).with_context(|| format!("{} does not fit this run", checkpoint.display()))
    }
}

/// The name in a checkpoint's metadata under which the checksum of its tensors stands.
const CHECKSUM: &str = "crc32";

/// The networks in safetensors format, f32, with the names and layouts of a torch.nn module.
fn policy_bytes(policy: &ActorCritic) -> Result<Vec<u8>> {
    let tensors: Vec<(String, Vec<usize>, Vec<u8>)> = policy
        .named_parameters()
        .into_iter()
        .map(|(name, tensor)| {
            let shape = tensor.size().iter().map(|&n| n as usize).collect();
            (name, shape, to_vec(&tensor).iter().flat_map(|x| x.to_le_bytes()).collect())
        })
        .collect();
    let views = tensors
        .iter()
        .map(|(name, shape, bytes)| Ok((name, TensorView::new(Dtype::F32, shape.clone(), bytes)?)))
        .collect::<Result<Vec<_>>>()?;
    let metadata = HashMap::from([(CHECKSUM.to_owned(), checksum(tensors.iter().map(|(_, _, bytes)| &bytes[..])))]);
    Ok(safetensors::serialize(views, Some(metadata))?)
}

fn checksum<'a>(tensors: impl Iterator<Item = &'a [u8]>) -> String {
    let mut hasher = crc32fast::Hasher::new();
    tensors.for_each(|bytes| hasher.update(bytes));
    format!("{:08x}", hasher.finalize())
}

fn read_policy(bytes: &[u8], policy: &mut ActorCritic) -> Result<()> {
    let (file, (_, header)) = (SafeTensors::deserialize(bytes)?, SafeTensors::read_metadata(bytes)?);
    let parameters = policy.named_parameters();
    let views = parameters.iter().map(|(name, _)| file.tensor(name)).collect::<Result<Vec<_>, _>>()?;
    if let Some(expected) = header.metadata().as_ref().and_then(|metadata| metadata.get(CHECKSUM)) {
        ensure!(*expected == checksum(views.iter().map(TensorView::data)), "its checksum is wrong");
    }
    let mut values = Vec::with_capacity(views.len());
    for ((name, parameter), view) in parameters.iter().zip(views) {
        let expected: Vec<usize> = parameter.size().iter().map(|&n| n as usize).collect();
        if view.shape() != expected || view.dtype() != Dtype::F32 {
            bail!("{name} is {:?} {:?}: expected F32 {expected:?}", view.dtype(), view.shape());
        }
        values.push(view.data().chunks_exact(4).map(|x| f32::from_le_bytes([x[0], x[1], x[2], x[3]])).collect());
    }
    policy.load(values);
    Ok(())
}

/// What a run came to: `summary.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The environment's id or short name, as the config has it.
    pub env: String,
    /// The run's seed.
    pub seed: u64,
    /// Since the process began.
    pub wall_seconds: f64,
    /// Steps of all environments together.
    pub env_steps: u64,
    /// The steps times the frame skip.
    pub raw_frames: u64,
    /// Episodes that ended.
    pub episodes: u64,
    /// The mean return of the last hundred episodes; none before the hundredth.
    pub mean_return_100: Option<f64>,
    /// The largest such mean there was.
    pub best_mean_return_100: Option<f64>,
    /// What counts as solving.
    pub solve_threshold: Option<f64>,
    /// Whether the run reached it.
    pub solved: bool,
    /// The raw frames until then.
    pub solved_at_frames: Option<u64>,
    /// The seconds until then.
    pub solved_at_seconds: Option<f64>,
}

impl Summary {
    /// Of a run that has not begun.
    pub fn new(config: &Config) -> Self {
        Self {
            env: config.environment.id.clone(),
            seed: config.seed,
            wall_seconds: 0.0,
            env_steps: 0,
            raw_frames: 0,
            episodes: 0,
            mean_return_100: None,
            best_mean_return_100: None,
            solve_threshold: config.budget.solve_at,
            solved: false,
            solved_at_frames: None,
            solved_at_seconds: None,
        }
    }

    /// Adds an epoch of `steps` steps of every environment.
    pub fn count(&mut self, episodes: &EpisodeWindow, steps: usize, config: &Config, started: Instant) {
        let env_steps = |steps: usize| self.env_steps + (steps * config.environment.num_envs) as u64;
        if let Some(step) = episodes.solved_at_step.filter(|_| !self.solved) {
            self.solved = true;
            self.solved_at_frames = Some(config.raw_frames(env_steps(step)));
            self.solved_at_seconds = Some(started.elapsed().as_secs_f64());
        }
        self.env_steps = env_steps(steps);
        self.raw_frames = config.raw_frames(self.env_steps);
        self.episodes = episodes.episodes;
        self.mean_return_100 = episodes.mean();
        self.best_mean_return_100 = episodes.best_mean;
        self.wall_seconds = started.elapsed().as_secs_f64();
    }

    /// The summary as a resume state keeps it: without what differs between two runs of one config.
    pub fn without_times(&self) -> Self {
        Self { wall_seconds: 0.0, solved_at_seconds: None, ..self.clone() }
    }

    /// What the program says at the end.
    pub fn last_line(&self, folder: &Path) -> String {
        let number = |mean: Option<f64>| mean.map_or("-".into(), |mean| format!("{mean:.2}"));
        let solved = match (self.solved_at_frames, self.solved_at_seconds) {
            (Some(frames), Some(seconds)) => format!("solved at {frames} frames, {seconds:.1} s"),
            (Some(frames), None) => format!("solved at {frames} frames"),
            _ => "not solved".into(),
        };
        format!(
            "{}: {solved} | mean return of the last 100 episodes {}, best {} | {} frames in {:.1} s | {}",
            self.env,
            number(self.mean_return_100),
            number(self.best_mean_return_100),
            self.raw_frames,
            self.wall_seconds,
            folder.display()
        )
    }
}
