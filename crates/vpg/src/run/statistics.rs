//! Finished episodes: those of the present epoch, and the mean over the last hundred.

use std::collections::VecDeque;

use envs::EpisodeStats;
use serde::{Deserialize, Serialize};

use crate::config::SolveRule;

/// How many episodes the solving rule looks at.
pub const WINDOW: usize = 100;

/// The returns of the last episodes of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpisodeWindow {
    last: VecDeque<f64>,
    /// All episodes that have finished.
    pub episodes: u64,
    /// The largest mean over a hundred that there was.
    pub best_mean: Option<f64>,
    /// The mean that counts as solving.
    pub threshold: Option<f64>,
    /// What the threshold is compared with.
    pub rule: SolveRule,
    /// The write-up's running reward: a hundredth of each episode's length less 1 comes in.
    pub running_reward: f64,
    /// The step of the present epoch (from 1) at which the threshold was reached first in the whole run.
    pub solved_at_step: Option<usize>,
    /// Returns and lengths of the episodes that finished in the present epoch.
    #[serde(skip)]
    pub epoch: Vec<EpisodeStats>,
}

impl EpisodeWindow {
    /// No episode yet.
    pub fn new(threshold: Option<f64>, rule: SolveRule) -> Self {
        Self {
            last: VecDeque::new(),
            episodes: 0,
            best_mean: None,
            threshold,
            rule,
            running_reward: 10.0,
            solved_at_step: None,
            epoch: Vec::new(),
        }
    }

    /// Counts an episode that finished at this step of the epoch.
    pub fn push(&mut self, episode: &EpisodeStats, step: usize) {
        self.epoch.push(*episode);
        self.episodes += 1;
        self.last.push_back(episode.episode_return);
        if self.last.len() > WINDOW {
            self.last.pop_front();
        }
        self.running_reward = 0.99 * self.running_reward + 0.01 * (episode.length as f64 - 1.0);
        if let Some(mean) = self.mean() {
            self.best_mean = Some(self.best_mean.map_or(mean, |best| best.max(mean)));
        }
        if self.is_solved() {
            self.solved_at_step.get_or_insert(step);
        }
    }

    fn is_solved(&self) -> bool {
        let Some(threshold) = self.threshold else { return false };
        match self.rule {
            SolveRule::Mean100 => self.mean().is_some_and(|mean| mean >= threshold),
            SolveRule::RunningReward => self.running_reward > threshold,
        }
    }

    /// The mean return of the last hundred episodes; none before the hundredth.
    pub fn mean(&self) -> Option<f64> {
        (self.last.len() == WINDOW).then(|| self.last.iter().sum::<f64>() / WINDOW as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(rule: SolveRule, lengths: &[u64]) -> EpisodeWindow {
        let mut window = EpisodeWindow::new(Some(195.0), rule);
        for (i, &length) in lengths.iter().enumerate() {
            window.push(&EpisodeStats { episode_return: length as f64, length, seconds: 0.0 }, i + 1);
        }
        window
    }

    #[test]
    fn the_running_reward_starts_at_ten_and_takes_a_hundredth() {
        assert_eq!(window(SolveRule::RunningReward, &[14]).running_reward, 0.99 * 10.0 + 0.01 * 13.0);
    }

    #[test]
    fn the_rules_solve_at_different_episodes() {
        // 199 - 189 * 0.99^n > 195 from n = 384 on.
        assert_eq!(window(SolveRule::RunningReward, &[200; 400]).solved_at_step, Some(384));
        assert_eq!(window(SolveRule::Mean100, &[200; 400]).solved_at_step, Some(100));
    }
}
