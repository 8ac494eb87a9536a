//! The columns of a run's log. `progress.txt`, TensorBoard's scalars, the table that a write-up prints and the watch on
//! numbers that are not finite all read this one table.

use envs::EpisodeStats;
use serde::Serialize;

use crate::{
    learn::{moments::Moments, update::UpdateStats},
    run::{folder::Summary, statistics::EpisodeWindow},
};

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
    /// Of the returns of these episodes; NaN where none finished.
    pub returns: Moments,
    /// The mean length of these episodes; NaN where none finished.
    pub mean_length: f64,
    /// Of a run that is evaluated.
    pub evaluation: Option<Evaluation>,
}

/// Episodes that were played to see how good the policy is. All is NaN in an epoch without.
#[derive(Clone, Copy, Debug)]
pub struct Evaluation {
    /// Of their returns.
    pub returns: Moments,
    /// Of their lengths.
    pub mean_length: f64,
}

impl Evaluation {
    /// Of these episodes.
    pub fn of(episodes: &[EpisodeStats]) -> Self {
        let of = |what: fn(&EpisodeStats) -> f64| Moments::of(episodes.iter().map(what));
        let mean_length = of(|episode| episode.length as f64).mean;
        Self { returns: of(|episode| episode.episode_return), mean_length }
    }
}

impl<'a> EpochReport<'a> {
    /// Of an epoch with this update, after the episodes and the summary took it in.
    pub fn new(epoch: u64, stats: UpdateStats, episodes: &'a EpisodeWindow, summary: &'a Summary) -> Self {
        let Evaluation { returns, mean_length } = Evaluation::of(&episodes.epoch);
        Self { epoch, stats, episodes, summary, returns, mean_length, evaluation: None }
    }
}

/// A column's value: counts are written without a point.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Number {
    /// A count.
    Whole(u64),
    /// Any other number.
    Real(f64),
}

impl From<Number> for f64 {
    fn from(number: Number) -> Self {
        match number {
            Whole(count) => count as f64,
            Real(number) => number,
        }
    }
}

/// One column.
pub struct Column {
    /// As the header of `progress.txt` has it.
    pub name: &'static str,
    /// TensorBoard's group; none for its horizontal axis.
    pub group: Option<&'static str>,
    /// Whether a run goes nowhere where the value is not finite.
    pub has_to_be_finite: bool,
    /// The value.
    pub of: fn(&EpochReport<'_>) -> Number,
}

impl Column {
    const fn new(group: &'static str, name: &'static str, of: fn(&EpochReport<'_>) -> Number) -> Self {
        Self { name, group: Some(group), has_to_be_finite: false, of }
    }

    const fn finite(self) -> Self {
        Self { has_to_be_finite: true, ..self }
    }
}

use Number::{Real, Whole};

/// In the order of `progress.txt`, with Spinning Up's names. The last is a time, the one column that two runs of the
/// same config differ in.
pub static COLUMNS: [Column; 18] = [
    Column::new("run", "Epoch", |report| Whole(report.epoch)),
    Column::new("episodes", "AverageEpRet", |report| Real(report.returns.mean)),
    Column::new("episodes", "StdEpRet", |report| Real(report.returns.std)),
    Column::new("episodes", "MaxEpRet", |report| Real(report.returns.max)),
    Column::new("episodes", "MinEpRet", |report| Real(report.returns.min)),
    Column::new("episodes", "EpLen", |report| Real(report.mean_length)),
    Column::new("values", "AverageVVals", |report| Real(report.stats.values.mean)).finite(),
    Column::new("values", "StdVVals", |report| Real(report.stats.values.std)),
    Column::new("values", "MaxVVals", |report| Real(report.stats.values.max)),
    Column::new("values", "MinVVals", |report| Real(report.stats.values.min)),
    Column { group: None, ..Column::new("", "TotalEnvInteracts", |report| Whole(report.summary.env_steps)) },
    Column::new("losses", "LossPi", |report| Real(report.stats.loss_pi)).finite(),
    Column::new("losses", "LossV", |report| Real(report.stats.loss_v)).finite(),
    Column::new("losses", "DeltaLossPi", |report| Real(report.stats.delta_loss_pi)).finite(),
    Column::new("losses", "DeltaLossV", |report| Real(report.stats.delta_loss_v)).finite(),
    Column::new("policy", "Entropy", |report| Real(report.stats.entropy)).finite(),
    Column::new("policy", "KL", |report| Real(report.stats.kl)).finite(),
    Column::new("run", "Time", |report| Real(report.summary.wall_seconds)),
];

/// What TensorBoard gets beside them.
static BESIDE: [Column; 4] = [
    Column::new("episodes", "MeanEpRet100", |report| Real(report.summary.mean_return_100.unwrap_or(f64::NAN))),
    Column::new("optimizer", "PiLr", |report| Real(report.stats.learning_rates[0])),
    Column::new("optimizer", "VfLr", |report| Real(report.stats.learning_rates[1])),
    Column::new("run", "FramesPerSecond", |report| {
        Real(report.summary.raw_frames as f64 / report.summary.wall_seconds)
    }),
];

/// Those of a run that is evaluated, before the time.
static EVALUATION: [Column; 5] = [
    Column::new("evaluation", "EvalAverageEpRet", |report| evaluated(report, |of| of.returns.mean)),
    Column::new("evaluation", "EvalStdEpRet", |report| evaluated(report, |of| of.returns.std)),
    Column::new("evaluation", "EvalMaxEpRet", |report| evaluated(report, |of| of.returns.max)),
    Column::new("evaluation", "EvalMinEpRet", |report| evaluated(report, |of| of.returns.min)),
    Column::new("evaluation", "EvalEpLen", |report| evaluated(report, |of| of.mean_length)),
];

fn evaluated(report: &EpochReport<'_>, what: fn(&Evaluation) -> f64) -> Number {
    Real(report.evaluation.as_ref().map_or(f64::NAN, what))
}

/// The columns of such a run.
fn columns(report: &EpochReport<'_>) -> impl Iterator<Item = &'static Column> {
    let (others, time) = COLUMNS.split_at(COLUMNS.len() - 1);
    let evaluation = EVALUATION.iter().filter(|_| report.evaluation.is_some());
    others.iter().chain(evaluation).chain(time)
}

/// The columns' names and values.
pub fn row(report: &EpochReport<'_>) -> Vec<(&'static str, Number)> {
    columns(report).map(|column| (column.name, (column.of)(report))).collect()
}

/// What TensorBoard gets, as it groups it.
pub fn scalars(report: &EpochReport<'_>) -> Vec<(String, f64)> {
    let grouped = columns(report).chain(&BESIDE).filter_map(|column| Some((column.group?, column)));
    grouped.map(|(group, column)| (format!("{group}/{}", column.name), (column.of)(report).into())).collect()
}
