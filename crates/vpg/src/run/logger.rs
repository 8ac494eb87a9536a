//! What a run says while it learns: `progress.txt`, `episodes.csv`, TensorBoard's events, a progress bar or plain lines.

use std::{
    io::Write,
    time::{Duration, Instant},
};

use anyhow::Result;
use envs::EpisodeStats;
use indicatif::ProgressBar;
use serde::Serialize;

use crate::{
    interrupt::Interrupt,
    nn::policy::ActorCritic,
    run::columns::{EpochReport, Evaluation, row, scalars},
    run::doubts::Doubts,
    run::folder::{RunFolder, Summary, policy_bytes},
    run::progress,
    run::resume::{Found, RunState, StateWriter},
    run::table::{Format, Table},
    run::tensorboard::{self, EventFile},
    run::thin::thin,
};

/// Seconds between two lines, at least.
const LINE_INTERVAL: f64 = 1.0;
/// Of a terminal.
const COLUMNS_OF_TEXT: usize = 80;
const SEPARATOR: &str = " | ";
/// So long nothing is said about an epoch where there is no terminal.
const QUIET: Duration = Duration::from_secs(10);
/// Between two words about one epoch.
const WITHIN_INTERVAL: Duration = Duration::from_secs(1);
/// The progress bar counts thousandths of the budget.
const BAR_LENGTH: u64 = 1000;
const BAR: &str = "{wide_bar} {msg}";
const PROGRESS: Format = Format { name: "progress.txt", delimiter: b'\t', ends_with_time: true };
const EPISODES: Format = Format { name: "episodes.csv", delimiter: b',', ends_with_time: false };

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

/// A policy that was just kept.
pub struct Kept<'a> {
    /// The epoch after which it was.
    pub epoch: u64,
    /// The policy.
    pub policy: &'a ActorCritic,
    /// The run's folder.
    pub folder: &'a RunFolder,
}

/// A picture for the run's folder.
pub struct Picture {
    /// The file's path in the folder.
    pub name: String,
    /// The file's content: PNG or GIF.
    pub bytes: Vec<u8>,
}

/// Draws the pictures that go with a kept policy.
pub type Draw = Box<dyn FnMut(&Kept<'_>) -> Result<Vec<Picture>>>;

/// Plays episodes with a policy to see how good it is; none where the wish to end came meanwhile.
pub type Evaluate = Box<dyn FnMut(&ActorCritic, &Interrupt) -> Result<Option<Vec<EpisodeStats>>>>;

/// Writes the log of one run.
pub struct Logger {
    folder: RunFolder,
    progress: Table,
    episodes: Table,
    events: EventFile,
    states: StateWriter,
    /// Of the newest row.
    env_steps: u64,
    bar: ProgressBar,
    last_line: Option<Instant>,
    /// When anything was shown last.
    shown: Instant,
    started: Instant,
    /// Raw frames of the run that were before that.
    frames_before: u64,
    draw: Draw,
    evaluate: Option<Evaluate>,
    /// The best policy so far as its file's content, where that is not on its way to the disk yet.
    best: Option<Vec<u8>>,
    /// What the losses of policy and value function are called.
    loss_names: [&'static str; 2],
    doubts: Doubts,
}

impl Logger {
    /// Begins the log in this folder, or goes on with the one that is there after the state that was found: what was
    /// logged later is cut off. `draw` is called with each policy that is kept.
    ///
    /// # Errors
    /// Where the folder cannot be written, or its log is not the one that belongs to the state.
    pub fn new(folder: &RunFolder, found: &Found, draw: Draw) -> Result<Self> {
        let state = found.state.as_ref().filter(|state| state.epoch > 0);
        let (progress, episodes) = match state {
            Some(state) => {
                let [of_progress, of_episodes] = state.log_checksums;
                let progress = Table::reopen(folder, PROGRESS, state.epoch, of_progress)?;
                (progress, Table::reopen(folder, EPISODES, state.summary.episodes, of_episodes)?)
            }
            None => {
                let mut episodes = Table::create(folder, EPISODES)?;
                episodes.append([["Episode", "Epoch", "EpRet", "EpLen"]])?; // even if none ever ends
                (Table::create(folder, PROGRESS)?, episodes)
            }
        };
        let events = folder.file(tensorboard::FILE_NAME);
        let events = match state {
            Some(state) => EventFile::resume(&events, state.summary.env_steps)?,
            None => {
                let mut events = EventFile::create(&events)?;
                let config = std::fs::read_to_string(folder.file("config.json"))?;
                events.text(0, "config", &format!("```json\n{config}\n```"))?;
                events.hyperparameters(&serde_json::from_str(&config)?)?;
                events
            }
        };
        Ok(Self {
            folder: folder.clone(),
            progress,
            episodes,
            events,
            states: StateWriter::new(folder, 1 - found.file),
            env_steps: state.map_or(0, |state| state.summary.env_steps),
            bar: progress::styled(BAR_LENGTH, BAR),
            last_line: None,
            shown: Instant::now(),
            started: Instant::now(),
            frames_before: state.map_or(0, |state| state.summary.raw_frames),
            draw,
            evaluate: None,
            best: None,
            loss_names: ["loss pi", "v"],
            doubts: Doubts::default(),
        })
    }

    fn write(&mut self, report: &EpochReport<'_>) -> Result<()> {
        let (names, values): (Vec<_>, Vec<_>) = row(report).into_iter().unzip();
        if report.epoch == 1 {
            self.progress.append([names])?;
        }
        self.progress.append([values])?;
        let first = report.episodes.episodes - report.episodes.epoch.len() as u64 + 1;
        let rows = (first..).zip(&report.episodes.epoch).map(|(episode, stats)| {
            let (ep_ret, ep_len) = (stats.episode_return, stats.length);
            EpisodeRow { episode, epoch: report.epoch, ep_ret, ep_len }
        });
        self.episodes.append(rows)?;
        self.env_steps = report.summary.env_steps;
        self.events.scalars(self.env_steps, scalars(report))
    }

    /// Logs an epoch. `progress` is the part of the budget that is spent.
    ///
    /// # Errors
    /// Where the log cannot be written.
    pub fn epoch(&mut self, report: &EpochReport<'_>, progress: f64) -> Result<()> {
        self.write(report)?;
        self.show(report, progress);
        if let Some(doubt) = self.doubts.look(report) {
            self.say(&doubt);
        }
        Ok(())
    }

    /// Shows how far an epoch is that takes longer than a moment: `share` of it, which is `progress` of the budget.
    pub fn within(&mut self, epoch: u64, what: &str, share: f64, progress: f64) {
        if self.shown.elapsed() < WITHIN_INTERVAL {
            return;
        }
        self.shown = Instant::now();
        let line = format!("epoch {epoch}: {what}, {:.0} % of it done", 100.0 * share);
        if !self.bar.is_hidden() {
            self.bar.set_position((progress.min(1.0) * BAR_LENGTH as f64) as u64);
            self.bar.set_message(line);
        } else if self.last_line.unwrap_or(self.started).elapsed() > QUIET {
            progress::tell(&line);
            self.last_line = Some(Instant::now());
        }
    }

    fn show(&mut self, report: &EpochReport<'_>, progress: f64) {
        self.shown = Instant::now();
        let EpochReport { epoch, stats, summary, returns, .. } = report;
        let number = |mean: Option<f64>| mean.map_or("-".into(), |mean| format!("{mean:.1}"));
        let (seconds, frames) = (self.started.elapsed().as_secs_f64(), summary.raw_frames - self.frames_before);
        let left = seconds_left(seconds, progress, progress * frames as f64 / summary.raw_frames as f64);
        self.bar.set_position((progress.min(1.0) * BAR_LENGTH as f64) as u64);
        self.bar.set_message(format!("{} so far, {} left", duration(seconds), duration(left)));
        if self.last_line.is_some_and(|last| last.elapsed().as_secs_f64() < LINE_INTERVAL) {
            return;
        }
        self.last_line = Some(Instant::now());
        let [pi, v] = self.loss_names;
        let returned = number(Some(returns.mean).filter(|mean| mean.is_finite())); // no episode may have ended
        let parts = [
            format!("epoch {epoch}"),
            format!("return {returned}, last 100: {}", number(summary.mean_return_100)),
            format!("{pi} {:.3}, {v} {:.3}", stats.loss_pi, stats.loss_v),
            format!("entropy {:.3}", stats.entropy),
            format!("{}/s", short(frames as f64 / seconds)),
            format!("{} frames", short(summary.raw_frames as f64)),
            format!("{} left", duration(left)),
        ];
        self.say(&if self.bar.is_hidden() { parts.join(SEPARATOR) } else { fitting(&parts) });
    }

    /// Keeps the policy, thins older ones out to `most_mb`, and keeps the pictures that are drawn of it; GIFs go to
    /// TensorBoard's events too.
    ///
    /// # Errors
    /// Where they cannot be drawn or written.
    pub fn checkpoint(&mut self, epoch: u64, policy: &ActorCritic, most_mb: u64) -> Result<()> {
        self.folder.save_policy(policy, epoch)?;
        thin(&self.folder, policy, most_mb * 1_000_000)?;
        for Picture { name, bytes } in (self.draw)(&Kept { epoch, policy, folder: &self.folder })? {
            self.folder.write(&name, &bytes)?;
            if name.ends_with(".gif") {
                self.events.image(self.env_steps, gif_size(&bytes), &bytes)?;
            }
        }
        Ok(())
    }

    /// Has `evaluate` play episodes in the epochs that the config says.
    pub fn evaluate_by(&mut self, evaluate: Evaluate) {
        self.evaluate = Some(evaluate);
    }

    /// Plays episodes with the policy; none where the wish to end came meanwhile.
    ///
    /// # Errors
    /// Those of the environments.
    pub fn evaluate(&mut self, policy: &ActorCritic, stop: &Interrupt) -> Result<Option<Evaluation>> {
        let Some(evaluate) = &mut self.evaluate else { return Ok(Some(Evaluation::of(&[]))) };
        Ok(evaluate(policy, stop)?.map(|episodes| Evaluation::of(&episodes)))
    }

    /// Takes this policy for the best so far. It gets to the disk with the next resume state, which it belongs to.
    ///
    /// # Errors
    /// Where it cannot be written as a file's content, which no policy is known to cause.
    pub fn set_best(&mut self, policy: &ActorCritic) -> Result<()> {
        self.best = Some(policy_bytes(policy)?);
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
        self.states.write(state, [self.progress.file()?, self.episodes.file()?], self.best.take())
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

    /// Prints a line to the standard output, above the progress bar.
    pub fn print(&self, line: &str) {
        self.bar.suspend(|| {
            let _ = writeln!(std::io::stdout(), "{line}"); // nobody may be reading any more: the run goes on
        });
    }

    /// Prints a line above the progress bar.
    pub fn say(&self, line: &str) {
        progress::say(&self.bar, line);
    }
}

impl Drop for Logger {
    fn drop(&mut self) {
        self.bar.abandon(); // keeps the last state on the screen
    }
}

/// Seconds to the end of the budget. So far `progress` of it is spent, `new` of it in these seconds; whole episodes may go
/// beyond it.
fn seconds_left(seconds: f64, progress: f64, new: f64) -> f64 {
    (seconds / new * (1.0 - progress)).max(0.0)
}

/// Those of the parts that fit on a line, the first ones before others.
fn fitting(parts: &[String]) -> String {
    let mut line = String::new();
    for part in parts {
        let separator = if line.is_empty() { "" } else { SEPARATOR };
        if line.len() + separator.len() + part.len() <= COLUMNS_OF_TEXT {
            line += &format!("{separator}{part}");
        }
    }
    line
}

/// Three digits and a unit.
fn short(number: f64) -> String {
    let (scaled, unit) = match number {
        ..1e3 => return format!("{number:.0}"),
        ..1e6 => (number / 1e3, "k"),
        _ => (number / 1e6, "M"),
    };
    format!("{scaled:.*}{unit}", if scaled < 10.0 { 2 } else { usize::from(scaled < 100.0) })
}

/// Seconds, minutes or hours.
fn duration(seconds: f64) -> String {
    match seconds {
        ..100.0 => format!("{seconds:.0} s"),
        ..6000.0 => format!("{:.0} min", seconds / 60.0),
        _ => format!("{:.1} h", seconds / 3600.0),
    }
}

/// Width and height, which follow the six bytes of the format's name.
fn gif_size(gif: &[u8]) -> (u32, u32) {
    let number = |at: usize| u32::from(gif[at]) | u32::from(gif[at + 1]) << 8;
    (number(6), number(8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_on_a_terminal_has_eighty_columns_of_what_matters_most() {
        let parts = ["epoch 600", "return -20.9, last 100: -20.8", &"x".repeat(40), "entropy 0.693", "367k/s"];
        let line = fitting(&parts.map(str::to_owned));
        assert_eq!(line, "epoch 600 | return -20.9, last 100: -20.8 | entropy 0.693 | 367k/s");
        assert!(fitting(&["0123456789".into(), "x".repeat(70)]).len() <= 80);
    }

    #[test]
    fn numbers_and_times_are_short() {
        assert_eq!([999.0, 1234.0, 36_700.0, 367_000.0, 4.85e6].map(short), ["999", "1.23k", "36.7k", "367k", "4.85M"]);
        assert_eq!([0.4, 99.0, 150.0, 7200.0].map(duration), ["0 s", "99 s", "2 min", "2.0 h"]);
    }

    #[test]
    fn the_time_left_is_that_of_the_steps_left_and_never_negative() {
        assert_eq!(seconds_left(10.0, 0.5, 0.5), 10.0);
        assert_eq!(seconds_left(10.0, 0.75, 0.25), 10.0, "resumed in the middle");
        assert_eq!(seconds_left(10.0, 1.25, 1.25), 0.0, "whole episodes went beyond the budget");
    }
}
