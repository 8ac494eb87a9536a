//! One environment of a vector, and its row.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::in_vector;
use crate::{Action, BoxEnv, Element, EpisodeStats, Error, Info, Seed, Step};

/// An environment, and whether it can step.
pub(super) struct Slot<T> {
    pub(super) env: BoxEnv<T>,
    pub(super) ready: bool,
}

/// An environment and where its results go.
pub(super) struct Row<'a, T> {
    pub(super) slot: &'a mut Slot<T>,
    pub(super) index: usize,
    pub(super) observation: &'a mut [T],
    pub(super) final_observation: &'a mut [T],
    pub(super) reward: &'a mut f64,
    pub(super) terminated: &'a mut bool,
    pub(super) truncated: &'a mut bool,
    pub(super) info: &'a mut Info,
    pub(super) episode: &'a mut Option<EpisodeStats>,
}

impl<T> Slot<T> {
    pub(super) fn new(env: BoxEnv<T>) -> Self {
        Self { env, ready: false }
    }
}

impl<T: Element> Row<'_, T> {
    pub(super) fn reset(self, seed: Option<&Seed>) -> Result<(), Error> {
        self.slot.ready = false;
        let Self { slot, observation, .. } = self;
        *self.info = guarded(self.index, || slot.env.reset(seed, observation))?;
        slot.ready = true;
        (*self.reward, *self.terminated, *self.truncated, *self.episode) = (0.0, false, false, None);
        Ok(())
    }

    /// Steps, and starts the next episode where one ends.
    pub(super) fn step(self, action: Action<'_>) -> Result<(), Error> {
        let Self { slot, observation, final_observation, .. } = self;
        // A panic leaves this false: the environment may be in any state then.
        slot.ready = false;
        let stepped = guarded(self.index, || {
            let stepped = slot.env.step(action, observation);
            slot.ready = true;
            let mut step = stepped?;
            if step.done() {
                final_observation.copy_from_slice(observation);
                slot.ready = false;
                step.info = slot.env.reset(None, observation)?;
                slot.ready = true;
            }
            Ok(step)
        });
        let Step { reward, terminated, truncated, info, episode } = stepped?;
        (*self.reward, *self.terminated, *self.truncated) = (reward, terminated, truncated);
        (*self.info, *self.episode) = (info, episode);
        Ok(())
    }
}

/// Calls into environment `index`: an error gets its index, and so does a panic, which ends here.
fn guarded<R>(index: usize, call: impl FnOnce() -> Result<R, Error>) -> Result<R, Error> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(result) => result.map_err(|error| in_vector(index, error)),
        Err(payload) => {
            let message = payload.downcast_ref::<&str>().map(|&text| text.to_owned());
            let message = message.or_else(|| payload.downcast_ref::<String>().cloned());
            Err(Error::Panicked { index, message: message.unwrap_or_else(|| "no message".into()) })
        }
    }
}
