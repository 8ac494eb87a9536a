//! The way of a sample: environments -> rollout -> advantages -> losses -> update -> log.

use std::{
    rc::Rc,
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

use anyhow::{Result, ensure};
use envs::{Element, EpisodeStats, VecEnv};

use crate::{
    actor::Actor,
    collect::Collector,
    config::{Budget, Config},
    evaluate::networks_for,
    finite,
    group::Group,
    logger::{EpochReport, Logger},
    profile::{Profile, timed},
    resume::{EnvState, RunState},
    rollout::Rollout,
    run_folder::Summary,
    statistics::EpisodeWindow,
    update::{Learner, UpdateStats},
};

/// Set by Ctrl-C: the run saves and ends after the present epoch's update.
pub static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Trains on these environments until the run is solved, interrupted, or out of budget; everything it leaves behind
/// is in `folder`. It goes on from `state` where there is one. `started` is when the process began: `solved_at_seconds`
/// counts from there. Gives the summary and where the time went.
///
/// `env` has this process's share of the environments. The first process of the group has the `logger`.
///
/// # Errors
/// Those of the environments, those of writing to the run folder, and [`NotFinite`](finite::NotFinite).
pub fn train<T: Element>(
    config: &Config,
    env: VecEnv<T>,
    state: Option<RunState>,
    group: &Rc<Group>,
    mut logger: Option<&mut Logger>,
    started: Instant,
) -> Result<(Summary, Profile)> {
    tch::set_num_threads(config.torch_threads as i32);
    let clock = Clock::new(config);
    let mut run = Run::start(config, env, group)?;
    if let Some(state) = state {
        run.restore(state, config, &clock)?;
    }
    let mut profile = Profile::default();
    while !run.is_over(config, &clock) && !group.any(INTERRUPTED.load(Ordering::Relaxed)) {
        run.epoch += 1;
        let ended = run.collector.collect(&mut run.actor, &mut run.rollout, &mut profile)?;
        run.count_episodes(ended)?;
        let decay = config.decay(run.summary.raw_frames);
        let stats = timed(&mut profile.learn, || run.learner.update(&run.rollout, config, decay));
        run.learner.check_equal_weights()?;
        if let Some(logger) = &logger {
            finite::check(run.epoch, &stats, &run.learner.policy, logger.folder())?;
        }
        run.actor = Actor::new(&run.learner.policy);
        run.summary.count(&run.episodes, run.rollout.steps, config, started);
        timed(&mut profile.log, || run.log(stats, config, &clock, &mut logger))?;
        run.episodes.epoch.clear();
        run.rollout.rewind(clock.next_steps(run.summary.env_steps));
    }
    run.keep(config, &mut logger)?;
    run.summary.wall_seconds = started.elapsed().as_secs_f64();
    if let Some(logger) = logger {
        if !run.epoch.is_multiple_of(config.save_freq) {
            timed(&mut profile.log, || logger.checkpoint(run.epoch, &run.learner.policy, config))?;
        }
        logger.wait()?;
        logger.end(&run.summary)?;
    }
    profile.exchange = group.exchanged();
    Ok((run.summary, profile))
}

/// A run in progress.
struct Run<T: Element> {
    epoch: u64,
    /// The epoch of the newest resume state.
    kept: Option<u64>,
    group: Rc<Group>,
    learner: Learner,
    actor: Actor,
    collector: Collector<T>,
    rollout: Rollout<T>,
    episodes: EpisodeWindow,
    summary: Summary,
}

impl<T: Element> Run<T> {
    fn start(config: &Config, env: VecEnv<T>, group: &Rc<Group>) -> Result<Self> {
        let group = Rc::clone(group);
        let learner = Learner::new(networks_for(config, &env), Rc::clone(&group));
        let actor = Actor::new(&learner.policy);
        let (collector, rollout) = Collector::start(env, &actor, config, group.share(config.num_envs)?)?;
        let (episodes, summary) = (EpisodeWindow::new(config.solve_at), Summary::new(config));
        Ok(Self { epoch: 0, kept: None, group, learner, actor, collector, rollout, episodes, summary })
    }

    fn is_over(&self, config: &Config, clock: &Clock) -> bool {
        clock.is_over(self.summary.env_steps) || (self.summary.solved && config.stop_when_solved)
    }

    /// Counts the episodes of all processes in the order of their steps and environments.
    fn count_episodes(&mut self, mine: Vec<(usize, EpisodeStats)>) -> Result<()> {
        let mut ended = mine;
        if self.group.size() > 1 {
            let plain = |(step, episode): &(usize, EpisodeStats)| {
                (*step, episode.episode_return, episode.length, episode.seconds)
            };
            let mine: Vec<_> = ended.iter().map(plain).collect();
            ended.clear();
            for theirs in self.group.gather(postcard::to_allocvec(&mine)?) {
                let theirs: Vec<(usize, f64, u64, f64)> = postcard::from_bytes(&theirs)?;
                ended.extend(theirs.into_iter().map(|(step, episode_return, length, seconds)| {
                    (step, EpisodeStats { episode_return, length, seconds })
                }));
            }
            ended.sort_by_key(|(step, _)| *step);
        }
        ended.iter().for_each(|(step, episode)| self.episodes.push(episode, *step));
        Ok(())
    }

    /// Logs the epoch, keeps the policy where it is due, and last the resume state: what is in the folder is never
    /// behind it.
    fn log(
        &mut self,
        stats: UpdateStats,
        config: &Config,
        clock: &Clock,
        logger: &mut Option<&mut Logger>,
    ) -> Result<()> {
        if let Some(logger) = logger {
            let report = EpochReport { epoch: self.epoch, stats, episodes: &self.episodes, summary: &self.summary };
            logger.epoch(&report, clock.progress(self.summary.env_steps))?;
            if self.epoch.is_multiple_of(config.save_freq) {
                logger.checkpoint(self.epoch, &self.learner.policy, config)?;
            }
        }
        let can_keep = logger.as_ref().is_some_and(|logger| logger.can_keep());
        if self.group.any(can_keep) { self.keep(config, logger) } else { Ok(()) }
    }

    fn keep(&mut self, config: &Config, logger: &mut Option<&mut Logger>) -> Result<()> {
        if self.kept == Some(self.epoch) {
            return Ok(());
        }
        self.kept = Some(self.epoch);
        let envs = self.all_envs()?;
        match logger {
            None => Ok(()),
            Some(logger) => logger.keep(self.state(config, envs, logger.checksums())?),
        }
    }

    /// The environments of all processes.
    fn all_envs(&self) -> Result<Vec<EnvState>> {
        let mine = self.collector.save(self.rollout.last_row())?;
        if self.group.size() == 1 {
            return Ok(mine);
        }
        let shares = self.group.gather(postcard::to_allocvec(&mine)?);
        let shares = shares.iter().map(|share| postcard::from_bytes::<Vec<EnvState>>(share));
        Ok(shares.collect::<Result<Vec<_>, _>>()?.concat())
    }

    fn state(&self, config: &Config, envs: Vec<EnvState>, log_checksums: [u32; 2]) -> Result<RunState> {
        Ok(RunState {
            config: config.decisive()?,
            epoch: self.epoch,
            log_checksums,
            learner: self.learner.save(),
            envs,
            episodes: self.episodes.clone(),
            summary: self.summary.without_times(),
        })
    }

    fn restore(&mut self, state: RunState, config: &Config, clock: &Clock) -> Result<()> {
        ensure!(state.envs.len() == config.num_envs, "the state is of other environments");
        self.learner.restore(&state.learner)?;
        self.actor = Actor::new(&self.learner.policy);
        self.rollout.rewind(clock.next_steps(state.summary.env_steps));
        let first = self.rollout.num_envs * self.rollout.observation_len;
        let share = &state.envs[self.group.share(config.num_envs)?];
        self.collector.restore(share, &mut self.rollout.observations[..first])?;
        (self.epoch, self.kept) = (state.epoch, Some(state.epoch));
        (self.episodes, self.summary) = (state.episodes, state.summary);
        Ok(())
    }
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
            Budget::Epochs(epochs) => epochs.saturating_mul(rollout_steps * num_envs),
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
