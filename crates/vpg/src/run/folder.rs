//! A run's folder: config, log, checkpoints, summary.

use std::{
    collections::HashMap,
    fs::{self, File, TryLockError},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow, bail, ensure};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use serde_json::error::Category;

use crate::{
    config::Config, nn::machine::Machine, nn::policy::ActorCritic, nn::tensors::to_vec, run::statistics::EpisodeWindow,
};

/// The files that the resume state is in by turns, so that one is whole at any moment. Where states are large the older one
/// goes when the newer is whole.
pub const STATE_FILES: [&str; 2] = ["resume-0.bin", "resume-1.bin"];

/// What a run begins its folder with; where one of them is, there was a run.
const LEFT_BY_RUNS: [&str; 6] =
    ["config.json", "progress.txt", "episodes.csv", "checkpoints", STATE_FILES[0], STATE_FILES[1]];

/// Where a run keeps its files.
///
/// ```no_run
/// let (folder, config) = vpg::RunFolder::open("runs/Pong/first".as_ref())?;
/// println!("{} epochs were kept of a run with seed {}", folder.checkpoints().len(), config.seed);
/// # Ok::<(), anyhow::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct RunFolder {
    path: PathBuf,
}

impl RunFolder {
    /// A folder that is there.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Makes the folder with its `config.json`. Of several processes that try at once, one succeeds.
    ///
    /// # Errors
    /// Where the folder holds another run or parts of one, or cannot be written.
    pub fn create(path: &Path, config: &Config) -> Result<Self> {
        let folder = Self::new(path);
        let left = LEFT_BY_RUNS.into_iter().find(|name| path.join(name).exists());
        if let Some(name) = left {
            let path = path.display();
            ensure!(
                name != "config.json",
                "{path} already holds a run: choose another --run-dir, or go on with --resume"
            );
            bail!("{path} holds what is left of a run without its config.json ({name}): choose another --run-dir");
        }
        fs::create_dir_all(path).with_context(|| folder.cannot_write(""))?;
        folder.claim(&serde_json::to_vec_pretty(config)?)?;
        fs::create_dir_all(path.join("checkpoints")).with_context(|| folder.cannot_write(""))?;
        Ok(folder)
    }

    /// A new folder of this name, or of the first of `name-2`, `name-3`, ... that is not there: processes that begin in
    /// the same second never share one.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn create_named(path: &Path, config: &Config) -> Result<Self> {
        let parent = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(parent).with_context(|| Self::new(path).cannot_write(""))?;
        for number in 1u64.. {
            let mut name = path.as_os_str().to_owned();
            if number > 1 {
                name.push(format!("-{number}"));
            }
            match fs::create_dir(&name) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                made => {
                    made.with_context(|| Self::new(Path::new(&name)).cannot_write(""))?;
                    return Self::create(Path::new(&name), config);
                }
            }
        }
        bail!("no name is left for {}", path.display())
    }

    /// Writes `config.json` where there is none. Of two processes at once one finds the other's.
    fn claim(&self, config: &[u8]) -> Result<()> {
        let (path, mine) = (self.file("config.json"), self.file(&format!("config.json.{}", std::process::id())));
        let linked = File::create(&mine)
            .and_then(|mut file| file.write_all(config).and_then(|()| file.sync_all()))
            .and_then(|()| match fs::hard_link(&mine, &path) {
                // Some file systems have no links.
                Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                    File::create_new(&path).and_then(|mut file| file.write_all(config))
                }
                linked => linked,
            });
        let _ = fs::remove_file(&mine); // it may not be there
        match linked {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                bail!("{} already holds a run: another vpg has just begun it", self.path.display())
            }
            linked => linked.with_context(|| self.cannot_write("config.json")),
        }
    }

    /// An existing run and its config.
    ///
    /// # Errors
    /// Where there is no run, or its config is damaged or not one of this version.
    pub fn open(path: &Path) -> Result<(Self, Config)> {
        let file = path.join("config.json");
        let text = fs::read(&file).with_context(|| format!("{} is no run folder: no config.json", path.display()))?;
        let config = Config::from_json(&text).map_err(|error| match error.classify() {
            Category::Data => anyhow!("{} is another version's or none of vpg's: {error}", file.display()),
            _ => anyhow!("{} is damaged: {error}", file.display()),
        })?;
        config.check().map_err(|error| anyhow!("{} is damaged: {error}", file.display()))?;
        Ok((Self::new(path), config))
    }

    /// Keeps other processes from training in this folder for as long as the file is open. Makes the folder of the checkpoints,
    /// which a run lacks that was killed as soon as it had its config.
    ///
    /// # Errors
    /// Where another process trains in the folder, or it cannot be written.
    pub fn lock(&self) -> Result<File> {
        let file = File::open(self.file("config.json"))?;
        // Some network file systems have no locks: no other error counts.
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            bail!("{} is in use: another vpg trains there", self.path.display());
        }
        fs::create_dir_all(self.file("checkpoints")).with_context(|| self.cannot_write("checkpoints"))?;
        Ok(file)
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

    /// The summary that was written last; none where there is no readable one.
    pub fn summary(&self) -> Option<Summary> {
        serde_json::from_slice(&fs::read(self.file("summary.json")).ok()?).ok()
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

    /// Writes the networks as `checkpoints/policy-<epoch>.safetensors` and `checkpoints/latest.safetensors`, which are one
    /// file under two names where the file system can do that.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub fn save_policy(&self, policy: &ActorCritic, epoch: u64) -> Result<()> {
        const LATEST: &str = "checkpoints/latest.safetensors";
        let bytes = policy_bytes(policy)?;
        self.write(&policy_name(epoch), &bytes)?;
        let link = self.file(&format!("{LATEST}.tmp"));
        let _ = fs::remove_file(&link); // an interrupted run may have left it
        let linked = fs::hard_link(self.file(&policy_name(epoch)), &link);
        match linked.and_then(|()| fs::rename(&link, self.file(LATEST))) {
            Ok(()) => Ok(File::open(self.file("checkpoints"))?.sync_all()?),
            Err(_) => self.write(LATEST, &bytes),
        }
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

/// The file of the best policy.
pub const BEST: &str = "checkpoints/best.safetensors";
/// The name in a checkpoint's metadata under which the checksum of its tensors stands.
const CHECKSUM: &str = "crc32";

/// The file of the policy that was kept at an epoch.
pub fn policy_name(epoch: u64) -> String {
    format!("checkpoints/policy-{epoch}.safetensors")
}

/// A tensor's name, shape and bytes.
type Tensor = (String, Vec<usize>, Vec<u8>);

/// The networks in safetensors format, f32, with the names and layouts of a torch.nn module.
///
/// # Errors
/// Where the format refuses them, which no policy is known to cause.
pub fn policy_bytes(policy: &ActorCritic) -> Result<Vec<u8>> {
    let plain = |(name, tensor): (String, tch::Tensor)| {
        let shape = tensor.size().iter().map(|&n| n as usize).collect();
        (name, shape, bytemuck::cast_slice(&to_vec(&tensor)).to_vec()) // x86-64 is little-endian, as the format is
    };
    file_of(&policy.named_parameters().into_iter().map(plain).collect::<Vec<_>>())
}

/// A checkpoint's content without what only learning needs; none where it has no such thing. `policy` is one like it.
///
/// # Errors
/// Where it is no checkpoint of such a policy.
pub fn playing_part(bytes: &[u8], policy: &ActorCritic) -> Result<Option<Vec<u8>>> {
    let file = SafeTensors::deserialize(bytes)?;
    if file.names().into_iter().all(is_needed_to_play) {
        return Ok(None);
    }
    let names = policy.named_parameters().into_iter().map(|(name, _)| name).filter(|name| is_needed_to_play(name));
    let plain = |name: String| {
        let view = file.tensor(&name)?;
        Ok((name, view.shape().to_vec(), view.data().to_vec()))
    };
    Ok(Some(file_of(&names.map(plain).collect::<Result<Vec<_>>>()?)?))
}

fn file_of(tensors: &[Tensor]) -> Result<Vec<u8>> {
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

/// Tensors of what learns beside the policy. A checkpoint without them plays all the same.
fn is_needed_to_play(name: &str) -> bool {
    !["v.", "value_scale", "return_"].iter().any(|other| name.starts_with(other))
}

fn read_policy(bytes: &[u8], policy: &mut ActorCritic) -> Result<()> {
    let (file, (_, header)) = (SafeTensors::deserialize(bytes)?, SafeTensors::read_metadata(bytes)?);
    let parameters = policy.named_parameters();
    let known = |name: &str| !is_needed_to_play(name) || parameters.iter().any(|(known, _)| known == name);
    if let Some(name) = file.names().into_iter().find(|name| !known(name)) {
        bail!("it has a tensor {name:?}, which these networks have not: it is of others");
    }
    let plays_alone = file.names().into_iter().all(is_needed_to_play);
    let (mut views, mut values) = (Vec::new(), Vec::with_capacity(parameters.len()));
    for (name, parameter) in &parameters {
        if plays_alone && !is_needed_to_play(name) {
            values.push(to_vec(parameter));
            continue;
        }
        let view = file.tensor(name)?;
        let expected: Vec<usize> = parameter.size().iter().map(|&n| n as usize).collect();
        if view.shape() != expected || view.dtype() != Dtype::F32 {
            bail!("{name} is {:?} {:?}: expected F32 {expected:?}", view.dtype(), view.shape());
        }
        let numbers: Vec<f32> =
            view.data().chunks_exact(4).map(|x| f32::from_le_bytes([x[0], x[1], x[2], x[3]])).collect();
        ensure!(numbers.iter().all(|number| number.is_finite()), "{name} has numbers that are not finite");
        views.push(view);
        values.push(numbers);
    }
    if let Some(expected) = header.metadata().as_ref().and_then(|metadata| metadata.get(CHECKSUM)) {
        ensure!(*expected == checksum(views.iter().map(TensorView::data)), "its checksum is wrong");
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
    /// The mean return of the newest evaluation.
    pub eval_return: Option<f64>,
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
            eval_return: None,
        }
    }

    /// Adds an epoch of `steps` steps of every environment, which ended so many seconds after the run began.
    pub fn count(&mut self, episodes: &EpisodeWindow, steps: usize, config: &Config, seconds: f64) {
        let env_steps = |steps: usize| self.env_steps + (steps * config.environment.num_envs) as u64;
        if let Some(step) = episodes.solved_at_step.filter(|_| !self.solved) {
            self.solved = true;
            self.solved_at_frames = Some(config.raw_frames(env_steps(step)));
            self.solved_at_seconds = Some(seconds);
        }
        self.env_steps = env_steps(steps);
        self.raw_frames = config.raw_frames(self.env_steps);
        self.episodes = episodes.episodes;
        self.mean_return_100 = episodes.mean();
        self.best_mean_return_100 = episodes.best_mean;
        self.wall_seconds = seconds;
    }

    /// The summary as a resume state keeps it: without what differs between two runs of one config.
    pub fn without_times(&self) -> Self {
        Self { wall_seconds: 0.0, solved_at_seconds: None, ..self.clone() }
    }

    /// What the program says at the end.
    pub fn last_line(&self, folder: &Path, interrupted: bool) -> String {
        let number = |mean: Option<f64>| mean.map_or("-".into(), |mean| format!("{mean:.2}"));
        let solved = match (self.solved_at_frames, self.solved_at_seconds) {
            (Some(frames), Some(seconds)) => format!("solved at {frames} frames, {seconds:.1} s"),
            (Some(frames), None) => format!("solved at {frames} frames"),
            _ if interrupted => "interrupted".into(),
            _ => "not solved".into(),
        };
        format!(
            "{}: {solved}\nlast 100 episodes: mean return {}, best {}{} | {} frames in {:.1} s\nrun folder {}",
            self.env,
            number(self.mean_return_100),
            number(self.best_mean_return_100),
            self.eval_return.map_or(String::new(), |mean| format!(" | evaluation: mean return {mean:.2}")),
            self.raw_frames,
            self.wall_seconds,
            folder.display()
        )
    }
}
