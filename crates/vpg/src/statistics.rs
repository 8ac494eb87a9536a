//! Finished episodes: those of the present epoch, and the mean over the last hundred.

use std::collections::VecDeque;

use envs::EpisodeStats;
use serde::{Deserialize, Serialize};

/// How many episodes the solving rule looks at.
const WINDOW: usize = 100;

/// The returns of the last episodes of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EpisodeWindow {
    last: VecDeque<f64>,
    /// All episodes that have finished.
    pub episodes: u64,
    /// The largest mean over a hundred that there was.
    pub best_mean: Option<f64>,
    /// The mean that counts as solving.
    pub threshold: Option<f64>,
    /// The step of the present epoch (from 1) at which the threshold was reached first in the whole run.
    pub solved_at_step: Option<usize>,
    /// Returns and lengths of the episodes that finished in the present epoch.
    #[serde(skip)]
    pub epoch: Vec<EpisodeStats>,
}

impl EpisodeWindow {
    /// No episode yet.
    pub fn new(threshold: Option<f64>) -> Self {
        Self { threshold, ..Self::default() }
    }

    /// Counts an episode that finished at this step of the epoch.
    pub fn push(&mut self, episode: &EpisodeStats, step: usize) {
        self.epoch.push(*episode);
        self.episodes += 1;
        self.last.push_back(episode.episode_return);
        if self.last.len() > WINDOW {
            self.last.pop_front();
        }
        let Some(mean) = self.mean() else { return };
        self.best_mean = Some(self.best_mean.map_or(mean, |best| best.max(mean)));
        if self.threshold.is_some_and(|threshold| mean >= threshold) {
            self.solved_at_step.get_or_insert(step);
        }
    }

    /// The mean return of the last hundred episodes; none before the hundredth.
    pub fn mean(&self) -> Option<f64> {
        (self.last.len() == WINDOW).then(|| self.last.iter().sum::<f64>() / WINDOW as f64)
    }
}

/// Mean, standard deviation, maximum and minimum.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "they name themselves")]
pub struct Moments {
    pub mean: f64,
    pub std: f64,
    pub max: f64,
    pub min: f64,
}

impl Moments {
    /// Of these numbers; all NaN where there are none.
    pub fn of(numbers: impl IntoIterator<Item = f64> + Clone) -> Self {
        let numbers = || numbers.clone().into_iter();
        let n = numbers().count() as f64;
        let mean = numbers().sum::<f64>() / n;
        Self {
            mean,
            std: (numbers().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt(),
            max: numbers().fold(f64::NAN, f64::max),
            min: numbers().fold(f64::NAN, f64::min),
        }
    }
}
