//! The resume state: everything a run's future depends on, written at every epoch's end.

use std::{fs, io::ErrorKind};

use anyhow::{Context, Result, bail};
use envs::NumpyRng;
use serde::{Deserialize, Serialize};

use crate::{
    run_folder::{RunFolder, Summary},
    statistics::EpisodeWindow,
    update::LearnerState,
};

/// A run between two epochs. It holds neither paths nor times: a run that was killed and resumed computes what it would
/// have computed.
#[derive(Debug, Serialize, Deserialize)]
pub struct RunState {
    /// How many states the run has written, this one included.
    pub generation: u64,
    /// The epoch that has ended.
    pub epoch: u64,
    /// Networks and optimizers.
    pub learner: LearnerState,
    /// The generators of the actions.
    pub action_rngs: Vec<NumpyRng>,
    /// The environments, as `VecEnv::save` gives them.
    pub envs: Vec<u8>,
    /// The observations the next epoch begins with, in memory order.
    pub observations: Vec<u8>,
    /// The last episodes.
    pub episodes: EpisodeWindow,
    /// What the run has come to.
    pub summary: Summary,
}

/// The two files that take turns, so that one is whole at any moment.
const FILES: [&str; 2] = ["resume-0.bin", "resume-1.bin"];
/// Begins each file; the last digits are the format's version.
const MAGIC: &[u8; 8] = b"vpgrun01";
/// Magic and checksum.
const HEADER: usize = 12;

impl RunState {
    /// Writes the state in place of the older of the two files.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub fn write(&self, folder: &RunFolder) -> Result<()> {
        let payload = postcard::to_allocvec(self)?;
        let checksum = crc32fast::hash(&payload).to_le_bytes();
        let bytes = [MAGIC, checksum.as_slice(), &payload].concat();
        folder.write(FILES[(self.generation % 2) as usize], &bytes)
    }

    /// The newest state that is whole, and a warning for each file that is damaged; none where no epoch has ended yet.
    ///
    /// # Errors
    /// Where there are files, but none is whole.
    pub fn read(folder: &RunFolder) -> Result<(Option<Self>, Vec<String>)> {
        let (mut states, mut warnings) = (Vec::new(), Vec::new());
        for name in FILES {
            match fs::read(folder.file(name)) {
                Ok(bytes) => match parse(&bytes) {
                    Ok(state) => states.push(state),
                    Err(error) => warnings.push(format!("{} is damaged: {error:#}", folder.file(name).display())),
                },
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => {
                    return Err(error).with_context(|| format!("cannot read {}", folder.file(name).display()));
                }
            }
        }
        let newest = states.into_iter().max_by_key(|state| state.generation);
        if newest.is_none() && !warnings.is_empty() {
            bail!("nothing to resume from: {}", warnings.join("; "));
        }
        Ok((newest, warnings))
    }
}

fn parse(bytes: &[u8]) -> Result<RunState> {
    let (header, payload) = bytes.split_at_checked(HEADER).context("it is cut off")?;
    let (magic, checksum) = header.split_at(MAGIC.len());
    anyhow::ensure!(magic == MAGIC, "it is no resume state of this version");
    anyhow::ensure!(checksum == crc32fast::hash(payload).to_le_bytes(), "its checksum is wrong");
    postcard::from_bytes(payload).context("its content is none")
}
