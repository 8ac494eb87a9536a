//! What the environments write: a row each.

use crate::{Element, EpisodeStats, Info};

/// Everything a step gives but the observations, and where every environment stands.
pub(crate) struct Results<T> {
    pub final_observations: Vec<T>,
    pub rewards: Vec<f64>,
    pub terminated: Vec<bool>,
    pub truncated: Vec<bool>,
    pub infos: Vec<Info>,
    pub final_infos: Vec<Info>,
    pub episodes: Vec<Option<EpisodeStats>>,
    pub statuses: Vec<Status>,
}

/// Where an environment stands in its episode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Not reset yet, or it panicked: its state means nothing.
    Unready,
    Running,
    /// Its episode ended and no new one has begun.
    Ended,
}

/// The rows of consecutive environments.
pub(crate) struct Rows<'a, T> {
    pub observations: &'a mut [T],
    pub final_observations: &'a mut [T],
    pub rewards: &'a mut [f64],
    pub terminated: &'a mut [bool],
    pub truncated: &'a mut [bool],
    pub infos: &'a mut [Info],
    pub final_infos: &'a mut [Info],
    pub episodes: &'a mut [Option<EpisodeStats>],
    pub statuses: &'a mut [Status],
}

impl<T: Element> Results<T> {
    pub fn new(num_envs: usize, size: usize) -> Self {
        Self {
            final_observations: vec![T::default(); num_envs * size],
            rewards: vec![0.0; num_envs],
            terminated: vec![false; num_envs],
            truncated: vec![false; num_envs],
            infos: vec![Info::default(); num_envs],
            final_infos: vec![Info::default(); num_envs],
            episodes: vec![None; num_envs],
            statuses: vec![Status::Unready; num_envs],
        }
    }

    pub fn rows<'a>(&'a mut self, observations: &'a mut [T]) -> Rows<'a, T> {
        Rows {
            observations,
            final_observations: &mut self.final_observations,
            rewards: &mut self.rewards,
            terminated: &mut self.terminated,
            truncated: &mut self.truncated,
            infos: &mut self.infos,
            final_infos: &mut self.final_infos,
            episodes: &mut self.episodes,
            statuses: &mut self.statuses,
        }
    }
}

/// Takes the first elements of a slice off.
fn take<'a, T>(slice: &mut &'a mut [T], count: usize) -> &'a mut [T] {
    let (front, rest) = std::mem::take(slice).split_at_mut(count);
    *slice = rest;
    front
}

impl<'a, T> Rows<'a, T> {
    /// Takes the rows of the first `count` environments off.
    pub fn take(&mut self, count: usize) -> Self {
        let size = self.size();
        Self {
            observations: take(&mut self.observations, count * size),
            final_observations: take(&mut self.final_observations, count * size),
            rewards: take(&mut self.rewards, count),
            terminated: take(&mut self.terminated, count),
            truncated: take(&mut self.truncated, count),
            infos: take(&mut self.infos, count),
            final_infos: take(&mut self.final_infos, count),
            episodes: take(&mut self.episodes, count),
            statuses: take(&mut self.statuses, count),
        }
    }

    /// The numbers of one observation.
    pub fn size(&self) -> usize {
        self.observations.len() / self.rewards.len().max(1)
    }

    /// Marks environment `i` as just reset: no reward, no end.
    pub fn clear(&mut self, i: usize) {
        (self.rewards[i], self.terminated[i], self.truncated[i]) = (0.0, false, false);
        (self.episodes[i], self.statuses[i]) = (None, Status::Running);
    }
}
