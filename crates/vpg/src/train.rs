//! The way of a sample: environments -> rollout -> advantages -> losses -> update -> log.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

use envs::{Element, VecEnv};

use crate::{
    actor::Actor,
    collect::Collector,
    config::{Budget, Config},
    evaluate::networks_for,
    logger::{EpochReport, Logger},
    profile::{Profile, timed},
    run_folder::{RunFolder, Summary},
    statistics::EpisodeWindow,
    update::Learner,
};

/// Set by Ctrl-C: the run saves and ends after the present epoch's update.
pub static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Trains on these environments until the run is solved, interrupted, or out of budget; everything it leaves behind
/// is in `folder`. Gives the summary and where the time went. `started` is when the process began: `solved_at_seconds` counts from there.
///
/// # Errors
/// Those of the environments, and of writing to the run folder.
pub fn train<T: Element>(
    config: &Config,
    env: VecEnv<T>,
    folder: &RunFolder,
    logger: &mut Logger,
    started: Instant,
) -> anyhow::Result<(Summary, Profile)> {
    tch::set_num_threads(config.torch_threads as i32);
    let mut learner = Learner::new(networks_for(config, &env));
    let mut actor = Actor::new(&learner.policy);
    let clock = Clock::new(config);
    let (mut collector, mut rollout) = Collector::start(env, &actor, config)?;
    let mut episodes = EpisodeWindow::new(config.solve_at);
    let mut summary = Summary::new(config);
    let mut profile = Profile::default();

    for epoch in 1.. {
        collector.collect(&mut actor, &mut rollout, &mut episodes, &mut profile)?;
        let decay = config.decay(summary.raw_frames);
        let stats = timed(&mut profile.learn, || learner.update(&rollout, config, decay));
        actor = Actor::new(&learner.policy);

        summary.count(&episodes, rollout.steps, config, started);
        let ended = clock.is_over(summary.env_steps)
            || (summary.solved && config.stop_when_solved)
            || INTERRUPTED.load(Ordering::Relaxed);
        let report = EpochReport { epoch, stats, episodes: &episodes, summary: &summary };
        timed(&mut profile.log, || logger.epoch(&report, clock.progress(summary.env_steps)))?;
        if ended || epoch % config.save_freq == 0 {
            timed(&mut profile.log, || logger.checkpoint(epoch, &learner.policy, config))?;
        }
        if ended {
            break;
        }
        episodes.epoch.clear();
        rollout.rewind(clock.next_steps(summary.env_steps));
    }
    summary.wall_seconds = started.elapsed().as_secs_f64();
    folder.write_summary(&summary)?;
    Ok((summary, profile))
}

/// The run's budget in environment steps.
struct Clock {
    num_envs: u64,
    rollout_steps: u64,
    total_steps: u64,
}

impl Clock {
    fn new(config: &Config) -> Self {
        let num_envs = config.num_envs as u64;
        let rollout_steps = config.rollout_steps() as u64;
        let total_steps = match config.budget {
            Budget::Epochs(epochs) => epochs * rollout_steps * num_envs,
            // A step of all environments is the least that can be taken.
            Budget::Frames(frames) => {
                (frames as f64 / config.frames_per_step() / num_envs as f64).ceil() as u64 * num_envs
            }
        };
        Self { num_envs, rollout_steps, total_steps }
    }

    fn progress(&self, env_steps: u64) -> f64 {
        env_steps as f64 / self.total_steps as f64
    }

    fn is_over(&self, env_steps: u64) -> bool {
        env_steps >= self.total_steps
    }

    /// Steps of each environment in the next rollout: the last one is shorter where the budget ends within it.
    fn next_steps(&self, env_steps: u64) -> usize {
        ((self.total_steps - env_steps) / self.num_envs).min(self.rollout_steps) as usize
    }
}
