//! The last observations as one.

use envs::{Action, Bounds, BoxSpace, Env, Error, Info, NumpyRng, Seed, Space, Step, check_row, state};
use image::RgbImage;
use serde::{Serialize, de::DeserializeOwned};

use super::{invalid, pass_on};

/// Stacks the last observations along a new first dimension, the newest last; at the start the first one stands in for
/// those before it, as in Gymnasium's `FrameStackObservation`.
#[derive(Clone, Debug)]
pub struct FrameStack<E: Env> {
    env: E,
    observation_space: Space,
    depth: usize,
    /// A ring of one more row than is shown, which the next observation is written to.
    rows: Vec<E::Obs>,
    newest: usize,
}

impl<E: Env> FrameStack<E> {
    /// Stacks the last `depth` observations of `env`.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] where `depth` is 0 or the observations are single numbers.
    pub fn new(env: E, depth: usize) -> Result<Self, Error> {
        if depth == 0 {
            return invalid("stack", depth, "at least 1 observation");
        }
        let Space::Box(row) = env.observation_space() else {
            return invalid("stack", depth, "an environment whose observations are arrays");
        };
        let bounds = match &row.bounds {
            Bounds::Same(low, high) => Bounds::Same(*low, *high),
            Bounds::Each(each) => Bounds::Each(each.repeat(depth)),
        };
        let shape = [&[depth], &row.shape[..]].concat();
        let observation_space = Space::Box(BoxSpace { shape, dtype: row.dtype, bounds });
        let rows = vec![E::Obs::default(); (depth + 1) * env.observation_space().size()];
        Ok(Self { env, observation_space, depth, rows, newest: 0 })
    }

    fn slots(&self) -> usize {
        self.depth + 1
    }

    fn row(&self, slot: usize) -> std::ops::Range<usize> {
        let size = self.rows.len() / self.slots();
        slot * size..(slot + 1) * size
    }

    fn write(&self, observation: &mut [E::Obs]) {
        for (age, row) in observation.chunks_exact_mut(self.row(0).len()).rev().enumerate() {
            row.copy_from_slice(&self.rows[self.row((self.newest + self.slots() - age) % self.slots())]);
        }
    }
}

impl<E: Env<Obs: Serialize + DeserializeOwned>> Env for FrameStack<E> {
    type Obs = E::Obs;

    fn observation_space(&self) -> &Space {
        &self.observation_space
    }

    fn reset(&mut self, seed: Option<&Seed>, observation: &mut [E::Obs]) -> Result<Info, Error> {
        check_row(observation, &self.observation_space)?;
        let spare = (self.newest + 1) % self.slots();
        let first = self.row(spare);
        let info = self.env.reset(seed, &mut self.rows[first.clone()])?;
        for slot in 0..self.slots() {
            let start = self.row(slot).start;
            self.rows.copy_within(first.clone(), start);
        }
        self.write(observation);
        Ok(info)
    }

    fn step(&mut self, action: Action<'_>, observation: &mut [E::Obs]) -> Result<Step, Error> {
        check_row(observation, &self.observation_space)?;
        let spare = (self.newest + 1) % self.slots();
        let next = self.row(spare);
        let step = self.env.step(action, &mut self.rows[next])?;
        self.newest = spare;
        self.write(observation);
        Ok(step)
    }

    fn save(&self, state: &mut Vec<u8>) -> Result<(), Error> {
        let len = state.len();
        state::put(&(&self.rows, self.newest), state)?;
        self.env.save(state).inspect_err(|_| state.truncate(len))
    }

    fn restore(&mut self, state: &mut &[u8]) -> Result<(), Error> {
        let mut rest = *state;
        let (rows, newest): (Vec<E::Obs>, usize) = state::take(&mut rest)?;
        if rows.len() != self.rows.len() || newest >= self.slots() {
            let reason = format!("it is not a stack of {} observations", self.depth);
            return Err(Error::BadState { reason });
        }
        self.env.restore(&mut rest)?;
        (self.rows, self.newest, *state) = (rows, newest, rest);
        Ok(())
    }

    pass_on!(action_space, render, render_fps, rng_mut);
}
