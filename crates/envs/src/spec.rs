//! How the environment of an id is made, one or many at once.

use std::{any::Any, sync::Arc};

use crate::{
    AnyEnv, Element, Env, Error, TimeLimit, VecEnv,
    vector::{
        Group,
        batch::{Batch, Native},
    },
};

type Maker = dyn Fn(Option<u64>) -> Result<AnyEnv, Error> + Send + Sync;

/// Makes so many environments with that step limit as a `Box<dyn Group<T>>`, where observations are of type `T`.
type BatchMaker = dyn Fn(usize, Option<u64>) -> Box<dyn Any> + Send + Sync;

/// How the environment of an id is made.
#[derive(Clone)]
pub struct EnvSpec {
    /// The id, such as `CartPole-v1`.
    pub id: String,
    /// The steps after which an episode is truncated.
    pub max_episode_steps: Option<u64>,
    /// The mean return at which the task counts as solved.
    pub reward_threshold: Option<f64>,
    make: Arc<Maker>,
    /// How many of it are made at once, where that is a native environment.
    make_batch: Option<Arc<BatchMaker>>,
}

impl EnvSpec {
    /// An id and what makes its environment, with no step limit and no threshold yet.
    pub fn new<E: Env + 'static>(
        id: impl Into<String>,
        make: impl Fn() -> Result<E, Error> + Send + Sync + 'static,
    ) -> Self {
        let make = move |limit| Ok(E::Obs::any(Box::new(TimeLimit::new(make()?, limit))));
        Self { id: id.into(), max_episode_steps: None, reward_threshold: None, make: Arc::new(make), make_batch: None }
    }

    /// The id of a native environment, which steps as struct of arrays in a vector.
    pub(crate) fn native<E: Native<D, O> + Sync, const D: usize, const O: usize>(id: &str, env: E) -> Self {
        let single = env.clone();
        let batch = move |len, limit| -> Box<dyn Any> {
            let batch: Box<dyn Group<E::Obs>> = Box::new(Batch::new(env.clone(), limit, len));
            Box::new(batch)
        };
        Self { make_batch: Some(Arc::new(batch)), ..Self::new(id, move || Ok(single.clone())) }
    }

    /// `num_envs` environments in batches of `len` (the last one may be shorter), if they come in batches and their
    /// observations are of type `T`.
    fn batches<T: 'static>(&self, num_envs: usize, len: usize) -> Option<Vec<Box<dyn Group<T>>>> {
        let make = self.make_batch.as_ref()?;
        let lengths = (0..num_envs).step_by(len).map(|first| len.min(num_envs - first));
        let batch = |len| make(len, self.max_episode_steps).downcast().ok().map(|batch| *batch);
        lengths.map(batch).collect()
    }

    /// This spec with a step limit, and with the mean return at which the task counts as solved.
    ///
    /// ```
    /// use envs::{CartPole, EnvSpec};
    /// let spec = EnvSpec::new("Short-v0", || Ok(CartPole::new())).with_limits(50, 49.0);
    /// assert_eq!((spec.max_episode_steps, spec.reward_threshold), (Some(50), Some(49.0)));
    /// ```
    pub fn with_limits(self, max_episode_steps: u64, reward_threshold: f64) -> Self {
        Self { max_episode_steps: Some(max_episode_steps), reward_threshold: Some(reward_threshold), ..self }
    }

    /// A new environment, in its [`TimeLimit`].
    ///
    /// # Errors
    /// Those of the environment's own constructor, such as [`Error::Rom`].
    pub fn make(&self) -> Result<AnyEnv, Error> {
        (self.make)(self.max_episode_steps)
    }
}

impl std::fmt::Debug for EnvSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EnvSpec")
            .field("id", &self.id)
            .field("max_episode_steps", &self.max_episode_steps)
            .field("reward_threshold", &self.reward_threshold)
            .finish_non_exhaustive()
    }
}

impl<T: Element> VecEnv<T> {
    /// A vector of `num_envs` environments of what was registered, or of a copy of it with other limits, on so many
    /// threads (see [`new`](Self::new)). Native environments are then kept as struct of arrays and step eight in one
    /// instruction, with the same results.
    ///
    /// # Errors
    /// Those of [`EnvSpec::make`](crate::EnvSpec::make) and [`new`](Self::new); [`Error::WrongDType`] where observations
    /// are not `T`.
    pub fn of_spec(spec: &EnvSpec, num_envs: usize, threads: usize) -> Result<Self, Error> {
        match spec.batches(num_envs, Self::batch_len(num_envs, threads)) {
            Some(groups) if num_envs > 0 => {
                let env = spec.make()?.typed::<T>()?;
                Self::of_groups(groups, env.observation_space().clone(), env.action_space().clone(), threads)
            }
            _ => Self::new((0..num_envs).map(|_| spec.make()?.typed()).collect::<Result<_, _>>()?, threads),
        }
    }
}
