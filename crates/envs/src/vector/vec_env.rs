//! Environments that step together.

use std::mem::MaybeUninit;

use image::RgbImage;
use ndarray::{ArrayViewD, IxDyn};

use super::{
    Actions,
    actions::CheckedActions,
    checks::{check_length, check_spaces, in_vector},
    group::{self, Group},
    lanes::LANES,
    request::{Autoreset, Reset, Seeds, StepCall},
    rows::{Results, Rows, Status, answers},
    singles::Singles,
    threads::Threads,
};
use crate::{BoxEnv, Element, EpisodeStats, Error, Info, Seed, Space, state};

/// Environments of the same spaces that step together, on several threads where that pays.
///
/// Observations are one contiguous array (N, ...), written once by the environments themselves, each into its row;
/// rewards, flags and the rest are slices of length N. Everything belongs to the `VecEnv` and is overwritten by the next
/// call; on one thread nothing is allocated per step. With [`step_into`](Self::step_into) observations go straight into a
/// buffer of the caller instead.
///
/// **Ends.** By default an environment whose episode ends is reset in the same step, its generator going on: its row of
/// [`observations`](Self::observations) is then the first of the new episode, and the ended episode's last one is in its
/// row of [`final_observations`](Self::final_observations). Bootstrap a return from there where `truncated` and not
/// `terminated`. [`Autoreset`] names the other ways.
///
/// **Determinism.** Each environment owns its generator: the results are the same for any number of threads.
///
/// **Failures.** Actions that do not fit are refused before any environment steps. A failing environment (even one that
/// panics) is reported by its index; all the others have taken the step, their rows are valid, and they stay usable.
///
/// ```
/// use envs::{Actions, Seed, VecEnv};
/// let mut envs = VecEnv::<f32>::make("CartPole-v1", 4, 1)?;
/// envs.reset(&Seed::from(7))?;
/// for _ in 0..100 {
///     envs.step(Actions::Discrete(&[0, 1, 0, 1]))?;
/// }
/// assert_eq!(envs.observations().shape(), [4, 4]);
/// assert_eq!(envs.rewards(), [1.0; 4]);
/// # Ok::<(), envs::Error>(())
/// ```
pub struct VecEnv<T: Element> {
    /// Consecutive environments each, all but the last of the same length.
    groups: Vec<Box<dyn Group<T>>>,
    autoreset: Autoreset,
    /// Whether some environment must be reset before the next step.
    blocked: bool,
    observation_space: Space,
    action_space: Space,
    /// (N, ...), the shape of all observations.
    shape: IxDyn,
    observations: Vec<T>,
    results: Results<T>,
    threads: Threads,
}

/// The most environments that one task works on: few enough to share out, enough that the task does not matter.
const LARGEST_GROUP: usize = 64;

/// The most native environments that one task works on: they step eight at a time.
const LARGEST_BATCH: usize = 512;

impl<T: Element> VecEnv<T> {
    /// A vector of these environments, stepped on so many threads; with 0 threads the time that steps take decides
    /// between one thread and as many as the machine has cores.
    ///
    /// The environments may differ in everything but their spaces.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] where there is no environment, or threads cannot be started; with the environment's index
    /// where its spaces differ from the first one's.
    pub fn new(envs: Vec<BoxEnv<T>>, threads: usize) -> Result<Self, Error> {
        let (observation_space, action_space) = check_spaces(&envs)?;
        let tasks = 16 * Threads::most(threads, envs.len());
        let len = (envs.len() / tasks).clamp(1, LARGEST_GROUP);
        let mut groups: Vec<Box<dyn Group<T>>> = Vec::new();
        let mut envs = envs.into_iter().peekable();
        while envs.peek().is_some() {
            groups.push(Box::new(Singles::new(envs.by_ref().take(len).collect())));
        }
        Self::of_groups(groups, observation_space, action_space, threads)
    }

    /// A vector of these groups, all but the last of the same length.
    pub(crate) fn of_groups(
        groups: Vec<Box<dyn Group<T>>>,
        observation_space: Space,
        action_space: Space,
        threads: usize,
    ) -> Result<Self, Error> {
        let threads = Threads::new(threads, groups.iter().map(|group| group.len()).sum())?;
        Ok(Self::on_threads(groups, observation_space, action_space, threads))
    }

    fn on_threads(
        groups: Vec<Box<dyn Group<T>>>,
        observation_space: Space,
        action_space: Space,
        threads: Threads,
    ) -> Self {
        let num_envs = groups.iter().map(|group| group.len()).sum();
        let size = observation_space.size();
        let shape = [&[num_envs], observation_space.shape()].concat();
        Self {
            groups,
            autoreset: Autoreset::default(),
            blocked: true,
            observation_space,
            action_space,
            shape: IxDyn(&shape),
            observations: vec![T::default(); num_envs * size],
            results: Results::new(num_envs, size),
            threads,
        }
    }

    /// The environments as vectors of their own, one for each thread that this one would work on, in order. Each works on
    /// its caller's thread, so that no thread waits for another after every step. All must be reset first.
    ///
    /// ```
    /// use envs::VecEnv;
    /// let parts = VecEnv::<f32>::make("CartPole-v1", 16, 2)?.split();
    /// assert_eq!([parts[0].num_envs(), parts[1].num_envs()], [8, 8]);
    /// # Ok::<(), envs::Error>(())
    /// ```
    pub fn split(self) -> Vec<Self> {
        let count = self.threads.count().min(self.groups.len());
        let (all, mut groups) = (self.groups.len(), self.groups.into_iter());
        let part = |i: usize| {
            let groups = groups.by_ref().take((i + 1) * all / count - i * all / count).collect();
            Self::on_threads(groups, self.observation_space.clone(), self.action_space.clone(), Threads::One)
                .with_autoreset(self.autoreset)
        };
        (0..count).map(part).collect()
    }

    /// How many environments of a native kind make up a batch.
    pub(crate) fn batch_len(num_envs: usize, threads: usize) -> usize {
        let tasks = 4 * Threads::most(threads, num_envs);
        num_envs.div_ceil(tasks.max(1)).next_multiple_of(LANES).clamp(LANES, LARGEST_BATCH)
    }

    /// This vector with another way to go on after an end.
    pub fn with_autoreset(self, autoreset: Autoreset) -> Self {
        Self { autoreset, ..self }
    }

    /// N, how many environments there are.
    pub fn num_envs(&self) -> usize {
        self.results.rewards.len()
    }

    /// The observation space of one environment.
    pub fn observation_space(&self) -> &Space {
        &self.observation_space
    }

    /// The action space of one environment.
    pub fn action_space(&self) -> &Space {
        &self.action_space
    }

    /// Starts new episodes everywhere, environment i with seed + i, as Gymnasium's vector environments do.
    ///
    /// # Errors
    /// An environment's own error or panic, with its index; the others are reset.
    pub fn reset(&mut self, seed: &Seed) -> Result<(), Error> {
        self.with_own_observations(|envs, observations| envs.reset_into(seed, observations))
    }

    /// [`reset`](Self::reset) with the observations written into `observations`, N rows, instead of the vector's own.
    ///
    /// # Errors
    /// As [`reset`](Self::reset), and [`Error::WrongLength`].
    pub fn reset_into(&mut self, seed: &Seed, observations: &mut [T]) -> Result<(), Error> {
        self.reset_all(&Reset { mask: None, seeds: Seeds::From(seed) }, observations)
    }

    /// Starts new episodes where `mask` is true; all else stays as it is.
    ///
    /// # Errors
    /// With nothing changed: [`Error::WrongLength`] where there are not N mask values, or not N seeds. An environment's
    /// own error or panic, with its index; the others are reset.
    pub fn reset_where(&mut self, mask: &[bool], seeds: Seeds<'_>) -> Result<(), Error> {
        self.with_own_observations(|envs, observations| envs.reset_where_into(mask, seeds, observations))
    }

    /// [`reset_where`](Self::reset_where) with the observations written into their rows of `observations`, which has N.
    ///
    /// # Errors
    /// As [`reset_where`](Self::reset_where), and [`Error::WrongLength`].
    pub fn reset_where_into(&mut self, mask: &[bool], seeds: Seeds<'_>, observations: &mut [T]) -> Result<(), Error> {
        check_length("the mask", mask.len(), self.num_envs())?;
        if let Seeds::Each(seeds) = seeds {
            check_length("the list of seeds", seeds.len(), self.num_envs())?;
        }
        self.reset_all(&Reset { mask: Some(mask), seeds }, observations)
    }

    fn reset_all(&mut self, request: &Reset<'_>, observations: &mut [T]) -> Result<(), Error> {
        self.check_observations(observations.len())?;
        let (groups, rows) = (&mut self.groups, &mut self.results.rows(observations));
        let work = |group: &mut dyn Group<T>, first: usize, rows: &mut Rows<'_, T>| group.reset(request, first, rows);
        let result = match self.threads.pool() {
            None => group::serially(groups, 0, rows, &work),
            Some(pool) => group::in_parallel(pool, groups, rows, &work),
        };
        self.blocked = self.first_blocked().is_some();
        result
    }

    /// Takes one step in every environment; those whose episode ends are reset, if that is the [`Autoreset`] mode.
    ///
    /// # Errors
    /// With nothing changed: [`Error::WrongLength`] or [`Error::InvalidAction`] where the actions do not fit, the latter
    /// with the environment's index where it is one's; with the index of an environment that must be reset first,
    /// [`Error::ResetNeeded`] (at the beginning and after a panic) or [`Error::EpisodeEnded`]. With all other
    /// environments stepped: an environment's own error or panic, with its index.
    pub fn step(&mut self, actions: Actions<'_>) -> Result<(), Error> {
        self.with_own_observations(|envs, observations| envs.step_into(actions, observations))
    }

    /// [`step`](Self::step) with the observations written into `copy` too, by the threads that made them; wherever a step
    /// was taken all of `copy` is, also where an environment failed.
    ///
    /// # Errors
    /// As [`step`](Self::step), and [`Error::WrongLength`].
    pub fn step_with_copy(&mut self, actions: Actions<'_>, copy: &mut [MaybeUninit<T>]) -> Result<(), Error> {
        self.check_observations(copy.len())?;
        self.with_own_observations(|envs, observations| envs.step_all(actions, observations, copy))
    }

    /// [`step`](Self::step) with the observations written into `observations`, N rows, instead of the vector's own:
    /// a rollout buffer gets them without a copy.
    ///
    /// # Errors
    /// As [`step`](Self::step), and [`Error::WrongLength`].
    pub fn step_into(&mut self, actions: Actions<'_>, observations: &mut [T]) -> Result<(), Error> {
        self.step_all(actions, observations, &mut [])
    }

    fn step_all(
        &mut self,
        actions: Actions<'_>,
        observations: &mut [T],
        copy: &mut [MaybeUninit<T>],
    ) -> Result<(), Error> {
        let autoreset = self.autoreset;
        let actions = CheckedActions::new(actions, &self.action_space, self.num_envs())?;
        self.check_unblocked()?;
        self.check_observations(observations.len())?;
        let call = StepCall { actions, autoreset };
        let (groups, rows) = (&mut self.groups, &mut Rows { copy, ..self.results.rows(observations) });
        let work = |group: &mut dyn Group<T>, first: usize, rows: &mut Rows<'_, T>| {
            let result = group.step(&call, first, rows);
            rows.copy_observations();
            result
        };
        let result = self.threads.step(|pool| match pool {
            None => group::serially(groups, 0, rows, &work),
            Some(pool) => group::in_parallel(pool, groups, rows, &work),
        });
        if result.is_err() || autoreset == Autoreset::Disabled {
            self.blocked = self.first_blocked().is_some();
        }
        result
    }

    answers!("the last [`step`](Self::step) or [`reset`](Self::reset)", "N");

    /// Whether any environment may tell anything: where this is `false`, all [`infos`](Self::infos) are empty for ever.
    pub fn tells_infos(&self) -> bool {
        self.groups.iter().any(|group| group.tells())
    }

    /// How many pictures a second show one of the environments at its own pace.
    pub fn render_fps(&self) -> u32 {
        self.groups[0].render_fps()
    }

    /// A picture of environment `index`.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] where there is no such environment; its own error otherwise.
    pub fn render(&self, index: usize) -> Result<RgbImage, Error> {
        self.check_index(index)?;
        let len = self.groups[0].len();
        self.groups[index / len].render(index % len).map_err(|error| in_vector(index, error))
    }

    /// Appends the states of all environments and their last observations to `state`.
    ///
    /// # Errors
    /// [`Error::ResetNeeded`] with the index of an environment that was not reset at first or after a panic.
    pub fn save(&self, state: &mut Vec<u8>) -> Result<(), Error> {
        state::put(&self.num_envs(), state)?;
        (0..self.num_envs()).try_for_each(|index| self.save_env(index, state))
    }

    /// Appends the state of environment `index` and its last observation to `state`: for vectors that are shared out anew.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] where there is no such environment; otherwise as [`save`](Self::save).
    pub fn save_env(&self, index: usize, state: &mut Vec<u8>) -> Result<(), Error> {
        self.check_index(index)?;
        let status = self.results.statuses[index];
        if status == Status::Unready {
            return Err(in_vector(index, Error::ResetNeeded));
        }
        state::put(&(status == Status::Ended), state)?;
        let len = self.groups[0].len();
        self.groups[index / len].save(index % len, state).map_err(|error| in_vector(index, error))?;
        let size = self.observation_space.size();
        state.extend_from_slice(bytemuck::cast_slice(&self.observations[index * size..][..size]));
        Ok(())
    }

    /// Takes what `save` of a vector made alike appended from the front of `state`; steps then go on exactly as they
    /// would have. Rewards, flags and the rest are not part of it.
    ///
    /// # Errors
    /// [`Error::BadState`] where the bytes are not such a state. The environments then go on from where they were.
    pub fn restore(&mut self, state: &mut &[u8]) -> Result<(), Error> {
        let mut present = Vec::new();
        let saved = self.save(&mut present);
        let result = self.restore_or_break(state);
        if result.is_err() && saved.is_ok() {
            self.restore_or_break(&mut present.as_slice())?;
        }
        self.blocked = self.first_blocked().is_some();
        result
    }

    /// An error leaves some environments restored and others not.
    fn restore_or_break(&mut self, state: &mut &[u8]) -> Result<(), Error> {
        let mut rest = *state;
        let (saved, num_envs): (usize, usize) = (state::take(&mut rest)?, self.num_envs());
        if saved != num_envs {
            return Err(bad_state(format!("it holds {saved} environments, not {num_envs}")));
        }
        (0..num_envs).try_for_each(|index| self.restore_env(index, &mut rest))?;
        *state = rest;
        Ok(())
    }

    /// Takes what `save_env` appended, of any environment made alike, from the front of `state` for environment `index`.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] where there is no such environment; [`Error::BadState`] where the bytes are not such a
    /// state: the environment must then be reset.
    pub fn restore_env(&mut self, index: usize, state: &mut &[u8]) -> Result<(), Error> {
        self.check_index(index)?;
        self.results.statuses[index] = Status::Unready;
        self.blocked = true;
        let mut rest = *state;
        let ended: bool = state::take(&mut rest)?;
        let len = self.groups[0].len();
        self.groups[index / len].restore(index % len, &mut rest).map_err(|error| in_vector(index, error))?;
        let size = self.observation_space.size();
        let observation: &mut [u8] = bytemuck::cast_slice_mut(&mut self.observations[index * size..][..size]);
        let (saved, rest) =
            rest.split_at_checked(observation.len()).ok_or_else(|| bad_state("it ends too soon".into()))?;
        observation.copy_from_slice(saved);
        self.results.statuses[index] = if ended { Status::Ended } else { Status::Running };
        self.blocked = self.first_blocked().is_some();
        *state = rest;
        Ok(())
    }

    fn check_index(&self, index: usize) -> Result<(), Error> {
        if index < self.num_envs() {
            return Ok(());
        }
        let expected = format!("an environment from 0 to {}", self.num_envs() - 1);
        Err(Error::InvalidOption { name: "index", value: index.to_string(), expected })
    }

    fn check_observations(&self, len: usize) -> Result<(), Error> {
        check_length("the buffer for observations", len, self.results.final_observations.len())
    }

    fn check_unblocked(&self) -> Result<(), Error> {
        match self.blocked.then(|| self.first_blocked()).flatten() {
            None => Ok(()),
            Some((index, Status::Ended)) => Err(in_vector(index, Error::EpisodeEnded)),
            Some((index, _)) => Err(in_vector(index, Error::ResetNeeded)),
        }
    }

    /// The first environment that must be reset before the next step.
    fn first_blocked(&self) -> Option<(usize, Status)> {
        let blocked = |status| match status {
            Status::Running => false,
            Status::Ended => self.autoreset == Autoreset::Disabled,
            Status::Unready => true,
        };
        self.results.statuses.iter().copied().enumerate().find(|(_, status)| blocked(*status))
    }

    fn with_own_observations(
        &mut self,
        call: impl FnOnce(&mut Self, &mut [T]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut observations = std::mem::take(&mut self.observations);
        let result = call(self, &mut observations);
        self.observations = observations;
        result
    }
}

impl<T: Element> std::fmt::Debug for VecEnv<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VecEnv")
            .field("num_envs", &self.num_envs())
            .field("observation_space", &self.observation_space)
            .field("action_space", &self.action_space)
            .field("autoreset", &self.autoreset)
            .finish_non_exhaustive()
    }
}

fn bad_state(reason: String) -> Error {
    Error::BadState { reason }
}
