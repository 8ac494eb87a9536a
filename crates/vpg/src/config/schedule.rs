//! What changes while a run goes on.

use super::{Config, LrSchedule};

/// What holds at one time of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    /// What the learning rates are multiplied with.
    pub rate: f64,
    /// What the entropy bonus is multiplied with.
    pub entropy: f64,
    /// The discount.
    pub gamma: f64,
    /// What each environment's policy adds to the logit of an action of its own.
    pub lean: f64,
}

impl Config {
    /// What holds after so many raw frames, which are the share `progress` of the budget.
    ///
    /// ```
    /// let mut config = vpg::Config::for_env("CartPole")?;
    /// config.optimizer.decay_frames = Some(1000);
    /// (config.credit.gamma, config.credit.gamma_start, config.credit.gamma_frames) = (0.75, Some(0.25), 100);
    /// let schedule = config.schedule(50, 0.0);
    /// assert_eq!((schedule.rate, schedule.gamma), (1.0 - 0.9 * 50.0 / 1000.0, 0.5));
    /// config.credit.gamma_start = Some(0.9); // it has nothing to rise to
    /// assert_eq!(config.schedule(50, 0.0).gamma, 0.75);
    /// (config.optimizer.lean, config.optimizer.lean_frames) = (2.0, 100);
    /// assert_eq!([0, 25, 100].map(|frames| config.schedule(frames, 0.0).lean), [2.0, 1.5, 0.0]);
    /// # Ok::<(), anyhow::Error>(())
    /// ```
    pub fn schedule(&self, raw_frames: u64, progress: f64) -> Schedule {
        let to_a_tenth = |frames| (1.0 - 0.9 * raw_frames as f64 / frames as f64).max(0.1);
        let optimizer = &self.optimizer;
        let rate = match optimizer.lr_schedule {
            Some(LrSchedule::Constant) => 1.0,
            Some(LrSchedule::Linear) => (1.0 - progress).max(0.0),
            None => optimizer.decay_frames.map_or(1.0, to_a_tenth),
        };
        let credit = &self.credit;
        let left_of = |frames: u64| 1.0 - (raw_frames as f64 / frames as f64).min(1.0);
        let left = left_of(credit.gamma_frames);
        let gamma = credit.gamma - credit.gamma_start.map_or(0.0, |start| (credit.gamma - start).max(0.0) * left);
        // A whole episode does not say which environment played it.
        let lean = if self.has_whole_episodes() { 0.0 } else { optimizer.lean * left_of(optimizer.lean_frames) };
        Schedule { rate, entropy: optimizer.entropy_frames.map_or(rate, to_a_tenth), gamma, lean }
    }
}
