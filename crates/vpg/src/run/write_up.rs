//! The log lines and files of the four write-ups, beside what every run has.

use std::{fs, io::Write};

use anyhow::{Context, Result};
use envs::EpisodeStats;
use serde::Serialize;

use crate::{
    config::{Config, WriteUp},
    nn::policy::ActorCritic,
    run::columns::{EpochReport, Number, row},
    run::folder::{RunFolder, Summary},
    run::logger::Logger,
    run::statistics::EpisodeWindow,
};

/// What a run logs in its write-up's way.
#[derive(Debug)]
pub struct WriteUpLog {
    write_up: WriteUp,
    folder: RunFolder,
    log_interval: u64,
    /// Finished so far.
    episodes: u64,
    running_reward: f64,
    last_length: u64,
}

impl WriteUpLog {
    /// Begins the files, or goes on after epoch `epochs` of those that are there, and says what comes before the first
    /// epoch. There is none where the config asks for none.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub fn begin(
        config: &Config,
        policy: &ActorCritic,
        logger: &mut Logger,
        epochs: u64,
        episodes: &EpisodeWindow,
    ) -> Result<Option<Self>> {
        let Some(write_up) = config.log.write_up else { return Ok(None) };
        let folder = logger.folder().clone();
        begin_files(write_up, &folder, epochs)?;
        if write_up == WriteUp::PendulumLightning {
            logger.name_losses(["policy_loss", "baseline_loss"]);
            folder.write("hparams.yaml", hparams(config)?.as_bytes())?;
            logger.print(&parameter_summary(policy));
            logger.print(&format!("device: {}", config.device_name()));
        }
        let (log_interval, running_reward) = (config.log.log_interval, episodes.running_reward);
        let episodes = episodes.episodes;
        Ok(Some(Self { write_up, folder, log_interval, episodes, running_reward, last_length: 0 }))
    }

    /// Logs an epoch.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub fn epoch(&mut self, report: &EpochReport<'_>, logger: &Logger) -> Result<()> {
        match self.write_up {
            WriteUp::PongBlog => self.pong_blog(report, logger)?,
            WriteUp::PendulumLightning => append(&self.folder, "metrics.csv", &metrics(report))?,
            WriteUp::CartpoleReinforce => self.reinforce(&report.episodes.epoch, logger),
            WriteUp::SpinningUp => logger.print(&diagnostics(&row(report))),
        }
        self.episodes = report.episodes.episodes;
        Ok(())
    }

    fn pong_blog(&mut self, report: &EpochReport<'_>, logger: &Logger) -> Result<()> {
        let (reward, loss) = (report.returns.mean, report.stats.loss_pi);
        append(&self.folder, "losses.txt", &format!("{loss}\n"))?;
        append(&self.folder, "rewards.txt", &format!("{reward}\n"))?;
        if report.epoch.is_multiple_of(self.log_interval) {
            logger.print(&pong_line(report.epoch, reward, loss));
        }
        Ok(())
    }

    /// The lines tell an episode's length less 1, as the write-up counts from 0.
    fn reinforce(&mut self, episodes: &[EpisodeStats], logger: &Logger) {
        for (number, episode) in (self.episodes + 1..).zip(episodes) {
            self.last_length = episode.length - 1;
            self.running_reward = 0.99 * self.running_reward + 0.01 * self.last_length as f64;
            if number.is_multiple_of(self.log_interval) {
                logger.print(&reinforce_line(number, self.last_length, self.running_reward));
            }
        }
    }

    /// What comes after the last epoch.
    pub fn end(&self, summary: &Summary, logger: &Logger) {
        match self.write_up {
            WriteUp::PongBlog => logger.print(&format!("train time: {:.2}s", summary.wall_seconds)),
            WriteUp::CartpoleReinforce if summary.solved => {
                logger.print(&solved_line(self.running_reward, self.last_length));
            }
            _ => {}
        }
    }
}

fn pong_line(epoch: u64, reward: f64, loss: f64) -> String {
    format!("epoch: {epoch}  reward: {reward:.3}  loss: {loss:.3}")
}

fn reinforce_line(number: u64, last: u64, running_reward: f64) -> String {
    format!("Episode {number}  Last length: {last:5}  Average length: {running_reward:.2}")
}

fn solved_line(running_reward: f64, last: u64) -> String {
    format!("Solved! Running reward is now {running_reward} and the last episode runs to {last} time steps!")
}

const METRICS_HEADER: &str = "epoch,step,reward,length,policy_loss,baseline_loss";

/// Begins the write-up's files, or cuts those that are there off after epoch `epochs`.
fn begin_files(write_up: WriteUp, folder: &RunFolder, epochs: u64) -> Result<()> {
    let read = |name: &str| fs::read_to_string(folder.file(name)).unwrap_or_default();
    match write_up {
        WriteUp::PongBlog => {
            for name in ["losses.txt", "rewards.txt"] {
                let lines = read(name).lines().take(epochs as usize).fold(String::new(), |all, line| all + line + "\n");
                folder.write(name, lines.as_bytes())?;
            }
        }
        WriteUp::PendulumLightning => {
            let epoch = |row: &str| row.split(',').next().and_then(|number| number.parse::<u64>().ok());
            let text = read("metrics.csv");
            let rows = text.lines().filter(|row| epoch(row).is_some_and(|epoch| epoch <= epochs));
            let rows = rows.fold(METRICS_HEADER.to_owned() + "\n", |all, row| all + row + "\n");
            folder.write("metrics.csv", rows.as_bytes())?;
        }
        WriteUp::CartpoleReinforce | WriteUp::SpinningUp => {}
    }
    Ok(())
}

fn append(folder: &RunFolder, name: &str, text: &str) -> Result<()> {
    let path = folder.file(name);
    let written = fs::OpenOptions::new().append(true).open(&path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.with_context(|| format!("cannot write {}", path.display()))
}

/// A row with reward and length for each episode, and one with both losses.
fn metrics(report: &EpochReport<'_>) -> String {
    let EpochReport { epoch, stats, episodes, summary, .. } = report;
    let mut step = summary.env_steps - episodes.epoch.iter().map(|episode| episode.length).sum::<u64>();
    let mut rows = String::new();
    for EpisodeStats { episode_return, length, .. } in &episodes.epoch {
        step += length;
        rows += &format!("{epoch},{step},{episode_return},{length},,\n");
    }
    rows + &format!("{epoch},{},,,{},{}\n", summary.env_steps, stats.loss_pi, stats.loss_v)
}

/// The config as YAML: a key and a JSON value a line, which YAML takes as they are but for some numbers.
fn hparams(config: &Config) -> Result<String> {
    let mut text = String::new();
    for (key, value) in serde_json::to_value(config)?.as_object().into_iter().flatten() {
        let mut json = Vec::new();
        value.serialize(&mut serde_json::Serializer::with_formatter(&mut json, YamlNumbers))?;
        text += &format!("{key}: {}\n", String::from_utf8(json)?);
    }
    Ok(text)
}

/// JSON whose numbers are numbers in YAML 1.1 too, where 1e-8 is a text and 1.0e-8 is not.
struct YamlNumbers;

impl serde_json::ser::Formatter for YamlNumbers {
    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> std::io::Result<()> {
        let text = format!("{value:?}");
        let Some((digits, exponent)) = text.split_once('e') else { return writer.write_all(text.as_bytes()) };
        let point = if digits.contains('.') { "" } else { ".0" };
        let sign = if exponent.starts_with('-') { "" } else { "+" };
        write!(writer, "{digits}{point}e{sign}{exponent}")
    }
}

/// Every parameter with its shape and size, and how many numbers there are.
fn parameter_summary(policy: &ActorCritic) -> String {
    let mut table = format!("{:<20} {:<16} {:>10}\n", "parameter", "shape", "numbers");
    let mut all = 0;
    let named = policy.named_parameters();
    let moved_by_gradients =
        |name: &str| !["observation_", "return_", "value_scale"].iter().any(|no| name.starts_with(no));
    for (name, parameter) in named.iter().filter(|(name, _)| moved_by_gradients(name)) {
        table += &format!("{name:<20} {:<16} {:>10}\n", format!("{:?}", parameter.size()), parameter.numel());
        all += parameter.numel();
    }
    table + &format!("{:<37} {all:>10}", "all")
}

/// A table of names and values between two rules.
fn diagnostics(row: &[(&str, Number)]) -> String {
    let rule = "-".repeat(37);
    let line = |(name, value): &(&str, Number)| format!("| {name:>17} | {:>13} |\n", significant((*value).into()));
    format!("{rule}\n{}{rule}", row.iter().map(line).collect::<String>())
}

/// Three significant digits, as C's `%.3g` gives them.
fn significant(number: f64) -> String {
    if number == 0.0 || !number.is_finite() {
        return number.to_string();
    }
    let rounded = format!("{number:.2e}");
    let exponent: i32 = rounded.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0);
    match exponent {
        -5..=2 => format!("{number:.*}", (2 - exponent) as usize),
        3..=8 => format!("{number:.0}"),
        _ => rounded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_are_those_of_the_write_ups() {
        assert_eq!(reinforce_line(10, 13, 10.638), "Episode 10  Last length:    13  Average length: 10.64");
        assert_eq!(pong_line(5, -20.35, -1.2341), "epoch: 5  reward: -20.350  loss: -1.234");
        assert_eq!(
            solved_line(195.01, 199),
            "Solved! Running reward is now 195.01 and the last episode runs to 199 time steps!"
        );
    }

    #[test]
    fn hyperparameters_are_numbers_in_yaml() {
        let mut config = Config::default();
        (config.optimizer.adam_eps, config.budget.solve_at, config.credit.gamma) = (1e-8, Some(1.5e20), 1.0);
        let text = hparams(&config).unwrap();
        for line in ["adam_eps: 1.0e-8", "solve_at: 1.5e+20", "gamma: 1.0", "seed: 0", "budget: {\"epochs\":50}"] {
            assert!(text.lines().any(|has| has == line), "{line}: {text}");
        }
    }

    #[test]
    fn diagnostics_have_three_significant_digits() {
        let numbers = [0.0012345, 19.98, 0.5, 120_000.0, -1.0, f64::NAN].map(significant);
        assert_eq!(numbers, ["0.00123", "20.0", "0.500", "120000", "-1.00", "NaN"]);
        let table = diagnostics(&[("Epoch", Number::Whole(3))]);
        assert_eq!(table.lines().nth(1), Some("|             Epoch |          3.00 |"));
    }
}
