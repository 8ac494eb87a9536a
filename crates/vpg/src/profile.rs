//! Where a run's time goes.

use std::time::{Duration, Instant};

/// Seconds spent in each part of training, all epochs together, and how fast samples came.
#[derive(Clone, Copy, Debug, Default)]
pub struct Profile {
    /// Steps of single environments.
    pub env_steps: u64,
    /// Collecting them: stepping, acting, and keeping what came of it.
    pub collect: Duration,
    /// Stepping the environments, preprocessing included.
    pub step: Duration,
    /// The part of it that preprocessed frames, from 0 to 1.
    pub preprocess_share: f64,
    /// Choosing actions.
    pub act: Duration,
    /// Advantages, losses, gradients, optimizer steps.
    pub learn: Duration,
    /// Log, checkpoints, plots.
    pub log: Duration,
    /// What the processes told each other; the time is part of the others.
    pub exchange: Exchange,
}

/// What the processes of a group told each other.
#[derive(Clone, Copy, Debug, Default)]
pub struct Exchange {
    /// Waiting for the others included.
    pub time: Duration,
    /// All-reduces and gathers.
    pub calls: u64,
    /// What this process gave.
    pub bytes: u64,
}

impl std::fmt::Display for Exchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (mib, seconds) = (self.bytes as f64 / f64::from(1 << 20), self.time.as_secs_f64());
        write!(f, "exchanged {mib:.3} MiB in {} calls and {seconds:.2} s", self.calls)
    }
}

impl std::fmt::Display for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let preprocess = self.step.mul_f64(self.preprocess_share);
        let parts = [
            ("step", self.step - preprocess),
            ("preprocess", preprocess),
            ("act", self.act),
            ("learn", self.learn),
            ("log", self.log),
        ];
        let total: Duration = parts.iter().map(|(_, time)| *time).sum();
        for (name, time) in parts {
            let share = 100.0 * time.as_secs_f64() / total.as_secs_f64();
            write!(f, "{name} {:.1} s ({share:.1} %)  ", time.as_secs_f64())?;
        }
        let [collection, bare] = [self.collect, self.step].map(|time| self.env_steps as f64 / time.as_secs_f64());
        let share = 100.0 * collection / bare;
        write!(f, "\ncollection {collection:.0} steps/s, {share:.1} % of the environments alone at {bare:.0} steps/s")?;
        if self.exchange.calls > 0 {
            write!(f, "\n{}", self.exchange)?;
        }
        Ok(())
    }
}

/// Runs `work` and adds the time it took.
pub fn timed<R>(time: &mut Duration, work: impl FnOnce() -> R) -> R {
    let began = Instant::now();
    let result = work();
    *time += began.elapsed();
    result
}
