//! The resume state: everything a run's future depends on.

use std::{
    fs::{self, File},
    io::ErrorKind,
    mem,
    thread::{self, JoinHandle},
};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use crate::{
    collect::EnvState,
    config::{Config, LrSchedule},
    learn::update::LearnerState,
    run::folder::{BEST, RunFolder, STATE_FILES, Summary},
    run::statistics::EpisodeWindow,
    run::table::read_columns,
};

/// A run between two epochs. It holds neither paths nor times: a run that was killed and resumed computes what it would
/// have computed, and two runs of the same config write the same bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunState {
    /// [`Config::decisive`].
    pub config: String,
    /// The epoch that has ended.
    pub epoch: u64,
    /// Of `progress.txt` and `episodes.csv` up to this epoch, times aside.
    pub log_checksums: [u32; 2],
    /// Networks and optimizers.
    pub learner: LearnerState,
    /// The environments, in order, whatever process stepped them.
    pub envs: Vec<EnvState>,
    /// The last episodes.
    pub episodes: EpisodeWindow,
    /// What the run has come to.
    pub summary: Summary,
    /// The mean return by which the best policy so far is that.
    pub best: Option<f64>,
}

/// Begins each file; the last digits are the format's version.
const MAGIC: &[u8; 8] = b"vpgrun14";
/// Magic and checksum.
const HEADER: usize = 12;
/// zstd's fastest, some hundredths of a second for the state of Pong: what was never lit compresses away, the rest hardly.
const COMPRESSION: i32 = -1;
/// Of states that take more the newest alone stays, of others the one before it too.
const LARGE: usize = 4_000_000;

/// What there is to go on from.
#[derive(Debug, Default)]
pub struct Found {
    /// The newest state that is whole; none where no epoch has ended yet.
    pub state: Option<RunState>,
    /// Which of [`STATE_FILES`] it is in.
    pub file: usize,
    /// What is wrong with the other file, if anything is.
    pub warnings: Vec<String>,
}

impl RunState {
    /// Gives the summary the times that the folder's log tells: a file has none.
    pub fn take_times(&mut self, folder: &RunFolder, config: &Config) {
        let columns = read_columns(&folder.file("progress.txt"), &["TotalEnvInteracts", "Time"]).unwrap_or_default();
        let [steps, times] = columns.as_slice() else { return };
        let at = |frames: u64| {
            let row = steps.iter().position(|&steps| config.raw_frames(steps as u64) >= frames)?;
            times.get(row).copied()
        };
        self.summary.wall_seconds = at(self.summary.raw_frames).unwrap_or(0.0);
        self.summary.solved_at_seconds = self.summary.solved_at_frames.and_then(at);
        // What was written at the run's end knows the seconds after the last row, too.
        if let Some(written) =
            folder.summary().filter(|written| written.without_times() == self.summary.without_times())
        {
            self.summary = written;
        }
    }

    /// The content of a file, in the memory of `content`; the state itself in that of `plain`.
    fn to_bytes(&self, Buffers { mut plain, mut content }: Buffers) -> Result<Buffers> {
        plain.clear();
        let plain = postcard::to_extend(self, plain)?;
        content.clear();
        content.extend_from_slice(MAGIC);
        content.resize(HEADER, 0);
        zstd::stream::copy_encode(plain.as_slice(), &mut content, COMPRESSION)?;
        let checksum = crc32fast::hash(&content[HEADER..]).to_le_bytes();
        content[MAGIC.len()..HEADER].copy_from_slice(&checksum);
        Ok(Buffers { plain, content })
    }

    /// The newest whole state of this run.
    ///
    /// # Errors
    /// Where there are state files but none is whole, or the state is of another config.
    pub fn read(folder: &RunFolder, config: &Config) -> Result<Found> {
        let mut found = Found::default();
        for (file, name) in STATE_FILES.iter().enumerate() {
            let path = folder.file(name);
            let bytes = match fs::read(&path) {
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                bytes => bytes.context("it cannot be read"),
            };
            match bytes.and_then(|bytes| parse(&bytes)) {
                Ok(state) if found.state.as_ref().is_none_or(|newest| newest.epoch < state.epoch) => {
                    (found.state, found.file) = (Some(state), file);
                }
                Ok(_) => {}
                Err(error) => found.warnings.push(format!("{} is damaged: {error:#}", path.display())),
            }
        }
        match &found.state {
            None if !found.warnings.is_empty() => bail!("nothing to resume from: {}", found.warnings.join("; ")),
            None => {}
            Some(state) => state.check_config(config).with_context(|| {
                format!("{} is not what the run was begun with", folder.file("config.json").display())
            })?,
        }
        Ok(found)
    }

    fn check_config(&self, config: &Config) -> Result<()> {
        let [ours, given] = [&self.config, &config.decisive()?].map(|text| serde_json::from_str(text));
        let (ours, given): (serde_json::Map<String, serde_json::Value>, serde_json::Map<_, _>) = (ours?, given?);
        let text = |value: Option<&serde_json::Value>| value.map_or("nothing".into(), ToString::to_string);
        // How long a run goes on does not change what it does until then, but for a schedule over the whole budget. A state
        // has no device.
        let mut free = vec!["device"];
        if config.optimizer.lr_schedule != Some(LrSchedule::Linear) {
            free.extend(["budget", "stop_when_solved"]);
        }
        for name in given.keys().filter(|name| !free.contains(&name.as_str())) {
            let (ours, given) = (text(ours.get(name)), text(given.get(name)));
            ensure!(ours == given, "put {name} = {ours} back, it is {given}");
        }
        Ok(())
    }
}

fn parse(bytes: &[u8]) -> Result<RunState> {
    let (header, payload) = bytes.split_at_checked(HEADER).context("it is cut off")?;
    let (magic, checksum) = header.split_at(MAGIC.len());
    ensure!(magic == MAGIC, "it is no resume state of this version");
    ensure!(checksum == crc32fast::hash(payload).to_le_bytes(), "its checksum is wrong");
    let plain = zstd::decode_all(payload).context("it cannot be decompressed")?;
    postcard::from_bytes(&plain).context("its content is none")
}

/// What the last state was written from: a state has megabytes, and every one as many.
#[derive(Debug, Default)]
struct Buffers {
    plain: Vec<u8>,
    content: Vec<u8>,
}

/// Writes a state while the run goes on with its next epoch.
#[derive(Debug)]
pub struct StateWriter {
    folder: RunFolder,
    /// Which of [`STATE_FILES`] is overwritten next.
    next: usize,
    buffers: Buffers,
    writing: Option<JoinHandle<Result<Buffers>>>,
}

impl StateWriter {
    /// Overwrites `next` of [`STATE_FILES`] first.
    pub fn new(folder: &RunFolder, next: usize) -> Self {
        Self { folder: folder.clone(), next, buffers: Buffers::default(), writing: None }
    }

    /// Begins to write the state in place of the older of the two; `logs`, and the best policy where there is a better
    /// one, get to the disk before it. Waits for the last one first.
    ///
    /// # Errors
    /// Where the last state could not be written.
    pub fn write(&mut self, state: RunState, logs: [File; 2], best: Option<Vec<u8>>) -> Result<()> {
        self.wait()?;
        let (folder, name) = (self.folder.clone(), STATE_FILES[self.next]);
        self.next = 1 - self.next;
        let (older, buffers) = (STATE_FILES[self.next], mem::take(&mut self.buffers));
        let work = move || {
            logs.iter().try_for_each(File::sync_data).with_context(|| folder.cannot_write("the log"))?;
            best.map_or(Ok(()), |best| folder.write(BEST, &best))?;
            let buffers = state.to_bytes(buffers)?;
            folder.write(name, &buffers.content)?;
            if buffers.content.len() > LARGE {
                let _ = fs::remove_file(folder.file(older)); // it may not be there
            }
            Ok(buffers)
        };
        self.writing = Some(thread::Builder::new().name("state".into()).spawn(work)?);
        Ok(())
    }

    /// Waits until the last state is on the disk.
    ///
    /// # Errors
    /// Where it could not be written.
    pub fn wait(&mut self) -> Result<()> {
        let Some(writing) = self.writing.take() else { return Ok(()) };
        self.buffers = writing.join().unwrap_or_else(|_| bail!("writing a resume state panicked"))?;
        Ok(())
    }
}
