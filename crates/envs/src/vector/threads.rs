//! On how many threads a vector works.

use std::time::{Duration, Instant};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::Error;

/// Steps timed with one thread, then as many with all.
const TRIALS: u32 = 8;
/// Waking the threads takes about 12 µs: a step must be a few times that long before they can pay.
const WORTH_TRYING: Duration = Duration::from_micros(40);

/// Where a vector works.
pub(super) enum Threads {
    /// On the caller's thread.
    One,
    /// On the caller's thread and those of the pool.
    Pool(ThreadPool),
    /// On one or the other, until it is known which is faster. The results are the same either way.
    Measuring { threads: usize, steps: u32, serial: Duration, parallel: Duration, pool: Option<ThreadPool> },
}

impl Threads {
    /// `threads` for so many environments; 0 means that measurement decides.
    pub fn new(threads: usize, num_envs: usize) -> Result<Self, Error> {
        if threads == 0 {
            let threads = cores().min(num_envs);
            let (serial, parallel) = (Duration::MAX, Duration::MAX);
            return Ok(match threads {
                1 => Self::One,
                _ => Self::Measuring { threads, steps: 0, serial, parallel, pool: None },
            });
        }
        match threads.min(num_envs) {
            1 => Ok(Self::One),
            threads => pool(threads - 1).map(Self::Pool),
        }
    }

    /// How many threads at most work on so many environments.
    pub fn most(threads: usize, num_envs: usize) -> usize {
        if threads == 0 { cores() } else { threads }.min(num_envs)
    }

    /// A pool beside the caller's thread.
    pub fn own(threads: usize, num_envs: usize) -> Result<ThreadPool, Error> {
        pool(Self::most(threads, num_envs))
    }

    /// The threads to work on now beside the caller's, if any.
    pub fn pool(&self) -> Option<&ThreadPool> {
        match self {
            Self::One => None,
            Self::Pool(pool) => Some(pool),
            Self::Measuring { pool, .. } => pool.as_ref(),
        }
    }

    /// How many threads may work.
    pub fn count(&self) -> usize {
        match self {
            Self::One => 1,
            Self::Pool(pool) => 1 + pool.current_num_threads(),
            Self::Measuring { threads, .. } => *threads,
        }
    }

    /// Works off a step, and learns from the time it took while that is not decided yet.
    pub fn step<R>(&mut self, work: impl FnOnce(Option<&ThreadPool>) -> R) -> R {
        if let Self::Measuring { .. } = self {
            let start = Instant::now();
            let result = work(self.pool());
            self.learn(start.elapsed());
            return result;
        }
        work(self.pool())
    }

    fn learn(&mut self, elapsed: Duration) {
        let Self::Measuring { threads, steps, serial, parallel, pool } = self else { return };
        *steps += 1;
        let best = if pool.is_some() { &mut *parallel } else { &mut *serial };
        *best = elapsed.min(*best);
        if *steps < TRIALS {
            return;
        }
        *self = match pool.take() {
            Some(pool) if parallel < serial => Self::Pool(pool),
            None if *serial >= WORTH_TRYING => match self::pool(*threads - 1) {
                Ok(pool) => Self::Measuring {
                    threads: *threads,
                    steps: 0,
                    serial: *serial,
                    parallel: Duration::MAX,
                    pool: Some(pool),
                },
                Err(_) => Self::One,
            },
            _ => Self::One,
        };
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn pool(threads: usize) -> Result<ThreadPool, Error> {
    let pool = ThreadPoolBuilder::new().num_threads(threads).thread_name(|i| format!("env-{i}")).build();
    pool.map_err(|error| Error::InvalidOption {
        name: "threads",
        value: threads.to_string(),
        expected: format!("as many as the system can start ({error})"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(times: &[u64]) -> Threads {
        let (serial, parallel) = (Duration::MAX, Duration::MAX);
        let mut threads = Threads::Measuring { threads: 2, steps: 0, serial, parallel, pool: None };
        for &micros in times {
            threads.learn(Duration::from_micros(micros));
        }
        threads
    }

    #[test]
    fn short_steps_stay_on_one_thread() {
        assert!(matches!(after(&[90, 30, 90, 90, 90, 90, 90, 90]), Threads::One));
    }

    #[test]
    fn long_steps_get_threads_if_these_are_faster() {
        let serial = [100; 8];
        assert!(matches!(after(&serial), Threads::Measuring { pool: Some(_), .. }));
        assert!(matches!(after(&[serial, [60; 8]].concat()), Threads::Pool(_)));
        assert!(matches!(after(&[serial, [110; 8]].concat()), Threads::One));
    }
}
