//! What a vector is asked for.

use super::actions::CheckedActions;
use crate::Seed;

/// What happens to an environment whose episode ended: the modes of Gymnasium's vector environments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Autoreset {
    /// It is reset in the same step; `final_observations` and `final_infos` tell how the episode ended.
    #[default]
    SameStep,
    /// The next step resets it, ignoring its action; reward 0 and no end come with the first observation.
    NextStep,
    /// [`VecEnv::reset_where`](crate::VecEnv::reset_where) must reset it before the next step, which is
    /// [`Error::EpisodeEnded`](crate::Error::EpisodeEnded) otherwise.
    Disabled,
}

/// The seeds of a reset.
#[derive(Clone, Copy, Debug)]
pub enum Seeds<'a> {
    /// None: every generator goes on.
    Continue,
    /// Environment i gets this seed + i.
    From(&'a Seed),
    /// Environment i gets the i-th of N seeds.
    Each(&'a [Seed]),
}

/// Which environments are to be reset, and from which seeds.
pub(crate) struct Reset<'a> {
    pub mask: Option<&'a [bool]>,
    pub seeds: Seeds<'a>,
}

impl Reset<'_> {
    pub fn includes(&self, index: usize) -> bool {
        self.mask.is_none_or(|mask| mask[index])
    }

    pub fn seed(&self, index: usize) -> Option<Seed> {
        match self.seeds {
            Seeds::Continue => None,
            Seeds::From(seed) => Some(seed.offset(index as u64)),
            Seeds::Each(seeds) => Some(seeds[index].clone()),
        }
    }
}

/// What is to be done in a step.
pub(crate) struct StepCall<'a> {
    pub actions: CheckedActions<'a>,
    pub autoreset: Autoreset,
}
