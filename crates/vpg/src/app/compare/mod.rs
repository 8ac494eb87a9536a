//! Several runs in one plot: the mean over seeds and a band of one standard deviation.

pub mod series;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Error, Result, bail, ensure};
use clap::ArgAction;
use serde_json::Value;

use crate::{
    config::{Config, InvalidValue, LrSchedule, number_in},
    run::folder::RunFolder,
    run::plot::{Curve, Format, Panel, draw},
    run::progress::tell,
};
use series::{Series, Stat, curve, smooth};

/// What to plot of which runs.
///
/// ```no_run
/// use clap::Parser;
///
/// let args = ["plot", "runs/CartPole", "--y", "Entropy", "--out", "entropy.svg"];
/// vpg::PlotArgs::try_parse_from(args)?.run()?;
/// # Ok::<(), anyhow::Error>(())
/// ```
#[derive(Clone, Debug, clap::Parser)]
pub struct PlotArgs {
    /// Run folders, or folders with runs below them. Runs that differ in their seed alone become one line.
    #[arg(required = true)]
    pub runs: Vec<PathBuf>,
    /// The column of progress.txt along the x axis, or `Frames` for raw frames.
    #[arg(long, alias = "xaxis", value_name = "COLUMN", default_value = "TotalEnvInteracts")]
    pub x: String,
    /// The column of progress.txt along the y axis.
    #[arg(long, alias = "value", value_name = "COLUMN", default_value = "AverageEpRet")]
    pub y: String,
    /// What a line over several seeds shows.
    #[arg(long, alias = "est", value_name = "STAT", value_enum, default_value_t)]
    pub stat: Stat,
    /// Each point is the mean of so many epochs up to it.
    #[arg(long, value_name = "EPOCHS", default_value_t = 1, value_parser = number_in(1..=1_000_000))]
    pub smooth: u64,
    /// The lines' names in their order [default: the environment and the values in which they differ].
    #[arg(long, value_name = "NAME,..", value_delimiter = ',', action = ArgAction::Set)]
    pub legend: Option<Vec<String>>,
    /// A line for each run, named by its folder, also where runs differ in their seed alone; the band is the deviation of
    /// each epoch's episodes.
    #[arg(long, alias = "count", conflicts_with = "stat")]
    pub per_run: bool,
    /// Only runs with this in their path; may be given several times.
    #[arg(long, alias = "select", value_name = "TEXT")]
    pub include: Vec<String>,
    /// No run with this in its path; may be given several times.
    #[arg(long, value_name = "TEXT")]
    pub exclude: Vec<String>,
    /// The picture: a .png or .svg file.
    #[arg(long, value_name = "FILE", default_value = "plot.png")]
    pub out: PathBuf,
}

/// A column of its own: `TotalEnvInteracts` times the frame skip.
const FRAMES: &str = "Frames";

/// A key beside those of the config, where lines are of single runs.
const FOLDER: &str = "folder";

/// What tells lines apart: a config's values by their names.
type Settings = BTreeMap<String, Value>;

/// The runs of one line.
struct Line {
    settings: Settings,
    seeds: Vec<Series>,
}

impl PlotArgs {
    /// Writes the plot. A run that cannot be drawn, as one in its first epoch or a broken one, is left out with a word
    /// about it.
    ///
    /// # Errors
    /// Where no run is left, there is no such column, the x column does not grow, there are more or fewer names than
    /// lines, or the picture cannot be written.
    pub fn run(&self) -> Result<()> {
        let format = match self.out.extension().and_then(|extension| extension.to_str()) {
            Some("png") => Format::Png,
            Some("svg") => Format::Svg,
            _ => bail!(InvalidValue::new("--out", self.out.display(), "a name that ends in .png or .svg")),
        };
        let bytes = self.draw(format)?;
        fs::write(&self.out, bytes).with_context(|| format!("cannot write {}", self.out.display()))
    }

    /// The picture's bytes.
    fn draw(&self, format: Format) -> Result<Vec<u8>> {
        let lines = self.lines()?;
        let names = match &self.legend {
            None if self.per_run => lines.iter().map(|line| text(line.settings.get(FOLDER))).collect(),
            None => names(&lines),
            Some(names) if names.len() == lines.len() => names.clone(),
            Some(names) => {
                let expected = format!("{} names, one for each line", lines.len());
                bail!(InvalidValue::new("--legend", names.join(","), expected))
            }
        };
        let curves: Vec<Curve> =
            lines.iter().zip(names).map(|(line, name)| curve(&name, &line.seeds, self.stat)).collect();
        ensure!(curves.iter().any(|curve| !curve.is_empty()), "the seeds have no part of {} in common", self.x);
        let panel = Panel { title: "", y: axis_label(&self.y), curves: &curves, level: None };
        draw(format, axis_label(&self.x), &[panel])
    }

    /// The runs that can be drawn, by line.
    fn lines(&self) -> Result<Vec<Line>> {
        let (runs, mut left_out) = self.selected()?;
        let mut lines: Vec<Line> = Vec::new();
        for Run { path, config } in runs {
            let mut settings = settings(&config)?;
            if self.per_run {
                settings.insert(FOLDER.into(), path.to_string_lossy().into());
            }
            match self.read(&path, &config) {
                Err(error) => left_out.push(error),
                Ok(series) => match lines.iter_mut().find(|line| line.settings == settings) {
                    Some(line) => line.seeds.push(series),
                    None => lines.push(Line { settings, seeds: vec![series] }),
                },
            }
        }
        if !lines.is_empty() {
            left_out.iter().for_each(|reason| tell(&format!("left out: {reason:#}")));
            return Ok(lines);
        }
        if let Some(place) = left_out.iter().position(|reason| reason.is::<InvalidValue>()) {
            return Err(left_out.swap_remove(place));
        }
        let reasons: Vec<String> = left_out.iter().map(|reason| format!("{reason:#}")).collect();
        bail!("there is nothing to plot: {}", reasons.join("; "))
    }

    /// The runs that the arguments name or hold, less those left out, and why folders with a config are no runs.
    fn selected(&self) -> Result<(Vec<Run>, Vec<Error>)> {
        let mut search = Search::default();
        for path in &self.runs {
            let before = search.seen.len();
            let is_again = path.canonicalize().is_ok_and(|real| search.entered.contains(&real));
            search.look(path);
            let found = is_again || search.seen.len() > before;
            ensure!(found, "{} is no run folder and holds none: no config.json", path.display());
        }
        let Search { mut runs, refused, .. } = search;
        ensure!(!runs.is_empty() || !refused.is_empty(), "there is no run folder: no config.json");
        let any = !runs.is_empty();
        runs.retain(|run| {
            let path = run.path.to_string_lossy();
            self.include.iter().all(|text| path.contains(text)) && !self.exclude.iter().any(|text| path.contains(text))
        });
        let (flag, texts) =
            if self.exclude.is_empty() { ("--include", &self.include) } else { ("--exclude", &self.exclude) };
        ensure!(!any || !runs.is_empty(), InvalidValue::new(flag, texts.join(" "), "texts that leave a run"));
        Ok((runs, refused))
    }

    /// The error is why there is nothing to draw.
    fn read(&self, run: &Path, config: &Config) -> Result<Series> {
        let path = run.join("progress.txt");
        let text = fs::read_to_string(&path).unwrap_or_default();
        let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
        let (columns, rows) = match rows.split_first() {
            Some((columns, rows)) if !rows.is_empty() => (columns, rows),
            _ => bail!("{} has no finished epoch in progress.txt", run.display()),
        };
        let place = |name: &str| columns.iter().position(|column| *column == name);
        let column = |flag, name: &str| {
            let expected = || format!("a column of {}, which has {}", path.display(), columns.join(", "));
            place(name).ok_or_else(|| InvalidValue::new(flag, name, expected()))
        };
        let x_factor = if self.x == FRAMES { config.frames_per_step() } else { 1.0 };
        let x = column("--x", if self.x == FRAMES { "TotalEnvInteracts" } else { &self.x })?;
        let y = column("--y", &self.y)?;
        let deviation =
            self.y.strip_prefix("Average").filter(|_| self.per_run).and_then(|name| place(&format!("Std{name}")));
        let (mut points, mut deviations) = (Vec::new(), Vec::new());
        // The last row may be half written.
        for row in rows.iter().filter(|row| row.len() == columns.len()) {
            let number = |index: usize| row[index].parse::<f64>().ok();
            let (Some(x), Some(y)) = (number(x), number(y)) else { continue };
            points.push((x * x_factor, y));
            deviations.push((x * x_factor, deviation.and_then(number).unwrap_or(0.0)));
        }
        let grows = points.windows(2).all(|pair| pair[0].0 <= pair[1].0);
        let expected = || format!("TotalEnvInteracts, Frames, Epoch or Time: it does not grow in {}", path.display());
        ensure!(grows, InvalidValue::new("--x", &self.x, expected()));
        let smooth = |points: &[(f64, f64)]| smooth(points, self.smooth as usize);
        let deviations = deviation.map(|_| smooth(&deviations).iter().map(|point| point.1).collect());
        let summary = RunFolder::new(run).summary();
        let solved = config.budget.stop_when_solved && summary.is_some_and(|summary| summary.solved);
        let points = smooth(&points);
        ensure!(!points.is_empty(), "{} has no value of {} in any of its epochs", run.display(), self.y);
        Ok(Series { points, deviations, solved })
    }
}

struct Run {
    path: PathBuf,
    config: Config,
}

/// A walk through folders.
#[derive(Default)]
struct Search {
    runs: Vec<Run>,
    /// Why folders with a config are no runs.
    refused: Vec<Error>,
    /// Folders with a config, by their paths without links: each counts once.
    seen: BTreeSet<PathBuf>,
    /// All folders, which links may lead back to.
    entered: BTreeSet<PathBuf>,
}

impl Search {
    /// The folder itself where it is a run, otherwise the runs below it in the order of their names.
    fn look(&mut self, path: &Path) {
        let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if !self.entered.insert(real.clone()) {
            return;
        }
        if path.join("config.json").exists() {
            self.seen.insert(real);
            match RunFolder::open(path) {
                Ok((_, config)) => return self.runs.push(Run { path: path.to_owned(), config }),
                Err(error) => self.refused.push(error),
            }
        }
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
        folders.sort();
        folders.iter().for_each(|folder| self.look(folder));
    }
}

/// What decides a line: the config without the seed, and without what changes no curve.
fn settings(config: &Config) -> Result<Settings> {
    let mut plain: Value = serde_json::from_str(&config.decisive()?)?;
    let mut without = vec!["seed", "device", "torch_threads", "save_freq", "log_interval"];
    if config.optimizer.lr_schedule != Some(LrSchedule::Linear) {
        without.push("budget"); // how long a run goes on does not change what it does until then
    }
    if let Value::Object(values) = &mut plain {
        values.retain(|key, _| !without.contains(&key.as_str()));
        if let Ok(spec) = envs::spec(&config.environment.id) {
            values.insert("env".into(), spec.id.into());
        }
    }
    let mut settings = Settings::new();
    flatten("", plain, &mut settings);
    Ok(settings)
}

/// Every value of nested tables by its path.
fn flatten(path: &str, value: Value, settings: &mut Settings) {
    match value {
        Value::Object(table) => table.into_iter().for_each(|(key, value)| {
            let path = if path.is_empty() { key } else { format!("{path}.{key}") };
            flatten(&path, value, settings);
        }),
        value => drop(settings.insert(path.to_owned(), value)),
    }
}

/// The environment, and the values in which the lines differ.
fn names(lines: &[Line]) -> Vec<String> {
    let keys = lines.iter().flat_map(|line| line.settings.keys());
    let differing: BTreeSet<&String> = keys
        .filter(|key| *key != "env" && lines.iter().any(|line| line.settings.get(*key) != lines[0].settings.get(*key)))
        .collect();
    let name = |line: &Line| {
        let values = differing.iter().map(|path| {
            let key = path.rsplit('.').next().unwrap_or(path);
            format!("{key}={}", text(line.settings.get(*path)))
        });
        [text(line.settings.get("env"))].into_iter().chain(values).collect::<Vec<_>>().join(", ")
    };
    lines.iter().map(name).collect()
}

/// Texts without their quotation marks.
fn text(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        value => value.map_or("-".into(), ToString::to_string),
    }
}

/// What a column is, with its unit.
fn axis_label(column: &str) -> &str {
    match column {
        "Epoch" => "epoch",
        "TotalEnvInteracts" => "environment steps",
        FRAMES => "raw frames",
        "Time" => "time (s)",
        "AverageEpRet" => "mean return of the epoch's episodes",
        "StdEpRet" => "standard deviation of the episodes' returns",
        "MaxEpRet" => "highest return of the epoch's episodes",
        "MinEpRet" => "lowest return of the epoch's episodes",
        "EpLen" => "mean length of the epoch's episodes (steps)",
        "AverageVVals" => "mean of the value function (return)",
        "LossPi" => "policy loss",
        "LossV" => "value loss (squared return)",
        "Entropy" => "entropy of the policy (nats)",
        "KL" => "KL divergence by the update (nats)",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::DeviceName;

    #[test]
    fn what_changes_no_curve_makes_no_line_of_its_own() {
        let config = Config::for_env("CartPole").unwrap();
        let mut same = config.clone();
        (same.environment.id, same.seed, same.environment.threads) = ("CartPole-v1".into(), 7, 2);
        (same.log.state_freq, same.log.save_freq, same.network.device) = (9, 3, DeviceName::Cpu);
        assert_eq!(settings(&config).unwrap(), settings(&same).unwrap());
        let mut other = config.clone();
        other.credit.gamma = 0.9;
        assert_ne!(settings(&config).unwrap(), settings(&other).unwrap());
    }

    #[cfg(feature = "atari")]
    #[test]
    fn names_tell_what_differs_and_no_more() {
        let config = Config::for_env("Pong").unwrap();
        let mut other = config.clone();
        other.environment.pixels.as_mut().unwrap().difference.with_frame = true;
        let lines = [config, other].map(|config| Line { settings: settings(&config).unwrap(), seeds: Vec::new() });
        let names = names(&lines);
        assert!(names[0].ends_with(", with_frame=false") && names[1].ends_with(", with_frame=true"), "{names:?}");
    }
}
