//! Several runs in one plot: the mean over seeds and a band of one standard deviation.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::{
    config::Config,
    plot::{Axes, Curve, draw},
    run_folder::RunFolder,
    statistics::Moments,
};

/// What to plot of which runs.
#[derive(Clone, Debug, clap::Args)]
pub struct PlotArgs {
    /// Run folders. Those that differ in their seed alone become one line.
    #[arg(required = true)]
    pub runs: Vec<PathBuf>,
    /// The column of progress.txt along the x axis.
    #[arg(long, value_name = "COLUMN", default_value = "TotalEnvInteracts")]
    pub x: String,
    /// The column of progress.txt along the y axis.
    #[arg(long, value_name = "COLUMN", default_value = "AverageEpRet")]
    pub y: String,
    /// Each point is the mean of so many epochs up to it.
    #[arg(long, value_name = "EPOCHS", default_value_t = 1)]
    pub smooth: usize,
    /// The picture.
    #[arg(long, value_name = "FILE", default_value = "plot.png")]
    pub out: PathBuf,
}

/// The points of one run.
struct Series {
    points: Vec<(f64, f64)>,
}

impl PlotArgs {
    /// The plot as a PNG.
    ///
    /// # Errors
    /// Where a run cannot be read or has no such column.
    pub fn draw(&self) -> Result<Vec<u8>> {
        let mut lines: Vec<(Config, Vec<Series>)> = Vec::new();
        for path in &self.runs {
            let (_, config) = RunFolder::open(path)?;
            let (series, config) = (self.read(path)?, Config { seed: 0, ..config });
            match lines.iter_mut().find(|(other, _)| *other == config) {
                Some((_, line)) => line.push(series),
                None => lines.push((config, vec![series])),
            }
        }
        let curves: Vec<Curve> = lines.iter().map(|(config, line)| self.curve(config, line)).collect();
        draw(&Axes { x: axis_label(&self.x), y: axis_label(&self.y) }, &curves)
    }

    fn read(&self, run: &Path) -> Result<Series> {
        let path = run.join("progress.txt");
        let read = || format!("cannot read {}", path.display());
        let mut table = csv::ReaderBuilder::new().delimiter(b'\t').from_path(&path).with_context(read)?;
        let columns = table.headers().with_context(read)?.clone();
        let column = |name: &str| match columns.iter().position(|column| column == name) {
            Some(index) => Ok(index),
            None => bail!(
                "{} has no column {name:?}: it has {}",
                path.display(),
                columns.iter().collect::<Vec<_>>().join(", ")
            ),
        };
        let (x, y) = (column(&self.x)?, column(&self.y)?);
        let mut points = Vec::new();
        for row in table.records() {
            let row = row.with_context(read)?;
            let number = |index: usize| row[index].parse::<f64>().with_context(|| format!("in {}", path.display()));
            points.push((number(x)?, number(y)?));
        }
        Ok(Series { points: smooth(&points, self.smooth) })
    }

    fn curve(&self, config: &Config, line: &[Series]) -> Curve {
        let seeds = if line.len() == 1 { String::new() } else { format!(", {} seeds", line.len()) };
        let mut curve = Curve::new(&format!("{}{seeds}", config.env));
        let mut all_x: Vec<f64> = line.iter().flat_map(|series| &series.points).map(|point| point.0).collect();
        all_x.sort_by(f64::total_cmp);
        all_x.dedup();
        for x in all_x {
            let values: Vec<f64> = line.iter().filter_map(|series| series.at(x)).collect();
            let Moments { mean, std, .. } = Moments::of(values.iter().copied());
            if values.len() == line.len() {
                curve.push_band(x, mean, std);
            }
        }
        curve
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

fn axis_label(column: &str) -> &str {
    match column {
        "TotalEnvInteracts" => "environment steps",
        "AverageEpRet" => "mean return of the epoch's episodes",
        "EpLen" => "mean length of the epoch's episodes in steps",
        "Time" => "seconds",
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
        let series = Series { points: vec![(0.0, 1.0), (10.0, 3.0)] };
        assert_eq!([0.0, 5.0, 10.0, 11.0].map(|x| series.at(x)), [Some(1.0), Some(2.0), Some(3.0), None]);
    }
}
