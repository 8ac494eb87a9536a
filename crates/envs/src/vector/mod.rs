//! Many environments stepped as one.

mod actions;
mod rows;
mod slot;

use image::RgbImage;
use ndarray::{ArrayViewD, IxDyn};
use rayon::{ThreadPool, ThreadPoolBuilder};

pub use actions::Actions;

use crate::{BoxEnv, Element, EpisodeStats, Error, Info, Seed, Space, state};
use actions::CheckedActions;
use rows::{Results, Rows};
use slot::Slot;

/// Environments of the same spaces that step together, on several threads where that pays.
///
/// Observations are one contiguous array (N, ...), written once by the environments themselves, each into its row;
/// rewards, flags and the rest are slices of length N. Everything belongs to the `VecEnv` and is overwritten by the next
/// call; nothing is allocated per step. With [`step_into`](Self::step_into) observations go straight into a buffer of
/// the caller instead.
///
/// **Ends.** An environment whose episode ends is reset in the same step, its generator going on: its row of
/// [`observations`](Self::observations) is then the first of the new episode, and the ended episode's last one is in its
/// row of [`final_observations`](Self::final_observations). Bootstrap a return from there where `truncated` and not
/// `terminated`.
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
    slots: Vec<Slot<T>>,
    /// How many slots need a reset before they can step.
    unready: usize,
    observation_space: Space,
    action_space: Space,
    /// (N, ...), the shape of all observations.
    shape: IxDyn,
    observations: Vec<T>,
    results: Results<T>,
    pool: Option<ThreadPool>,
}

impl<T: Element> VecEnv<T> {
    /// A vector of these environments, stepped on so many threads; 0 threads are as many as the machine has cores.
    ///
    /// The environments may differ in everything but their spaces.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] where there is no environment, or threads cannot be started; with the environment's index
    /// where its spaces differ from the first one's.
    pub fn new(envs: Vec<BoxEnv<T>>, threads: usize) -> Result<Self, Error> {
        let Some(first) = envs.first() else {
            return Err(Error::InvalidOption {
                name: "num_envs",
                value: "0".into(),
                expected: "at least one environment".into(),
            });
        };
        let (observation_space, action_space) = (first.observation_space().clone(), first.action_space().clone());
        for (index, env) in envs.iter().enumerate() {
            same_space("observation_space", env.observation_space(), &observation_space, index)?;
            same_space("action_space", env.action_space(), &action_space, index)?;
        }
        let num_envs = envs.len();
        let row = observation_space.size();
        let shape = [&[num_envs], observation_space.shape()].concat();
        Ok(Self {
            slots: envs.into_iter().map(Slot::new).collect(),
            unready: num_envs,
            observation_space,
            action_space,
            shape: IxDyn(&shape),
            observations: vec![T::default(); num_envs * row],
            results: Results::new(num_envs, row),
            pool: thread_pool(threads, num_envs)?,
        })
    }

    /// A vector of `num_envs` environments of this id, made with [`make`](crate::make()).
    ///
    /// # Errors
    /// Those of [`make`](crate::make()) and [`new`](Self::new); [`Error::WrongDType`] where observations are not `T`.
    pub fn make(id: &str, num_envs: usize, threads: usize) -> Result<Self, Error> {
        let spec = crate::spec(id)?;
        let envs = (0..num_envs).map(|_| spec.make()?.typed()).collect::<Result<_, _>>()?;
        Self::new(envs, threads)
    }

    /// N, how many environments there are.
    pub fn num_envs(&self) -> usize {
        self.slots.len()
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
        self.for_each(observations, |first, rows| {
            rows.for_each(|i, row| row.reset(Some(&seed.offset((first + i) as u64))), first)
        })
    }

    /// Takes one step in every environment; those whose episode ends are reset.
    ///
    /// # Errors
    /// With nothing changed: [`Error::WrongLength`] or [`Error::InvalidAction`] where the actions do not fit, the latter
    /// with the environment's index where it is one's, and [`Error::ResetNeeded`] with the index of an environment that
    /// was not reset at first or after a panic. With all other environments stepped: an environment's own error or
    /// panic, with its index.
    pub fn step(&mut self, actions: Actions<'_>) -> Result<(), Error> {
        self.with_own_observations(|envs, observations| envs.step_into(actions, observations))
    }

    /// [`step`](Self::step) with the observations written into `observations`, N rows, instead of the vector's own:
    /// a rollout buffer gets them without a copy.
    ///
    /// # Errors
    /// As [`step`](Self::step), and [`Error::WrongLength`].
    pub fn step_into(&mut self, actions: Actions<'_>, observations: &mut [T]) -> Result<(), Error> {
        let actions = CheckedActions::new(actions, &self.action_space, self.num_envs())?;
        self.check_ready()?;
        self.for_each(observations, |first, rows| rows.for_each(|i, row| row.step(actions.of(first + i)), first))
    }

    /// The observations after the last [`step`](Self::step) or [`reset`](Self::reset): (N, ...).
    pub fn observations(&self) -> ArrayViewD<'_, T> {
        self.view(&self.observations)
    }

    /// The last observations of ended episodes: (N, ...). A row means something only where the last step ended the
    /// environment's episode.
    pub fn final_observations(&self) -> ArrayViewD<'_, T> {
        self.view(&self.results.final_observations)
    }

    /// The rewards of the last step: N.
    pub fn rewards(&self) -> &[f64] {
        &self.results.rewards
    }

    /// Where the last step ended an episode because the task itself ended: N.
    pub fn terminated(&self) -> &[bool] {
        &self.results.terminated
    }

    /// Where the last step ended an episode because of a time limit: N.
    pub fn truncated(&self) -> &[bool] {
        &self.results.truncated
    }

    /// What the environments told beside that (after the reset, where the last step ended an episode): N.
    pub fn infos(&self) -> &[Info] {
        &self.results.infos
    }

    /// The statistics of the episodes that the last step ended: N.
    pub fn episodes(&self) -> &[Option<EpisodeStats>] {
        &self.results.episodes
    }

    /// A picture of environment `index`.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] where there is no such environment; its own error otherwise.
    pub fn render(&self, index: usize) -> Result<RgbImage, Error> {
        let slot = self.slots.get(index).ok_or_else(|| Error::InvalidOption {
            name: "index",
            value: index.to_string(),
            expected: format!("an environment from 0 to {}", self.num_envs() - 1),
        })?;
        slot.env.render().map_err(|error| in_vector(index, error))
    }

    /// Appends the states of all environments and their last observations to `state`.
    ///
    /// # Errors
    /// [`Error::ResetNeeded`] with the index of an environment that was not reset at first or after a panic.
    pub fn save(&self, state: &mut Vec<u8>) -> Result<(), Error> {
        self.check_ready()?;
        state::put(&(self.num_envs() as u64), state)?;
        for (index, slot) in self.slots.iter().enumerate() {
            slot.env.save(state).map_err(|error| in_vector(index, error))?;
        }
        state.extend_from_slice(bytemuck::cast_slice(&self.observations));
        Ok(())
    }

    /// Takes what `save` of a vector made alike appended from the front of `state`; steps then go on exactly as they
    /// would have. Rewards, flags and the rest are not part of it.
    ///
    /// # Errors
    /// [`Error::BadState`] where the bytes are not such a state. The environments then go on from where they were.
    pub fn restore(&mut self, state: &mut &[u8]) -> Result<(), Error> {
        let mut present = Vec::new();
        if self.save(&mut present).is_err() {
            return self.restore_unguarded(state);
        }
        self.restore_unguarded(state).or_else(|error| {
            self.restore_unguarded(&mut present.as_slice())?;
            Err(error)
        })
    }

    fn restore_unguarded(&mut self, state: &mut &[u8]) -> Result<(), Error> {
        let mut rest = *state;
        let saved: u64 = state::take(&mut rest)?;
        if saved != self.num_envs() as u64 {
            return Err(bad_state(format!("it holds {saved} environments, not {}", self.num_envs())));
        }
        for (index, slot) in self.slots.iter_mut().enumerate() {
            slot.ready = false;
            slot.env.restore(&mut rest).map_err(|error| in_vector(index, error))?;
            slot.ready = true;
        }
        self.unready = self.slots.iter().filter(|slot| !slot.ready).count();
        let observations: &mut [u8] = bytemuck::cast_slice_mut(&mut self.observations);
        let (saved, rest) =
            rest.split_at_checked(observations.len()).ok_or_else(|| bad_state("it ends too soon".into()))?;
        observations.copy_from_slice(saved);
        *state = rest;
        Ok(())
    }

    fn view<'a>(&self, values: &'a [T]) -> ArrayViewD<'a, T> {
        ArrayViewD::from_shape(self.shape.clone(), values).expect("every buffer was made for this shape")
    }

    fn check_ready(&self) -> Result<(), Error> {
        if self.unready == 0 {
            return Ok(());
        }
        let index = self.slots.iter().position(|slot| !slot.ready).unwrap_or_default();
        Err(in_vector(index, Error::ResetNeeded))
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

    /// Runs `work` on parts of the vector that cover it, each with the index of its first environment.
    fn for_each(
        &mut self,
        observations: &mut [T],
        work: impl Fn(usize, Rows<'_, T>) -> Result<(), Error> + Sync,
    ) -> Result<(), Error> {
        let (num_envs, row) = (self.num_envs(), self.observation_space.size());
        if observations.len() != num_envs * row {
            let (actual, expected) = (observations.len(), num_envs * row);
            return Err(Error::WrongLength { what: "the buffer for observations", actual, expected });
        }
        let rows = self.results.rows(&mut self.slots, observations, row);
        let result = match &self.pool {
            None => work(0, rows),
            Some(pool) => {
                let grain = (num_envs / (8 * pool.current_num_threads())).max(1);
                pool.install(|| rows.split(0, grain, &work))
            }
        };
        if self.unready > 0 || result.is_err() {
            self.unready = self.slots.iter().filter(|slot| !slot.ready).count();
        }
        result
    }
}

impl<T: Element> std::fmt::Debug for VecEnv<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VecEnv")
            .field("num_envs", &self.num_envs())
            .field("observation_space", &self.observation_space)
            .field("action_space", &self.action_space)
            .finish_non_exhaustive()
    }
}

fn same_space(name: &'static str, space: &Space, expected: &Space, index: usize) -> Result<(), Error> {
    if space == expected {
        return Ok(());
    }
    let expected = format!("that of environment 0, {expected:?}");
    Err(in_vector(index, Error::InvalidOption { name, value: format!("{space:?}"), expected }))
}

/// `None` for one thread, which is the caller's own.
fn thread_pool(threads: usize, num_envs: usize) -> Result<Option<ThreadPool>, Error> {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let threads = if threads == 0 { cores() } else { threads }.min(num_envs);
    if threads == 1 {
        return Ok(None);
    }
    let pool = ThreadPoolBuilder::new().num_threads(threads).thread_name(|i| format!("env-{i}")).build();
    pool.map(Some).map_err(|error| Error::InvalidOption {
        name: "threads",
        value: threads.to_string(),
        expected: format!("as many as the system can start ({error})"),
    })
}

fn in_vector(index: usize, error: Error) -> Error {
    Error::InVector { index, source: Box::new(error) }
}

fn bad_state(reason: String) -> Error {
    Error::BadState { reason }
}
