//! What the environments write: a row each.

use std::mem::MaybeUninit;

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
    /// Where the observations go a second time; empty where that is nowhere.
    pub copy: &'a mut [MaybeUninit<T>],
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
            copy: &mut [],
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
        let copied = if self.copy.is_empty() { 0 } else { count * size };
        Self {
            observations: take(&mut self.observations, count * size),
            copy: take(&mut self.copy, copied),
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

    /// How many environments there are.
    pub fn len(&self) -> usize {
        self.rewards.len()
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

impl<T: Element> Rows<'_, T> {
    /// Copies the observations, while they are near.
    pub fn copy_observations(&mut self) {
        for (copy, number) in self.copy.iter_mut().zip(&*self.observations) {
            copy.write(*number);
        }
    }
}

/// The accessors of what a vector's environments answered to `$call`, one row for each of `$rows`.
macro_rules! answers {
    ($call:literal, $rows:literal) => {
        #[doc = concat!("The observations after ", $call, ": (", $rows, ", ...).")]
        pub fn observations(&self) -> ArrayViewD<'_, T> {
            self.view(&self.observations)
        }

        #[doc = concat!("The last observations of ended episodes: (", $rows, ", ...). A row means something only where ")]
        #[doc = concat!($call, " ended the environment's episode and reset it ([`Autoreset::SameStep`](crate::Autoreset::SameStep)).")]
        pub fn final_observations(&self) -> ArrayViewD<'_, T> {
            self.view(&self.results.final_observations)
        }

        #[doc = concat!("The rewards of ", $call, ": ", $rows, ".")]
        pub fn rewards(&self) -> &[f64] {
            &self.results.rewards
        }

        #[doc = concat!("Where ", $call, " ended an episode because the task itself ended: ", $rows, ".")]
        pub fn terminated(&self) -> &[bool] {
            &self.results.terminated
        }

        #[doc = concat!("Where ", $call, " ended an episode because of a time limit: ", $rows, ".")]
        pub fn truncated(&self) -> &[bool] {
            &self.results.truncated
        }

        #[doc = concat!("What the environments told beside that, after the reset where ", $call, " reset one: ", $rows, ".")]
        pub fn infos(&self) -> &[Info] {
            &self.results.infos
        }

        #[doc = concat!("What the environments told at the ends of episodes: ", $rows, ". A row means something where one of")]
        /// [`final_observations`](Self::final_observations) does.
        pub fn final_infos(&self) -> &[Info] {
            &self.results.final_infos
        }

        #[doc = concat!("The statistics of the episodes that ", $call, " ended: ", $rows, ".")]
        pub fn episodes(&self) -> &[Option<EpisodeStats>] {
            &self.results.episodes
        }

        fn view<'a>(&self, values: &'a [T]) -> ArrayViewD<'a, T> {
            ArrayViewD::from_shape(self.shape.clone(), values).expect("every buffer was made for this shape")
        }
    };
}
pub(super) use answers;
