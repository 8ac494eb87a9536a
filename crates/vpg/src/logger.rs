//! What a run says while it learns: `progress.txt`, a progress bar or plain lines, and two plots.

use std::{
    fs::File,
    io::IsTerminal,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use envs::EpisodeStats;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::{Deserialize, Serialize};

use crate::{
    config::Config,
    evaluate::{Play, gif},
    plot::{Axes, Curve, draw},
    policy::ActorCritic,
    resume::RunState,
    run_folder::{RunFolder, Summary},
    statistics::{EpisodeWindow, Moments},
    update::UpdateStats,
};

/// Seconds between two plain lines where there is no terminal.
const PLAIN_INTERVAL: f64 = 10.0;
/// Between two resume states lies this many times what writing one takes, so that they cost two hundredths of the time.
/// A resumed run computes the epochs since the last one anew, and the same.
const KEEP_PAUSE: u32 = 50;
const SHORTEST_KEEP_PAUSE: Duration = Duration::from_millis(100);
/// The progress bar counts thousandths of the budget.
const BAR_LENGTH: u64 = 1000;

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
}

/// Writes the log of one run.
pub struct Logger {
    folder: RunFolder,
    table: csv::Writer<File>,
    bar: Option<ProgressBar>,
    last_plain: Option<Instant>,
    keep_due: Option<Instant>,
    started: Instant,
    rewards: Curve,
    losses: Vec<Curve>,
    render: bool,
}

impl Logger {
    /// Begins `progress.txt` in this folder, or goes on behind the row of epoch `epochs` of the one that is there. With
    /// `render`, each checkpoint gets a GIF.
    ///
    /// # Errors
    /// Where the folder cannot be written, or its `progress.txt` ends before that epoch.
    pub fn new(folder: &RunFolder, epochs: u64, render: bool) -> Result<Self> {
        let rows = if epochs == 0 { Vec::new() } else { read_rows(folder, epochs)? };
        let file = File::create(folder.file("progress.txt"))?;
        let mut logger = Self {
            folder: folder.clone(),
            table: csv::WriterBuilder::new().delimiter(b'\t').from_writer(file),
            bar: std::io::stderr().is_terminal().then(progress_bar),
            last_plain: None,
            keep_due: None,
            started: Instant::now(),
            rewards: Curve::new("mean return of the epoch's episodes"),
            losses: ["policy loss", "value loss"].map(Curve::new).to_vec(),
            render,
        };
        rows.iter().try_for_each(|row| logger.write(row))?;
        Ok(logger)
    }

    fn write(&mut self, row: &Row) -> Result<()> {
        self.table.serialize(row)?;
        self.table.flush()?;
        self.rewards.push(row.total_env_interacts, row.average_ep_ret);
        for (curve, loss) in self.losses.iter_mut().zip([row.loss_pi, row.loss_v]) {
            curve.push(row.total_env_interacts, loss);
        }
        Ok(())
    }

    /// Logs an epoch. `progress` is the part of the budget that is spent.
    ///
    /// # Errors
    /// Where the log cannot be written.
    pub fn epoch(&mut self, report: &EpochReport<'_>, progress: f64) -> Result<()> {
        let row = Row::new(report);
        self.write(&row)?;
        self.show(&row, report.summary, progress);
        Ok(())
    }

    fn show(&mut self, row: &Row, summary: &Summary, progress: f64) {
        let mean = summary.mean_return_100.map_or("-".into(), |mean| format!("{mean:.1}"));
        let rate = summary.raw_frames as f64 / self.started.elapsed().as_secs_f64();
        let line = format!(
            "epoch {} | return {:.1}, last 100: {mean} | loss pi {:.3}, v {:.3} | entropy {:.3} | {rate:.0} frames/s",
            row.epoch, row.average_ep_ret, row.loss_pi, row.loss_v, row.entropy
        );
        if let Some(bar) = &self.bar {
            bar.set_position((progress * BAR_LENGTH as f64) as u64);
            bar.set_message(line);
        } else if self.last_plain.is_none_or(|last| last.elapsed().as_secs_f64() > PLAIN_INTERVAL) {
            let left = self.started.elapsed().as_secs_f64() * (1.0 / progress - 1.0);
            eprintln!("{line} | {} frames, {left:.0} s left", summary.raw_frames);
            self.last_plain = Some(Instant::now());
        }
    }

    /// Keeps the policy, draws the plots as they stand and, where asked for, the policy's play.
    ///
    /// # Errors
    /// Where they cannot be written.
    pub fn checkpoint(&self, epoch: u64, policy: &ActorCritic, config: &Config) -> Result<()> {
        self.folder.save_policy(policy, epoch)?;
        let axes = |y| Axes { x: "environment steps", y };
        self.folder.write("rewards.png", &draw(&axes("return"), std::slice::from_ref(&self.rewards))?)?;
        self.folder.write("losses.png", &draw(&axes("loss"), &self.losses)?)?;
        if self.render {
            let play = Play { seed: config.seed, deterministic: false };
            self.folder.write(&format!("checkpoints/policy-{epoch}.gif"), &gif(config, policy, play)?)?;
        }
        Ok(())
    }

    /// Whether it is time to write a resume state: it takes about as long as a short epoch.
    pub fn keep_is_due(&self) -> bool {
        self.keep_due.is_none_or(|due| Instant::now() >= due)
    }

    /// Keeps what the run can be resumed from.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn keep(&mut self, state: &RunState) -> Result<()> {
        let began = Instant::now();
        state.write(&self.folder)?;
        let pause = (began.elapsed() * KEEP_PAUSE).max(SHORTEST_KEEP_PAUSE);
        self.keep_due = Some(Instant::now() + pause);
        Ok(())
    }

    /// Writes what the run came to.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn end(&self, summary: &Summary) -> Result<()> {
        self.folder.write_summary(summary)
    }

    /// Prints a line above the progress bar.
    pub fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.println(line),
            None => eprintln!("{line}"),
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

/// The first rows of the folder's `progress.txt`; a row of an epoch that was not finished is left out.
fn read_rows(folder: &RunFolder, epochs: u64) -> Result<Vec<Row>> {
    let path = folder.file("progress.txt");
    let damaged = || format!("{} does not reach epoch {epochs}", path.display());
    let mut table = csv::ReaderBuilder::new().delimiter(b'\t').from_path(&path).with_context(damaged)?;
    let rows = table.deserialize().take(epochs as usize).collect::<Result<Vec<Row>, _>>().with_context(damaged)?;
    anyhow::ensure!(rows.len() as u64 == epochs, damaged());
    Ok(rows)
}

fn progress_bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{wide_bar} {elapsed} of about {duration}\n{msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(Some(BAR_LENGTH), ProgressDrawTarget::stderr()).with_style(style)
}
