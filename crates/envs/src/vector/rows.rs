//! What the environments write: a row each, and parts of the vector that threads work on.

use super::slot::{Row, Slot};
use crate::{Element, EpisodeStats, Error, Info};

/// Everything a step gives but the observations.
pub(super) struct Results<T> {
    pub(super) final_observations: Vec<T>,
    pub(super) rewards: Vec<f64>,
    pub(super) terminated: Vec<bool>,
    pub(super) truncated: Vec<bool>,
    pub(super) infos: Vec<Info>,
    pub(super) episodes: Vec<Option<EpisodeStats>>,
}

/// A contiguous part of the vector.
pub(super) struct Rows<'a, T> {
    slots: &'a mut [Slot<T>],
    observations: &'a mut [T],
    final_observations: &'a mut [T],
    rewards: &'a mut [f64],
    terminated: &'a mut [bool],
    truncated: &'a mut [bool],
    infos: &'a mut [Info],
    episodes: &'a mut [Option<EpisodeStats>],
    /// The elements of one observation.
    row: usize,
}

impl<T: Element> Results<T> {
    pub(super) fn new(num_envs: usize, row: usize) -> Self {
        Self {
            final_observations: vec![T::default(); num_envs * row],
            rewards: vec![0.0; num_envs],
            terminated: vec![false; num_envs],
            truncated: vec![false; num_envs],
            infos: vec![Info::default(); num_envs],
            episodes: vec![None; num_envs],
        }
    }

    pub(super) fn rows<'a>(
        &'a mut self,
        slots: &'a mut [Slot<T>],
        observations: &'a mut [T],
        row: usize,
    ) -> Rows<'a, T> {
        Rows {
            slots,
            observations,
            final_observations: &mut self.final_observations,
            rewards: &mut self.rewards,
            terminated: &mut self.terminated,
            truncated: &mut self.truncated,
            infos: &mut self.infos,
            episodes: &mut self.episodes,
            row,
        }
    }
}

impl<'a, T: Element> Rows<'a, T> {
    fn split_at(self, middle: usize) -> (Self, Self) {
        let (slots, slots_2) = self.slots.split_at_mut(middle);
        let (observations, observations_2) = self.observations.split_at_mut(middle * self.row);
        let (final_observations, final_observations_2) = self.final_observations.split_at_mut(middle * self.row);
        let (rewards, rewards_2) = self.rewards.split_at_mut(middle);
        let (terminated, terminated_2) = self.terminated.split_at_mut(middle);
        let (truncated, truncated_2) = self.truncated.split_at_mut(middle);
        let (infos, infos_2) = self.infos.split_at_mut(middle);
        let (episodes, episodes_2) = self.episodes.split_at_mut(middle);
        let row = self.row;
        (
            Self { slots, observations, final_observations, rewards, terminated, truncated, infos, episodes, row },
            Self {
                slots: slots_2,
                observations: observations_2,
                final_observations: final_observations_2,
                rewards: rewards_2,
                terminated: terminated_2,
                truncated: truncated_2,
                infos: infos_2,
                episodes: episodes_2,
                row,
            },
        )
    }

    /// Halves the part until it has at most `grain` environments, and works on the pieces in parallel.
    /// The error is the one of the lowest index, whichever came first.
    pub(super) fn split<F>(self, first: usize, grain: usize, work: &F) -> Result<(), Error>
    where
        F: Fn(usize, Rows<'_, T>) -> Result<(), Error> + Sync,
    {
        let length = self.slots.len();
        if length <= grain {
            return work(first, self);
        }
        let middle = length / 2;
        let (left, right) = self.split_at(middle);
        let (left, right) = rayon::join(|| left.split(first, grain, work), || right.split(first + middle, grain, work));
        left.and(right)
    }

    /// Works on every row, also on those behind a failing one; the first error comes back.
    pub(super) fn for_each(
        self,
        work: impl Fn(usize, Row<'_, T>) -> Result<(), Error>,
        first: usize,
    ) -> Result<(), Error> {
        let mut result = Ok(());
        for (i, slot) in self.slots.iter_mut().enumerate() {
            let columns = i * self.row..(i + 1) * self.row;
            let row = Row {
                slot,
                index: first + i,
                observation: &mut self.observations[columns.clone()],
                final_observation: &mut self.final_observations[columns],
                reward: &mut self.rewards[i],
                terminated: &mut self.terminated[i],
                truncated: &mut self.truncated[i],
                info: &mut self.infos[i],
                episode: &mut self.episodes[i],
            };
            let outcome = work(i, row);
            if result.is_ok() {
                result = outcome;
            }
        }
        result
    }
}
