//! The wrapper every registered environment runs in.

use std::{any::Any, time::Instant};

use image::RgbImage;

use crate::{Action, Env, EpisodeStats, Error, Info, NumpyRng, Seed, Space, Step, state};

/// Cuts episodes off after a number of steps and keeps their statistics: Gymnasium's `TimeLimit` and
/// `RecordEpisodeStatistics` in one. It is the only source of `truncated` apart from Atari's own frame limit.
#[derive(Clone, Debug)]
pub struct TimeLimit<E> {
    env: E,
    max_episode_steps: Option<u64>,
    length: u64,
    episode_return: f64,
    started: Instant,
}

impl<E: Env> TimeLimit<E> {
    /// Cuts episodes of `env` off after this many steps; `None` only keeps statistics.
    pub fn new(env: E, max_episode_steps: Option<u64>) -> Self {
        Self { env, max_episode_steps, length: 0, episode_return: 0.0, started: Instant::now() }
    }

    /// An environment in the middle of an episode of which this is known.
    pub(crate) fn midway(env: E, max_episode_steps: Option<u64>, length: u64, episode_return: f64) -> Self {
        Self { length, episode_return, ..Self::new(env, max_episode_steps) }
    }

    /// The steps and the sum of rewards of the episode so far.
    pub(crate) fn statistics(&self) -> (u64, f64) {
        (self.length, self.episode_return)
    }

    /// The environment inside.
    pub fn inner(&self) -> &E {
        &self.env
    }
}

impl<E: Env> Env for TimeLimit<E> {
    type Obs = E::Obs;

    fn observation_space(&self) -> &Space {
        self.env.observation_space()
    }

    fn action_space(&self) -> &Space {
        self.env.action_space()
    }

    fn reset(&mut self, seed: Option<&Seed>, observation: &mut [Self::Obs]) -> Result<Info, Error> {
        let info = self.env.reset(seed, observation)?;
        (self.length, self.episode_return, self.started) = (0, 0.0, Instant::now());
        Ok(info)
    }

    fn step(&mut self, action: Action<'_>, observation: &mut [Self::Obs]) -> Result<Step, Error> {
        let mut step = self.env.step(action, observation)?;
        self.length += 1;
        self.episode_return += step.reward;
        step.truncated |= self.max_episode_steps.is_some_and(|limit| self.length >= limit);
        if step.done() {
            step.episode = Some(EpisodeStats {
                episode_return: self.episode_return,
                length: self.length,
                seconds: self.started.elapsed().as_secs_f64(),
            });
        }
        Ok(step)
    }

    fn render(&self) -> Result<RgbImage, Error> {
        self.env.render()
    }

    fn render_fps(&self) -> u32 {
        self.env.render_fps()
    }

    fn rng_mut(&mut self) -> Option<&mut NumpyRng> {
        self.env.rng_mut()
    }

    fn simulator_mut(&mut self) -> Option<&mut dyn Any> {
        self.env.simulator_mut()
    }

    fn save(&self, state: &mut Vec<u8>) -> Result<(), Error> {
        state::put(&(self.length, self.episode_return), state)?;
        self.env.save(state)
    }

    fn restore(&mut self, state: &mut &[u8]) -> Result<(), Error> {
        let statistics = state::take(state)?;
        self.env.restore(state)?;
        (self.length, self.episode_return) = statistics;
        self.started = Instant::now();
        Ok(())
    }
}
