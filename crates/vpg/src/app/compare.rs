//! Several runs in one plot: the mean over seeds and a band of one standard deviation.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use anyhow::{Result, bail, ensure};

use crate::{
    learn::moments::Moments,
    run::folder::RunFolder,
    run::plot::{Curve, Panel, draw},
    run::table::read_columns,
};

/// What to plot of which runs.
#[derive(Clone, Debug, clap::Args)]
pub struct PlotArgs {
    /// Run folders, or folders with runs below them. Runs that differ in their seed alone become one line.
    #[arg(required = true)]
    pub runs: Vec<PathBuf>,
    /// The column of progress.txt along the x axis.
    #[arg(long, alias = "xaxis", value_name = "COLUMN", default_value = "TotalEnvInteracts")]
    pub x: String,
    /// The column of progress.txt along the y axis.
    #[arg(long, alias = "value", value_name = "COLUMN", default_value = "AverageEpRet")]
    pub y: String,
    /// Each point is the mean of so many epochs up to it.
    #[arg(long, value_name = "EPOCHS", default_value_t = 1)]
    pub smooth: usize,
    /// The lines' names in their order [default: the environment and the values in which they differ].
    #[arg(long, value_name = "NAME,..", value_delimiter = ',')]
    pub legend: Option<Vec<String>>,
    /// A line for each run, named by its folder, also where runs differ in their seed alone; the band is the deviation of
    /// each epoch's episodes.
    #[arg(long, alias = "count")]
    pub per_run: bool,
    /// Only runs with this in their path; may be given several times.
    #[arg(long, alias = "select", value_name = "TEXT")]
    pub include: Vec<String>,
    /// No run with this in its path; may be given several times.
    #[arg(long, value_name = "TEXT")]
    pub exclude: Vec<String>,
    /// The picture.
    #[arg(long, value_name = "FILE", default_value = "plot.png")]
    pub out: PathBuf,
}

/// The points of one run.
struct Series {
    points: Vec<(f64, f64)>,
    /// How far the band reaches at each point, where the run has one of its own.
    deviations: Option<Vec<f64>>,
}

/// A key beside those of the config, where lines are of single runs.
const FOLDER: &str = "folder";

/// The runs of one line.
struct Line {
    /// Without the seed.
    config: serde_json::Map<String, serde_json::Value>,
    seeds: Vec<Series>,
}

impl PlotArgs {
    /// The plot as a PNG.
    ///
    /// # Errors
    /// Where no run is left, one cannot be read or has no such column, or there are more or fewer names than lines.
    pub fn draw(&self) -> Result<Vec<u8>> {
        let mut lines: Vec<Line> = Vec::new();
        for path in self.selected()? {
            let (_, config) = RunFolder::open(&path)?;
            let serde_json::Value::Object(mut config) = serde_json::to_value(&config)? else { continue };
            config.remove("seed");
            if self.per_run {
                config.insert(FOLDER.into(), path.to_string_lossy().into());
            }
            let series = self.read(&path)?;
            match lines.iter_mut().find(|line| line.config == config) {
                Some(line) => line.seeds.push(series),
                None => lines.push(Line { config, seeds: vec![series] }),
            }
        }
        let names = match &self.legend {
            None if self.per_run => lines.iter().map(|line| text(line.config.get(FOLDER))).collect(),
            None => names(&lines),
            Some(names) if names.len() == lines.len() => names.clone(),
            Some(names) => bail!("--legend has {} names: expected {}, one for each line", names.len(), lines.len()),
        };
        let curves: Vec<Curve> = lines.iter().zip(names).map(|(line, name)| line.curve(&name)).collect();
        draw(axis_label(&self.x), &[Panel { y: axis_label(&self.y), curves: &curves }])
    }

    /// The run folders that the arguments name or hold, less those left out.
    fn selected(&self) -> Result<Vec<PathBuf>> {
        let mut runs = Vec::new();
        for path in &self.runs {
            let found = runs_below(path);
            ensure!(!found.is_empty(), "{} is no run folder and holds none: no config.json", path.display());
            runs.extend(found);
        }
        runs.retain(|run| {
            let path = run.to_string_lossy();
            self.include.iter().all(|text| path.contains(text)) && !self.exclude.iter().any(|text| path.contains(text))
        });
        ensure!(!runs.is_empty(), "--include and --exclude leave no run");
        Ok(runs)
    }

    fn read(&self, run: &Path) -> Result<Series> {
        let deviation = self.y.strip_prefix("Average").filter(|_| self.per_run).map(|name| format!("Std{name}"));
        let names: Vec<&str> = [self.x.as_str(), &self.y].into_iter().chain(deviation.as_deref()).collect();
        let columns = read_columns(&run.join("progress.txt"), &names)?;
        let over_x = |column: &Vec<f64>| columns[0].iter().copied().zip(column.iter().copied()).collect::<Vec<_>>();
        let smooth = |points: &[(f64, f64)]| smooth(points, self.smooth);
        let deviations =
            columns.get(2).map(|column| smooth(&over_x(column)).into_iter().map(|point| point.1).collect());
        Ok(Series { points: smooth(&over_x(&columns[1])), deviations })
    }
}

impl Line {
    /// The mean over the seeds, wherever all of them have a value.
    fn curve(&self, name: &str) -> Curve {
        if let [Series { points, deviations: Some(deviations) }] = self.seeds.as_slice() {
            let mut curve = Curve::new(name);
            points.iter().zip(deviations).for_each(|((x, y), deviation)| curve.push_band(*x, *y, *deviation));
            return curve;
        }
        let seeds = if self.seeds.len() == 1 { String::new() } else { format!(" ({} seeds)", self.seeds.len()) };
        let mut curve = Curve::new(&format!("{name}{seeds}"));
        let mut all_x: Vec<f64> = self.seeds.iter().flat_map(|series| &series.points).map(|point| point.0).collect();
        all_x.sort_by(f64::total_cmp);
        all_x.dedup();
        for x in all_x {
            let values: Vec<f64> = self.seeds.iter().filter_map(|series| series.at(x)).collect();
            let Moments { mean, std, .. } = Moments::of(values.iter().copied());
            if values.len() == self.seeds.len() {
                curve.push_band(x, mean, std);
            }
        }
        curve
    }
}

/// The folder itself where it is a run, otherwise the runs below it in the order of their names.
fn runs_below(path: &Path) -> Vec<PathBuf> {
    if path.join("config.json").exists() {
        return vec![path.to_owned()];
    }
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders.iter().flat_map(|folder| runs_below(folder)).collect()
}

/// The environment, and the values in which the lines differ.
fn names(lines: &[Line]) -> Vec<String> {
    let keys = lines.iter().flat_map(|line| line.config.keys());
    let differing: BTreeSet<&String> = keys
        .filter(|key| *key != "env" && lines.iter().any(|line| line.config.get(*key) != lines[0].config.get(*key)))
        .collect();
    let name = |line: &Line| {
        let values = differing.iter().map(|key| format!("{key}={}", text(line.config.get(*key))));
        [text(line.config.get("env"))].into_iter().chain(values).collect::<Vec<_>>().join(", ")
    };
    lines.iter().map(name).collect()
}

/// Texts without their quotation marks.
fn text(value: Option<&serde_json::Value>) -> String {
    match value {
        Some(serde_json::Value::String(text)) => text.clone(),
        value => value.map_or("-".into(), ToString::to_string),
    }
}

impl Series {
    /// The value at `x`, between two points their linear mixture; none outside of the points.
    fn at(&self, x: f64) -> Option<f64> {
        let behind = self.points.partition_point(|point| point.0 < x);
        let (x1, y1) = *self.points.get(behind)?;
        if x1 == x {
            return Some(y1);
        }
        let (x0, y0) = *self.points.get(behind.checked_sub(1)?)?;
        Some(y0 + (y1 - y0) * (x - x0) / (x1 - x0))
    }
}

/// Means of up to `window` points that have a value; points before the first value are left out.
fn smooth(points: &[(f64, f64)], window: usize) -> Vec<(f64, f64)> {
    let mean = |end: usize| {
        let values = points[(end + 1).saturating_sub(window.max(1))..=end].iter().map(|point| point.1);
        Moments::of(values.filter(|value| value.is_finite())).mean
    };
    (0..points.len()).map(|end| (points[end].0, mean(end))).filter(|point| point.1.is_finite()).collect()
}

/// What a column is, with its unit.
fn axis_label(column: &str) -> &str {
    match column {
        "Epoch" => "epoch",
        "TotalEnvInteracts" => "environment steps",
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

    #[test]
    fn smoothing_is_the_mean_of_the_last_epochs_that_ended_an_episode() {
        let points = [(1.0, f64::NAN), (2.0, 4.0), (3.0, f64::NAN), (4.0, 8.0)];
        assert_eq!(smooth(&points, 3), [(2.0, 4.0), (3.0, 4.0), (4.0, 6.0)]);
        assert_eq!(smooth(&points, 1), [(2.0, 4.0), (4.0, 8.0)]);
    }

    #[test]
    fn values_between_points_are_interpolated() {
        let series = Series { points: vec![(0.0, 1.0), (10.0, 3.0)], deviations: None };
        assert_eq!([0.0, 5.0, 10.0, 11.0].map(|x| series.at(x)), [Some(1.0), Some(2.0), Some(3.0), None]);
    }
}
