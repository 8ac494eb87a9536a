//! The way of a sample: environments -> rollout -> advantages -> losses -> update -> log.

use std::{ops::ControlFlow, rc::Rc, time::Instant};

use anyhow::{Result, ensure};
use envs::{Element, EpisodeStats, VecEnv};

use crate::{
    collect::actor::Actor,
    collect::environment::networks_for,
    collect::rollout::Collected,
    collect::{Collector, EnvState},
    config::{Baseline, Budget, Config},
    group::Group,
    interrupt::{Interrupt, Interrupted, Watch},
    learn::update::{Learner, UpdateStats},
    nn::policy::ActorCritic,
    profile::{Profile, timed},
    run::columns::{EpochReport, Evaluation},
    run::finite,
    run::folder::Summary,
    run::logger::Logger,
    run::resume::RunState,
    run::statistics::EpisodeWindow,
    run::write_up::WriteUpLog,
};

/// Trains until the run is solved, out of budget, or `stop` is raised; everything it leaves is in the logger's folder.
/// The first process of the group has the logger. An epoch that has not ended a second after `stop` was raised is given up
/// where there is one process: the run is then that of the newest state on the disk. Gives the summary and where the time
/// went.
///
/// # Errors
/// Those of the environments, those of writing to the run folder, and `NotFinite`.
pub fn train<T: Element>(
    mut trainer: Trainer<T>,
    mut logger: Option<&mut Logger>,
    stop: &Interrupt,
) -> Result<(Summary, Profile)> {
    let mut write_up = match &mut logger {
        None => None,
        Some(logger) => WriteUpLog::begin(&trainer.config, trainer.policy(), logger, trainer.epoch, &trainer.episodes)?,
    };
    let (first_epoch, mut given_up) = (trainer.epoch, false);
    while !trainer.group.any(trainer.is_over() || stop.is_raised()) {
        let stats = match trainer.watched_epoch(&mut logger, stop) {
            Err(error) if error.is::<Interrupted>() => {
                given_up = true;
                break;
            }
            stats => stats?,
        };
        if let Some(logger) = &logger {
            finite::check(&trainer.report(stats), trainer.policy(), logger.folder())?;
        }
        let began = Instant::now();
        given_up = trainer.log(stats, (&mut logger, stop), &mut write_up)?.is_break();
        trainer.profile.log += began.elapsed();
        if given_up {
            break;
        }
    }
    if given_up {
        trainer.go_back(&mut logger)?;
    } else {
        if !trainer.epoch.is_multiple_of(trainer.config.log.state_freq) {
            trainer.keep(&mut logger)?;
        }
        if trainer.epoch > first_epoch {
            trainer.summary.wall_seconds = trainer.seconds();
        }
    }
    let Trainer { config, epoch, learner, summary, mut profile, group, .. } = trainer;
    if let Some(logger) = logger {
        if !epoch.is_multiple_of(config.log.save_freq) {
            timed(&mut profile.log, || logger.checkpoint(epoch, &learner.policy, config.log.checkpoint_mb))?;
        }
        logger.wait()?;
        // A finished run that is resumed has one already.
        if logger.folder().summary().is_none_or(|written| written != summary) {
            logger.end(&summary)?;
        }
        if let Some(log) = &write_up {
            log.end(&summary, logger);
        }
    }
    profile.exchange = group.exchanged();
    Ok((summary, profile))
}

/// A run in progress: a policy, the environments it acts in, and what it has come to.
///
/// It takes any environments and any networks; `examples/custom_env.rs` shows both.
///
/// ```
/// use envs::VecEnv;
/// use vpg::{Budget, Config, Trainer};
/// let mut config = Config::default();
/// config.environment.num_envs = 4;
/// (config.budget.steps_per_epoch, config.budget.limit) = (64, Budget::Epochs(2));
/// config.network.hid = vec![16];
/// let env = VecEnv::<f32>::make("CartPole-v1", config.environment.num_envs, 1)?;
/// let mut trainer = Trainer::new(&config, env)?;
/// while !trainer.is_over() {
///     let stats = trainer.epoch()?;
///     assert!(stats.entropy > 0.0);
/// }
/// assert_eq!(trainer.summary().env_steps, 128);
/// # Ok::<(), anyhow::Error>(())
/// ```
pub struct Trainer<T: Element> {
    config: Config,
    clock: Clock,
    started: Instant,
    /// Of the run's processes before this one.
    seconds_before: f64,
    epoch: u64,
    group: Rc<Group>,
    learner: Learner,
    actor: Actor,
    collector: Collector<T>,
    episodes: EpisodeWindow,
    summary: Summary,
    /// The mean return by which the best policy so far is that.
    best: Option<f64>,
    profile: Profile,
}

impl<T: Element> Trainer<T> {
    /// A run of the networks that the config describes. The config's `env` is a name only: the environments are these, as
    /// many as `num_envs` says.
    ///
    /// # Errors
    /// Where the config holds a value that makes no sense or does not fit the environments, and where they fail to reset.
    pub fn new(config: &Config, env: VecEnv<T>) -> Result<Self> {
        config.check()?;
        config.check_spaces(env.observation_space(), env.action_space())?;
        let policy = networks_for(config, &env)?;
        Self::with_policy(config, env, policy)
    }

    /// A run that trains a policy of one's own.
    ///
    /// # Errors
    /// Those of [`new`](Self::new), and where the policy has a value function but the baseline is none, or the reverse.
    pub fn with_policy(config: &Config, env: VecEnv<T>, policy: ActorCritic) -> Result<Self> {
        Self::in_group(config, env, policy, Rc::new(Group::alone()))
    }

    /// One process's part of a run that a group of processes shares: its share of the environments, and the policy that
    /// all processes begin with.
    ///
    /// # Errors
    /// Those of [`with_policy`](Self::with_policy), where an option is for one process alone, and where the processes cannot
    /// share the environments equally.
    pub fn in_group(config: &Config, env: VecEnv<T>, policy: ActorCritic, group: Rc<Group>) -> Result<Self> {
        config.check()?;
        config.check_spaces(env.observation_space(), env.action_space())?;
        config.check_processes(group.size())?;
        let share = group.share(config.environment.num_envs)?;
        ensure!(
            share.len() == env.num_envs(),
            "num_envs = {}: expected {} environments in this process, there are {}",
            config.environment.num_envs,
            share.len(),
            env.num_envs()
        );
        let (has_value, wants_value) = (policy.v.is_some(), config.credit.baseline == Baseline::Value);
        ensure!(
            has_value == wants_value,
            "the policy has a value function: {has_value}; the baseline wants one: {wants_value}"
        );
        let learner = Learner::new(policy, config, Rc::clone(&group));
        let actor = Actor::new(&learner.policy);
        let collector = Collector::start(env, &actor, config, share)?;
        Ok(Self {
            clock: Clock::new(config),
            started: Instant::now(),
            seconds_before: 0.0,
            epoch: 0,
            group,
            learner,
            actor,
            collector,
            episodes: EpisodeWindow::new(config.budget.solve_at, config.budget.solve_rule),
            summary: Summary::new(config),
            best: None,
            profile: Profile::default(),
            config: config.clone(),
        })
    }

    /// Counts the run's seconds from `started` in place of from when the trainer was made.
    pub fn since(self, started: Instant) -> Self {
        Self { started, ..self }
    }

    /// The run's seconds so far, those of earlier processes included.
    fn seconds(&self) -> f64 {
        self.seconds_before + self.started.elapsed().as_secs_f64()
    }

    /// Whether the budget is spent, or the run solved and to end with that. Of a group of processes, the first knows how
    /// good an evaluation was. The logger evaluates: without one, a run that is to end by an evaluation ends with its budget.
    pub fn is_over(&self) -> bool {
        let (budget, summary) = (&self.config.budget, &self.summary);
        let is_enough = budget.end_at_eval.is_none_or(|least| summary.eval_return.is_some_and(|mean| mean >= least));
        self.clock.is_over(self.epoch, summary.env_steps) || (summary.solved && budget.stop_when_solved && is_enough)
    }

    /// Whether this epoch's policy plays an evaluation: where the run ends by one, while training is good enough.
    fn evaluation_is_due(&self, every: u64) -> bool {
        let is_solved = || self.summary.solved && self.summary.mean_return_100 >= self.config.budget.solve_at;
        self.epoch.is_multiple_of(every) && (self.config.budget.end_at_eval.is_none() || is_solved())
    }

    /// Collects and learns from one epoch.
    ///
    /// # Errors
    /// Where an environment fails to step, or the weights of two processes differ.
    pub fn epoch(&mut self) -> Result<UpdateStats> {
        self.try_epoch(&mut |_, _| true)
    }

    /// The next epoch, shown by the logger while it is worked on.
    fn watched_epoch(&mut self, logger: &mut Option<&mut Logger>, stop: &Interrupt) -> Result<UpdateStats> {
        let (epoch, is_alone) = (self.epoch + 1, self.group.size() == 1);
        let steps = self.clock.next_steps(self.summary.env_steps) as u64 * self.clock.num_envs;
        let [begin, end] = [(self.epoch, 0), (epoch, steps)]
            .map(|(epoch, new)| self.clock.progress(epoch, self.summary.env_steps + new));
        self.try_epoch(&mut |what, share| {
            if let Some(logger) = logger {
                logger.within(epoch, what, share, begin + (end - begin) * share);
            }
            !(is_alone && stop.is_overdue())
        })
    }

    /// `Interrupted` where `watch` gave it up: the trainer is to be used no more, but for [`go_back`](Self::go_back).
    fn try_epoch(&mut self, watch: &mut Watch<'_>) -> Result<UpdateStats> {
        self.epoch += 1;
        self.episodes.epoch.clear();
        let steps = self.clock.next_steps(self.summary.env_steps);
        let progress = self.clock.progress(self.epoch - 1, self.summary.env_steps);
        let schedule = self.config.schedule(self.summary.raw_frames, progress);
        self.actor.lean.logit = schedule.lean as f32;
        // As far as anybody knows beforehand, collecting is half of the work.
        let collected = self
            .collector
            .collect(&mut self.actor, steps, &mut self.profile, &mut |what, share| watch(what, share / 2.0))?;
        let Collected { steps, ended } = collected.ok_or(Interrupted)?;
        self.count_episodes(ended)?;
        let stats = timed(&mut self.profile.learn, || {
            self.learner.update(self.collector.rollout(), &self.config, schedule, &mut |what, share| {
                watch(what, 0.5 + share / 2.0)
            })
        })?;
        self.learner.check_equal_weights()?;
        self.actor = Actor::new(&self.learner.policy);
        let seconds = self.seconds();
        self.summary.count(&self.episodes, steps, &self.config, seconds);
        Ok(stats)
    }

    /// After an epoch that was given up: back to the newest state on the disk, which a resumed run goes on from, or to the
    /// beginning where there is none.
    fn go_back(&mut self, logger: &mut Option<&mut Logger>) -> Result<()> {
        self.epoch -= 1;
        let Some(logger) = logger else { return Ok(()) };
        logger.wait()?;
        match RunState::read(logger.folder(), &self.config)?.state {
            None => (self.epoch, self.summary) = (0, Summary::new(&self.config)),
            Some(mut state) => {
                state.take_times(logger.folder(), &self.config);
                self.restore(state)?;
            }
        }
        Ok(())
    }

    /// The policy as it is now.
    pub fn policy(&self) -> &ActorCritic {
        &self.learner.policy
    }

    /// What the run has come to.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// The episodes that ended in the last epoch, and the mean over the last hundred.
    pub fn episodes(&self) -> &EpisodeWindow {
        &self.episodes
    }

    fn report(&self, stats: UpdateStats) -> EpochReport<'_> {
        EpochReport::new(self.epoch, stats, &self.episodes, &self.summary)
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

    /// Evaluates the policy where that is due, logs the epoch, keeps the policy where it is due, and last the resume state:
    /// the folder's other files are at least as new as the state. Breaks where the wish to end came within the evaluation:
    /// the epoch is not logged then.
    fn log(
        &mut self,
        stats: UpdateStats,
        (logger, stop): (&mut Option<&mut Logger>, &Interrupt),
        write_up: &mut Option<WriteUpLog>,
    ) -> Result<ControlFlow<()>> {
        if let Some(logger) = logger {
            let evaluation = match self.config.log.eval_every {
                None => None,
                Some(every) if !self.evaluation_is_due(every) => Some(Evaluation::of(&[])),
                Some(_) => match logger.evaluate(&self.learner.policy, stop)? {
                    None => return Ok(ControlFlow::Break(())),
                    Some(evaluation) => {
                        self.summary.eval_return = Some(evaluation.returns.mean);
                        Some(evaluation)
                    }
                },
            };
            let mean = evaluation.map_or(self.summary.mean_return_100, |evaluation| Some(evaluation.returns.mean));
            if let Some(mean) = mean.filter(|&mean| mean > self.best.unwrap_or(f64::NEG_INFINITY)) {
                self.best = Some(mean);
                logger.set_best(&self.learner.policy)?;
            }
            let report = EpochReport { evaluation, ..self.report(stats) };
            logger.epoch(&report, self.clock.progress(self.epoch, self.summary.env_steps))?;
            if let Some(log) = write_up {
                log.epoch(&report, logger)?;
            }
            if self.epoch.is_multiple_of(self.config.log.save_freq) {
                logger.checkpoint(self.epoch, &self.learner.policy, self.config.log.checkpoint_mb)?;
            }
        }
        if self.epoch.is_multiple_of(self.config.log.state_freq) {
            self.keep(logger)?;
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Hands what the run can be resumed from to the logger, which the first process of a group has.
    fn keep(&mut self, logger: &mut Option<&mut Logger>) -> Result<()> {
        let envs = self.all_envs()?;
        match logger {
            None => Ok(()),
            Some(logger) => logger.keep(RunState { log_checksums: logger.checksums(), ..self.state_of(envs)? }),
        }
    }

    /// The environments of all processes.
    fn all_envs(&self) -> Result<Vec<EnvState>> {
        let mine = self.collector.save()?;
        if self.group.size() == 1 {
            return Ok(mine);
        }
        let shares = self.group.gather(postcard::to_allocvec(&mine)?);
        let shares = shares.iter().map(|share| postcard::from_bytes::<Vec<EnvState>>(share));
        Ok(shares.collect::<Result<Vec<_>, _>>()?.concat())
    }

    /// The state between two epochs, from which [`restore`](Self::restore) goes on exactly.
    ///
    /// # Errors
    /// Those of the environments, such as that they cannot be saved.
    pub fn state(&mut self) -> Result<RunState> {
        self.state_of(self.all_envs()?)
    }

    fn state_of(&mut self, envs: Vec<EnvState>) -> Result<RunState> {
        Ok(RunState {
            config: self.config.decisive()?,
            epoch: self.epoch,
            log_checksums: [0; 2],
            learner: self.learner.save(),
            envs,
            episodes: self.episodes.clone(),
            summary: self.summary.without_times(),
            best: self.best,
        })
    }

    /// Goes on from a state of a run of the same config.
    ///
    /// # Errors
    /// Where the state is of another number of environments, or of other networks or environments than the config's.
    pub fn restore(&mut self, state: RunState) -> Result<()> {
        ensure!(state.envs.len() == self.config.environment.num_envs, "the state is of other environments");
        self.learner.restore(&state.learner)?;
        self.actor = Actor::new(&self.learner.policy);
        let share = &state.envs[self.group.share(self.config.environment.num_envs)?];
        self.collector.restore(share)?;
        self.epoch = state.epoch;
        (self.episodes, self.summary, self.best) = (state.episodes, state.summary, state.best);
        self.seconds_before = self.summary.wall_seconds;
        Ok(())
    }
}

/// The run's budget.
struct Clock {
    num_envs: u64,
    rollout_steps: u64,
    total: Total,
}

/// What there is of it.
#[derive(Clone, Copy)]
enum Total {
    /// Environment steps.
    Steps(u64),
    /// Epochs, where each is as long as its episodes.
    Epochs(u64),
}

impl Clock {
    fn new(config: &Config) -> Self {
        let num_envs = config.environment.num_envs as u64;
        let rollout_steps = config.rollout_steps() as u64;
        let total = match config.budget.limit {
            Budget::Epochs(epochs) if config.has_whole_episodes() => Total::Epochs(epochs),
            Budget::Epochs(epochs) => Total::Steps(epochs.saturating_mul(rollout_steps * num_envs)),
            // A step of all environments is the least that can be taken.
            Budget::Frames(frames) => {
                Total::Steps((frames as f64 / config.frames_per_step() / num_envs as f64).ceil() as u64 * num_envs)
            }
        };
        Self { num_envs, rollout_steps, total }
    }

    fn progress(&self, epoch: u64, env_steps: u64) -> f64 {
        match self.total {
            Total::Steps(total) => env_steps as f64 / total as f64,
            Total::Epochs(total) => epoch as f64 / total as f64,
        }
    }

    fn is_over(&self, epoch: u64, env_steps: u64) -> bool {
        match self.total {
            Total::Steps(total) => env_steps >= total,
            Total::Epochs(total) => epoch >= total,
        }
    }

    /// Steps of each environment in the next rollout: the last one is shorter where the budget ends within it.
    fn next_steps(&self, env_steps: u64) -> usize {
        let left = match self.total {
            Total::Steps(total) => total.saturating_sub(env_steps) / self.num_envs,
            Total::Epochs(_) => self.rollout_steps,
        };
        left.min(self.rollout_steps) as usize
    }
}
