//! One environment at work, and its row.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{
    checks::in_vector,
    request::Autoreset,
    rows::{Rows, Status},
};
use crate::{Action, BoxEnv, Element, EpisodeStats, Error, Info, Seed, Step};

/// The row of one environment.
pub(super) struct Row<'a, T> {
    observation: &'a mut [T],
    final_observation: &'a mut [T],
    reward: &'a mut f64,
    terminated: &'a mut bool,
    truncated: &'a mut bool,
    info: &'a mut Info,
    final_info: &'a mut Info,
    episode: &'a mut Option<EpisodeStats>,
    status: &'a mut Status,
}

impl<'a, T: Element> Row<'a, T> {
    /// Row `i` of these, an observation of which has `size` numbers.
    pub fn of(rows: &'a mut Rows<'_, T>, i: usize, size: usize) -> Self {
        let columns = i * size..(i + 1) * size;
        Self {
            observation: &mut rows.observations[columns.clone()],
            final_observation: &mut rows.final_observations[columns],
            reward: &mut rows.rewards[i],
            terminated: &mut rows.terminated[i],
            truncated: &mut rows.truncated[i],
            info: &mut rows.infos[i],
            final_info: &mut rows.final_infos[i],
            episode: &mut rows.episodes[i],
            status: &mut rows.statuses[i],
        }
    }

    /// Begins an episode of environment `index`.
    pub fn reset(self, env: &mut BoxEnv<T>, seed: Option<&Seed>, index: usize) -> Result<(), Error> {
        *self.status = Status::Unready; // and so it stays after a panic
        (*self.reward, *self.terminated, *self.truncated, *self.episode) = (0.0, false, false, None);
        *self.info = guarded(index, || env.reset(seed, self.observation))?;
        *self.status = Status::Running;
        Ok(())
    }

    /// Steps environment `index`.
    pub fn step(
        self,
        env: &mut BoxEnv<T>,
        action: Action<'_>,
        autoreset: Autoreset,
        index: usize,
    ) -> Result<(), Error> {
        if *self.status == Status::Ended && autoreset == Autoreset::NextStep {
            return self.reset(env, None, index);
        }
        let before = std::mem::replace(self.status, Status::Unready); // and so it stays after a panic
        (*self.reward, *self.terminated, *self.truncated, *self.episode) = (0.0, false, false, None);
        let step = guarded(index, || {
            let step = env.step(action, self.observation);
            *self.status = before;
            let mut step = step?;
            if step.done() {
                *self.status = Status::Ended;
                if autoreset == Autoreset::SameStep {
                    *self.status = Status::Unready;
                    self.final_observation.copy_from_slice(self.observation);
                    *self.final_info = std::mem::replace(&mut step.info, env.reset(None, self.observation)?);
                    *self.status = Status::Running;
                }
            }
            Ok(step)
        });
        let Step { reward, terminated, truncated, info, episode } = step?;
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
