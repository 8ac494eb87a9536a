//! What a run says while it learns: `progress.txt`, `episodes.csv`, TensorBoard's events, a progress bar or plain lines,
//! and two plots.

use std::{
    io::{IsTerminal, Write},
    time::Instant,
};

use anyhow::{Context, Result};
use envs::EpisodeStats;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::{Deserialize, Serialize};

use crate::{
    config::{Baseline, Config},
    learn::update::UpdateStats,
    nn::policy::ActorCritic,
    play::evaluate::Play,
    play::record::gif,
    play::watch::Beside,
    run::folder::{RunFolder, Summary},
    run::plot::{Curve, Panel, draw},
    run::resume::{Found, RunState, StateWriter},
    run::statistics::{EpisodeWindow, Moments},
    run::table::{Format, Table},
    run::tensorboard::{self, EventFile},
};

/// Seconds between two plain lines where there is no terminal.
const PLAIN_INTERVAL: f64 = 10.0;
/// The progress bar counts thousandths of the budget.
const BAR_LENGTH: u64 = 1000;
const PROGRESS: Format = Format { name: "progress.txt", delimiter: b'\t', ends_with_time: true };
const EPISODES: Format = Format { name: "episodes.csv", delimiter: b',', ends_with_time: false };

/// What there is to say about an epoch.
#[derive(Debug)]
pub struct EpochReport<'a> {
    /// From 1 on.
    pub epoch: u64,
    /// Of the epoch's update.
    pub stats: UpdateStats,
    /// The episodes that finished in it.
    pub episodes: &'a EpisodeWindow,
    /// The run up to its end.
    pub summary: &'a Summary,
}

/// A row of `progress.txt`, with Spinning Up's columns. NaN where no episode finished in the epoch.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    epoch: u64,
    average_ep_ret: f64,
    std_ep_ret: f64,
    max_ep_ret: f64,
    min_ep_ret: f64,
    ep_len: f64,
    #[serde(rename = "AverageVVals")]
    average_v_vals: f64,
    #[serde(rename = "StdVVals")]
    std_v_vals: f64,
    #[serde(rename = "MaxVVals")]
    max_v_vals: f64,
    #[serde(rename = "MinVVals")]
    min_v_vals: f64,
    total_env_interacts: u64,
    loss_pi: f64,
    loss_v: f64,
    delta_loss_pi: f64,
    delta_loss_v: f64,
    entropy: f64,
    #[serde(rename = "KL")]
    kl: f64,
    time: f64,
}

impl Row {
    fn new(report: &EpochReport<'_>) -> Self {
        let EpochReport { epoch, stats, episodes, summary } = report;
        let of = |what: fn(&EpisodeStats) -> f64| Moments::of(episodes.epoch.iter().map(what));
        let returns = of(|episode| episode.episode_return);
        Self {
            epoch: *epoch,
            average_ep_ret: returns.mean,
            std_ep_ret: returns.std,
            max_ep_ret: returns.max,
            min_ep_ret: returns.min,
            ep_len: of(|episode| episode.length as f64).mean,
            average_v_vals: stats.values.mean,
            std_v_vals: stats.values.std,
            max_v_vals: stats.values.max,
            min_v_vals: stats.values.min,
            total_env_interacts: summary.env_steps,
            loss_pi: stats.loss_pi,
            loss_v: stats.loss_v,
            delta_loss_pi: stats.delta_loss_pi,
            delta_loss_v: stats.delta_loss_v,
            entropy: stats.entropy,
            kl: stats.kl,
            time: summary.wall_seconds,
        }
    }

    /// The columns as TensorBoard groups them.
    fn scalars(&self) -> [(&'static str, f64); 17] {
        [
            ("episodes/AverageEpRet", self.average_ep_ret),
            ("episodes/StdEpRet", self.std_ep_ret),
            ("episodes/MaxEpRet", self.max_ep_ret),
            ("episodes/MinEpRet", self.min_ep_ret),
            ("episodes/EpLen", self.ep_len),
            ("values/AverageVVals", self.average_v_vals),
            ("values/StdVVals", self.std_v_vals),
            ("values/MaxVVals", self.max_v_vals),
            ("values/MinVVals", self.min_v_vals),
            ("losses/LossPi", self.loss_pi),
            ("losses/LossV", self.loss_v),
            ("losses/DeltaLossPi", self.delta_loss_pi),
            ("losses/DeltaLossV", self.delta_loss_v),
            ("policy/Entropy", self.entropy),
            ("policy/KL", self.kl),
            ("run/Epoch", self.epoch as f64),
            ("run/Time", self.time),
        ]
    }
}

/// A row of `episodes.csv`: an episode that finished, those of one epoch in the order in which they did.
#[derive(Debug, Serialize)]
struct EpisodeRow {
    /// From 1 on.
    episode: u64,
    /// The epoch in which it finished.
    epoch: u64,
    ep_ret: f64,
    ep_len: u64,
}

/// Writes the log of one run.
pub struct Logger {
    folder: RunFolder,
    progress: Table,
    episodes: Table,
    events: EventFile,
    states: StateWriter,
    /// Of the newest row.
    env_steps: u64,
    bar: Option<ProgressBar>,
    last_plain: Option<Instant>,
    started: Instant,
    /// Raw frames of the run that were before that.
    frames_before: u64,
    rewards: Curve,
    /// Of the policy and of the value function.
    losses: [Curve; 2],
    render: bool,
    window: Option<Beside>,
    /// What the losses of policy and value function are called.
    loss_names: [&'static str; 2],
}

impl Logger {
    /// Begins the log in this folder, or goes on with the one that is there from where the state was kept that was
    /// found: what was logged behind that is cut off. With `render`, each checkpoint gets a GIF.
    ///
    /// # Errors
    /// Where the folder cannot be written, or its log is not the one that belongs to the state.
    pub fn new(folder: &RunFolder, found: &Found, render: bool) -> Result<Self> {
        let state = found.state.as_ref().filter(|state| state.epoch > 0);
        let (progress, episodes, text) = match state {
            Some(state) => {
                let [of_progress, of_episodes] = state.log_checksums;
                let (progress, text) = Table::reopen(folder, PROGRESS, state.epoch, of_progress)?;
                let (episodes, _) = Table::reopen(folder, EPISODES, state.summary.episodes, of_episodes)?;
                (progress, episodes, text)
            }
            None => {
                let mut episodes = Table::create(folder, EPISODES)?;
                episodes.append([["Episode", "Epoch", "EpRet", "EpLen"]], false)?; // even if none ever ends
                (Table::create(folder, PROGRESS)?, episodes, String::new())
            }
        };
        let events = folder.file(tensorboard::FILE_NAME);
        let events = match state {
            Some(state) => EventFile::resume(&events, state.summary.env_steps)?,
            None => {
                let mut events = EventFile::create(&events)?;
                let config = std::fs::read_to_string(folder.file("config.json"))?;
                events.text(0, "config", &format!("```json\n{config}\n```"))?;
                events
            }
        };
        let mut logger = Self {
            folder: folder.clone(),
            progress,
            episodes,
            events,
            states: StateWriter::new(folder, 1 - found.file),
            env_steps: 0,
            bar: std::io::stderr().is_terminal().then(progress_bar),
            last_plain: None,
            started: Instant::now(),
            frames_before: state.map_or(0, |state| state.summary.raw_frames),
            rewards: Curve::default(),
            losses: Default::default(),
            render,
            window: None,
            loss_names: ["loss pi", "v"],
        };
        let mut rows = csv::ReaderBuilder::new().delimiter(b'\t').from_reader(text.as_bytes());
        for row in rows.deserialize() {
            logger.draw(&row.with_context(|| format!("{} is damaged", folder.file("progress.txt").display()))?);
        }
        Ok(logger)
    }

    fn draw(&mut self, row: &Row) {
        self.env_steps = row.total_env_interacts;
        self.rewards.push(row.total_env_interacts, row.average_ep_ret);
        for (curve, loss) in self.losses.iter_mut().zip([row.loss_pi, row.loss_v]) {
            curve.push(row.total_env_interacts, loss);
        }
    }

    fn write(&mut self, row: &Row, report: &EpochReport<'_>) -> Result<()> {
        self.progress.append([row], row.epoch == 1)?;
        let first = report.episodes.episodes - report.episodes.epoch.len() as u64 + 1;
        let rows = (first..).zip(&report.episodes.epoch).map(|(episode, stats)| {
            let (ep_ret, ep_len) = (stats.episode_return, stats.length);
            EpisodeRow { episode, epoch: report.epoch, ep_ret, ep_len }
        });
        self.episodes.append(rows, false)?;
        self.events.scalars(row.total_env_interacts, row.scalars())
    }

    /// Logs an epoch. `progress` is the part of the budget that is spent.
    ///
    /// # Errors
    /// Where the log cannot be written.
    pub fn epoch(&mut self, report: &EpochReport<'_>, progress: f64) -> Result<()> {
        let row = Row::new(report);
        self.write(&row, report)?;
        self.draw(&row);
        self.show(&row, report.summary, progress);
        Ok(())
    }

    fn show(&mut self, row: &Row, summary: &Summary, progress: f64) {
        let number = |mean: Option<f64>| mean.map_or("-".into(), |mean| format!("{mean:.1}"));
        let mean = number(summary.mean_return_100);
        let (seconds, frames) = (self.started.elapsed().as_secs_f64(), summary.raw_frames - self.frames_before);
        let rate = frames as f64 / seconds;
        let [pi, v] = self.loss_names;
        let line = format!(
            "epoch {} | return {}, last 100: {mean} | {pi} {:.3}, {v} {:.3} | entropy {:.3} | {rate:.0} frames/s",
            row.epoch,
            number(Some(row.average_ep_ret).filter(|mean| mean.is_finite())), // no episode may have ended
            row.loss_pi,
            row.loss_v,
            row.entropy
        );
        if let Some(bar) = &self.bar {
            bar.set_position((progress.min(1.0) * BAR_LENGTH as f64) as u64);
            bar.set_message(line);
        } else if self.last_plain.is_none_or(|last| last.elapsed().as_secs_f64() > PLAIN_INTERVAL) {
            let new = progress * frames as f64 / summary.raw_frames as f64;
            let left = seconds_left(seconds, progress, new);
            tell(&format!("{line} | {} frames, {left:.0} s left", summary.raw_frames));
            self.last_plain = Some(Instant::now());
        }
    }

    /// Keeps the policy, draws the plots as they stand and, where asked for, the policy's play.
    ///
    /// # Errors
    /// Where they cannot be written.
    pub fn checkpoint(&mut self, epoch: u64, policy: &ActorCritic, config: &Config) -> Result<()> {
        self.folder.save_policy(policy, epoch)?;
        let rewards = Panel { y: "mean return of the epoch's episodes", curves: std::slice::from_ref(&self.rewards) };
        let [of_policy, of_values] = &self.losses;
        let panel = |y, curve| Panel { y, curves: std::slice::from_ref(curve) };
        let mut losses = vec![panel("policy loss", of_policy)];
        if config.baseline == Baseline::Value {
            losses.push(panel("value loss", of_values));
        }
        self.folder.write("rewards.png", &draw("environment steps", &[rewards])?)?;
        self.folder.write("losses.png", &draw("environment steps", &losses)?)?;
        if self.render {
            let play = Play { seed: config.seed, deterministic: false };
            let gif = gif(config, policy, play)?;
            self.folder.write(&format!("checkpoints/policy-{epoch}.gif"), &gif)?;
            self.events.image(self.env_steps, gif_size(&gif), &gif)?;
            if self.window.is_none() {
                self.window = Beside::open(self.folder.path())?;
            }
        }
        Ok(())
    }

    /// Calls the losses of policy and value function so from now on.
    pub fn name_losses(&mut self, names: [&'static str; 2]) {
        self.loss_names = names;
    }

    /// Where the log is.
    pub fn folder(&self) -> &RunFolder {
        &self.folder
    }

    /// Of the tables so far, times aside.
    pub fn checksums(&self) -> [u32; 2] {
        [self.progress.checksum(), self.episodes.checksum()]
    }

    /// Begins to write what the run can be resumed from.
    ///
    /// # Errors
    /// Where the state before it could not be written.
    pub fn keep(&mut self, state: RunState) -> Result<()> {
        self.states.write(state, [self.progress.file()?, self.episodes.file()?])
    }

    /// Waits until the last resume state is on the disk.
    ///
    /// # Errors
    /// Where it could not be written.
    pub fn wait(&mut self) -> Result<()> {
        self.states.wait()
    }

    /// Writes what the run came to.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn end(&self, summary: &Summary) -> Result<()> {
        self.folder.write_summary(summary)
    }

    /// The columns of an epoch's row in `progress.txt`, by name.
    ///
    /// # Errors
    /// None, for a row of numbers.
    pub fn columns(&self, report: &EpochReport<'_>) -> Result<Vec<(String, String)>> {
        let mut table = csv::Writer::from_writer(Vec::new());
        table.serialize(Row::new(report))?;
        let bytes = table.into_inner()?;
        let mut lines = csv::Reader::from_reader(bytes.as_slice());
        let names = lines.headers()?.clone();
        let values = lines.records().next().transpose()?.unwrap_or_default();
        Ok(names.iter().zip(&values).map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// Prints a line to the standard output, above the progress bar.
    pub fn print(&self, line: &str) {
        let print = || println!("{line}");
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    /// Prints a line above the progress bar.
    pub fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.println(line),
            None => tell(line),
        }
    }
}

impl Drop for Logger {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.abandon(); // keeps the last state on the screen
        }
    }
}

/// Seconds to the end of the budget. So far `progress` of it is spent, `new` of it in these seconds; whole episodes may go
/// beyond it.
fn seconds_left(seconds: f64, progress: f64, new: f64) -> f64 {
    (seconds / new * (1.0 - progress)).max(0.0)
}

/// A line on stderr, where nobody may be listening any more.
pub fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Width and height, which stand behind the six bytes of the format's name.
fn gif_size(gif: &[u8]) -> (u32, u32) {
    let number = |at: usize| u32::from(gif[at]) | u32::from(gif[at + 1]) << 8;
    (number(6), number(8))
}

fn progress_bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{wide_bar} {elapsed} of about {duration}\n{msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(Some(BAR_LENGTH), ProgressDrawTarget::stderr()).with_style(style)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_that_of_the_steps_left_and_never_negative() {
        assert_eq!(seconds_left(10.0, 0.5, 0.5), 10.0);
        assert_eq!(seconds_left(10.0, 0.75, 0.25), 10.0, "resumed in the middle");
        assert_eq!(seconds_left(10.0, 1.25, 1.25), 0.0, "whole episodes went beyond the budget");
    }
}
